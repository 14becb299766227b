"""Backing a whole installation up, while it works: the database at one moment, then every blob, the key, the settings.

Blobs never change and are stored before the rows that name them, so those that are copied after the rows' moment are
all that the rows need. Thumbnails are left out: they are made again.
"""

import hashlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.sql import SQL, Identifier

from penstock.core import Settings, Unavailable
from penstock.store import bundle, embedded, migrate
from penstock.store.bundle import Writer
from penstock.store.db import is_away

Connection = psycopg.Connection[tuple[Any, ...]]

KIND = "penstock backup"
_PIECE = 16 << 20


class DatabaseLost(Unavailable):
    """The database can't be reached: {why}. What was begun isn't whole: once `penstock doctor` is happy, repeat it."""


class BackedUp(NamedTuple):
    """What a backup has."""

    path: Path
    rows: int
    blobs: int
    bytes: int
    missing: list[str]
    """Hashes of media that files name and that are not there: the installation had lost them before."""


class Table(NamedTuple):
    """A table and the columns that hold something of their own."""

    name: str
    columns: tuple[str, ...]


def write(settings: Settings, target: Path) -> BackedUp:
    """Back an installation up into a folder, or into one file that ends in .tar. Raises BundleTaken.

    Nothing stands under the name until it is whole and safe on the disk.
    """
    head: dict[str, Any] = {"kind": KIND, "penstock": version("penstock"), "tables": {}, "sequences": {}}
    with bundle.write(target, head) as writer:
        with database(settings) as dsn:
            head["schema"] = migrate.current(dsn)
            wanted = _write_rows(dsn, writer, head)
        _write_home(settings.home, writer)
        blobs = {name.rpartition("/")[2] for name in writer.members if name.startswith("blobs/")}
        rows = sum(table["rows"] for table in head["tables"].values())
        size = sum(member.bytes for member in writer.members.values())
        head["missing"] = sorted(wanted - blobs)
    return BackedUp(target, rows, len(blobs), size, head["missing"])


@contextmanager
def database(settings: Settings) -> Generator[str]:
    """How to reach the installation's database, which runs meanwhile. Raises DatabaseLost."""
    with reaching():
        if settings.database_url:
            yield settings.database_url
            return
        server = embedded.start(settings.home)
        try:
            yield server.dsn
        finally:
            server.close()


@contextmanager
def reaching() -> Generator[None]:
    """Tell plainly of a database that isn't there, or goes away. Raises DatabaseLost."""
    try:
        yield
    except psycopg.Error as error:
        if not is_away(error):
            raise
        raise DatabaseLost(why=" ".join(str(error).split())) from error


def tables(conn: Connection) -> list[Table]:
    """Every table of ours and of the job queue, those before that others refer to."""
    found = conn.execute(
        "select c.relname, array_agg(a.attname::text order by a.attnum) from pg_class c join pg_attribute a"
        " on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''"
        " where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> 'alembic_version'"
        " group by c.relname order by c.relname"
    ).fetchall()
    refers = conn.execute(
        "select distinct conrelid::regclass::text, confrelid::regclass::text from pg_constraint where contype = 'f'"
    ).fetchall()
    left = {name: Table(name, tuple(columns)) for name, columns in found}
    ordered: list[Table] = []
    while left:
        free = [
            name for name in left if not any(one == name and other in left and other != name for one, other in refers)
        ]
        assert free, "tables refer to one another in a circle"
        ordered += [left.pop(name) for name in free]
    return ordered


def _write_rows(dsn: str, writer: Writer, head: dict[str, Any]) -> set[str]:
    """Every table at one moment, in pieces; the hashes of the blobs that its rows name."""
    with Connection.connect(dsn, autocommit=True) as conn:
        conn.execute("set timezone = 'UTC'")
        conn.execute("begin isolation level repeatable read read only")
        for table in tables(conn):
            head["tables"][table.name] = _write_table(conn, writer, table)
        wanted = conn.execute(
            "select hash from file where location is null and state <> 'failed' union select hash from upload"
        ).fetchall()
        # Sequences know no moment: read last, they are ahead of every row.
        for name, value, called in conn.execute(
            "select sequencename, coalesce(last_value, start_value), last_value is not null from pg_sequences"
            " where schemaname = 'public'"
        ):
            head["sequences"][name] = [value, called]
        conn.execute("commit")
    return {hash for (hash,) in wanted}


def _write_table(conn: Connection, writer: Writer, table: Table) -> dict[str, Any]:
    pieces, rows, digest, piece = 0, 0, hashlib.sha256(), bytearray()
    for row in _copied(conn, table):
        rows += 1
        digest.update(row)
        piece += row
        if len(piece) >= _PIECE:
            writer.add(f"tables/{table.name}/{pieces:06}.copy", bytes(piece))
            pieces += 1
            piece.clear()
    if piece:
        writer.add(f"tables/{table.name}/{pieces:06}.copy", bytes(piece))
    return {"columns": list(table.columns), "rows": rows, "sha256": digest.hexdigest()}


def _copied(conn: Connection, table: Table) -> Iterator[bytes]:
    """The rows of a table as COPY writes them."""
    columns = SQL(", ").join(map(Identifier, table.columns))
    statement = SQL("copy {} ({}) to stdout").format(Identifier(table.name), columns)
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for row in copy:
            yield bytes(row)


def _write_home(home: Path, writer: Writer) -> None:
    for name in ("key", "penstock.toml"):
        if (home / name).is_file():
            writer.add_file(f"home/{name}", home / name)
    named = {f"blobs/{path.name}": path for path in _files(home / "blobs" / "content")}
    derived = _files(home / "blobs" / "derived")
    # Spools hold what a running import has yet to bring in.
    named |= {f"derived/{path.name}": path for path in derived if path.suffix == ".spool"}
    exports = home / "exports"
    named |= {f"exports/{path.relative_to(exports).as_posix()}": path for path in _files(exports)}
    for name, path in named.items():
        with suppress(FileNotFoundError):  # swept or expired meanwhile, since nothing needs it
            writer.add_file(name, path)


def _files(folder: Path) -> Iterator[Path]:
    """The files under a folder that aren't hidden."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path
