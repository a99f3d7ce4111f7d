"""Receipts 回执 of one's own facts: for the agent, the visitor and the developer.

Whose a fact is, is decided here; the proof is made in `proving.py` (receipt.md §1).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from attribution.errors import NotAllowed, NotFound
from attribution.ids import SigningId, TokenId, VisitId
from attribution.people import Actor, Role
from attribution.services.accounting import MONEY_ROLES
from attribution.services.issuing import token_of
from attribution.services.looking import visit_detail, visit_of_receipt
from attribution.services.proving import receipt_for, receipt_in
from attribution.services.ruling import RULING_ROLES
from attribution.services.runtime import Runtime
from attribution.services.sequencing import sequence
from attribution.services.statements import signed_promise
from attribution.storage.log_repository import LoggedFact
from attribution.storage.signing_repository import StoredRuling
from attribution.storage.visit_repository import VisitDetail
from attribution.storage.work import UnitOfWork
from tokens.receipts import Receipt

_COMMISSION_ROLES = (*MONEY_ROLES, Role.ADJUDICATOR)


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnReceipt:
    """A fact of somebody's own and its receipt; None while it has no place."""

    fact: LoggedFact
    receipt: Receipt | None


def facts_of_token(
    runtime: Runtime, *, by: Actor, token_id: TokenId
) -> list[LoggedFact]:
    """Return the facts of a token of the caller's own.

    They are its issue, binding and revocation, the visit it made, the rulings on its
    claim, what these accrued to the channel by it, and what of that was taken back.

    Raises:
        NotFound: no such token of this agent.
    """
    shown = token_of(runtime, by=by, token_id=token_id).issued
    with runtime.reading() as work:
        entries = work.tokens.entries_of(token_id)
        if shown.visit_id is not None:
            entries.append(work.visits.detail(VisitId(shown.visit_id)).entry_id)
        project_id = shown.token.project_id
        for ruling in work.signings.rulings_naming(project_id, token_id):
            entries += _entries_of_claim(work, ruling, token_id)
        return work.log.facts(entries)


def facts_of_visit(
    runtime: Runtime, *, by: Actor, visit_id: VisitId
) -> list[LoggedFact]:
    """Return the facts that a desk recorded of a visit: the visit, and the consent.

    Raises:
        NotFound: no such visit at this desk's sales centre.
    """
    detail = _visit_at(runtime, by, visit_id)
    with runtime.reading() as work:
        return work.log.facts(_entries_of_visit(detail))


def facts_of_holder(
    runtime: Runtime, *, receipt: str, address: str
) -> list[LoggedFact]:
    """Return the facts of the visitor who holds a receipt.

    They are the visit, the consent, the visitor's own word, and the rulings that
    counted this visit.

    Raises:
        NotFound: nobody was given such a receipt.
        RateLimited: too many receipts were guessed from this address.
    """
    detail = visit_of_receipt(runtime, receipt=receipt, address=address)
    with runtime.reading() as work:
        rulings = work.signings.rulings_naming(detail.project_id, detail.id)
        entries = [
            *_entries_of_visit(detail),
            *work.visits.statement_entries([detail.id]),
            *(ruling.entry_id for ruling in rulings),
        ]
        return work.log.facts(entries)


def facts_of_signing(
    runtime: Runtime, *, by: Actor, signing_id: SigningId
) -> list[LoggedFact]:
    """Return the facts of a deal: the developer's own.

    They are the signing, what it reached, its rulings and, for those who have a part
    in the money, its accruals and their reversals.

    Raises:
        NotFound: no such signing, or none that the caller's roles reach.
    """
    with runtime.reading() as work:
        deal = work.signings.deal(signing_id)
        if not by.may_at(deal.project_id, *RULING_ROLES):
            raise NotFound
        entries = [
            deal.entry_id,
            *(one.entry_id for one in work.signings.milestones([signing_id])),
            *(one.entry_id for one in work.signings.rulings_of(signing_id)),
        ]
        if by.may_at(deal.project_id, *_COMMISSION_ROLES):
            signings = work.signings
            entries += [one.entry_id for one in signings.accruals_of(signing_id)]
            entries += [one.entry_id for one in signings.reversals_of(signing_id)]
        return work.log.facts(entries)


def receipt_among(
    runtime: Runtime, own: Iterable[LoggedFact], entry_id: str
) -> Receipt:
    """Return the receipt of one of the facts that are somebody's own.

    Raises:
        NotFound: it is none of them.
        ProofPending: it has no place in the log yet; ask again in a moment.
    """
    if entry_id not in {fact.entry_id for fact in own}:
        raise NotFound
    return receipt_for(runtime, entry_id)


def promise_among(runtime: Runtime, own: Iterable[LoggedFact], entry_id: str) -> str:
    """Return the log's signed promise of one of the facts that are somebody's own.

    Who holds it can show that a proof was due (log.md §5).

    Raises:
        NotFound: it is none of them.
    """
    if entry_id not in {fact.entry_id for fact in own}:
        raise NotFound
    with runtime.reading() as work:
        entry = work.log.entry(entry_id)
    return signed_promise(runtime, entry.entry, entry.at)


def receipts_of(runtime: Runtime, own: Iterable[LoggedFact]) -> list[OwnReceipt]:
    """Return the receipts of facts that are somebody's own."""
    with runtime.reading() as work:
        return [
            OwnReceipt(
                fact=fact,
                receipt=None
                if fact.position is None
                else receipt_in(work, fact.entry_id),
            )
            for fact in own
        ]


def receipt_to_print(runtime: Runtime, *, by: Actor, visit_id: VisitId) -> Receipt:
    """Return the receipt of a visit for its printed confirmation, without delay.

    Raises:
        NotFound: no such visit at this desk's sales centre, or it was erased.
        LogBehind, LogForked, LogKeyForeign: the log is broken, and signs nothing.
    """
    detail = _visit_at(runtime, by, visit_id)
    if detail.position is None:
        sequence(runtime, wait=True)
    return receipt_for(runtime, detail.entry_id)


def _visit_at(runtime: Runtime, by: Actor, visit_id: VisitId) -> VisitDetail:
    """Return a visit for its own desk; what is elsewhere does not exist."""
    try:
        return visit_detail(runtime, by=by, visit_id=visit_id)
    except NotAllowed:
        raise NotFound from None


def _entries_of_visit(detail: VisitDetail) -> list[str]:
    consent = detail.consent_entry_id
    return [detail.entry_id, *([] if consent is None else [consent])]


def _entries_of_claim(
    work: UnitOfWork, ruling: StoredRuling, token_id: TokenId
) -> Iterator[str]:
    """Give the entries of a ruling on a token's claim, and of the money by it."""
    yield ruling.entry_id
    claims = json.loads(ruling.body)["claims"]
    paid = {
        claim["channel"]
        for claim in claims
        if claim["token"] == token_id and claim["share"]
    }
    own = {
        accrual.id: accrual.entry_id
        for accrual in work.signings.accruals_of(ruling.signing_id)
        if accrual.ruling_id == ruling.id and accrual.payee_id in paid
    }
    yield from own.values()
    for reversal in work.signings.reversals_of(ruling.signing_id):
        if reversal.accrual_id in own:
            yield reversal.entry_id
