"""The database starts while the rest of a program is imported."""

import threading
from pathlib import Path

import psycopg
import pytest

from penstock.core import Settings
from penstock.store import embedded
from penstock.store.early import THREAD, starting
from penstock.store.store import open_store


# Thorough: in two whole runs on a busy machine the early start failed without a word. Now it says why in the log.
@pytest.mark.thorough
def test_the_database_stays_up_until_the_block_is_left(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with starting(settings):
        for thread in threading.enumerate():
            if thread.name == THREAD:
                thread.join()
        opened = open_store(settings)
        dsn = opened.db.dsn
        opened.close()
        psycopg.connect(dsn).close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)
    embedded.erase(settings.home)


def test_what_goes_wrong_is_left_to_whoever_opens(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with starting(Settings(home=tmp_path / "home")):
        pass


def test_an_external_database_is_not_started(tmp_path: Path) -> None:
    with starting(Settings(home=tmp_path / "home", database_url="postgresql://elsewhere/db")):
        pass
    assert not (tmp_path / "home").exists()
