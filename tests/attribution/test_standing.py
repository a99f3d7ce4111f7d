"""The standing at the desk (rules §4), where case files do not reach."""

from datetime import timedelta

import pytest

from attribution.errors import (
    AttributionError,
    BindingMismatch,
    TokenExpired,
    TokenRevoked,
    TokenUnknown,
    TokenUsed,
    WrongProject,
)
from attribution.ids import ProjectId
from attribution.referrals import ReferralToken
from attribution.rulebook import TokenRules
from attribution.rules.standing import REFUSALS, Referral, standing_of
from attribution.visits import Standing
from tests.attribution.facts import (
    DAY,
    HOUR,
    MASK,
    PHONE,
    PROJECT,
    START,
    a_programme,
    a_token,
    an_agent,
)


def referral(token: ReferralToken) -> Referral:
    return Referral(
        token=token,
        agent=an_agent(),
        programme=a_programme(),
        rules=TokenRules(version="1"),
    )


@pytest.mark.parametrize(
    ("token", "hours", "project", "refusal"),
    [
        (a_token(), -1, PROJECT, TokenUnknown),
        (a_token(), 1, ProjectId("p2"), WrongProject),
        (a_token(revoked_at=START), 1, PROJECT, TokenRevoked),
        (a_token(), 72, PROJECT, TokenExpired),
        (a_token(redeemed_at=START), 1, PROJECT, TokenUsed),
        (a_token(tag=MASK), 1, PROJECT, BindingMismatch),
    ],
)
def test_each_refusal_at_the_desk_is_raised(
    token: ReferralToken,
    hours: int,
    project: ProjectId,
    refusal: type[AttributionError],
) -> None:
    at = START + hours * HOUR

    with pytest.raises(refusal):
        standing_of(referral(token), frozenset({PHONE}), at=at, project_id=project)


def test_every_refused_standing_has_its_error_by_the_same_code() -> None:
    refused = {standing for standing in Standing if standing.is_refused}

    assert {standing: error.code for standing, error in REFUSALS.items()} == {
        standing: standing.value for standing in refused
    }


def test_what_is_accepted_has_a_standing_and_a_margin() -> None:
    at = START + timedelta(minutes=30)

    found = standing_of(
        referral(a_token()), frozenset({PHONE}), at=at, project_id=PROJECT
    )

    assert (found.standing, found.is_marginal) == (Standing.VALID_REFERRAL, True)


def test_a_token_expires_after_it_is_issued() -> None:
    with pytest.raises(ValueError, match="expire"):
        ReferralToken(
            **{
                **{name: getattr(a_token(), name) for name in a_token().__slots__},
                "expires_at": START,
            }
        )


@pytest.mark.parametrize(
    ("token", "is_live"),
    [
        (a_token(), True),
        (a_token(issued_at=START + DAY), True),
        (a_token(issued_at=START + 2 * DAY), False),
        (a_token(issued_at=START - 2 * DAY), False),
        (a_token(revoked_at=START), False),
        (a_token(redeemed_at=START), False),
    ],
)
def test_a_live_token_could_still_be_redeemed(
    token: ReferralToken, *, is_live: bool
) -> None:
    assert token.is_live(START + DAY) is is_live
