"""How an instant is stored: whole microseconds since 1970 in UTC, on every database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds_of(instant: datetime) -> int:
    """Return whole microseconds since 1970; the instant must know its zone."""
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(microseconds: int) -> datetime:
    """Return the instant in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


class Instant(TypeDecorator[datetime]):
    """An aware `datetime`, exact to the microsecond, ordered like a number."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> int | None:
        """Return what the database stores."""
        del dialect
        return None if value is None else microseconds_of(value)

    def process_result_value(
        self, value: Any | None, dialect: object
    ) -> datetime | None:
        """Return what the domain reads."""
        del dialect
        return None if value is None else instant_of(value)
