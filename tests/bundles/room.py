"""An evidence room: a log in which just one case was recorded, and its bundle."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attribution.bundles.bundle import (
    EvidenceBundle,
    HistoricKey,
    Statement,
)
from attribution.bundles.check import check_bundle
from attribution.bundles.findings import Code, EvidenceFinding, Verdict
from attribution.bundles.heads import Trusted
from attribution.bundles.page import page_of
from attribution.cases.answering import dossier_of
from attribution.cases.reading import parse_case
from attribution.commissions import commission_for, joint_commissions, plan_from_json
from attribution.documents import instant_text
from attribution.ids import RulingId
from attribution.money import Fen
from attribution.rulebook import deal_rules_to_json, token_rules_to_json
from attribution.rules.matter import Dossier, Matter, inputs_of, matter_of
from attribution.rules.ruling import Ruling, ruling_bytes, ruling_of, ruling_to_json
from attribution.signings import Match
from tokens.canonical import canonical
from tokens.checkpoints import sign_checkpoint
from tokens.log import inclusion_proof, leaf_hash, nodes_of, root
from tokens.notes import verifier_of
from tokens.receipts import Opening, Receipt, receipt_of
from tokens.trust import LogKey

Json = dict[str, Any]
Event = tuple[str, Json]

CASES = Path(__file__).parents[1] / "cases"
LOG_NAME = "hefu.test/log"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
LOG = verifier_of(LOG_NAME, LOG_KEY.public_key())
WITH_KEY = Trusted(log_keys=(LogKey(verifier=LOG),))
RULING, PROJECT, PLAN = "ruling-1", "project-1", "plan-1"
PRICE = Fen(245_000_000)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAN_TEXT = '{"base":"price","rate_bp":150}'


@dataclass(frozen=True, kw_only=True)
class Room:
    """What was logged, by its place, and what is shown of it.

    Everything can be replaced, as a dishonest house would.
    """

    matter: Matter
    events: Mapping[int, Event]
    ruling: bytes
    inputs: bytes

    def bundle(self) -> EvidenceBundle:
        """Return the bundle of the case, honestly proven from this log."""
        leaves = [leaf_hash(entry_at(self.events, i)) for i in range(self.size)]
        node = cache(nodes_of(leaves))
        statements = tuple(
            Statement(
                index=index,
                opening=opening_at(self.events, index),
                proof=tuple(inclusion_proof(index, self.size, node)),
            )
            for index in sorted(self.events)
        )
        checkpoint = sign_checkpoint(
            origin=LOG_NAME,
            size=self.size,
            root=root(leaves),
            key=LOG_KEY,
            name=LOG_NAME,
        )
        bundle = EvidenceBundle(
            signing_id=self.matter.signing_id,
            ruling_id=RulingId(RULING),
            ruling=self.ruling,
            inputs=self.inputs,
            statements=statements,
            checkpoint=checkpoint,
            keys=(HistoricKey(verifier=LOG, since_size=1),),
        )
        return replace(bundle, page=page_of(bundle))

    @property
    def size(self) -> int:
        """How many entries the log has."""
        return max(self.events) + 3

    def receipt(self, index: int) -> Receipt:
        """Return the receipt of one fact."""
        bundle = self.bundle()
        one = next(one for one in bundle.statements if one.index == index)
        return receipt_of(
            one.opening,
            index=index,
            proof=one.proof,
            checkpoint=bundle.checkpoint,
        )

    def index_of(self, kind: str, /, **says: object) -> int:
        """Return the place of the first statement of a kind that says this."""
        return next(
            index
            for index, (own, body) in sorted(self.events.items())
            if own == kind and all(body.get(key) == v for key, v in says.items())
        )

    def saying(self, kind: str, /, **changes: object) -> "Room":
        """Return the room where the first statement of a kind says otherwise."""
        index = self.index_of(kind)
        body = {**self.events[index][1], **changes}
        return replace(self, events={**self.events, index: (kind, body)})

    def without(self, index: int) -> "Room":
        """Return the room where a statement is not shown."""
        events = {at: event for at, event in self.events.items() if at != index}
        return replace(self, events=events)

    def with_inputs(self, change: Callable[[Json], object]) -> "Room":
        """Return the room where the inputs are changed, and nothing else."""
        values = json.loads(self.inputs)
        change(values)
        return replace(self, inputs=canonical(values))


def opening_at(events: Mapping[int, Event], index: int) -> Opening:
    """Return what opens the entry at a place."""
    kind, body = events[index]
    return Opening(
        kind=kind,
        at=1_700_000_000_000_000 + index,
        nonce=hashlib.sha256(b"%d" % index).digest(),
        event=canonical(body),
    )


def entry_at(events: Mapping[int, Event], index: int) -> bytes:
    """Return the entry at a place; between the case's are those of others."""
    return opening_at(events, index).entry() if index in events else b"%d" % index


