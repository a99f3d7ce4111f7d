import re
from collections.abc import Iterator, Mapping
from itertools import count

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Table
from werkzeug.test import TestResponse

from attribution.ids import ProjectId
from attribution.people import Grant, Role
from attribution.services.administering import create_project
from attribution.services.admitting import actor_of_integration
from attribution.services.enrolling import account_of, give_role
from attribution.services.sequencing import sequence
from attribution.services.statements import StatementKind
from attribution.storage.engine import open_database
from attribution.storage.tables import (
    agent_tags,
    agents,
    channels,
    credentials,
    devices,
    grants,
    invitations,
    log_entries,
    owner_tags,
    people,
    programmes,
    project_rules,
    projects,
)
from tests.office import OTHER_PHONE, PHONE, Office
from tests.web.conftest import Front, sign_in
from web.log_words import ENTRY_WORDS
from web.parsing import MOST_OWNERS
from web.rule_fields import DEAL_FIELDS, TOKEN_FIELDS, RuleField

LANGUAGES = ("zh", "en")
_FORMS = count()


@pytest.fixture
def admin(front: Front) -> FlaskClient:
    return front.signed_in(Role.ADMIN)


@pytest.fixture(scope="module")
def quiet_front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """An office that many tests may share: every request of theirs is refused."""
    path = tmp_path_factory.mktemp("quiet") / "hefu.db"
    database = open_database(f"sqlite:///{path}")
    yield Front(Office(database))
    database.close()


@pytest.fixture(scope="module")
def quiet_admin(quiet_front: Front) -> FlaskClient:
    return quiet_front.signed_in(Role.ADMIN)


def values_of(fields: tuple[RuleField, ...]) -> dict[str, object]:
    return {
        one.key: one.default.split() if one.is_set else one.default for one in fields
    }


def fresh(browser: FlaskClient, address: str, **fields: object) -> dict[str, object]:
    """Return a form of the page at an address: its hidden id, and what is typed."""
    match = re.search(r'name="request_id" value="(\w+)"', browser.get(address).text)
    assert match
    return {"request_id": match[1], **fields}


def send(
    browser: FlaskClient, path: str, data: Mapping[str, object] | None = None
) -> TestResponse:
    """Send a form that was never sent before."""
    fields = {"request_id": f"form-{next(_FORMS)}", **(data or {})}
    return browser.post(path, data=fields)


PLAN = {
    "base": "price",
    "rate_bp": "1.5",
    "milestone-contract": "70",
    "milestone-handover": "30",
}


def programme_form(
    front: Front, admin: FlaskClient, **fields: object
) -> dict[str, object]:
    form = {
        "project": front.office.project,
        "channel": front.office.channel_a,
        "kind": "resident",
        **values_of(TOKEN_FIELDS),
        **PLAN,
        **fields,
    }
    return fresh(admin, "/admin/programmes/new", **form)


# -- people --


def test_a_person_is_added_invited_and_signs_in(
    front: Front, admin: FlaskClient
) -> None:
    address = send(
        admin, "/admin/people", data={"login": "zhou", "name": "小周"}
    ).location
    send(
        admin,
        f"{address}/roles",
        data={"role": "desk", "project": front.office.project},
    )
    page = send(admin, f"{address}/invitation").text
    link = re.search(r"/invitation#(\w+)", page)
    assert link
    form = {"invitation": link[1], "password": "four unrelated words"}
    browser = front.browser()
    browser.post("/invitation", data=form)

    assert sign_in(browser, "zhou") == 303
    assert link[1] not in admin.get(address).text
    assert "江畔" in admin.get(address).text
    assert "前台人员 · 江畔" in admin.get("/admin/people").text


