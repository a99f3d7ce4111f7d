"""The only place with the real clock, randomness, key files and database."""

import os
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from attribution.ids import ProjectId, VisitorTag
from attribution.services.attesting import logged_tag_keys
from attribution.services.runtime import Runtime
from attribution.storage.engine import Database, open_database
from attribution.storage.migrating import migrate
from attribution.storage.work import unit_of_work
from tokens.identifiers import Identifier
from tokens.tags import tags_for
from web.heads import HeadFile
from web.keys import AttestedTagKeys, FileKeys, KeyFileForeign
from web.settings import SettingInvalid, Settings
from web.witness import WitnessFolder


def _attested(keys: FileKeys, database: Database) -> AttestedTagKeys:
    """Return the tag keys, each of them the one that the log names."""

    def logged() -> Mapping[tuple[ProjectId, int], bytes]:
        with unit_of_work(database.reading()) as work:
            return logged_tag_keys(work)

    tag_keys = AttestedTagKeys(keys, logged)
    with unit_of_work(database.reading()) as work:
        projects = [one.id for one in work.agreements.projects()]
    try:
        tag_keys.check(projects)
    except KeyFileForeign:
        database.close()
        raise
    return tag_keys


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """A runtime together with what must be closed after it."""

    runtime: Runtime
    database: Database


def utc_now() -> datetime:
    """Return the instant: the only clock there is."""
    return datetime.now(UTC)


def open_witness(folder: Path, name: str) -> WitnessFolder:
    """Return the folder of a witness, made with a key of its own at first."""
    return WitnessFolder(folder, name, os.urandom)


def build_runtime(settings: Settings) -> Runtime:
    """Return the runtime of a real installation, its database up to date."""
    return open_installation(settings).runtime


def open_installation(settings: Settings) -> Installation:
    """Return the runtime and its database, which the caller closes."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        # Whoever made the folder: what is in it is for this user alone.
        settings.data_dir.chmod(0o700)
    except OSError as error:
        reason = f"cannot be made: {error.strerror}"
        raise SettingInvalid("HEFU_DATA_DIR", reason) from None
    # Numbers live in memory for the length of a request: a crash must not write them.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    keys = FileKeys(settings.data_dir / "keys", os.urandom)
    database = open_database(settings.database_url)
    migrate(database.engine)

    tag_keys = _attested(keys, database)

    def tag(
        project_id: ProjectId, identifiers: Sequence[Identifier]
    ) -> list[VisitorTag]:
        now = tag_keys.of(project_id)
        values = tags_for(
            identifiers, project=project_id, key=now.key, random_bytes=os.urandom
        )
        return [
            VisitorTag(kind=identifier.kind, epoch=now.epoch, value=value)
            for identifier, value in zip(identifiers, values, strict=True)
        ]

    runtime = Runtime(
        now=utc_now,
        random_bytes=os.urandom,
        keys=keys,
        last_head=HeadFile(settings.data_dir / "log-head.txt"),
        witness_quorum=settings.witness_quorum,
        merge_delay=settings.merge_delay,
        tag=tag,
        transaction=lambda: unit_of_work(database.writing()),
        reading=lambda: unit_of_work(database.reading()),
    )
    return Installation(runtime=runtime, database=database)
