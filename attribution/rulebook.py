"""The rulebook (判客规则): what the parties agreed, by version, never edited after use.

Source: docs/specs/rulebook.md §3.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NewType
from zoneinfo import ZoneInfo

from attribution.documents import Node, Table
from attribution.errors import RulebookInvalid
from attribution.money import WHOLE, BasisPoints
from attribution.programmes import Kind

Days = NewType("Days", int)

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_LONGEST = Days(3650)
_MANY = 1_000_000


class Regime(StrEnum):
    """Which fact ranks the living claims (rules §9.1)."""

    FIRST_REPORT = "first_report"  # 报备保护
    FIRST_VISIT = "first_visit"  # 到访为王
    LAST_VISIT = "last_visit"  # 最后带看


class Binding(StrEnum):
    """What ties a token to one client, weakest first (rules §2)."""

    NONE = "none"
    OPENED = "opened"
    MASKED = "masked"
    FULL = "full"

    def is_at_least(self, other: "Binding") -> bool:
        """Say whether this binding is as strong as `other`, or stronger."""
        order = list(Binding)
        return order.index(self) >= order.index(other)


class ShortLead(StrEnum):
    """What becomes of a visit whose lead time was too short (rules §4.5)."""

    WALK_IN = "walk_in"
    VOID = "void"


class DayCount(StrEnum):
    """How a period of days is counted (rules §1.3)."""

    EXACT = "exact"
    CALENDAR = "calendar"


class DiscloseConflict(StrEnum):
    """When an agent is told of a conflict (rules §5.1)."""

    AT_VISIT = "at_visit"
    AT_ISSUE = "at_issue"
    NEVER = "never"


class Permission(StrEnum):
    """Whether a forgotten code may be replaced by a confirmed report."""

    ALLOW = "allow"
    REFUSE = "refuse"


class SelfReferral(StrEnum):
    """What becomes of a claim whose agent belongs to the client group (rules §8.2)."""

    VOID = "void"
    ALLOW = "allow"


class Stage(StrEnum):
    """Which signing fixes attribution (rules §2)."""

    SUBSCRIPTION = "subscription"  # 认购
    CONTRACT = "contract"  # 签约


class Relation(StrEnum):
    """The relations that a family may count (rules §6.1)."""

    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    GRANDPARENT = "grandparent"
    GRANDCHILD = "grandchild"


class JointMode(StrEnum):
    """How living claims share, where no weights are given (rules §9.2)."""

    WINNER_TAKES_ALL = "winner_takes_all"
    EQUAL = "equal"


Joint = JointMode | tuple[BasisPoints, ...]
"""A mode, or weights by rank that sum to 10 000."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRules:
    """Token-level parameters: of the version in force when the token was issued.

    `quota_…` limit a channel, `agent_quota_…` one agent: tokens issued in a day, and
    tokens live at once.
    """

    version: str
    lead_time: timedelta = 30 * _MINUTE
    lead_margin: timedelta = 10 * _MINUTE
    token_lifetime: timedelta = 72 * _HOUR
    binding_required: Binding = Binding.MASKED
    short_lead: ShortLead = ShortLead.WALK_IN
    report_protection: timedelta | None = None
    visit_protection: Days = Days(30)
    revisit_renews: bool = False
    quota_day: int = 200
    quota_open: int = 500
    agent_quota_day: int = 30
    agent_quota_open: int = 60
    disclose_conflict: DiscloseConflict = DiscloseConflict.AT_VISIT
    redeem_without_code: Permission = Permission.ALLOW

    @property
    def report_period(self) -> timedelta:
        """How long a report protects (first_report): the token's life by default."""
        return self.report_protection or self.token_lifetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DealRules:
    """Deal-level parameters: of the project's version in force at the signing.

    `walk_in_protection` None is for ever.
    """

    version: str
    regime: Regime = Regime.FIRST_VISIT
    joint: Joint = JointMode.WINNER_TAKES_ALL
    family: frozenset[Relation] = frozenset(
        {Relation.SPOUSE, Relation.PARENT, Relation.CHILD}
    )
    walk_in_protection: Days | None = Days(45)
    owners_excluded: frozenset[Kind] = frozenset({Kind.AGENCY, Kind.PUBLIC})
    self_referral: SelfReferral = SelfReferral.VOID
    day_count: DayCount = DayCount.EXACT
    time_zone: str = "Asia/Shanghai"
    fixes_at: Stage = Stage.SUBSCRIPTION
    dispute_window: Days = Days(7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rulebook:
    """One version of all parameters, and the instant from which it holds."""

    version: str
    in_force_from: datetime
    token: TokenRules
    deal: DealRules


TOKEN_KEYS = (
    "lead_minutes",
    "lead_margin_minutes",
    "token_lifetime_hours",
    "binding_required",
    "short_lead",
    "report_protection_hours",
    "visit_protection_days",
    "revisit_renews",
    "quota_day",
    "quota_open",
    "agent_quota_day",
    "agent_quota_open",
    "disclose_conflict",
    "redeem_without_code",
)
DEAL_KEYS = (
    "regime",
    "joint",
    "family",
    "walk_in_protection_days",
    "owners_excluded",
    "self_referral",
    "day_count",
    "time_zone",
    "fixes_at",
    "dispute_window_days",
)


def rulebook_at(rulebooks: Iterable[Rulebook], at: datetime) -> Rulebook:
    """Return the rulebook in force at an instant: the latest that has begun.

    Raises:
        RulebookInvalid: none has begun yet.
    """
    begun = [book for book in rulebooks if book.in_force_from <= at]
    if not begun:
        _book("in_force_from").fail("no rulebook is in force yet")
    return max(begun, key=lambda book: book.in_force_from)


def parse_rulebook(text: str) -> Rulebook:
    """Return the rulebook of a TOML file.

    Raises:
        RulebookInvalid: not TOML, an unknown key, or a bad value, with its path.
    """
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError):
        _book("").fail("is not TOML")
    table = _book("", values).table("version", "in_force_from", "token", "deal")
    version = table.need("version").text()
    return Rulebook(
        version=version,
        in_force_from=table.need("in_force_from").instant(),
        token=_token_rules(table.get("token", {}).table(*TOKEN_KEYS), version),
        deal=_deal_rules(table.get("deal", {}).table(*DEAL_KEYS), version),
    )


