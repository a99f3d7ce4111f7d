"""Rulings 判客: the facts of a signing, placed in the log, and what they come to."""

import hashlib
import json
from contextlib import ExitStack
from datetime import datetime
from typing import NamedTuple

from attribution.errors import AlreadyRuled, NotAllowed, NotFound
from attribution.ids import ChannelId, ProgrammeId, RulingId, SigningId
from attribution.people import Actor, Role
from attribution.rulebook import DealRules, Stage
from attribution.rules.matter import Dossier, Matter, inputs_of, matter_of
from attribution.rules.ruling import Ruling, ruling_bytes, ruling_of
from attribution.services.accruing import accrue
from attribution.services.agreements import deal_rules_at, token_rules_by_version
from attribution.services.runtime import Runtime
from attribution.services.sequencing import sequence
from attribution.services.statements import StatementKind, record
from attribution.storage.agreement_repository import PENDING
from attribution.storage.signing_repository import Deal, StoredRuling
from attribution.storage.work import UnitOfWork
from tokens.canonical import canonical

RULING_ROLES = (
    Role.SIGNING,
    Role.FINANCE,
    Role.FINANCE_APPROVER,
    Role.OPERATIONS,
    Role.ADJUDICATOR,
    Role.AUDITOR,
)


def rule_signing(runtime: Runtime, signing_id: SigningId) -> StoredRuling | None:
    """Decide who brought the buyer, store it once, and accrue what is owed.

    Asking again returns the ruling that stands. None while the signing is one that
    does not fix attribution (`fixes_at`), such as a subscription where the contract
    does.

    Raises:
        NotFound: no such signing.
    """
    with runtime.reading() as work:
        existing = work.signings.ruling_of(signing_id)
        if existing is not None:
            return existing
        deal = work.signings.deal(signing_id)
        rules = deal_rules_at(work, deal.project_id, deal.signed_at)
    if not _is_ruled_on(deal, rules):
        return None
    # Every fact must have its place before it can be weighed (rules §1.4, §1.5).
    sequence(runtime, wait=True)
    try:
        with runtime.transaction() as work:
            return _rule(runtime, work, signing_id)
    except AlreadyRuled:
        with runtime.reading() as work:
            return work.signings.ruling_of(signing_id)


def ruling_of_signing(
    runtime: Runtime, *, by: Actor, signing_id: SigningId
) -> StoredRuling:
    """Return the ruling that stands for a signing, to those who may see it.

    Raises:
        NotFound: no such signing, or none was made.
        NotAllowed: the caller's roles do not reach this project.
    """
    with runtime.reading() as work:
        deal = work.signings.deal(signing_id)
        ruling = work.signings.ruling_of(signing_id)
    if not by.may_at(deal.project_id, *RULING_ROLES):
        raise NotAllowed
    if ruling is None:
        raise NotFound
    return ruling


def ruling_by_id(runtime: Runtime, *, by: Actor, ruling_id: RulingId) -> StoredRuling:
    """Return one ruling, standing or superseded, to those who may see it."""
    with runtime.reading() as work:
        ruling = work.signings.ruling(ruling_id)
        deal = work.signings.deal(ruling.signing_id)
    if not by.may_at(deal.project_id, *RULING_ROLES):
        raise NotAllowed
    return ruling


def rule_what_is_left(runtime: Runtime) -> int:
    """Rule on signings whose ruling was interrupted; return how many.

    One that fails keeps no other waiting; its error is raised at the end.
    """
    with runtime.reading() as work:
        waiting = work.signings.without_ruling()
    ruled: list[StoredRuling] = []

    def rule(signing_id: SigningId) -> None:
        ruling = rule_signing(runtime, signing_id)
        if ruling is not None:
            ruled.append(ruling)

    # A stack calls all that was put on it, the last first, and raises afterwards.
    with ExitStack() as stack:
        for signing_id in reversed(waiting):
            stack.callback(rule, signing_id)
    return len(ruled)


