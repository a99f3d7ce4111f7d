import re

import pytest
from flask.testing import FlaskClient

from attribution.documents import instant_text
from attribution.people import Role
from attribution.services.enrolling import account_of, add_person, invite
from attribution.services.pairing import begin_pairing
from attribution.services.sequencing import sequence
from attribution.totp import code_at, step_at
from tests.web.conftest import PASSWORD, Front, sign_in
from web.access import open_to_all


def test_a_stranger_is_led_to_the_sign_in(front: Front) -> None:
    answer = front.browser().get("/")

    assert (answer.status_code, answer.location) == (303, "/sign-in")


def test_a_page_for_staff_leads_to_the_sign_in_and_back(front: Front) -> None:
    browser = front.browser()

    led = browser.get("/account")
    login = front.hire(Role.ADMIN)
    form = {"login": login, "password": PASSWORD, "next": "/account"}
    back = browser.post("/sign-in", data=form)

    assert led.location == "/sign-in?next=%2Faccount"
    assert back.location == "/account"


@pytest.mark.parametrize(
    "asked",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
    ],
)
def test_signing_in_never_leads_to_another_site(front: Front, asked: str) -> None:
    login = front.hire()

    answer = front.browser().post(
        "/sign-in", data={"login": login, "password": PASSWORD, "next": asked}
    )

    assert answer.location == "/"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    front: Front,
) -> None:
    form = {"login": front.hire(), "password": PASSWORD}

    plain = front.browser().post("/sign-in", data=form).headers["Set-Cookie"]
    secure = front.browser().post(
        "/sign-in", data=form, base_url="https://hefu.example"
    )

    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Secure" in secure.headers["Set-Cookie"]
    assert "Secure" not in plain


def test_signing_out_ends_the_session_and_the_cookie(front: Front) -> None:
    browser = front.signed_in(Role.ADMIN)
    cookie = browser.get_cookie("hefu_session")
    assert cookie is not None

    answer = browser.post("/sign-out")

    assert answer.location == "/sign-in"
    assert browser.get_cookie("hefu_session") is None
    browser.set_cookie("hefu_session", cookie.value)
    assert browser.get("/account").status_code == 303


def test_signing_out_twice_is_harmless(front: Front) -> None:
    assert front.browser().post("/sign-out").status_code == 303


def test_a_wrong_password_is_explained_without_saying_what_was_wrong(
    front: Front,
) -> None:
    browser = front.browser()

    unknown = browser.post("/sign-in", data={"login": "nobody", "password": "x"})
    login = front.hire()
    wrong = browser.post("/sign-in", data={"login": login, "password": "x"})

    assert unknown.status_code == wrong.status_code == 403
    # The login that was typed is kept; nothing else differs.
    assert unknown.text == wrong.text.replace(login, "nobody")
    assert "登录没有成功" in wrong.text


def test_too_many_wrong_passwords_are_told_to_wait(front: Front) -> None:
    browser, login = front.browser(), front.hire()
    for _ in range(5):
        sign_in(browser, login, "wrong")

    answer = browser.post("/sign-in", data={"login": login, "password": PASSWORD})

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "2"


def test_the_first_page_greets_by_name(front: Front) -> None:
    text = front.signed_in().get("/").text

    assert "您好，person-1" in text


def test_the_language_is_remembered(front: Front) -> None:
    browser = front.browser()

    answer = browser.post("/language", data={"language": "en", "next": "/sign-in"})

    assert answer.location == "/sign-in"
    assert "<h1>Sign in</h1>" in browser.get("/sign-in").text


def test_an_unknown_language_changes_nothing(front: Front) -> None:
    browser = front.browser()

    browser.post("/language", data={"language": "tlh"})

    assert browser.get_cookie("hefu_lang") is None


def test_an_invited_person_chooses_a_password(front: Front) -> None:
    runtime = front.office.runtime
    secret = invite(runtime, add_person(runtime, login="new", name="新人"))
    browser = front.browser()
    form = {"invitation": secret, "password": PASSWORD}

    assert browser.get("/invitation").status_code == 200
    answer = browser.post("/invitation", data=form, follow_redirects=True)

    assert "密码已设好" in answer.text
    assert sign_in(browser, "new") == 303


