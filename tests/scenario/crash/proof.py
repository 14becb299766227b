"""What must hold when all is over, whoever was killed and when. Read from the database, and from those outside."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
from psycopg.rows import namedtuple_row

from scenario.crash.ledger import Ledger
from scenario.crash.outside import Receiver, Watcher
from scenario.crash.world import World

JOB_SECONDS = 60.0
"""How long a job may stay once its work is done: a dead worker's are taken over within 30 s."""
_JOBS: LiteralString = "select task_name, status, attempts, args from procrastinate_jobs where status <> 'succeeded'"


class Database:
    """The installation's own database, read while its server is up."""

    def __init__(self, dsn: str, project: int) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True, row_factory=namedtuple_row)
        self._project = project

    def rows(self, query: LiteralString, **named: Any) -> list[Any]:
        return self._connection.execute(query, {"project": self._project, **named}).fetchall()

    def value(self, query: LiteralString, **named: Any) -> Any:
        return self.rows(query, **named)[0][0]

    def close(self) -> None:
        self._connection.close()


def troubles(world: World) -> Iterator[str]:
    """Everything that is not as it must be, in words."""
    db = Database(world.installation.place.dsn, world.project)
    try:
        yield from world.ledger.troubles
        yield from no_acknowledged_save_is_lost(world)
        yield from no_task_is_given_twice(db, world.ledger)
        yield from no_event_happens_twice(db, world.follower.seen)
        yield from each_cause_has_one_effect(db, world.ledger)
        yield from progress_is_what_a_recount_gives(db)
        yield from no_half_export_is_seen(db, world.watchers)
        yield from each_message_acts_once(db, world.receiver)
        yield from nothing_waits(db)
    finally:
        db.close()


def no_acknowledged_save_is_lost(world: World) -> Iterator[str]:
    """Each file shows exactly what its annotators were told is saved."""
    for file, expected in world.ledger.truth.items():
        found = world.line.get(f"/projects/{world.project}/files/{file}/annotations")
        there = {one["id"]: one["geometry"] for one in found}
        if there != expected:
            yield f"file {file} holds {there} in place of {expected}"
    files = sum(world.ledger.imports.values())
    if len(world.ledger.truth) != files:
        yield f"{len(world.ledger.truth)} files were worked on, of {files}"


def no_task_is_given_twice(db: Database, ledger: Ledger) -> Iterator[str]:
    """Each file has one task of each template; each task one attempt, of one annotator, and is done once."""
    for row in db.rows(
        "select template, file, count(*) from task where project = %(project)s group by 1, 2 having count(*) > 1"
    ):
        yield f"two tasks of one file: {row}"
    for row in db.rows("select task, count(*) from attempt where project = %(project)s group by 1 having count(*) > 1"):
        yield f"two attempts at one task: {row}"
    done = db.rows(
        "select body->>'task' as task, count(*) as n from event where project = %(project)s and kind = 'task.done'"
        " group by 1"
    )
    yield from (f"done twice: {row}" for row in done if row.n != 1)
    for told, what in ((ledger.claims, "given"), (ledger.done, "told to be done")):
        if sorted(told) != sorted(int(row.task) for row in done):
            yield f"the tasks that are done are not those that somebody was {what}"
    yield from (f"task {task} was given as {given}" for task, given in ledger.claims.items() if len(given) > 1)
    yield from (f"task {task} was told to be done {n} times" for task, n in ledger.done.items() if n > 1)


def no_event_happens_twice(db: Database, seen: list[str]) -> Iterator[str]:
    """A task's events follow from each other, a revision's are numbered without a gap, a live follower saw all once."""
    steps: dict[str, str | None] = defaultdict(lambda: None)
    for row in db.rows(
        "select body->>'task' as task, body->>'was' as was, body->>'now' as now, kind, seq from event"
        " where project = %(project)s and body ? 'now' order by seq, n"
    ):
        if steps[row.task] != row.was:
            yield f"task {row.task} was {steps[row.task]}, but {row.kind} of revision {row.seq} says {row.was}"
        steps[row.task] = row.now
    for row in db.rows(
        "select seq, array_agg(n order by n) as ns from event where project = %(project)s group by seq"
        " having max(n) <> count(*) - 1"
    ):
        yield f"revision {row.seq} has events {row.ns}"
    for kind in ("file.added", "dataset.file_added"):
        for row in db.rows(
            "select body from event where project = %(project)s and kind = %(kind)s group by body having count(*) > 1",
            kind=kind,
        ):
            yield f"{kind} twice: {row.body}"
    log = [
        f"{row.seq}.{row.n}" for row in db.rows("select seq, n from event where project = %(project)s order by 1, 2")
    ]
    if seen != log[: len(seen)] or len(log) - len(seen) > 5:
        twice, never = [id for id, n in Counter(seen).items() if n > 1], sorted({*log} - {*seen})
        yield f"a live follower saw {len(seen)} of {len(log)} events, twice {twice[:5]}, never {never[:5]}"


