"""The same request again: the same answer, done once; another body is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from attribution.people import Role
from attribution.storage.tables import signings, tokens, visits
from tests.web.api_office import CLIENT, ApiOffice
from tests.web.test_api_signings import CONTRACT

Body = Callable[[ApiOffice], dict[str, Any]]


def _code(api: ApiOffice) -> dict[str, Any]:
    token = api.post("wang", "/tokens", {"client": CLIENT}).json
    api.office.wait(hours=1)
    return {"code": token["code"], "identifiers": [CLIENT]}


WRITES = [
    pytest.param("wang", "/tokens", lambda _: {"client": CLIENT}, id="issue"),
    pytest.param("desk", "/visits/redeem", _code, id="redeem"),
    pytest.param("desk", "/visits/walk-in", lambda _: {}, id="walk-in"),
    pytest.param("signing", "/signings", lambda _: CONTRACT, id="sign"),
    pytest.param("admin", "/projects", lambda _: {"name": "云庭"}, id="project"),
    pytest.param("admin", "/channels", lambda _: {"name": "丙"}, id="channel"),
]


@pytest.mark.parametrize(("who", "path", "body"), WRITES)
def test_a_write_is_done_once_and_answered_twice(
    api: ApiOffice, who: str, path: str, body: Body
) -> None:
    sent = body(api)

    first = api.post(who, path, sent, Idempotency_Key="the same key")
    counts = [api.office.count(table) for table in (tokens, visits, signings)]
    api.office.wait(minutes=5)
    again = api.post(who, path, sent, Idempotency_Key="the same key")

    assert first.status_code == again.status_code == 201
    assert first.json["replayed"] is False
    assert again.json == {**first.json, "replayed": True}
    after = [api.office.count(table) for table in (tokens, visits, signings)]
    assert after == counts


def test_a_refusal_is_repeated_too(api: ApiOffice) -> None:
    body = _code(api)
    other = {"kind": "cn-mobile", "value": "13900139000"}
    wrong = {**body, "identifiers": [other]}

    first = api.post("desk", "/visits/redeem", wrong, Idempotency_Key="the same key")
    again = api.post("desk", "/visits/redeem", wrong, Idempotency_Key="the same key")

    assert first.json["code"] == again.json["code"] == "BINDING_MISMATCH"
    assert "replayed" not in first.json
    assert again.json["replayed"] is True


def test_another_body_or_another_call_under_the_same_key_is_refused(
    api: ApiOffice,
) -> None:
    key = {"Idempotency_Key": "the same key"}
    api.post("admin", "/channels", {"name": "丙"}, **key)

    answers = [
        api.post("admin", "/channels", {"name": "丁"}, **key),
        api.post("admin", "/projects", {"name": "丙"}, **key),
    ]

    assert [one.json["code"] for one in answers] == ["REQUEST_ID_REUSED"] * 2


def test_the_same_body_in_other_words_is_the_same(api: ApiOffice) -> None:
    headers = {"Idempotency_Key": "the same key"}
    media = "application/json"

    first = api.send(
        "desk",
        "/visits/walk-in",
        headers,
        data=b'{"party_size": 2, "identifiers": []}',
        content_type=media,
    )
    again = api.send(
        "desk",
        "/visits/walk-in",
        headers,
        data=b'{"identifiers":[],"party_size":2,"project":null}',
        content_type=media,
    )

    assert again.json == {**first.json, "replayed": True}


def test_two_people_may_use_the_same_key(api: ApiOffice) -> None:
    second = api.hire(Role.DESK)

    answers = [
        api.post(who, "/visits/walk-in", {}, Idempotency_Key="the same key")
        for who in ("desk", second)
    ]

    assert [one.json["replayed"] for one in answers] == [False, False]
