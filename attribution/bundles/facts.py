"""The facts that were weighed, one by one, against the log (evidence-bundle.md §5)."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from attribution.bundles.bundle import Statement
from attribution.bundles.findings import Code, EvidenceFinding, Verdict
from attribution.bundles.record import (
    Fact,
    Record,
    contradicted,
    microseconds,
    says,
    shown,
    stated,
)
from attribution.bundles.testimony import testimony
from attribution.documents import Node, instant_text
from attribution.errors import BundleUnreadable
from attribution.ids import ChannelId, ProgrammeId, ProjectId
from attribution.programmes import Agent, Kind, Programme
from attribution.referrals import ReferralToken
from attribution.rulebook import (
    Binding,
    deal_rules_to_json,
    token_rules_to_json,
)
from attribution.rules.matter import Matter, Referrer
from attribution.rules.standing import Assessment, Referral, assess
from attribution.signings import Match
from attribution.visits import RedeemedBy, Standing, Visit
from tokens.canonical import canonical


class FactCheck:
    """Holds the inputs of a ruling against the statements of the log."""

    def __init__(self, matter: Matter, record: Record) -> None:
        self._matter = matter
        self._record = record
        signings = record.said("signing/v1", "signing", matter.signing_id)
        self._project = signings[0].body.get("project") if signings else None

    def findings(self) -> Iterator[EvidenceFinding]:
        """Yield what becomes of each fact that was weighed."""
        matter = self._matter
        signing = {
            "signing": matter.signing_id,
            "signed_at": instant_text(matter.signed_at),
        }
        yield from self._record.held(
            Fact(
                code=Code.SIGNING,
                about=matter.signing_id,
                kind="signing/v1",
                identity="signing",
                says=signing,
                index=matter.log_index,
            )
        )
        for match in (*matter.seen, *matter.late):
            yield from self._visit(match)
        for visit_id, token in matter.tokens.items():
            yield from self._token(token, matter.referrers[visit_id])
        for match in matter.seen:
            yield from self._standing(match.visit)
        yield from self._rules()
        yield from self._stated()
        yield from self._testimony()

    # -- visits and tokens --

    def _visit(self, match: Match) -> Iterator[EvidenceFinding]:
        visit = match.visit
        if visit.standing.is_refused:
            fact = _refusal(visit, self._project)
        else:
            fact = _arrival(visit, self._project)
        yield from self._record.held(fact)
        yield stated(Code.MATCH, f"{visit.id} ({match.basis})")

    def _token(
        self, token: ReferralToken, referrer: Referrer
    ) -> Iterator[EvidenceFinding]:
        says = {
            "token": token.id,
            "project": self._project,
            "programme": token.programme_id,
            "rulebook": token.rulebook_version,
            "agent": token.agent_id,
            "channel": token.channel_id,
            "binding": token.binding,
            "issued_at": instant_text(token.issued_at),
            "expires_at": instant_text(token.expires_at),
        }
        yield from self._record.held(
            Fact(
                code=Code.TOKEN,
                about=token.id,
                kind="issue/v1",
                identity="token",
                says=says,
                index=token.log_index,
            )
        )
        yield from self._binding(token)
        yield from self._referrer(token, referrer)

    def _binding(self, token: ReferralToken) -> Iterator[EvidenceFinding]:
        """Yield whether the instant of binding is the one that the log knows."""
        bound_at = token.bound_at
        if token.binding is not Binding.OPENED:
            at_issue = token.binding is not Binding.NONE
            expected = token.issued_at if at_issue else None
            is_so = bound_at == expected
            verdict = Verdict.PROVEN if is_so else Verdict.CONTRADICTED
            yield EvidenceFinding(code=Code.BINDING, verdict=verdict, about=token.id)
        elif bound_at is None:
            # That nobody opened a link is nothing that a log could show.
            yield stated(Code.BINDING, token.id)
        else:
            yield from self._record.held(
                Fact(
                    code=Code.BINDING,
                    about=token.id,
                    kind="bind/v1",
                    identity="token",
                    says={"token": token.id, "bound_at": instant_text(bound_at)},
                )
            )

    def _referrer(
        self, token: ReferralToken, referrer: Referrer
    ) -> Iterator[EvidenceFinding]:
        yield from self._record.held(
            Fact(
                code=Code.PROGRAMME,
                about=token.programme_id,
                kind="programme/v1",
                identity="programme",
                says={
                    "programme": token.programme_id,
                    "project": self._project,
                    "channel": token.channel_id,
                    "kind": referrer.kind,
                },
            )
        )
        yield from self._record.held(
            Fact(
                code=Code.AGENT,
                about=token.agent_id,
                kind="agent/v1",
                identity="agent",
                says={
                    "agent": token.agent_id,
                    "channel": token.channel_id,
                    "is_owner": referrer.is_owner,
                    "is_desk_staff": referrer.is_desk_staff,
                },
                index=referrer.log_index,
            )
        )
        yield stated(Code.IN_GROUP, token.agent_id)

    def _standing(self, visit: Visit) -> Iterator[EvidenceFinding]:
        """Yield whether the desk's finding follows from the token and the rules."""
        token = self._matter.tokens.get(visit.id)
        if token is None:
            return
        programme = self._programme(token.programme_id)
        if programme is None:
            yield EvidenceFinding(
                code=Code.STANDING, verdict=Verdict.MISSING, about=visit.id
            )
            return
        is_suspended = visit.standing is Standing.AGENT_SUSPENDED
        found = assess(
            Referral(
                token=token,
                agent=Agent(
                    id=token.agent_id,
                    channel_id=token.channel_id,
                    suspended_from=token.issued_at if is_suspended else None,
                ),
                programme=programme,
                rules=self._matter.token_rules[token.rulebook_version],
            ),
            frozenset(),
            at=visit.arrived_at,
            project_id=token.project_id,
        )
        said = Assessment(standing=visit.standing, is_marginal=visit.is_marginal)
        verdict = Verdict.PROVEN if found == said else Verdict.CONTRADICTED
        if is_suspended and verdict is Verdict.PROVEN:
            verdict = self._suspended(token)
        yield EvidenceFinding(code=Code.STANDING, verdict=verdict, about=visit.id)

    def _programme(self, programme_id: ProgrammeId) -> Programme | None:
        """Return when a programme was in force, as the log says, or None."""
        for statement in self._record.said("programme/v1", "programme", programme_id):
            programme = _programme_of(statement)
            if programme is not None:
                return programme
        return None

    def _suspended(self, token: ReferralToken) -> Verdict:
        """Say whether the log knows of a suspension that held at the issue."""
        said = [
            *self._record.said("suspension/v1", "agent", token.agent_id),
            *self._record.said("suspension/v1", "channel", token.channel_id),
        ]
        issued_at = microseconds(token.issued_at)
        before = [
            one
            for one in said
            if one.body.get("is_suspended") is True and one.opening.at <= issued_at
        ]
        self._record.weighed.update(one.index for one in before)
        return Verdict.PROVEN if before else Verdict.STATED

    # -- the rules --

    def _rules(self) -> Iterator[EvidenceFinding]:
        matter = self._matter
        earliest: dict[tuple[str, ProgrammeId], datetime] = {}
        for token in matter.tokens.values():
            of = token.rulebook_version, token.programme_id
            earliest[of] = min(token.issued_at, earliest.get(of, token.issued_at))
        for (version, programme_id), issued_at in earliest.items():
            yield from self._version(
                Code.TOKEN_RULES,
                version,
                programme_id,
                token_rules_to_json(matter.token_rules[version]),
                issued_at,
            )
        rules_of_deal = matter.deal_rules
        yield from self._version(
            Code.DEAL_RULES,
            rules_of_deal.version,
            self._project,
            deal_rules_to_json(rules_of_deal),
            matter.signed_at,
        )
        yield stated(Code.LATEST_RULES, rules_of_deal.version)

    def _version(
        self,
        code: Code,
        version: str,
        owner: object,
        rules: Mapping[str, object],
        at: datetime,
    ) -> Iterator[EvidenceFinding]:
        """Yield whether a version has this text, and had begun at an instant."""
        fact = Fact(
            code=code,
            about=version,
            kind="rulebook/v1",
            identity="version",
            says={
                "version": version,
                "of": owner,
                "text": canonical(rules).decode(),
            },
        )
        for statement in self._record.said("rulebook/v1", "version", version):
            since = statement.body.get("in_force_from")
            if not isinstance(since, str) or since > instant_text(at):
                yield contradicted(code, f"{version} in_force_from #{statement.index}")
        yield from self._record.held(fact)

    # -- what no log could prove --

    def _stated(self) -> Iterator[EvidenceFinding]:
        matter = self._matter
        yield stated(Code.BUYING_OWNER, _yes(is_so=matter.has_buying_owner))
        verdict = Verdict.STATED
        if matter.has_walk_in_reward:
            rewards = rewards_in(self._record, self._project, matter.signed_at)
            self._record.weighed.update(rewards.values())
            verdict = Verdict.PROVEN if rewards else verdict
        yield EvidenceFinding(
            code=Code.WALK_IN_REWARD,
            verdict=verdict,
            about=_yes(is_so=matter.has_walk_in_reward),
        )
        yield stated(Code.COMPLETE, matter.signing_id)

    def _testimony(self) -> Iterator[EvidenceFinding]:
        """Yield what visitors say, and what in it the desk recorded otherwise."""
        for statement, said in testimony(self._record.statements, self._matter):
            about = f"{shown(statement.body.get('visit'))} #{statement.index}"
            if said is None:
                yield contradicted(Code.VISITOR_STATEMENT, about)
                continue
            yield EvidenceFinding(
                code=Code.VISITOR_STATEMENT,
                verdict=Verdict.PROVEN,
                about=" ".join([about, *said.flags]),
            )