def _rule(
    runtime: Runtime, work: UnitOfWork, signing_id: SigningId
) -> StoredRuling | None:
    deal = work.signings.deal(signing_id)
    dossier = dossier_of(work, deal)
    if not _is_ruled_on(deal, dossier.deal_rules):
        return None
    matter = matter_of(dossier)
    ruling = ruling_of(matter)
    stored = store_ruling(runtime, work, runtime.now(), argued(matter, ruling))
    programmes = {
        channel_id: _programme_of(channel_id, dossier, ruling)
        for channel_id, _share in ruling.shares
    }
    accrue(
        runtime, work, stored, deal=deal, shares=ruling.shares, programmes=programmes
    )
    return stored


def _is_ruled_on(deal: Deal, rules: DealRules) -> bool:
    """Say whether a signing fixes attribution; a contract always does (`fixes_at`)."""
    return deal.stage is Stage.CONTRACT or rules.fixes_at is Stage.SUBSCRIPTION


class Argued(NamedTuple):
    """A ruling and the inputs it was made from, both as canonical text."""

    body: str
    inputs: str


def argued(matter: Matter, ruling: Ruling) -> Argued:
    """Return a ruling and its inputs as they are stored."""
    inputs = canonical(inputs_of(matter)).decode()
    return Argued(body=ruling_bytes(ruling).decode(), inputs=inputs)


def store_ruling(
    runtime: Runtime,
    work: UnitOfWork,
    now: datetime,
    made: Argued,
    *,
    supersedes: RulingId | None = None,
) -> StoredRuling:
    """Store a ruling with its inputs and its log entry.

    Args:
        supersedes: the ruling whose place it takes (改判); that one stays.

    Raises:
        AlreadyRuled: the signing has its first ruling, or the superseded one was
            superseded before.
    """
    told = json.loads(made.body)
    ruling_id = RulingId(runtime.new_id())
    body = {
        "ruling": ruling_id,
        "signing": told["signing"],
        "supersedes": supersedes,
        "outcome": told["outcome"],
        "shares": told["shares"],
        "evidence_grade": told["evidence_grade"],
        "inputs": told["inputs_digest"],
        "engine": told["engine"],
        "body": hashlib.sha256(made.body.encode()).hexdigest(),
    }
    recorded = record(runtime, work, now, (StatementKind.RULING, body))[0]
    stored = StoredRuling(
        id=ruling_id,
        signing_id=told["signing"],
        supersedes_id=supersedes,
        outcome=told["outcome"],
        evidence_grade=told["evidence_grade"],
        inputs_digest=bytes.fromhex(told["inputs_digest"]),
        body=made.body,
        ruled_at=now,
        entry_id=recorded.entry_id,
        inputs=made.inputs,
    )
    work.signings.add_ruling(stored)
    return stored


def dossier_of(work: UnitOfWork, deal: Deal) -> Dossier:
    """Gather everything the rules may ask about one signing."""
    signing = work.signings.signing(deal.id)
    tags = signing.buyer_tags.union(*(one.tags for one in signing.relatives))
    # What has no place in the log yet was not logged before the ruling (rules §1.5).
    visits = [
        visit
        for visit in work.visits.matching(deal.project_id, tags, signing.receipts)
        if visit.log_index >= 0
    ]
    tokens = work.tokens.get(one.token_id for one in visits if one.token_id)
    agreements = work.agreements
    programmes = agreements.programmes_at(deal.project_id, deal.signed_at)
    return Dossier(
        signing=signing,
        visits=tuple(visits),
        tokens={token.id: token for token in tokens},
        agents=agreements.agents((one.agent_id for one in tokens), deal.project_id),
        programmes={one.id: one for one in programmes},
        owners=tuple(
            owner
            for owner in agreements.owners_among(deal.project_id, signing.buyer_tags)
            if owner.log_index != PENDING
        ),
        token_rules=token_rules_by_version(work, {one.programme_id for one in tokens}),
        deal_rules=deal_rules_at(work, deal.project_id, deal.signed_at),
    )


def _programme_of(
    channel_id: ChannelId, dossier: Dossier, ruling: Ruling
) -> ProgrammeId:
    """Return the programme under which a channel's paid claim was made."""
    claim = next(
        one for one in ruling.claims if one.channel_id == channel_id and one.share
    )
    return dossier.tokens[claim.token_id].programme_id
