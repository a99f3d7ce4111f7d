"""Keys in files: made at first start, readable by the owner alone (protocol §1)."""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from attribution.ids import ProjectId
from attribution.services.runtime import IssuerKey, LogSigner, log_signer
from tokens.referral import key_id
from tokens.tags import TagKey

_KEY_BYTES = 32
_OTHERS = 0o077
_ISSUER_FILE = re.compile(r"issuer-(?P<project>.+)\.key")
_TAG_FILE = re.compile(r"tag-(?P<project>.+)-(?P<epoch>\d+)\.key")
_NEXT_LOG = "next-log.key"
_LOG_FILE = re.compile(r"log-(?P<number>\d+)\.key")
_PROJECT = re.compile(r"[A-Za-z0-9_-]{1,32}")


class KeyFileUnsafe(Exception):
    """A key file, or their folder, can be read by others, or is damaged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EpochKey:
    """The key under which a project's identity tags are made now."""

    epoch: int
    key: TagKey


@dataclass(frozen=True, kw_only=True, slots=True)
class _FoundKeys:
    """What the folder held when it was last looked at."""

    folder_time: int
    log: LogSigner
    log_number: int
    issuers: Mapping[ProjectId, IssuerKey]
    by_kid: Mapping[bytes, Ed25519PublicKey]
    tag_keys: Mapping[ProjectId, EpochKey]


class KeyFileForeign(KeyFileUnsafe):
    """A tag key is not the one that the log names, or the log names none."""


class KeyFileMissing(KeyFileUnsafe):
    """A project's key is not in the folder, though it was made with the project."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not in the folder of keys; put the file back")


class FileKeys:
    """The keys of an installation, one file each, under one private folder."""

    def __init__(self, folder: Path, random_bytes: Callable[[int], bytes]) -> None:
        self._folder = folder
        self._random_bytes = random_bytes
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_if_open(folder)
        self.code_key = self._read_or_make("code.key")
        self.request_key = self._read_or_make("request.key")
        self.data_key = self._read_or_make("data.key")
        self._read_or_make(_log_file(1))
        self._found = self._read_folder()

    @property
    def log(self) -> LogSigner:
        """The key that signs the log: the newest one."""
        return self._fresh().log

    def next_log(self) -> LogSigner:
        """Return the log key that comes next, made when first asked for."""
        return _signer(self._read_or_make(_NEXT_LOG))

    def adopt_next_log(self) -> None:
        """Sign the log with the next key from now on."""
        number = self._fresh().log_number + 1
        (self._folder / _NEXT_LOG).rename(self._folder / _log_file(number))
        self._found = self._read_folder()

    def issuer_of(self, project_id: ProjectId) -> IssuerKey:
        """Return the key that signs the tokens of a project.

        Raises:
            KeyFileMissing: with the name of the file.
        """
        issuer = self._fresh().issuers.get(project_id)
        if issuer is None:
            raise KeyFileMissing(f"issuer-{project_id}.key")
        return issuer

    def issuer_keys(self) -> Mapping[bytes, Ed25519PublicKey]:
        """Return the public issuer keys of every project, by key id."""
        return self._fresh().by_kid

    def tag_key_of(self, project_id: ProjectId) -> EpochKey:
        """Return the tag key of a project's newest epoch.

        Raises:
            KeyFileMissing: with the name of the file.
        """
        tag_key = self._fresh().tag_keys.get(project_id)
        if tag_key is None:
            raise KeyFileMissing(f"tag-{project_id}-*.key")
        return tag_key

    def has_tag_key(self, project_id: ProjectId) -> bool:
        """Say whether there is a tag key of this project."""
        return project_id in self._fresh().tag_keys

    def has_project(self, project_id: ProjectId) -> bool:
        """Say whether there are keys of this project; one of them may be lost."""
        found = self._fresh()
        return project_id in found.issuers or project_id in found.tag_keys

    def create_for(self, project_id: ProjectId, epoch: int) -> bytes:
        """Make the keys of a project and epoch; return the tag public key.

        Keys that are there already stay: making a project twice changes nothing.
        """
        if not _PROJECT.fullmatch(project_id):
            message = "a project id that cannot be part of a file name"
            raise ValueError(message)
        self._read_or_make(f"issuer-{project_id}.key")
        seed = self._read_or_make(f"tag-{project_id}-{epoch}.key")
        self._found = self._read_folder()
        return TagKey.from_random(seed).public_bytes()

    def _fresh(self) -> "_FoundKeys":
        """Return the keys of the folder, read again when it has changed.

        Another process may have made a project or a new log key; asking for the
        folder's time costs a microsecond.
        """
        if self._folder.stat().st_mtime_ns != self._found.folder_time:
            self._found = self._read_folder()
        return self._found

    def _read_folder(self) -> "_FoundKeys":
        folder_time = self._folder.stat().st_mtime_ns
        issuers = {}
        tag_keys: dict[ProjectId, EpochKey] = {}
        log_number = 1
        for file in self._folder.iterdir():
            if found := _ISSUER_FILE.fullmatch(file.name):
                private = Ed25519PrivateKey.from_private_bytes(_read(file))
                issuers[ProjectId(found["project"])] = IssuerKey(
                    kid=key_id(private.public_key()), private=private
                )
            elif found := _TAG_FILE.fullmatch(file.name):
                project_id, epoch = ProjectId(found["project"]), int(found["epoch"])
                known = tag_keys.get(project_id)
                if known is None or known.epoch < epoch:
                    tag_keys[project_id] = EpochKey(
                        epoch=epoch, key=TagKey.from_random(_read(file))
                    )
            elif found := _LOG_FILE.fullmatch(file.name):
                log_number = max(log_number, int(found["number"]))
        return _FoundKeys(
            folder_time=folder_time,
            log=_signer(_read(self._folder / _log_file(log_number))),
            log_number=log_number,
            issuers=issuers,
            by_kid={key.kid: key.private.public_key() for key in issuers.values()},
            tag_keys=tag_keys,
        )

    def _read_or_make(self, name: str) -> bytes:
        return read_or_make(self._folder / name, self._random_bytes)


def read_or_make(path: Path, random_bytes: Callable[[int], bytes]) -> bytes:
    """Return the 32 bytes of a key file; it is made if it is not there.

    Raises:
        KeyFileUnsafe: others can read it, or it is damaged.
    """
    if not path.exists():
        _write_once(path, random_bytes(_KEY_BYTES), random_bytes(8).hex())
    return _read(path)


def _log_file(number: int) -> str:
    """Return the name of a log key's file; the first has no number."""
    return "log.key" if number == 1 else f"log-{number}.key"


