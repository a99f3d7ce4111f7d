"""The journal in beancount's own words: docs/specs/ledger.md §6."""

import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data

from attribution.ledger.beancount import account_name, beancount_of
from attribution.ledger.entries import Account, AccountKind, balances_of
from attribution.ledger.facts import Fact, MonthClosed
from attribution.money import Fen, yuan_text
from tests.attribution.test_ledger_check import JOURNAL
from tests.ledger_facts import SHANGHAI, accrued, book, day, reached

NAMES = {"channel:A": '甲"渠道\\\n', "channel:B": "乙渠道"}
FILE = beancount_of(JOURNAL, names=NAMES, zone=SHANGHAI)


def test_bean_check_accepts_the_file(tmp_path: Path) -> None:
    path = tmp_path / "hefu.beancount"
    path.write_text(FILE, "utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "beancount.scripts.check", "--no-cache", path],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_its_balances_are_ours() -> None:
    entries, errors, _ = loader.load_string(FILE)

    theirs: Counter[str] = Counter()
    for entry in entries:
        if isinstance(entry, data.Transaction):
            for posting in entry.postings:
                assert posting.units is not None
                assert posting.units.number is not None
                theirs[posting.account] += int(Decimal(posting.units.number) * 100)
    assert errors == []
    assert theirs == Counter(
        {account_name(one): fen for one, fen in balances_of(JOURNAL).items()}
    )


def test_an_entry_says_what_made_it() -> None:
    entries, _, _ = loader.load_string(FILE)
    told = [one for one in entries if isinstance(one, data.Transaction)]

    last = next(one for one in told if one.meta["cause"] == "d handover")

    assert len(told) == len(JOURNAL)
    assert last.meta["key"] == "d/channel:A/commission/handover/1"
    assert last.meta["concerns"] == "2026-03"
    assert last.payee == '甲"渠道\\'
    undoing = next(one for one in told if one.meta["cause"] == "r2")
    assert undoing.meta["undoes"] == "d/channel:B/commission//1"
    assert "undoes" not in last.meta


@pytest.mark.parametrize(
    ("facts", "days"),
    [
        pytest.param(
            [accrued(), reached(at=day(2, 4), arose_at=day(20))],
            ["2026-03-01", "2026-03-31"],
            id="recorded later, into a month that is open",
        ),
        pytest.param(
            [MonthClosed(id="m", month="2026-03", at=day(0.5)), accrued()],
            ["2026-04-01"],
            id="recorded in a month that is closed already",
        ),
    ],
)
def test_a_date_is_in_the_month_of_the_entry(
    facts: list[Fact], days: list[str]
) -> None:
    text = beancount_of(book(facts), names={}, zone=SHANGHAI)

    assert [line[:10] for line in text.splitlines() if " * " in line] == days


def test_no_two_accounts_have_one_name() -> None:
    payees = ["a:b", "a-b", "a-3a-b", "ab", ""]

    names = {account_name(Account(AccountKind.PAYABLE, one)) for one in payees}

    assert len(names) == len(payees)


def test_a_ledger_of_nothing_is_a_file_too() -> None:
    entries, errors, _ = loader.load_string(beancount_of((), names={}, zone=SHANGHAI))

    assert errors == []
    assert [type(one) for one in entries] == [data.Commodity]


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (-5, "-0.05"), (-150, "-1.50"), (12_345, "123.45")]
)
def test_yuan_have_two_decimals(fen: int, text: str) -> None:
    assert yuan_text(Fen(fen)) == text
