"""The rules, paragraph by paragraph: both sides of every boundary (rules.md §1-§9)."""

import pytest

from tests.attribution.paper import (
    AGENTS,
    DAY,
    HOUR,
    MINUTE,
    PROGRAMMES,
    US,
    Json,
    at,
    case,
    document,
    issue,
    masked,
    phone,
    revoke,
    rulings_of,
    signing,
    summaries,
    visit,
)

REPORT = issue("t1", "wang", at(0, 9 * HOUR))
VISIT = visit("v1", at(0, 14 * HOUR), "t1")
OTHER_REPORT = issue("t2", "li", at(0, 10 * HOUR))
OTHER_VISIT = visit("v2", at(0, 15 * HOUR), "t2")
SIGNING = signing(at(10))
WON = "A=10000; A/t1 WINS; v1 VALID_REFERRAL"
VISITED = at(0, 14 * HOUR)


def check(file: Json, expected: str) -> None:
    assert summaries(file) == [expected]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(
            [
                {**REPORT, "at": "2026-03-01T01:00:00Z"},
                {**VISIT, "at": "2026-03-01T06:00:00.000000+00:00"},
                SIGNING,
            ],
            WON,
            id="1.1 instants are compared in UTC, whatever their offset",
        ),
        pytest.param(
            [REPORT, VISIT, signing(at(30, 14 * HOUR - US))],
            WON,
            id="1.2 the last microsecond of protection is inside",
        ),
        pytest.param(
            [REPORT, VISIT, signing(at(30, 14 * HOUR))],
            "natural; A/t1 PROTECTION_OVER; v1 VALID_REFERRAL",
            id="1.2 the end of protection is outside",
        ),
        pytest.param(
            [
                {**REPORT, "log": 1},
                {**OTHER_REPORT, "log": 2},
                {**OTHER_VISIT, "at": VISITED, "log": 3},
                {**VISIT, "log": 4},
                {**SIGNING, "log": 5},
            ],
            "B=10000; A/t1 OUTRANKED, B/t2 WINS; v2 VALID_REFERRAL, v1 VALID_REFERRAL",
            id="1.4 two visits at one instant: the first logged is first",
        ),
        pytest.param(
            [
                {**visit("v0", at(0, 9 * HOUR)), "log": 1},
                {**REPORT, "log": 2},
                {**VISIT, "log": 3},
                {**SIGNING, "log": 4},
            ],
            "natural; A/t1 WALK_IN_FIRST; v0 WALK_IN, v1 VALID_REFERRAL",
            id="1.4 a walk-in at the instant of the report, logged before it",
        ),
        pytest.param(
            [
                {**visit("v0", at(0, 9 * HOUR)), "log": 2},
                {**REPORT, "log": 1},
                {**VISIT, "log": 3},
                {**SIGNING, "log": 4},
            ],
            "A=10000; A/t1 WINS; v0 WALK_IN, v1 VALID_REFERRAL",
            id="1.4 a walk-in at the instant of the report, logged after it",
        ),
        pytest.param(
            [REPORT, VISIT, signing(VISITED)],
            WON,
            id="1.4 a visit at the instant of the signing, logged before it",
        ),
        pytest.param(
            [REPORT, signing(VISITED), VISIT],
            "natural; ; ",
            id="1.4 a visit at the instant of the signing, logged after it",
        ),
        pytest.param(
            [REPORT, VISIT, SIGNING, visit("v0", at(-1))],
            "A=10000; A/t1 WINS; v0 LATE_EVIDENCE, v1 VALID_REFERRAL",
            id="1.5 an earlier walk-in logged after the signing is only listed",
        ),
        pytest.param(
            [REPORT, SIGNING, VISIT],
            "natural; ; v1 LATE_EVIDENCE",
            id="1.5 a referred visit logged after the signing makes no claim",
        ),
        pytest.param(
            [VISIT, SIGNING, REPORT],
            "natural; ; v1 TOKEN_UNKNOWN",
            id="1.5 a report logged after the signing is not seen",
        ),
        pytest.param(
            [REPORT, VISIT, SIGNING, revoke("t1", at(0, 10 * HOUR))],
            WON,
            id="1.5 a revocation logged after the signing is not seen",
        ),
        pytest.param(
            [REPORT, VISIT, visit("v2", at(11)), SIGNING],
            WON,
            id="1.5 what happened after the signing is not even listed",
        ),
    ],
)
def test_time_and_order(facts: list[Json], expected: str) -> None:
    check(case(*facts), expected)


@pytest.mark.parametrize(
    ("zone", "signed_at", "expected"),
    [
        ("Asia/Shanghai", "2026-03-31T23:59:59.999999+08:00", "WINS"),
        ("Asia/Shanghai", "2026-04-01T00:00:00+08:00", "PROTECTION_OVER"),
        ("Europe/Paris", "2026-03-31T23:59:59.999999+02:00", "WINS"),
        ("Europe/Paris", "2026-04-01T00:00:00+02:00", "PROTECTION_OVER"),
    ],
)
def test_1_3_calendar_days_end_at_midnight_of_the_zone(
    zone: str, signed_at: str, expected: str
) -> None:
    rules = {"day_count": "calendar", "time_zone": zone}

    found = summaries(case(REPORT, VISIT, signing(signed_at), rulebook=rules))

    assert expected in found[0]


