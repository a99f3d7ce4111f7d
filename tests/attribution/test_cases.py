"""Case files: every example is answered as it expects, every mistake has its path."""

import json
from pathlib import Path

import pytest

from attribution.cases.answering import answer_case, unmet
from attribution.cases.reading import case_from_text, parse_case
from attribution.cases.wording import WORDS, render_text
from attribution.errors import CaseMalformed
from attribution.rules.findings import Finding
from attribution.visits import Standing
from tests.attribution.paper import (
    AGENTS,
    HOUR,
    Json,
    at,
    case,
    issue,
    phone,
    revoke,
    signing,
    visit,
)
from tests.public_sets import PUBLIC

TESTS = Path(__file__).parents[1]
FILES = sorted([*(PUBLIC / "cases").glob("*.json"), *(TESTS / "cases").glob("*.json")])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_example_is_answered_as_it_expects(file: Path) -> None:
    document = case_from_text(file.read_text("utf-8"))
    assert isinstance(document, dict)

    answer = answer_case(document)

    assert unmet(document["expect"], answer) == []


@pytest.mark.parametrize(
    ("expected", "answer", "places"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": 1}, {"a": 2}, [".a"]),
        ({"a": 1}, {}, [".a"]),
        ({"shares": {}}, {"shares": {"A": 1}}, [".shares"]),
        ({"shares": {"A": 1}}, {"shares": {"A": 1}}, []),
        ([1], [1, 2], [""]),
        ([1, {"a": 2}], [1, {"a": 3}], ["[1].a"]),
        ([], {}, [""]),
        ({}, [], [""]),
    ],
)
def test_what_is_not_as_expected_is_named(
    expected: object, answer: object, places: list[str]
) -> None:
    assert unmet(expected, answer) == places


REPORT = issue("t1", "wang", at(0))
VISIT = visit("v1", at(1), "t1")
SIGNING = signing(at(10))


def facts(*rows: Json) -> Json:
    return case(*rows)


def without(row: Json, key: str) -> Json:
    return {name: value for name, value in row.items() if name != key}


def rules(**rulebook: object) -> Json:
    return case(REPORT, rulebook=rulebook)


