"""The database was killed: what was drawn before is never drawn again."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from penstock.store import Database, embedded, migrate


@pytest.fixture
def server(tmp_path: Path) -> Iterator[embedded.Server]:
    """A new installation's database, in which no checkpoint has been since it was made."""
    server = embedded.start(tmp_path / "home")
    migrate.upgrade(server.dsn)
    yield server
    server.close()
    embedded.erase(tmp_path / "home")


def kill(server: embedded.Server) -> None:
    """Kill the database, and start it again."""
    os.kill(int((server.place.data / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)
    server.revive()


def test_revisions_never_go_back_however_soon_the_database_is_killed(server: embedded.Server) -> None:
    """They did: the sequence was drawn from in the transaction that made it, so its next 32 numbers went unlogged."""
    drawn: list[int] = []
    for _ in range(3):
        db = Database(server.dsn)
        for _ in range(2):
            with db.transaction(1) as tx:
                tx.run("insert into cursor (name, project) values (%(name)s, 1)", name=f"of {tx.seq}")
            drawn.append(tx.seq)
        kill(server)
        db.close()

    assert drawn == sorted(set(drawn))


@pytest.mark.thorough
def test_a_sequence_drawn_from_where_it_is_made_never_goes_back_either(server: embedded.Server) -> None:
    """As a later migration may do."""
    with psycopg.connect(server.dsn) as connection:
        connection.execute("create table made (id bigint generated always as identity)")
        connection.execute("insert into made default values")
    insert = "insert into made default values returning id"
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        before = connection.execute(insert).fetchone()
    kill(server)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        after = connection.execute(insert).fetchone()

    assert before is not None
    assert after is not None
    assert after > before
