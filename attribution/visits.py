"""The visit (到访): one arrival at one sales centre, and what it counts for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto

from attribution.ids import ProjectId, TokenId, VisitId, VisitorTag


class Standing(StrEnum):
    """What the desk knows at once about an arrival (rules §4), in order of checking."""

    @staticmethod
    def _generate_next_value_(name: str, *_: object) -> str:
        return name

    TOKEN_UNKNOWN = auto()
    WRONG_PROJECT = auto()
    TOKEN_REVOKED = auto()
    TOKEN_EXPIRED = auto()
    TOKEN_USED = auto()
    BINDING_MISMATCH = auto()
    LEAD_TIME_TOO_SHORT = auto()
    PROGRAMME_NOT_IN_FORCE = auto()
    AGENT_SUSPENDED = auto()
    VALID_REFERRAL = auto()
    WALK_IN = auto()

    @property
    def is_refused(self) -> bool:
        """Say whether the redemption was refused: recorded, but no visit (§4.4)."""
        return self in _REFUSED


_REFUSED = frozenset(list(Standing)[:6])


class RedeemedBy(StrEnum):
    """How the token came to be redeemed."""

    CODE = "code"
    CONFIRMED = "confirmed"  # the client forgot the code; evidence grade D


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One arrival, or one refused redemption (`standing.is_refused`).

    `tags` are the visitor's, `party` those of each companion (rules §6.4).
    `is_marginal` marks a lead time that was met only just (`lead_margin`).
    """

    id: VisitId
    project_id: ProjectId
    arrived_at: datetime
    log_index: int
    tags: frozenset[VisitorTag] = frozenset()
    party: tuple[frozenset[VisitorTag], ...] = ()
    token_id: TokenId | None = None
    standing: Standing = Standing.WALK_IN
    basis: RedeemedBy = RedeemedBy.CODE
    is_marginal: bool = False

    @property
    def order(self) -> tuple[datetime, int]:
        """The place in the one order of facts: instant, then log index (rules §1.4)."""
        return self.arrived_at, self.log_index

    def all_tags(self) -> frozenset[VisitorTag]:
        """Return the tags of everybody who arrived together."""
        return self.tags.union(*self.party) if self.party else self.tags
