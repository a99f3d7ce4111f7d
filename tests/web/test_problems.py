import pytest
from apiflask import APIBlueprint
from flask import abort, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, StrictInt

from attribution import errors as refused
from attribution.errors import AttributionError, RateLimited
from attribution.people import Role
from tests.web.conftest import Front
from tokens import errors as malformed
from tokens.errors import Reason, TokenError
from web.access import open_to_all, requires
from web.answers import ANSWERS, HTTP_ANSWERS, REASONS

JSON = {"Accept": "application/json"}


@pytest.mark.parametrize("base", [AttributionError, TokenError])
def test_every_error_has_an_answer(base: type[Exception]) -> None:
    assert set(base.__subclasses__()) <= set(ANSWERS)


def test_every_reason_has_words() -> None:
    assert set(REASONS) == set(Reason)


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in ANSWERS]  # type: ignore[attr-defined]

    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("answer", [*ANSWERS.values(), *HTTP_ANSWERS.values()])
def test_every_answer_says_three_things_in_two_languages(
    front: Front, answer: object
) -> None:
    for name in ("title", "why", "todo"):
        sentence = getattr(answer, name)
        with front.app.test_request_context():
            chinese = str(sentence)
        with front.app.test_request_context(headers={"Cookie": "hefu_lang=en"}):
            english = str(sentence)
        assert chinese
        assert english != chinese


