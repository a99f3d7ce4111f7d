"""A signing is recorded, ruled on and matched by one call, however often it is sent."""

from attribution.money import Fen
from attribution.rulebook import Stage
from attribution.services.contracting import Concluded, conclude_signing
from attribution.services.signing import Contract
from attribution.storage.tables import rulings, signings
from tests.office import Office, mobile


def conclude(office: Office, stage: Stage) -> Concluded:
    contract = Contract(
        unit="3-1-1201",
        price=Fen(245_000_000),
        stage=stage,
        buyers=((mobile(),),),
    )
    return conclude_signing(
        office.runtime,
        by=office.signing,
        request=office.request(),
        project_id=office.project,
        contract=contract,
    )


def test_a_signing_comes_with_its_ruling_and_the_earlier_visits(office: Office) -> None:
    visit = office.walk_in()
    office.wait(hours=1)

    signed = conclude(office, Stage.SUBSCRIPTION)

    assert signed.ruling is not None
    assert signed.ruling.signing_id == signed.signing_id
    assert [match.visit.id for match in signed.matches] == [visit["visit_id"]]
    assert office.count(signings) == office.count(rulings) == 1


def test_a_subscription_that_fixes_nothing_comes_without_a_ruling(
    office: Office,
) -> None:
    office.change_project(fixes_at="contract")
    visit = office.walk_in()
    office.wait(hours=1)

    signed = conclude(office, Stage.SUBSCRIPTION)

    assert signed.ruling is None
    assert [match.visit.id for match in signed.matches] == [visit["visit_id"]]
    assert signed.reply.answer["signing_id"] == signed.signing_id
