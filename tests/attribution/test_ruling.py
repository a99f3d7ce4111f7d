"""What a ruling holds beside its findings (rules §9.3), and who may see it again."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from attribution.cases.answering import dossier_of
from attribution.cases.reading import parse_case
from attribution.ids import ProjectId
from attribution.owners import Owner
from attribution.programmes import Kind
from attribution.rules.matter import Dossier, inputs_of, matter_of
from attribution.rules.ruling import rule_on, ruling_bytes
from tests.attribution.paper import (
    HOUR,
    Json,
    at,
    case,
    issue,
    phone,
    signing,
    visit,
)

FACTS = [
    issue("t1", "wang", at(0)),
    visit("v1", at(0, HOUR), "t1"),
    signing(at(10)),
    visit("v0", at(-1)),
]


def dossier(*facts: Json) -> Dossier:
    parsed = parse_case(case(*facts))
    return dossier_of(parsed, parsed.signings[0])


def test_the_same_inputs_give_the_same_bytes() -> None:
    one, other = dossier(*FACTS), dossier(*FACTS)
    shuffled = replace(other, visits=other.visits[::-1])

    assert ruling_bytes(rule_on(one)) == ruling_bytes(rule_on(shuffled))


def test_facts_of_others_and_after_the_signing_change_no_byte() -> None:
    stranger = visit("x", at(1), identifiers=[phone(9)], log=15)
    later = visit("y", at(11), log=99)

    more = rule_on(dossier(*FACTS, stranger, later))

    assert ruling_bytes(more) == ruling_bytes(rule_on(dossier(*FACTS)))


def test_facts_of_another_project_do_not_matter() -> None:
    known = dossier(*FACTS)
    elsewhere = [replace(one, project_id=ProjectId("p2")) for one in known.visits]

    assert rule_on(replace(known, visits=tuple(elsewhere))).visits == ()


def test_another_input_has_another_digest() -> None:
    known = dossier(*FACTS)
    rules = replace(known.deal_rules, version="another")

    digests = {
        rule_on(one).inputs_digest for one in (known, replace(known, deal_rules=rules))
    }

    assert len(digests) == 2


@pytest.mark.parametrize(
    ("seen_until", "finding"), [(40, "WINS"), (41, "WALK_IN_FIRST")]
)
def test_1_5_a_later_ruling_sees_what_was_logged_before_it(
    seen_until: int, finding: str
) -> None:
    known = dossier(*FACTS)

    again = rule_on(replace(known, seen_until=seen_until))

    assert [one.finding for one in again.claims] == [finding]
    assert len(again.visits) == 2


SIGNED = datetime.fromisoformat(at(10))
US = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("marked_at", "index", "finding"),
    [
        (SIGNED - US, 9, "EXISTING_OWNER"),
        (SIGNED - US, 30, "WINS"),
        (SIGNED, 29, "EXISTING_OWNER"),
        (SIGNED, 31, "WINS"),
        (SIGNED + US, 9, "WINS"),
        (SIGNED - US, None, "EXISTING_OWNER"),
        (SIGNED, None, "WINS"),
    ],
)
def test_1_5_a_buyer_is_an_owner_by_marks_before_the_signing(
    marked_at: datetime, index: int | None, finding: str
) -> None:
    known = dossier(*FACTS[:3])
    tag = next(iter(known.signing.buyer_tags))
    owner = Owner(tag=tag, marked_at=marked_at, log_index=index)

    claims = rule_on(replace(known, owners=(owner,))).claims

    cited = (index,) if finding == "EXISTING_OWNER" and index is not None else ()
    assert [one.finding for one in claims] == [finding]
    assert claims[0].facts == (10, 20, *cited)


@pytest.mark.parametrize(
    ("finding", "agent", "more"),
    [
        ("DESK_STAFF", {"is_desk_staff": True}, {}),
        ("REFERRER_NOT_OWNER", {}, {"kind": Kind.RESIDENT}),
        ("SELF_REFERRAL", {"own_tags": True}, {}),
    ],
)
def test_9_3_a_finding_about_the_agent_rests_on_the_agents_entry(
    finding: str, agent: dict[str, Any], more: dict[str, Any]
) -> None:
    known = dossier(*FACTS[:3])
    if "own_tags" in agent:
        agent = {"own_tags": known.signing.buyer_tags}
    agents = {
        id_: replace(one, log_index=7, **agent) for id_, one in known.agents.items()
    }
    programmes = {id_: replace(one, **more) for id_, one in known.programmes.items()}

    claims = rule_on(replace(known, agents=agents, programmes=programmes)).claims

    assert [(one.finding, one.facts) for one in claims] == [(finding, (10, 20, 7))]


def test_no_tag_is_left_in_the_inputs() -> None:
    text = json.dumps(inputs_of(matter_of(dossier(*FACTS))))

    assert "13800138000" not in text
    assert "8000" not in text


def test_a_ruling_is_canonical_json() -> None:
    written = ruling_bytes(rule_on(dossier(*FACTS)))

    values = json.loads(written)
    again = json.dumps(values, sort_keys=True, separators=(",", ":"))
    assert written == again.encode()
    assert values["shares"] == [["A", 10_000]]
