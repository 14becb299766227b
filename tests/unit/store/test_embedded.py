import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import psycopg
import pytest

from penstock.store import embedded, place

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root keeps its databases under the system's state folder")

# A process that uses the database of the home in its first argument until its standard input closes.
SHARER = """
import pathlib, sys
from penstock.store import embedded
server = embedded.start(pathlib.Path(sys.argv[1]))
print("joined", flush=True)
sys.stdin.read()
server.close()
"""


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("shared") / "home"
    embedded.start(home).close()
    yield home
    embedded.erase(home)


@pytest.fixture
def home(shared_home: Path) -> Iterator[Path]:
    """A stopped database. Making one takes a second, so the tests here take turns on one."""
    yield shared_home
    server = embedded.start(shared_home)
    with psycopg.connect(server.dsn) as connection:
        connection.execute("drop table if exists kept")
    server.close()


@pytest.fixture
def new_home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    embedded.erase(tmp_path / "home")


@pytest.fixture
def sharer(home: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    started: list[subprocess.Popen[str]] = []

    def share() -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", SHARER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield share
    for process in started:
        process.kill()
        process.communicate()


def answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError:
        return False
    return True


def postmaster(server: embedded.Server) -> int:
    return int((server.place.data / "postmaster.pid").read_text().splitlines()[0])


def kept(server: embedded.Server) -> list[int]:
    with psycopg.connect(server.dsn) as connection:
        return [row[0] for row in connection.execute("select n from kept order by n")]


def keep(server: embedded.Server, n: int) -> None:
    with psycopg.connect(server.dsn) as connection:
        connection.execute("create table if not exists kept (n int)")
        connection.execute("insert into kept values (%s)", [n])


def test_it_starts_keeps_rows_and_stops(home: Path) -> None:
    server = embedded.start(home)
    keep(server, 1)
    server.close()
    assert not answers(server.dsn)
    server.close()

    again = embedded.start(home)
    assert kept(again) == [1]
    again.close()


def test_only_named_users_of_this_machine_get_in(home: Path) -> None:
    server = embedded.start(home)
    for folder in (server.place.data, server.place.socket):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == server.place.user.pw_uid
    assert not server.place.log.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    with psycopg.connect(server.dsn) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        connection.execute("create role stranger login")
        connection.commit()
        with pytest.raises(psycopg.OperationalError, match="Peer authentication failed"):
            psycopg.connect(server.dsn, user="stranger")
    server.close()


def test_nothing_acknowledged_may_be_lost(home: Path) -> None:
    server = embedded.start(home)
    with psycopg.connect(server.dsn) as connection:
        names = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
        rows = connection.execute("select name, setting from pg_settings where name = any(%s)", [list(names)])
        assert dict(rows.fetchall()) == dict.fromkeys(names, "on")
    server.close()


def test_processes_share_one_server_and_the_last_one_out_stops_it(
    home: Path, sharer: Callable[[], subprocess.Popen[str]]
) -> None:
    first, second = sharer(), sharer()
    for process in (first, second):
        assert process.stdout is not None
        assert process.stdout.readline() == "joined\n"
    server = embedded.start(home)
    dsn = server.dsn
    server.close()
    assert answers(dsn)
    first.communicate()
    assert answers(dsn)
    second.communicate()
    assert not answers(dsn)


def test_a_killed_process_no_longer_counts(home: Path, sharer: Callable[[], subprocess.Popen[str]]) -> None:
    process = sharer()
    assert process.stdout is not None
    process.stdout.readline()
    server = embedded.start(home)
    process.kill()
    process.wait()
    server.close()
    assert not answers(server.dsn)


def test_two_shares_in_one_process_are_counted_apart(home: Path) -> None:
    first, second = embedded.start(home), embedded.start(home)
    first.close()
    assert answers(second.dsn)
    second.close()
    assert not answers(second.dsn)


def test_a_killed_database_comes_back_with_every_committed_row(home: Path) -> None:
    server = embedded.start(home)
    for n in range(3):
        keep(server, n)
        os.kill(postmaster(server), signal.SIGKILL)
        server.revive()
    assert kept(server) == [0, 1, 2]
    server.close()


def test_children_that_outlive_a_killed_postmaster_are_ended(home: Path) -> None:
    server = embedded.start(home)
    keep(server, 1)
    stuck = psycopg.connect(server.dsn)
    os.kill(stuck.info.backend_pid, signal.SIGSTOP)  # too busy to notice
    os.kill(postmaster(server), signal.SIGKILL)
    server.revive()
    assert kept(server) == [1]
    with pytest.raises(psycopg.OperationalError):
        stuck.execute("select 1")
    stuck.close()
    server.close()


def test_a_process_id_used_by_another_program_does_not_fool_it(home: Path) -> None:
    server = embedded.start(home)
    keep(server, 1)
    os.kill(postmaster(server), signal.SIGKILL)
    with subprocess.Popen(["sleep", "60"], **server.place.switch()) as other:
        for file in (server.place.data / "postmaster.pid", server.place.socket / ".s.PGSQL.5432.lock"):
            _, _, rest = file.read_text().partition("\n")
            server.place.write(file, f"{other.pid}\n{rest}")
        server.revive()
        assert kept(server) == [1]
        assert other.poll() is None
        other.kill()
    server.close()


def test_a_lock_file_emptied_by_a_crash_does_not_stop_it(home: Path) -> None:
    server = embedded.start(home)
    keep(server, 1)
    os.kill(postmaster(server), signal.SIGKILL)
    (server.place.data / "postmaster.pid").write_text("")
    server.revive()
    assert kept(server) == [1]
    server.close()


def test_a_server_whose_socket_was_removed_is_started_anew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "GRACE_SECONDS", 0.1)
    server = embedded.start(home)
    before = postmaster(server)
    (server.place.socket / ".s.PGSQL.5432").unlink()
    server.revive()
    assert answers(server.dsn)
    assert postmaster(server) != before
    server.close()


