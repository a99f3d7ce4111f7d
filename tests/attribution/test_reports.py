"""Whether a report may be made, and what agents and the desk are told (rules §12)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from attribution.errors import (
    AgentSuspended,
    AttributionError,
    BindingRequired,
    CodeRequired,
    ProgrammeNotInForce,
    QuotaExceeded,
    VisitOverdue,
)
from attribution.ids import ChannelId, VisitId
from attribution.programmes import Agent, Kind, Programme
from attribution.referrals import ReferralToken
from attribution.rulebook import Binding, Permission, Regime, TokenRules
from attribution.rules.findings import Finding
from attribution.rules.reports import (
    Issued,
    check_quota,
    check_report,
    code_for_claim,
    code_for_token,
    code_in_ruling,
    confirmable,
)
from attribution.visits import Standing
from tests.attribution.facts import DAY, HOUR, START, a_programme, a_token, an_agent

US = timedelta(microseconds=1)
RULES = TokenRules(version="1")
UNBOUND = replace(RULES, binding_required=Binding.NONE)


@pytest.mark.parametrize(
    ("agent", "programme", "rules", "binding", "refusal"),
    [
        (
            an_agent(),
            replace(a_programme(), in_force_from=START + US),
            RULES,
            Binding.MASKED,
            ProgrammeNotInForce,
        ),
        (an_agent("A", START), a_programme(), RULES, Binding.MASKED, AgentSuspended),
        (
            replace(an_agent(), channel_suspended_from=START),
            a_programme(),
            RULES,
            Binding.MASKED,
            AgentSuspended,
        ),
        (an_agent(), a_programme(), RULES, Binding.OPENED, BindingRequired),
        (an_agent(), a_programme(), UNBOUND, Binding.NONE, BindingRequired),
    ],
)
def test_a_report_that_could_never_count_is_refused(
    agent: Agent,
    programme: Programme,
    rules: TokenRules,
    binding: Binding,
    refusal: type[AttributionError],
) -> None:
    with pytest.raises(refusal):
        check_report(agent, programme, rules, binding=binding, at=START)


def test_a_report_that_may_count_is_let_through() -> None:
    check_report(
        an_agent("A", START + US),
        a_programme(kind=Kind.STAFF),
        UNBOUND,
        binding=Binding.NONE,
        at=START,
    )


@pytest.mark.parametrize(
    ("issued", "is_full"),
    [
        ((199, 499, 29, 59), False),
        ((200, 0, 0, 0), True),
        ((0, 500, 0, 0), True),
        ((0, 0, 30, 0), True),
        ((0, 0, 0, 60), True),
    ],
)
def test_quotas_are_for_the_day_and_for_live_tokens(
    issued: tuple[int, int, int, int], *, is_full: bool
) -> None:
    day, live, agent_day, agent_live = issued
    counts = Issued(
        channel_day=day, channel_open=live, agent_day=agent_day, agent_open=agent_live
    )

    try:
        check_quota(counts, RULES)
        refused = False
    except QuotaExceeded:
        refused = True

    assert refused is is_full


def test_a_forgotten_code_finds_the_live_reports_earliest_first() -> None:
    tokens = [
        a_token(3, issued_at=START + HOUR),
        a_token(2),
        a_token(4, revoked_at=START),
        a_token(5, redeemed_at=START),
        a_token(6, issued_at=START - 3 * DAY),
    ]

    found = confirmable(tokens, {"1": RULES}, at=START + HOUR)

    assert [token.id for token in found] == ["t2", "t3"]


@pytest.mark.parametrize(
    ("tokens", "at", "refusal"),
    [
        ([a_token()], START + 3 * DAY, VisitOverdue),
        ([a_token()], START + HOUR, CodeRequired),
    ],
)
def test_a_forgotten_code_cannot_always_be_replaced(
    tokens: list[ReferralToken], at: datetime, refusal: type[AttributionError]
) -> None:
    strict = replace(RULES, redeem_without_code=Permission.REFUSE)

    with pytest.raises(refusal):
        confirmable(tokens, {"1": strict}, at=at)


@pytest.mark.parametrize("tokens", [[], [a_token(issued_at=START + 9 * DAY)]])
def test_nobody_reported_a_walk_in(tokens: list[ReferralToken]) -> None:
    assert confirmable(tokens, {"1": RULES}, at=START + HOUR) == []


@pytest.mark.parametrize(
    ("finding", "regime", "code"),
    [
        (Finding.WINS, Regime.FIRST_VISIT, "OK"),
        (Finding.OUTRANKED, Regime.FIRST_VISIT, "VISITED_BY_OTHER"),
        (Finding.OUTRANKED, Regime.FIRST_REPORT, "REPORTED_BY_OTHER"),
        (Finding.WALK_IN_FIRST, Regime.FIRST_VISIT, "KNOWN_CLIENT"),
        (Finding.EXISTING_OWNER, Regime.FIRST_VISIT, "PROJECT_OWNER"),
        (Finding.PROTECTED_BY_OTHER, Regime.FIRST_REPORT, "PROTECTED"),
        (Finding.PROTECTION_OVER, Regime.FIRST_VISIT, "DEAL_OVERDUE"),
        (Finding.DESK_STAFF, Regime.FIRST_VISIT, "DESK_STAFF"),
    ],
)
def test_agents_are_told_by_the_codes_of_section_12(
    finding: Finding, regime: Regime, code: str
) -> None:
    assert code_for_claim(finding, regime) == code


RULING: dict[str, Any] = {
    "visits": [
        {"visit": "v0", "finding": "LEAD_TIME_TOO_SHORT", "facts": [5]},
        {"visit": "v1", "finding": "VALID_REFERRAL", "facts": [15]},
        {"visit": "v2", "finding": "VALID_REFERRAL", "facts": [25]},
        {"visit": "v3", "finding": "VALID_REFERRAL", "facts": [35]},
        {"visit": "v4", "finding": "VALID_REFERRAL", "facts": [45]},
    ],
    "claims": [
        {"channel": "A", "finding": "PROTECTION_OVER", "facts": [10, 15]},
        {"channel": "B", "finding": "OUTRANKED", "facts": [20, 25, 30, 35]},
        {"channel": "A", "finding": "WINS", "facts": [30, 35]},
        {"channel": "C", "finding": "WALK_IN_FIRST", "facts": [40, 45, 5]},
    ],
}


@pytest.mark.parametrize(
    ("visit", "channel", "code"),
    [
        ("v1", "A", "DEAL_OVERDUE"),
        ("v2", "B", "VISITED_BY_OTHER"),
        ("v3", "A", "OK"),
        ("v2", "A", None),
        ("v5", "A", None),
        ("v4", "C", "KNOWN_CLIENT"),
        ("v0", "C", None),
    ],
)
def test_an_agent_is_told_of_the_claim_that_the_own_visit_belongs_to(
    visit: str, channel: str, code: str | None
) -> None:
    found = code_in_ruling(
        RULING,
        visit_id=VisitId(visit),
        channel_id=ChannelId(channel),
        regime=Regime.FIRST_VISIT,
    )

    assert found == code


@pytest.mark.parametrize(
    ("standing", "code"),
    [
        (Standing.VALID_REFERRAL, "OK"),
        (Standing.LEAD_TIME_TOO_SHORT, "LEAD_TIME_TOO_SHORT"),
        (Standing.AGENT_SUSPENDED, "AGENT_SUSPENDED"),
    ],
)
def test_agents_are_told_how_the_visit_stands(standing: Standing, code: str) -> None:
    token = a_token(redeemed_at=START)

    assert code_for_token(token, standing=standing, at=START + DAY) == code


@pytest.mark.parametrize(
    ("token", "at", "code"),
    [
        (a_token(), 3 * DAY - US, "OK"),
        (a_token(), 3 * DAY, "VISIT_OVERDUE"),
        (a_token(redeemed_at=START), 3 * DAY, "OK"),
        (a_token(revoked_at=START), DAY, "TOKEN_REVOKED"),
    ],
)
def test_agents_are_told_how_a_token_stands(
    token: ReferralToken, at: timedelta, code: str
) -> None:
    assert code_for_token(token, at=START + at) == code
