"""Reconciliation 对账: a channel's statement against what we owe it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from attribution.documents import instant_text
from attribution.errors import (
    AttributionError,
    EncodingUnknown,
    HeaderNotFound,
    NotAllowed,
    StatementEmpty,
    StatementKnown,
    StatementNotSpreadsheet,
    StatementTooLarge,
    StatementUnreadable,
)
from attribution.ids import ChannelId, ProjectId, StatementId
from attribution.money import WHOLE, Fen
from attribution.people import Actor, Role
from attribution.reconciliation.matching import reconcile
from attribution.reconciliation.owed import OwedLine
from attribution.reconciliation.report import (
    Reconciliation,
    Remark,
    ResultRow,
    reconciliation_from_json,
    reconciliation_to_json,
)
from attribution.reconciliation.statement import (
    ChosenColumns,
    SheetProposal,
    Statement,
)
from attribution.services.accounting import DealAccount, accounts_in
from attribution.services.answering import (
    Answer,
    Reply,
    Request,
    answered_before,
    once,
)
from attribution.services.runtime import Runtime
from attribution.services.statements import StatementKind, promise_of, record
from attribution.sheets.reading import propose_columns, read_statement
from attribution.storage.statement_repository import StoredStatement
from attribution.storage.work import UnitOfWork

UPLOAD_ROLES = (Role.FINANCE, Role.FINANCE_APPROVER)
"""Who brings a channel's statement to the books, beside the channel's own manager."""
STATEMENT_ROLES = (*UPLOAD_ROLES, Role.AUDITOR)
"""Who sees what was found in any channel's statement."""
UPLOAD_REFUSALS: tuple[type[AttributionError], ...] = (
    StatementNotSpreadsheet,
    StatementTooLarge,
    StatementUnreadable,
    HeaderNotFound,
    EncodingUnknown,
    StatementEmpty,
)
"""What a file that is no readable statement is refused with; nothing is stored."""
_CANCELLED = "DEAL_CANCELLED"
_NO_RULING = "NOT_RULED_YET"
_NO_CLAIM = "NO_CLAIM"
_COMPARING = {Remark.PRICE_DIFFERS, Remark.DATE_DIFFERS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmed:
    """What a person has confirmed of an upload.

    `is_again`: that it is meant, though the same was uploaded before.
    """

    columns: ChosenColumns | None = None
    is_again: bool = False


AS_FOUND = Confirmed()


def propose_statement(
    runtime: Runtime,
    *,
    by: Actor,
    project_id: ProjectId,
    channel_id: ChannelId,
    file: tuple[str, bytes],
    header_rows: Mapping[str, int] | None = None,
) -> tuple[SheetProposal, ...]:
    """Return how a channel's spreadsheet would be read; nothing is stored.

    Args:
        header_rows: by the sheet, the row that a person takes for its header.

    Raises:
        NotAllowed, StatementUnreadable and its kin: as `upload_statement`.
    """
    _refuse_upload(by, project_id, channel_id)
    with runtime.reading() as work:
        _refuse_stranger(work, by, project_id, channel_id, runtime.now())
    name, data = file
    return propose_columns(data, name, header_rows)


def upload_statement(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    project_id: ProjectId,
    channel_id: ChannelId,
    file: tuple[str, bytes],
    confirmed: Confirmed = AS_FOUND,
) -> Reply:
    """Read a channel's spreadsheet whole, match it, and store what was found.

    The file itself is not kept: it holds names. What is kept is in the result. It is
    read and matched before the transaction, for SQLite has one writer: a long
    statement would keep every desk waiting.

    Args:
        file: its name, and its bytes.
        confirmed: what a person has confirmed; without it, the columns are those we
            find ourselves. The answer says which were used.

    Raises:
        NotAllowed: neither finance of the project nor manager of the channel.
        NotFound: no such channel.
        StatementKnown: the channel's same claims were uploaded before, or the same file
            for another channel; it says which upload that was.
        StatementUnreadable and its kin: nothing was stored; each says where and why.
    """
    _refuse_upload(by, project_id, channel_id)
    known = answered_before(runtime, request)
    if known is not None:
        return known
    now = runtime.now()
    with runtime.reading() as work:
        _refuse_stranger(work, by, project_id, channel_id, now)
    name, data = file
    statement = read_statement(data, name, confirmed.columns)
    if not statement.lines:
        raise StatementEmpty
    result = _result(runtime, statement, project_id, channel_id)
    text = json.dumps(reconciliation_to_json(result), ensure_ascii=False)
    digest = hashlib.sha256(data).digest()
    if not confirmed.is_again:
        _refuse_known(runtime, by, (project_id, channel_id), digest, result)

    def action(work: UnitOfWork) -> Answer:
        _refuse_stranger(work, by, project_id, channel_id, now)
        stored = StoredStatement(
            id=StatementId(runtime.new_id()),
            project_id=project_id,
            channel_id=channel_id,
            file_digest=digest,
            uploaded_at=now,
            uploaded_by=by.person_id,
            entry_id="",
        )
        return {
            "reconciliation_id": stored.id,
            "columns": _used(statement),
            "promise": _keep(runtime, work, stored, text),
        }

    return once(runtime, request, now, action)


def _keep(
    runtime: Runtime, work: UnitOfWork, stored: StoredStatement, result: str
) -> dict[str, object]:
    """Store what was found in a statement and log it; return the promise."""
    body = {
        "statement": stored.id,
        "project": stored.project_id,
        "channel": stored.channel_id,
        "file": stored.file_digest.hex(),
        "result": hashlib.sha256(result.encode()).hexdigest(),
        "by": stored.uploaded_by,
    }
    at = stored.uploaded_at
    recorded = record(runtime, work, at, (StatementKind.STATEMENT, body))[0]
    work.statements.add(replace(stored, entry_id=recorded.entry_id), result)
    return promise_of(runtime, recorded)


def _refuse_upload(by: Actor, project_id: ProjectId, channel_id: ChannelId) -> None:
    is_managers = by.may_for(channel_id, Role.CHANNEL_MANAGER, at=project_id)
    if not is_managers and not by.may_at(project_id, *UPLOAD_ROLES):
        raise NotAllowed


def _refuse_stranger(
    work: UnitOfWork,
    by: Actor,
    project_id: ProjectId,
    channel_id: ChannelId,
    now: datetime,
) -> None:
    """Refuse a channel that does not exist, or whose manager has no business here."""
    work.agreements.channel(channel_id)
    agreed = work.agreements.programmes_of(channel_id, now)
    if not by.may_at(project_id, *UPLOAD_ROLES) and not any(
        one.project_id == project_id for one in agreed
    ):
        raise NotAllowed


def _used(statement: Statement) -> list[dict[str, object]]:
    """Return of each sheet the letters of the column that was taken for a meaning."""
    return [
        {
            "sheet": sheet.name,
            "header_row": sheet.header_row,
            "columns": {
                one.column: one.cell.rstrip("0123456789") for one in sheet.choices
            },
        }
        for sheet in statement.sheets
    ]


def _result(
    runtime: Runtime,
    statement: Statement,
    project_id: ProjectId,
    channel_id: ChannelId,
) -> Reconciliation:
    """Return what matching a statement with our deals comes to."""
    with runtime.reading() as work, work.snapshot():
        brought = work.visits.channels_of_visits(project_id)
        accounts = accounts_in(work, project_id)
        units = work.agreements.units(project_id)
    ours = [_owed(account, channel_id, brought) for account in accounts]
    return reconcile(statement, ours, units or None)


def _refuse_known(
    runtime: Runtime,
    by: Actor,
    about: tuple[ProjectId, ChannelId],
    digest: bytes,
    result: Reconciliation,
) -> None:
    """Refuse what was uploaded before, naming the upload (reconciliation.md §6.5).

    The same file with other columns claims something else, and is a correction.
    """
    project_id, channel_id = about
    with runtime.reading() as work:
        found = work.statements.with_results_at(project_id)
    for stored, earlier in found:
        if not _may_see(by, stored):
            continue
        is_known = (
            _read(earlier).claims == result.claims
            if stored.channel_id == channel_id
            else stored.file_digest == digest
        )
        if is_known:
            raise StatementKnown(stored.id, instant_text(stored.uploaded_at))


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierUpload:
    """An upload that a new one repeats: which, whose statement, when, and by whom."""

    id: StatementId
    channel_id: ChannelId
    uploaded_at: datetime
    uploaded_by: str


def earlier_upload(
    runtime: Runtime, *, by: Actor, statement_id: StatementId
) -> EarlierUpload:
    """Return who uploaded a statement and when, or raise NotFound or NotAllowed."""
    with runtime.reading() as work:
        stored, _text = work.statements.get(statement_id)
        if not _may_see(by, stored):
            raise NotAllowed
        return EarlierUpload(
            id=stored.id,
            channel_id=stored.channel_id,
            uploaded_at=stored.uploaded_at,
            uploaded_by=work.access.account(stored.uploaded_by).name,
        )


def upload_of_file(
    runtime: Runtime, *, by: Actor, project_id: ProjectId, data: bytes
) -> StatementId | None:
    """Return the newest upload of the very same file that the caller may see."""
    digest = hashlib.sha256(data).digest()
    found = statements_at(runtime, by=by, project_id=project_id)
    return next((one.id for one in found if one.file_digest == digest), None)


def reconciliation_of(
    runtime: Runtime, *, by: Actor, statement_id: StatementId
) -> tuple[StoredStatement, Reconciliation]:
    """Return an upload and its result, or raise NotFound or NotAllowed.

    The channel itself is told why a claim is not owed, and nothing else of a deal that
    is not its own: else a statement of every home would be a list of all prices.
    """
    with runtime.reading() as work:
        stored, result = work.statements.get(statement_id)
    if not _may_see(by, stored):
        raise NotAllowed
    return stored, _told(by, stored, result)


def reconciliations_at(
    runtime: Runtime, *, by: Actor, project_id: ProjectId
) -> list[tuple[StoredStatement, Reconciliation]]:
    """Return the uploads that the caller may see with their results, newest first."""
    with runtime.reading() as work:
        found = work.statements.with_results_at(project_id)
    return [
        (stored, _told(by, stored, result))
        for stored, result in found
        if _may_see(by, stored)
    ]


def _told(by: Actor, stored: StoredStatement, result: str) -> Reconciliation:
    """Return of a result what somebody may see who may see the upload."""
    found = _read(result)
    if _is_office(by, stored.project_id):
        return found
    return replace(found, rows=tuple(_as_told(row) for row in found.rows))


def _read(result: str) -> Reconciliation:
    return reconciliation_from_json(json.loads(result))


def _as_told(row: ResultRow) -> ResultRow:
    if row.owed:
        return row
    remarks = tuple(one for one in row.remarks if one not in _COMPARING)
    return replace(
        row, signing_id=None, our_price=None, signed_on=None, remarks=remarks
    )


def statements_at(
    runtime: Runtime, *, by: Actor, project_id: ProjectId
) -> list[StoredStatement]:
    """Return the uploads of a project that the caller may see, newest first."""
    with runtime.reading() as work:
        stored = work.statements.at(project_id)
    return [one for one in stored if _may_see(by, one)]


def _may_see(by: Actor, stored: StoredStatement) -> bool:
    return _is_office(by, stored.project_id) or by.may_for(
        stored.channel_id, Role.CHANNEL_MANAGER, at=stored.project_id
    )


def _is_office(by: Actor, project_id: ProjectId) -> bool:
    """Say whether somebody keeps the developer's books, and not a channel's."""
    return by.may_at(project_id, *STATEMENT_ROLES)


def _owed(
    account: DealAccount, channel_id: ChannelId, brought: Mapping[str, str]
) -> OwedLine:
    """Return what one deal owes a channel, or why it owes nothing."""
    deal = account.deal
    own = [one for one in account.lines if one.accrual.payee_id == channel_id]
    is_owed = bool(own) and not account.is_cancelled
    return OwedLine(
        signing_id=deal.id,
        unit=deal.unit,
        signed_on=deal.signed_at.astimezone(ZoneInfo("Asia/Shanghai")).date(),
        price=deal.price_fen,
        amount=own[0].accrual.amount_fen if is_owed else Fen(0),
        reason="" if is_owed else _why_not(account, channel_id, brought),
        share=own[0].accrual.share_bp if own else WHOLE,
    )


def _why_not(
    account: DealAccount, channel_id: ChannelId, brought: Mapping[str, str]
) -> str:
    """Return the finding that answers a claim for a deal that owes nothing."""
    if account.is_cancelled:
        return _CANCELLED
    if account.ruling is None:
        return _NO_RULING
    body = json.loads(account.ruling.body)
    own = [one["finding"] for one in body["claims"] if one["channel"] == channel_id]
    own = own or [
        one["finding"]
        for one in body["visits"]
        if brought.get(one["visit"]) == channel_id
    ]
    return str(own[-1]) if own else _NO_CLAIM