@pytest.mark.parametrize(
    ("language", "empty", "taken"),
    [("zh", "没有内容", "登录名已经有人用"), ("en", "nothing", "login")],
)
def test_a_person_needs_a_login_of_their_own(
    admin: FlaskClient, language: str, empty: str, taken: str
) -> None:
    admin.set_cookie("hefu_lang", language)

    nameless = send(admin, "/admin/people", data={"login": "x", "name": " "})
    twin = send(admin, "/admin/people", data={"login": "wang", "name": "王"})

    assert (nameless.status_code, twin.status_code) == (422, 422)
    assert empty in nameless.text
    assert taken in twin.text


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("people/{wang}/roles", {"role": "desk", "project": "nowhere"}),
        ("people/{wang}/roles", {"role": "agent", "channel": "nobody"}),
        ("people/nobody/roles", {"role": "desk"}),
        ("devices", {"name": "北门", "project": "nowhere"}),
        ("tokens", {"label": "同步", "person": "nobody"}),
        ("people/nobody/suspend", {}),
        ("people/nobody/readmit", {}),
        ("people/nobody/invitation", {}),
        ("people/nobody/second-factor/remove", {}),
        ("people/{wang}/roles/none/take", {}),
        ("devices/none/revoke", {}),
        ("tokens/none/revoke", {}),
        ("channels/none/suspension", {"request_id": "1", "suspend": "yes"}),
        ("agents/none/suspension", {"request_id": "2", "suspend": "yes"}),
    ],
)
def test_what_names_nothing_is_not_found(
    quiet_front: Front, quiet_admin: FlaskClient, address: str, form: dict[str, str]
) -> None:
    path = address.format(wang=quiet_front.office.people["wang"])

    assert send(quiet_admin, f"/admin/{path}", data=form).status_code == 404


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"role": "admin", "project": "p"}, "管理员不分范围"),
        ({"role": "agent"}, "属于一个渠道"),
        ({"role": "king"}, "从列表里选"),
    ],
)
def test_a_role_in_the_wrong_place_is_refused(
    front: Front, admin: FlaskClient, form: dict[str, str], words: str
) -> None:
    answer = send(
        admin, f"/admin/people/{front.office.people['wang']}/roles", data=form
    )

    assert answer.status_code == 422
    assert words in answer.text


def test_a_role_is_taken_back(front: Front, admin: FlaskClient) -> None:
    address = f"/admin/people/{front.office.people['wang']}"
    send(
        admin,
        f"{address}/roles",
        data={"role": "agent", "channel": front.office.channel_a},
    )
    match = re.search(r"/roles/(\w+)/take", admin.get(address).text)
    assert match

    send(admin, f"{address}/roles/{match[1]}/take")

    assert "还没有角色" in admin.get(address).text


def test_a_suspended_person_is_out_until_let_back(
    front: Front, admin: FlaskClient
) -> None:
    login = front.hire(Role.SIGNING)
    match = re.search(
        rf'/admin/people/(\w+)">{login}<', admin.get("/admin/people").text
    )
    assert match
    address = f"/admin/people/{match[1]}"

    send(admin, f"{address}/suspend")
    refused = sign_in(front.browser(), login)
    shown = admin.get(address).text
    send(admin, f"{address}/readmit")

    assert refused == 403
    assert "恢复登录" in shown
    assert sign_in(front.browser(), login) == 303


def test_nobody_locks_themselves_out(front: Front) -> None:
    login = front.hire(Role.ADMIN)
    browser = front.browser()
    sign_in(browser, login)
    match = re.search(
        rf'/admin/people/(\w+)">{login}<', browser.get("/admin/people").text
    )
    assert match
    address = f"/admin/people/{match[1]}"

    assert send(browser, f"{address}/suspend").status_code == 404
    assert send(browser, f"{address}/roles/x/take").status_code == 404
    assert "由另一位管理员" in browser.get(address).text


def test_a_lost_second_factor_is_removed(front: Front, admin: FlaskClient) -> None:
    person_id = front.office.people["desk"]
    with front.office.runtime.transaction() as work:
        work.access.set_second_factor(person_id, b"sealed")
    address = f"/admin/people/{person_id}"
    assert "停用登录验证码" in admin.get(address).text

    send(admin, f"{address}/second-factor/remove")

    assert "停用登录验证码" not in admin.get(address).text


