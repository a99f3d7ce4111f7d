"""The referral token (推荐码 / 带看码): one agent, one client, one visit."""

from dataclasses import dataclass
from datetime import datetime

from attribution.errors import InputInvalid
from attribution.ids import (
    AgentId,
    ChannelId,
    ProgrammeId,
    ProjectId,
    TokenId,
    VisitorTag,
)
from attribution.rulebook import Binding

LONGEST_NOTE = 12
_MOST_DIGITS = 4


def note_of(text: str) -> str | None:
    """Return an agent's own short note of a client (`张**`), or None where it is blank.

    A whole number has no place in it, in whichever digits it is written: identifiers
    are forgotten, and a note is kept (docs/privacy.md).

    Raises:
        InputInvalid: too long, more than four digits, or unprintable.
    """
    note = text.strip()
    if len(note) > LONGEST_NOTE:
        raise InputInvalid("label", "a note is too long")
    if sum(map(str.isnumeric, note)) > _MOST_DIGITS:
        raise InputInvalid("label", "a note holds a number")
    if not note.isprintable():
        raise InputInvalid("label", "a note is unprintable")
    return note or None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferralToken:
    """A report (报备) and its one-time token. Neither code nor identifier is here.

    `bound_at` is the instant of binding: `issued_at` for full and masked, the first
    opening for `opened`, none for a token that is bound to nothing yet.
    `log_index` orders it among facts of the same instant.
    """

    id: TokenId
    agent_id: AgentId
    channel_id: ChannelId
    project_id: ProjectId
    programme_id: ProgrammeId
    rulebook_version: str
    binding: Binding
    binding_tag: VisitorTag | None = None
    issued_at: datetime
    bound_at: datetime | None = None
    expires_at: datetime
    revoked_at: datetime | None = None
    redeemed_at: datetime | None = None
    log_index: int

    def __post_init__(self) -> None:
        if self.expires_at <= self.issued_at:
            message = "a token must expire after it is issued"
            raise ValueError(message)

    def is_expired(self, at: datetime) -> bool:
        """Say whether it is too late to redeem. `expires_at` itself is too late."""
        return at >= self.expires_at

    def is_live(self, at: datetime) -> bool:
        """Say whether the token could still be redeemed at `at`."""
        return (
            self.issued_at <= at < self.expires_at
            and self.revoked_at is None
            and self.redeemed_at is None
        )

    def is_bound(self, at: datetime) -> bool:
        """Say whether the token is bound to somebody at `at`: not before an opening."""
        return self.bound_at is not None and self.bound_at <= at

    def bound_when(self, redeemed_at: datetime) -> datetime:
        """Return the instant of binding, for a redemption at `redeemed_at`.

        A token bound to nothing until then is bound by the redemption itself.
        """
        if self.bound_at is None or not self.is_bound(redeemed_at):
            return redeemed_at
        return self.bound_at

    def lead_from(self, redeemed_at: datetime) -> datetime:
        """Return the instant from which the lead time of a redemption is counted.

        The binding; a token that asks for none has no other instant than its issue.
        """
        if self.binding is Binding.NONE:
            return self.issued_at
        return self.bound_when(redeemed_at)
