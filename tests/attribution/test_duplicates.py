"""What earlier facts say to a new report (rules §5, §12)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

import pytest

from attribution.ids import AgentId, ChannelId, VisitorTag
from attribution.programmes import Kind
from attribution.referrals import ReferralToken
from attribution.rulebook import (
    Days,
    DealRules,
    DiscloseConflict,
    Regime,
    ShortLead,
    TokenRules,
)
from attribution.rules.duplicates import (
    EarlierFacts,
    NewReport,
    OwnerMark,
    conflicts_of,
    disclosed,
)
from attribution.visits import Standing, Visit
from tests.attribution.facts import (
    DAY,
    HOUR,
    ID_CARD,
    MASK,
    PHONE,
    START,
    a_token,
    a_visit,
)

US = timedelta(microseconds=1)
MINE, OTHERS = a_token(1), a_token(2, channel="B")


def referred(token: ReferralToken, number: int = 1, hours: float = 1) -> Visit:
    return a_visit(
        number,
        token=token,
        standing=Standing.VALID_REFERRAL,
        arrived_at=START + hours * HOUR,
    )


TOKEN_RULES, DEAL_RULES = TokenRules(version="1"), DealRules(version="1")
FIRST_REPORT = DealRules(version="1", regime=Regime.FIRST_REPORT)


def codes(
    *,
    at: timedelta = DAY,
    tokens: Sequence[ReferralToken] = (),
    visits: Sequence[tuple[Visit, ReferralToken | None]] = (),
    owners: Mapping[VisitorTag, OwnerMark] = MappingProxyType({}),
    kind: Kind = Kind.AGENCY,
    rules: TokenRules = TOKEN_RULES,
    deal: DealRules = DEAL_RULES,
) -> list[str]:
    """Return the codes told to agent-A; `?` marks what is only possible."""
    report = NewReport(
        agent_id=AgentId("agent-A"),
        channel_id=ChannelId("A"),
        kind=kind,
        tags=frozenset({PHONE, MASK}),
        at=START + at,
    )
    earlier = EarlierFacts(
        tokens=tuple(tokens),
        visits=tuple(visit for visit, _ in visits),
        referrals={visit.id: token for visit, token in visits if token is not None},
        owners=owners,
        token_rules={"1": rules},
        deal_rules=deal,
    )
    return [
        conflict.kind.code + "?" * conflict.is_possible
        for conflict in conflicts_of(report, earlier)
    ]


def test_of_an_unknown_client_nothing_is_said() -> None:
    stranger = (a_visit(tags=frozenset({ID_CARD})), None)

    assert codes(tokens=[a_token(3, tag=ID_CARD)], visits=[stranger]) == []


@pytest.mark.parametrize(
    ("token", "at", "found"),
    [
        (MINE, 3 * DAY - US, ["REPORTED_BY_YOU"]),
        (MINE, 3 * DAY, []),
        (a_token(3, tag=MASK), DAY, ["REPORTED_BY_YOU?"]),
        (OTHERS, 3 * DAY - US, ["REPORTED_BY_OTHER"]),
        (OTHERS, 3 * DAY, []),
        (a_token(3, channel="B", tag=MASK), DAY, ["REPORTED_BY_OTHER?"]),
        (a_token(3, channel="B", tag=None), DAY, []),
    ],
)
def test_live_reports_of_the_same_client_are_found(
    token: ReferralToken, at: timedelta, found: list[str]
) -> None:
    assert codes(tokens=[token], at=at) == found


@pytest.mark.parametrize(
    ("owners", "kind", "found"),
    [
        ({PHONE: OwnerMark.PROJECT}, Kind.AGENCY, ["PROJECT_OWNER"]),
        ({PHONE: OwnerMark.GROUP}, Kind.PUBLIC, ["GROUP_OWNER"]),
        ({MASK: OwnerMark.PROJECT}, Kind.AGENCY, ["PROJECT_OWNER?"]),
        ({PHONE: OwnerMark.PROJECT}, Kind.RESIDENT, []),
        ({ID_CARD: OwnerMark.PROJECT}, Kind.AGENCY, []),
    ],
)
def test_owners_are_found_where_they_are_excluded(
    owners: dict[VisitorTag, OwnerMark], kind: Kind, found: list[str]
) -> None:
    assert codes(owners=owners, kind=kind) == found


@pytest.mark.parametrize(
    ("at", "days", "found"),
    [
        (45 * DAY + HOUR - US, Days(45), ["KNOWN_CLIENT"]),
        (45 * DAY + HOUR, Days(45), []),
        (900 * DAY, None, ["KNOWN_CLIENT"]),
    ],
)
def test_a_walk_in_makes_a_known_client_as_long_as_it_counts(
    at: timedelta, days: Days | None, found: list[str]
) -> None:
    deal = DealRules(version="1", walk_in_protection=days)

    assert codes(visits=[(a_visit(), None)], at=at, deal=deal) == found


@pytest.mark.parametrize(
    ("standing", "short_lead", "found"),
    [
        (Standing.LEAD_TIME_TOO_SHORT, ShortLead.WALK_IN, ["KNOWN_CLIENT"]),
        (Standing.LEAD_TIME_TOO_SHORT, ShortLead.VOID, []),
        (Standing.AGENT_SUSPENDED, ShortLead.VOID, ["KNOWN_CLIENT"]),
        (Standing.TOKEN_EXPIRED, ShortLead.VOID, []),
    ],
)
def test_what_counts_as_a_walk_in_makes_a_known_client_too(
    standing: Standing, short_lead: ShortLead, found: list[str]
) -> None:
    visit = a_visit(token=MINE, standing=standing)
    rules = TokenRules(version="1", short_lead=short_lead)

    assert codes(visits=[(visit, MINE)], rules=rules) == found


def test_a_masked_hit_is_only_possible() -> None:
    visit = a_visit(tags=frozenset({MASK}))

    assert codes(visits=[(visit, None)]) == ["KNOWN_CLIENT?"]


@pytest.mark.parametrize(
    ("hours", "tags", "found"),
    [
        (24, {PHONE}, []),
        (0, {PHONE}, ["KNOWN_CLIENT"]),
        (30 * 24 + 1, {PHONE}, ["KNOWN_CLIENT"]),
        (24, {MASK}, ["KNOWN_CLIENT?"]),
    ],
)
def test_a_revisit_makes_no_known_client(
    hours: int, tags: set[VisitorTag], found: list[str]
) -> None:
    again = a_visit(2, arrived_at=START + hours * HOUR, tags=frozenset(tags))

    visits = [(referred(MINE), MINE), (again, None)]

    assert codes(visits=visits, at=31 * DAY) == found


@pytest.mark.parametrize(
    ("token", "at", "found"),
    [
        (OTHERS, 30 * DAY + HOUR - US, ["VISITED_BY_OTHER"]),
        (OTHERS, 30 * DAY + HOUR, []),
        (MINE, DAY, []),
    ],
)
def test_a_visit_by_another_channel_is_found_while_it_protects(
    token: ReferralToken, at: timedelta, found: list[str]
) -> None:
    assert codes(visits=[(referred(token), token)], at=at) == found


@pytest.mark.parametrize(
    ("tokens", "visits", "at", "found"),
    [
        ([OTHERS], [], DAY, ["PROTECTED", "REPORTED_BY_OTHER"]),
        ([OTHERS], [], 3 * DAY, []),
        ([MINE], [], DAY, ["REPORTED_BY_YOU"]),
        ([a_token(2, channel="B", revoked_at=START)], [], DAY, []),
        (
            [],
            [(referred(OTHERS), OTHERS)],
            30 * DAY,
            ["PROTECTED", "VISITED_BY_OTHER"],
        ),
    ],
)
def test_under_first_report_protection_is_said_first(
    tokens: list[ReferralToken],
    visits: list[tuple[Visit, ReferralToken | None]],
    at: timedelta,
    found: list[str],
) -> None:
    assert codes(tokens=tokens, visits=visits, at=at, deal=FIRST_REPORT) == found


def test_certain_conflicts_come_before_possible_ones() -> None:
    found = codes(tokens=[a_token(3, tag=MASK), OTHERS], owners={MASK: OwnerMark.GROUP})

    assert found == ["REPORTED_BY_OTHER", "REPORTED_BY_YOU?", "GROUP_OWNER?"]


AT_ISSUE, AT_VISIT = DiscloseConflict.AT_ISSUE, DiscloseConflict.AT_VISIT


@pytest.mark.parametrize(
    ("tokens", "policy", "moment", "told"),
    [
        ([OTHERS], AT_ISSUE, AT_ISSUE, "REPORTED_BY_OTHER"),
        ([OTHERS], AT_VISIT, AT_ISSUE, None),
        ([OTHERS], AT_VISIT, AT_VISIT, "REPORTED_BY_OTHER"),
        ([OTHERS], DiscloseConflict.NEVER, AT_VISIT, None),
        ([MINE, OTHERS], DiscloseConflict.NEVER, AT_ISSUE, "REPORTED_BY_YOU"),
        ([], AT_ISSUE, AT_ISSUE, None),
    ],
)
def test_5_1_a_conflict_is_told_when_the_rulebook_says(
    tokens: list[ReferralToken],
    policy: DiscloseConflict,
    moment: DiscloseConflict,
    told: str | None,
) -> None:
    report = NewReport(
        agent_id=AgentId("agent-A"),
        channel_id=ChannelId("A"),
        kind=Kind.AGENCY,
        tags=frozenset({PHONE}),
        at=START + DAY,
    )
    earlier = EarlierFacts(
        tokens=tuple(tokens),
        referrals={},
        owners={},
        token_rules={},
        deal_rules=DealRules(version="1"),
    )

    conflict = disclosed(conflicts_of(report, earlier), policy, moment)

    assert (conflict and conflict.kind.code) == told