def test_an_interrupted_first_start_leaves_no_half_database(new_home: Path) -> None:
    where = place.find(new_home)
    half = where.folder / "data.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server = embedded.start(new_home)
    assert answers(server.dsn)
    assert not half.exists()
    server.close()


@pytest.mark.thorough
def test_a_long_path_gets_a_short_private_socket_folder(tmp_path: Path) -> None:
    home = tmp_path / ("long " * 25).strip() / "it's home"
    server = embedded.start(home)
    assert answers(server.dsn)
    assert stat.S_IMODE(server.place.socket.stat().st_mode) == 0o700
    server.close()
    embedded.erase(home)


def test_a_taken_socket_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "SOCKET_NAME_LIMIT", 10)
    home = tmp_path / "home"
    where = place.find(home)
    assert where.socket.parent == Path("/tmp")
    where.socket.chmod(0o777)
    try:
        with pytest.raises(place.SocketFolderTaken, match="not a private folder"):
            embedded.start(home)
    finally:
        where.socket.chmod(0o700)
        embedded.erase(home)


def test_the_caller_s_environment_does_not_reach_the_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PGDATA": "/nowhere",
        "PGPORT": "1",
        "PGHOST": "nowhere",
        "PGDATABASE": "x",
        "LC_ALL": "xx",
    }.items():
        monkeypatch.setenv(name, value)
    server = embedded.start(home)
    assert answers(server.dsn)
    server.close()


def test_own_settings_win(home: Path) -> None:
    where = place.find(home)
    own = where.folder / "own.conf"
    own.write_text("work_mem = 5MB\n")
    server = embedded.start(home)
    with psycopg.connect(server.dsn) as connection:
        assert connection.execute("show work_mem").fetchone() == ("5MB",)
    server.close()
    own.unlink()


def test_a_bad_setting_is_shown_with_the_end_of_the_log(home: Path) -> None:
    where = place.find(home)
    own = where.folder / "own.conf"
    own.write_text("no_such_setting = 1\n")
    with pytest.raises(embedded.DatabaseFailed, match="no_such_setting"):
        embedded.start(home)
    own.unlink()


def test_a_full_disk_is_named(home: Path) -> None:
    where = place.find(home)
    binaries = Path("/tmp") / f"penstock-test-{os.getpid()}"  # where a system user can execute it
    binaries.mkdir(mode=0o755)
    try:
        program = binaries / "postgres"
        program.write_text("#!/bin/sh\necho 'PANIC: could not write to file: No space left on device' >&2\nexit 1\n")
        program.chmod(0o755)
        with pytest.raises(embedded.DiskFull, match="Free some space"):
            embedded._launch(replace(where, binaries=binaries))
    finally:
        shutil.rmtree(binaries)


def test_a_database_of_another_version_is_refused(home: Path) -> None:
    version = place.find(home).data / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(embedded.DatabaseOfAnotherVersion, match="PostgreSQL 16"):
        embedded.start(home)
    version.write_text("18\n")


@pytest.mark.thorough
def test_an_erased_home_starts_empty(new_home: Path) -> None:
    home = new_home
    server = embedded.start(home)
    keep(server, 1)
    with pytest.raises(embedded.DatabaseInUse):
        embedded.erase(home)
    server.close()
    embedded.erase(home)
    assert not server.place.folder.exists()
    again = embedded.start(home)
    assert answers(again.dsn)
    with pytest.raises(psycopg.errors.UndefinedTable):
        kept(again)
    again.close()


@as_root
def test_root_s_database_follows_a_moved_home_and_refuses_a_copied_one(tmp_path: Path) -> None:
    first, moved, copied = tmp_path / "first", tmp_path / "moved", tmp_path / "copied"
    folder = place.find(first).folder
    first.rename(moved)
    assert place.find(moved).folder == folder
    shutil.copytree(moved, copied, symlinks=True)
    with pytest.raises(place.HomeIsCopy, match="moved"):
        embedded.start(copied)
    embedded.erase(moved)


@as_root
def test_root_s_database_is_not_found_again_by_a_home_made_anew(tmp_path: Path) -> None:
    home = tmp_path / "home"
    old = place.find(home)
    shutil.rmtree(home)
    assert place.find(home).folder != old.folder
    embedded.erase(home)
    shutil.rmtree(old.folder)


@as_root
def test_root_s_threads_and_processes_that_begin_at_once_find_one_folder(tmp_path: Path) -> None:
    for turn in range(10):
        home = tmp_path / f"home {turn}"
        begin = Barrier(8)

        def find(_: int, home: Path = home, begin: Barrier = begin) -> Path:
            begin.wait()
            return place.find(home).folder

        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(find, range(8)))
        embedded.erase(home)
        assert len(found) == 1


@as_root
def test_root_is_not_led_elsewhere_by_a_home(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    home = tmp_path / "home"
    home.mkdir()
    (home / "postgres").symlink_to(elsewhere)
    with pytest.raises(place.HomeOfAnother):
        embedded.start(home)
    assert list(elsewhere.iterdir()) == []


@as_root
def test_root_runs_it_as_a_system_user_from_binaries_that_only_root_can_change(home: Path) -> None:
    server = embedded.start(home)
    assert Path(f"/proc/{postmaster(server)}").stat().st_uid == server.place.user.pw_uid != 0
    for path in (server.place.binaries / "postgres", *server.place.binaries.parents):
        found = path.stat()
        assert found.st_uid == 0
        assert not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or found.st_mode & stat.S_ISVTX
    server.close()
