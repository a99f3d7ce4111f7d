"""The last signed head of the log, in a file outside the database (protocol §5.5)."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attribution.services.guarding import checkpoint_in


class HeadFile:
    """A file with one checkpoint, always whole, shared by the processes of a machine.

    It must not go into the database's backup: a restored database is noticed because
    this file is not restored with it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str | None:
        """Return the checkpoint, or None before the first."""
        try:
            return self._path.read_text("utf-8")
        except FileNotFoundError:
            return None

    def keep(self, checkpoint: str) -> None:
        """Keep a checkpoint, unless one of a larger tree is kept already."""
        with self._alone():
            kept = self.read()
            if kept is None or _size(kept) <= _size(checkpoint):
                self._write(checkpoint)

    def replace(self, checkpoint: str | None) -> None:
        """Keep a checkpoint or none, whatever was kept: an operator has said why."""
        with self._alone():
            if checkpoint is None:
                self._path.unlink(missing_ok=True)
            else:
                self._write(checkpoint)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold a lock that every process of this machine asks for."""
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, checkpoint: str) -> None:
        """Write a whole new file, then put it in place of the old."""
        draft = self._path.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(checkpoint)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _size(checkpoint: str) -> int:
    return checkpoint_in(checkpoint).size
