"""Evidence 证据: the bundle of a signing's ruling, assembled in one consistent read."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from attribution.bundles.bundle import (
    EvidenceBundle,
    HistoricKey,
    Statement,
    bundle_bytes,
)
from attribution.bundles.inputs import matter_from_json
from attribution.bundles.page import page_of
from attribution.errors import NotAllowed, NotFound, ProofPending
from attribution.ids import ChannelId, DisputeId, ProjectId, SigningId
from attribution.people import Actor, Role
from attribution.programmes import Kind
from attribution.referrals import ReferralToken
from attribution.rulebook import Binding
from attribution.rules.matter import Matter, inputs_of, matter_of
from attribution.services.docketing import case_in
from attribution.services.guarding import nodes_under
from attribution.services.proving import cosigned_checkpoint, head_over, placed_in
from attribution.services.ruling import dossier_of
from attribution.services.runtime import Runtime
from attribution.services.sequencing import sequence
from attribution.services.statements import StatementKind, record
from attribution.storage.instants import microseconds_of
from attribution.storage.log_repository import PlacedEntry
from attribution.storage.signing_repository import Deal, StoredRuling
from attribution.storage.work import UnitOfWork
from attribution.visits import Standing
from tokens.canonical import canonical
from tokens.log import inclusion_proof
from tokens.notes import parse_vkey
from tokens.receipts import Opening

EVIDENCE_ROLES = (
    Role.ADJUDICATOR,
    Role.AUDITOR,
    Role.FINANCE,
    Role.FINANCE_APPROVER,
    Role.OPERATIONS,
)
PARTY_ROLES = (Role.AGENT, Role.CHANNEL_MANAGER)


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceFile:
    """An evidence bundle as it is handed out, and what to call it."""

    name: str
    data: bytes

    @property
    def digest(self) -> str:
        """Its SHA-256, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """A ruling with what it rests on. `channel_id`: for whose eyes only, if a party."""

    deal: Deal
    ruling: StoredRuling
    inputs: bytes
    matter: Matter
    channel_id: ChannelId | None


def export_evidence(
    runtime: Runtime,
    *,
    by: Actor,
    signing_id: SigningId,
    more: Iterable[str] = (),
) -> EvidenceFile:
    """Return the evidence bundle of a signing's standing ruling; the export is logged.

    A party to the case gets all that decided it, and of the money only its own.

    Args:
        more: log entries to put in beside what the ruling rests on, such as the steps
            of a dispute.

    Raises:
        NotFound: no such signing, or no ruling stands for it.
        NotAllowed: neither an office of this project nor a party to the case.
    """
    try:
        exported = _assembled(runtime, by, signing_id, tuple(more))
    except ProofPending:
        sequence(runtime, wait=True)
        exported = _assembled(runtime, by, signing_id, tuple(more))
    case, bundle = exported
    file = EvidenceFile(name=f"{signing_id[:12]}.hefu.zip", data=bundle_bytes(bundle))
    body = {
        "export": runtime.new_id(),
        "signing": signing_id,
        "ruling": case.ruling.id,
        "size": bundle.head.size,
        "sha256": file.digest,
        "by": by.person_id,
    }
    with runtime.transaction() as work:
        record(runtime, work, runtime.now(), (StatementKind.EXPORT, body))
    return file


def export_case(runtime: Runtime, *, by: Actor, dispute_id: DisputeId) -> EvidenceFile:
    """Return the evidence bundle of a disputed signing; the export is logged.

    The bench gets the steps of the case beside it; a party what decided the case.

    Raises:
        NotFound: no such dispute.
        NotAllowed: neither an office of this project nor a party to the case.
    """
    with runtime.reading() as work:
        case = case_in(work, dispute_id)
    steps: tuple[str, ...] = ()
    if by.may_at(case.deal.project_id, Role.ADJUDICATOR, Role.AUDITOR):
        steps = (case.dispute.entry_id, *(one.entry_id for one in case.steps))
    return export_evidence(runtime, by=by, signing_id=case.deal.id, more=steps)


def _assembled(
    runtime: Runtime, by: Actor, signing_id: SigningId, more: tuple[str, ...]
) -> tuple[_Case, EvidenceBundle]:
    with runtime.reading() as work, work.snapshot():
        case = _case(work, by, signing_id)
        entries = {one.id: one for one in _entries(work, case, more)}
        return case, _bundle(work, case, entries.values())


def _case(work: UnitOfWork, by: Actor, signing_id: SigningId) -> _Case:
    deal = work.signings.deal(signing_id)
    ruling = work.signings.ruling_of(signing_id)
    is_office = by.may_at(deal.project_id, *EVIDENCE_ROLES)
    if ruling is None:
        raise NotFound if is_office else NotAllowed
    inputs = _inputs(work, deal, ruling)
    matter = matter_from_json(json.loads(inputs))
    own = None if is_office else _own_channel(by, deal.project_id, matter)
    return _Case(deal=deal, ruling=ruling, inputs=inputs, matter=matter, channel_id=own)


def _inputs(work: UnitOfWork, deal: Deal, ruling: StoredRuling) -> bytes:
    """Return the inputs as they were kept; of an old ruling, as they are now."""
    if ruling.inputs is not None:
        return ruling.inputs.encode()
    return canonical(inputs_of(matter_of(dossier_of(work, deal))))