@pytest.mark.parametrize(
    ("address", "form", "table"),
    [
        ("people", {"login": "zhou", "name": "小周"}, people),
        ("people/{wang}/roles", {"role": "desk"}, grants),
        ("people/{wang}/invitation", {}, invitations),
        ("people/{wang}/suspend", {}, log_entries),
        ("people/{wang}/readmit", {}, log_entries),
        ("people/{wang}/second-factor/remove", {}, log_entries),
        ("devices", {"name": "北门", "project": "{project}"}, devices),
        ("tokens", {"label": "同步", "person": "{wang}"}, credentials),
    ],
)
def test_a_form_sent_twice_is_done_once_and_answered_alike(
    front: Front,
    admin: FlaskClient,
    address: str,
    form: dict[str, str],
    table: Table,
) -> None:
    names = {"wang": front.office.people["wang"], "project": front.office.project}
    path = f"/admin/{address.format(**names)}"
    fields = {key: said.format(**names) for key, said in form.items()}
    before = front.office.count(table)

    answers = [admin.post(path, data={"request_id": "one", **fields}) for _ in range(2)]
    other = admin.post(path, data={"request_id": "one", **fields, "more": "x"})

    shown = [
        (one.location, re.findall(r"<output.*?</output>", one.text, re.DOTALL))
        for one in answers
    ]
    assert shown[0] == shown[1]
    assert front.office.count(table) == before + 1
    assert other.status_code == 409


def test_a_role_taken_back_twice_by_one_form_is_taken_once(
    front: Front, admin: FlaskClient
) -> None:
    address = f"/admin/people/{front.office.people['wang']}"
    send(admin, f"{address}/roles", {"role": "desk"})
    match = re.search(r"/roles/(\w+)/take", admin.get(address).text)
    assert match
    form, path = {"request_id": "take"}, f"{address}/roles/{match[1]}/take"

    answers = [admin.post(path, data=form) for _ in range(2)]

    assert [one.status_code for one in answers] == [303, 303]
    assert send(admin, path).status_code == 404


# -- devices and tokens --


def test_a_desk_is_paired_and_shut_out(front: Front, admin: FlaskClient) -> None:
    form = {"name": "北门前台", "project": front.office.project}
    code = re.search(r">(\d{6})<", send(admin, "/admin/devices", data=form).text)
    assert code
    assert "等待配对" in admin.get("/admin/devices").text
    front.browser().post("/pair", data={"code": code[1]})
    page = admin.get("/admin/devices").text
    assert "已配对" in page
    assert code[1] not in page
    device = re.search(r"/admin/devices/(\w+)/revoke", page)
    assert device

    send(admin, f"/admin/devices/{device[1]}/revoke")

    assert "还没有前台电脑" in admin.get("/admin/devices").text


def test_an_unused_pairing_code_expires(front: Front, admin: FlaskClient) -> None:
    send(
        admin, "/admin/devices", data={"name": "南门", "project": front.office.project}
    )
    front.office.wait(minutes=11)

    assert "配对码已过期" in admin.get("/admin/devices").text


def test_a_device_needs_a_name(front: Front, admin: FlaskClient) -> None:
    answer = send(
        admin, "/admin/devices", data={"name": "", "project": front.office.project}
    )

    assert answer.status_code == 422


def test_a_token_is_shown_once_and_revoked(front: Front, admin: FlaskClient) -> None:
    form = {"label": "同步", "person": front.office.people["wang"]}
    secret = re.search(
        r"<code>(\w{64})</code>", send(admin, "/admin/tokens", data=form).text
    )
    assert secret
    page = admin.get("/admin/tokens").text
    assert actor_of_integration(front.office.runtime, secret[1]) is not None
    assert secret[1] not in page
    token = re.search(r"/admin/tokens/(\w+)/revoke", page)
    assert token

    send(admin, f"/admin/tokens/{token[1]}/revoke")

    assert actor_of_integration(front.office.runtime, secret[1]) is None
    assert "还没有令牌" in admin.get("/admin/tokens").text


def test_a_token_needs_a_purpose(front: Front, admin: FlaskClient) -> None:
    form = {"label": "", "person": front.office.people["wang"]}

    assert send(admin, "/admin/tokens", data=form).status_code == 422


# -- projects --