@pytest.mark.parametrize(
    ("days", "reported_at", "finding"),
    [
        (45, at(45, 10 * HOUR - US), "WALK_IN_FIRST"),
        (45, at(45, 10 * HOUR), "WINS"),
        (3, at(3, 10 * HOUR - US), "WALK_IN_FIRST"),
        (3, at(3, 10 * HOUR), "WINS"),
        (0, at(0, 10 * HOUR + US), "WINS"),
        ("ever", at(400), "WALK_IN_FIRST"),
    ],
)
def test_8_1_a_walk_in_defeats_for_as_long_as_agreed(
    days: object, reported_at: str, finding: str
) -> None:
    later = {**SIGNING, "at": at(401, 2 * HOUR)}
    token = issue("t1", "wang", reported_at)
    file = case(
        visit("v0", at(0, 10 * HOUR)),
        token,
        visit("v1", _after(reported_at), "t1"),
        later,
        rulebook={"walk_in_protection_days": days, "visit_protection_days": 500},
    )

    check(file, _natural_or_won(finding) + "v0 WALK_IN, v1 VALID_REFERRAL")


def _after(instant: str) -> str:
    day, rest = instant.split("T")
    return f"{day}T{int(rest[:2]) + 1:02}{rest[2:]}"


def _natural_or_won(finding: str) -> str:
    share = "A=10000" if finding == "WINS" else "natural"
    return f"{share}; A/t1 {finding}; "


@pytest.mark.parametrize(
    ("issued", "visited", "rules", "finding"),
    [
        pytest.param(REPORT, at(3, 9 * HOUR - US), {}, "VALID", id="4.1 just in time"),
        pytest.param(REPORT, at(3, 9 * HOUR), {}, "TOKEN_EXPIRED", id="4.1 expired"),
        pytest.param(
            REPORT, at(0, 9 * HOUR), {"lead_minutes": 0}, "VALID", id="4.1 at issue"
        ),
        pytest.param(
            REPORT, at(0, 9 * HOUR - US), {}, "TOKEN_UNKNOWN", id="4.1 before issue"
        ),
        pytest.param(
            REPORT, at(0, 9 * HOUR + 30 * MINUTE), {}, "VALID", id="4.3 lead just met"
        ),
        pytest.param(
            REPORT,
            at(0, 9 * HOUR + 30 * MINUTE - US),
            {},
            "LEAD_TIME_TOO_SHORT",
            id="4.3 a microsecond short",
        ),
        pytest.param(
            issue("t1", "wang", at(0), binding="full", client=phone()),
            at(1),
            {},
            "VALID",
            id="4.2 full, the same number",
        ),
        pytest.param(
            issue("t1", "wang", at(0), binding="full", client=phone(1)),
            at(1),
            {},
            "BINDING_MISMATCH",
            id="4.2 full, another number",
        ),
        pytest.param(
            issue("t1", "wang", at(0), binding="masked", client=masked(1)),
            at(1),
            {},
            "BINDING_MISMATCH",
            id="4.2 masked, other digits",
        ),
        pytest.param(
            issue(
                "t1",
                "wang",
                at(0),
                binding="masked",
                client={"kind": "cn-mobile-4-3", "value": "1380****000"},
            ),
            at(1),
            {},
            "VALID",
            id="4.2 masked, first four and last three",
        ),
        pytest.param(
            issue(
                "t1",
                "wang",
                at(0),
                binding="masked",
                client={"kind": "cn-mobile-3-6", "value": "138**138000"},
            ),
            at(1),
            {},
            "VALID",
            id="4.2 masked, first three and last six",
        ),
        pytest.param(
            issue("t1", "wang", at(0), binding="opened", opened_at=at(0, HOUR)),
            at(0, HOUR + 30 * MINUTE),
            {},
            "VALID",
            id="2 opened thirty minutes before",
        ),
        pytest.param(
            issue("t1", "wang", at(0), binding="opened", opened_at=at(0, HOUR)),
            at(0, HOUR + 30 * MINUTE - US),
            {},
            "LEAD_TIME_TOO_SHORT",
            id="2 opened too late, though issued long before",
        ),
        pytest.param(
            issue("t1", "wang", at(0), binding="opened"),
            at(1),
            {},
            "LEAD_TIME_TOO_SHORT",
            id="2 never opened: bound by the redemption",
        ),
        pytest.param(
            issue(
                "t1",
                "wang",
                at(0),
                binding="opened",
                opened_at=at(1, HOUR),
                client=phone(1),
            ),
            at(1),
            {"lead_minutes": 0},
            "VALID",
            id="2 opened by another, but only after the visit",
        ),
        pytest.param(
            issue(
                "t1",
                "wang",
                at(0),
                binding="opened",
                opened_at=at(0),
                client=phone(1),
            ),
            at(1),
            {},
            "BINDING_MISMATCH",
            id="4.2 opened by another",
        ),
        pytest.param(
            issue("t1", "wang", at(0), binding="none"),
            at(0, 30 * MINUTE),
            {},
            "VALID",
            id="4.3 no binding asked: the lead counts from the issue",
        ),
        pytest.param(
            issue("t1", "wang", at(0), binding="none"),
            at(0, 30 * MINUTE - US),
            {},
            "LEAD_TIME_TOO_SHORT",
            id="4.3 no binding asked: issued too late",
        ),
        pytest.param(
            issue("t1", "wang", at(0), binding="opened"),
            at(1),
            {"lead_minutes": 0},
            "VALID",
            id="2 never opened, where no lead is asked",
        ),
    ],
)
def test_the_standing_of_a_visit(
    issued: Json, visited: str, rules: Json, finding: str
) -> None:
    found = summaries(case(issued, visit("v1", visited, "t1"), SIGNING, rulebook=rules))

    assert found[0].split("; ")[2].startswith(f"v1 {finding}")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(
            [visit("v1", at(1), "t9"), SIGNING],
            "natural; ; v1 TOKEN_UNKNOWN",
            id="4.1 a token nobody issued",
        ),
        pytest.param(
            [REPORT, revoke("t1", at(0, 14 * HOUR - US)), VISIT, SIGNING],
            "natural; ; v1 TOKEN_REVOKED",
            id="4.1 revoked just before",
        ),
        pytest.param(
            [REPORT, VISIT, revoke("t1", at(0, 14 * HOUR + US)), SIGNING],
            WON,
            id="4.1 revoked just after",
        ),
        pytest.param(
            [REPORT, VISIT, revoke("t1", VISITED), SIGNING],
            WON,
            id="4.1 revoked at the instant of the visit, logged after it",
        ),
        pytest.param(
            [REPORT, revoke("t1", VISITED), VISIT, SIGNING],
            "natural; ; v1 TOKEN_REVOKED",
            id="4.1 revoked at the instant of the visit, logged before it",
        ),
        pytest.param(
            [REPORT, revoke("t1", at(3)), visit("v1", at(4), "t1"), SIGNING],
            "natural; ; v1 TOKEN_REVOKED",
            id="4.4 revoked is said before expired",
        ),
        pytest.param(
            [REPORT, VISIT, visit("v2", at(5), "t1"), SIGNING],
            "A=10000; A/t1 WINS; v1 VALID_REFERRAL, v2 TOKEN_EXPIRED",
            id="4.4 expired is said before used",
        ),
        pytest.param(
            [REPORT, VISIT, visit("v2", at(2), "t1"), SIGNING],
            "A=10000; A/t1 WINS; v1 VALID_REFERRAL, v2 TOKEN_USED",
            id="4.1 one token makes one visit",
        ),
        pytest.param(
            [
                REPORT,
                visit("v1", at(0, 9 * HOUR), "t1"),
                visit("v2", VISITED, "t1"),
                SIGNING,
            ],
            "natural; ; v1 LEAD_TIME_TOO_SHORT, v2 TOKEN_USED",
            id="4.3 a lead too short uses the token",
        ),
        pytest.param(
            [
                REPORT,
                VISIT,
                visit("v2", at(2), "t1", identifiers=[phone(1)]),
                signing(at(10), buyers=[[phone()], [phone(1)]]),
            ],
            "A=10000; A/t1 WINS; v1 VALID_REFERRAL, v2 TOKEN_USED",
            id="4.4 used is said before a mismatch",
        ),
        pytest.param(
            [
                REPORT,
                visit("v1", at(0, 12 * HOUR), "t1", identifiers=[phone(1)]),
                visit("v2", VISITED, "t1"),
                signing(at(10), buyers=[[phone()], [phone(1)]]),
            ],
            "A=10000; A/t1 WINS; v1 BINDING_MISMATCH, v2 VALID_REFERRAL",
            id="4.2 a mismatch is recorded and does not burn the token",
        ),
        pytest.param(
            [
                REPORT,
                visit("v2", at(1), "t1", log=30),
                visit("v1", VISITED, "t1", log=40),
                {**SIGNING, "log": 50},
            ],
            "A=10000; A/t1 WINS; v1 TOKEN_USED, v2 VALID_REFERRAL",
            id="4.7 of two desks the first logged stands",
        ),
        pytest.param(
            [
                visit("v1", at(-1), "t9"),
                REPORT,
                visit("v2", VISITED, "t1"),
                SIGNING,
            ],
            "A=10000; A/t1 WINS; v1 TOKEN_UNKNOWN, v2 VALID_REFERRAL",
            id="4.4 a refused redemption is no visit, so it defeats nobody",
        ),
    ],
)
def test_refused_redemptions(facts: list[Json], expected: str) -> None:
    check(case(*facts), expected)


