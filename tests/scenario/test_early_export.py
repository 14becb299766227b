"""Start faster with early export: at the very task that reaches a quarter, one export and one signed webhook, once."""

import datetime as dt
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from standardwebhooks import Webhook

from penstock import engine, jobs, tasks
from penstock.connections import guard
from penstock.core import Settings
from penstock.jobs import Work
from penstock.store import Database, Store, set_offset
from penstock.store.store import open_store
from penstock.tasks.model import Claim
from unit.actions.world import SECRET, Receiver

from .conftest import Pictures, Studio, two_stages

Move = Callable[[dt.timedelta], None]
QUARTER = 6  #: of 24

ACTIONS = """
actions:
  early export:
    when: {progress: first pass, reaches: 25%}
    do:
      - export: {dataset: first pass complete, format: coco, to: lab/early}
      - webhook: {to: training trigger}
"""


@pytest.fixture
def early(studio: Studio, pictures: Pictures, receiver: Receiver, tmp_path: Path) -> Studio:
    """The recipe with its action, over 24 files that wait for the first pass."""
    return prepare(studio, pictures, receiver, tmp_path / "lab")


def prepare(studio: Studio, pictures: Pictures, receiver: Receiver, lab: Path) -> Studio:
    lab.mkdir()
    studio.apply(two_stages(pictures))
    studio.owner.connections.folder("lab", str(lab))
    studio.owner.connections.webhook("training trigger", receiver.url, secret=SECRET)
    studio.apply(two_stages(pictures, actions=ACTIONS))
    studio.owner.datasets["first pass"].import_(pictures.folder, format="none")
    studio.drain()
    return studio


def finish(studio: Studio, count: int, drain: bool = True) -> list[str]:
    """Let a first-pass annotator finish some tasks; the keys of the files."""
    keys: list[str] = []
    for _ in range(count):
        work = studio.person("ann").templates["first pass"].next()
        assert work is not None
        work.submit()
        keys.append(work.file.key)
        if drain:
            studio.drain()
    return keys


def exported(folder: Path) -> list[list[str]]:
    """The keys of the images in each export under a folder."""
    found: list[list[str]] = []
    for manifest in sorted(folder.rglob("manifest.json")):
        coco = next(path for path in manifest.parent.rglob("*.json") if path.name != "manifest.json")
        found.append(sorted(image["file_name"].rsplit("/", 1)[-1] for image in json.loads(coco.read_text())["images"]))
    return found


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_at_the_very_task_that_reaches_a_quarter_one_export_and_one_webhook_leave_once(
    early: Studio, receiver: Receiver, tmp_path: Path
) -> None:
    lab = tmp_path / "lab"
    before = finish(early, QUARTER - 1)
    assert (exported(lab), receiver.got) == ([], [])
    done = before + finish(early, 1)
    assert exported(lab) == [sorted(done)]
    assert len(receiver.got) == 1
    headers, body = receiver.got[0]
    told = Webhook(SECRET).verify(body, headers)
    assert told["type"] == "template.progress_reached"
    finish(early, 6)
    assert len(exported(lab)) == len(receiver.got) == 1
    assert early.kinds("template.progress_reached", "export.ready", "delivery.succeeded") == [
        "template.progress_reached",
        "export.ready",
        "delivery.succeeded",
    ]


def test_new_files_that_push_progress_back_do_not_arm_it_again(
    early: Studio, receiver: Receiver, pictures: Pictures, all_pictures: Pictures, tmp_path: Path
) -> None:
    finish(early, QUARTER)
    more = [item.path for item in all_pictures.items if item.key not in {p.key for p in pictures.items}][:16]
    early.owner.datasets["first pass"].import_(*more, format="none")
    early.drain()
    progress = early.owner.templates["first pass"].progress()
    assert (progress.done, progress.total) == (QUARTER, 40)
    finish(early, 6)
    assert len(receiver.got) == len(exported(tmp_path / "lab")) == 1


def test_a_replay_writes_the_same_bytes_and_keeps_the_delivery_id(
    early: Studio, receiver: Receiver, tmp_path: Path
) -> None:
    lab = tmp_path / "lab"
    finish(early, QUARTER)
    first = content(lab)
    finish(early, 5)
    (run,) = early.owner.actions["early export"].runs()
    run.replay()
    early.drain()
    assert content(lab) == first
    assert len(receiver.got) == 2
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_two_tasks_that_finish_at_the_same_instant_fire_it_once(
    early: Studio, receiver: Receiver, tmp_path: Path
) -> None:
    done = finish(early, QUARTER - 1)
    claims = [claim_next(early), claim_next(early)]
    project, store, ann = early.owner.id, early.store, early.persons["ann"]
    with store.db.transaction(project, ann) as one, store.db.transaction(project, ann) as two:
        tasks.submit(one, claims[0].attempt.id)
        tasks.submit(two, claims[1].attempt.id)
        assert one.seq != two.seq
        crossing = claims[0] if one.seq < two.seq else claims[1]
    early.drain()
    assert len(receiver.got) == 1
    key = early.owner.files.by_id(crossing.task.file).key
    assert exported(tmp_path / "lab") == [sorted([*done, key])]


