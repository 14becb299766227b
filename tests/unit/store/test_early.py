"""The database starts while the rest of a program is imported."""

from pathlib import Path

import psycopg
import pytest

from penstock.core import Settings
from penstock.store import embedded
from penstock.store.early import starting
from penstock.store.store import open_store


def test_the_database_stays_up_until_the_block_is_left(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with starting(settings):
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
