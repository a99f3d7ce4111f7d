"""Passwords: Argon2id with 19 MiB and two passes; the salt comes from outside."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from attribution.errors import PasswordTooWeak

SALT_BYTES = 16
_SHORTEST = 10
# Longer input only costs time; nobody remembers more.
_LONGEST = 200
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Verified in place of a missing account, so that both answers take the same time.
_NOBODY = _HASHER.hash("nobody signs in with this", salt=bytes(SALT_BYTES))


def hash_password(password: str, salt: bytes) -> str:
    """Return what is stored of a new password.

    Raises:
        PasswordTooWeak: shorter than 10 or longer than 200 characters, or made of
            fewer than four different ones.
    """
    if not _SHORTEST <= len(password) <= _LONGEST or len(set(password)) < 4:  # noqa: PLR2004
        raise PasswordTooWeak
    return _HASHER.hash(_normal(password), salt=salt)


def is_password(password: str, stored: str | None) -> bool:
    """Say whether the password is the one that was stored; None is nobody's."""
    try:
        _HASHER.verify(stored or _NOBODY, _normal(password[:_LONGEST]))
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None


def _normal(password: str) -> str:
    """Fold the ways in which keyboards compose the same character."""
    return unicodedata.normalize("NFKC", password)
