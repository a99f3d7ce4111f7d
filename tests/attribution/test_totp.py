from datetime import UTC, datetime, timedelta

import pytest

from attribution.totp import (
    code_at,
    enrolment_uri,
    matching_step,
    secret_text,
    step_at,
)

# RFC 6238 appendix B has eight digits; the last six of them are ours.
SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, digits: str) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    assert code_at(SECRET, step_at(at)) == digits[-6:]


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_a_phone_may_be_one_step_off(drift: int) -> None:
    step = step_at(NOON) + drift

    assert matching_step(SECRET, code_at(SECRET, step), NOON) == step


@pytest.mark.parametrize("drift", [-2, 2])
def test_a_phone_may_not_be_two_steps_off(drift: int) -> None:
    step = step_at(NOON) + drift

    assert matching_step(SECRET, code_at(SECRET, step), NOON) is None


@pytest.mark.parametrize("digits", ["", "12345", "1234567", "abcdef", "１２３４５６"])
def test_what_is_no_code_matches_nothing(digits: str) -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    assert matching_step(SECRET, digits, at) is None


def test_the_secret_is_told_in_base_32() -> None:
    assert secret_text(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def test_the_enrolment_address_names_the_login() -> None:
    assert enrolment_uri(SECRET, "王 lei").startswith(
        "otpauth://totp/Hefu:%E7%8E%8B%20"
    )