def test_a_project_opens_with_the_rules_of_its_form(
    front: Front, admin: FlaskClient
) -> None:
    form = fresh(admin, "/admin/projects/new", name="云庭", **values_of(DEAL_FIELDS))
    form |= {"regime": "last_visit", "joint": "weights", "joint_weights": "70, 30"}

    first = admin.post("/admin/projects/new", data=form)
    second = admin.post("/admin/projects/new", data=form)
    page = admin.get(first.location).text

    assert first.location == second.location
    assert front.office.count(projects) == 2
    assert "最后带看" in page
    assert "70%, 30%" in page
    assert "云庭" in admin.get("/admin/projects").text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("fields", "place", "words"),
    [
        ({"name": ""}, "name", ("1 到 40", "1 to 40")),
        ({"name": "云\x07庭"}, "name", ("看不见的字符", "invisible")),
        ({"regime": "chance"}, "regime", ("从列表里选", "from the list")),
        ({"joint": "weights", "joint_weights": "70, 20"}, "joint", ("100%", "100%")),
        (
            {"joint": "weights", "joint_weights": "x"},
            "joint_weights",
            ("0 到 100", "0 to 100"),
        ),
        ({"family": ["dog"]}, "family", ("从列表里选", "from the list")),
        (
            {"walk_in_protection_days": "soon"},
            "walk_in_protection_days",
            ("请填整数", "whole number"),
        ),
        (
            {"walk_in_protection_days": "99999"},
            "walk_in_protection_days",
            ("0 到 3650", "0 to 3650"),
        ),
        ({"owners_excluded": ["x"]}, "owners_excluded", ("从列表", "from the list")),
        ({"self_referral": "x"}, "self_referral", ("从列表", "from the list")),
        ({"day_count": "x"}, "day_count", ("从列表", "from the list")),
        ({"time_zone": "Mars/One"}, "time_zone", ("没有这个时区", "time zone")),
        ({"fixes_at": "x"}, "fixes_at", ("从列表", "from the list")),
        ({"dispute_window_days": ""}, "dispute_window_days", ("整数", "whole number")),
    ],
)
def test_every_mistake_in_a_rulebook_stands_beside_its_field(
    quiet_admin: FlaskClient,
    fields: dict[str, object],
    place: str,
    words: tuple[str, str],
    language: str,
) -> None:
    quiet_admin.set_cookie("hefu_lang", language)
    form = fresh(
        quiet_admin, "/admin/projects/new", name="云庭", **values_of(DEAL_FIELDS)
    )

    answer = quiet_admin.post("/admin/projects/new", data=form | fields)

    assert answer.status_code == 422
    assert f'href="#{place}"' in answer.text
    assert words[LANGUAGES.index(language)] in answer.text


def test_rules_change_by_a_new_version_that_says_what_it_changed(
    front: Front, admin: FlaskClient
) -> None:
    address = f"/admin/projects/{front.office.project}"
    front.office.wait(hours=1)
    form = fresh(admin, f"{address}/rules", **values_of(DEAL_FIELDS))

    answer = admin.post(
        f"{address}/rules",
        data=form | {"walk_in_protection_days": "", "joint": "equal"},
    )
    page = admin.get(address).text

    assert answer.location == address
    assert front.office.count(project_rules) == 2
    assert "永远" in page
    assert "这一版改的" in page
    assert "已被替代" in page
    assert 'value="equal" selected' in admin.get(f"{address}/rules").text


def test_a_version_may_be_agreed_ahead_but_not_backwards(
    front: Front, admin: FlaskClient
) -> None:
    address = f"/admin/projects/{front.office.project}"
    form = fresh(admin, f"{address}/rules", **values_of(DEAL_FIELDS))

    back = admin.post(
        f"{address}/rules", data=form | {"in_force_from": "2020-01-01T00:00"}
    )
    ahead = admin.post(
        f"{address}/rules", data=form | {"in_force_from": "2027-01-01T00:00"}
    )

    assert back.status_code == 422
    assert "不能从过去开始" in back.text
    assert ahead.status_code == 303
    assert "将生效" in admin.get(address).text


def test_pasted_owners_become_tags(front: Front, admin: FlaskClient) -> None:
    address = f"/admin/projects/{front.office.project}"
    form = fresh(admin, address, owners=f"{PHONE}\n\n{OTHER_PHONE}", mark="group")

    admin.post(f"{address}/owners", data=form)

    assert front.office.count(owner_tags) == 2
    assert PHONE not in admin.get(address).text


