"""What every service is handed: clock, randomness, keys, last head and database."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from attribution.ids import ProjectId, VisitorTag
from attribution.storage.work import UnitOfWork
from tokens.identifiers import Identifier
from tokens.notes import Verifier, verifier_of

MERGE_DELAY = timedelta(minutes=1)
"""How long a fact may wait for its place and its signed head (protocol §5.3)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuerKey:
    """The key that signs the referral tokens of one project."""

    kid: bytes
    private: Ed25519PrivateKey = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class LogSigner:
    """The key that signs the log now, and the origin it signs under."""

    verifier: Verifier
    private: Ed25519PrivateKey = field(repr=False)
    id: bytes

    @property
    def origin(self) -> str:
        """The name of the log in its checkpoints, and of its key."""
        return self.verifier.name


def log_signer(origin: str, private: Ed25519PrivateKey) -> LogSigner:
    """Return the signer of a log."""
    verifier = verifier_of(origin, private.public_key())
    return LogSigner(verifier=verifier, private=private, id=verifier.key_id())


class Keys(Protocol):
    """The keys of an installation; one purpose each (protocol §1)."""

    @property
    def code_key(self) -> bytes:
        """Digests typed codes."""

    @property
    def request_key(self) -> bytes:
        """Digests request ids and seals stored answers."""

    @property
    def data_key(self) -> bytes:
        """Wraps the data key of each record."""

    @property
    def log(self) -> LogSigner:
        """Signs checkpoints and promises."""

    def next_log(self) -> LogSigner:
        """Return the log key that comes next, made when first asked for."""

    def adopt_next_log(self) -> None:
        """Sign the log with the next key from now on."""

    def issuer_of(self, project_id: ProjectId) -> IssuerKey:
        """Return the key that signs the tokens of a project."""

    def issuer_keys(self) -> Mapping[bytes, Ed25519PublicKey]:
        """Return the public issuer keys of every project, by key id."""

    def has_project(self, project_id: ProjectId) -> bool:
        """Say whether there are keys of this project: a cheap way to know of it."""

    def create_for(self, project_id: ProjectId, epoch: int) -> bytes:
        """Make the keys of a new project; return its tag public key."""


class LastHead(Protocol):
    """The newest signed head of the log, kept outside the database (protocol §5.5)."""

    def read(self) -> str | None:
        """Return the checkpoint, or None before the first."""

    def keep(self, checkpoint: str) -> None:
        """Keep a checkpoint, unless one of a larger tree is kept already."""

    def replace(self, checkpoint: str | None) -> None:
        """Keep a checkpoint or none, whatever was kept: an operator has said why."""


class Tagger(Protocol):
    """Turns identifiers into identity tags, and forgets them (protocol §4)."""

    def __call__(
        self, project_id: ProjectId, identifiers: Sequence[Identifier]
    ) -> list[VisitorTag]:
        """Return one tag for each identifier, in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """Clock, randomness, keys and database, handed to every service.

    `witness_quorum`: how many witnesses must have seen an accrual before it is paid.
    `merge_delay`: until when each promise of the log is due.
    """

    now: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    keys: Keys
    last_head: LastHead
    witness_quorum: int = 0
    merge_delay: timedelta = MERGE_DELAY
    tag: Tagger
    transaction: Callable[[], AbstractContextManager[UnitOfWork]]
    reading: Callable[[], AbstractContextManager[UnitOfWork]]

    def new_id(self, size: int = 16) -> str:
        """Return a fresh random identifier in hexadecimal.

        Projects and agents have short ones (8 bytes): both stand in every QR code.
        """
        return self.random_bytes(size).hex()