@pytest.mark.parametrize(
    ("programme", "agent", "finding"),
    [
        ({"from": at(0, 9 * HOUR)}, {}, "VALID_REFERRAL"),
        ({"from": at(0, 9 * HOUR + US)}, {}, "PROGRAMME_NOT_IN_FORCE"),
        ({"until": at(0, 9 * HOUR)}, {}, "PROGRAMME_NOT_IN_FORCE"),
        ({"until": at(0, 9 * HOUR + US)}, {}, "VALID_REFERRAL"),
        ({}, {"suspended_from": at(0, 9 * HOUR)}, "AGENT_SUSPENDED"),
        ({}, {"suspended_from": at(0, 9 * HOUR + US)}, "VALID_REFERRAL"),
        (
            {"until": at(0)},
            {"suspended_from": at(0)},
            "PROGRAMME_NOT_IN_FORCE",
        ),
    ],
)
def test_4_4_programme_and_agent_count_at_the_issue(
    programme: Json, agent: Json, finding: str
) -> None:
    base = {"kind": "agency", "from": at(-9)}
    people = {**AGENTS, "wang": {"channel": "A", **agent}}
    programmes = {**PROGRAMMES, "A": {**base, **programme}}

    found = summaries(
        case(REPORT, VISIT, SIGNING, agents=people, programmes=programmes)
    )

    assert found[0].endswith(f"v1 {finding}")


SHORT = visit("v1", at(0, 9 * HOUR + MINUTE), "t1")
AFTER_SHORT = [
    REPORT,
    SHORT,
    issue("t2", "li", at(1)),
    visit("v2", at(2), "t2"),
    SIGNING,
]


