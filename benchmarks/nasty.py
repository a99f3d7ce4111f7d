"""A nasty statement with its truth: the same for the same seed.

Deals of one project, and a channel's claims for them as people write them: unit numbers
in many forms, with typos; instalments and merged lines; wrong amounts, blank prices,
copies, and claims for sales that never were.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from attribution.ids import SigningId
from attribution.money import Fen
from attribution.reconciliation.owed import OwedLine
from attribution.reconciliation.statement import Line
from attribution.reconciliation.units import UnitName, read_unit

_SINCE, _DAYS = date(2026, 1, 1), 180
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
_SECTIONS, _FLOORS, _ROOMS = 2, 33, 6
_RATE = 150
_LOOKALIKES = {"0": "O", "1": "l", "5": "S", "8": "B"}
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, kw_only=True, slots=True)
class Nastiness:
    """Shares of the lines that have each fault, in percent."""

    typo: int
    wrong_amount: int
    blank_price: int
    false_claim: int
    copy: int = 2
    instalments: int = 2
    merged: int = 1
    wrong_date: int = 3
    blank_date: int = 3
    blank_name: int = 8
    wrong_name: int = 2


ORDINARY = Nastiness(typo=3, wrong_amount=5, blank_price=20, false_claim=5)
HARD = Nastiness(typo=12, wrong_amount=20, blank_price=50, false_claim=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class NastyLine:
    """A claim, and the truth: its deals, and the line of which it is a copy."""

    line: Line
    truth: frozenset[SigningId] = frozenset()
    copy_of: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NastyStatement:
    """A statement with its truth, our deals, and the project's own unit list."""

    claims: tuple[NastyLine, ...] = field(repr=False)
    deals: tuple[OwedLine, ...] = field(repr=False)
    units: tuple[str, ...] = field(repr=False)

    @property
    def lines(self) -> list[Line]:
        """The claims, as they were read."""
        return [claim.line for claim in self.claims]


def nasty_statement(
    nastiness: Nastiness, *, rows: int, deals: int, seed: int
) -> NastyStatement:
    """Return a statement of `rows` lines about a project with `deals` deals."""
    return _Desk(nastiness, Random(seed)).statement(rows, deals)  # noqa: S311


