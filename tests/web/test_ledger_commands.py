"""The operator's commands of the ledger 台账, each by hand."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from beancount import loader
from click.testing import CliRunner, Result
from openpyxl import load_workbook
from sqlalchemy import update

from attribution.sheets.books import book_label_keys
from attribution.storage.tables import accruals
from tests.office import Office
from tests.services.test_witnessed_money import sold
from web.cli import main
from web.cli_words import words_in
from web.ledger_words import book_labels
from web.settings import read_settings
from web.wiring import open_installation


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Return an office of an installation, in which a deal is ruled on."""
    monkeypatch.setenv("HEFU_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HEFU_DEMO", "0")
    opened = open_installation(read_settings())
    office = Office(opened.database)
    sold(office)
    yield office
    opened.database.close()
    structlog.reset_defaults()


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_books_that_hold_are_told_in_a_line_and_in_json(office: Office) -> None:
    told, document = call("ledger", "check"), call("ledger", "check", "--json")

    assert told.exit_code == document.exit_code == 0
    assert told.stdout.endswith("\t2 entries\tall holds\n")
    row = json.loads(document.stdout)
    assert (row["project"], row["entries"]) == (office.project, 2)
    assert row["violation"] is None


def test_the_first_violation_is_named_and_the_exit_code_is_one(office: Office) -> None:
    with office.database.engine.begin() as connection:
        connection.execute(update(accruals).values(amount_fen=1))

    told, document = call("ledger", "check"), call("ledger", "check", "--json")

    assert told.exit_code == document.exit_code == 1
    assert "PLAN_DIFFERS" in told.stdout
    assert json.loads(document.stdout)["violation"][0] == "PLAN_DIFFERS"


@pytest.mark.parametrize("kind", ["csv", "xlsx", "beancount"])
def test_the_journal_is_written_to_a_new_file(
    office: Office, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"books.{kind}"
    arguments = ("ledger", "export", office.project, "--format", kind, "--to", path)

    done, again = (call(*map(str, arguments)) for _ in range(2))

    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    assert done.output == f"{path} sha256:{digest}\n"
    assert (again.exit_code, "there already" in again.output) == (2, True)
    if kind == "xlsx":
        assert len(load_workbook(path).worksheets) == 2
    elif kind == "beancount":
        assert loader.load_string(data.decode())[1] == []
    else:
        assert data.count(b"\r\n") == 5


def test_a_project_that_is_none_is_refused(office: Office, tmp_path: Path) -> None:
    del office
    path = str(tmp_path / "x")

    done = call("ledger", "export", "none", "--format", "csv", "--to", path)

    assert done.exit_code == 1
    assert not Path(path).exists()


def test_every_word_of_the_workbook_is_there() -> None:
    with words_in("zh"):
        assert set(book_label_keys()) <= set(book_labels())
