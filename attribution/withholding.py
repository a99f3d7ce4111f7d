"""Tax withheld from natural persons (劳务报酬): by dated tables, month by month.

Source: docs/specs/commission.md §9. The figures stand in taxtables/, not here.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, NewType

from attribution.money import WHOLE, BasisPoints, Fen, round_half_up

Month = NewType("Month", str)
"""A month on the calendar: `2026-03`."""


class Method(StrEnum):
    """How tax is withheld; which one applies is the installation's decision."""

    PER_MONTH = "per_month"
    CUMULATIVE = "cumulative"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bracket:
    """Up to how much taxable income, at which rate, less the quick deduction.

    `up_to` is None for the last.
    """

    up_to: Fen | None
    rate: BasisPoints
    quick: Fen


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthlyTable:
    """Each month by itself: what it comes to is one payment."""

    since: Month
    free_up_to: Fen
    deduct: Fen
    deduct_share: BasisPoints
    brackets: tuple[Bracket, ...]

    def tax(self, gross: Fen) -> Fen:
        """Return the tax on what was paid in one month, rounded half up once."""
        if gross <= self.free_up_to:
            taxable = max(0, gross - self.deduct) * WHOLE
        else:
            taxable = gross * (WHOLE - self.deduct_share)
        return _tax(self.brackets, taxable)


@dataclass(frozen=True, kw_only=True, slots=True)
class YearlyTable:
    """The sum of the year so far, less a deduction for each month since the first."""

    since: Month
    deduct_share: BasisPoints
    monthly_deduction: Fen
    brackets: tuple[Bracket, ...]

    def tax(self, gross: Fen, months: int) -> Fen:
        """Return the tax on the year's sum, rounded half up once."""
        taxable = gross * (WHOLE - self.deduct_share)
        return _tax(
            self.brackets, max(0, taxable - months * self.monthly_deduction * WHOLE)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class TaxTables:
    """The tables of both methods, oldest first."""

    monthly: tuple[MonthlyTable, ...]
    yearly: tuple[YearlyTable, ...]

    def begins(self, method: Method) -> Month:
        """Return the first month that a method has a table for."""
        if method is Method.CUMULATIVE:
            return self.yearly[0].since
        return self.monthly[0].since


@dataclass(frozen=True, kw_only=True, slots=True)
class Withheld:
    """What became payable to a person in a month, and what is withheld from it."""

    month: Month
    gross: Fen
    tax: Fen

    @property
    def net(self) -> Fen:
        """What is paid out."""
        return Fen(self.gross - self.tax)


def withhold(
    tables: TaxTables, method: Method, months: Mapping[Month, Fen]
) -> list[Withheld]:
    """Return what is withheld month by month, in order of time.

    Args:
        months: what became payable to one person for one project, by month; none
            before `tables.begins(method)`.
    """
    ordered = [(month, gross) for month, gross in sorted(months.items()) if gross]
    if method is Method.CUMULATIVE:
        return _cumulated(tables.yearly, ordered)
    return [
        Withheld(
            month=month,
            gross=gross,
            tax=[one for one in tables.monthly if one.since <= month][-1].tax(gross),
        )
        for month, gross in ordered
    ]


@cache
def current_tax_tables() -> TaxTables:
    """Return the tables that come with the program."""
    file = files("attribution") / "taxtables" / "service-income.toml"
    return tax_tables_from_toml(file.read_text("utf-8"))


def tax_tables_from_toml(text: str) -> TaxTables:
    """Return the tables of a file of ours, each kind in order of its dates.

    Raises:
        ValueError: brackets that do not rise, or that jump where they meet.
    """
    values = tomllib.loads(text)
    return TaxTables(
        monthly=tuple(_monthly(one) for one in values["per_month"]),
        yearly=tuple(_yearly(one) for one in values["cumulative"]),
    )


def _cumulated(
    tables: Sequence[YearlyTable], ordered: Sequence[tuple[Month, Fen]]
) -> list[Withheld]:
    found: list[Withheld] = []
    for month, gross in ordered:
        year = [one for one in found if one.month[:4] == month[:4]]
        first = year[0].month if year else month
        months = int(month[5:]) - int(first[5:]) + 1
        sum_now = Fen(gross + sum(one.gross for one in year))
        table = [one for one in tables if one.since <= month][-1]
        # Never paid back during the year: that is for the person's own tax return.
        due = table.tax(sum_now, months) - sum(one.tax for one in year)
        found.append(Withheld(month=month, gross=gross, tax=Fen(max(0, due))))
    return found


def _tax(brackets: Sequence[Bracket], taxable: int) -> Fen:
    """Return the tax on ten-thousandths of a fen."""
    bracket = next(
        one for one in brackets if one.up_to is None or taxable <= one.up_to * WHOLE
    )
    quick = bracket.quick * WHOLE * WHOLE
    return Fen(round_half_up(taxable * bracket.rate - quick, WHOLE * WHOLE))


def _monthly(values: Mapping[str, Any]) -> MonthlyTable:
    return MonthlyTable(
        since=Month(values["in_force_from"]),
        free_up_to=Fen(values["free_up_to_fen"]),
        deduct=Fen(values["deduct_fen"]),
        deduct_share=BasisPoints(values["deduct_bp"]),
        brackets=_brackets(values["brackets"]),
    )


def _yearly(values: Mapping[str, Any]) -> YearlyTable:
    return YearlyTable(
        since=Month(values["in_force_from"]),
        deduct_share=BasisPoints(values["deduct_bp"]),
        monthly_deduction=Fen(values["monthly_deduction_fen"]),
        brackets=_brackets(values["brackets"]),
    )


def _brackets(rows: Sequence[Mapping[str, int]]) -> tuple[Bracket, ...]:
    """Return the brackets, the last without an end.

    Where two meet, both must come to the same tax: a wrong quick deduction is a jump.
    """
    brackets = tuple(
        Bracket(
            up_to=Fen(row["up_to_fen"]) if "up_to_fen" in row else None,
            rate=BasisPoints(row["rate_bp"]),
            quick=Fen(row["quick_fen"]),
        )
        for row in rows
    )
    for low, high in pairwise(brackets):
        rise = (high.rate - low.rate) * (low.up_to or 0)
        is_above = high.up_to is None or high.up_to > (low.up_to or 0)
        if not (is_above and rise > 0 and rise == (high.quick - low.quick) * WHOLE):
            message = f"the bracket above {low.up_to} fen does not join on"
            raise ValueError(message)
    if brackets[-1].up_to is not None:
        message = "the last bracket has an end"
        raise ValueError(message)
    return brackets
