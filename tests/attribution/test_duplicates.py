"""What earlier facts say to a new report (rules §5, §12)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from attribution.ids import AgentId, ChannelId, VisitorTag
from attribution.owners import Owner, OwnerMark
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


def codes(  # noqa: PLR0913 (each test names what it is about)
    *,
    at: timedelta = DAY,
    index: int = 1_000,
    visited: timedelta | None = None,
    tokens: Sequence[ReferralToken] = (),
    visits: Sequence[tuple[Visit, ReferralToken | None]] = (),
    owners: Sequence[Owner] = (),
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
        order=(START + at, index),
        visited=None if visited is None else (START + visited, 2_000),
    )
    earlier = EarlierFacts(
        tokens=tuple(tokens),
        visits=tuple(visit for visit, _ in visits),
        referrals={visit.id: token for visit, token in visits if token is not None},
        owners=tuple(owners),
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
    ("owner", "kind", "found"),
    [
        (Owner(tag=PHONE), Kind.AGENCY, ["PROJECT_OWNER"]),
        (Owner(tag=PHONE, mark=OwnerMark.GROUP), Kind.PUBLIC, ["GROUP_OWNER"]),
        (Owner(tag=MASK), Kind.AGENCY, ["PROJECT_OWNER?"]),
        (Owner(tag=PHONE), Kind.RESIDENT, []),
        (Owner(tag=ID_CARD), Kind.AGENCY, []),
    ],
)
def test_owners_are_found_where_they_are_excluded(
    owner: Owner, kind: Kind, found: list[str]
) -> None:
    assert codes(owners=[owner], kind=kind) == found


@pytest.mark.parametrize(
    ("marked", "index", "found"),
    [
        (DAY - US, 1_001, ["PROJECT_OWNER"]),
        (DAY, 999, ["PROJECT_OWNER"]),
        (DAY, 1_000, []),
        (DAY, None, []),
        (DAY - US, None, ["PROJECT_OWNER"]),
        (DAY + US, 999, []),
    ],
)
def test_an_owner_marked_after_the_report_is_no_conflict_of_it(
    marked: timedelta, index: int | None, found: list[str]
) -> None:
    owner = Owner(tag=PHONE, marked_at=START + marked, log_index=index)

    assert codes(owners=[owner], visited=9 * DAY) == found


@pytest.mark.parametrize(
    ("arrived", "index", "found"),
    [
        (DAY - US, 9_995, ["KNOWN_CLIENT"]),
        (DAY, 995, ["KNOWN_CLIENT"]),
        (DAY, 1_005, []),
        (DAY + US, 5, []),
        (2 * DAY, 5, []),
    ],
)
def test_a_walk_in_between_the_report_and_the_visit_makes_no_known_client(
    arrived: timedelta, index: int, found: list[str]
) -> None:
    walk_in = replace(a_visit(arrived_at=START + arrived), log_index=index)

    assert codes(visits=[(walk_in, None)], visited=3 * DAY) == found


@pytest.mark.parametrize("deal", [DEAL_RULES, FIRST_REPORT])
@pytest.mark.parametrize(
    ("issued", "index", "is_earlier"),
    [
        (DAY - US, 2_000, True),
        (DAY, 999, True),
        (DAY, 1_001, False),
        (DAY + US, 0, False),
    ],
)
def test_the_later_report_of_another_channel_is_no_conflict(
    issued: timedelta, index: int, *, is_earlier: bool, deal: DealRules
) -> None:
    token = replace(a_token(2, channel="B", issued_at=START + issued), log_index=index)
    under = ["PROTECTED"] if deal is FIRST_REPORT else []

    found = codes(tokens=[token], visited=2 * DAY, deal=deal)

    assert found == ([*under, "REPORTED_BY_OTHER"] if is_earlier else [])


@pytest.mark.parametrize(("issued", "is_earlier"), [(DAY - US, True), (DAY, False)])
def test_ones_own_later_report_is_no_conflict(
    issued: timedelta, *, is_earlier: bool
) -> None:
    token = replace(a_token(1, issued_at=START + issued), log_index=1_001)

    found = codes(tokens=[token], visited=2 * DAY)

    assert found == (["REPORTED_BY_YOU"] if is_earlier else [])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (3 * DAY - US, ["PROTECTED", "REPORTED_BY_OTHER"]),
        (3 * DAY, ["REPORTED_BY_OTHER"]),
    ],
)
def test_a_report_that_expired_with_nobody_come_protects_nothing(
    asked: timedelta, found: list[str]
) -> None:
    assert codes(tokens=[OTHERS], visited=asked, deal=FIRST_REPORT) == found


@pytest.mark.parametrize(
    ("regime", "arrived", "index", "found"),
    [
        (Regime.FIRST_VISIT, 2 * DAY - US, 9_999, ["VISITED_BY_OTHER"]),
        (Regime.FIRST_VISIT, 2 * DAY, 1_999, ["VISITED_BY_OTHER"]),
        (Regime.FIRST_VISIT, 2 * DAY, 2_001, []),
        (Regime.LAST_VISIT, 2 * DAY - US, 9_999, ["VISITED_BY_OTHER"]),
        (Regime.LAST_VISIT, 2 * DAY, 2_001, []),
        (Regime.FIRST_REPORT, DAY - US, 9_999, ["VISITED_BY_OTHER"]),
        (Regime.FIRST_REPORT, DAY, 999, ["VISITED_BY_OTHER"]),
        (Regime.FIRST_REPORT, DAY, 1_001, []),
    ],
)
def test_a_visit_of_another_channel_counts_up_to_the_own_one_where_visits_decide(
    regime: Regime, arrived: timedelta, index: int, found: list[str]
) -> None:
    visit = replace(referred(OTHERS), arrived_at=START + arrived, log_index=index)
    deal = DealRules(version="1", regime=regime)

    told = codes(visits=[(visit, OTHERS)], visited=2 * DAY, deal=deal)

    assert [code for code in told if code != "PROTECTED"] == found


@pytest.mark.parametrize(
    ("came", "found"),
    [(30 * DAY + HOUR - US, ["VISITED_BY_OTHER"]), (30 * DAY + HOUR, [])],
)
def test_a_visit_that_protects_no_longer_when_the_client_comes_is_no_conflict(
    came: timedelta, found: list[str]
) -> None:
    assert codes(visits=[(referred(OTHERS), OTHERS)], visited=came) == found


UNBOUND = a_token(2, channel="B", tag=None)
IN_TIME = replace(referred(OTHERS), arrived_at=START + 2 * DAY)
LATE = replace(referred(OTHERS), arrived_at=START + 3 * DAY)


@pytest.mark.parametrize(
    ("visit", "token", "at", "found"),
    [
        # Reported before, come after: void under first_report, as the ruling says.
        (IN_TIME, OTHERS, DAY, True),
        (IN_TIME, OTHERS, 31 * DAY, True),
        (IN_TIME, OTHERS, 32 * DAY, False),
        # A visit at the end of the report's protection adds nothing to it.
        (LATE, OTHERS, 3 * DAY - US, True),
        (LATE, OTHERS, 3 * DAY, False),
        # Bound to nobody until the visit: that is when it was reported.
        (referred(UNBOUND), UNBOUND, HOUR, False),
        (referred(UNBOUND), UNBOUND, HOUR + US, True),
    ],
)
def test_under_first_report_a_claim_reported_before_protects(
    visit: Visit, token: ReferralToken, at: timedelta, *, found: bool
) -> None:
    told = codes(
        visits=[(visit, token)], at=at, index=0, visited=40 * DAY, deal=FIRST_REPORT
    )

    assert ("PROTECTED" in told) is found


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


def test_under_first_report_a_visit_too_late_for_its_report_protects_nothing() -> None:
    again = a_visit(2, arrived_at=START + 4 * DAY)
    visits = [(LATE, OTHERS), (again, None)]

    assert codes(visits=visits, at=5 * DAY, deal=FIRST_REPORT) == ["KNOWN_CLIENT"]


def test_certain_conflicts_come_before_possible_ones() -> None:
    found = codes(
        tokens=[a_token(3, tag=MASK), OTHERS],
        owners=[Owner(tag=MASK, mark=OwnerMark.GROUP)],
    )

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
        order=(START + DAY, 1_000),
    )
    earlier = EarlierFacts(
        tokens=tuple(tokens),
        referrals={},
        token_rules={},
        deal_rules=DealRules(version="1"),
    )

    conflict = disclosed(conflicts_of(report, earlier), policy, moment)

    assert (conflict and conflict.kind.code) == told
