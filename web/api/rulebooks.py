"""Rulebooks 判客规则 and commission plans 佣金方案 as bodies.

Only names and types are checked here; the bounds are the domain's, which names the
path of each mistake.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from attribution.commissions import Base, MilestoneKind
from attribution.programmes import Kind
from attribution.rulebook import (
    Binding,
    DayCount,
    DiscloseConflict,
    JointMode,
    Permission,
    Regime,
    Relation,
    SelfReferral,
    ShortLead,
    Stage,
)
from web.api.fields import Asked, BasisPoints, Fen, Instant, Line, Told, Written


class _Text(Asked):
    """A text that was agreed; keys left out take the defaults."""

    def given(self) -> dict[str, Any]:
        """Return the keys that were given, as the domain reads them."""
        return self.model_dump(mode="json", exclude_unset=True)


class TokenRulesBody(_Text):
    """Token-level parameters (rules §3)."""

    lead_minutes: StrictInt = 30
    lead_margin_minutes: StrictInt = 10
    token_lifetime_hours: StrictInt = 72
    binding_required: Binding = Binding.MASKED
    short_lead: ShortLead = ShortLead.WALK_IN
    report_protection_hours: StrictInt | None = None
    visit_protection_days: StrictInt = 30
    revisit_renews: StrictBool = False
    quota_day: StrictInt = 200
    quota_open: StrictInt = 500
    agent_quota_day: StrictInt = 30
    agent_quota_open: StrictInt = 60
    disclose_conflict: DiscloseConflict = DiscloseConflict.AT_VISIT
    redeem_without_code: Permission = Permission.ALLOW


class DealRulesBody(_Text):
    """Deal-level parameters (rules §3)."""

    regime: Regime = Regime.FIRST_VISIT
    joint: JointMode | Annotated[tuple[BasisPoints, ...], Field(max_length=20)] = (
        JointMode.WINNER_TAKES_ALL
    )
    family: tuple[Relation, ...] = (Relation.SPOUSE, Relation.PARENT, Relation.CHILD)
    walk_in_protection_days: StrictInt | Literal["ever"] = 45
    owners_excluded: tuple[Kind, ...] = (Kind.AGENCY, Kind.PUBLIC)
    self_referral: SelfReferral = SelfReferral.VOID
    day_count: DayCount = DayCount.EXACT
    time_zone: Line = "Asia/Shanghai"
    fixes_at: Stage = Stage.SUBSCRIPTION
    dispute_window_days: StrictInt = 7


class PlanMilestone(_Text):
    """An event, and the part of the commission it makes payable."""

    on: MilestoneKind
    bp: BasisPoints


class PlanBody(_Text):
    """A commission plan: a rate of the price, or a fixed amount per unit."""

    base: Literal[Base.PRICE, Base.FIXED]
    rate_bp: BasisPoints | None = None
    fixed_fen: Fen | None = None
    floor_fen: Fen | None = None
    cap_fen: Fen | None = None
    milestones: Annotated[tuple[PlanMilestone, ...], Field(max_length=10)] = (
        PlanMilestone(on=MilestoneKind.CONTRACT, bp=10_000),
    )


class NewVersion(Written):
    """A version that was added; the earlier ones stay."""

    version: str
    in_force_from: Instant


class VersionView(Told):
    """One version of a text, never edited."""

    version: StrictStr
    in_force_from: Instant
    body: dict[str, Any]
