"""Which server is meant: what was said, what was remembered, what serves the home."""

import stat
from pathlib import Path

import pytest

from penstock.sdk import connect as connecting
from penstock.sdk import places
from penstock.sdk.connect import connect
from penstock.sdk.errors import NotConnected
from penstock.sdk.places import Place


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PENSTOCK_URL", "PENSTOCK_TOKEN", "PENSTOCK_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PENSTOCK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("PENSTOCK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(connecting, "_serve", lambda home: Place(f"http://in-process{home}", "own"))


def test_what_is_remembered_only_its_owner_can_read() -> None:
    file = places.remember(Place("http://far", "secret"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert places.remembered() == Place("http://far", "secret")
    assert places.forget()
    assert places.remembered() is None
    assert not places.forget()


def test_a_named_server_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_URL", "http://environment")
    monkeypatch.setenv("PENSTOCK_TOKEN", "token")
    assert connect().url == "http://environment"
    assert connect("http://argument").url == "http://argument"


def test_a_remembered_server_is_used_where_no_home_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    places.remember(Place("http://far", "secret"))
    assert connect().url.startswith("http://in-process"), "PENSTOCK_HOME names a home"
    monkeypatch.delenv("PENSTOCK_HOME")
    assert connect().url == "http://far"


def test_without_a_token_it_says_how_to_give_one() -> None:
    with pytest.raises(NotConnected, match=r"No token for http://far\. .* penstock login http://far"):
        connect("http://far")


def test_the_remembered_token_serves_the_same_server(tmp_path: Path) -> None:
    places.remember(Place("http://far", "secret"))
    assert connect("http://far").url == "http://far"


def test_a_home_that_nobody_serves_is_served_from_here(tmp_path: Path) -> None:
    assert connect(home=tmp_path / "other").url == f"http://in-process{tmp_path / 'other'}"


def test_what_a_killed_server_left_behind_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "server.json").write_text('{"url": "http://127.0.0.1:9", "token": "old"}')
    assert places.running(tmp_path / "home") is None
    (tmp_path / "home" / "server.json").write_text("not json")
    assert places.running(tmp_path / "home") is None
