"""The API of reconciliation 对账: a channel's spreadsheet in, row by row out."""

from collections.abc import Iterable, Mapping
from datetime import date
from http import HTTPStatus
from typing import Annotated

from flask import Blueprint, Response
from pydantic import Field, Json, StrictInt, StrictStr, StringConstraints

from attribution.errors import NotFound, StatementKnown
from attribution.ids import ChannelId, StatementId
from attribution.people import Role
from attribution.reconciliation.report import (
    Component,
    Remark,
    RowKind,
    reconciliation_to_json,
)
from attribution.reconciliation.statement import (
    ChosenColumns,
    ChosenSheet,
    Column,
    number_of,
)
from attribution.services.answering import Reply, Request
from attribution.services.reconciling import (
    STATEMENT_ROLES,
    UPLOAD_REFUSALS,
    UPLOAD_ROLES,
    Confirmed,
    reconciliation_of,
    statements_at,
    upload_statement,
)
from attribution.sheets.writing import write_report
from web.access import current_actor, current_runtime, requires
from web.api.fields import Asked, Id, Instant, Told, Written
from web.api.operations import Operation, operation, project_or_only
from web.statement_words import labels

bp = Blueprint("api_statements", __name__, url_prefix="/api/v1")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Letters = Annotated[str, StringConstraints(pattern="^[A-Z]{1,3}$")]
SENDERS = (*UPLOAD_ROLES, Role.CHANNEL_MANAGER)
READERS = (*STATEMENT_ROLES, Role.CHANNEL_MANAGER)


class SheetColumns(Asked):
    """Of one sheet, the letters of the column that stands for each meaning."""

    sheet: Annotated[StrictStr, Field(min_length=1, max_length=120)]
    header_row: Annotated[StrictInt, Field(ge=0, le=1_048_576)] | None = Field(
        default=None, description="its last row; 0: none; left out: found by its words"
    )
    columns: dict[Column, Letters]


class Upload(Asked):
    """Whose statement it is; the file stands beside it in the form."""

    project: Id | None = None
    channel: Id
    columns: Json[tuple[SheetColumns, ...]] | None = Field(
        default=None,
        description="JSON, as the answer gives it: of each sheet the letters of its "
        "columns. Without it, they are found by their headers; a sheet that is not "
        "named is not read.",
        examples=['[{"sheet": "明细", "columns": {"unit": "A", "amount": "D"}}]'],
    )
    again: bool = Field(
        default=False, description="reconcile it though the same was uploaded before"
    )


class AtProject(Asked):
    """Of which project."""

    project: Id | None = None


class UsedColumns(Told):
    """Of one sheet, the letters of the column that was taken for each meaning."""

    sheet: str
    header_row: int = Field(description="its last row; 0: none")
    columns: dict[Column, str]


class Uploaded(Written):
    """A statement that was read and matched."""

    reconciliation_id: str
    columns: tuple[UsedColumns, ...] = Field(description="the columns that were used")


class UploadView(Told):
    """One upload."""

    reconciliation_id: str = Field(validation_alias="id")
    project_id: str
    channel_id: str
    uploaded_at: Instant
    uploaded_by: str


class UploadList(Told):
    """Uploads of a project, newest first."""

    reconciliations: tuple[UploadView, ...]


class ChoiceView(Told):
    """Which column was taken for what."""

    column: Column
    cell: str
    header: str
    scale: int


class StatedView(Told):
    """A total that the statement states about itself."""

    cell: str
    label: str
    amount: int | None


class SheetView(Told):
    """How one sheet was understood."""

    name: str
    header_row: int
    choices: tuple[ChoiceView, ...]
    blank_rows: int
    repeated_headers: int
    note_rows: tuple[int, ...]
    totals: tuple[StatedView, ...]


class DoubtView(Told):
    """A cell that could not be read, or only with a reservation."""

    cell: str
    column: Column
    reason: str
    read: str
    expected: str


class ExplanationView(Told):
    """What alone would explain a difference."""

    component: Component
    theirs: str