@pytest.mark.parametrize(
    ("short_lead", "expected"),
    [
        ("walk_in", "natural; B/t2 WALK_IN_FIRST"),
        ("void", "B=10000; B/t2 WINS"),
    ],
)
def test_4_5_a_short_lead_counts_as_a_walk_in_or_as_nothing(
    short_lead: str, expected: str
) -> None:
    file = case(*AFTER_SHORT, rulebook={"short_lead": short_lead})

    check(file, expected + "; v1 LEAD_TIME_TOO_SHORT, v2 VALID_REFERRAL")


@pytest.mark.parametrize(
    ("programme", "agent", "finding"),
    [
        ({"until": at(0)}, {}, "PROGRAMME_NOT_IN_FORCE"),
        ({}, {"suspended_from": at(0)}, "AGENT_SUSPENDED"),
    ],
)
def test_4_5_a_visit_under_no_agreement_counts_as_a_walk_in(
    programme: Json, agent: Json, finding: str
) -> None:
    later = [issue("t2", "li", at(1)), visit("v2", at(2), "t2")]
    file = case(
        REPORT,
        VISIT,
        *later,
        SIGNING,
        agents={**AGENTS, "wang": {"channel": "A", **agent}},
        programmes={
            **PROGRAMMES,
            "A": {"kind": "agency", "from": at(-9), **programme},
        },
    )

    check(file, f"natural; B/t2 WALK_IN_FIRST; v1 {finding}, v2 VALID_REFERRAL")


def relative(relation: str, number: int = 0) -> Json:
    return {"relation": relation, "identifiers": [phone(number)]}


@pytest.mark.parametrize(
    ("more", "rules", "expected"),
    [
        pytest.param({"buyers": [[phone(1)]]}, {}, "natural; ; ", id="6.2 a stranger"),
        pytest.param(
            {"buyers": [[phone(1)], [phone()]]}, {}, WON, id="6.2 the second buyer"
        ),
        pytest.param(
            {"buyers": [[phone(1)]], "receipts": ["v1"]}, {}, WON, id="6.2 a receipt"
        ),
        pytest.param(
            {"buyers": [[phone(1)]], "relatives": [relative("child")]},
            {},
            WON,
            id="6.1 a relation inside the family",
        ),
        pytest.param(
            {"buyers": [[phone(1)]], "relatives": [relative("sibling")]},
            {},
            "natural; ; ",
            id="6.1 a relation outside the family is recorded, not matched",
        ),
        pytest.param(
            {"buyers": [[phone(1)]], "relatives": [relative("sibling")]},
            {"family": ["sibling"]},
            WON,
            id="6.1 a larger family",
        ),
        pytest.param(
            {"buyers": [[phone(1)]], "relatives": [relative("neighbour")]},
            {},
            "natural; ; ",
            id="6.1 any word for a relation may be recorded",
        ),
    ],
)
def test_the_client_group(more: Json, rules: Json, expected: str) -> None:
    check(case(REPORT, VISIT, signing(at(10), **more), rulebook=rules), expected)


@pytest.mark.parametrize(
    ("seen", "signed", "basis"),
    [
        ([phone(), document()], {"buyers": [[phone(), document()]]}, "id"),
        ([phone()], {"buyers": [[phone(), document()]], "receipts": ["v1"]}, "phone"),
        (
            [phone()],
            {
                "buyers": [[phone(1)]],
                "receipts": ["v1"],
                "relatives": [relative("spouse")],
            },
            "receipt",
        ),
        (
            [phone()],
            {"buyers": [[phone(1)]], "relatives": [relative("spouse")]},
            "relative",
        ),
    ],
)
def test_6_2_the_strongest_basis_is_kept(
    seen: list[Json], signed: Json, basis: str
) -> None:
    came = visit("v1", VISITED, "t1", identifiers=seen)

    ruling = rulings_of(case(REPORT, came, signing(at(10), **signed)))[0]

    assert [one["basis"] for one in _list(ruling["visits"])] == [basis]


def _list(value: object) -> list[Json]:
    assert isinstance(value, list)
    return value


def test_6_2_masked_digits_alone_match_nobody() -> None:
    came = visit("v1", VISITED, identifiers=[masked()])
    digits = relative("spouse") | {"identifiers": [masked()]}

    signed = signing(at(10), buyers=[[masked()]], relatives=[digits])

    check(case(came, signed), "natural; ; ")


def test_6_4_a_companion_who_signs_finds_the_visit() -> None:
    came = visit("v1", VISITED, "t1", party=[[phone(1)]])

    check(case(REPORT, came, signing(at(10), buyers=[[phone(1)]])), WON)


SECOND = [issue("t2", "wu", at(5)), visit("v2", at(6), "t2")]


