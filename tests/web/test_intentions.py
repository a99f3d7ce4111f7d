"""Whatever a page or the API asks of a service, it says who asks and in which request.

An operator's command needs neither, so forgetting one would be no error by itself.
"""

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

WEB = Path(__file__).parents[2] / "web"
SAID = {"by", "request"}


def calls_of(file: Path) -> Iterator[tuple[str, set[str], set[str]]]:
    """Yield each call of a service: where, what it should say, and what it says."""
    tree = ast.parse(file.read_text("utf-8"))
    services = {
        name.asname or name.name: getattr(
            importlib.import_module(str(node.module)), name.name
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and str(node.module).startswith("attribution.services.")
        for name in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            service = services.get(node.func.id)
            if inspect.isfunction(service):
                asked = SAID & set(inspect.signature(service).parameters)
                given = {keyword.arg or "" for keyword in node.keywords}
                yield f"{file.name}:{node.lineno} {node.func.id}", asked, given


def test_every_call_of_a_service_says_who_asks_and_in_which_request() -> None:
    calls = [
        call
        for folder in ("desks", "api")
        for file in (WEB / folder).glob("*.py")
        for call in calls_of(file)
    ]

    silent = [where for where, asked, given in calls if not asked <= given]

    assert silent == []
    assert sum("request" in asked for _, asked, _ in calls) > 30