def test_a_second_factor_is_set_up_and_then_asked_for(front: Front) -> None:
    browser = front.signed_in(Role.FINANCE)

    page = browser.post("/account/second-factor").text
    secret = hidden(page, "secret")
    digits = code_at(bytes.fromhex(secret), step_at(front.office.time))
    form = {"request_id": "1", "secret": secret, "digits": digits}
    done = browser.post(
        "/account/second-factor/confirm", data=form, follow_redirects=True
    )
    again = browser.post("/account/second-factor/confirm", data=form)

    assert "已启用" in done.text
    assert again.status_code == 303
    assert "<svg" in page
    assert sign_in(front.browser(), "person-1") == 403


@pytest.mark.parametrize("secret", ["xyz", "", "00" * 19, "00" * 2000])
def test_a_secret_that_is_none_is_a_mistake_in_the_form(
    front: Front, secret: str
) -> None:
    answer = front.signed_in().post(
        "/account/second-factor/confirm", data={"secret": secret, "digits": "1"}
    )

    assert answer.status_code == 422


def test_wrong_digits_of_a_second_factor_are_asked_for_again(front: Front) -> None:
    browser = front.signed_in()
    secret = hidden(browser.post("/account/second-factor").text, "secret")
    form = {"request_id": "1", "secret": secret, "digits": "000000"}

    page = browser.post("/account/second-factor/confirm", data=form)
    told = browser.post(
        "/account/second-factor/confirm",
        data=form,
        headers={"Accept": "application/json"},
    )

    assert page.status_code == told.status_code == 422
    assert hidden(page.text, "secret") == secret
    assert "<svg" in page.text
    assert "SECOND_FACTOR_INVALID" in told.text
    assert "已启用" not in browser.get("/account").text


def test_a_paired_desk_knows_itself(front: Front) -> None:
    office = front.office
    code = begin_pairing(office.runtime, project_id=office.project, name="一号台")
    browser = front.browser()

    assert browser.get("/pair").status_code == 200
    browser.post("/pair", data={"code": code})

    assert "一号台" in browser.get("/pair").text
    assert sign_in(browser, front.hire(Role.DESK)) == 303
    assert "一号台" in browser.get("/account").text


def test_health_is_told_to_everybody(front: Front) -> None:
    assert front.browser().get("/healthz").json == {"status": "ok", "log": "ok"}


def test_a_log_that_owes_a_proof_is_no_healthy_one_but_the_desks_go_on(
    front: Front,
) -> None:
    sequence(front.office.runtime)
    front.office.walk_in()
    front.office.wait(seconds=60)

    answer = front.browser().get("/healthz")

    assert answer.status_code == 200
    assert answer.json == {
        "status": "ok",
        "log": "PROOF_OVERDUE",
        "owed_since": instant_text(front.office.time),
    }
    sequence(front.office.runtime)
    assert front.browser().get("/healthz").json == {"status": "ok", "log": "ok"}


def test_the_account_page_names_roles(front: Front) -> None:
    text = front.signed_in(Role.ADMIN, Role.DESK).get("/account").text

    assert "管理员" in text
    assert "前台人员" in text
    assert account_of(front.office.runtime, "person-1")


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None
    return found[1]


PAGES = ["/sign-in", "/invitation", "/pair", "/account", "/", "/problems/TOKEN_USED"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_input_has_a_label_and_ids_are_unique(
    front: Front, path: str, language: str
) -> None:
    browser: FlaskClient = front.signed_in(Role.ADMIN)
    browser.set_cookie("hefu_lang", language)

    text = browser.get(path).text

    ids = re.findall(r'\bid="([^"]+)"', text)
    labelled = re.findall(r'<label for="([^"]+)"', text)
    inputs = re.findall(r'<(?:input|select|textarea) id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(inputs) <= set(labelled)


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_no_inline_script_or_style(front: Front, path: str) -> None:
    text = front.signed_in(Role.ADMIN).get(path).text

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text)


def test_one_desk_only_is_opened_at_once(front: Front) -> None:
    front.app.add_url_rule("/admin", "admin_page", open_to_all(lambda: "the desk"))

    browser = front.signed_in(Role.ADMIN)

    assert browser.get("/").location == "/admin"