def _signer(secret: bytes) -> LogSigner:
    """Return the signer of a log key, under an origin of its own (log.md §7)."""
    private = Ed25519PrivateKey.from_private_bytes(secret)
    public = private.public_key().public_bytes_raw()
    fingerprint = hashlib.sha256(public).hexdigest()
    return log_signer(f"hefu.invalid/{fingerprint[:16]}", private)


class AttestedTagKeys:
    """Tag keys from files, each compared with the one that the log names.

    Else whoever swaps a file could tag two people, or two days, under different keys,
    and nobody would see it: the proof of each tag is checked against this key
    (protocol §4.3).
    """

    def __init__(
        self,
        keys: FileKeys,
        logged: Callable[[], Mapping[tuple[ProjectId, int], bytes]],
    ) -> None:
        self._keys = keys
        self._logged = logged
        self._attested: dict[ProjectId, EpochKey] = {}

    def of(self, project_id: ProjectId) -> EpochKey:
        """Return the tag key of a project's newest epoch.

        Raises:
            KeyFileForeign, KeyFileMissing: with the name of the file.
        """
        key = self._keys.tag_key_of(project_id)
        # A folder that has changed is read again, and makes another object.
        if self._attested.get(project_id) is not key:
            self._attest(project_id, key, self._logged())
        return key

    def check(self, projects: Iterable[ProjectId]) -> None:
        """Refuse the first project whose file is not the key that the log names."""
        logged = self._logged()
        for project_id in projects:
            if self._keys.has_tag_key(project_id):
                self._attest(project_id, self._keys.tag_key_of(project_id), logged)

    def _attest(
        self,
        project_id: ProjectId,
        key: EpochKey,
        logged: Mapping[tuple[ProjectId, int], bytes],
    ) -> None:
        if logged.get((project_id, key.epoch)) != key.key.public_bytes():
            message = (
                f"tag-{project_id}-{key.epoch}.key is not the key that the log names "
                "for this project and epoch; put the right file back"
            )
            raise KeyFileForeign(message)
        self._attested[project_id] = key


def _write_once(path: Path, secret: bytes, suffix: str) -> None:
    """Write a new file completely, or leave the one that another process wrote."""
    draft = path.with_name(f".{path.name}.{suffix}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as file:  # noqa: PTH123 (a handle, not a path)
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _read(path: Path) -> bytes:
    _refuse_if_open(path)
    secret = path.read_bytes()
    if len(secret) != _KEY_BYTES:
        message = f"{path} does not hold {_KEY_BYTES} bytes"
        raise KeyFileUnsafe(message)
    return secret


def _refuse_if_open(path: Path) -> None:
    if path.stat().st_mode & _OTHERS:
        message = f"{path} can be read by others; run: chmod go= {path}"
        raise KeyFileUnsafe(message)
