"""The last signed head of the log, in a file outside the database (protocol §5.5)."""

from pathlib import Path

from attribution.services.guarding import checkpoint_in
from web.files import alone, replace_file


class HeadFile:
    """A file with one checkpoint, always whole, shared by the processes of a machine.

    It must not go into the database's backup: a restored database is noticed because
    this file is not restored with it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = path.with_suffix(".lock")

    def read(self) -> str | None:
        """Return the checkpoint, or None before the first."""
        try:
            return self._path.read_text("utf-8")
        except FileNotFoundError:
            return None

    def keep(self, checkpoint: str) -> None:
        """Keep a checkpoint, unless one of a larger tree is kept already."""
        with alone(self._lock):
            kept = self.read()
            if kept is None or _size(kept) <= _size(checkpoint):
                replace_file(self._path, checkpoint)

    def replace(self, checkpoint: str | None) -> None:
        """Keep a checkpoint or none, whatever was kept: an operator has said why."""
        with alone(self._lock):
            if checkpoint is None:
                self._path.unlink(missing_ok=True)
            else:
                replace_file(self._path, checkpoint)


def _size(checkpoint: str) -> int:
    return checkpoint_in(checkpoint).size
