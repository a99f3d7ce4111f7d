from tokens import errors
from tokens.errors import IdentifierInvalid, Reason, TokenError


def test_every_refusal_has_its_own_code_named_after_it() -> None:
    kinds = TokenError.__subclasses__()

    codes = {kind.code for kind in kinds}

    assert len(codes) == len(kinds)
    for kind in kinds:
        assert kind.code.replace("_", "").lower() == kind.__name__.lower()


def test_the_family_is_flat() -> None:
    family = [v for v in vars(errors).values() if isinstance(v, type)]

    assert all(
        v.__base__ is TokenError for v in family if v in TokenError.__subclasses__()
    )
    assert not any(kind.__subclasses__() for kind in TokenError.__subclasses__())


def test_an_error_says_its_code_and_its_reason() -> None:
    error = IdentifierInvalid(Reason.BIRTHDAY)

    assert error.reason == "BIRTHDAY"
    assert str(error) == "IDENTIFIER_INVALID: BIRTHDAY"


def test_an_error_without_a_reason_says_its_code() -> None:
    assert str(errors.TokenForged()) == "TOKEN_FORGED"
    assert errors.TokenForged().reason is None
