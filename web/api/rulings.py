"""The API of rulings 判客: who brought the buyer, with every reason."""

import json
from datetime import datetime
from typing import Protocol

from flask import Blueprint
from pydantic import Field

from attribution.errors import NotFound
from attribution.ids import RulingId
from attribution.rules.findings import Finding, Grade, Outcome
from attribution.services.ruling import RULING_ROLES, ruling_by_id
from attribution.signings import MatchBasis
from web.access import current_actor, current_runtime, requires
from web.api.fields import Instant, Told
from web.api.operations import Operation, operation

bp = Blueprint("api_rulings", __name__, url_prefix="/api/v1/rulings")


class ShareView(Told):
    """What part of the commission a channel has."""

    channel_id: str
    share_bp: int


class ClaimView(Told):
    """One channel's claim, what it comes to, and by which facts of the log."""

    channel: str
    agent: str
    token: str
    finding: Finding
    rule: str = Field(description="the paragraph of the rules", examples=["9.1"])
    facts: tuple[int, ...] = Field(description="places in the log")
    reported_at: Instant
    visited_at: Instant
    protected_until: Instant
    share: int


class VisitFindingView(Told):
    """One matched visit, and what it counts for."""

    visit: str
    arrived_at: Instant
    finding: str
    basis: MatchBasis
    facts: tuple[int, ...]
    is_marginal: bool


class RulingView(Told):
    """A ruling, standing or superseded."""

    ruling_id: str
    signing_id: str
    supersedes_id: str | None
    ruled_at: Instant
    outcome: Outcome
    shares: tuple[ShareView, ...]
    claims: tuple[ClaimView, ...]
    visits: tuple[VisitFindingView, ...]
    evidence_grade: Grade | None
    walk_in_reward: str | None = Field(description="the walk-in that earns it")
    token_rulebooks: tuple[str, ...]
    deal_rulebook: str
    inputs_digest: str
    engine: str


class _Stored(Protocol):
    """A ruling as the service returns it."""

    @property
    def id(self) -> RulingId: ...
    @property
    def supersedes_id(self) -> RulingId | None: ...
    @property
    def body(self) -> str: ...
    @property
    def ruled_at(self) -> datetime: ...


@bp.get("/<ruling_id>")
@requires(*RULING_ROLES)
@operation(Operation(answer=RulingView, refuses=(NotFound,)))
def one_ruling(ruling_id: RulingId) -> RulingView:
    """Show one ruling, standing or superseded, with its reasons."""
    return ruling_view(
        ruling_by_id(current_runtime(), by=current_actor(), ruling_id=ruling_id)
    )


def ruling_view(stored: _Stored) -> RulingView:
    """Return a stored ruling as answers carry it."""
    told = json.loads(stored.body)
    signing_id = told.pop("signing")
    shares = [
        {"channel_id": channel, "share_bp": share} for channel, share in told["shares"]
    ]
    return RulingView.model_validate(
        {
            **told,
            "ruling_id": stored.id,
            "signing_id": signing_id,
            "supersedes_id": stored.supersedes_id,
            "ruled_at": stored.ruled_at,
            "shares": shares,
        }
    )
