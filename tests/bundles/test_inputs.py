"""The inputs of a ruling are read back exactly, and nothing else is read."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given

from attribution.bundles.inputs import matter_from_json
from attribution.cases.answering import dossier_of
from attribution.cases.reading import parse_case
from attribution.errors import BundleUnreadable
from attribution.rules.matter import inputs_of, matter_of
from attribution.rules.ruling import ruling_bytes, ruling_of
from tests.attribution.paper import HOUR, Json, at, case, issue, signing, visit
from tests.bundles.room import CASES
from tests.bundles.test_check import CASE
from tests.properties.test_rules_laws import SIGNED_ON, Facts, clients, rulebooks
from tokens.canonical import canonical

FILES = sorted(CASES.glob("*.json"))
Place = tuple[str | int, ...]


def inputs(document: Json = CASE) -> Any:
    known = parse_case(document)
    return inputs_of(matter_of(dossier_of(known, known.signings[0])))


def test_every_example_is_read_back_exactly() -> None:
    for file in FILES:
        known = parse_case(json.loads(file.read_text("utf-8")))
        for one in known.signings:
            matter = matter_of(dossier_of(known, one))
            written = canonical(inputs_of(matter))

            again = matter_from_json(json.loads(written))

            assert canonical(inputs_of(again)) == written
            assert ruling_bytes(ruling_of(again)) == ruling_bytes(ruling_of(matter))


@given(clients(), rulebooks)
def test_every_matter_is_ruled_on_again_alike(facts: Facts, rules: Json) -> None:
    ended = signing(at(SIGNED_ON), log=300)
    known = parse_case(case(*facts, ended, rulebook=rules))
    matter = matter_of(dossier_of(known, known.signings[0]))

    again = matter_from_json(json.loads(canonical(inputs_of(matter))))

    assert ruling_bytes(ruling_of(again)) == ruling_bytes(ruling_of(matter))


def places(value: Any, before: Place = ()) -> Iterator[Place]:
    """Yield every place of a document."""
    yield before
    if isinstance(value, dict | list):
        steps = value if isinstance(value, dict) else range(len(value))
        for step in steps:
            yield from places(value[step], (*before, step))


def changed(value: Any, place: Place, change: Callable[[Any, Any], object]) -> Any:
    """Return a copy of a document that is changed at one place."""
    copy = json.loads(canonical(value))
    *way, last = place
    at_ = copy
    for step in way:
        at_ = at_[step]
    change(at_, last)
    return copy


def refusal(values: Any) -> str:
    with pytest.raises(BundleUnreadable) as refused:
        matter_from_json(values)
    return str(refused.value)


WRONG: list[Any] = [None, {}, [], 1.5, -1, "", "x" * 300, "\u0000", True, [[]]]


def test_nothing_can_be_left_out() -> None:
    known = inputs()

    for place in places(json.loads(canonical(known))):
        if place and isinstance(place[-1], str):
            without = changed(known, place, lambda table, step: table.pop(step))
            assert refusal(without)


def test_no_table_can_have_another_key() -> None:
    known = json.loads(canonical(inputs()))

    for place in places(known):
        value = known
        for step in place:
            value = value[step]
        if isinstance(value, dict):
            extra = changed([known], (0, *place), _add)
            assert "unknown key" in refusal(extra[0])


def _add(table: Any, step: Any) -> None:
    table[step]["more"] = 1


@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_no_value_of_another_kind_is_taken_for_one(value: Any) -> None:
    known = json.loads(canonical(inputs()))

    taken = set()
    for place in places(known):
        if not place:
            assert refusal(value)
            continue
        other = changed(known, place, lambda t, s: t.__setitem__(s, value))
        if other == known:
            continue
        try:
            matter_from_json(other)
        except BundleUnreadable:
            continue
        taken.add(tuple(str(step) for step in place if isinstance(step, str)))

    # A list of visits may be empty, a flag true, a binding not there yet.
    assert taken <= TAKEN


TAKEN = {
    ("late",),
    ("tokens", "bound_at"),
    ("seen", "token"),
    ("has_buying_owner",),
    ("has_walk_in_reward",),
    ("seen", "is_marginal"),
    ("late", "is_marginal"),
    ("tokens", "is_in_group"),
    ("tokens", "is_owner"),
    ("tokens", "is_desk_staff"),
    ("token_rules", "report_protection_hours"),
    ("token_rules", "revisit_renews"),
    ("deal_rules", "family"),
    ("deal_rules", "owners_excluded"),
}


def put(*place: str | int, value: Any) -> Any:
    return changed(inputs(), place, lambda table, step: table.__setitem__(step, value))


def swap(*place: str | int) -> Any:
    def turn(table: Any, step: Any) -> None:
        table[step] = table[step][::-1]

    return changed(inputs(), place, turn)


LATER = "2026-03-20T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (put("signing", value=["s1"]), "signing: must have 2 items"),
        (
            put("signing", 1, value="2026-03-11T00:00:00+08:00"),
            "signing[1]: must be written in the canonical form",
        ),
        (
            put("seen", 0, "standing", value="WALK_IN"),
            "seen[0].token: must be there for a referred visit, and for no walk-in",
        ),
        (
            put("seen", 2, "standing", value="VALID_REFERRAL"),
            "seen[2].token: must be there for a referred visit, and for no walk-in",
        ),
        (
            put("tokens", value=[]),
            "tokens: must have one entry for each visit that took a token",
        ),
        (
            swap("tokens"),
            "tokens[0]: is not the token of the visit in its place",
        ),
        (
            put("tokens", 0, "rulebook", value="2"),
            "tokens[0].rulebook: is no version of token_rules",
        ),
        (swap("seen"), "tokens[0]: is not the token of the visit in its place"),
        (
            put("seen", 2, "arrived_at", value=LATER),
            "seen: must be in order of time",
        ),
        (
            put("late", 0, "arrived_at", value=LATER),
            "late: must hold what was before the signing",
        ),
        (put("late", 0, "visit", value="v1"), "seen: must not name a visit twice"),
        (
            put("token_rules", 0, 1, "quota_day", value=-1),
            "token_rules[0][1]: quota_day: must be from 0 to 1000000",
        ),
        (
            put("deal_rules", 1, "time_zone", value="Mars/Base"),
            "deal_rules[1]: time_zone: is no time zone",
        ),
        (
            put("deal_rules", 1, "family", value=["child", "spouse"]),
            "deal_rules[1].family[0]: must be written in the canonical form",
        ),
        (
            put("deal_rules", 1, "joint", value=[5000, 5000.0]),
            "deal_rules[1]: joint[1]: must be a whole number",
        ),
        ([], "$: must be a table of keys and values"),
    ],
)
def test_a_mistake_is_named_with_its_place(values: Any, expected: str) -> None:
    assert refusal(values) == expected


def test_more_visits_than_any_case_has_are_refused() -> None:
    values = put("late", value=[None] * 1_001)

    assert refusal(values) == "late: must have at most 1000 visits"


def test_rules_that_nothing_uses_are_refused() -> None:
    values = json.loads(canonical(inputs()))
    values["token_rules"].append(["2", values["token_rules"][0][1]])

    assert refusal(values) == "token_rules: must be those of the tokens"


def test_two_of_one_version_are_refused() -> None:
    values = json.loads(canonical(inputs()))
    values["token_rules"] *= 2

    assert refusal(values) == "token_rules: must have 1 items"


def test_a_refused_redemption_may_name_a_token_that_is_not_told() -> None:
    document = case(
        issue("t1", "wang", at(0)),
        visit("x1", at(9), "t1"),
        visit("v1", at(9, HOUR)),
        signing(at(10)),
    )

    matter = matter_from_json(json.loads(canonical(inputs(document))))

    assert not matter.tokens
    assert [one.visit.token_id for one in matter.seen] == ["t1", None]