@pytest.mark.parametrize(
    ("facts", "rules", "expected"),
    [
        pytest.param(
            [REPORT, VISIT, *SECOND, SIGNING],
            {},
            "A=10000; A/t1 WINS; v1 VALID_REFERRAL, v2 VALID_REFERRAL",
            id="7.1 a further visit inside protection is the same claim",
        ),
        pytest.param(
            [
                REPORT,
                VISIT,
                issue("t2", "wu", at(30)),
                visit("v2", at(30, 14 * HOUR - US), "t2"),
                signing(at(31)),
            ],
            {},
            "natural; A/t1 PROTECTION_OVER; v1 VALID_REFERRAL, v2 VALID_REFERRAL",
            id="7.1 inside to the last microsecond, and renewing nothing",
        ),
        pytest.param(
            [
                REPORT,
                VISIT,
                issue("t2", "wu", at(30)),
                visit("v2", at(30, 14 * HOUR), "t2"),
                signing(at(31)),
            ],
            {},
            "A=10000; A/t1 PROTECTION_OVER, A/t2 WINS; "
            "v1 VALID_REFERRAL, v2 VALID_REFERRAL",
            id="7.1 at the end of protection a new claim starts",
        ),
        pytest.param(
            [
                issue("t1", "wang", at(0)),
                issue("t2", "wang", at(1)),
                visit("v1", at(1, 2 * HOUR), "t2"),
                visit("v2", at(2), "t1"),
                SIGNING,
            ],
            {},
            "A=10000; A/t2 WINS; v1 VALID_REFERRAL, v2 VALID_REFERRAL",
            id="7.1 the claim is that of the token of its first visit",
        ),
        pytest.param(
            [REPORT, VISIT, *SECOND, signing(at(36))],
            {"revisit_renews": True},
            "natural; A/t1 PROTECTION_OVER; v1 VALID_REFERRAL, v2 VALID_REFERRAL",
            id="7.4 renewed protection ends too",
        ),
        pytest.param(
            [REPORT, VISIT, *SECOND, signing(at(36, -US))],
            {"revisit_renews": True},
            "A=10000; A/t1 WINS; v1 VALID_REFERRAL, v2 VALID_REFERRAL",
            id="7.4 a further visit restarts protection",
        ),
        pytest.param(
            [REPORT, VISIT, visit("v2", at(6)), signing(at(36, -US))],
            {"revisit_renews": True},
            "natural; A/t1 PROTECTION_OVER; v1 VALID_REFERRAL, v2 REVISIT",
            id="7.4 a revisit without a token renews nothing",
        ),
    ],
)
def test_episodes(facts: list[Json], rules: Json, expected: str) -> None:
    check(case(*facts, rulebook=rules), expected)


FIRST_REPORT = {"regime": "first_report"}
PROTECTED = (
    "A=10000; A/t1 WINS, B/t2 PROTECTED_BY_OTHER; v2 VALID_REFERRAL, v1 VALID_REFERRAL"
)


@pytest.mark.parametrize(
    ("facts", "rules", "expected"),
    [
        pytest.param(
            [
                REPORT,
                OTHER_REPORT,
                visit("v2", at(1), "t2"),
                visit("v1", at(2), "t1"),
                SIGNING,
            ],
            {},
            PROTECTED,
            id="7.2 a later report inside the report's protection is void",
        ),
        pytest.param(
            [
                REPORT,
                issue("t2", "li", at(0, 10 * HOUR - US)),
                visit("v1", at(0, 9 * HOUR + 45 * MINUTE), "t1"),
                visit("v2", at(1), "t2"),
                SIGNING,
            ],
            {"report_protection_hours": 1, "visit_protection_days": 30},
            "A=10000; A/t1 WINS, B/t2 PROTECTED_BY_OTHER; "
            "v1 VALID_REFERRAL, v2 VALID_REFERRAL",
            id="7.2 a visit inside it carries protection on",
        ),
        pytest.param(
            [
                REPORT,
                issue("t2", "li", at(0, 10 * HOUR)),
                visit("v1", at(0, 10 * HOUR), "t1"),
                visit("v2", at(1), "t2"),
                SIGNING,
            ],
            {"report_protection_hours": 1},
            "natural; A/t1 PROTECTION_OVER, B/t2 PROTECTION_OVER; "
            "v1 VALID_REFERRAL, v2 VALID_REFERRAL",
            id="7.2 a visit at its end does not",
        ),
        pytest.param(
            [
                REPORT,
                VISIT,
                issue("t2", "li", at(30, 14 * HOUR - US)),
                visit("v2", at(31), "t2"),
                signing(at(32)),
            ],
            {},
            "natural; A/t1 PROTECTION_OVER, B/t2 PROTECTED_BY_OTHER; "
            "v1 VALID_REFERRAL, v2 VALID_REFERRAL",
            id="7.2 protected to the last microsecond, though lapsed at the signing",
        ),
        pytest.param(
            [
                REPORT,
                VISIT,
                issue("t2", "li", at(30, 14 * HOUR)),
                visit("v2", at(31), "t2"),
                signing(at(32)),
            ],
            {},
            "B=10000; A/t1 PROTECTION_OVER, B/t2 WINS; "
            "v1 VALID_REFERRAL, v2 VALID_REFERRAL",
            id="7.2 free at its end",
        ),
        pytest.param(
            [
                visit("v0", at(-1)),
                REPORT,
                VISIT,
                issue("t2", "li", at(20)),
                visit("v2", at(21), "t2"),
                signing(at(22)),
            ],
            {"walk_in_protection_days": 10},
            "B=10000; A/t1 WALK_IN_FIRST, B/t2 WINS; "
            "v0 WALK_IN, v1 VALID_REFERRAL, v2 VALID_REFERRAL",
            id="7.2 a defeated claim protects nobody",
        ),
        pytest.param(
            [
                REPORT,
                OTHER_REPORT,
                issue("t3", "zhao", at(31)),
                VISIT,
                visit("v2", at(2), "t2"),
                visit("v3", at(31, HOUR), "t3"),
                signing(at(31, 2 * HOUR)),
            ],
            {},
            "C=10000; A/t1 PROTECTION_OVER, B/t2 PROTECTED_BY_OTHER, C/t3 WINS; "
            "v1 VALID_REFERRAL, v2 VALID_REFERRAL, v3 VALID_REFERRAL",
            id="7.2 a claim that is void protects nobody",
        ),
        pytest.param(
            [
                issue("t1", "wang", at(0)),
                issue("t2", "wu", at(1)),
                visit("v1", at(0, 3 * HOUR), "t1"),
                visit("v2", at(1, 3 * HOUR), "t2"),
                SIGNING,
            ],
            {"visit_protection_days": 1, "report_protection_hours": 5},
            "natural; A/t1 PROTECTION_OVER, A/t2 PROTECTION_OVER; "
            "v1 VALID_REFERRAL, v2 VALID_REFERRAL",
            id="7.2 a channel does not void its own claims",
        ),
        pytest.param(
            [
                issue("t1", "wang", at(0), binding="opened", opened_at=at(0, 5 * HOUR)),
                issue("t2", "li", at(0, 4 * HOUR)),
                visit("v1", at(0, 8 * HOUR), "t1"),
                visit("v2", at(1), "t2"),
                SIGNING,
            ],
            {},
            "B=10000; B/t2 WINS, A/t1 PROTECTED_BY_OTHER; "
            "v1 VALID_REFERRAL, v2 VALID_REFERRAL",
            id="7.2 an opened token is reported when it is opened",
        ),
        pytest.param(
            [
                issue("t1", "wang", at(0), binding="none"),
                OTHER_REPORT,
                visit("v2", at(1), "t2"),
                visit("v1", at(2), "t1"),
                SIGNING,
            ],
            {},
            "B=10000; B/t2 WINS, A/t1 PROTECTED_BY_OTHER; "
            "v2 VALID_REFERRAL, v1 VALID_REFERRAL",
            id="7.1 a token bound to nothing is reported by its redemption",
        ),
    ],
)
def test_protection_of_the_first_report(
    facts: list[Json], rules: Json, expected: str
) -> None:
    check(case(*facts, rulebook={**FIRST_REPORT, **rules}), expected)


