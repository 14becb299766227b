"""Brings a database to the present schema, under a lock, so that many processes may start at once."""

from pathlib import Path

import psycopg
from psycopg.sql import SQL

from penstock.core import Unavailable
from penstock.store.wire import Line

HERE = Path(__file__).parent / "migrations"
_LOCK = 0x9E57_0C4B


class DatabaseTooOld(Unavailable):
    """PostgreSQL {found} is too old: Penstock needs 15 or later. Upgrade it, or unset PENSTOCK_DATABASE_URL."""


class DatabaseTooNew(Unavailable):
    """The database is at schema {found}, and this Penstock knows schemas up to {known}. Upgrade Penstock."""


def head() -> str:
    """The newest schema revision that this Penstock brings."""
    return max(file.name.split("_")[0] for file in (HERE / "versions").glob("[0-9]*.py"))


def current(dsn: str) -> str | None:
    """The schema revision of a database; None when it is empty."""
    with Line.connect(dsn, autocommit=True) as conn:
        return applied(conn)


def applied(conn: psycopg.Connection) -> str | None:
    """The schema revision of the database behind a connection; None when it is empty."""
    if conn.execute("select to_regclass('alembic_version')").fetchone() == (None,):
        return None
    row = conn.execute("select version_num from alembic_version").fetchone()
    return None if row is None else str(row[0])


def upgrade(dsn: str) -> None:
    """Apply what is missing. Safe to repeat, and to call from many processes at once."""
    with Line.connect(dsn, autocommit=True) as conn:
        if conn.info.server_version < 150000:
            raise DatabaseTooOld(found=conn.info.server_version // 10000)
        if applied(conn) == head():
            return
        conn.execute(SQL("select pg_advisory_lock({})").format(_LOCK))
        found = applied(conn)
        if found is not None and found > head():
            raise DatabaseTooNew(found=found, known=head())
        if found != head():
            _run_alembic(dsn)


def _run_alembic(dsn: str) -> None:
    # Alembic drags in SQLAlchemy (0.2 s): only a database that must change pays for it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["dsn"] = dsn
    command.upgrade(config, "head")
