"""One embedded PostgreSQL for the whole run; a fresh database, cloned from a migrated one, for each test."""

import datetime as dt
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from penstock import engine, store
from penstock.core import Settings
from penstock.store import Store, embedded, migrate, set_offset

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Postgres:
    dsn: str

    def database(self, name: str) -> str:
        return psycopg.conninfo.make_conninfo(self.dsn, dbname=name)

    def admin(self, statement: str) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            conn.execute(statement)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    home = Path(tempfile.mkdtemp(prefix="penstock-test-"))
    server = embedded.start(home)
    postgres = Postgres(server.dsn)
    postgres.admin("create database template_spine")
    migrate.upgrade(postgres.database("template_spine"))
    yield postgres
    server.close()
    embedded.erase(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """A migrated, empty database of this test's own."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    postgres.admin(f"create database {name} template template_spine strategy file_copy")
    yield postgres.database(name)
    postgres.admin(f"drop database {name} with (force)")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", database_url=database_url, roots=[tmp_path], port=0)


@pytest.fixture
def store_(settings: Settings) -> Iterator[Store]:
    opened = store.open(settings)
    yield opened
    opened.close()


# Tests name it `store`, as verbs do.
@pytest.fixture(name="store")
def _store(store_: Store) -> Store:
    return store_


@pytest.fixture
def drain(store: Store) -> Callable[[], None]:
    """Run followers, due timers and jobs until nothing is left."""
    return lambda: engine.drain(store)


@pytest.fixture
def move_clock(store: Store) -> Callable[[dt.timedelta], None]:
    """Move the installation's clock forward from where it stands."""
    moved = dt.timedelta()

    def move(by: dt.timedelta) -> None:
        nonlocal moved
        moved += by
        with store.db.transaction(0) as tx:
            set_offset(tx, moved)

    return move


@dataclass
class Written:
    """The kinds of events that a block wrote, in order."""

    kinds: list[str] = field(default_factory=list)


@pytest.fixture
def wrote(store: Store) -> Callable[[int], object]:
    """`with wrote(project) as written: ...` and then compare `written.kinds`, the whole list."""

    @contextmanager
    def block(project: int) -> Generator[Written]:
        with store.db.transaction(project) as tx:
            before = tx.value(int, "select coalesce(max(seq), 0) from event where project = %(project)s")
        written = Written()
        yield written
        with store.db.transaction(project) as tx:
            written.kinds += tx.values(
                str,
                "select kind from event where project = %(project)s and seq > %(before)s order by seq, n",
                before=before,
            )

    return block
