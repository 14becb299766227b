"""Restoring a backup into an empty home: everything, or a home that nobody opens.

A note in the home says that a restore is under way. Whoever finds it refuses to open the home, so that half an
installation is never taken for a whole one.
"""

import os
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from penstock.core import Conflict, Settings, Unavailable
from penstock.store import backup, bundle, migrate
from penstock.store.backup import Connection
from penstock.store.bundle import Reader

NOTE = "restoring"
GAP = 1_000_000
"""Revisions go on behind the next multiple of it: those that the lost installation gave after its backup were seen by
followers outside, who must not take new ones for them."""


class HomeNotEmpty(Conflict):
    """The home {home} is not empty, and a restore never overwrites. Name an empty one by --home or PENSTOCK_HOME."""


class DatabaseNotEmpty(Conflict):
    """The database that the backup would go to holds tables already, and a restore never overwrites. Name an empty one
    in PENSTOCK_DATABASE_URL."""


class HomeHalfRestored(Unavailable):
    """A restore into {home} didn't end, so it holds half an installation. Remove it and restore again."""


class BackupOfAnotherVersion(Conflict):
    """The backup is of schema {found}, and this Penstock has schema {known}. Restore it with Penstock {version}."""


def check(home: Path) -> None:
    """Raises HomeHalfRestored."""
    if (home / NOTE).exists():
        raise HomeHalfRestored(home=home)


def restore(source: Path, home: Path) -> Settings:
    """Make an installation from a backup: the settings of the one that was made.

    Raises BundleDamaged, BackupOfAnotherVersion, HomeNotEmpty, DatabaseNotEmpty; nothing was changed then. Raises
    DatabaseLost.
    """
    with bundle.read(source) as found:
        if found.manifest.get("kind") != backup.KIND:
            raise bundle.BundleDamaged(path=source, why="it is something else")
        if found.manifest["schema"] != migrate.head():
            schema, version = found.manifest["schema"], found.manifest["penstock"]
            raise BackupOfAnotherVersion(found=schema, known=migrate.head(), version=version)
        if home.exists() and (not home.is_dir() or any(home.iterdir())):
            raise HomeNotEmpty(home=home)
        _check_empty(_external(found, home))
        with _filling(home):
            _write_home(found, home)
            settings = Settings.load(home=home)
            with backup.database(settings) as dsn:
                migrate.upgrade(dsn)
                _write_rows(found, dsn)
        return settings


@contextmanager
def _filling(home: Path) -> Generator[None]:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = home / NOTE
    note.touch()
    bundle.sync_folder(home)
    yield
    for folder, _, names in os.walk(home / "blobs"):
        for name in names:
            _sync(Path(folder, name))
        bundle.sync_folder(Path(folder))
    note.unlink()
    bundle.sync_folder(home)


def _write_home(found: Reader, home: Path) -> None:
    for name in found.names:
        room, _, rest = name.partition("/")
        match room:
            case "home":
                path = home / rest
            case "blobs":
                path = home / "blobs" / "content" / rest[:2] / rest
            case "derived":
                path = home / "blobs" / "derived" / rest[:2] / rest
            case "exports":
                path = home / "exports" / rest
            case _:
                continue
        if not path.resolve().is_relative_to(home.resolve()):
            raise bundle.BundleDamaged(path=name, why="it leads out of the home")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            for chunk in found.stream(name):
                file.write(chunk)


def _external(found: Reader, home: Path) -> str | None:
    """The database outside that the restored settings name, or those of the environment."""
    if (url := Settings.load(home=home).database_url) or "home/penstock.toml" not in found.names:
        return url
    return tomllib.loads(found.read("home/penstock.toml").decode()).get("database_url")


def _check_empty(dsn: str | None) -> None:
    if dsn is None:
        return
    with backup.reaching(), psycopg.connect(dsn, autocommit=True) as conn:
        row = conn.execute(
            "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        ).fetchone()
    if row != (0,):
        raise DatabaseNotEmpty


def _write_rows(found: Reader, dsn: str) -> None:
    """All rows in one transaction. Triggers rest: what they did is in the rows."""
    with Connection.connect(dsn, autocommit=True) as conn:
        conn.execute("begin")
        known = backup.tables(conn)
        conn.execute(SQL("truncate {}").format(SQL(", ").join(Identifier(table.name) for table in known)))
        for table in known:
            told = found.manifest["tables"][table.name]
            name = Identifier(table.name)
            conn.execute(SQL("alter table {} disable trigger user").format(name))
            _copy(conn, found, table.name, told["columns"])
            conn.execute(SQL("alter table {} enable trigger user").format(name))
        for sequence, (value, called) in found.manifest["sequences"].items():
            value = (value // GAP + 1) * GAP if sequence == "seq" else value
            conn.execute(
                SQL("select setval({}::regclass, {}, {})").format(
                    Literal(Identifier(sequence).as_string(conn)), Literal(value), Literal(called)
                )
            )
        conn.execute("commit")
        conn.execute("analyze")


def _copy(conn: Connection, found: Reader, table: str, columns: list[str]) -> None:
    statement = SQL("copy {} ({}) from stdin").format(Identifier(table), SQL(", ").join(map(Identifier, columns)))
    pieces = [name for name in found.names if name.startswith(f"tables/{table}/")]
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in sorted(pieces):
            for chunk in found.stream(piece):
                copy.write(chunk)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
