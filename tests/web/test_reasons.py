"""Every fixed reason that the code gives has a sentence; test_languages has both."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.conftest import Front
from web.reasons import limit_text, reason_text

_ROOT = Path(__file__).parents[2]
_RAISING = {"InputInvalid", "RulebookInvalid", "PlanInvalid"}
# What is put into a reason at run time is a number.
_FILLER = "7"


def _text(node: ast.expr) -> str | None:
    """Return a literal reason; what is put into it at run time stands as a number."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or _FILLER for part in node.values)
    return None


def _reasons() -> Iterator[tuple[str, str]]:
    for layer in ("tokens", "attribution", "web"):
        for path in sorted((_ROOT / layer).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or len(node.args) < 2:
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                reason = _text(node.args[1]) if name in _RAISING else None
                if reason is not None:
                    yield f"{path.relative_to(_ROOT)}:{node.lineno}", reason


FOUND = dict(_reasons())


def test_the_reasons_are_found() -> None:
    assert len(set(FOUND.values())) > 30


def test_every_fixed_reason_has_a_sentence(front: Front) -> None:
    with front.app.test_request_context():
        bare = {where: it for where, it in FOUND.items() if reason_text(it) == it}

    assert bare == {}


@pytest.mark.parametrize(
    ("reason", "limit", "text"),
    [
        ("BYTES", 20 * 1024 * 1024, "20 MB"),
        ("ROWS", 200_000, "200,000 行"),
        ("ELEMENTS", 5_000, "5,000"),
    ],
)
def test_a_limit_is_told_with_its_unit(
    front: Front, reason: str, limit: int, text: str
) -> None:
    with front.app.test_request_context():
        assert limit_text(reason, limit) == text