def rewards_in(record: Record, project: object, at: datetime) -> dict[ProgrammeId, int]:
    """Return the walk-in rewards in force in a project, and their places in the log."""
    found = record.said("programme/v1", "kind", Kind.WALK_IN_REWARD)
    known = [
        (_programme_of(one), one) for one in found if says(one, "project", project)
    ]
    return {
        programme.id: one.index
        for programme, one in known
        if programme is not None and programme.is_in_force(at)
    }


def _arrival(visit: Visit, project: object) -> Fact:
    return Fact(
        code=Code.VISIT,
        about=visit.id,
        kind="visit/v1",
        identity="visit",
        says={
            "visit": visit.id,
            "project": project,
            "arrived_at": instant_text(visit.arrived_at),
            "token": visit.token_id,
            "standing": visit.standing,
            "redeemed_by": visit.basis,
            "is_marginal": visit.is_marginal,
        },
        index=visit.log_index,
    )


def _refusal(visit: Visit, project: object) -> Fact:
    """Return what the log must say of a redemption that was refused.

    A refusal is of a code and never marginal; the log has no field for either.
    """
    is_plain = visit.basis is RedeemedBy.CODE and not visit.is_marginal
    return Fact(
        code=Code.VISIT,
        about=visit.id,
        kind="refusal/v1",
        identity="refusal",
        says={
            "refusal": visit.id,
            "project": project,
            "refused_at": instant_text(visit.arrived_at),
            "token": visit.token_id,
            "finding": visit.standing,
            **({} if is_plain else {"redeemed_by": visit.basis}),
        },
        index=visit.log_index,
    )


def _programme_of(statement: Statement) -> Programme | None:
    """Return a programme as the log says it, or None where it says it badly."""
    keys = ("programme", "project", "channel", "kind", "in_force_from")
    node = Node(value=statement.body, path="", refuse=BundleUnreadable)
    try:
        table = node.table(*keys, "in_force_until", "by")
        until = table.need("in_force_until")
        return Programme(
            id=ProgrammeId(table.need("programme").text()),
            project_id=ProjectId(table.need("project").text()),
            channel_id=ChannelId(table.need("channel").text()),
            kind=table.need("kind").choice(Kind),
            rulebook_version="",
            in_force_from=table.need("in_force_from").instant(),
            in_force_until=None if until.value is None else until.instant(),
        )
    except BundleUnreadable:
        return None


def _yes(*, is_so: bool) -> str:
    return "true" if is_so else "false"
