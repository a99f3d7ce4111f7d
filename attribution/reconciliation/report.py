"""The result of a reconciliation: one row for each claim and each debt, and totals."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from attribution.ids import SigningId
from attribution.money import Fen
from attribution.reconciliation.statement import (
    Column,
    ColumnChoice,
    Doubt,
    SheetReading,
    StatedTotal,
)

FORMAT = "hefu-reconciliation/v1"


class RowKind(StrEnum):
    """What became of one claim, or of one debt that nobody claimed."""

    MATCHED = "MATCHED"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"
    CLAIMED_NOT_OWED = "CLAIMED_NOT_OWED"
    OWED_NOT_CLAIMED = "OWED_NOT_CLAIMED"
    DUPLICATE_CLAIM = "DUPLICATE_CLAIM"
    UNREADABLE = "UNREADABLE"


class Component(StrEnum):
    """What alone would explain a difference of amounts."""

    PRICE = "PRICE"  # our rate on their price
    SHARE = "SHARE"  # the whole commission, of which only a share is theirs
    FRACTION = "FRACTION"  # a round part of it, as after a milestone
    TAX = "TAX"  # the same amount with or without VAT
    RATE = "RATE"  # another rate in whole basis points on the same price
    SCALE = "SCALE"  # yuan read as ten thousands, or the other way


class Remark(StrEnum):
    """What a person should know about a row although it is decided."""

    UNIT_COMPLETED = "UNIT_COMPLETED"
    PRICE_DIFFERS = "PRICE_DIFFERS"
    DATE_DIFFERS = "DATE_DIFFERS"
    CLAIM_UNREADABLE = "CLAIM_UNREADABLE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """One component, and what the statement seems to have used for it."""

    component: Component
    theirs: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultRow:
    """One row of the report. Amounts in fen; what a row lacks is None or empty."""

    kind: RowKind
    unit: str
    signing_id: SigningId | None = None
    sheet: str = ""
    row: int | None = None
    cell: str = ""
    claimed: Fen | None = None
    owed: Fen | None = None
    claimed_price: Fen | None = None
    our_price: Fen | None = None
    claimed_on: date | None = None
    signed_on: date | None = None
    client: str = field(default="", repr=False)
    agent: str = field(default="", repr=False)
    reason: str = ""
    duplicate_of: str = ""
    explanations: tuple[Explanation, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def difference(self) -> Fen:
        """What is claimed beyond what is owed; negative where less is claimed."""
        return Fen((self.claimed or 0) - (self.owed or 0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Total:
    """How many rows of a kind there are, and what is claimed and owed in them."""

    count: int
    claimed: Fen
    owed: Fen


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciliation:
    """A statement beside what we owe: every claim and every debt in one row each."""

    filename: str
    encoding: str
    sheets: tuple[SheetReading, ...]
    ignored_sheets: tuple[str, ...]
    rows: tuple[ResultRow, ...] = field(repr=False)

    @property
    def claims(self) -> tuple[str, ...]:
        """Return what is claimed, in no order of rows: alike where all is claimed anew.

        Rows move and files are saved again; what is asked for stays the same.
        """
        return tuple(sorted(repr(_claim(row)) for row in self.rows if row.sheet))

    @property
    def totals(self) -> dict[RowKind, Total]:
        """Return the totals of every kind, in their fixed order."""
        return {kind: total_of(self.rows, kind) for kind in RowKind}

    @property
    def total(self) -> Total:
        """Return the total of all rows."""
        return total_of(self.rows)


def _claim(row: ResultRow) -> tuple[object, ...]:
    said = (row.unit, row.claimed, row.claimed_price, row.client, row.agent)
    return (*said, None if row.claimed_on is None else row.claimed_on.isoformat())


def total_of(rows: tuple[ResultRow, ...], kind: RowKind | None = None) -> Total:
    """Return the total of the rows of one kind, or of all."""
    chosen = [row for row in rows if kind is None or row.kind is kind]
    return Total(
        count=len(chosen),
        claimed=Fen(sum(row.claimed or 0 for row in chosen)),
        owed=Fen(sum(row.owed or 0 for row in chosen)),
    )


def reconciliation_to_json(reconciliation: Reconciliation) -> dict[str, Any]:
    """Return a reconciliation as JSON values; the totals are there to be read only."""
    plain = asdict(reconciliation) | {
        "format": FORMAT,
        "totals": {kind: asdict(t) for kind, t in reconciliation.totals.items()},
    }
    result: dict[str, Any] = json.loads(json.dumps(plain, default=date.isoformat))
    return result


def reconciliation_from_json(plain: Mapping[str, Any]) -> Reconciliation:
    """Return the reconciliation that `reconciliation_to_json` wrote.

    Raises:
        ValueError: it is of another format.
    """
    if plain.get("format") != FORMAT:
        message = f"not a {FORMAT}"
        raise ValueError(message)
    return Reconciliation(
        filename=plain["filename"],
        encoding=plain["encoding"],
        sheets=tuple(_sheet(sheet) for sheet in plain["sheets"]),
        ignored_sheets=tuple(plain["ignored_sheets"]),
        rows=tuple(_row(row) for row in plain["rows"]),
    )


def _sheet(plain: Mapping[str, Any]) -> SheetReading:
    changed = {
        "choices": tuple(
            ColumnChoice(**{**choice, "column": Column(choice["column"])})
            for choice in plain["choices"]
        ),
        "note_rows": tuple(plain["note_rows"]),
        "totals": tuple(StatedTotal(**total) for total in plain["totals"]),
    }
    return SheetReading(**{**plain, **changed})


def _row(plain: Mapping[str, Any]) -> ResultRow:
    changed = {
        "kind": RowKind(plain["kind"]),
        "claimed_on": _date(plain["claimed_on"]),
        "signed_on": _date(plain["signed_on"]),
        "explanations": tuple(
            Explanation(component=Component(e["component"]), theirs=e["theirs"])
            for e in plain["explanations"]
        ),
        "doubts": tuple(
            Doubt(**{**doubt, "column": Column(doubt["column"])})
            for doubt in plain["doubts"]
        ),
        "remarks": tuple(Remark(remark) for remark in plain["remarks"]),
    }
    return ResultRow(**{**plain, **changed})


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
