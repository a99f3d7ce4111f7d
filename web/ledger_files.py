"""The books as files, for the page and for the command."""

from collections.abc import Callable, Mapping

from attribution.ledger.beancount import beancount_of
from attribution.sheets.books import Books, write_books, write_journal_csv
from web.ledger_words import book_labels


def _workbook(books: Books) -> bytes:
    return write_books(books, book_labels())


def _beancount(books: Books) -> bytes:
    return beancount_of(books.journal, names=books.names, zone=books.zone).encode()


WRITERS: Mapping[str, Callable[[Books], bytes]] = {
    "csv": write_journal_csv,
    "xlsx": _workbook,
    "beancount": _beancount,
}
"""How the books are written, by the ending of the file."""
MEDIA: Mapping[str, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "beancount": "text/plain",
}