def _own_channel(by: Actor, project_id: ProjectId, matter: Matter) -> ChannelId:
    """Return the channel for which somebody is a party to the case, or NotAllowed."""
    for token in matter.tokens.values():
        if by.speaks_for(token.agent_id, token.channel_id, at=project_id):
            return token.channel_id
    raise NotAllowed


def _bundle(
    work: UnitOfWork, case: _Case, entries: Iterable[PlacedEntry]
) -> EvidenceBundle:
    """Return the bundle, its proofs all to one head; what was erased is left out."""
    placed = sorted(entries, key=lambda one: one.position)
    head = head_over(work, placed[-1].position)
    node = nodes_under(work, head)
    statements = tuple(
        Statement(
            index=one.position,
            opening=Opening(
                kind=one.kind,
                at=microseconds_of(one.at),
                nonce=one.nonce,
                event=one.event,
            ),
            proof=tuple(inclusion_proof(one.position, head.size, node)),
        )
        for one in placed
        if one.nonce is not None and one.event is not None
    )
    history = work.witnesses.log_keys()
    bundle = EvidenceBundle(
        signing_id=case.deal.id,
        ruling_id=case.ruling.id,
        ruling=case.ruling.body.encode(),
        inputs=case.inputs,
        statements=statements,
        checkpoint=cosigned_checkpoint(work, head),
        keys=tuple(
            HistoricKey(
                verifier=parse_vkey(key.vkey),
                since_size=key.since_size,
                compromised_at=key.compromised_at,
            )
            for key in history
        ),
    )
    return replace(bundle, page=page_of(bundle))


def _entries(
    work: UnitOfWork, case: _Case, more: Iterable[str]
) -> Iterator[PlacedEntry]:
    """Yield the log entries that a case rests on, some of them more than once."""
    matter = case.matter
    yield from work.log.placed_at(
        [
            matter.log_index,
            *(one.visit.log_index for one in (*matter.seen, *matter.late)),
            *(token.log_index for token in matter.tokens.values()),
        ]
    )
    accruals = [
        one
        for one in work.signings.accruals_of(case.deal.id)
        if one.ruling_id == case.ruling.id and case.channel_id in (None, one.payee_id)
    ]
    named = [*_rulings(work, case.ruling), *(one.entry_id for one in accruals), *more]
    if case.channel_id is None:
        # No party reads what the visitor says of it; it decided nothing (rules §4.6).
        matches = (*matter.seen, *matter.late)
        named += work.visits.statement_entries(one.visit.id for one in matches)
    for entry_id in named:
        yield placed_in(work, entry_id)
    plans = {one.plan_version for one in accruals}
    yield from _saying(work, StatementKind.PLAN, "version", plans)
    yield from _agreements(work, matter, case.deal.project_id)


def _rulings(work: UnitOfWork, ruling: StoredRuling) -> Iterator[str]:
    """Yield the entries of a ruling and of all that it supersedes."""
    yield ruling.entry_id
    while ruling.supersedes_id is not None:
        ruling = work.signings.ruling(ruling.supersedes_id)
        yield ruling.entry_id


def _agreements(
    work: UnitOfWork, matter: Matter, project_id: ProjectId
) -> Iterator[PlacedEntry]:
    """Yield what was agreed before: rules, programmes, agents, suspensions."""
    tokens = list(matter.tokens.values())
    versions = {matter.deal_rules.version, *matter.token_rules}
    programmes = {token.programme_id for token in tokens}
    agents = {token.agent_id for token in tokens}
    yield from _saying(work, StatementKind.RULEBOOK, "version", versions)
    yield from _saying(work, StatementKind.PROGRAMME, "programme", programmes)
    yield from _saying(work, StatementKind.AGENT, "agent", agents)
    if matter.has_walk_in_reward:
        rewards = _saying(work, StatementKind.PROGRAMME, "kind", {Kind.WALK_IN_REWARD})
        yield from _with(rewards, "project", {project_id})
    for token in tokens:
        yield from _binding(work, token)
    for match in matter.seen:
        if match.visit.standing is Standing.AGENT_SUSPENDED:
            token = matter.tokens[match.visit.id]
            kind = StatementKind.SUSPENSION
            yield from _saying(work, kind, "agent", {token.agent_id})
            yield from _saying(work, kind, "channel", {token.channel_id})


def _binding(work: UnitOfWork, token: ReferralToken) -> Iterator[PlacedEntry]:
    if token.binding is Binding.OPENED and token.bound_at is not None:
        found = work.log.agreed(StatementKind.BIND, token.bound_at)
        yield from _with(found, "token", {token.id})


def _saying(
    work: UnitOfWork, kind: StatementKind, key: str, values: Collection[str]
) -> Iterator[PlacedEntry]:
    """Yield the statements of a kind that say one of some values under a key."""
    if values:
        yield from _with(work.log.agreed(kind), key, values)


def _with(
    entries: Iterable[PlacedEntry], key: str, values: Collection[str]
) -> Iterator[PlacedEntry]:
    for one in entries:
        body: Mapping[str, object] = json.loads(one.event or b"{}")
        if body.get(key) in values:
            yield one
