"""Matching a statement with what we owe, exactly, on the normal forms of units.

Source: docs/specs/reconciliation.md §7. Nothing is matched by resemblance.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from attribution.ids import SigningId
from attribution.money import Fen
from attribution.reconciliation.cells import shown
from attribution.reconciliation.differences import explanations_of
from attribution.reconciliation.owed import OwedLine
from attribution.reconciliation.report import Reconciliation, Remark, ResultRow, RowKind
from attribution.reconciliation.statement import Column, Doubt, Line, Statement
from attribution.reconciliation.units import UnitDoubt, UnitList, folded, read_unit

NO_SIGNING = "NO_SIGNING"
SECTION_MISSING = "SECTION_MISSING"
SEVERAL_DEALS = "SEVERAL_DEALS"
_FINAL = {UnitDoubt.NOT_TEXT, UnitDoubt.COLUMNS_DISAGREE}
_ORDER = list(Column)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Placed:
    """A line with the unit it speaks of, or the doubt that leaves it without one."""

    line: Line
    key: str | None
    doubt: Doubt | None = None
    remarks: tuple[Remark, ...] = ()


def reconcile(
    statement: Statement,
    ours: Sequence[OwedLine],
    units: Iterable[str] | None = None,
) -> Reconciliation:
    """Put every claim and every debt into exactly one row.

    Args:
        ours: the channel's deals, and deals of others for which it might ask.
        units: the project's own unit list; a claim outside it is not guessed at.
    """
    if len({deal.signing_id for deal in ours}) != len(ours):
        message = "each signing may be owed for once"
        raise ValueError(message)
    known = None if units is None else _with_ours(tuple(units), ours)
    deals = _by_unit(ours, known)
    own = UnitList.of(deal.unit for deal in ours)
    placed = [_placed(line, deals, own, known) for line in statement.lines]
    results: dict[int, ResultRow] = {}
    claims: defaultdict[str, list[int]] = defaultdict(list)
    for index, item in enumerate(placed):
        if item.key is None or item.line.amount is None:
            results[index] = _unreadable(item)
        else:
            claims[item.key].append(index)
    for key, indexes in claims.items():
        results.update(_settled(placed, indexes, deals.get(key, [])))
    named = {item.key for item in placed if item.line.amount is None}
    rows = [results[index] for index in range(len(placed))]
    return Reconciliation(
        filename=statement.filename,
        encoding=statement.encoding,
        sheets=statement.sheets,
        ignored_sheets=statement.ignored_sheets,
        rows=(*rows, *_unclaimed(deals, rows, named)),
    )


def _with_ours(units: tuple[str, ...], ours: Sequence[OwedLine]) -> UnitList:
    """Return the project's list with those units of our deals that it lacks."""
    listed = UnitList.of(units)
    lacking = [d.unit for d in ours if read_unit(d.unit, listed).normal is None]
    return UnitList.of((*units, *lacking))


def _by_unit(
    ours: Sequence[OwedLine], known: UnitList | None
) -> dict[str, list[OwedLine]]:
    deals: defaultdict[str, list[OwedLine]] = defaultdict(list)
    for deal in ours:
        deals[_key_of(deal.unit, known)].append(deal)
    return dict(deals)


def _key_of(unit: str, known: UnitList | None) -> str:
    return read_unit(unit, known).normal or read_unit(unit).normal or folded(unit)


def _placed(
    line: Line,
    deals: dict[str, list[OwedLine]],
    own: UnitList,
    known: UnitList | None,
) -> _Placed:
    """Say which unit a line speaks of, completing a missing section if that is safe."""
    if line.unit.doubt in _FINAL:
        return _Placed(line=line, key=None)
    if known is not None:
        reading = read_unit(line.unit.text, known)
        if reading.normal is None and line.unit.normal is not None:
            reason = str(reading.doubt)
            return _Placed(
                line=line, key=None, doubt=_doubt(line, reason, reading.detail)
            )
        is_changed = line.unit.name is not None and reading.normal != line.unit.normal
        remarks = (Remark.UNIT_COMPLETED,) if reading.normal and is_changed else ()
        return _Placed(line=line, key=reading.normal, remarks=remarks)
    if line.unit.normal is None:
        return _Placed(line=line, key=own.by_text.get(folded(line.unit.text)))
    if line.unit.normal in deals:
        return _Placed(line=line, key=line.unit.normal)
    return _completed(line, deals, own)


def _completed(line: Line, deals: dict[str, list[OwedLine]], own: UnitList) -> _Placed:
    """Complete `3幢1201` from our deals, if one fits and its price or date agrees."""
    name = line.unit.name
    near = [
        unit
        for unit in own.by_room.get(name.room if name else 0, ())
        if name and (name.fits(unit) or unit.fits(name))
    ]
    if not near:
        return _Placed(line=line, key=line.unit.normal)
    agreeing = [u.normal for u in near if _agreeing(line, deals.get(u.normal, []), any)]
    if len(near) == 1 and agreeing:
        return _Placed(line=line, key=agreeing[0], remarks=(Remark.UNIT_COMPLETED,))
    detail = ", ".join(unit.normal for unit in near)
    return _Placed(line=line, key=None, doubt=_doubt(line, SECTION_MISSING, detail))


