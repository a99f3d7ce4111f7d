"""The pages of disputes: the bench, the parties, and the visitor by receipt."""

import re
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from attribution.bundles.bundle import parse_bundle
from attribution.bundles.check import check_bundle
from attribution.bundles.findings import Verdict as EvidenceVerdict
from attribution.bundles.findings import is_good
from attribution.bundles.heads import Trusted
from attribution.disputes import DisputeState, Ground, Verdict
from attribution.people import Grant, Role
from attribution.services.hearing import hearing_of
from attribution.services.sequencing import sequence
from tests.quarrel import COMPLAINT, NOTE, Quarrel, quarrel
from tests.web.conftest import Front
from tests.web.people import browser_of, in_english, request_id_in, text_of
from tokens.trust import LogKey
from web.dispute_words import (
    GROUNDS,
    SIDES,
    STATES,
    STEPS,
    TURNS,
    VERDICTS,
    days_text,
)


@pytest.fixture
def case(front: Front) -> Quarrel:
    return quarrel(front.office)


def judge(front: Front) -> FlaskClient:
    return browser_of(front, "judge", Role.ADJUDICATOR)


def second(front: Front) -> FlaskClient:
    return browser_of(front, "second judge", Role.ADJUDICATOR)


def li(front: Front) -> FlaskClient:
    return browser_of(front, "li", Role.AGENT)


def finance(front: Front) -> FlaskClient:
    return browser_of(front, "finance", Role.FINANCE)


def send(browser: FlaskClient, page: str, to: str = "", **fields: Any) -> TestResponse:
    """Send a form of a page, under the id that the page gave it."""
    form = {"request_id": request_id_in(browser.get(page)), **fields}
    return browser.post(to or page, data=form)


def complain(browser: FlaskClient, page: str, case: Quarrel, **fields: Any) -> Any:
    form = {
        "signing": case.signing,
        "ground": "earlier_visit",
        "words": COMPLAINT.words,
        **fields,
    }
    return send(browser, page, **form)


# -- the bench --


def test_the_bench_goes_from_the_list_to_a_changed_ruling(
    front: Front, case: Quarrel
) -> None:
    dispute = case.open()
    case.add(dispute)
    bench, other = judge(front), second(front)
    page = f"/disputes/{dispute}"

    listed = text_of(bench.get("/disputes"))
    proposed = send(bench, page, f"{page}/propose")
    shown = text_of(bench.get(page))
    said = {"verdict": "changed", "words": "有登记簿为证。"}
    decided = send(bench, page, f"{page}/decide", **said)
    own = text_of(bench.get(page))
    approved = send(other, page, f"{page}/approve", agrees="yes")
    ended = text_of(bench.get(page))

    assert "3-1-1201" in listed
    assert "双方可以补充证据" in listed
    statuses = [one.status_code for one in (proposed, decided, approved)]
    assert statuses == [303] * 3
    for expected in ("甲渠道", "乙渠道", "100%", "成立，但排在后面", "看到日志第"):
        assert expected in shown
    assert "您作出了决定，要由另一位判客员复核" in own
    for expected in ("改判", "有登记簿为证。", "现在有效的判定： ✓ 归 乙渠道"):
        assert expected in ended
    assert "下一步" not in ended
    assert "已结束" in text_of(bench.get("/disputes"))


def test_the_whole_story_is_on_one_page_in_order(front: Front, case: Quarrel) -> None:
    dispute = case.open()
    case.propose(dispute)
    case.decide(dispute, Verdict.UPHELD)
    case.approve(dispute, agrees=False, words="再听一次。")

    text = text_of(judge(front).get(f"/disputes/{dispute}"))

    places = [
        text.index(word)
        for word in (
            "2026-03-01 10:00 到访",
            "2026-03-01 11:00 到访",
            "签约 2026",
            "判客 ✓ 归 甲渠道",
            "争议提出",
            COMPLAINT.words,
            "听证结束，没有新的证据",
            "按规则重新判，提出建议",
            "作出决定",
            "退回听证",
            "再听一次。",
        )
    ]
    assert places == sorted(places)


