"""How long a large untidy statement takes: read, matched, written.

python -m benchmarks.statement_sample [ROWS]
"""

import itertools
import sys
from datetime import date
from time import perf_counter

from attribution.ids import SigningId
from attribution.money import Fen
from attribution.reconciliation.matching import reconcile
from attribution.reconciliation.owed import OwedLine
from attribution.sheets.reading import read_statement, workbook_cells
from attribution.sheets.sample import SampleLine, untidy_csv, untidy_workbook
from attribution.sheets.writing import write_report

DEFAULT_ROWS = 100_000
TITLE = "2026年3月佣金结算表"


def sample_lines(rows: int) -> list[SampleLine]:
    """As many different units as rows, up to 99 buildings of 6 sections."""
    return [
        SampleLine(
            unit=f"{1 + n % 99}-{1 + n // 99 % 6}-{101 + n // 594}",
            client="张**",
            agent=f"经纪人{n // 500}",
            signed_on=date(2026, 3, 1 + n % 28),
            price=Fen(245_000_000 + n),
            commission=Fen(3_675_000 + n),
        )
        for n in range(rows)
    ]


def measure(rows: int) -> list[tuple[str, float]]:
    """Return the seconds of each step for a statement of that many lines."""
    lines = sample_lines(rows)
    workbook, text = untidy_workbook(lines, title=TITLE), untidy_csv(lines, title=TITLE)
    debts = [
        OwedLine(
            signing_id=SigningId(str(number)),
            unit=line.unit,
            signed_on=line.signed_on,
            price=line.price,
            amount=line.commission,
        )
        for number, line in enumerate(lines)
    ]
    marks = [perf_counter()]
    workbook_cells(workbook)
    marks.append(perf_counter())
    statement = read_statement(workbook, "a.xlsx")
    marks.append(perf_counter())
    read_statement(text, "a.csv")
    marks.append(perf_counter())
    result = reconcile(statement, debts)
    marks.append(perf_counter())
    write_report(result, {})
    marks.append(perf_counter())
    names = ("cells of .xlsx", "read .xlsx", "read .csv", "reconcile", "write report")
    spans = itertools.pairwise(marks)
    return [
        (name, end - start) for name, (start, end) in zip(names, spans, strict=True)
    ]


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_ROWS
    for step, seconds in measure(wanted):
        print(f"{step:16} {seconds:7.2f} s")
