"""The columns of a statement as fields of a form: proposed, corrected, confirmed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask_babel import gettext as _

from attribution.reconciliation.statement import (
    ChosenColumns,
    Column,
    ProposedColumn,
    SheetProposal,
)
from web.forms import Form
from web.statement_words import COLUMNS

_MOST_SHEETS, _MOST_DIGITS = 100, 5


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnField:
    """One column of a sheet: the name of its field, and what is chosen in it."""

    name: str
    column: ProposedColumn
    chosen: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetFields:
    """One sheet, the name of the field that carries its name, and its columns."""

    field: str
    sheet: SheetProposal
    columns: tuple[ColumnField, ...]


def proposed_fields(
    sheets: Iterable[SheetProposal], form: Form
) -> tuple[SheetFields, ...]:
    """Return the fields of a proposal; what was already chosen stays chosen."""
    return tuple(
        SheetFields(
            field=f"sheet-{index}",
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
    chosen: dict[str, dict[Column, int]] = {}
    for index in range(_MOST_SHEETS):
        field = f"sheet-{index}"
        name = "".join(form.texts(field)[:1])  # with the spaces that it may have
        if not name:
            break
        columns = dict(_columns_of(form, index, field))
        if columns:
            _refuse_missing(form, field, columns)
            chosen[name] = columns
    if not chosen:
        form.refuse("sheet-0", _("请至少在一张表里选出房号和佣金金额。"))
    return chosen


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