def token_rules_from_json(values: object, *, version: str) -> TokenRules:
    """Return token-level parameters from JSON; keys left out take the defaults."""
    return _token_rules(_book("", values).table(*TOKEN_KEYS), version)


def deal_rules_from_json(values: object, *, version: str) -> DealRules:
    """Return deal-level parameters from JSON; keys left out take the defaults."""
    return _deal_rules(_book("", values).table(*DEAL_KEYS), version)


def rules_of_node(node: Node, *, version: str) -> tuple[TokenRules, DealRules]:
    """Return both levels from one flat table, as case files hold them."""
    table = node.table(*TOKEN_KEYS, *DEAL_KEYS)
    return _token_rules(table, version), _deal_rules(table, version)


def token_rules_to_json(rules: TokenRules) -> dict[str, object]:
    """Return token-level parameters as JSON, every key written out."""
    protection = rules.report_protection
    return {
        "lead_minutes": rules.lead_time // _MINUTE,
        "lead_margin_minutes": rules.lead_margin // _MINUTE,
        "token_lifetime_hours": rules.token_lifetime // _HOUR,
        "binding_required": rules.binding_required.value,
        "short_lead": rules.short_lead.value,
        "report_protection_hours": protection and protection // _HOUR,
        "visit_protection_days": rules.visit_protection,
        "revisit_renews": rules.revisit_renews,
        "quota_day": rules.quota_day,
        "quota_open": rules.quota_open,
        "agent_quota_day": rules.agent_quota_day,
        "agent_quota_open": rules.agent_quota_open,
        "disclose_conflict": rules.disclose_conflict.value,
        "redeem_without_code": rules.redeem_without_code.value,
    }


def deal_rules_to_json(rules: DealRules) -> dict[str, object]:
    """Return deal-level parameters as JSON, every key written out, lists in order."""
    joint = rules.joint
    forever = rules.walk_in_protection is None
    return {
        "regime": rules.regime.value,
        "joint": joint.value if isinstance(joint, JointMode) else list(joint),
        "family": [one.value for one in Relation if one in rules.family],
        "walk_in_protection_days": "ever" if forever else rules.walk_in_protection,
        "owners_excluded": [one.value for one in Kind if one in rules.owners_excluded],
        "self_referral": rules.self_referral.value,
        "day_count": rules.day_count.value,
        "time_zone": rules.time_zone,
        "fixes_at": rules.fixes_at.value,
        "dispute_window_days": rules.dispute_window,
    }


