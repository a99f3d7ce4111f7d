"""The guide to the API, docs/api.md: its requests are sent, its answers compared."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attribution.services.sequencing import sequence
from tests.web.api_office import Answered, ApiOffice

GUIDE = Path(__file__).parents[2] / "docs" / "api.md"
PAIR = re.compile(r"```http\n(.*?)```\s*```json\n(.*?)```", re.DOTALL)
WHO = {"$AGENT": "wang", "$DESK": "desk", "$SIGNING": "signing", "$FINANCE": "finance"}
NAME = re.compile(r"\{([a-z_]+)\}")


def exchanges() -> Iterator[tuple[str, str]]:
    for found in PAIR.finditer(GUIDE.read_text("utf-8")):
        yield found[1], found[2]


def send(api: ApiOffice, text: str) -> Answered:
    head, _, body = text.partition("\n\n")
    first, *lines = head.strip().split("\n")
    method, path = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    bearer = headers.pop("Authorization", "").removeprefix("Bearer ")
    who, path = WHO.get(bearer), path.removeprefix("/api/v1")
    if method == "GET":
        return api.get(who, path, **headers)
    return api.post(who, path, json.loads(body) if body else None, **headers)


def filled(text: str, known: dict[str, str]) -> str:
    return NAME.sub(lambda found: known.get(found[1], found[0]), text)


def agrees(shown: Any, told: Any) -> bool:
    """Say whether what is shown is part of what was told."""
    if shown == "…":
        return told is not None
    if isinstance(shown, dict):
        return all(key in told and agrees(shown[key], told[key]) for key in shown)
    if isinstance(shown, list):
        return len(shown) == len(told) and all(map(agrees, shown, told))
    return bool(shown == told)


def test_the_guide_shows_what_happens(api: ApiOffice) -> None:
    known: dict[str, str] = {}
    sequence(api.office.runtime)
    for asked, shown in exchanges():
        if "/peek" in asked:
            api.office.wait(hours=1)
        answer = send(api, filled(asked, known))
        status, _, body = filled(shown, known).partition("\n")
        assert str(answer.status_code) == status, asked
        assert agrees(json.loads(body), answer.json), (asked, answer.json)
        if answer.status_code < 300:
            known |= {k: v for k, v in answer.json.items() if isinstance(v, str)}


def test_the_guide_shows_the_main_calls() -> None:
    assert len(list(exchanges())) >= 10