@pytest.mark.parametrize(
    ("owners", "words"),
    [
        ("", "请至少填一行"),
        (f"{PHONE}\n11010519491231002A", "第 2 项"),
        (f"{PHONE}\n110105194912310029", "校验位不对"),
    ],
)
def test_owners_that_cannot_be_read_are_refused_and_forgotten(
    front: Front, admin: FlaskClient, owners: str, words: str
) -> None:
    address = f"/admin/projects/{front.office.project}"
    form = fresh(admin, address, owners=owners, mark="project")

    answer = admin.post(f"{address}/owners", data=form)

    assert answer.status_code == 422
    assert words in answer.text
    assert PHONE not in answer.text
    assert front.office.count(owner_tags) == 0


def test_a_list_that_would_stop_the_office_is_refused_unread(
    front: Front, admin: FlaskClient
) -> None:
    address = f"/admin/projects/{front.office.project}"
    many = fresh(
        admin, address, owners="\n".join([PHONE] * (MOST_OWNERS + 1)), mark="project"
    )

    answer = admin.post(f"{address}/owners", data=many)

    assert answer.status_code == 422
    assert "一次最多 100 个" in answer.text
    assert front.office.count(owner_tags) == 0


def test_units_are_listed_all_or_none(front: Front, admin: FlaskClient) -> None:
    address = f"/admin/projects/{front.office.project}"

    good = admin.post(
        f"{address}/units", data=fresh(admin, address, units="3栋1单元1201\n3-1-1202")
    )
    bad = admin.post(
        f"{address}/units", data=fresh(admin, address, units="3-1-1203\n天上")
    )
    empty = admin.post(f"{address}/units", data=fresh(admin, address, units=" "))

    assert good.status_code == 303
    assert "现在有 2 套" in admin.get(address).text
    assert (bad.status_code, empty.status_code) == (422, 422)
    assert "第 2 项" in bad.text


# -- programmes --


def test_an_agreement_is_shown_in_words_with_its_example(
    front: Front, admin: FlaskClient
) -> None:
    form = programme_form(front, admin, cap_fen="8万", floor_fen="5000")

    address = admin.post("/admin/programmes/new", data=form).location
    page = admin.get(address).text
    admin.set_cookie("hefu_lang", "en")
    english = admin.get(address).text

    assert "老带新" in page
    assert "成交总价（含税）的 1.5%" in page
    assert "不超过 ¥80,000.00" in page
    assert "总价 ¥2,450,000.00 的一套，佣金 ¥36,750.00" in page
    assert "a home of ¥2,450,000.00 earns ¥36,750.00" in english
    assert front.office.count(programmes) == 3


def test_a_fixed_commission_and_an_end(front: Front, admin: FlaskClient) -> None:
    form = programme_form(
        front,
        admin,
        base="fixed",
        rate_bp="",
        fixed_fen="20000",
        in_force_from="2027-01-01T00:00",
        in_force_until="2028-01-01T00:00",
    )

    address = admin.post("/admin/programmes/new", data=form).location
    page = admin.get(address).text

    assert "每套 ¥20,000.00" in page
    assert "现在不生效" in page
    assert "将生效" in admin.get(f"/admin/projects/{front.office.project}").text
    assert 'value="20,000.00"' in admin.get(f"{address}/plan").text