class RowView(Told):
    """One claim of the statement, or one debt that nobody claimed."""

    kind: RowKind
    unit: str
    signing_id: str | None
    sheet: str
    row: int | None
    cell: str
    claimed: int | None = Field(description="fen")
    owed: int | None = Field(description="fen")
    claimed_price: int | None = Field(description="fen")
    our_price: int | None = Field(description="fen")
    claimed_on: date | None
    signed_on: date | None
    client: str = Field(description="masked when read: 张**")
    agent: str
    reason: str = Field(description="why it is not owed, or cannot be read")
    duplicate_of: str
    explanations: tuple[ExplanationView, ...]
    doubts: tuple[DoubtView, ...]
    remarks: tuple[Remark, ...]


class TotalView(Told):
    """Rows of one kind, and their sums in fen."""

    count: int
    claimed: int
    owed: int


class ReconciliationView(Told):
    """A statement beside what is owed."""

    reconciliation_id: str
    project_id: str
    channel_id: str
    uploaded_at: Instant
    format: str
    filename: str
    encoding: str
    sheets: tuple[SheetView, ...]
    ignored_sheets: tuple[str, ...]
    rows: tuple[RowView, ...]
    totals: Mapping[RowKind, TotalView]


@bp.post("/statements")
@requires(*SENDERS)
@operation(
    Operation(
        form=Upload,
        answer=Uploaded,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(NotFound, *UPLOAD_REFUSALS, StatementKnown),
    )
)
def upload(form: Upload, file: tuple[str, bytes], intention: Request) -> Reply:
    """Read a channel's statement (.xlsx or .csv) whole, and match it (对账).

    The file itself is not kept.
    """
    return upload_statement(
        current_runtime(),
        by=current_actor(),
        request=intention,
        project_id=project_or_only(form.project, *SENDERS),
        channel_id=ChannelId(form.channel),
        file=file,
        confirmed=Confirmed(
            columns=None if form.columns is None else _numbered(form.columns),
            is_again=form.again,
        ),
    )


def _numbered(columns: Iterable[SheetColumns]) -> ChosenColumns:
    return {
        one.sheet: ChosenSheet(
            columns={
                column: number_of(letters) for column, letters in one.columns.items()
            },
            header_row=one.header_row,
        )
        for one in columns
    }


@bp.get("/reconciliations")
@requires(*READERS)
@operation(Operation(query=AtProject, answer=UploadList))
def uploads(query: AtProject) -> UploadList:
    """List the uploads of a project that one may see."""
    found = statements_at(
        current_runtime(),
        by=current_actor(),
        project_id=project_or_only(query.project, *READERS),
    )
    return UploadList.model_validate({"reconciliations": found}, from_attributes=True)


@bp.get("/reconciliations/<statement_id>")
@requires(*READERS)
@operation(Operation(answer=ReconciliationView, refuses=(NotFound,)))
def one_reconciliation(statement_id: StatementId) -> ReconciliationView:
    """Show what was found, row by row."""
    stored, result = reconciliation_of(
        current_runtime(), by=current_actor(), statement_id=statement_id
    )
    return ReconciliationView.model_validate(
        {
            **reconciliation_to_json(result),
            "reconciliation_id": stored.id,
            "project_id": stored.project_id,
            "channel_id": stored.channel_id,
            "uploaded_at": stored.uploaded_at,
        }
    )


@bp.get("/reconciliations/<statement_id>.xlsx")
@requires(*READERS)
@operation(Operation(answer=None, media=XLSX, refuses=(NotFound,)))
def reconciliation_workbook(statement_id: StatementId) -> Response:
    """Return what was found as a workbook, in the caller's language."""
    _, result = reconciliation_of(
        current_runtime(), by=current_actor(), statement_id=statement_id
    )
    answer = Response(write_report(result, labels()), content_type=XLSX)
    answer.headers["Content-Disposition"] = "attachment; filename=reconciliation.xlsx"
    return answer