def claim_next(studio: Studio) -> Claim:
    work = studio.person("ann").templates["first pass"].next()
    assert work is not None
    return Claim(task=work.task, attempt=work.attempt)


def test_the_delivery_log_shows_each_try_of_a_receiver_that_fails_then_hangs_then_works(
    early: Studio, receiver: Receiver, move_clock: Move
) -> None:
    receiver.script[:] = [500, "hang", 200]
    early.owner.connections["training trigger"].change(settings={"url": receiver.url, "timeout_seconds": 1.5})
    finish(early, QUARTER)
    (delivery,) = early.owner.actions.deliveries()
    assert (delivery.state, delivery.tries) == ("pending", 1)
    for _ in range(2):
        move_clock(dt.timedelta(minutes=10))
        early.drain()
    log = early.owner.actions.delivery(delivery.id).log
    assert [(one.number, one.status) for one in log] == [(1, 500), (2, None), (3, 200)]
    assert log[1].error
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    (run,) = early.owner.actions["early export"].runs()
    assert run.state == "done"


def test_finishing_a_task_opens_no_connection_and_waits_for_no_delivery(
    early: Studio, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.script[:] = ["hang"]
    finish(early, QUARTER, drain=False)
    outside = threading.Thread(target=early.drain)
    outside.start()
    assert receiver.reached.wait(60)

    # The delivery is under way, and hangs. Meanwhile a task is finished, under a lock time-out that any wait would hit.
    opened: list[str] = []
    monkeypatch.setattr(guard, "post", lambda url, *_, **__: opened.append(url))
    claim = claim_next(early)
    with early.store.db.transaction(early.owner.id, early.persons["ann"]) as tx:
        tx.run("set local lock_timeout = '50ms'")
        assert tasks.submit(tx, claim.attempt.id).status == "done"
        idle = tx.value(
            int,
            "select count(*)::int from pg_stat_activity where state = 'idle in transaction'"
            " and datname = current_database() and pid <> pg_backend_pid()",
        )
    assert (opened, idle) == ([], 0)
    receiver.release.set()
    outside.join(60)
    assert not outside.is_alive()


class Killed(BaseException):
    """The worker's process is gone."""


@contextmanager
def killing(after: int) -> Iterator[list[int]]:
    """Kill the worker right after so many commits that wrote something; yields how many there were, in a list."""
    real, count = Database.transaction, [0]

    @contextmanager
    def counted(self: Database, *args: Any, **kwargs: Any) -> Iterator[Any]:
        with real(self, *args, **kwargs) as tx:
            yield tx
            tx.flush()
            wrote = tx.value(bool, "select pg_current_xact_id_if_assigned() is not null")
        count[0] += bool(wrote)
        if wrote and count[0] == after:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "transaction", counted)
        yield count


def work_on(store: Store) -> None:
    """A worker by hand: followers, timers and jobs, one after another. A job that doesn't return stays queued."""
    known = {job.name: job for job in engine.JOBS}
    with store.db.connect() as conn:
        while True:
            busy = sum(engine.follow_all(store, project) for project in engine.projects(store)) + jobs.ring(store.db)
            queued = conn.execute("select id, task_name, args from procrastinate_jobs order by id limit 1").fetchone()
            if queued is None:
                if not busy:
                    return
                continue
            known[queued[1]].run(Work(store=store), **queued[2])
            conn.execute("delete from procrastinate_jobs where id = %s", [queued[0]])


@dataclass
class Moment:
    """The installation as it stood when the sixth task was done and nothing had followed yet; as often as wanted."""

    postgres: Any
    name: str
    settings: Settings
    lab: Path

    @contextmanager
    def again(self) -> Iterator[Store]:
        shutil.rmtree(self.lab)
        self.lab.mkdir()
        copy = f"{self.name}_again"
        self.postgres.let_go()
        self.postgres.admin(f"create database {copy} template {self.name} strategy file_copy")
        store = open_store(self.settings.model_copy(update={"database_url": self.postgres.database(copy)}))
        yield store
        store.close()
        self.postgres.admin(f"drop database {copy} with (force)")


def test_a_worker_killed_between_any_two_steps_delivers_once(
    early: Studio, receiver: Receiver, postgres: Any, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """In a short run, between every third and the next."""
    every = 1 if pytestconfig.getoption("--thorough") else 3
    finish(early, QUARTER, drain=False)
    name = str(psycopg.conninfo.conninfo_to_dict(early.store.db.dsn)["dbname"])
    moment = Moment(postgres, name, early.store.settings, tmp_path / "lab")
    early.api.app.state.live.close()
    early.store.db.close()

    with moment.again() as store, killing(after=-1) as whole:
        work_on(store)
    expected = content(moment.lab)
    assert len(exported(moment.lab)) == len(set(receiver.ids)) == 1
    assert whole[0] >= 8
    for kill in range(1, whole[0] + 1, every):
        with moment.again() as store:
            receiver.got.clear()
            with killing(after=kill), pytest.raises(Killed):
                work_on(store)
            with store.db.transaction(0) as tx:
                set_offset(tx, dt.timedelta(hours=1))
            work_on(store)
            assert content(moment.lab) == expected, f"killed after commit {kill}"
            assert len(set(receiver.ids)) == 1, f"killed after commit {kill}"
