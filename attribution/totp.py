"""Time-based one-time passwords (RFC 6238): six digits, SHA-1, steps of 30 seconds."""

import base64
import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

SECRET_BYTES = 20
_DIGITS = 6
_PERIOD = 30
# One step of drift either way: phones are rarely more than half a minute off.
_DRIFT = (0, -1, 1)


def step_at(at: datetime) -> int:
    """Return the number of the 30-second step that an instant falls in."""
    return int(at.timestamp()) // _PERIOD


def code_at(secret: bytes, step: int) -> str:
    """Return the six digits of one step."""
    # SHA-1 is what authenticator programs speak; HMAC does not need it collision-free.
    totp = TOTP(secret, _DIGITS, SHA1(), _PERIOD)  # noqa: S303
    return totp.generate(step * _PERIOD).decode()


def matching_step(secret: bytes, digits: str, at: datetime) -> int | None:
    """Return the step whose code the digits are, one step early or late included."""
    now = step_at(at)
    for drift in _DRIFT:
        if hmac.compare_digest(code_at(secret, now + drift).encode(), digits.encode()):
            return now + drift
    return None


def secret_text(secret: bytes) -> str:
    """Return the secret as people type it: base-32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def enrolment_uri(secret: bytes, login: str) -> str:
    """Return the `otpauth:` address that an authenticator reads from a QR."""
    query = urlencode({"secret": secret_text(secret), "issuer": "Hefu"})
    return f"otpauth://totp/Hefu:{quote(login)}?{query}"