MISTAKES: list[tuple[object, str]] = [
    ([], "$"),
    ("text", "$"),
    ({}, "facts"),
    ({"facts": {}}, "facts"),
    ({"facts": [], "fact": []}, "fact"),
    ({"facts": [], "title": 7}, "title"),
    ({"facts": [], "title": ""}, "title"),
    ({"facts": [], "title": "a\nb"}, "title"),
    ({"facts": [], "title": "\ud800"}, "title"),
    ({"facts": [], "title": "a\u2028b"}, "title"),
    ({"facts": [], "a\x1b[2Jb": 1}, '["a\\u001b[2Jb"]'),
    ({"facts": [], "x" * 999: 1}, f'["{"x" * 200}"]'),
    ({"facts": [], "owners": {}}, "owners"),
    ({"facts": [], "owners": [phone()]}, "owners[0]"),
    ({"facts": [], "agents": []}, "agents"),
    ({"facts": [], "rulebook": None}, "rulebook"),
    (rules(regime="first"), "rulebook.regime"),
    (rules(regime=["first_visit", "first_report"]), "rulebook.regime"),
    (rules(lead_minutes=-1), "rulebook.lead_minutes"),
    (rules(lead_minutes=1.5), "rulebook.lead_minutes"),
    (rules(lead_minutes=True), "rulebook.lead_minutes"),
    (rules(lead_minutes=None), "rulebook.lead_minutes"),
    (rules(lead_minute=30), "rulebook.lead_minute"),
    (rules(token_lifetime_hours=0), "rulebook.token_lifetime_hours"),
    (rules(report_protection_hours=0), "rulebook.report_protection_hours"),
    (rules(visit_protection_days=0), "rulebook.visit_protection_days"),
    (rules(walk_in_protection_days="never"), "rulebook.walk_in_protection_days"),
    (rules(walk_in_protection_days=None), "rulebook.walk_in_protection_days"),
    (rules(revisit_renews=1), "rulebook.revisit_renews"),
    (rules(family=["cousin"]), "rulebook.family[0]"),
    (rules(joint="half"), "rulebook.joint"),
    (rules(joint=[5000, 4999]), "rulebook.joint"),
    (rules(joint=[]), "rulebook.joint"),
    (rules(joint=[10001, -1]), "rulebook.joint[0]"),
    (rules(owners_excluded=["broker"]), "rulebook.owners_excluded[0]"),
    (rules(day_count="working"), "rulebook.day_count"),
    (rules(time_zone="Mars/Base"), "rulebook.time_zone"),
    (rules(time_zone="../etc"), "rulebook.time_zone"),
    (rules(time_zone="Asia"), "rulebook.time_zone"),
    (case(REPORT, programmes={"A": {"from": at(0)}}), "programmes.A.kind"),
    (case(REPORT, programmes={"A": {"kind": "agency"}}), "programmes.A.from"),
    (case(REPORT, programmes={"": {}}), 'programmes[""]'),
    (
        case(programmes={"A": {"kind": "own", "from": at(0), "until": at(0)}}),
        "programmes.A.until",
    ),
    (case(agents={"wang": {}}), "agents.wang.channel"),
    (case(agents={"wang": {"channel": "Z"}}), "agents.wang.channel"),
    (case(agents={"wang": {"channel": "A", "owner": 1}}), "agents.wang.owner"),
    (
        case(agents={"wang": {"channel": "A", "own": [{"kind": "cn-mobile"}]}}),
        "agents.wang.own[0].value",
    ),
    (facts({"type": "gift"}), "facts[0].type"),
    (facts({"at": at(0)}), "facts[0].type"),
    (facts({"type": ["visit"]}), "facts[0].type"),
    ({"facts": ["visit"]}, "facts[0]"),
    ({"facts": [{"type": "visit", "log": "1"}]}, "facts[0].log"),
    ({"facts": [{"type": "visit", "log": -1}]}, "facts[0].log"),
    (facts({**VISIT, "log": 1}, {**SIGNING, "log": 1}), "facts[1].log"),
    (facts({**VISIT, "agent": "wang"}), "facts[0].agent"),
    (facts(without(VISIT, "at")), "facts[0].at"),
    (facts({**VISIT, "at": "2026-03-01"}), "facts[0].at"),
    (facts({**VISIT, "at": "2026-03-01T10:00:00"}), "facts[0].at"),
    (facts({**VISIT, "at": "2026-02-30T10:00:00Z"}), "facts[0].at"),
    (facts({**VISIT, "at": "0001-01-01T00:00:00+08:00"}), "facts[0].at"),
    (facts({**VISIT, "at": "2026-03-01T10:00:00.1234567Z"}), "facts[0].at"),
    (facts({**VISIT, "at": 1772323200}), "facts[0].at"),
    (facts(VISIT, VISIT), "facts[1].visit"),
    (facts({**VISIT, "token": 1}), "facts[0].token"),
    (facts({**VISIT, "confirmed": "yes"}), "facts[0].confirmed"),
    (facts({**VISIT, "party": [phone()]}), "facts[0].party[0]"),
    (facts({**VISIT, "identifiers": phone()}), "facts[0].identifiers"),
    (
        facts({**VISIT, "identifiers": [{"kind": "cn-mobile", "value": "12"}]}),
        "facts[0].identifiers[0].value",
    ),
    (
        facts({**VISIT, "identifiers": [{"kind": "face", "value": "12"}]}),
        "facts[0].identifiers[0].kind",
    ),
    (facts(REPORT, REPORT), "facts[1].token"),
    (facts({**REPORT, "agent": "nobody"}), "facts[0].agent"),
    (facts(without(REPORT, "binding")), "facts[0].binding"),
    (facts(without(REPORT, "client")), "facts[0].client"),
    (facts({**REPORT, "client": phone()}), "facts[0].client"),
    (facts({**REPORT, "binding": "full"}), "facts[0].client"),
    (facts({**REPORT, "binding": "none"}), "facts[0].client"),
    (facts({**REPORT, "opened_at": at(0)}), "facts[0].opened_at"),
    (
        facts(issue("t1", "wang", at(1), binding="opened", opened_at=at(0))),
        "facts[0].opened_at",
    ),
    (facts(revoke("t9", at(0))), "facts[0].token"),
    (facts(without(SIGNING, "buyers")), "facts[0].buyers"),
    (facts({**SIGNING, "buyers": []}), "facts[0].buyers"),
    (facts({**SIGNING, "receipts": ["v9"]}), "facts[0].receipts[0]"),
    (facts({**SIGNING, "relatives": [{}]}), "facts[0].relatives[0].relation"),
    (facts(SIGNING, SIGNING), "facts[1].signing"),
]


@pytest.mark.parametrize(("document", "path"), MISTAKES)
def test_a_malformed_file_is_refused_with_the_path_of_the_mistake(
    document: object, path: str
) -> None:
    with pytest.raises(CaseMalformed) as refused:
        parse_case(document)

    assert refused.value.path == path


def test_a_refusal_never_repeats_a_number() -> None:
    wrong = {**VISIT, "identifiers": [{"kind": "cn-mobile", "value": "13800138"}]}

    with pytest.raises(CaseMalformed) as refused:
        parse_case(case(wrong))

    assert "13800138" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"facts": NaN}', '{"facts": [], "facts": []}', "[" * 100_000],
    ids=["empty", "broken", "no number", "key twice", "too deep"],
)
def test_what_is_no_json_is_refused_at_its_root(text: str) -> None:
    with pytest.raises(CaseMalformed) as refused:
        case_from_text(text)

    assert refused.value.path == "$"