def test_a_proposal_that_changes_nothing_offers_no_change(
    front: Front, case: Quarrel
) -> None:
    dispute = case.open()
    case.settle(dispute)
    again = case.open(by=case.office.wang)
    case.propose(again)

    page = judge(front).get(f"/disputes/{again}")

    assert "和原判一样" in text_of(page)
    assert 'value="changed"' not in page.text


@pytest.mark.parametrize(
    ("step", "fields", "sentence"),
    [
        ("decide", {"verdict": "maybe", "words": "x"}, "请从列表里选一项"),
        ("decide", {"verdict": "upheld", "words": ""}, "请写 1 到 1000 个字"),
        ("decide", {"verdict": "upheld", "words": "1" * 11}, "不保存号码"),
        ("approve", {"agrees": "", "words": ""}, "请从列表里选一项"),
        ("approve", {"agrees": "no", "words": "1" * 11}, "不保存号码"),
        ("evidence", {"text": ""}, "一次交一份"),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_nothing_is_done(
    front: Front, case: Quarrel, step: str, fields: dict[str, str], sentence: str
) -> None:
    dispute = case.open()
    case.propose(dispute)
    if step == "approve":
        case.decide(dispute)
    page = f"/disputes/{dispute}"

    refused = send(second(front), page, f"{page}/{step}", **fields)

    assert refused.status_code == 422
    assert sentence in text_of(refused)


def test_the_bench_adds_what_it_found_out(front: Front, case: Quarrel) -> None:
    dispute = case.open()
    page = f"/disputes/{dispute}"

    added = send(judge(front), page, f"{page}/evidence", text="问过前台，属实。")
    refused = send(
        judge(front),
        page,
        f"{page}/evidence",
        file=(BytesIO(b"\x89PNG\r\n\x1a\n\0"), "photo.png"),
    )

    assert added.status_code == 303
    assert (refused.status_code, "证据只收文字和 PDF" in refused.text) == (415, True)
    assert "问过前台" not in judge(front).get(page).text


def test_who_must_recuse_is_told_why(front: Front, case: Quarrel) -> None:
    dispute = case.open()
    at_desk = browser_of(front, "desk", Role.ADJUDICATOR)
    page = f"/disputes/{dispute}"

    refused = send(at_desk, page, f"{page}/propose")

    assert refused.status_code == 403
    assert "需要回避" in text_of(refused)


def test_an_auditor_reads_and_does_nothing(front: Front, case: Quarrel) -> None:
    dispute = case.open()
    auditor = front.signed_in(Role.AUDITOR)

    page = auditor.get(f"/disputes/{dispute}")
    refused = auditor.post(f"/disputes/{dispute}/propose", data={"request_id": "x"})

    assert page.status_code == 200
    assert "下一步" not in text_of(page)
    assert refused.status_code == 403


def test_figures_say_how_many_how_long_and_who_was_right(
    front: Front, case: Quarrel
) -> None:
    nothing = text_of(judge(front).get("/disputes/figures"))
    dispute = case.open()
    case.office.wait(days=2)
    case.settle(dispute)
    running = case.open(by=case.office.wang)
    withdrawn = case.open_for_developer()
    case.withdraw(withdrawn, by=case.office.finance)

    bench = judge(front)
    page = bench.get("/disputes/figures")
    english = text_of(in_english(bench).get("/disputes/figures"))

    assert "还没有争议" in nothing
    assert "到访在先 0 1 1 1 2.0 天" in text_of(page)
    assert page.text.count("<rect") == 3
    assert 'aria-label="到访在先：共 3 件"' in page.text
    assert "2.0 days" in english
    assert running


def test_a_bench_without_cases_says_so(front: Front) -> None:
    front.office.hire("judge")

    assert "没有进行中的争议" in text_of(judge(front).get("/disputes"))


def test_a_late_case_is_marked(front: Front, case: Quarrel) -> None:
    case.open()
    case.office.wait(days=6)

    text = text_of(judge(front).get("/disputes"))

    assert "轮到判客员" in text
    assert "已逾期" in text


# -- the parties --


def test_an_agent_disputes_from_the_own_token_and_follows_it(
    front: Front, case: Quarrel
) -> None:
    agent = li(front)
    token = agent.get(f"/agent/tokens/{case.li_token}")
    form = f"/cases/tokens/{case.li_token}"

    opened = complain(agent, form, case)
    followed = text_of(agent.get(opened.location))
    brought = send(
        agent,
        opened.location,
        f"{opened.location}/evidence",
        file=(BytesIO(b"%PDF-1.7 \xff"), "张三 13800138000.pdf"),
    )
    listed = text_of(agent.get("/cases"))
    marked = text_of(agent.get(f"/agent/tokens/{case.li_token}"))

    assert form in token.text
    assert opened.status_code == brought.status_code == 303
    for expected in (COMPLAINT.words, "我方", "暂缓支付，直到了结", "0%"):
        assert expected in followed
    assert "3-1-1201" not in followed + listed
    assert "到访在先" in listed
    assert "争议 ! 听证中" in marked
    assert "张三" not in agent.get(opened.location).text


def test_the_other_side_sees_that_it_is_disputed_and_not_what_was_said(
    front: Front, case: Quarrel
) -> None:
    dispute = case.open()
    case.add(dispute)
    wang = browser_of(front, "wang", Role.AGENT)

    page = text_of(wang.get(f"/cases/{dispute}"))

    assert "渠道" in page
    assert "100%" in page
    assert COMPLAINT.words not in page
    assert "我方交的证据" not in page
    assert "撤回争议" not in page


def test_evidence_is_handed_out_as_a_file_to_whom_it_belongs(
    front: Front, case: Quarrel
) -> None:
    dispute = case.open()
    piece = case.add(dispute)["evidence_id"]

    own = li(front).get(f"/cases/evidence/{piece}")
    bench = judge(front).get(f"/cases/evidence/{piece}")
    other = browser_of(front, "wang", Role.AGENT).get(f"/cases/evidence/{piece}")

    for answer in (own, bench):
        assert answer.data == NOTE
        assert answer.mimetype == "application/octet-stream"
        disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith("attachment; filename=evidence-")
        assert disposition.endswith(".txt")
    assert other.status_code == 404
    shown = text_of(li(front).get(f"/cases/{dispute}"))
    assert f"{len(NOTE)} 字节" in shown


def test_a_party_reads_the_decision_and_its_reason_at_the_end(
    front: Front, case: Quarrel
) -> None:
    dispute = case.open()
    case.propose(dispute)
    case.decide(dispute)
    agent = li(front)
    before = text_of(agent.get(f"/cases/{dispute}"))
    case.approve(dispute)

    after = text_of(agent.get(f"/cases/{dispute}"))

    assert "补登的到访有前台记录为证。" not in before
    assert "已决定，待复核" in before
    for expected in ("改判", "补登的到访有前台记录为证。", "100%", "不再因此暂缓"):
        assert expected in after


def test_a_dispute_is_withdrawn_once_it_is_sure(front: Front, case: Quarrel) -> None:
    dispute = case.open()
    agent, page = li(front), f"/cases/{dispute}"

    unsure = send(agent, page, f"{page}/withdraw")
    sure = send(agent, page, f"{page}/withdraw", sure="1")

    assert (unsure.status_code, sure.status_code) == (422, 303)
    assert "请先勾选确认" in text_of(unsure)
    assert "争议撤回" in text_of(agent.get(page))
    assert "不能再提" in text_of(agent.get(f"/cases/tokens/{case.li_token}"))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"words": ""}, "请写 1 到 1000 个字"),
        ({"words": "请打 138 0013 8000"}, "不保存号码"),
        ({"ground": "none"}, "请从列表里选一项"),
    ],
)
def test_a_complaint_that_cannot_be_kept_opens_nothing(
    front: Front, case: Quarrel, fields: dict[str, str], sentence: str
) -> None:
    page = f"/cases/tokens/{case.li_token}"

    refused = complain(li(front), page, case, **fields)

    assert refused.status_code == 422
    assert sentence in text_of(refused)