def room_of(dossier: Dossier) -> Room:
    """Return a room where a case was recorded as it should be."""
    rules = replace(dossier.deal_rules, version="deal-1")
    versions = {one: f"{one}.1" for one in dossier.programmes}
    dossier = replace(
        dossier,
        deal_rules=rules,
        tokens={
            id_: replace(token, rulebook_version=versions[token.programme_id])
            for id_, token in dossier.tokens.items()
        },
        token_rules={
            version: replace(token_rules, version=version)
            for token_rules in dossier.token_rules.values()
            for version in versions.values()
        },
    )
    matter = matter_of(dossier)
    ruling = ruling_of(matter)
    facts = dict(_facts(matter))
    free = (index for index in count() if index not in facts)
    for event in _agreements(dossier, matter):
        facts[next(free)] = event
    last = max([*facts, matter.log_index])
    inputs = canonical(inputs_of(matter))
    facts[last + 1] = ("ruling/v1", _ruling_body(ruling))
    owed = [*_accruals(ruling, matter), *_reward(ruling, matter, dossier)]
    facts |= dict(enumerate(owed, last + 2))
    return Room(matter=matter, events=facts, ruling=ruling_bytes(ruling), inputs=inputs)


def room_of_case(document: Json, signing: int = 0) -> Room:
    """Return the room of one signing of a case file."""
    case = parse_case(document)
    return room_of(dossier_of(case, case.signings[signing]))


def room_of_file(name: str, signing: int = 0) -> Room:
    """Return the room of one signing of a case in tests/cases/."""
    return room_of_case(json.loads((CASES / name).read_text("utf-8")), signing)


def found(bundle: EvidenceBundle, trusted: Trusted = WITH_KEY) -> list[EvidenceFinding]:
    """Return the findings that are not good."""
    findings = check_bundle(bundle, trusted)
    return [one for one in findings if not one.verdict.is_good]


def named(
    bundle: EvidenceBundle, trusted: Trusted = WITH_KEY
) -> set[tuple[Code, Verdict]]:
    """Return code and verdict of the findings that are not good."""
    return {(one.code, one.verdict) for one in found(bundle, trusted)}


def _facts(matter: Matter) -> Iterator[tuple[int, Event]]:
    signing = {
        "signing": matter.signing_id,
        "project": PROJECT,
        "signed_at": instant_text(matter.signed_at),
        "price_fen": PRICE,
    }
    yield matter.log_index, ("signing/v1", signing)
    for match in (*matter.seen, *matter.late):
        yield match.visit.log_index, _visit(match)
    for token in matter.tokens.values():
        body = {
            "token": token.id,
            "project": PROJECT,
            "programme": token.programme_id,
            "rulebook": token.rulebook_version,
            "agent": token.agent_id,
            "channel": token.channel_id,
            "binding": token.binding,
            "issued_at": instant_text(token.issued_at),
            "expires_at": instant_text(token.expires_at),
        }
        yield token.log_index, ("issue/v1", body)


def _visit(match: Match) -> Event:
    visit = match.visit
    if visit.standing.is_refused:
        body: Json = {
            "refusal": visit.id,
            "project": PROJECT,
            "token": visit.token_id,
            "finding": visit.standing,
            "refused_at": instant_text(visit.arrived_at),
        }
        return "refusal/v1", body
    body = {
        "visit": visit.id,
        "project": PROJECT,
        "arrived_at": instant_text(visit.arrived_at),
        "token": visit.token_id,
        "standing": visit.standing,
        "redeemed_by": visit.basis,
        "is_marginal": visit.is_marginal,
    }
    return "visit/v1", body