class Raising:
    """Views that raise what a test asks for."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.error: Exception = Exception()

        def stranger() -> str:
            raise self.error

        def staff() -> str:
            raise self.error

        front.app.add_url_rule("/open", "open", open_to_all(stranger))
        front.app.add_url_rule("/staff", "staff", requires(Role.DESK)(staff))


@pytest.fixture
def raising(front: Front) -> Raising:
    return Raising(front)


def test_a_program_gets_problem_json(raising: Raising) -> None:
    raising.error = refused.QuotaExceeded()

    answer = raising.front.browser().get("/open", headers=JSON)

    assert answer.status_code == 429
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["code"] == "QUOTA_EXCEEDED"
    assert answer.json["type"] == "/problems/QUOTA_EXCEEDED"
    assert answer.json["next"]


def test_a_person_gets_a_page(raising: Raising) -> None:
    raising.error = refused.QuotaExceeded()

    answer = raising.front.browser().get("/open")

    assert answer.status_code == 429
    assert "推荐码数量到上限" in answer.text


def test_a_reader_of_english_gets_english(raising: Raising) -> None:
    raising.error = refused.QuotaExceeded()
    browser = raising.front.browser()
    browser.set_cookie("hefu_lang", "en")

    assert "Too many codes" in browser.get("/open").text


def test_waiting_is_told_in_seconds(raising: Raising) -> None:
    raising.error = RateLimited(17)

    answer = raising.front.browser().get("/open")

    assert answer.headers["Retry-After"] == "17"
    assert "17" in answer.text


FATES = [
    refused.TokenUnknown(),
    refused.TokenUsed(),
    refused.TokenExpired(),
    refused.TokenRevoked(),
    refused.WrongProject(),
]


def test_strangers_cannot_tell_the_fates_of_a_token(raising: Raising) -> None:
    browser = raising.front.browser()
    answers = set()
    for fate in FATES:
        raising.error = fate
        answer = browser.get("/open", headers=JSON)
        answers.add((answer.status_code, answer.data))

    assert len(answers) == 1


def test_the_desk_is_told_the_fate_of_a_token(raising: Raising) -> None:
    headers = raising.front.program(Role.DESK)
    codes = set()
    for fate in FATES:
        raising.error = fate
        answer = raising.front.browser().get("/staff", headers=headers)
        assert answer.json is not None
        codes.add(answer.json["code"])

    assert len(codes) == len(FATES)


def test_a_malformed_number_is_explained_without_the_number(raising: Raising) -> None:
    raising.error = malformed.IdentifierInvalid(Reason.CHECK_DIGIT)

    answer = raising.front.browser().get("/open", headers=JSON)

    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["reason"] == "CHECK_DIGIT"
    assert "校验位" in answer.json["reason_text"]


def test_places_of_mistakes_are_shown(raising: Raising) -> None:
    raising.error = refused.InputInvalid("party_size", "TOO_LARGE")

    text = raising.front.browser().get("/open").text

    assert "party_size" in text
    assert "TOO_LARGE" in text


def test_a_mistake_of_ours_is_told_to_nobody(raising: Raising) -> None:
    raising.error = RuntimeError("secret 13800138000")

    answer = raising.front.browser().get("/open", headers=JSON)

    assert answer.status_code == 500
    assert "13800138000" not in answer.text
    assert answer.json is not None
    assert answer.json["code"] == "INTERNAL_SERVER_ERROR"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/nowhere", 404, id="no such page"),
        pytest.param("DELETE", "/sign-in", 405, id="wrong method"),
        pytest.param("POST", "/sign-in", 400, id="nothing filled in"),
    ],
)
def test_http_refusals_are_pages_too(
    front: Front, method: str, path: str, status: int
) -> None:
    browser = front.browser()

    page = browser.open(path, method=method)
    problem = browser.open(path, method=method, headers=JSON)

    assert page.status_code == problem.status_code == status
    assert "<h1" in page.text
    assert problem.content_type == "application/problem+json"


def test_a_wrong_method_names_the_right_ones(front: Front) -> None:
    answer = front.browser().delete("/sign-in")

    assert "POST" in answer.headers["Allow"]


def test_a_status_without_words_of_its_own_keeps_its_status(front: Front) -> None:
    front.app.add_url_rule("/teapot", "teapot", open_to_all(lambda: _abort(418)))

    answer = front.browser().get("/teapot", headers=JSON)

    assert answer.status_code == 418
    assert answer.json is not None
    assert answer.json["code"] == "IM_A_TEAPOT"


def test_a_redirect_stays_a_redirect(front: Front) -> None:
    front.app.add_url_rule("/folder/", "folder", open_to_all(_echo))

    assert front.browser().get("/folder").status_code == 308


def test_too_large_a_body_is_refused(front: Front) -> None:
    big = {"login": "a" * 600_000, "password": "b"}

    answer = front.browser().post("/sign-in", data=big)

    assert answer.status_code == 413


def test_too_large_a_json_body_is_refused(front: Front) -> None:
    front.app.add_url_rule("/json", "json", open_to_all(_echo), methods=["POST"])

    answer = front.browser().post("/json", json={"a": "b" * 600_000})

    assert answer.status_code == 413


def test_an_upload_may_be_larger_than_other_bodies(front: Front) -> None:
    front.app.add_url_rule("/up", "up", open_to_all(_size), methods=["POST"])
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"'
    body = head + b"\r\n\r\n" + b"x" * 600_000 + b"\r\n--b--\r\n"

    answer = front.browser().post(
        "/up", data=body, content_type="multipart/form-data; boundary=b"
    )

    assert answer.json == {"size": 600_000}


def test_broken_json_is_a_bad_request(front: Front) -> None:
    front.app.add_url_rule("/json", "json", open_to_all(_echo), methods=["POST"])

    answer = front.browser().post(
        "/json", data="{", content_type="application/json", headers=JSON
    )

    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


class Party(BaseModel):
    """A body with one checked field."""

    model_config = ConfigDict(extra="forbid")
    size: StrictInt


def test_a_body_that_its_model_refuses_names_each_place_and_no_value(
    front: Front,
) -> None:
    bp = APIBlueprint("party", __name__)

    @bp.post("/api/v1/party")
    @open_to_all
    @bp.input(Party)
    def party(json_data: Party) -> ResponseReturnValue:
        return {"size": json_data.size}

    front.app.register_blueprint(bp)
    browser = front.browser()

    good = browser.post("/api/v1/party", json={"size": 2})
    bad = browser.post("/api/v1/party", json={"size": "13800138000", "more": 1})

    assert good.json == {"size": 2}
    assert bad.status_code == 422
    assert bad.content_type == "application/problem+json"
    assert bad.json is not None
    assert bad.json["code"] == "INPUT_INVALID"
    assert {one["path"] for one in bad.json["errors"]} == {"json.size", "json.more"}
    assert "13800138000" not in bad.text


def test_a_refused_form_leads_back_to_itself(front: Front) -> None:
    answer = front.browser().post("/pair", data={"code": "000000"})

    assert answer.status_code == 404
    assert 'href="/pair"' in answer.text


@pytest.mark.parametrize("code", ["TOKEN_USED", "CODE_MALFORMED", "NOT_FOUND"])
def test_every_code_has_a_page_that_explains_it(front: Front, code: str) -> None:
    assert front.browser().get(f"/problems/{code}").status_code == 200


def test_http_codes_have_a_page_too(front: Front) -> None:
    assert front.browser().get("/problems/METHOD_NOT_ALLOWED").status_code == 200


def test_an_unknown_code_has_none(front: Front) -> None:
    assert front.browser().get("/problems/NONSENSE").status_code == 404


def _size() -> ResponseReturnValue:
    return {"size": len(request.files["file"].read())}


def _echo() -> ResponseReturnValue:
    return dict(request.get_json())


def _abort(status: int) -> str:
    abort(status)
