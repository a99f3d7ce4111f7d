"""What an agent is told came of a token: by itself, and by the rulings after it."""

from dataclasses import replace
from typing import Any

import pytest

from attribution.errors import NotFound
from attribution.ids import TokenId
from attribution.services.concluding import Conclusion, conclusion_of
from attribution.services.issuing import revoke_token
from attribution.services.signing import Kin
from tests.office import OTHER_PHONE, Office, mobile


def concluded(office: Office, token: dict[str, Any]) -> Conclusion:
    return conclusion_of(
        office.runtime, by=office.wang, token_id=TokenId(token["token_id"])
    )


def brought(office: Office, **others: Any) -> dict[str, Any]:
    """Let a client come an hour after the report."""
    token: dict[str, Any] = dict(office.issue(**others))
    office.wait(hours=1)
    office.redeem(token["code"])
    return token


def codes(conclusion: Conclusion) -> list[str]:
    return [one.code for one in conclusion.outcomes]


def test_a_token_that_nobody_used_stands_by_itself(office: Office) -> None:
    token: dict[str, Any] = dict(office.issue())
    live = concluded(office, token)
    office.wait(days=3)

    assert (live.code, live.outcomes) == ("OK", ())
    assert concluded(office, token).code == "VISIT_OVERDUE"


def test_a_token_that_was_taken_back_says_so(office: Office) -> None:
    token: dict[str, Any] = dict(office.issue())
    office.do(revoke_token, by=office.wang, token_id=TokenId(token["token_id"]))

    assert concluded(office, token).code == "TOKEN_REVOKED"


def test_before_the_signing_nothing_is_concluded(office: Office) -> None:
    conclusion = concluded(office, brought(office))

    assert (conclusion.code, conclusion.outcomes) == ("OK", ())


@pytest.mark.parametrize(("days", "code"), [(29, "OK"), (30, "DEAL_OVERDUE")])
def test_the_ruling_says_whether_the_deal_came_in_time(
    days: int, code: str, office: Office
) -> None:
    token = brought(office)
    office.wait(days=days)
    office.rule(office.sign())

    conclusion = concluded(office, token)

    assert codes(conclusion) == [code]
    assert conclusion.outcomes[0].ruled_at == office.time


def test_each_home_that_the_client_buys_has_its_own_outcome(office: Office) -> None:
    token = brought(office)
    office.rule(office.sign(unit="3-1-1201"))
    office.wait(days=60)
    office.rule(office.sign(unit="3-1-1202"))

    assert codes(concluded(office, token)) == ["OK", "DEAL_OVERDUE"]


def test_a_visit_that_a_receipt_or_a_relative_leads_to_is_concluded_too(
    office: Office,
) -> None:
    token: dict[str, Any] = dict(office.issue())
    office.wait(hours=1)
    receipt = str(office.redeem(token["code"])["visitor_receipt"])
    kin = Kin(relation="spouse", identifiers=(mobile(),))
    office.rule(office.sign(phone=OTHER_PHONE, relatives=(kin,)))
    office.rule(office.sign(phone=OTHER_PHONE, unit="3-1-1202", receipts=(receipt,)))

    assert codes(concluded(office, token)) == ["OK", "OK"]


def test_a_visit_outside_the_family_or_that_makes_no_claim_has_no_outcome(
    office: Office,
) -> None:
    early: dict[str, Any] = dict(office.issue())
    office.redeem(early["code"])
    kin = Kin(relation="sibling", identifiers=(mobile(),))
    office.rule(office.sign(phone=OTHER_PHONE, relatives=(kin,)))
    office.rule(office.sign(unit="3-1-1202"))

    conclusion = concluded(office, early)

    assert (conclusion.code, conclusion.outcomes) == ("LEAD_TIME_TOO_SHORT", ())


def test_only_the_own_agent_is_told(office: Office) -> None:
    token = TokenId(brought(office)["token_id"])
    nobody = replace(office.wang, agent_id=None)

    for by in (office.li, nobody):
        with pytest.raises(NotFound):
            conclusion_of(office.runtime, by=by, token_id=token)