class _Desk:
    """A channel's desk that writes a statement, carelessly and not always honestly."""

    def __init__(self, nastiness: Nastiness, random: Random) -> None:
        self.nastiness, self.random = nastiness, random
        self.agents = [f"经纪人{number}" for number in range(200)]
        self.claims: list[NastyLine] = []
        self.sold: set[str | None] = set()

    def statement(self, rows: int, deals: int) -> NastyStatement:
        units = list(_all_units(deals * 3 // 2))
        sold = self.random.sample(units, deals)
        unsold = sorted(set(units) - set(sold))
        self.sold = {unit.normal for unit in sold}
        ours = [self._deal(number, unit) for number, unit in enumerate(sold)]
        to_claim = list(ours)
        while len(self.claims) < rows:
            self._claim(to_claim, unsold)
        claims = self.claims[:rows]
        order = list(range(rows))
        self.random.shuffle(order)
        place: dict[int | None, int] = {old: new for new, old in enumerate(order)}
        return NastyStatement(
            claims=tuple(
                replace(
                    claims[old],
                    line=replace(claims[old].line, row=new + 2),
                    copy_of=place.get(claims[old].copy_of),
                )
                for new, old in enumerate(order)
            ),
            deals=tuple(ours),
            units=tuple(unit.normal for unit in units),
        )

    def _deal(self, number: int, unit: UnitName) -> OwedLine:
        price = self.random.randrange(80_0000, 900_0000)
        price = price // 10_000 * 10_000 if self._is(10) else price
        return OwedLine(
            signing_id=SigningId(f"{number:06}"),
            unit=unit.normal,
            signed_on=self._day(),
            price=Fen(price * 100),
            amount=_rated(price * 100, _RATE),
            client=self._name(),
            agent=self.random.choice(self.agents),
        )

    def _claim(self, to_claim: list[OwedLine], unsold: list[UnitName]) -> None:
        if self._is(self.nastiness.false_claim):
            self._false_claim(to_claim, unsold)
            return
        deal = to_claim.pop()
        if self._is(self.nastiness.merged):
            self._merged_claim(deal, to_claim)
        elif self._is(self.nastiness.instalments):
            first = _rated(deal.amount, self.random.choice((7000, 6000, 3000, 5000)))
            self._write(deal, {deal.signing_id}, first)
            self._write(deal, {deal.signing_id}, Fen(deal.amount - first))
        else:
            amount = deal.amount
            if self._is(self.nastiness.wrong_amount):
                amount = self._wrong(deal)
            self._write(deal, {deal.signing_id}, amount)
            if self._is(self.nastiness.copy):
                self._copy(deal, amount)

    def _copy(self, deal: OwedLine, amount: Fen) -> None:
        of = len(self.claims) - 1
        self._write(deal, {deal.signing_id}, amount)
        self.claims[-1] = replace(self.claims[-1], copy_of=of)

    def _merged_claim(self, deal: OwedLine, to_claim: list[OwedLine]) -> None:
        other = to_claim.pop()
        self._write(
            deal,
            {deal.signing_id, other.signing_id},
            Fen(deal.amount + other.amount),
            text=f"{deal.unit}、{other.unit}",
        )

    def _false_claim(self, to_claim: list[OwedLine], unsold: list[UnitName]) -> None:
        """Claim a sale that never was; often of the day and agent of a real one."""
        near = to_claim[self.random.randrange(len(to_claim))]
        unit = read_unit(near.unit).name
        assert unit is not None  # noqa: S101
        if self._is(50):
            unit = self.random.choice(unsold)
        else:
            unit = unit._replace(room=unit.room % 100 + 100 * (_FLOORS + 1))
        invented = self._deal(0, unit)
        if self._is(25):
            invented = replace(invented, signed_on=near.signed_on, agent=near.agent)
        # A typo that makes it a unit we sold makes it a claim for that unit.
        text = self._unit_text(invented)
        while read_unit(text).normal in self.sold:
            text = self._unit_text(invented)
        self._write(invented, set(), invented.amount, text=text)

    def _write(
        self, deal: OwedLine, truth: set[SigningId], amount: Fen, text: str = ""
    ) -> None:
        row = len(self.claims) + 2
        line = Line(
            sheet="Sheet1",
            row=row,
            unit=read_unit(text or self._unit_text(deal)),
            unit_cell=f"B{row}",
            amount_cell=f"F{row}",
            amount=amount,
            price=None if self._is(self.nastiness.blank_price) else deal.price,
            signed_on=self._date_text(deal),
            client=self._stated(deal.client, self._name()),
            agent=self._stated(deal.agent, self.random.choice(self.agents)),
        )
        self.claims.append(NastyLine(line=line, truth=frozenset(truth)))

    def _unit_text(self, deal: OwedLine) -> str:
        name = read_unit(deal.unit).name
        assert name is not None  # noqa: S101
        building, section, room = (str(part) for part in name)
        if self._is(self.nastiness.typo):
            parts = [building, section, room]
            which = self.random.choice((0, 1, 2, 2, 2, 2))
            parts[which] = self._typo(parts[which])
            building, section, room = parts
        return self._spelt(building, section, room)

    def _spelt(self, building: str, section: str, room: str) -> str:
        forms = (
            f"{building}-{section}-{room}",
            f"{building}栋{section}单元{room}",
            f"{building}幢{section}单元{room}室",
            f"{building}号楼{section}单元{room}室",
            f"{building}#-{section}-{room}",
            f"{building}/{section}/{room}",
            f"{building:0>2}-{section:0>2}-{room}",
            f" {building} - {section} - {room} ",
            f"{building}－{section}－{room}".translate(_FULL_WIDTH),
            f"{building}栋{section}单元{_spoken(room)}",
        )
        return f"{building}-{room}" if self._is(2) else self.random.choice(forms)

    def _typo(self, digits: str) -> str:
        place = self.random.randrange(len(digits))
        before, digit, after = digits[:place], digits[place], digits[place + 1 :]
        kind = self.random.randrange(10)
        if kind < 5:
            other = self.random.choice("123456789".replace(digit, ""))
            return before + other + after
        if kind < 7 and after:
            return before + after[0] + digit + after[1:]
        if kind < 8 and len(digits) > 3:
            return before + after
        if kind < 9:
            return before + digit + digit + after
        return before + _LOOKALIKES.get(digit, digit + "'") + after

    def _wrong(self, deal: OwedLine) -> Fen:
        kind = self.random.randrange(6)
        if kind == 0:
            return _rated(deal.price, self.random.choice((80, 100, 120, 180, 200)))
        if kind == 1:
            return _rated(deal.amount, self.random.choice((10_600, 10_300, 9_434)))
        if kind == 2:
            return Fen(max(deal.amount // 10_000, 1))
        if kind == 3:
            return _rated(deal.amount, 1_000 * self.random.randrange(1, 10))
        if kind == 4:
            return Fen(deal.amount + 100 * self.random.randrange(1, 5_000))
        return _rated(self.random.randrange(80_000_000, 900_000_000), _RATE)

    def _date_text(self, deal: OwedLine) -> date | None:
        assert deal.signed_on is not None  # noqa: S101
        if self._is(self.nastiness.blank_date):
            return None
        if self._is(self.nastiness.wrong_date):
            return deal.signed_on + timedelta(
                self.random.choice((-9, -3, -1, 1, 2, 30))
            )
        return deal.signed_on

    def _stated(self, right: str, wrong: str) -> str:
        if self._is(self.nastiness.blank_name):
            return ""
        return wrong if self._is(self.nastiness.wrong_name) else right

    def _name(self) -> str:
        # The first surnames are the frequent ones, as they are among people.
        place = min(self.random.randrange(len(_SURNAMES)) for _ in range(2))
        return f"{_SURNAMES[place]}**"

    def _day(self) -> date:
        return _SINCE + timedelta(self.random.randrange(_DAYS))

    def _is(self, percent: int) -> bool:
        return self.random.randrange(100) < percent


_FULL_WIDTH = {ord(digit): chr(ord(digit) + 0xFEE0) for digit in "0123456789"}


def _all_units(at_least: int) -> Iterator[UnitName]:
    buildings = at_least // (_SECTIONS * _FLOORS * _ROOMS) + 1
    for building in range(1, buildings + 1):
        for section in range(1, _SECTIONS + 1):
            for floor in range(1, _FLOORS + 1):
                for door in range(1, _ROOMS + 1):
                    yield UnitName(building, section, 100 * floor + door)


def _rated(fen: int, basis_points: int) -> Fen:
    return Fen((fen * basis_points + 5_000) // 10_000)


def _spoken(room: str) -> str:
    return "".join(_DIGITS[int(d)] if d.isdecimal() else d for d in room)
