"""Every page of every role, in both languages, light and dark, wide and narrow."""

from pathlib import Path

import pytest

from tests.journeys.atlas import pages_of
from tests.journeys.demo_house import LOGINS, Demo
from tests.journeys.inspection import inspect


def test_no_page_is_forgotten(demo: Demo) -> None:
    assert set(demo.sheets) == set(pages_of(demo.app))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("login", LOGINS, ids=lambda login: login or "anybody")
def test_every_page_is_accessible_narrow_and_quiet(
    demo: Demo, shots: Path, login: str, language: str
) -> None:
    page = demo.premises.come(login, language=language)
    wrong: list[str] = []

    for sheet in demo.sheets.values():
        if sheet.login == login:
            page.goto(sheet.path)
            wrong += inspect(page, f"{sheet.endpoint}-{language}", shots)

    page.context.close()
    assert wrong + demo.premises.faults == []