@pytest.mark.parametrize(
    ("fields", "place", "words"),
    [
        ({"kind": "x"}, "kind", "从列表里选"),
        ({"base": "x"}, "base", "从列表里选"),
        ({"rate_bp": "101"}, "rate_bp", "0 到 100"),
        ({"rate_bp": ""}, "rate_bp", "0 到 100"),
        ({"base": "fixed", "fixed_fen": "many"}, "fixed_fen", "金额看不懂"),
        ({"floor_fen": "5万", "cap_fen": "1万"}, "cap_fen", "不能低于保底"),
        ({"milestone-contract": "60"}, "milestones", "必须是 100%"),
        ({"milestone-contract": "x"}, "milestone-contract", "0 到 100"),
        ({"lead_minutes": "-1"}, "lead_minutes", "整数"),
        ({"lead_minutes": "5000"}, "lead_minutes", "0 到 1440"),
        ({"token_lifetime_hours": ""}, "token_lifetime_hours", "整数"),
        ({"report_protection_hours": "0"}, "report_protection_hours", "1 到"),
        ({"binding_required": "x"}, "binding_required", "从列表"),
        (
            {"kind": "agency", "binding_required": "none"},
            "binding_required",
            "必须绑定",
        ),
        ({"short_lead": "x"}, "short_lead", "从列表"),
        ({"visit_protection_days": "0"}, "visit_protection_days", "1 到 3650"),
        ({"quota_day": "x"}, "quota_day", "整数"),
        ({"in_force_until": "2020-01-01T00:00"}, "in_force_until", "在开始之后"),
        ({"in_force_from": "x"}, "in_force_from", "没有这个日期"),
    ],
)
def test_every_mistake_in_an_agreement_stands_beside_its_field(
    quiet_front: Front,
    quiet_admin: FlaskClient,
    fields: dict[str, str],
    place: str,
    words: str,
) -> None:
    quiet_admin.set_cookie("hefu_lang", "zh")
    form = programme_form(quiet_front, quiet_admin, **fields)

    answer = quiet_admin.post("/admin/programmes/new", data=form)

    assert answer.status_code == 422
    assert f'href="#{place}"' in answer.text
    assert words in answer.text


def test_rules_and_plan_of_an_agreement_have_versions(
    front: Front, admin: FlaskClient
) -> None:
    office = front.office
    office.wait(hours=1)
    address = f"/admin/programmes/{office.programmes[office.channel_a]}"
    rules = fresh(admin, f"{address}/rules", **values_of(TOKEN_FIELDS))
    plan = fresh(admin, f"{address}/plan", **PLAN)

    changed = rules | {"lead_minutes": "45", "revisit_renews": "true"}
    one = admin.post(f"{address}/rules", data=changed)
    two = admin.post(f"{address}/plan", data=plan | {"rate_bp": "2%"})
    page = admin.get(address).text

    assert (one.status_code, two.status_code) == (303, 303)
    assert "45 分钟" in page
    assert "2%" in page
    assert page.count("已被替代") == 2


def test_a_refused_version_keeps_the_form(front: Front, admin: FlaskClient) -> None:
    office = front.office
    address = f"/admin/programmes/{office.programmes[office.channel_a]}"
    rules = fresh(admin, f"{address}/rules", **values_of(TOKEN_FIELDS))
    plan = fresh(admin, f"{address}/plan", **PLAN)

    one = admin.post(f"{address}/rules", data=rules | {"lead_minutes": "x"})
    two = admin.post(f"{address}/plan", data=plan | {"milestone-contract": "1"})

    assert (one.status_code, two.status_code) == (422, 422)
    assert 'value="x"' in one.text


def test_an_agreement_that_begins_later_can_be_changed(
    front: Front, admin: FlaskClient
) -> None:
    form = programme_form(front, admin, in_force_from="2027-01-01T00:00")
    address = admin.post("/admin/programmes/new", data=form).location
    plan = fresh(admin, f"{address}/plan", **PLAN, in_force_from="2027-06-01T00:00")

    assert admin.post(f"{address}/plan", data=plan).status_code == 303


# -- channels and agents --


def test_a_channel_is_added_suspended_and_let_back(
    front: Front, admin: FlaskClient
) -> None:
    page = "/admin/channels"
    admin.post(page, data=fresh(admin, page, name="丙渠道"))
    refused = admin.post(page, data=fresh(admin, page, name=""))
    address = f"/admin/channels/{front.office.channel_a}/suspension"

    admin.post(address, data=fresh(admin, page, suspend="yes"))
    suspended = admin.get(page).text
    admin.post(address, data=fresh(admin, page, suspend="no"))

    assert front.office.count(channels) == 3
    assert refused.status_code == 422
    assert "已停用" in suspended
    assert "已停用" not in admin.get(page).text


