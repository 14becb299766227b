"""Where no server serves the home, this process does: with a worker, live events, and an orderly end."""

import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import penstock
from penstock.cli import main, session
from penstock.core import Settings
from penstock.sdk import inprocess, places
from penstock.sdk.connect import connect, reachable
from penstock.sdk.places import Place
from penstock.sdk.project import Project


@pytest.fixture
def served(settings: Settings) -> Iterator[Place]:
    here = inprocess.Served(settings)
    yield here.start()
    here.stop()


@pytest.fixture
def p(served: Place) -> Iterator[Project]:
    with connect(served.url, served.token, progress=False) as project:
        yield project.create_project("here")


def test_background_work_runs_by_itself(p: Project, tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    done = p.datasets.create("one").import_(tmp_path / "a.png")
    assert (done.state, done.counts.new) == ("finished", 1)


def test_events_are_followed_live_and_from_any_place(p: Project) -> None:
    began = threading.Event()
    seen: list[str] = []

    def follow() -> None:
        found = p.events(follow=True, after="0.0", kinds=["dataset.created"])
        for event in itertools.islice(found, 3):
            seen.append(event.body["name"])
            began.set()

    follower = threading.Thread(target=follow)
    p.datasets.create("before")
    follower.start()
    assert began.wait(30)
    p.datasets.create("then")
    p.datasets.create("at last")
    follower.join(30)
    assert seen == ["before", "then", "at last"]


def test_status_is_watched_live(
    p: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(session, "connect", lambda *_, **__: p)
    monkeypatch.setattr(p, "close", lambda: None)
    once = p.events
    monkeypatch.setattr(p, "events", lambda **how: itertools.islice(once(after="0.0", **how), 1))
    p.datasets.create("one")
    assert main.run(["status", "--watch", "--json"]) == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [[dataset["name"] for dataset in status["datasets"]] for status in shown] == [["one"], ["one"]]
    assert main.run(["status", "--watch"]) == 0
    assert "▤ one  0 files" in capsys.readouterr().out
    assert main.run(["status"]) == 0
    assert capsys.readouterr().out.strip() == "▤ one  0 files"


def test_one_server_serves_every_connection_of_a_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PENSTOCK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setattr(inprocess.Settings, "load", lambda home: settings.model_copy(update={"home": home}))
    home = settings.home
    with penstock.connect(home=home) as one, penstock.connect(home=home) as two:
        assert one.url == two.url
        assert one.me().owner
        assert places.running(home) is None, "it is this process's own, and not announced"
    inprocess.stop(home)
    assert not reachable(one.url)
    inprocess.stop(home)


def test_logging_in_is_checked_and_remembered(
    served: Place, p: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PENSTOCK_CONFIG", str(tmp_path / "config"))
    for name in ("PENSTOCK_HOME", "PENSTOCK_URL", "PENSTOCK_TOKEN", "PENSTOCK_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    p.members.add_program("robot", "editor")
    secret = p.tokens.create("for the robot", program="robot").secret
    assert main.run(["login", served.url, "--token", "pst_wrong"]) == 2
    assert "does not take this token" in capsys.readouterr().err
    assert main.run(["login", served.url, "--token", str(secret)]) == 0
    assert "You are robot" in capsys.readouterr().out
    assert main.run(["dataset", "create", "one"]) == 0
    assert [dataset.name for dataset in p.datasets] == ["one"]
    assert main.run(["login", "--forget"]) == 0
    assert places.remembered() is None