def test_a_key_that_stands_twice_is_named() -> None:
    with pytest.raises(CaseMalformed, match=r'has the key "a\\u0007" twice'):
        case_from_text('{"facts": [{"a\\u0007": 1, "a\\u0007": 2}]}')


@pytest.mark.parametrize(
    ("expected", "places", "zh", "en"),
    [
        ({"rulings": [{"outcome": "channel"}]}, [], "预期一致", "as the file expects"),
        (
            {"rulings": [{"outcome": "natural", "a\x1b": 1}]},
            ["rulings[0].outcome", 'rulings[0]["a\\u001b"]'],
            "预期不同：rulings[0].outcome, ",
            "expects otherwise: rulings[0].outcome, ",
        ),
        ([], ["$"], "预期不同：$", "expects otherwise: $"),
    ],
)
def test_what_a_file_expects_changes_nothing_and_is_compared(
    expected: object, places: list[str], zh: str, en: str
) -> None:
    file = case(REPORT, VISIT, SIGNING)
    plain = answer_case(file)

    answer = answer_case({**file, "expect": expected})

    assert answer == {**plain, "unmet": places}
    assert zh in render_text(answer, "zh").splitlines()[-1]
    assert en in render_text(answer, "en").splitlines()[-1]


def test_the_order_of_the_facts_in_the_file_is_free() -> None:
    numbered = case(REPORT, VISIT, SIGNING)
    rows = numbered["facts"]
    assert isinstance(rows, list)

    assert answer_case({**numbered, "facts": rows[::-1]}) == answer_case(numbered)


def test_numbers_are_compared_by_their_normal_form() -> None:
    spelled = {"kind": "cn-mobile", "value": "+86 138-0013-8000"}
    hidden = {"kind": "cn-mobile-3-4", "value": "138xxxx8000"}
    report = issue("t1", "wang", at(0), binding="masked", client=hidden)

    answer = answer_case(case(report, {**VISIT, "identifiers": [spelled]}, SIGNING))

    assert unmet({"rulings": [{"shares": {"A": 10000}}]}, answer) == []


CHINESE = """一个案子

签约 s1：自然成交，不归任何渠道
  本客户组的到访（按时间）
    2026-03-01 00:00:00  v0：自然到访（匹配：手机）[#10]
    2026-03-02 02:00:00  v1：有效带看（匹配：手机）[#30]
  各渠道的主张（按报备时间）
    A / t1（wang）：报备 2026-03-02 00:00:00，首次到访 2026-03-02 02:00:00，\
保护至 2026-04-01 02:00:00（不含）
      → 不成立：报备之前客户已自然到访（规则 §8.1）[#20, #30, #10]
  自然到访礼遇归买方本人，依据到访 v0
"""
ENGLISH = """一个案子

Signing s1: natural, no channel brought the buyer
  Visits of the client group, in order of time
    2026-03-01 00:00:00  v0: walk-in (matched by phone) [#10]
    2026-03-02 02:00:00  v1: valid referral (matched by phone) [#30]
  Claims, in order of report
    A / t1 (wang): reported 2026-03-02 00:00:00, first visit 2026-03-02 02:00:00, \
protected before 2026-04-01 02:00:00
      -> defeated: the client had walked in before the report (rules §8.1) \
[#20, #30, #10]
  The buyer's own walk-in reward is due, for visit v0
"""


@pytest.mark.parametrize(("lang", "text"), [("zh", CHINESE), ("en", ENGLISH)])
def test_the_argument_can_be_read(lang: str, text: str) -> None:
    file = case(
        visit("v0", at(0)),
        issue("t1", "wang", at(1)),
        visit("v1", at(1, 2 * HOUR), "t1"),
        SIGNING,
        title="一个案子",
        programmes={
            "A": {"kind": "agency", "from": at(-9)},
            "W": {"kind": "walk_in_reward", "from": at(-9)},
        },
        agents={"wang": AGENTS["wang"]},
    )

    said = render_text(answer_case(file), lang)

    assert said.startswith(text)
    assert "SHA-256" in said.removeprefix(text)


@pytest.mark.parametrize(("lang", "share"), [("zh", "归属 A：100.00%"), ("en", "A: 1")])
def test_shares_and_grade_are_said(lang: str, share: str) -> None:
    said = render_text(answer_case(case(REPORT, VISIT, SIGNING)), lang)

    assert share in said
    assert " B\n" in said


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_that_there_is_nothing_is_said(lang: str) -> None:
    said = render_text(answer_case(case(SIGNING)), lang)

    assert len(said.splitlines()) == 6


def test_every_finding_has_words_in_both_languages() -> None:
    findings = {*map(str, Finding), *map(str, Standing), "REVISIT", "LATE_EVIDENCE"}

    assert all(findings <= set(words) for words in WORDS.values())


def test_own_examples_are_there_even_alone() -> None:
    own = [file for file in FILES if file.parent == TESTS / "cases"]

    titles = [json.loads(file.read_text("utf-8"))["title"] for file in own]

    assert len(titles) >= 10
