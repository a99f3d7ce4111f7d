"""The journal as a plain-text beancount file.

Source: docs/specs/ledger.md §6. `bean-check` accepts it, and its balances are ours.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from attribution.ledger.entries import Account, AccountKind, Entry
from attribution.money import yuan_text

_ROOTS: Mapping[AccountKind, str] = {
    AccountKind.EXPENSE: "Expenses:Commission",
    AccountKind.REWARD: "Expenses:WalkInReward",
    AccountKind.HOLDBACK: "Liabilities:Holdback",
    AccountKind.PAYABLE: "Liabilities:Payable",
    AccountKind.RECEIVABLE: "Assets:Receivable",
    AccountKind.TAX: "Liabilities:TaxPayable",
    AccountKind.BANK: "Assets:BankClearing",
}
_LAST_OF_MONTH = timedelta(days=31)


def beancount_of(
    journal: Sequence[Entry], *, names: Mapping[str, str], zone: ZoneInfo
) -> str:
    """Return a whole file: the currency, the accounts, and a transaction an entry.

    Args:
        names: what a payee is called; one that has none is called by its id.
        zone: whose calendar gives the dates.
    """
    accounts = sorted({one.account for entry in journal for one in entry.postings})
    first = min((_date(one, zone) for one in journal), default=date(1970, 1, 1))
    lines = ['option "operating_currency" "CNY"', f"{first} commodity CNY"]
    for account in accounts:
        lines.append(f"{first} open {account_name(account)} CNY")
        if account.payee:
            lines.append(f"  payee: {_quoted(names.get(account.payee, account.payee))}")
    for entry in journal:
        lines += ["", *_transaction(entry, names, zone)]
    return "\n".join(lines) + "\n"


def account_name(account: Account) -> str:
    """Return what an account is called there; no two are called the same."""
    root = _ROOTS[account.kind]
    if not account.payee:
        return root
    # Letters and digits stay; whatever else stands in an id is written as its number.
    safe = re.sub(r"[^A-Za-z0-9]", lambda found: f"-{ord(found[0]):x}-", account.payee)
    return f"{root}:P{safe}"


def _transaction(
    entry: Entry, names: Mapping[str, str], zone: ZoneInfo
) -> Iterator[str]:
    payee = names.get(entry.key.payee, entry.key.payee)
    yield f"{_date(entry, zone)} * {_quoted(payee)} {_quoted(entry.kind)}"
    yield f"  key: {_quoted(str(entry.key))}"
    yield f"  cause: {_quoted(entry.cause)}"
    yield f"  recorded: {_quoted(_at(entry.at, zone))}"
    if entry.concerns is not None:
        yield f"  concerns: {_quoted(entry.concerns)}"
    if entry.undoes:
        yield f"  undoes: {_quoted(' '.join(str(key) for key in entry.undoes))}"
    for one in entry.postings:
        yield f"  {account_name(one.account)}  {yuan_text(one.amount)} CNY"


def _date(entry: Entry, zone: ZoneInfo) -> date:
    """Return the day of an entry, or the nearest one of the month it is booked in."""
    day = entry.at.astimezone(zone).date()
    first = date.fromisoformat(f"{entry.month}-01")
    last = (first + _LAST_OF_MONTH).replace(day=1) - timedelta(days=1)
    return min(max(day, first), last)


def _at(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()


def _quoted(text: str) -> str:
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
