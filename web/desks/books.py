"""The books 台账 of a project: trial balance, and the journal to take away."""

from io import BytesIO

from flask import Blueprint, Response, render_template, send_file

from attribution.errors import NotFound
from attribution.ledger.check import check_ledger
from attribution.ledger.entries import trial_balance
from attribution.services.bookkeeping import LEDGER_ROLES, Ledger, ledger_of
from attribution.sheets.books import payee_name
from web.access import current_actor, current_runtime, requires
from web.choosing import chosen_project, projects_here
from web.desks.finance import ROLES as FINANCE_ROLES
from web.ledger_files import MEDIA, WRITERS
from web.ledger_words import ACCOUNTS, book_labels

bp = Blueprint("books", __name__, url_prefix="/finance/ledger")


@bp.get("")
@requires(*LEDGER_ROLES)
def overview() -> str:
    """Show the trial balance, and whether the books hold."""
    ledger, labels = _ledger(), book_labels()
    books = ledger.books
    lines = [
        (line, payee_name(books, line.account.payee, labels))
        for line in trial_balance(books.journal)
    ]
    return render_template(
        "finance/ledger.html",
        project=ledger.project,
        projects=projects_here(*LEDGER_ROLES),
        is_finance=current_actor().may_at(ledger.project.id, *FINANCE_ROLES),
        entries=len(books.journal),
        violation=check_ledger(books.journal, ledger.facts, as_of=ledger.as_of),
        lines=lines,
        debit=sum(line.debit for line, _payee in lines),
        credit=sum(line.credit for line, _payee in lines),
        accounts=ACCOUNTS,
        formats=[*WRITERS],
    )


@bp.get("/journal.<kind>")
@requires(*LEDGER_ROLES)
def journal(kind: str) -> Response:
    """Give the journal as a file: a workbook has the trial balance too."""
    if kind not in WRITERS:
        raise NotFound
    ledger = _ledger()
    return send_file(
        BytesIO(WRITERS[kind](ledger.books)),
        mimetype=MEDIA[kind],
        as_attachment=True,
        download_name=f"hefu-ledger-{ledger.project.id[:8]}.{kind}",
    )


def _ledger() -> Ledger:
    project = chosen_project(*LEDGER_ROLES)
    return ledger_of(current_runtime(), by=current_actor(), project_id=project.id)
