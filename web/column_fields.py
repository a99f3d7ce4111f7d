"""The columns of a statement as fields of a form: proposed, corrected, confirmed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask_babel import gettext as _

from attribution.reconciliation.statement import (
    ChosenColumns,
    ChosenSheet,
    Column,
    ProposedColumn,
    SheetProposal,
)
from web.forms import Form
from web.statement_words import COLUMNS

_MOST_SHEETS, _MOST_DIGITS, _MOST_ROW_DIGITS = 100, 5, 7


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnField:
    """One column of a sheet: the name of its field, and what is chosen in it."""

    name: str
    column: ProposedColumn
    chosen: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetFields:
    """One sheet, the fields that carry its name and its header row, and its columns."""

    field: str
    header_field: str
    header_row: str
    sheet: SheetProposal
    columns: tuple[ColumnField, ...]


def proposed_fields(
    sheets: Iterable[SheetProposal], form: Form
) -> tuple[SheetFields, ...]:
    """Return the fields of a proposal; what was already chosen stays chosen."""
    return tuple(
        SheetFields(
            field=f"sheet-{index}",
            header_field=f"header-{index}",
            header_row="" if sheet.header_row is None else str(sheet.header_row),
            sheet=sheet,
            columns=tuple(
                ColumnField(
                    name=f"column-{index}-{one.number}",
                    column=one,
                    chosen=form.text(f"column-{index}-{one.number}", one.column or ""),
                )
                for one in sheet.columns
            ),
        )
        for index, sheet in enumerate(sheets)
    )


def chosen_columns(form: Form) -> ChosenColumns:
    """Read what was chosen; every mistake is kept beside its sheet.

    A sheet of which no column is used is not read; one at least must be.
    """
    chosen: dict[str, ChosenSheet] = {}
    for index, name in _sheets_in(form):
        field = f"sheet-{index}"
        columns = dict(_columns_of(form, index, field))
        if columns:
            _refuse_missing(form, field, columns)
            row = _header_row_in(form, index)
            chosen[name] = ChosenSheet(columns=columns, header_row=row)
    if not chosen:
        form.refuse("sheet-0", _("请至少在一张表里选出房号和佣金金额。"))
    return chosen


def chosen_headers(form: Form) -> dict[str, int]:
    """Read by the sheet which row a person takes for its header; 0 for none."""
    rows = {name: _header_row_in(form, index) for index, name in _sheets_in(form)}
    return {name: row for name, row in rows.items() if row is not None}


def _sheets_in(form: Form) -> Iterator[tuple[int, str]]:
    for index in range(_MOST_SHEETS):
        name = "".join(form.texts(f"sheet-{index}")[:1])  # with its own spaces
        if not name:
            return
        yield index, name


def _header_row_in(form: Form, index: int) -> int | None:
    said = form.text(f"header-{index}")
    if not said:
        return None
    if not said.isdecimal() or len(said) > _MOST_ROW_DIGITS:
        form.refuse(f"sheet-{index}", _("表头的行号请填整数，没有表头填 0。"))
        return None
    return int(said)


def _columns_of(form: Form, index: int, field: str) -> Iterator[tuple[Column, int]]:
    seen: set[Column] = set()
    prefix = f"column-{index}-"
    for name, said in form.pairs():
        number = name.removeprefix(prefix)
        if number == name or not said:
            continue
        is_number = number.isdecimal() and len(number) <= _MOST_DIGITS
        if said not in set(Column) or not is_number:
            form.refuse(field, _("请从列表里选。"))
            continue
        column = Column(said)
        if column in seen:
            form.refuse(
                field, _("“%(name)s”选了两列，请只留一列。", name=COLUMNS[column])
            )
        seen.add(column)
        yield column, int(number)


def _refuse_missing(form: Form, field: str, columns: dict[Column, int]) -> None:
    for column in (Column.UNIT, Column.AMOUNT):
        if column not in columns:
            form.refuse(field, _("还没有选“%(name)s”。", name=COLUMNS[column]))
