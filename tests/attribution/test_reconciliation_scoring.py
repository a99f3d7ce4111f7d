"""Scored matching: what is certain by itself, what a person is asked, and why."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.ids import SigningId
from attribution.money import Fen
from attribution.reconciliation import assignment
from attribution.reconciliation.agreement import Comparison, Level, Pairs, is_one_slip
from attribution.reconciliation.arithmetic import fits_beside, merged_units
from attribution.reconciliation.assignment import assigned
from attribution.reconciliation.candidates import random_pairs
from attribution.reconciliation.owed import OwedLine
from attribution.reconciliation.proposals import ScoredMatch
from attribution.reconciliation.scoring import scored_matches
from attribution.reconciliation.statement import Line
from attribution.reconciliation.units import read_unit
from benchmarks.matching import judged
from benchmarks.nasty import HARD, ORDINARY, Nastiness, nasty_statement

ON = date(2026, 3, 1)
PRICE, AMOUNT = Fen(245_000_000), Fen(3_675_000)
AUTO, ASK = "AUTOMATIC", "ASK"


def a_deal(unit: str = "3-1-1201", **more: object) -> OwedLine:
    deal = OwedLine(
        signing_id=SigningId(unit),
        unit=unit,
        signed_on=ON,
        price=PRICE,
        amount=AMOUNT,
        client="张**",
        agent="wang",
    )
    return replace(deal, **more)  # type: ignore[arg-type]


def a_line(unit: str = "3-1-1201", row: int = 2, **more: object) -> Line:
    line = Line(
        sheet="明细",
        row=row,
        unit=read_unit(unit),
        unit_cell=f"A{row}",
        amount_cell=f"B{row}",
        amount=AMOUNT,
        price=PRICE,
        signed_on=ON,
        client="张**",
        agent="wang",
    )
    return replace(line, **more)  # type: ignore[arg-type]


def others() -> list[OwedLine]:
    """Sixty deals of other buildings, days, prices, clients and agents."""
    return [
        a_deal(
            f"{20 + n}-2-{300 + n}",
            signed_on=ON + timedelta(30 + n),
            price=Fen(300_000_000 + n),
            amount=Fen(4_500_000 + n),
            client=f"{chr(0x4E00 + n)}**",
            agent=f"agent {n}",
        )
        for n in range(60)
    ]


def found(
    lines: Sequence[Line], *deals: OwedLine, units: Sequence[str] | None = None
) -> list[tuple[int, str, str, str]]:
    return [
        (m.line.row, "+".join(d.signing_id for d in m.deals), m.kind, m.verdict)
        for m in scored_matches(lines, [*deals, *others()], units)
    ]


def one(line: Line, *deals: OwedLine) -> tuple[str, str] | None:
    """Return kind and verdict of the one line, or nothing."""
    rows = found([line], *(deals or [a_deal()]))
    return rows[0][2:] if rows else None


UNKNOWN = Fen(1_234_500)
DAY = timedelta(1)
SCORED, SCORED_ASK = ("SCORED", AUTO), ("SCORED", ASK)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(a_line(), ("EXACT", AUTO), id="11.2 unit, amount, date"),
        pytest.param(a_line(signed_on=None), ("EXACT", AUTO), id="11.2 date unsaid"),
        pytest.param(a_line(signed_on=ON + DAY), SCORED, id="11.2 another day"),
        pytest.param(a_line(amount=UNKNOWN, price=None), SCORED, id="amount differs"),
        pytest.param(
            a_line(amount=UNKNOWN, price=None, signed_on=ON + 99 * DAY, client="李**"),
            None,
            id="nothing but the unit",
        ),
        pytest.param(a_line("3-1-1210"), SCORED, id="11.5 one slip, money agrees"),
        pytest.param(a_line("3-1-12O1"), SCORED, id="11.5 a letter for a digit"),
        pytest.param(a_line("3-1201"), SCORED, id="11.5 section left out"),
        pytest.param(
            a_line("3-1-1210", amount=UNKNOWN, price=None),
            SCORED_ASK,
            id="11.5 one slip, other money",
        ),
        pytest.param(
            a_line("3-1-1210", signed_on=ON + 60 * DAY),
            SCORED_ASK,
            id="11.5 one slip, other day",
        ),
        pytest.param(a_line("贵宾房"), SCORED, id="11.5 unreadable, the rest agrees"),
        pytest.param(
            a_line("贵宾房", signed_on=None), SCORED_ASK, id="11.5 unreadable, no date"
        ),
        pytest.param(a_line("9-1-502"), SCORED_ASK, id="11.5 another unit is asked"),
        pytest.param(a_line(amount=None), None, id="11.1 no amount, no claim"),
    ],
)
def test_a_line_finds_its_deal(line: Line, expected: tuple[str, str] | None) -> None:
    assert one(line) == expected


def test_a_match_says_why() -> None:
    match = scored_matches([a_line("3-1-1210")], [a_deal(), *others()])[0]

    assert [(e.comparison, e.level) for e in match.evidence] == [
        (Comparison.UNIT, Level.NEAR),
        (Comparison.MONEY, Level.EQUAL),
        (Comparison.SIGNED_ON, Level.EQUAL),
        (Comparison.CLIENT, Level.EQUAL),
        (Comparison.AGENT, Level.EQUAL),
    ]
    assert all(evidence.bits > 0 for evidence in match.evidence)
    assert match.score is not None
    assert match.score < sum(evidence.bits for evidence in match.evidence)


def test_of_two_deals_that_fit_alike_none_is_automatic() -> None:
    twins = a_deal("3-1-1201"), a_deal("3-1-1301")

    assert one(a_line("3-1-1401"), *twins) == SCORED_ASK


def test_an_amount_that_all_deals_share_decides_nothing() -> None:
    deals = [a_deal(f"{n}-1-1201", signed_on=ON + n * DAY) for n in range(1, 100)]
    line = a_line("60-1-1210", price=None, signed_on=ON + 60 * DAY)

    matches = scored_matches([line], deals)

    assert [match.verdict for match in matches] in ([], [ASK])


def test_a_copy_of_a_line_is_not_accepted_beside_it() -> None:
    lines = [a_line(row=2), a_line("3栋1单元1201室", row=3), a_line("3-1-1210", row=4)]

    assert found(lines, a_deal()) == [(2, "3-1-1201", "EXACT", AUTO)]


def test_a_line_that_is_exactly_two_deals_is_asked_about() -> None:
    """One unit, cancelled and sold again at the same price; the line has no date."""
    sales = a_deal(), a_deal(signing_id=SigningId("again"), signed_on=ON + DAY)

    assert one(a_line(signed_on=None), *sales) == SCORED_ASK


def test_an_instalment_that_fits_beside_two_deals_is_given_to_none() -> None:
    deals = a_deal(), a_deal("3-2-1201")
    first = a_line(amount=Fen(1_000_000), price=None)
    lines = [first, replace(first, row=3, unit=read_unit("3-2-1201"))]
    third = a_line("3-1201", row=4, amount=Fen(500_000), price=None)

    assert [row for row, *_ in found([*lines, third], *deals)] == [2, 3]


def parts(*amounts: int) -> list[tuple[int, str, str]]:
    lines = [
        a_line(row=row, amount=Fen(amount), price=None)
        for row, amount in enumerate(amounts, start=2)
    ]
    return [(row, kind, who) for row, _, kind, who in found(lines, a_deal())]


@pytest.mark.parametrize(
    ("second", "rows"),
    [
        pytest.param(2_000_000, [(3, "INSTALMENT", AUTO)], id="below"),
        pytest.param(2_675_000, [(3, "INSTALMENT", AUTO)], id="exactly what is owed"),
        pytest.param(2_675_001, [], id="one fen more"),
        pytest.param(1_000_000, [(3, "INSTALMENT", ASK)], id="perhaps the same again"),
        pytest.param(-1, [], id="taken back"),
    ],
)
def test_an_instalment_fits_beside_the_first(
    second: int, rows: list[tuple[int, str, str]]
) -> None:
    assert parts(1_000_000, second) == [(2, "SCORED", AUTO), *rows]


MERGED = [a_deal(), a_deal("3-1-1202", amount=Fen(1_000_000))]


@pytest.mark.parametrize(
    ("text", "amount", "rows"),
    [
        ("3-1-1201、1202", 4_675_000, [(2, "3-1-1201+3-1-1202", "MERGED", AUTO)]),
        ("3-1-1201、1202", 4_675_001, [(2, "3-1-1201+3-1-1202", "MERGED", ASK)]),
        ("3-1-1201、1203", 4_675_000, []),
    ],
)
def test_a_merged_line_is_the_sum_of_its_deals(
    text: str, amount: int, rows: list[tuple[int, str, str, str]]
) -> None:
    line = a_line(text, amount=Fen(amount), price=None, signed_on=None)

    assert found([line], *MERGED) == rows


def test_a_deal_that_is_matched_is_not_merged_again() -> None:
    merged = a_line("3-1-1201、1202", row=3, amount=Fen(4_675_000), price=None)

    assert found([a_line(), merged], *MERGED)[0] == (2, "3-1-1201", "EXACT", AUTO)
    assert all(kind != "MERGED" for _, _, kind, _ in found([a_line(), merged], *MERGED))


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("3-1-1201、1202室", ["3-1-1201", "3-1-1202"]),
        ("3-1-1201,3-2-101", ["3-1-1201", "3-2-101"]),
        ("3-1-1201、3-1-1201", []),
        ("3-1-1201", []),
        ("1201、1202", []),
        ("3-1-1201~1203", []),
        ("3-1-1201、车位", []),
    ],
)
def test_units_in_one_text(text: str, units: list[str]) -> None:
    assert [name.normal for name in merged_units(text)] == units


@pytest.mark.parametrize(
    ("one", "other", "is_slip"),
    [
        ("1201", "1202", True),
        ("1201", "1210", True),
        ("1201", "121", True),
        ("1201", "12011", True),
        ("1201", "1201", True),
        ("1201", "1102", False),
        ("1201", "12", False),
        ("1201", "1021", True),
        ("1201", "2101", True),
        ("12", "21", True),
        ("123", "321", False),
    ],
)
def test_one_slip_of_the_hand(one: str, other: str, *, is_slip: bool) -> None:
    assert is_one_slip(one, other) is is_one_slip(other, one) is is_slip


def test_the_projects_list_completes_and_abstains() -> None:
    line, deals = a_line("3-1201", price=None), [a_deal(), a_deal("3-2-1201")]
    lone = found([line], a_deal(), units=["3-1-1201", "9-1-101"])
    twins = found([line], *deals, units=["3-1-1201", "3-2-1201"])

    assert lone == [(2, "3-1-1201", "EXACT", AUTO)]
    assert [verdict for *_, verdict in twins] == [ASK]


def test_nothing_beside_nothing() -> None:
    assert scored_matches([], [a_deal()]) == scored_matches([a_line()], []) == []


def test_what_hangs_together_by_too_much_is_left_to_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pairs = Pairs(np.array([0, 0, 1]), np.array([0, 1, 1]))
    gains = np.array([3.0, 4.0, 2.0])

    whole = assigned(pairs, gains).tolist()
    monkeypatch.setattr(assignment, "MOST_CELLS", 3)

    assert whole == [True, False, True]
    assert assigned(pairs, gains).tolist() == [False, False, False]


def test_random_pairs_are_all_where_they_are_few() -> None:
    few, many = random_pairs(2, 3, 6), random_pairs(2000, 3000, 500)

    assert few.deal.tolist() == [0, 1, 2, 0, 1, 2]
    assert len(many) == 500
    assert many.line.max() < 2000


def test_a_part_must_leave_room() -> None:
    assert fits_beside(Fen(1), [Fen(2)], Fen(3))
    assert not fits_beside(Fen(1), [Fen(2), Fen(1)], Fen(3))
    assert not fits_beside(Fen(1), [Fen(0)], Fen(3))


NASTY = st.builds(
    Nastiness,
    typo=st.integers(0, 40),
    wrong_amount=st.integers(0, 60),
    blank_price=st.integers(0, 100),
    false_claim=st.integers(0, 40),
    copy=st.integers(0, 20),
    instalments=st.integers(0, 20),
    merged=st.integers(0, 10),
)


@settings(max_examples=15, deadline=None)
@given(NASTY, st.integers(0, 10_000))
def test_laws_of_any_statement(nastiness: Nastiness, seed: int) -> None:
    statement = nasty_statement(nastiness, rows=60, deals=150, seed=seed)

    matches = scored_matches(statement.lines, statement.deals, statement.units)
    lines, deals = statement.lines, list(statement.deals)
    lines.sort(key=lambda line: (line.client, line.amount, line.row))
    deals.reverse()

    assert scored_matches(lines, deals, statement.units) == matches
    assert_one_to_one(matches)


def assert_one_to_one(matches: Sequence[ScoredMatch]) -> None:
    firsts = [m for m in matches if m.kind != "INSTALMENT" and m.verdict == AUTO]
    rows = [match.line.row for match in matches]
    taken = [deal.signing_id for match in firsts for deal in match.deals]
    assert len(set(rows)) == len(rows)
    assert len(set(taken)) == len(taken)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 2), st.integers(3401, 3499), st.integers(1, 10**9))
def test_a_false_claim_for_a_unit_that_is_not_is_never_automatic(
    section: int, room: int, amount: int
) -> None:
    """Not even on the day, with the client and the agent, of a real sale beside it."""
    deals = [a_deal(f"3-{n}-{3300 + room % 100}") for n in (1, 2)]
    claim = a_line(f"3-{section}-{room}", amount=Fen(amount), price=None)

    matches = scored_matches([claim], [*deals, *others()])

    assert amount == AMOUNT or all(match.verdict == ASK for match in matches)


@pytest.mark.parametrize(
    ("nastiness", "least"), [(ORDINARY, 0.99), (HARD, 0.97)], ids=["ordinary", "hard"]
)
def test_the_aims_hold_for_a_thousand_lines(nastiness: Nastiness, least: float) -> None:
    statement = nasty_statement(nastiness, rows=1_000, deals=1_100, seed=7)
    place = {line.row: n for n, line in enumerate(statement.lines)}

    accepted = {
        place[match.line.row]: frozenset(deal.signing_id for deal in match.deals)
        for match in scored_matches(statement.lines, statement.deals, statement.units)
        if match.verdict == AUTO
    }
    precision, recall, false, copies = judged(statement, accepted)

    assert (false, copies) == (0, 0)
    assert precision >= 0.999
    assert recall >= least
