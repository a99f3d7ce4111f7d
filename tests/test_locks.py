"""The locks: what is pinned can be installed by pip alone, today and next year."""

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

_ROOT = Path(__file__).parents[1]
_EXTRAS = {"extra": ""}


def _pinned(lock: str) -> list[Requirement]:
    lines = (_ROOT / lock).read_text("utf-8").splitlines()
    return [
        Requirement(line.removesuffix("\\")) for line in lines if re.match(r"\w", line)
    ]


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_each_extra_that_a_pinned_package_asks_for_is_pinned_too(lock: str) -> None:
    """Else pip looks for the extra's newest release, which has no hash here."""
    pins = _pinned(lock)
    named = {pin.name: pin.extras for pin in pins}
    here = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]

    asked = [
        need
        for pin in here
        for need in map(Requirement, distribution(pin.name).requires or [])
        if need.extras and (need.marker is None or need.marker.evaluate(_EXTRAS))
    ]

    missing = [need for need in asked if need.extras - named.get(need.name, set())]
    assert asked
    assert missing == []
