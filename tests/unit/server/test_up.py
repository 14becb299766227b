"""The server as a process: it says where it is, keeps a worker, and stops as it should."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from penstock.core import Settings
from penstock.server import announce, up
from penstock.server.announce import Announcement
from penstock.server.child import Child

UP = """
import sys
from penstock.core import Settings
from penstock.server.up import up
up(Settings.model_validate_json(sys.argv[1]), say=lambda line: print(line, flush=True))
"""


def until(true: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait for another process."""
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def running(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    settings.home.mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, "-c", UP, settings.model_dump_json()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    print(*process.communicate(), sep="\n")  # shown when a test fails


def test_it_says_where_it_is_and_withdraws_that_when_stopped(settings: Settings, running) -> None:
    until(lambda: announce.answering(settings.home) is not None)
    found = announce.announced(settings.home)
    assert found is not None
    assert (settings.home / announce.FILE).stat().st_mode & 0o777 == 0o600
    assert found.url.startswith("http://127.0.0.1:")
    me = httpx.get(f"{found.url}/api/v1/me", headers={"authorization": f"Bearer {found.token}"}).json()
    assert me["owner"]
    with pytest.raises(up.AlreadyUp):
        up.up(settings)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert announce.announced(settings.home) is None
    lines = out.splitlines()
    assert lines[0] == f"Penstock is up at {found.url}"
    assert f"{found.url}/sign-in/psl_" in lines[1]


def test_its_worker_comes_back_when_killed_and_goes_when_it_is(settings: Settings, running) -> None:
    until(lambda: announce.answering(settings.home) is not None)
    until(lambda: bool(workers_of(running.pid)))
    first = workers_of(running.pid)[0]
    os.kill(first, signal.SIGKILL)
    until(lambda: workers_of(running.pid) not in ([], [first]))
    second = workers_of(running.pid)[0]
    running.kill()
    running.wait()
    until(lambda: not is_alive(second))


def workers_of(parent: int) -> list[int]:
    return [child.pid for child in psutil.Process(parent).children() if "penstock.server.worker" in command_of(child)]


def command_of(process: psutil.Process) -> list[str]:
    """The command line of a living process; none for one that ended and isn't collected yet."""
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_child_is_started_again_told_its_line_and_stopped(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = (
        f"import sys; log = open({str(log)!r}, 'a+'); log.write(sys.stdin.readline()); log.seek(0)\n"
        "sys.exit(len(log.readlines()) < 3 or sys.stdin.read())"
    )
    child = Child([sys.executable, "-c", script], b"settings")
    child.start()
    until(lambda: log.exists() and log.read_text() == "settings\n" * 3)
    child.stop()
    assert child.pid is None
    child.stop()


def test_a_child_that_won_t_stop_is_killed() -> None:
    script = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); sys.stdin.read()"
    child = Child([sys.executable, "-c", script], b"", stop_seconds=0.2)
    child.start()
    until(lambda: child.pid is not None)
    pid = child.pid
    assert pid is not None
    child.stop()
    assert not is_alive(pid)


def test_a_child_that_is_to_be_nice_is_nice_from_the_start(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = (
        f"import os, sys; sys.stdin.readline(); open({str(log)!r}, 'w').write(f'{{os.nice(0)}}\\n'); sys.stdin.read()"
    )
    child = Child([sys.executable, "-c", script], b"", niceness=7)
    child.start()
    until(lambda: log.exists() and log.read_text() == "7\n")
    child.stop()


def test_an_announcement_is_taken_back_by_its_own_server_alone(tmp_path: Path) -> None:
    ours, theirs = Announcement("http://a", 1, "x"), Announcement("http://b", 2, "y")
    announce.publish(tmp_path, theirs)
    announce.withdraw(tmp_path, ours)
    assert announce.announced(tmp_path) == theirs
    assert announce.answering(tmp_path) is None
    announce.withdraw(tmp_path, theirs)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / announce.FILE).write_text(json.dumps({"odd": 1}))
    assert announce.announced(tmp_path) is None


def test_a_taken_port_is_said_plainly() -> None:
    taken = up.listen("127.0.0.1", 0)
    with pytest.raises(up.PortTaken, match="Address already in use"):
        up.listen("127.0.0.1", taken.getsockname()[1])
    taken.close()


@pytest.mark.parametrize(("host", "start"), [("0.0.0.0", "http://127.0.0.1:"), ("127.0.0.1", "http://127.0.0.1:")])
def test_the_url_is_one_that_this_machine_reaches(host: str, start: str) -> None:
    listener = up.listen(host, 0)
    assert up.url_of(listener).startswith(start)
    listener.close()
