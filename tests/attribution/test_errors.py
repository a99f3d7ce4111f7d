import re

import pytest

from attribution import errors
from attribution.errors import AttributionError, RateLimited

FAMILY = [
    one
    for one in vars(errors).values()
    if isinstance(one, type)
    and issubclass(one, AttributionError)
    and one is not AttributionError
]
SECTION_12 = [
    "GROUP_OWNER",
    "PROJECT_OWNER",
    "KNOWN_CLIENT",
    "LEAD_TIME_TOO_SHORT",
    "REPORTED_BY_OTHER",
    "VISITED_BY_OTHER",
    "PROTECTED",
    "VISIT_OVERDUE",
    "DEAL_OVERDUE",
    "REPORTED_BY_YOU",
    "WRONG_PROJECT",
    "TOKEN_USED",
    "TOKEN_EXPIRED",
    "TOKEN_REVOKED",
    "TOKEN_UNKNOWN",
    "BINDING_MISMATCH",
    "QUOTA_EXCEEDED",
    "AGENT_SUSPENDED",
]


def test_the_family_is_flat() -> None:
    assert all(one.__bases__ == (AttributionError,) for one in FAMILY)


@pytest.mark.parametrize("error", FAMILY)
def test_the_code_of_an_error_is_its_name(error: type[AttributionError]) -> None:
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", error.__name__)

    assert error.code == words.upper()


def test_every_refusal_of_section_12_is_an_error() -> None:
    assert set(SECTION_12) <= {error.code for error in FAMILY}


def test_a_rate_limit_says_when_to_try_again() -> None:
    assert RateLimited(30).retry_after == 30


@pytest.mark.parametrize(
    "error",
    [
        errors.InputInvalid,
        errors.RulebookInvalid,
        errors.CaseMalformed,
        errors.PlanInvalid,
    ],
)
def test_a_mistake_in_a_document_has_a_path_and_a_reason(
    error: type[errors.InputInvalid],
) -> None:
    mistake = error("facts[0].at", "is missing")

    assert (mistake.path, mistake.reason) == ("facts[0].at", "is missing")
    assert str(mistake) == "facts[0].at: is missing"
