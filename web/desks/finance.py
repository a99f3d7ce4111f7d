"""Finance 财务: deals, rulings and accruals, and channels' statements."""

from base64 import b64decode, b64encode
from functools import partial
from http import HTTPStatus
from io import BytesIO

from flask import (
    Blueprint,
    Response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from attribution.errors import (
    AttributionError,
    InputInvalid,
    StatementKnown,
)
from attribution.ids import ChannelId, SigningId, StatementId
from attribution.money import Fen
from attribution.people import Role
from attribution.reconciliation.report import RowKind
from attribution.rules.findings import Outcome
from attribution.services.accounting import (
    AccruedLine,
    DealAccount,
    deal_account,
    deal_accounts,
)
from attribution.services.attending import rulings_of_deal
from attribution.services.evidencing import export_evidence
from attribution.services.receipting import facts_of_signing
from attribution.services.reconciling import (
    UPLOAD_REFUSALS,
    Confirmed,
    earlier_upload,
    propose_statement,
    reconciliation_of,
    reconciliations_at,
    upload_of_file,
    upload_statement,
)
from attribution.services.surveying import channels_of, names_in, positions_of
from attribution.sheets.reading import name_of
from attribution.sheets.writing import write_report
from web.access import current_actor, current_runtime, requires
from web.charts import bars_of
from web.choosing import chosen_project, projects_here
from web.column_fields import chosen_columns, chosen_headers, proposed_fields
from web.dispute_words import GROUNDS, STATES
from web.forms import Form, mistake_of, page_request
from web.languages import instant
from web.log_words import ENTRY_WORDS
from web.milestones import EVENTS, STAGES, milestone_choices, record_from
from web.problems import explain
from web.receipts import handed_out
from web.rulings import worded
from web.statement_words import (
    COLUMNS,
    COMPONENTS,
    KINDS,
    REMARKS,
    labels,
    row_reason,
)
from web.visitor_words import own_words_of

bp = Blueprint("finance", __name__, url_prefix="/finance")

ROLES = (Role.FINANCE, Role.FINANCE_APPROVER)
_ROWS_ON_A_PAGE = 200
_ZIP = "application/zip"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("")
@requires(*ROLES)
def overview() -> str:
    """Show what is owed and payable, by channel and deal by deal."""
    project = chosen_project(*ROLES)
    accounts = deal_accounts(
        current_runtime(), by=current_actor(), project_id=project.id
    )
    return render_template(
        "finance/overview.html",
        project=project,
        projects=projects_here(*ROLES),
        accounts=accounts,
        names=names_in(current_runtime()),
        worded=worded,
        totals=_totals(accounts),
        bars=bars_of(_commissions(accounts)),
        events=EVENTS,
    )


@bp.get("/deals/<signing_id>")
@requires(*ROLES)
def deal(signing_id: SigningId) -> str:
    """Show one deal: commissions, what they wait for, and the ruling behind them."""
    return _deal(signing_id, Form())


@bp.get("/deals/<signing_id>/receipts/<entry_id>.tlog-proof")
@requires(*ROLES)
def receipt(signing_id: SigningId, entry_id: str) -> ResponseReturnValue:
    """Give the receipt 回执 of one fact of a deal."""
    runtime = current_runtime()
    own = facts_of_signing(runtime, by=current_actor(), signing_id=signing_id)
    return handed_out(own, entry_id)


@bp.post("/deals/<signing_id>/milestones")
@requires(*ROLES)
def add_milestone(signing_id: SigningId) -> ResponseReturnValue:
    """Record what the deal has reached."""
    form = Form(request.form)
    if record_from(form, signing_id):
        return redirect(url_for(".deal", signing_id=signing_id), 303)
    return _deal(signing_id, form), HTTPStatus.UNPROCESSABLE_ENTITY


@bp.get("/deals/<signing_id>/evidence.zip")
@requires(*ROLES)
def evidence(signing_id: SigningId) -> Response:
    """Give the evidence bundle of the deal's ruling, to be checked anywhere."""
    file = export_evidence(current_runtime(), by=current_actor(), signing_id=signing_id)
    return send_file(
        BytesIO(file.data),
        mimetype=_ZIP,
        as_attachment=True,
        download_name=file.name,
    )


@bp.get("/statements")
@requires(*ROLES)
def statements() -> str:
    """Show the form for a channel's statement, and the earlier ones."""
    return _statements(Form())


@bp.post("/statements")
@requires(*ROLES)
def propose() -> ResponseReturnValue:
    """Show how a statement would be read; nothing is stored before it is confirmed."""
    form, file = Form(request.form), request.files.get("file")
    if file is None or not file.filename:
        form.refuse("file", _("请选择对账单文件。"))
        return _statements(form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        return _proposal(form, (file.filename, file.read()))
    except UPLOAD_REFUSALS as error:
        return _statements(form, error), explain(error).status


@bp.post("/statements/columns")
@requires(*ROLES)
def look_again() -> ResponseReturnValue:
    """Show the columns below the header row that the person has pointed out."""
    fields = request.form.items(multi=True)
    # Under another header the columns are proposed anew.
    kept = [one for one in fields if not one[0].startswith("column-")]
    form = Form(MultiDict(kept))
    if not chosen_headers(form) and not form.mistakes:
        form.refuse("sheet-0", _("请填表头在第几行，没有表头填 0。"))
    page = _proposal(form, (form.text("filename"), _kept_file(form)))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.mistakes else HTTPStatus.OK
    return page, status


@bp.post("/statements/confirm")
@requires(*ROLES)
def confirm() -> ResponseReturnValue:
    """Read and match a statement with the columns that the person has confirmed."""
    form = Form(request.form)
    file = (form.text("filename"), _kept_file(form))
    columns = chosen_columns(form)
    if form.mistakes:
        return _proposal(form, file), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        answer = upload_statement(
            current_runtime(),
            by=current_actor(),
            request=page_request(),
            project_id=chosen_project(*ROLES).id,
            channel_id=ChannelId(form.text("channel")),
            file=file,
            confirmed=Confirmed(columns=columns, is_again=bool(form.text("again"))),
        ).answer
    except StatementKnown as known:
        page = _proposal(form, file, StatementId(known.reconciliation_id))
        return page, explain(known).status
    except UPLOAD_REFUSALS as error:
        return _statements(form, error), explain(error).status
    return redirect(
        url_for(".reconciliation", statement_id=answer["reconciliation_id"]), 303
    )


def _kept_file(form: Form) -> bytes:
    """Return the file that the page itself has kept."""
    try:
        return b64decode(form.text("data"), validate=True)
    except ValueError:
        raise InputInvalid("data", "BASE64") from None


def _proposal(
    form: Form, file: tuple[str, bytes], known_id: StatementId | None = None
) -> str:
    """Show how a file would be read, and whether it was uploaded before."""
    project, name = chosen_project(*ROLES), name_of(file[0])
    channel_id = ChannelId(form.text("channel"))
    runtime, by = current_runtime(), current_actor()
    propose = partial(
        propose_statement,
        runtime,
        by=by,
        project_id=project.id,
        channel_id=channel_id,
        file=file,
    )
    try:
        sheets = propose(header_rows=chosen_headers(form))
    except InputInvalid as error:
        form.refuse("sheet-0", mistake_of(error), error.code)
        sheets = propose()
    if known_id is None:
        known_id = upload_of_file(runtime, by=by, project_id=project.id, data=file[1])
    names = names_in(runtime).channels
    return render_template(
        "finance/columns.html",
        form=form,
        project=project,
        channel=names[channel_id],
        channel_id=channel_id,
        known=known_id and earlier_upload(runtime, by=by, statement_id=known_id),
        channels=names,
        sheets=proposed_fields(sheets, form),
        filename=name,
        data=b64encode(file[1]).decode(),
        columns=[("", _("不用这一列")), *COLUMNS.items()],
    )


@bp.get("/statements/<statement_id>")
@requires(*ROLES)
def reconciliation(statement_id: StatementId) -> str:
    """Show what became of every claim and every debt."""
    stored, result = reconciliation_of(
        current_runtime(), by=current_actor(), statement_id=statement_id
    )
    kind = _kind_asked()
    rows = [row for row in result.rows if kind in (None, row.kind)]
    page = max(1, request.args.get("page", 1, type=int))
    start = (page - 1) * _ROWS_ON_A_PAGE
    return render_template(
        "finance/reconciliation.html",
        stored=stored,
        result=result,
        kind=kind,
        page=page,
        pages=-(-len(rows) // _ROWS_ON_A_PAGE),
        rows=rows[start : start + _ROWS_ON_A_PAGE],
        channel=names_in(current_runtime()).channels[stored.channel_id],
        kinds=KINDS,
        columns=COLUMNS,
        components=COMPONENTS,
        remarks=REMARKS,
        reason=row_reason,
    )


@bp.get("/statements/<statement_id>.xlsx")
@requires(*ROLES)
def workbook(statement_id: StatementId) -> Response:
    """Give the whole result as a workbook, in the language of the page."""
    stored, result = reconciliation_of(
        current_runtime(), by=current_actor(), statement_id=statement_id
    )
    names = names_in(current_runtime())
    projects = {one.id: one.name for one in projects_here(*ROLES)}
    about = _(
        "渠道：%(channel)s；案场：%(project)s；上传于 %(at)s",
        channel=names.channels[stored.channel_id],
        project=projects[stored.project_id],
        at=instant(stored.uploaded_at),
    )
    return send_file(
        BytesIO(write_report(result, labels(), about)),
        mimetype=_XLSX,
        as_attachment=True,
        download_name=f"hefu-{statement_id[:8]}.xlsx",
    )


def _kind_asked() -> RowKind | None:
    """Return the kind of rows that the page is limited to; None for all."""
    asked = request.args.get("kind", "")
    return RowKind(asked) if asked in set(RowKind) else None


def _deal(signing_id: SigningId, form: Form) -> str:
    runtime = current_runtime()
    account = deal_account(runtime, by=current_actor(), signing_id=signing_id)
    ruling = account.ruling
    return render_template(
        "finance/deal.html",
        account=account,
        ruling=worded(ruling, names_in(runtime)) if ruling else None,
        disputable=rulings_of_deal(runtime, by=current_actor(), signing_id=signing_id),
        grounds=GROUNDS,
        states=STATES,
        position=positions_of(runtime, [ruling.entry_id])[0] if ruling else None,
        own_facts=facts_of_signing(runtime, by=current_actor(), signing_id=signing_id),
        entry_words=ENTRY_WORDS,
        own_words=own_words_of(signing_id),
        choices=milestone_choices(),
        stages=STAGES,
        events=EVENTS,
        form=form,
    )


def _statements(form: Form, refusal: AttributionError | None = None) -> str:
    runtime, project = current_runtime(), chosen_project(*ROLES)
    return render_template(
        "finance/statements.html",
        form=form,
        problem=explain(refusal) if refusal else None,
        project=project,
        projects=projects_here(*ROLES),
        channels=[(one.id, one.name) for one in channels_of(runtime)],
        names=names_in(runtime),
        uploads=reconciliations_at(runtime, by=current_actor(), project_id=project.id),
    )


def _standing_lines(accounts: list[DealAccount]) -> list[AccruedLine]:
    """Return what is owed for the deals that were not cancelled."""
    return [
        line
        for account in accounts
        if not account.is_cancelled
        for line in account.lines
    ]


def _commissions(accounts: list[DealAccount]) -> list[tuple[str, Fen, Fen]]:
    """Return channel, owed and payable of every commission that still stands."""
    return [
        (line.channel, line.accrual.amount_fen, line.payable)
        for line in _standing_lines(accounts)
        if line.channel is not None
    ]


def _totals(accounts: list[DealAccount]) -> dict[str, int]:
    """Return the sums of the overview; buyers' rewards stand apart from commissions."""
    lines = _commissions(accounts)
    rewards = [one for one in _standing_lines(accounts) if one.channel is None]
    standing = [one for one in accounts if not one.is_cancelled]
    return {
        "deals": len(standing),
        "cancelled": len(accounts) - len(standing),
        "natural": sum(
            one.ruling is not None and one.ruling.outcome == Outcome.NATURAL
            for one in standing
        ),
        "price": sum(one.deal.price_fen for one in standing),
        "owed": sum(owed for _name, owed, _payable in lines),
        "payable": sum(payable for _name, _owed, payable in lines),
        "rewards": sum(one.accrual.amount_fen for one in rewards),
        "rewards_payable": sum(one.payable for one in rewards),
    }
