"""How long a ladder takes over many deals, beside a loop that knows amounts alone."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from timeit import repeat
from zoneinfo import ZoneInfo

from rich.table import Table

from attribution.commissions import CommissionPlan, MilestoneKind, plan_from_json
from attribution.entitlements import SoldUnit, entitle
from attribution.money import Fen

RUNS, DEALS = 5, 100_000
_SINCE = datetime(2025, 1, 1, tzinfo=UTC)
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_RATES = [{"from": 0, "rate_bp": 100}, {"from": 10**11, "rate_bp": 120}]
_AMOUNTS = [{"from": 1, "fixed_fen": 500_000}, {"from": 3000, "fixed_fen": 600_000}]


def measure() -> Iterator[Table]:
    """Yield the table."""
    units = _units()
    table = Table(title=f"{DEALS:,} deals of two years (medians of {RUNS} runs)")
    table.add_column("")
    for heading in ("s", "× the loop"):
        table.add_column(heading, justify="right")
    plain = _seconds(lambda: _plain(units))
    table.add_row("plain loop: one rate, no reasons", f"{plain:.2f}", "1.0")
    for name, plan in (
        ("units, retroactive, by month", _plan("count", "retroactive", _AMOUNTS)),
        ("amounts, marginal, by month", _plan("amount", "marginal", _RATES)),
    ):
        took = _seconds(lambda plan=plan: _entitled(plan, units))  # type: ignore[misc]
        table.add_row(name, f"{took:.2f}", f"{took / plain:.1f}")
    yield table


def _seconds(work: Callable[[], object]) -> float:
    return median(repeat(work, number=1, repeat=RUNS))


def _plan(by: str, mode: str, ladder: object) -> CommissionPlan:
    return plan_from_json(
        {
            "base": "price",
            "steps": {"by": by, "mode": mode, "period": "month", "ladder": ladder},
            "milestones": [
                {"on": "contract", "bp": 7000},
                {"on": "handover", "bp": 3000},
            ],
            "split": [{"role": "channel", "bp": 8000}, {"role": "agent", "bp": 2000}],
        },
        version="bench",
    )


def _units() -> list[SoldUnit]:
    random = Random(20260302)  # noqa: S311 (the same deals in every run)
    return [
        SoldUnit(
            id=f"{number:06}",
            kind="residential",
            price=Fen(random.randrange(80_000_000, 900_000_000)),
            signed_at=(at := _SINCE + timedelta(minutes=random.randrange(1_051_200))),
            reached={MilestoneKind.CONTRACT: at + timedelta(days=3)},
        )
        for number in range(DEALS)
    ]


def _entitled(plan: CommissionPlan, units: Sequence[SoldUnit]) -> int:
    end = _SINCE + timedelta(days=800)
    return len(entitle(plan, units, as_of=end, zone=_SHANGHAI))


def _plain(units: Sequence[SoldUnit]) -> int:
    return sum((unit.price * 150 + 5_000) // 10_000 for unit in units)
