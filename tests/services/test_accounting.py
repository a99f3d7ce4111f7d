"""What is owed for each deal: of one moment, and in few questions to the database."""

from attribution.services.accounting import deal_account, deal_accounts
from attribution.services.issuing import Client
from tests.office import OTHER_PHONE, Office, mobile
from tests.overhearing import heard, meanwhile
from tests.quarrel import quarrel


def test_an_account_is_of_the_moment_at_which_it_was_asked_for(office: Office) -> None:
    case = quarrel(office)

    with meanwhile(office.database, "FROM holds", case.open):
        account = deal_account(
            office.runtime, by=office.finance, signing_id=case.signing
        )

    assert not account.is_held
    assert case.owed() == {"甲渠道": (3_675_000, 0, "HELD")}


def test_the_accounts_of_a_project_are_of_the_moment_at_which_they_were_asked_for(
    office: Office,
) -> None:
    case = quarrel(office)

    with meanwhile(office.database, "FROM holds", case.open):
        (account,) = deal_accounts(
            office.runtime, by=office.finance, project_id=office.project
        )

    assert not account.is_held


def asked_for_accounts(office: Office) -> int:
    """Return how many statements it takes to tell what is owed at the project."""
    with heard(office.database) as said:
        deal_accounts(office.runtime, by=office.finance, project_id=office.project)
    return len(said)


def test_more_deals_and_lines_ask_no_more_of_the_database(office: Office) -> None:
    wang = office.issue()
    li = office.issue(by=office.li, client=Client(identifier=mobile(OTHER_PHONE)))
    office.wait(hours=2)
    office.redeem(wang["code"])
    office.redeem(li["code"], phone=OTHER_PHONE)
    office.wait(days=1)
    office.rule(office.sign())
    one = asked_for_accounts(office)

    office.rule(office.sign(unit="3-1-1202"))
    office.rule(office.sign(unit="3-1-1203", phone=OTHER_PHONE))

    assert asked_for_accounts(office) == one
    accounts = deal_accounts(
        office.runtime, by=office.finance, project_id=office.project
    )
    assert [len(one.lines) for one in accounts] == [1, 1, 1]


def test_one_account_is_read_without_the_others(office: Office) -> None:
    case = quarrel(office)

    with heard(office.database) as said:
        deal_account(office.runtime, by=office.finance, signing_id=case.signing)

    assert [text for text, _values in said if "signings.project_id =" in text] == []
