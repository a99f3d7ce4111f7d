import pytest

from attribution.errors import PasswordTooWeak
from attribution.passwords import hash_password, is_password

SALT = b"s" * 16
GOOD = "four unrelated words"


def test_the_right_password_is_known_again() -> None:
    assert is_password(GOOD, hash_password(GOOD, SALT))


@pytest.mark.parametrize("typed", ["", "Four unrelated words", GOOD + " ", "x" * 500])
def test_another_password_is_not(typed: str) -> None:
    assert not is_password(typed, hash_password(GOOD, SALT))


def test_nobody_has_no_password() -> None:
    assert not is_password("nobody signs in with this", None)


def test_a_damaged_hash_lets_nobody_in() -> None:
    assert not is_password(GOOD, "damaged")


def test_two_ways_to_type_one_character_are_one() -> None:
    assert is_password(
        "cafe\u0301 quatre mots", hash_password("café quatre mots", SALT)
    )


def test_the_hash_is_argon2id_with_our_cost() -> None:
    assert hash_password(GOOD, SALT).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("abcd56789", id="nine characters"),
        pytest.param("ab12" * 50 + "x", id="two hundred and one"),
        pytest.param("abcabcabcabc", id="three different ones"),
    ],
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(PasswordTooWeak):
        hash_password(password, SALT)


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("abcd567890", id="ten characters"),
        pytest.param("ab12" * 50, id="two hundred"),
        pytest.param("abcdabcdabcd", id="four different ones"),
    ],
)
def test_just_good_enough_passwords_are_taken(password: str) -> None:
    assert is_password(password, hash_password(password, SALT))