def _settled(
    placed: Sequence[_Placed], indexes: list[int], deals: list[OwedLine]
) -> Iterator[tuple[int, ResultRow]]:
    """Yield the rows of all claims for one unit."""
    if not deals:
        yield from _answered(placed, indexes, None)
        return
    by_deal: defaultdict[SigningId, list[int]] = defaultdict(list)
    for index in indexes:
        deal = deals[0] if len(deals) == 1 else _deal_of(placed[index].line, deals)
        if deal is None:
            detail = ", ".join(deal.signing_id for deal in deals)
            doubt = _doubt(placed[index].line, SEVERAL_DEALS, detail)
            yield index, _unreadable(replace(placed[index], doubt=doubt))
        else:
            by_deal[deal.signing_id].append(index)
    for deal in deals:
        yield from _answered(placed, by_deal.get(deal.signing_id, []), deal)


def _deal_of(line: Line, deals: list[OwedLine]) -> OwedLine | None:
    """Choose among several deals of one unit by date and price, never by amount."""
    for rule in (all, any):
        agreeing = _agreeing(line, deals, rule)
        if len(agreeing) == 1:
            return agreeing[0]
    return None


def _agreeing(
    line: Line, deals: list[OwedLine], rule: Callable[[list[bool]], bool]
) -> list[OwedLine]:
    """Return the deals that agree in all, or in any, of the stated date and price."""
    agreeing = []
    for deal in deals:
        facts = [line.signed_on == deal.signed_on] if line.signed_on else []
        facts += [line.price == deal.price] if line.price is not None else []
        if facts and rule(facts):
            agreeing.append(deal)
    return agreeing


def _answered(
    placed: Sequence[_Placed], indexes: list[int], deal: OwedLine | None
) -> Iterator[tuple[int, ResultRow]]:
    """Yield one answer to the claim that fits best, and call the others duplicates."""
    if not indexes:
        return
    owed = deal.amount if deal else None
    exact = (index for index in indexes if placed[index].line.amount == owed)
    first = next(exact, indexes[0])
    yield first, _answer(placed[first], deal)
    line = placed[first].line
    for index in indexes:
        if index != first:
            row = _claim(placed[index], RowKind.DUPLICATE_CLAIM, deal)
            place = f"{line.sheet}!{line.unit_cell}"
            yield index, replace(row, owed=None, duplicate_of=place)


def _answer(item: _Placed, deal: OwedLine | None) -> ResultRow:
    claimed = item.line.amount or Fen(0)
    if deal is None:
        row = _claim(item, RowKind.CLAIMED_NOT_OWED, None)
        return replace(row, reason=NO_SIGNING)
    if claimed == deal.amount:
        return _claim(item, RowKind.MATCHED, deal)
    if deal.amount == 0:
        row = _claim(item, RowKind.CLAIMED_NOT_OWED, deal)
        return replace(row, reason=deal.reason)
    explanations = explanations_of(
        claimed=claimed,
        owed=deal.amount,
        claimed_price=item.line.price,
        our_price=deal.price,
        share=deal.share,
    )
    row = _claim(item, RowKind.AMOUNT_DIFFERS, deal)
    return replace(row, explanations=explanations)


def _claim(item: _Placed, kind: RowKind, deal: OwedLine | None) -> ResultRow:
    line = item.line
    # A unit found in a list literally is not in doubt any more.
    doubts = [d for d in line.doubts if not item.key or d.column is not Column.UNIT]
    row = ResultRow(
        kind=kind,
        unit=item.key or shown(line.unit.text),
        sheet=line.sheet,
        row=line.row,
        cell=line.amount_cell,
        claimed=line.amount,
        claimed_price=line.price,
        claimed_on=line.signed_on,
        client=line.client,
        agent=line.agent,
        doubts=tuple(doubts),
        remarks=item.remarks,
    )
    if deal is None:
        return row
    return replace(
        row,
        signing_id=deal.signing_id,
        owed=deal.amount,
        our_price=deal.price,
        signed_on=deal.signed_on,
        remarks=(*item.remarks, *_remarks(line, deal)),
    )


def _remarks(line: Line, deal: OwedLine) -> Iterator[Remark]:
    if line.price is not None and line.price != deal.price:
        yield Remark.PRICE_DIFFERS
    if line.signed_on and deal.signed_on and line.signed_on != deal.signed_on:
        yield Remark.DATE_DIFFERS


def _unreadable(item: _Placed) -> ResultRow:
    row = _claim(item, RowKind.UNREADABLE, None)
    doubts = (*row.doubts, item.doubt) if item.doubt else row.doubts
    # What decides is named first: the unit, then the amount.
    doubts = tuple(sorted(doubts, key=lambda d: _ORDER.index(d.column)))
    first = doubts[0]
    return replace(row, cell=first.cell, reason=first.reason, doubts=doubts)


def _unclaimed(
    deals: dict[str, list[OwedLine]], rows: Sequence[ResultRow], named: set[str | None]
) -> Iterator[ResultRow]:
    answered = {row.signing_id for row in rows}
    for key, several in deals.items():
        for deal in several:
            if deal.amount and deal.signing_id not in answered:
                yield ResultRow(
                    kind=RowKind.OWED_NOT_CLAIMED,
                    unit=key,
                    signing_id=deal.signing_id,
                    owed=deal.amount,
                    our_price=deal.price,
                    signed_on=deal.signed_on,
                    remarks=(Remark.CLAIM_UNREADABLE,) if key in named else (),
                )


def _doubt(line: Line, reason: str, expected: str) -> Doubt:
    return Doubt(
        cell=line.unit_cell,
        column=Column.UNIT,
        reason=reason,
        read=shown(line.unit.text),
        expected=expected,
    )
