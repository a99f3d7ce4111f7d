"""The fields that bodies and answers are made of."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictInt,
    StrictStr,
    WithJsonSchema,
)

from attribution.documents import Node, instant_text
from attribution.errors import InputInvalid
from attribution.referrals import LONGEST_NOTE
from tokens.identifiers import KINDS, Identifier, identifier
from web.parsing import MOST_NUMBERS

MOST_FEN = 10**13


class Asked(BaseModel):
    """A body, a query or a part of one: nothing but what is listed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Told(BaseModel):
    """An answer or a part of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _instant(value: object) -> datetime:
    """Read RFC 3339 with an offset; a moment that is told already passes."""
    try:
        return Node(value=value, path="", refuse=InputInvalid).instant()
    except InputInvalid as error:
        raise ValueError(error.reason) from None


def _in_utc(at: datetime) -> str:
    return instant_text(at.astimezone(UTC))


_INSTANT = {
    "type": "string",
    "format": "date-time",
    "description": "RFC 3339 with an offset; answers are in UTC",
    "examples": ["2026-03-01T01:00:00.000000Z"],
}
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(_in_utc),
    WithJsonSchema(_INSTANT),
]

_PLAIN = r"^[^\x00-\x1f\x7f]+$"
Id = Annotated[
    StrictStr,
    Field(
        pattern="^[0-9a-f]{16}(?:[0-9a-f]{16})?$",
        examples=["9b1c5ad2fe3b4c6d8e0f112233445566"],
    ),
]
Line = Annotated[StrictStr, Field(min_length=1, max_length=40, pattern=_PLAIN)]
Note = Annotated[
    StrictStr, Field(min_length=1, max_length=LONGEST_NOTE, pattern=_PLAIN)
]
Fen = Annotated[StrictInt, Field(ge=0, le=MOST_FEN, description="an amount in fen")]
BasisPoints = Annotated[StrictInt, Field(ge=0, le=10_000, description="of 10 000")]


class Identification(Asked):
    """A phone or document number; it becomes a tag and is forgotten."""

    kind: StrictStr = Field(json_schema_extra={"enum": list(KINDS)})
    value: StrictStr = Field(
        min_length=1, max_length=64, repr=False, examples=["13800138000"]
    )

    def read(self) -> Identifier:
        """Return the normal form, or raise IdentifierInvalid."""
        return identifier(self.kind, self.value)


Identifications = Annotated[tuple[Identification, ...], Field(max_length=MOST_NUMBERS)]


def read_all(given: tuple[Identification, ...]) -> tuple[Identifier, ...]:
    """Return the normal forms of several numbers."""
    return tuple(one.read() for one in given)


class Promise(Told):
    """The log's signed promise that the entry of this fact will be in it."""

    entry: str = Field(examples=["5d2f6ad2fe3b4c6d8e0f112233445566"])
    promise: str = Field(
        description="signed by the log; says until when the proof is due"
    )


class Written(Told):
    """What the answer to every write carries."""

    promise: Promise
    replayed: bool = Field(description="true when this repeats an earlier answer")
