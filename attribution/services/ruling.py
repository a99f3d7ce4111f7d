"""Rulings 判客: the facts of a signing, placed in the log, and what they come to."""

from contextlib import ExitStack
from dataclasses import replace

from attribution.commissions import commission_for, joint_commissions
from attribution.errors import AlreadyRuled, NotAllowed, NotFound
from attribution.ids import ChannelId, RulingId, SigningId
from attribution.people import Actor, Role
from attribution.programmes import Programme
from attribution.rules.matter import Dossier
from attribution.rules.ruling import Ruling, rule_on, ruling_bytes
from attribution.services.agreements import (
    deal_rules_of,
    plan_of,
    token_rules_by_version,
)
from attribution.services.runtime import Runtime
from attribution.services.sequencing import sequence
from attribution.services.statements import StatementKind, record
from attribution.storage.agreement_repository import (
    PROGRAMME_PLANS,
    PROJECT_RULES,
)
from attribution.storage.signing_repository import Accrual, Deal, StoredRuling
from attribution.storage.work import UnitOfWork

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
    if deal.stage is not dossier.deal_rules.fixes_at and deal.stage == "subscription":
        return None
    ruling, now = rule_on(dossier), runtime.now()
    ruling_id = RulingId(runtime.new_id())
    body = {
        "ruling": ruling_id,
        "signing": signing_id,
        "supersedes": None,
        "outcome": ruling.outcome.value,
        "shares": [list(share) for share in ruling.shares],
        "evidence_grade": ruling.evidence_grade,
        "inputs": ruling.inputs_digest,
        "engine": ruling.engine,
    }
    recorded = record(runtime, work, now, (StatementKind.RULING, body))[0]
    stored = StoredRuling(
        id=ruling_id,
        signing_id=signing_id,
        supersedes_id=None,
        outcome=ruling.outcome,
        evidence_grade=ruling.evidence_grade,
        inputs_digest=bytes.fromhex(ruling.inputs_digest),
        body=ruling_bytes(ruling).decode(),
        ruled_at=now,
        entry_id=recorded.entry_id,
    )
    work.signings.add_ruling(stored)
    _accrue(runtime, work, stored, deal=deal, dossier=dossier, ruling=ruling)
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
    rules = agreements.version_at(PROJECT_RULES, deal.project_id, deal.signed_at)
    programmes = agreements.programmes_at(deal.project_id, deal.signed_at)
    return Dossier(
        signing=signing,
        visits=tuple(visits),
        tokens={token.id: token for token in tokens},
        agents=agreements.agents((one.agent_id for one in tokens), deal.project_id),
        programmes={one.id: one for one in programmes},
        owners=frozenset(agreements.owners_among(deal.project_id, signing.buyer_tags)),
        token_rules=token_rules_by_version(work, {one.programme_id for one in tokens}),
        deal_rules=deal_rules_of(rules.version, rules.body),
    )


def _accrue(
    runtime: Runtime,
    work: UnitOfWork,
    stored: StoredRuling,
    *,
    deal: Deal,
    dossier: Dossier,
    ruling: Ruling,
) -> None:
    """Book what each channel is owed by this ruling (计提), under its own plan."""
    for channel_id, share in ruling.shares:
        programme = _programme_of(channel_id, dossier, ruling)
        version = work.agreements.version_at(
            PROGRAMME_PLANS, programme.id, deal.signed_at
        )
        plan = plan_of(version.version, version.body)
        parts = joint_commissions(commission_for(plan, deal.price_fen), ruling.shares)
        accrual = Accrual(
            id=runtime.new_id(),
            ruling_id=stored.id,
            signing_id=deal.id,
            channel_id=channel_id,
            programme_id=programme.id,
            plan_version=plan.version,
            share_bp=share,
            amount_fen=parts[channel_id],
            accrued_at=stored.ruled_at,
            entry_id="",
        )
        _book(runtime, work, accrual)


def _programme_of(channel_id: ChannelId, dossier: Dossier, ruling: Ruling) -> Programme:
    """Return the programme under which a channel's paid claim was made."""
    claim = next(
        one for one in ruling.claims if one.channel_id == channel_id and one.share
    )
    return dossier.programmes[dossier.tokens[claim.token_id].programme_id]


def _book(runtime: Runtime, work: UnitOfWork, accrual: Accrual) -> None:
    body = {
        "accrual": accrual.id,
        "ruling": accrual.ruling_id,
        "signing": accrual.signing_id,
        "channel": accrual.channel_id,
        "plan": accrual.plan_version,
        "share_bp": accrual.share_bp,
        "amount_fen": accrual.amount_fen,
    }
    at = accrual.accrued_at
    recorded = record(runtime, work, at, (StatementKind.ACCRUAL, body))[0]
    work.signings.add_accruals([replace(accrual, entry_id=recorded.entry_id)])