LATER = [issue("t3", "li", at(31)), visit("v3", at(32), "t3"), signing(at(33))]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(
            [visit("v0", at(0, 9 * HOUR - US)), REPORT, VISIT, SIGNING],
            "natural; A/t1 WALK_IN_FIRST; v0 WALK_IN, v1 VALID_REFERRAL",
            id="8.1 a walk-in just before the report defeats it",
        ),
        pytest.param(
            [REPORT, visit("v0", at(0, 9 * HOUR + US)), VISIT, SIGNING],
            "A=10000; A/t1 WINS; v0 WALK_IN, v1 VALID_REFERRAL",
            id="8.1 a walk-in just after the report does not",
        ),
        pytest.param(
            [REPORT, VISIT, visit("v2", at(30, 14 * HOUR - US)), *LATER],
            "B=10000; A/t1 PROTECTION_OVER, B/t3 WINS; "
            "v1 VALID_REFERRAL, v2 REVISIT, v3 VALID_REFERRAL",
            id="8.1 a revisit inside protection defeats nobody",
        ),
        pytest.param(
            [REPORT, VISIT, visit("v2", at(30, 14 * HOUR)), *LATER],
            "natural; A/t1 PROTECTION_OVER, B/t3 WALK_IN_FIRST; "
            "v1 VALID_REFERRAL, v2 WALK_IN, v3 VALID_REFERRAL",
            id="8.1 a walk-in at its end defeats a later report",
        ),
        pytest.param(
            [
                visit("v0", at(-1)),
                REPORT,
                VISIT,
                visit("v2", at(2)),
                issue("t3", "li", at(3)),
                visit("v3", at(4), "t3"),
                SIGNING,
            ],
            "natural; A/t1 WALK_IN_FIRST, B/t3 WALK_IN_FIRST; "
            "v0 WALK_IN, v1 VALID_REFERRAL, v2 WALK_IN, v3 VALID_REFERRAL",
            id="8.1 inside the protection of a defeated claim it stays a walk-in",
        ),
        pytest.param(
            [
                REPORT,
                VISIT,
                issue("t2", "wang", at(2)),
                visit("v2", at(2, MINUTE), "t2"),
                issue("t3", "li", at(3)),
                visit("v3", at(4), "t3"),
                SIGNING,
            ],
            "A=10000; A/t1 WINS, B/t3 OUTRANKED; "
            "v1 VALID_REFERRAL, v2 LEAD_TIME_TOO_SHORT, v3 VALID_REFERRAL",
            id="8.1 a short lead inside protection defeats nobody, by its own name",
        ),
        pytest.param(
            [
                {**REPORT, "log": 1},
                {**visit("v2", VISITED), "log": 2},
                {**VISIT, "log": 3},
                {**SIGNING, "log": 4},
            ],
            "A=10000; A/t1 WINS; v2 WALK_IN, v1 VALID_REFERRAL",
            id="8.1 beside the first visit, logged before it: not yet protected",
        ),
        pytest.param(
            [
                {**REPORT, "log": 1},
                {**visit("v2", VISITED), "log": 4},
                {**VISIT, "log": 3},
                {**SIGNING, "log": 5},
            ],
            "A=10000; A/t1 WINS; v1 VALID_REFERRAL, v2 REVISIT",
            id="8.1 beside the first visit, logged after it: a revisit",
        ),
        pytest.param(
            [
                visit("v0", at(0)),
                issue("t1", "wang", at(-1), binding="opened", opened_at=at(0, HOUR)),
                visit("v1", at(0, 2 * HOUR), "t1"),
                SIGNING,
            ],
            "natural; A/t1 WALK_IN_FIRST; v0 WALK_IN, v1 VALID_REFERRAL",
            id="8.1 an opened token is reported when it is opened",
        ),
        pytest.param(
            [
                issue("t1", "wang", at(0), binding="none"),
                visit("v0", at(1)),
                visit("v1", at(1, US), "t1"),
                SIGNING,
            ],
            "natural; A/t1 WALK_IN_FIRST; v0 WALK_IN, v1 VALID_REFERRAL",
            id="7.1 a code bound to nothing is reported by its redemption",
        ),
    ],
)
@pytest.mark.parametrize("regime", ["first_visit", "last_visit", "first_report"])
def test_walk_ins_and_revisits(facts: list[Json], expected: str, regime: str) -> None:
    found = summaries(case(*facts, rulebook={"regime": regime}))

    ranked = expected.replace("OUTRANKED", "PROTECTED_BY_OTHER")
    by_regime = {
        "first_report": ranked,
        "last_visit": expected.replace(
            "A=10000; A/t1 WINS, B/t3 OUTRANKED", ("B=10000; A/t1 OUTRANKED, B/t3 WINS")
        ),
    }
    assert found == [by_regime.get(regime, expected)]