def test_an_agent_is_added_with_own_numbers_and_a_login(
    front: Front, admin: FlaskClient
) -> None:
    form = fresh(
        admin,
        "/admin/agents",
        channel=front.office.channel_a,
        name="赵敏",
        login="zhao",
        own=PHONE,
        is_owner="1",
    )

    admin.post("/admin/agents", data=form)
    page = admin.get("/admin/agents").text

    assert "赵敏" in page
    assert "业主" in page
    assert PHONE not in page
    assert front.office.count(agent_tags) == 1
    assert "zhao" in admin.get("/admin/people").text


@pytest.mark.parametrize(
    ("fields", "place"),
    [({"login": "wang"}, "login"), ({"name": ""}, "name"), ({"own": "1"}, "own")],
)
def test_an_agent_with_a_mistake_is_not_added(
    front: Front, admin: FlaskClient, fields: dict[str, str], place: str
) -> None:
    form = fresh(admin, "/admin/agents", channel=front.office.channel_a, name="赵敏")

    answer = admin.post("/admin/agents", data=form | fields)

    assert answer.status_code == 422
    assert f'href="#{place}"' in answer.text
    assert front.office.count(agents) == 2


def test_an_agent_is_suspended_and_let_back(front: Front, admin: FlaskClient) -> None:
    page = "/admin/agents"
    address = f"/admin/agents/{front.office.wang.agent_id}/suspension"

    admin.post(address, data=fresh(admin, page, suspend="yes"))
    suspended = admin.get(page).text
    admin.post(address, data=fresh(admin, page, suspend="no"))

    assert "已停用" in suspended
    assert "已停用" not in admin.get(page).text


# -- what is looked at --


def test_the_table_of_access_comes_from_the_application(admin: FlaskClient) -> None:
    page = admin.get("/admin/access").text

    assert "/signing/deals/&lt;signing_id&gt;" in page
    assert "所有人，不用登录" in page
    assert "所有登录的人" in page
    assert "签约人员" in page


def test_the_log_shows_its_checkpoint_and_latest_entries(
    front: Front, admin: FlaskClient
) -> None:
    assert "还没有检查点" in admin.get("/admin/log").text
    sequence(front.office.runtime)

    page = admin.get("/admin/log").text

    assert "hefu.test/log" in page
    assert "新经纪人" in page
    assert "#0" in page


def test_every_kind_of_entry_has_words() -> None:
    assert set(ENTRY_WORDS) == set(StatementKind)


def test_operations_see_agreements_and_no_people(front: Front) -> None:
    browser = front.signed_in(Role.OPERATIONS)

    page = browser.get("/admin").text

    assert "/admin/projects" in page
    assert "/admin/people" not in page
    assert browser.get("/admin/projects").status_code == 200
    for address in ("people", "devices", "tokens", "projects/new"):
        assert browser.get(f"/admin/{address}").status_code == 403


def test_operations_of_one_project_see_no_other(front: Front) -> None:
    login = front.hire()
    account = account_of(front.office.runtime, login)
    assert account
    made = front.office.do(create_project, by=front.office.admin, name="云庭", rules={})
    elsewhere = ProjectId(str(made["project_id"]))
    grant = Grant(role=Role.OPERATIONS, project_id=elsewhere)
    give_role(front.office.runtime, account.id, grant)
    browser = front.browser()
    sign_in(browser, login)
    office = front.office
    programme = office.programmes[office.channel_a]

    assert "江畔" not in browser.get("/admin/projects").text
    assert "/suspension" not in browser.get("/admin/channels").text
    assert office.channel_a not in browser.get("/admin/agents").text
    for address in (f"projects/{office.project}", f"programmes/{programme}"):
        assert browser.get(f"/admin/{address}").status_code == 403


def test_an_administrator_sees_everything(admin: FlaskClient) -> None:
    assert "/admin/people" in admin.get("/admin").text


@pytest.mark.parametrize("role", [Role.SIGNING, Role.FINANCE, Role.AGENT, Role.DESK])
def test_administration_is_for_its_own_roles(front: Front, role: Role) -> None:
    browser = front.signed_in(role)

    for address in ("", "/people", "/projects", "/agents", "/log", "/access"):
        assert browser.get(f"/admin{address}").status_code == 403


def test_what_is_not_there_is_not_found(admin: FlaskClient) -> None:
    for address in ("people/x", "projects/x", "programmes/x"):
        assert admin.get(f"/admin/{address}").status_code == 404