def test_a_token_without_a_ruling_has_nothing_to_dispute(front: Front) -> None:
    token = front.office.issue(by=front.office.li)["token_id"]

    page = text_of(li(front).get(f"/cases/tokens/{token}"))
    own = text_of(li(front).get(f"/agent/tokens/{token}"))

    assert "没有可以争议的判定" in page
    assert "判客与争议" not in own


def test_finance_disputes_from_the_deal_and_sees_the_money_held(
    front: Front, case: Quarrel
) -> None:
    office = finance(front)
    deal = f"/finance/deals/{case.signing}"
    before = office.get(deal)

    refused = complain(office, f"/cases/deals/{case.signing}", case, words="")
    opened = complain(office, f"/cases/deals/{case.signing}", case)

    after = text_of(office.get(deal))
    assert f"/cases/deals/{case.signing}" in before.text
    assert "没有争议。" in text_of(before)
    assert opened.status_code == 303
    assert "3-1-1201" in text_of(office.get(opened.location))
    assert "争议中，暂缓支付" in after
    assert "到访在先 ! 已提出" in after
    assert "争议中，暂缓支付" in text_of(office.get("/finance"))
    assert refused.status_code == 422


def test_a_second_dispute_of_one_side_is_explained(front: Front, case: Quarrel) -> None:
    office, page = finance(front), f"/cases/deals/{case.signing}"
    form = {"request_id": request_id_in(office.get(page)), "ground": "other"}
    case.open_for_developer()

    refused = office.post(page, data={**form, "words": "再来一次"})

    assert refused.status_code == 409
    assert "对这次判定已经提过争议" in text_of(refused)