@pytest.mark.parametrize(
    ("agent", "more", "rules", "finding"),
    [
        ("wang", {"own": [phone()]}, {}, "SELF_REFERRAL"),
        ("wang", {"own": [phone(1)]}, {}, "WINS"),
        ("wang", {"own": [phone(7)]}, {}, "SELF_REFERRAL"),
        ("wang", {"own": [phone(8)]}, {}, "WINS"),
        ("wang", {"own": [phone()]}, {"self_referral": "allow"}, "WINS"),
        ("wang", {"own": [phone()], "desk_staff": True}, {}, "SELF_REFERRAL"),
        ("wang", {"desk_staff": True}, {}, "DESK_STAFF"),
        ("qian", {}, {}, "WINS"),
        ("sun", {}, {}, "REFERRER_NOT_OWNER"),
        ("sun", {"desk_staff": True}, {}, "REFERRER_NOT_OWNER"),
        ("zheng", {}, {}, "DESK_STAFF"),
        ("feng", {}, {}, "WINS"),
    ],
)
def test_8_2_to_8_4_what_is_asked_of_the_referrer(
    agent: str, more: Json, rules: Json, finding: str
) -> None:
    known = AGENTS[agent]
    assert isinstance(known, dict)
    family = [relative("spouse", 7), relative("sibling", 8)]
    file = case(
        issue("t1", agent, at(0)),
        visit("v1", at(1), "t1"),
        signing(at(10), relatives=family),
        agents={**AGENTS, agent: {**known, **more}},
        rulebook=rules,
    )

    assert f"/t1 {finding};" in summaries(file)[0]


@pytest.mark.parametrize(
    ("agent", "owner", "rules", "finding"),
    [
        ("wang", 0, {}, "EXISTING_OWNER"),
        ("wang", 5, {}, "WINS"),
        ("wang", 7, {}, "WINS"),
        ("zhou", 0, {}, "EXISTING_OWNER"),
        ("qian", 0, {}, "WINS"),
        ("sun", 0, {"owners_excluded": ["resident"]}, "EXISTING_OWNER"),
        ("wang", 0, {"owners_excluded": []}, "WINS"),
    ],
)
def test_8_3_a_buyer_who_owns_is_not_new(
    agent: str, owner: int, rules: Json, finding: str
) -> None:
    file = case(
        issue("t1", agent, at(0)),
        visit("v1", at(1), "t1"),
        signing(at(10), relatives=[relative("spouse", 7)]),
        owners=[[phone(owner)]],
        rulebook=rules,
    )

    assert f"/t1 {finding};" in summaries(file)[0]


def test_8_1_is_tried_before_8_2_and_7_2_before_7_5() -> None:
    agents = {**AGENTS, "wang": {"channel": "A", "own": [phone()]}}
    walked_in = case(visit("v0", at(-1)), REPORT, VISIT, SIGNING, agents=agents)
    lapsed = case(
        REPORT,
        OTHER_REPORT,
        VISIT,
        OTHER_VISIT,
        signing(at(60)),
        rulebook=FIRST_REPORT,
    )

    found = [*summaries(walked_in), *summaries(lapsed)]

    assert "A/t1 WALK_IN_FIRST" in found[0]
    assert "B/t2 PROTECTED_BY_OTHER" in found[1]


THREE = [
    REPORT,
    OTHER_REPORT,
    issue("t3", "zhao", at(0, 11 * HOUR)),
    visit("v3", at(1), "t3"),
    visit("v2", at(2), "t2"),
    visit("v1", at(3), "t1"),
    SIGNING,
]


@pytest.mark.parametrize(
    ("regime", "joint", "shares"),
    [
        ("first_visit", "winner_takes_all", "C=10000"),
        ("last_visit", "winner_takes_all", "A=10000"),
        ("first_report", "winner_takes_all", "A=10000"),
        ("first_visit", "equal", "C=3334 B=3333 A=3333"),
        ("last_visit", "equal", "A=3334 B=3333 C=3333"),
        ("first_visit", [7000, 3000], "C=7000 B=3000"),
        ("first_visit", [5000, 3000, 1000, 1000], "C=6000 B=3000 A=1000"),
        ("first_visit", [10000], "C=10000"),
        ("first_report", [6000, 4000], "A=10000"),
    ],
)
def test_9_1_and_9_2_rank_and_shares(regime: str, joint: object, shares: str) -> None:
    found = summaries(case(*THREE, rulebook={"regime": regime, "joint": joint}))

    assert found[0].split(";")[0] == shares


def test_9_1_last_visit_counts_the_latest_visit_of_each_claim() -> None:
    again = [issue("t4", "zhao", at(4)), visit("v4", at(5), "t4"), SIGNING]

    found = summaries(case(*THREE[:-1], *again, rulebook={"regime": "last_visit"}))

    assert found[0].startswith("C=10000; A/t1 OUTRANKED, B/t2 OUTRANKED, C/t3 WINS")


