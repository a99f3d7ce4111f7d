"""The laws of the rules (rules.md §11.1-§11.7), over cases that nobody thought of."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.attribution.paper import (
    AGENTS,
    HOUR,
    PROGRAMMES,
    US,
    Json,
    at,
    case,
    issue,
    masked,
    phone,
    rulings_of,
    signing,
    summaries,
    visit,
)

CHANNELS = {"wang": "A", "li": "B", "zhao": "C"}
SIGNED_ON = 40
REGIMES = ["first_report", "first_visit", "last_visit"]
Facts = list[Json]

# Whole hours on few days, so that ties and boundaries come up by themselves.
hours = st.integers(0, SIGNED_ON * 24 - 1).map(lambda hour: hour - hour % 4)
walk_in_hours = st.lists(hours, max_size=4)
referrals = st.lists(
    st.tuples(
        st.sampled_from(sorted(CHANNELS)), hours, st.sampled_from([0, 1, 4, 28, 72])
    ),
    max_size=6,
)
rulebooks = st.fixed_dictionaries(
    {
        "regime": st.sampled_from(REGIMES),
        "visit_protection_days": st.sampled_from([3, 15, 30]),
        "report_protection_hours": st.sampled_from([None, 24, 240]),
        "walk_in_protection_days": st.sampled_from([1, 10, "ever"]),
        "revisit_renews": st.booleans(),
        "short_lead": st.sampled_from(["walk_in", "void"]),
        "day_count": st.sampled_from(["exact", "calendar"]),
        "joint": st.sampled_from(["winner_takes_all", "equal", [6000, 4000]]),
    }
)


def hour(number: int) -> str:
    return at(0, number * HOUR)


def report_and_visit(name: str, agent: str, issued: int, lead: int) -> Facts:
    return [
        issue(f"t{name}", agent, hour(issued)),
        visit(f"v{name}", hour(issued + lead), f"t{name}"),
    ]


@st.composite
def clients(draw: st.DrawFn) -> Facts:
    """Return the facts of one client, in the order in which they were logged."""
    facts: Facts = [
        visit(f"w{i}", hour(when)) for i, when in enumerate(draw(walk_in_hours))
    ]
    for i, (agent, issued, lead) in enumerate(draw(referrals)):
        facts += report_and_visit(str(i), agent, issued, lead)
    return numbered(facts)


def numbered(facts: Facts) -> Facts:
    by_time = sorted(facts, key=lambda fact: str(fact["at"]))
    return [{**fact, "log": place * 10} for place, fact in enumerate(by_time, 1)]


SIGNING = signing(at(SIGNED_ON), log=10_000)


def ruling(facts: Facts, rules: Json, **more: object) -> Json:
    return rulings_of(case(*facts, SIGNING, rulebook=rules, **more))[0]


def rows_of(found: Json) -> list[Json]:
    rows = found["claims"]
    assert isinstance(rows, list)
    return rows


def claims(found: Json) -> dict[str, object]:
    return {str(row["token"]): row["finding"] for row in rows_of(found)}


@given(clients(), rulebooks, st.randoms(use_true_random=False))
def test_11_1_the_order_of_the_input_does_not_matter(
    facts: Facts, rules: Json, chance: object
) -> None:
    shuffled = list(facts)
    shuffle: Callable[[Facts], None] = getattr(chance, "shuffle")  # noqa: B009
    shuffle(shuffled)

    assert ruling(shuffled, rules) == ruling(facts, rules)


@given(clients(), rulebooks, st.integers(1, 500))
def test_11_2_facts_after_the_signing_do_not_matter(
    facts: Facts, rules: Json, later: int
) -> None:
    after = SIGNED_ON * 24 + later
    more = [visit("x0", hour(after), log=9), *report_and_visit("x", "li", after, 2)]
    more[1]["log"], more[2]["log"] = 10_001, 10_002

    assert ruling(facts + more, rules) == ruling(facts, rules)


@given(clients(), rulebooks, clients())
def test_11_3_facts_of_other_clients_do_not_matter(
    facts: Facts, rules: Json, others: Facts
) -> None:
    strangers = [_of_another(fact) for fact in others]

    assert ruling(facts + strangers, rules) == ruling(facts, rules)


def _of_another(fact: Json) -> Json:
    log = fact["log"]
    assert isinstance(log, int)
    renamed = {
        key: f"x{value}" for key, value in fact.items() if key in {"token", "visit"}
    }
    who = {"client": masked(50), "identifiers": [phone(50)]}
    theirs = {key: value for key, value in who.items() if key in fact}
    return {**fact, **renamed, **theirs, "log": log + 1}


@given(clients(), rulebooks)
def test_11_4_without_every_fact_of_the_winner_the_winner_does_not_win(
    facts: Facts, rules: Json
) -> None:
    shares = ruling(facts, rules)["shares"]
    assert isinstance(shares, dict)
    winner = next(iter(shares), "nobody")

    rest = [fact for fact in facts if winner not in _channels_of(fact, facts)]

    assert winner not in str(ruling(rest, rules)["shares"])


def _channels_of(fact: Json, facts: Facts) -> set[str]:
    return {
        CHANNELS[str(other["agent"])]
        for other in facts
        if other["type"] == "issue" and other["token"] == fact.get("token")
    }


ORDERED_BY = {"first_report": "reported_at", "first_visit": "visited_at"}


@pytest.mark.parametrize("regime", sorted(ORDERED_BY))
@given(clients(), rulebooks, hours, st.sampled_from([1, 28]))
def test_11_5_a_later_claim_never_unseats_an_earlier_one(
    regime: str, facts: Facts, rules: Json, issued: int, lead: int
) -> None:
    agreed = {**rules, "regime": regime}
    added = report_and_visit("new", "zhou", issued, lead)
    after = ruling(numbered(facts + added), agreed)

    later = [row for row in rows_of(after) if row["token"] == "tnew"]
    settled = {
        str(row["token"]): row["finding"]
        for row in rows_of(ruling(facts, agreed))
        for new in later
        if str(row[ORDERED_BY[regime]]) < str(new[ORDERED_BY[regime]])
    }

    assert settled.items() <= claims(after).items()


@given(clients(), rulebooks)
def test_11_6_shares_sum_to_all_or_nothing(facts: Facts, rules: Json) -> None:
    found = ruling(facts, rules)

    shares = found["shares"]
    assert isinstance(shares, dict)
    total = 10_000 if found["outcome"] == "channel" else 0
    assert sum(shares.values()) == total
    assert all(shares.values())


BOUNDARIES: list[tuple[str, Callable[[timedelta], Facts], Json, str, str]] = [
    (
        "lead time",
        lambda shift: [
            issue("t", "wang", at(20)),
            visit("v", at(20, HOUR + shift), "t"),
        ],
        {"lead_minutes": 60},
        "LEAD_TIME_TOO_SHORT",
        "WINS",
    ),
    (
        "expiry",
        lambda shift: [
            issue("t", "wang", at(20)),
            visit("v", at(21, shift), "t"),
        ],
        {"token_lifetime_hours": 24},
        "WINS",
        "TOKEN_EXPIRED",
    ),
    (
        "visit protection",
        lambda shift: [
            issue("t", "wang", at(0)),
            visit("v", at(SIGNED_ON - 5, -shift), "t"),
        ],
        {"visit_protection_days": 5, "token_lifetime_hours": 2000},
        "WINS",
        "PROTECTION_OVER",
    ),
    (
        "walk-in protection",
        lambda shift: [
            visit("w", at(0)),
            issue("t", "wang", at(20, shift)),
            visit("v", at(21), "t"),
        ],
        {"walk_in_protection_days": 20},
        "WALK_IN_FIRST",
        "WINS",
    ),
    (
        "report protection",
        lambda shift: [
            issue("t", "wang", at(15)),
            issue("u", "li", at(16, shift)),
            visit("v", at(17), "u"),
            visit("x", at(17), "t"),
        ],
        {"regime": "first_report", "report_protection_hours": 24},
        "B/u PROTECTED_BY_OTHER",
        "B/u PROTECTION_OVER",
    ),
    (
        "programme",
        lambda shift: [issue("t", "zhou", at(19, shift)), visit("v", at(20), "t")],
        {},
        "PROGRAMME_NOT_IN_FORCE",
        "WINS",
    ),
    (
        "suspension",
        lambda shift: [issue("t", "wu", at(19, shift)), visit("v", at(20), "t")],
        {},
        "WINS",
        "AGENT_SUSPENDED",
    ),
]


@pytest.mark.parametrize(
    ("facts", "rules", "before", "after"),
    [pytest.param(*row[1:], id=row[0]) for row in BOUNDARIES],
)
def test_11_7_one_microsecond_before_a_boundary_and_at_it(
    facts: Callable[[timedelta], Facts], rules: Json, before: str, after: str
) -> None:
    people = {**AGENTS, "wu": {"channel": "A", "suspended_from": at(19)}}
    programmes = {**PROGRAMMES, "P": {"kind": "public", "from": at(19)}}
    more: Json = {"agents": people, "programmes": programmes, "rulebook": rules}

    found = [
        summaries(case(*facts(shift), signing(at(SIGNED_ON)), **more))[0]
        for shift in (-US, timedelta(0))
    ]

    assert before in found[0]
    assert after in found[1]