def _agreements(dossier: Dossier, matter: Matter) -> Iterator[Event]:
    since = instant_text(_EPOCH + timedelta(days=1))
    for version, rules in matter.token_rules.items():
        owner = next(
            one.programme_id
            for one in matter.tokens.values()
            if one.rulebook_version == version
        )
        yield _version(version, owner, token_rules_to_json(rules), since)
    yield _version(
        matter.deal_rules.version, PROJECT, deal_rules_to_json(matter.deal_rules), since
    )
    for programme in dossier.programmes.values():
        until = programme.in_force_until
        body: Json = {
            "programme": programme.id,
            "project": PROJECT,
            "channel": programme.channel_id,
            "kind": programme.kind,
            "in_force_from": instant_text(programme.in_force_from),
            "in_force_until": until and instant_text(until),
        }
        yield "programme/v1", body
        plan = {
            "of": programme.id,
            "version": f"{PLAN} {programme.id}",
            "in_force_from": since,
            "text": _PLAN_TEXT,
        }
        yield "plan/v1", plan
    for agent in dossier.agents.values():
        body = {
            "agent": agent.id,
            "channel": agent.channel_id,
            "is_owner": agent.is_owner,
            "is_desk_staff": agent.is_desk_staff,
            "own_tags": len(agent.own_tags),
        }
        yield "agent/v1", body
        if agent.suspended_from is not None:
            yield "suspension/v1", {"agent": agent.id, "is_suspended": True}
    for token in {one.id: one for one in matter.tokens.values()}.values():
        if token.binding == "opened" and token.bound_at is not None:
            bound_at = instant_text(token.bound_at)
            yield "bind/v1", {"token": token.id, "bound_at": bound_at}


def _version(version: str, owner: str, rules: Json, since: str) -> Event:
    return "rulebook/v1", {
        "of": owner,
        "version": version,
        "in_force_from": since,
        "text": canonical(rules).decode(),
    }


def _ruling_body(ruling: Ruling) -> Json:
    told = ruling_to_json(ruling)
    names = ("signing", "outcome", "shares", "evidence_grade", "engine")
    return {
        "ruling": RULING,
        "supersedes": None,
        "inputs": ruling.inputs_digest,
        "body": hashlib.sha256(ruling_bytes(ruling)).hexdigest(),
        **{name: told[name] for name in names},
    }


def _accruals(ruling: Ruling, matter: Matter) -> Iterator[Event]:
    plan = plan_from_json(json.loads(_PLAN_TEXT), version=PLAN)
    parts = joint_commissions(commission_for(plan, PRICE), ruling.shares)
    for channel, share in ruling.shares:
        programme = next(
            one.programme_id
            for one in matter.tokens.values()
            if one.channel_id == channel
        )
        body: Json = {
            "accrual": f"accrual-{channel}",
            "ruling": RULING,
            "signing": matter.signing_id,
            "channel": channel,
            "plan": f"{PLAN} {programme}",
            "share_bp": share,
            "amount_fen": parts[channel],
        }
        yield "accrual/v1", body


def _reward(ruling: Ruling, matter: Matter, dossier: Dossier) -> Iterator[Event]:
    if ruling.walk_in_reward is None:
        return
    plan = plan_from_json(json.loads(_PLAN_TEXT), version=PLAN)
    programme = next(
        one for one in dossier.programmes.values() if one.kind == "walk_in_reward"
    )
    body: Json = {
        "accrual": "accrual-reward",
        "ruling": RULING,
        "signing": matter.signing_id,
        "channel": programme.channel_id,
        "plan": f"{PLAN} {programme.id}",
        "share_bp": 10_000,
        "amount_fen": commission_for(plan, PRICE),
        "visit": ruling.walk_in_reward,
    }
    yield "accrual/v1", body