def test_9_1_last_visit_at_one_instant_goes_to_the_last_logged() -> None:
    file = case(
        REPORT,
        OTHER_REPORT,
        visit("v2", VISITED, "t2"),
        visit("v1", VISITED, "t1"),
        SIGNING,
        rulebook={"regime": "last_visit"},
    )

    assert summaries(file)[0].startswith("A=10000")


def test_9_2_who_shares_wins_and_who_does_not_is_outranked() -> None:
    found = summaries(case(*THREE, rulebook={"joint": [7000, 3000]}))

    assert "A/t1 OUTRANKED, B/t2 WINS, C/t3 WINS" in found[0]


FULL_ID = {"binding": "full", "client": document()}
BOTH = [phone(), document()]


@pytest.mark.parametrize(
    ("token", "came", "signed", "grade"),
    [
        (FULL_ID, {"identifiers": BOTH}, {"buyers": [BOTH]}, "A"),
        (FULL_ID, {"identifiers": BOTH}, {}, "B"),
        ({}, {"identifiers": BOTH}, {"buyers": [BOTH]}, "B"),
        ({}, {}, {}, "B"),
        ({"binding": "opened", "opened_at": at(0)}, {}, {}, "B"),
        ({}, {}, {"buyers": [[phone(1)]], "receipts": ["v1"]}, "C"),
        (
            {},
            {},
            {"buyers": [[phone(1)]], "relatives": [relative("spouse")]},
            "C",
        ),
        ({"binding": "none"}, {}, {}, "C"),
        ({"binding": "opened"}, {}, {}, "C"),
        ({"binding": "opened", "opened_at": at(2)}, {}, {}, "C"),
        ({}, {"confirmed": True}, {}, "D"),
    ],
)
def test_9_4_the_evidence_grade(
    token: Json, came: Json, signed: Json, grade: str
) -> None:
    file = case(
        issue("t1", "wang", at(0), **token),
        visit("v1", at(1), "t1", **came),
        signing(at(10), **signed),
        rulebook={"lead_minutes": 0},
    )

    assert rulings_of(file)[0]["evidence_grade"] == grade


@pytest.mark.parametrize(
    ("reward", "facts", "due"),
    [
        ({"from": at(0)}, [visit("v1", at(1)), visit("v2", at(2)), SIGNING], "v1"),
        ({"from": at(0), "until": at(10)}, [visit("v1", at(1)), SIGNING], None),
        ({"from": at(10, US)}, [visit("v1", at(1)), SIGNING], None),
        ({"from": at(0)}, [SIGNING], None),
        ({"from": at(0)}, [REPORT, VISIT, SIGNING], None),
        ({"from": at(0)}, [REPORT, VISIT, visit("v2", at(1)), signing(at(60))], None),
    ],
)
def test_9_5_the_buyers_own_reward(
    reward: Json, facts: list[Json], due: str | None
) -> None:
    programmes = {**PROGRAMMES, "W": {"kind": "walk_in_reward", **reward}}

    ruling = rulings_of(case(*facts, programmes=programmes))[0]

    assert ruling["walk_in_reward"] == due


def test_9_3_a_ruling_names_its_facts_rules_engine_and_inputs() -> None:
    ruling = rulings_of(case(visit("v0", at(0)), REPORT, VISIT, SIGNING))[0]

    assert ruling["reasons"] == [
        {"rule": "4.5", "about": "v0", "finding": "WALK_IN", "facts": [10]},
        {"rule": "4.1", "about": "v1", "finding": "VALID_REFERRAL", "facts": [30]},
        {
            "rule": "8.1",
            "about": "A/t1",
            "finding": "WALK_IN_FIRST",
            "facts": [20, 30, 10],
        },
    ]
    assert ruling["engine"] == "rules/2"
    assert len(str(ruling["inputs_digest"])) == 64


def test_9_1_the_outranked_name_the_facts_of_the_winner() -> None:
    ruling = rulings_of(case(REPORT, OTHER_REPORT, VISIT, OTHER_VISIT, SIGNING))[0]

    assert [claim["facts"] for claim in _list(ruling["claims"])] == [
        [10, 30],
        [20, 40, 10, 30],
    ]


def test_several_signings_are_ruled_on_in_order_each_by_what_it_could_see() -> None:
    file = case(
        REPORT,
        signing(at(40), "s2"),
        VISIT,
        signing(at(20), "s1"),
        signing(at(20), "s3"),
    )

    assert [ruling["signing"] for ruling in rulings_of(file)] == ["s1", "s3", "s2"]
    assert summaries(file) == [WON, WON, "natural; ; v1 LATE_EVIDENCE"]


def test_3_a_lead_time_met_only_just_is_flagged() -> None:
    marks = [
        _list(
            rulings_of(
                case(REPORT, visit("v1", at(0, 9 * HOUR + lead), "t1"), SIGNING)
            )[0]["visits"]
        )[0]["is_marginal"]
        for lead in (30 * MINUTE, 40 * MINUTE - US, 40 * MINUTE)
    ]

    assert marks == [True, True, False]


def test_the_day_of_a_calendar_period_is_the_projects_not_utcs() -> None:
    late_evening = at(0, DAY - MINUTE)

    file = case(
        issue("t1", "wang", at(0)),
        visit("v1", late_evening, "t1"),
        signing(at(31)),
        rulebook={"day_count": "calendar"},
    )

    assert "PROTECTION_OVER" in summaries(file)[0]