def each_cause_has_one_effect(db: Database, ledger: Ledger) -> Iterator[str]:
    """One end of each import, one run for each cause, one export and one message for each run that wants one."""
    for kind, field in (
        ("import.finished", "import_id"),
        ("export.ready", "export"),
        ("action.started", "run"),
        ("action.finished", "run"),
        ("delivery.succeeded", "delivery"),
    ):
        for row in db.rows(
            "select body->>%(field)s as it, count(*) from event where project = %(project)s and kind = %(kind)s"
            " group by 1 having count(*) > 1",
            kind=kind,
            field=field,
        ):
            yield f"{kind} twice: {row}"
    imports = db.rows(
        "select body->>'import_id' as id, (body->>'files')::int as files, body->>'failed' as failed from event"
        " where project = %(project)s and kind = 'import.finished'"
    )
    if {int(row.id): row.files for row in imports} != ledger.imports or any(row.failed != "0" for row in imports):
        yield f"imports came to {imports} in place of {ledger.imports}"
    causes = db.rows("select action, cause from action_run where project = %(project)s")
    crossed = db.value("select count(*) from event where project = %(project)s and kind = 'template.progress_reached'")
    if len(causes) != len(ledger.imports) + len(ledger.fired) + crossed:
        yield f"{len(causes)} runs for {len(ledger.imports)} imports, {len(ledger.fired)} by hand, {crossed} marks"
    exports = db.value("select count(*) from export where project = %(project)s and state = 'ready'")
    if exports != len(ledger.imports) + len(ledger.fired):
        yield f"{exports} exports of {len(ledger.imports)} imports and {len(ledger.fired)} by hand"


def progress_is_what_a_recount_gives(db: Database) -> Iterator[str]:
    """The counters that followed the events agree with the tasks."""
    counted = db.rows("select template, done, open, in_progress from progress where project = %(project)s order by 1")
    recount = db.rows(
        "select template, count(*) filter (where status = 'done') as done,"
        " count(*) filter (where status = 'open') as open,"
        " count(*) filter (where status = 'in_progress') as in_progress"
        " from task where project = %(project)s group by 1 order by 1"
    )
    if [tuple(row) for row in counted] != [tuple(row) for row in recount]:
        yield f"progress says {counted}, the tasks {recount}"


def no_half_export_is_seen(db: Database, watchers: list[Watcher]) -> Iterator[str]:
    """What was seen was whole at first sight, is unchanged, and is all there is."""
    seen = 0
    for watcher in watchers:
        yield from watcher.troubles
        seen += len(watcher.seen)
        for export, digest in watcher.seen.items():
            if watcher.digest(export) != digest:
                yield f"{export} changed after it was seen"
            left = [path for path in export.parent.iterdir() if path.name.startswith(".")]
            if left:
                yield f"leftovers beside the exports: {left}"
                break
    ready = db.value("select count(*) from export where project = %(project)s and state = 'ready'")
    if seen != ready:
        yield f"{seen} exports were seen, {ready} are ready"


def each_message_acts_once(db: Database, receiver: Receiver) -> Iterator[str]:
    """Each delivery has one id, whatever its tries, and one body; the receiver acted once for each run."""
    sent = db.rows("select id, run, key, state from delivery where project = %(project)s")
    if {str(row.key) for row in sent} != set(receiver.bodies) or len({row.key for row in sent}) != len(sent):
        yield f"{len(sent)} deliveries reached the receiver under {len(receiver.bodies)} ids"
    yield from (f"delivery {row.id} is {row.state}" for row in sent if row.state != "delivered")
    yield from (f"message {id} came with {len(b)} bodies" for id, b in receiver.bodies.items() if len(b) > 1)
    runs = Counter(told["data"]["run"] for told in receiver.acted)
    if sorted(runs) != sorted(row.run for row in sent) or any(n > 1 for n in runs.values()):
        yield f"the receiver acted for runs {runs}"
    if receiver.forged:
        yield f"{receiver.forged} messages had a wrong signature"


def nothing_waits(db: Database) -> Iterator[str]:
    """No job is left behind, no follower is stuck, no transaction holds the horizon.

    A run may be over whose worker died before it could say so of its job: another takes that over, and finds it done.
    """
    give_up = time.monotonic() + JOB_SECONDS
    while (jobs := db.rows(_JOBS)) and time.monotonic() < give_up:
        time.sleep(0.2)
    yield from (f"a job is left: {row}" for row in jobs)
    for row in db.rows("select name, trouble from cursor where trouble is not null"):
        yield f"follower {row.name} is in trouble: {row.trouble}"
