import datetime as dt
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psycopg
import pytest

from penstock import datasets, people
from penstock.core import Settings
from penstock.store import Store, doctor, embedded, set_offset
from penstock.store.doctor import Finding


def wrong(settings: Settings) -> list[Finding]:
    return [finding for finding in doctor.examine(settings) if not finding.ok]


def said(settings: Settings) -> str:
    return "\n".join(finding.what for finding in doctor.examine(settings))


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def fresh(tmp_path: Path, free_port: int) -> Settings:
    return Settings(home=tmp_path / "home", port=free_port)


def test_a_home_that_was_never_used_is_fine(fresh: Settings) -> None:
    assert wrong(fresh) == []
    assert "`penstock up` makes it" in said(fresh)
    assert not fresh.home.exists()


def test_a_working_installation_is_fine(store: Store) -> None:
    assert wrong(store.settings) == []
    assert "up to date" in said(store.settings)
    assert "No worker is alive. Jobs waiting: 0." in said(store.settings)


def test_every_complaint_says_why_and_what_to_do(store: Store, tmp_path: Path) -> None:
    home = store.settings.home
    home.chmod(0o755)
    (home / "key").chmod(0o644)
    with store.db.transaction(0) as tx:
        tx.run("update alembic_version set version_num = '0000'")
    broken = store.settings.model_copy(update={"roots": [tmp_path / "nowhere"]})
    complaints = wrong(broken)
    assert len(complaints) == 4
    for finding in complaints:
        assert finding.why
        assert finding.do
    assert {"chmod 700", "chmod 600"} == {finding.do[:9] for finding in complaints if "chmod" in finding.do}


def test_jobs_that_nobody_works_on_are_named(store: Store) -> None:
    with store.db.transaction(0) as tx:
        tx.run(
            "select procrastinate_defer_jobs_v1(array[row('default', 'x', 0, null, null, '{}', null)"
            "::procrastinate_job_to_defer_v1])"
        )
    assert [finding.what for finding in wrong(store.settings)] == ["No worker is alive. Jobs waiting: 1."]


def test_a_stopped_follower_is_named_with_its_trouble(store: Store) -> None:
    with store.db.transaction(0) as tx:
        tx.run("insert into cursor (name, project, trouble) values ('metrics.progress', 7, 'KeyError: 3')")
    (finding,) = wrong(store.settings)
    assert "metrics.progress in project 7: KeyError: 3" in finding.what


def test_a_clock_that_was_set_back_is_named(store: Store) -> None:
    for days in (40, 0):
        store.db.perform(lambda tx, days=days: set_offset(tx, dt.timedelta(days=days)), 0)
        project = store.db.perform(lambda tx, days=days: people.create_project(tx, f"{days}"), 0)
        store.db.perform(lambda tx: datasets.create(tx, "gold"), project)
    assert ["The log has events of up to" in finding.what for finding in wrong(store.settings)].count(True) == 1


def test_a_used_port_is_named(fresh: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", fresh.port))
        taken.listen()
        (finding,) = wrong(fresh)
    assert f"127.0.0.1:{fresh.port}" in finding.what
    assert "PENSTOCK_PORT" in finding.do


def test_an_unreachable_database_is_named(fresh: Settings) -> None:
    away = fresh.model_copy(update={"database_url": f"postgresql://nobody@127.0.0.1:{fresh.port}/nothing"})
    (finding,) = wrong(away)
    assert "can't be reached" in finding.what
    assert "PENSTOCK_DATABASE_URL" in finding.do


def test_an_embedded_database_that_does_not_start_is_named(fresh: Settings) -> None:
    server = embedded.start(fresh.home)
    server.close()
    own = server.place.folder / "own.conf"
    own.write_text("no_such_setting = 1\n")
    (finding,) = wrong(fresh)
    assert "no_such_setting" in finding.do
    own.unlink()
    embedded.erase(fresh.home)


def test_a_full_disk_is_foretold(fresh: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOW_DISK_BYTES", 10**15)
    assert any("Free some space" in finding.do for finding in wrong(fresh))


def test_the_embedded_database_is_stopped_again(fresh: Settings) -> None:
    server = embedded.start(fresh.home)
    server.close()
    doctor.examine(fresh)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.dsn)
    embedded.erase(fresh.home)


def test_a_home_that_was_not_restored_whole_is_named(fresh: Settings) -> None:
    fresh.home.mkdir(mode=0o700)
    (fresh.home / "restoring").touch()
    (finding,) = wrong(fresh)
    assert "didn't end" in finding.what


def test_a_server_on_a_port_of_its_own_choice_is_found(fresh: Settings) -> None:
    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"version": "9.9"}')

        def log_message(self, format: str, *args: object) -> None: ...

    any_port = fresh.model_copy(update={"port": 0})
    assert "The server takes any free port; no server runs." in said(any_port)
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        fresh.home.mkdir(mode=0o700)
        url = f"http://127.0.0.1:{server.server_port}"
        (fresh.home / "server.json").write_text(json.dumps({"url": url, "pid": 1, "token": ""}))
        assert f"A Penstock server (9.9) answers on 127.0.0.1:{server.server_port}." in said(any_port)
        server.shutdown()
