"""The page of the books 台账."""

import pytest
from beancount import loader
from flask.testing import FlaskClient

from attribution.people import Role
from tests.services.test_witnessed_money import sold
from tests.web.conftest import Front
from tests.web.people import in_english, text_of


@pytest.fixture
def finance(front: Front) -> FlaskClient:
    return front.signed_in(Role.FINANCE)


def test_books_of_nothing_say_what_comes(finance: FlaskClient) -> None:
    assert "还没有分录" in finance.get("/finance/ledger").text


@pytest.mark.parametrize("role", [Role.FINANCE, Role.FINANCE_APPROVER, Role.AUDITOR])
def test_the_trial_balance_is_shown_to_finance_and_auditors(
    front: Front, role: Role
) -> None:
    sold(front.office)
    front.office.wait(days=8)

    page = front.signed_in(role).get("/finance/ledger")

    text = text_of(page)
    assert "核对过，每一条都成立" in text
    assert "共 2 笔分录" in text
    assert "应付未付 甲渠道" in text
    assert "合计 – ¥62,475.00 ¥62,475.00 ¥0.00" in text
    assert ("成交与计提" in text) is (role is not Role.AUDITOR)


@pytest.mark.parametrize(
    ("kind", "media"),
    [
        ("csv", "text/csv"),
        (
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        ("beancount", "text/plain"),
    ],
)
def test_the_journal_is_a_download(
    front: Front, finance: FlaskClient, kind: str, media: str
) -> None:
    sold(front.office)

    answer = finance.get(f"/finance/ledger/journal.{kind}")

    assert answer.mimetype == media
    assert answer.headers["Content-Disposition"].endswith(f".{kind}")
    if kind == "beancount":
        entries, errors, _ = loader.load_string(answer.text)
        assert (len(entries), errors) == (4, [])


def test_another_ending_is_not_found(finance: FlaskClient) -> None:
    assert finance.get("/finance/ledger/journal.exe").status_code == 404


def test_an_agent_does_not_see_the_books(front: Front) -> None:
    browser = front.signed_in(Role.AGENT)

    for path in ("/finance/ledger", "/finance/ledger/journal.csv"):
        assert browser.get(path).status_code == 403


def test_the_page_reads_in_english(front: Front, finance: FlaskClient) -> None:
    sold(front.office)

    text = text_of(in_english(finance).get("/finance/ledger"))

    assert "Trial balance" in text
    assert "checked, everything holds" in text