def test_who_has_no_case_is_told_so(front: Front) -> None:
    assert "没有争议" in text_of(li(front).get("/cases"))


def test_a_mistake_with_evidence_is_said_on_the_case(
    front: Front, case: Quarrel
) -> None:
    dispute = case.open()
    page = f"/cases/{dispute}"
    both = {"text": "字", "file": (BytesIO(b"%PDF-"), "a.pdf")}

    refused = send(li(front), page, f"{page}/evidence", **both)
    empty = send(li(front), page, f"{page}/evidence", file=(BytesIO(b"  "), "a.txt"))
    unseen = send(li(front), page, f"{page}/evidence", text="上午\x07九点")

    assert {one.status_code for one in (refused, empty, unseen)} == {422}
    assert "一次交一份" in text_of(refused)
    assert "没有内容" in text_of(empty)
    assert "看不见的字符" in text_of(unseen)
    assert "字</textarea>" in refused.text  # what was typed is still there


# -- the visitor --


def test_a_visitor_disputes_with_nothing_but_the_receipt(
    front: Front, case: Quarrel
) -> None:
    visitor, page = front.browser(), f"/v/{case.receipt}/disputes"
    held = visitor.get(f"/v/{case.receipt}")

    opened = complain(visitor, page, case, ground="walk_in_first")
    shown = visitor.get(page)
    found = re.search(r"/disputes/([0-9a-f]{32})/evidence", shown.text)
    assert found
    brought = send(visitor, page, f"{page}/{found[1]}/evidence", text="我自己来的。")
    unsure = send(visitor, page, f"{page}/{found[1]}/withdraw")
    withdrawn = send(visitor, page, f"{page}/{found[1]}/withdraw", sure="1")

    assert page in held.text
    assert unsure.status_code == 422
    assert "请先勾选确认" in text_of(unsure)
    statuses = [one.status_code for one in (opened, brought, withdrawn)]
    assert statuses == [303] * 3
    assert "客户自己先来过" in text_of(shown)
    for hidden in ("3-1-1201", "2,450,000", "王", "甲渠道"):
        assert hidden not in text_of(shown)
    assert "争议撤回" in text_of(visitor.get(page))
    bench = case.judge
    hearing = hearing_of(front.office.runtime, by=bench, dispute_id=found[1])  # type: ignore[arg-type]
    assert hearing.case.state is DisputeState.WITHDRAWN
    assert hearing.case.dispute.opened_by is None


