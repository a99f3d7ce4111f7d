"""What is owed for each deal: of one moment, and in few questions to the database."""

from attribution.services.accounting import deal_account, deal_accounts
from tests.office import Office
from tests.overhearing import meanwhile
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
