"""Files that a command writes: never over another, and told with their SHA-256."""

import hashlib
import os
from pathlib import Path
from typing import Any

import click


class _NewFile(click.Path):
    """A place where no file is yet, in a folder that is there."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 (as click declares it)
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if path.exists():
            self.fail("is there already", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"there is no folder {path.parent}", param, ctx)
        return path


TO_NEW_FILE = click.option("--to", "path", type=_NewFile(), required=True)


def write_new(path: Path, data: bytes) -> None:
    """Write a file whole, and print its path and digest; an existing one stays.

    Raises:
        BadParameter: it cannot be written there, or somebody was faster.
    """
    try:
        with path.open("xb") as opened:
            opened.write(data)
    except OSError as failure:
        reason = f"cannot be written: {failure.strerror}"
        raise click.BadParameter(reason, param_hint="--to") from None
    click.echo(f"{path} sha256:{hashlib.sha256(data).hexdigest()}")