def test_a_visitor_reads_how_it_ended(front: Front, case: Quarrel) -> None:
    dispute = case.open()
    case.settle(dispute)

    text = text_of(front.browser().get(f"/v/{case.receipt}/disputes"))

    assert "改判" in text
    assert "补登的到访有前台记录为证。" in text
    assert COMPLAINT.words not in text


def test_a_visitor_is_told_what_is_wrong(front: Front, case: Quarrel) -> None:
    visitor, page = front.browser(), f"/v/{case.receipt}/disputes"

    refused = complain(visitor, page, case, words="")
    nothing = visitor.get(f"/v/{'A' * 24}/disputes")

    assert refused.status_code == 422
    assert "请写 1 到 1000 个字" in text_of(refused)
    assert nothing.status_code == 404


def test_a_visit_without_a_signing_has_nothing_to_dispute(front: Front) -> None:
    receipt = front.office.walk_in()["visitor_receipt"]
    sequence(front.office.runtime)

    text = text_of(front.browser().get(f"/v/{receipt}/disputes"))

    assert "还没有判定" in text


# -- who may open which, and words --


@pytest.mark.parametrize("role", [Role.DESK, Role.SIGNING, Role.ADMIN, Role.AGENT])
def test_the_bench_is_for_adjudicators_and_auditors(
    front: Front, case: Quarrel, role: Role
) -> None:
    dispute = case.open()
    browser = front.signed_in(role)

    for page in ("/disputes", "/disputes/figures", f"/disputes/{dispute}"):
        assert browser.get(page).status_code == 403


def test_an_adjudicator_of_another_project_reads_nothing(
    front: Front, case: Quarrel
) -> None:
    dispute = case.open()
    person = front.office.hire(
        "elsewhere", Grant(role=Role.ADJUDICATOR, channel_id=front.office.channel_a)
    )
    login = browser_of(front, person.name, Role.DESK)

    assert login.get(f"/disputes/{dispute}").status_code == 403


def test_everything_that_a_dispute_can_be_has_words() -> None:
    for words, kinds in (
        (GROUNDS, Ground),
        (STATES, DisputeState),
        (STEPS, DisputeState),
        (VERDICTS, Verdict),
    ):
        assert set(words) == set(kinds)
    assert len(SIDES) == len(TURNS) == 4
    assert days_text(None) == "–"


def test_the_bench_takes_a_case_along_with_its_steps(
    front: Front, case: Quarrel
) -> None:
    """A changed ruling and the way to it are proven offline, like a first one."""
    dispute = case.open()
    case.propose(dispute)
    case.decide(dispute)
    case.approve(dispute)
    bench = judge(front)
    link = re.search(
        r'href="([^"]+evidence\.zip)"', bench.get(f"/disputes/{dispute}").text
    )
    assert link is not None

    answer = bench.get(link[1])

    bundle = parse_bundle(answer.data)
    kinds = {one.kind for one in bundle.statements}
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert {"dispute/v1", "dispute-step/v1", "ruling/v1"} <= kinds
    trusted = Trusted(log_keys=(LogKey(verifier=front.office.keys.log.verifier),))
    found = check_bundle(bundle, trusted)
    assert [one for one in found if one.verdict is EvidenceVerdict.CONTRADICTED] == []
    assert [
        (o.code, o.about) for o in found if o.verdict is EvidenceVerdict.MISSING
    ] == []
    assert is_good(found)
