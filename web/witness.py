"""A witness 见证人: keeps what it saw of a log, and cosigns only what extends it.

It needs a folder, an address of the log and nothing else; no database. What it has
seen is on the disk before anybody is answered.
"""

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tokens.checkpoints import Checkpoint, parse_checkpoint, verify_checkpoint
from tokens.cosignatures import Witness, cosign, witness_of
from tokens.errors import CheckpointMalformed
from tokens.notes import Verifier, open_note, parse_note, parse_vkey
from tokens.witnessing import Offer, check_offer
from web.files import alone, replace_file
from web.keys import read_or_make

_KEY_FILE = "witness.key"
_NAME_FILE = "name.txt"
_SUCCESSION = "log-succession/v1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Succession:
    """A log key's signed word for the key that comes after it (log.md §7.3)."""

    new: Verifier
    size: int
    root: bytes


class WitnessFolder:
    """What one witness keeps: its key and name, the keys it trusts, what it saw."""

    def __init__(
        self, folder: Path, name: str, random_bytes: Callable[[int], bytes]
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._key = Ed25519PrivateKey.from_private_bytes(
            read_or_make(folder / _KEY_FILE, random_bytes)
        )
        named = folder / _NAME_FILE
        if not named.exists():
            named_key = witness_of(name, self._key.public_key())
            replace_file(named, f"{named_key.name}\n")
        self.name = named.read_text("utf-8").strip()

    @property
    def witness(self) -> Witness:
        """The name and public key to be admitted by the log's administrator."""
        return witness_of(self.name, self._key.public_key())

    def trusted(self) -> list[Verifier]:
        """Return the log keys that this witness trusts."""
        return [
            parse_vkey(file.read_text("utf-8").strip())
            for file in sorted(self._folder.glob("log-*.vkey"))
        ]

    def trust(self, key: Verifier) -> None:
        """Trust a log key from now on."""
        replace_file(self._file(key.name, "vkey"), f"{key.vkey()}\n")

    def seen(self, origin: str) -> str | None:
        """Return the checkpoint of a log that was cosigned last, or None."""
        file = self._file(origin, "note")
        return file.read_text("utf-8") if file.exists() else None

    def seen_size(self, origin: str) -> int:
        """Return the size that was cosigned last; 0 before the first."""
        note = self.seen(origin)
        return 0 if note is None else checkpoint_of(note).size

    def grew_at(self, origin: str) -> int:
        """Return when a head was first seen that was larger than any before."""
        return int(self._file(origin, "since").read_text("utf-8"))

    def cosign(self, offer: Offer, key: Verifier, at_seconds: int) -> str:
        """Return the signature line for an offered checkpoint.

        Looking, comparing and keeping are one step: of two offers at once, the
        second is compared with the first.

        Raises:
            CheckpointMalformed, SignatureInvalid: not a checkpoint of this log.
            OfferMalformed, WitnessConflict, LogProofInvalid: see `check_offer`.
        """
        offered = verify_checkpoint(offer.checkpoint, key, origin=key.name)
        with alone(self._folder / "lock"):
            note = self.seen(key.name)
            seen = None if note is None else checkpoint_of(note)
            check_offer(offer, offered, seen)
            since = self._file(key.name, "since")
            if seen is None or offered.size > seen.size or not since.exists():
                replace_file(since, f"{at_seconds}\n")
            replace_file(self._file(key.name, "note"), offer.checkpoint)
        body, _ = parse_note(offer.checkpoint)
        return cosign(body, self._key, self.name, at_seconds)

    def keep_evidence(self, at_seconds: int, *notes: str) -> Path:
        """Keep checkpoints that contradict each other, once; return the file."""
        text = "\n".join(notes)
        for known in self._folder.glob("evidence-*.txt"):
            if known.read_text("utf-8") == text:
                return known
        file = self._folder / f"evidence-{at_seconds}.txt"
        replace_file(file, text)
        return file

    def _file(self, origin: str, kind: str) -> Path:
        digest = hashlib.sha256(origin.encode()).hexdigest()[:16]
        return self._folder / f"log-{digest}.{kind}"


def checkpoint_of(note: str) -> Checkpoint:
    """Return the checkpoint in a note, its signature not checked."""
    body, _ = parse_note(note)
    return parse_checkpoint(body)


def succession_of(note: str, old: Verifier) -> Succession:
    """Return what an old log key says of its successor.

    Raises:
        CheckpointMalformed, SignatureInvalid: not signed by it, or not this form.
    """
    body, _ = open_note(note, [old])
    match body.split("\n"):
        case [old.name, label, vkey, size, root, ""] if (
            label == _SUCCESSION and size.isdecimal()
        ):
            try:
                digest = b64decode(root, validate=True)
            except (Base64Error, ValueError):
                raise CheckpointMalformed from None
            return Succession(new=parse_vkey(vkey), size=int(size), root=digest)
    raise CheckpointMalformed
