"""The ruling and the money: logged as they are shown, and following from the rest."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping

from attribution.bundles.bundle import EvidenceBundle, Statement
from attribution.bundles.facts import rewards_in
from attribution.bundles.findings import Code, EvidenceFinding, Verdict
from attribution.bundles.record import Fact, Record, contradicted, says, shown
from attribution.commissions import commission_for, joint_commissions, plan_from_json
from attribution.documents import Node
from attribution.errors import AttributionError, BundleUnreadable
from attribution.ids import ChannelId
from attribution.money import WHOLE, BasisPoints, Fen
from attribution.rules.ruling import ENGINE, ruling_bytes, ruling_of

_MOST_FEN = 2**53 - 1
_NAMES = ("signing", "outcome", "shares", "evidence_grade", "engine")


class OutcomeCheck:
    """Holds the ruling and what was accrued by it against the log and the rules."""

    def __init__(self, bundle: EvidenceBundle, record: Record) -> None:
        self._bundle = bundle
        self._matter = bundle.matter
        self._record = record
        self._told: Mapping[str, object] = json.loads(bundle.ruling)

    def findings(self) -> Iterator[EvidenceFinding]:
        """Yield whether the log holds this very ruling, on these very inputs."""
        bundle = self._bundle
        yield from self._record.held(
            Fact(
                code=Code.RULING,
                about=bundle.ruling_id,
                kind="ruling/v1",
                identity="ruling",
                says={
                    "ruling": bundle.ruling_id,
                    "body": hashlib.sha256(bundle.ruling).hexdigest(),
                    **{name: self._told.get(name) for name in _NAMES},
                },
            )
        )
        logged = self._record.said("ruling/v1", "ruling", bundle.ruling_id)
        yield self._inputs(logged)
        yield self._repeated()
        for one in logged:
            yield from self._superseded(one)
            yield from self._order(one)
        yield from self._accruals()

    def _inputs(self, logged: list[Statement]) -> EvidenceFinding:
        digest = hashlib.sha256(self._bundle.inputs).hexdigest()
        named = [self._told.get("inputs_digest")]
        named += [one.body.get("inputs") for one in logged]
        verdict = Verdict.PROVEN if logged else Verdict.MISSING
        is_of_signing = self._bundle.signing_id == self._matter.signing_id
        if not is_of_signing or any(one != digest for one in named):
            verdict = Verdict.CONTRADICTED
        return EvidenceFinding(code=Code.INPUTS, verdict=verdict, about=digest)

    def _repeated(self) -> EvidenceFinding:
        """Return whether the rules, asked again, give the same ruling to the byte."""
        engine = self._told.get("engine")
        verdict = Verdict.MISSING
        if engine == ENGINE:
            is_same = ruling_bytes(ruling_of(self._matter)) == self._bundle.ruling
            verdict = Verdict.PROVEN if is_same else Verdict.CONTRADICTED
        return EvidenceFinding(code=Code.REPEATED, verdict=verdict, about=shown(engine))

    def _superseded(self, ruling: Statement) -> Iterator[EvidenceFinding]:
        earlier = ruling.body.get("supersedes")
        if earlier is None:
            return
        yield from self._record.held(
            Fact(
                code=Code.SUPERSEDED,
                about=shown(earlier),
                kind="ruling/v1",
                identity="ruling",
                says={"ruling": earlier, "signing": self._matter.signing_id},
            )
        )

    def _order(self, ruling: Statement) -> Iterator[EvidenceFinding]:
        """Yield what was weighed though it was logged too late (rules §1.5)."""
        matter = self._matter
        is_first = ruling.body.get("supersedes") is None
        limit = matter.log_index if is_first else ruling.index
        seen, late = ([one.visit for one in of] for of in (matter.seen, matter.late))
        wrong = [
            *(one.id for one in seen if one.log_index >= limit),
            *(one.id for one in late if is_first and one.log_index < limit),
            *(one.id for one in matter.tokens.values() if one.log_index >= limit),
        ]
        for about in wrong:
            yield contradicted(Code.ORDER, about)
        for index in sorted(self._record.weighed):
            if index > ruling.index:
                yield contradicted(Code.ORDER, f"#{index}")

    def _accruals(self) -> Iterator[EvidenceFinding]:
        """Yield whether what is owed follows from ruling, plan and price."""
        shares = self._told.get("shares")
        for one in self._record.said("accrual/v1", "ruling", self._bundle.ruling_id):
            plans = self._record.said("plan/v1", "version", one.body.get("plan"))
            verdict = self._accrual(one, plans, shares) if plans else Verdict.MISSING
            self._record.weighed.update(of.index for of in (one, *plans))
            if len(plans) > 1:
                yield contradicted(Code.SAID_TWICE, shown(one.body.get("plan")))
            about = f"{shown(one.body.get('accrual'))} #{one.index}"
            yield EvidenceFinding(code=Code.ACCRUAL, verdict=verdict, about=about)

    def _accrual(
        self, accrual: Statement, plans: list[Statement], shares: object
    ) -> Verdict:
        """Return whether plan, price and share make this amount (commission.md §3)."""
        try:
            plan = plan_from_json(json.loads(str(plans[0].body["text"])), version="")
            ranked = _shares(shares)
            whole = commission_for(plan, self._price())
        except (AttributionError, ValueError, KeyError, RecursionError):
            return Verdict.CONTRADICTED
        share, amount, programmes = self._due(accrual, whole, ranked)
        is_so = (
            says(accrual, "signing", self._matter.signing_id)
            and says(accrual, "share_bp", share)
            and says(accrual, "amount_fen", amount)
            and any(says(plans[0], "of", one) for one in programmes)
        )
        return Verdict.PROVEN if is_so else Verdict.CONTRADICTED

    def _due(
        self, accrual: Statement, whole: Fen, ranked: Mapping[ChannelId, BasisPoints]
    ) -> tuple[BasisPoints | None, Fen | None, Collection[object]]:
        """Return share and amount that an accrual may have, and under what programmes.

        One with a visit is the buyers' own reward, for the walk-in of the ruling.
        """
        if accrual.body.get("visit") is None:
            channel = ChannelId(str(accrual.body.get("channel")))
            part = joint_commissions(whole, ranked.items()).get(channel)
            return ranked.get(channel), part, self._programmes(channel)
        is_named = says(accrual, "visit", self._told.get("walk_in_reward"))
        return WHOLE, whole, self._rewards() if is_named else ()

    def _rewards(self) -> Collection[object]:
        """Return the programmes that reward a walk-in here (rules §9.5)."""
        said = self._record.said("signing/v1", "signing", self._matter.signing_id)
        project = said[0].body.get("project") if said else None
        return rewards_in(self._record, project, self._matter.signed_at)

    def _price(self) -> Fen:
        """Return the price of the signing, or raise what says why there is none."""
        signing_id = self._matter.signing_id
        said = self._record.said("signing/v1", "signing", signing_id)
        value = said[0].body.get("price_fen") if said else None
        node = Node(value=value, path="price_fen", refuse=BundleUnreadable)
        return Fen(node.whole(0, _MOST_FEN))

    def _programmes(self, channel: ChannelId) -> set[str]:
        """Return the programmes under which a channel's tokens were issued."""
        tokens = self._matter.tokens.values()
        return {one.programme_id for one in tokens if one.channel_id == channel}


def _shares(value: object) -> dict[ChannelId, BasisPoints]:
    """Return the shares of a ruling by channel, or raise BundleUnreadable."""
    node = Node(value=value, path="shares", refuse=BundleUnreadable)
    pairs = [item.items() for item in node.items()]
    return {
        ChannelId(channel.text()): BasisPoints(share.whole(1, WHOLE))
        for channel, share in pairs
    }