def check_kind(rules: TokenRules, kind: Kind) -> None:
    """Refuse unbound tokens for agencies: a code could be kept for whoever walks in.

    Raises:
        RulebookInvalid: `binding_required` is none under an agency programme.
    """
    if kind is Kind.AGENCY and rules.binding_required is Binding.NONE:
        _book("binding_required").fail("none is refused for kind agency")


def period_end(start: datetime, days: Days, rules: DealRules) -> datetime:
    """Return the first instant after a period of days (rules §1.2-§1.3).

    `exact`: n x 24 h. `calendar`: 24:00 of day n in the project's time zone, where
    the day on which the period starts is day 0.
    """
    if rules.day_count is DayCount.EXACT:
        return start + timedelta(days=days)
    zone = ZoneInfo(rules.time_zone)
    day = start.astimezone(zone).date() + timedelta(days=days + 1)
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _book(path: str, value: object = None) -> Node:
    return Node(value=value, path=path, refuse=RulebookInvalid)


def _token_rules(table: Table, version: str) -> TokenRules:
    minutes, hours = 24 * 60, _LONGEST * 24
    protection = table.get("report_protection_hours", None)
    has_protection = table.has("report_protection_hours")
    return TokenRules(
        version=version,
        lead_time=table.get("lead_minutes", 30).whole(0, minutes) * _MINUTE,
        lead_margin=table.get("lead_margin_minutes", 10).whole(0, minutes) * _MINUTE,
        token_lifetime=table.get("token_lifetime_hours", 72).whole(1, hours) * _HOUR,
        binding_required=table.get("binding_required", "masked").choice(Binding),
        short_lead=table.get("short_lead", "walk_in").choice(ShortLead),
        report_protection=protection.whole(1, hours) * _HOUR
        if has_protection
        else None,
        visit_protection=_days(table.get("visit_protection_days", 30), 1),
        revisit_renews=table.get("revisit_renews", default=False).flag(),
        quota_day=table.get("quota_day", 200).whole(0, _MANY),
        quota_open=table.get("quota_open", 500).whole(0, _MANY),
        agent_quota_day=table.get("agent_quota_day", 30).whole(0, _MANY),
        agent_quota_open=table.get("agent_quota_open", 60).whole(0, _MANY),
        disclose_conflict=table.get("disclose_conflict", "at_visit").choice(
            DiscloseConflict
        ),
        redeem_without_code=table.get("redeem_without_code", "allow").choice(
            Permission
        ),
    )


def _deal_rules(table: Table, version: str) -> DealRules:
    family = table.get("family", ["spouse", "parent", "child"])
    excluded = table.get("owners_excluded", ["agency", "public"])
    return DealRules(
        version=version,
        regime=table.get("regime", "first_visit").choice(Regime),
        joint=_joint(table.get("joint", "winner_takes_all")),
        family=frozenset(node.choice(Relation) for node in family.items()),
        walk_in_protection=_walk_in_days(table.get("walk_in_protection_days", 45)),
        owners_excluded=frozenset(node.choice(Kind) for node in excluded.items()),
        self_referral=table.get("self_referral", "void").choice(SelfReferral),
        day_count=table.get("day_count", "exact").choice(DayCount),
        time_zone=table.get("time_zone", "Asia/Shanghai").zone().key,
        fixes_at=table.get("fixes_at", "subscription").choice(Stage),
        dispute_window=_days(table.get("dispute_window_days", 7), 0),
    )


def _days(node: Node, least: int) -> Days:
    return Days(node.whole(least, _LONGEST))


def _walk_in_days(node: Node) -> Days | None:
    return None if node.value == "ever" else _days(node, 0)


def _joint(node: Node) -> Joint:
    if isinstance(node.value, str):
        return node.choice(JointMode)
    # Whoever ranks first gets something, or would be outranked by nobody.
    weights = tuple(
        BasisPoints(item.whole(0 if rank else 1, WHOLE))
        for rank, item in enumerate(node.items())
    )
    if sum(weights) != WHOLE:
        node.fail("weights must sum to 10 000")
    return weights
