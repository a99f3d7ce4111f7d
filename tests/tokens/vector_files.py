"""Find test vectors: our own small files always, the large public sets when present."""

import json
from pathlib import Path
from typing import Any

from tests.public_sets import PUBLIC

_OWN = Path(__file__).parents[1] / "vectors"


def own(name: str) -> Any:
    """Return one of our own vector files."""
    return json.loads((_OWN / name).read_text("utf-8"))


def public(path: str) -> Any:
    """Return a public vector file, or None on a machine that does not have it."""
    file = PUBLIC / "vectors" / path
    return json.loads(file.read_text("utf-8")) if file.exists() else None


def public_files(pattern: str) -> list[Path]:
    """Return the public files of a pattern, in order; none where they are absent."""
    return sorted((PUBLIC / "vectors").glob(pattern))
