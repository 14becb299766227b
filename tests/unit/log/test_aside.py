"""What a follower set aside is given to it again, once, or let be."""

from collections.abc import Callable

import pytest

import penstock
from penstock import engine
from penstock.log import follow
from penstock.sdk.project import Project
from penstock.sdk.setbacks import Setback
from penstock.store import doctor
from penstock.tasks import template_tables

Wrote = Callable[[int], object]


@pytest.fixture
def setback(p: Project, store, drain: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> Setback:
    """Two files entered a watched dataset, and the follower that opens their tasks can't take it."""
    monkeypatch.setattr(follow, "WAIT_SECONDS", (0,))
    dataset = p.datasets.create("first")
    p.templates.create("one", {"watch": [{"dataset": dataset.id}]})
    drain()

    def fail(*_: object) -> None:
        raise ValueError("can't digest this")

    with store.db.transaction(p.id) as tx:
        for number in (1, 2):
            tx.run(
                "insert into file (project, key, hash, media, mime, bytes, width, height, state, created_seq)"
                " values (%(project)s, %(key)s, %(key)s, 'image', 'image/png', 9, 9, 9, 'ready', 1)",
                key=f"{number}.png",
            )
        files = tx.values(int, "select id from file where project = %(project)s order by id")
    monkeypatch.setattr(template_tables, "select_wanted", fail)
    dataset.add(files)
    for _ in range(8):
        engine.follow_all(store, p.id)
    (found,) = p.setbacks
    return found


def tasks(p: Project) -> int:
    return p.status().templates[0].progress.total


def test_a_replay_is_taken_once(p, store, drain, setback: Setback, wrote: Wrote, monkeypatch) -> None:
    assert (setback.value.state, setback.value.events, tasks(p)) == ("set_aside", 2, 0)
    with wrote(p.id) as written, pytest.raises(penstock.Refused, match=r"can't digest this\. They stay set aside"):
        setback.replay()
    assert written.kinds == []
    assert [one.state for one in p.status().setbacks] == ["set_aside"]

    monkeypatch.undo()  # it is mended
    with wrote(p.id) as written:
        assert setback.replay().value.state == "replayed"
        assert p.setbacks[setback.value.id].replay().value.state == "replayed"
    assert written.kinds == ["setback.replayed", "task.opened", "task.opened"]
    drain()
    assert tasks(p) == 2
    assert p.status().setbacks == ()
    assert all(
        "set aside" not in finding.what or "nothing" in finding.what for finding in doctor.examine(store.settings)
    )


def test_what_is_dismissed_is_told_no_more(p: Project, setback: Setback, wrote: Wrote, monkeypatch) -> None:
    with wrote(p.id) as written:
        assert setback.dismiss().value.state == "dismissed"
        assert setback.dismiss().value.state == "dismissed"
    assert written.kinds == ["setback.dismissed"]
    assert p.status().setbacks == ()
    monkeypatch.undo()
    assert setback.replay().value.state == "replayed"  # somebody thought better of it
    assert setback.dismiss().value.state == "replayed"


def test_a_follower_that_is_no_more_takes_nothing(p: Project, store, setback: Setback) -> None:
    with store.db.transaction(p.id) as tx:
        tx.run("update set_aside set follower = 'tasks.forgotten' where project = %(project)s")
    with pytest.raises(penstock.Refused, match=r"No follower of the log is called 'tasks.forgotten' any more"):
        setback.replay()
    with pytest.raises(penstock.PenstockError, match="no setback 99"):
        _ = p.setbacks[99]
