"""The bare prototype that Penstock's speed is measured against: claim, save and done, and nothing else.

Plain FastAPI, one SQL transaction for each call, writing the same durable rows and events into the same tables.
No sign-in, no roles, no validation, no lease to lose, no merge, no idempotency, no write sets, no reviews: what is
between this and Penstock is what Penstock does for its users.

    python -m bench.prototype <dsn> <port>
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import psycopg
import uvicorn
from fastapi import FastAPI, Request
from psycopg.rows import dict_row
from psycopg.sql import SQL
from psycopg_pool import ConnectionPool
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

PROJECT, TEMPLATE, SOURCE, TARGET, BRANCH, WHO = 1, 1, 1, 2, 1, 1
"""The ids of the one project that `lay` makes."""

Connection = psycopg.Connection[dict[str, Any]]

PICK = """
select id, file from task where template = 1 and status = 'open' order by priority desc, id
limit 1 for no key update skip locked"""
OPEN = """
with draft as (insert into branch (project, kind, parent, at) values (1, 'draft', 1, moment()) returning id)
insert into attempt (project, task, template, edition, file, who, role, lease_seconds, lease_until, branch, parent,
  schema_version, started_at)
select 1, %(task)s, 1, 1, %(file)s, 1, 'work', 900, moment() + interval '15 minutes', draft.id, 1, 1, moment()
from draft
returning id"""
GIVE = "update task set status = 'in_progress', holder = 1, attempt = %(attempt)s where id = %(task)s"
RENEW = """
update attempt set lease_until = moment() + interval '15 minutes', commands = commands + 1 where id = %(attempt)s
returning id, task, file, branch, commands"""
COMMAND = "insert into command (project, attempt, id, n) values (1, %(attempt)s, %(command)s, %(n)s)"
BASE = "update branch set base_seq = (select last_value from seq) where id = %(branch)s and base_seq is null"
DRAW = """
insert into annotation (project, branch, file, id, created_seq, gone, kind, label, x, y, w, h, geometry, attributes,
  source, author, origin)
select 1, %(branch)s, %(file)s, r.id, %(seq)s, false, r.kind, r.label, (r.geometry ->> 0)::float8,
  (r.geometry ->> 1)::float8, (r.geometry ->> 2)::float8, (r.geometry ->> 3)::float8, r.geometry::text, '{}',
  'person', 1, 'edit'
from jsonb_to_recordset(%(rows)s::jsonb) as r(id uuid, kind text, label int, geometry jsonb)"""
HOLD = """
select a.id, a.task, a.file, a.branch from attempt a join task t on t.id = a.task where a.id = %(attempt)s
for no key update"""
END = "update attempt set state = 'submitted', ended_at = moment() where id = %(attempt)s"
MERGE = """
insert into annotation (project, branch, file, id, created_seq, gone, kind, label, x, y, w, h, geometry, attributes,
  source, author, origin, task)
select project, 1, file, id, %(seq)s, gone, kind, label, x, y, w, h, geometry, attributes, source, author, 'merge',
  %(task)s
from annotation where project = 1 and branch = %(branch)s and file = %(file)s and retired_seq is null"""
COUNT = """
insert into file_label (project, branch, file, label, n)
select 1, 1, file, label, count(*) from annotation where project = 1 and branch = %(branch)s and file = %(file)s
group by file, label on conflict (branch, file, label) do update set n = file_label.n + excluded.n"""
MERGED = "update branch set state = 'merged' where id = %(branch)s"
FINISH = """
update task set status = 'done', holder = null, attempt = null, author = 1, authored = %(attempt)s, done_seq = %(seq)s,
  closed_at = moment() where id = %(task)s"""
ROUTE = """
insert into entry (project, dataset, file, key, cause, at, created_seq)
select 1, 2, id, key, %(cause)s, moment(), %(seq)s from file where project = 1 and id = %(file)s returning id"""
EVENTS = """
insert into event (project, seq, n, kind, subject, body, actor, at)
select 1, %(seq)s, e.n - 1, e.kind, e.subject, e.body::jsonb, 1, moment()
from unnest(%(kinds)s::text[], %(subjects)s::text[], %(bodies)s::text[]) with ordinality as e(kind, subject, body, n)"""


def draw(conn: Connection) -> int:
    row = conn.execute("select draw(1) as seq").fetchone()
    assert row is not None
    return int(row["seq"])


def tell(conn: Connection, seq: int, *events: tuple[str, str, dict[str, Any]]) -> None:
    kinds, subjects, bodies = zip(*events, strict=True)
    values = {"kinds": list(kinds), "subjects": list(subjects), "bodies": [json.dumps(body) for body in bodies]}
    conn.execute(EVENTS, {"seq": seq, **values})
    conn.execute("select pg_notify('penstock', '1')")


def claim(conn: Connection) -> dict[str, Any]:
    task = conn.execute(PICK).fetchone()
    if task is None:
        return {"task": None}
    attempt = conn.execute(OPEN, {"task": task["id"], "file": task["file"]}).fetchone()
    assert attempt is not None
    conn.execute(GIVE, {"task": task["id"], "attempt": attempt["id"]})
    body = {"task": task["id"], "template": 1, "file": task["file"], "was": "open", "now": "in_progress"}
    told = {**body, "attempt": attempt["id"], "who": 1}
    tell(conn, draw(conn), ("task.claimed", f"task:{task['id']}", told))
    return {"task": task, "attempt": attempt}


def save(conn: Connection, attempt: int, sent: dict[str, Any]) -> dict[str, Any]:
    held = conn.execute(RENEW, {"attempt": attempt}).fetchone()
    assert held is not None
    conn.execute(COMMAND, {"attempt": attempt, "command": sent["id"], "n": held["commands"]})
    conn.execute(BASE, {"branch": held["branch"]})
    seq = draw(conn)
    rows = json.dumps(sent["changes"])
    conn.execute(DRAW, {"branch": held["branch"], "file": held["file"], "seq": seq, "rows": rows})
    body = {"attempt": attempt, "task": held["task"], "template": 1, "file": held["file"], "command": sent["id"]}
    counts = {"created": len(sent["changes"]), "updated": 0, "deleted": 0, "late": False}
    tell(conn, seq, ("attempt.saved", f"attempt:{attempt}", {**body, **counts}))
    return {"command": sent["id"]}


def done(conn: Connection, attempt: int) -> dict[str, Any]:
    held = conn.execute(HOLD, {"attempt": attempt}).fetchone()
    assert held is not None
    conn.execute(END, {"attempt": attempt})
    values = {**held, "attempt": attempt, "seq": draw(conn)}
    added = conn.execute(MERGE, values).rowcount
    conn.execute(COUNT, values)
    conn.execute(MERGED, values)
    conn.execute(FINISH, values)
    cause = {"kind": "route", "template": 1, "task": held["task"], "dataset": SOURCE}
    entry = conn.execute(ROUTE, {**values, "cause": json.dumps(cause)}).fetchone()
    assert entry is not None
    subject, body = f"task:{held['task']}", {"task": held["task"], "template": 1, "file": held["file"]}
    times = {"active_seconds": 0.0, "wall_seconds": 0.0}
    counts = {"author": WHO, "reviewer": None, "added": added, "changed": 0, "removed": 0, "routed": [TARGET]}
    tell(
        conn,
        values["seq"],
        ("task.submitted", subject, {**body, "attempt": attempt, "who": WHO, **times}),
        ("task.done", subject, {**body, "attempt": attempt, "was": "in_progress", "now": "done", **counts}),
        ("dataset.file_added", f"dataset:{TARGET}", {"dataset": TARGET, **entry, "cause": cause, "again": False}),
    )
    return {"status": "done"}


def build(dsn: str) -> FastAPI:
    app = FastAPI()
    pool = ConnectionPool(dsn, min_size=8, max_size=16, kwargs={"row_factory": dict_row}, open=True)

    def in_transaction(call: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
        with pool.connection() as conn:
            return call(conn, *arguments)

    @app.post("/claim")
    async def _claim() -> JSONResponse:
        return JSONResponse(await run_in_threadpool(in_transaction, claim))

    @app.post("/attempts/{attempt}/save")
    async def _save(attempt: int, request: Request) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(in_transaction, save, attempt, await request.json()))

    @app.post("/attempts/{attempt}/done")
    async def _done(attempt: int) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(in_transaction, done, attempt))

    return app


LAY = """
insert into branch (project, kind, name, at) values (1, 'main', 'main', moment());
insert into dataset (project, name, branch, created_seq) values (1, 'in', 1, 1), (1, 'out', 1, 1);
insert into template (project, name, settings, at) values (1, 'boxes', '{{}}', moment());
insert into file (project, key, hash, bytes, media, mime, width, height, state, created_seq)
select 1, 'page-' || n, md5(n::text), 100, 'image', 'image/png', 640, 480, 'ready', 1 from generate_series(1, {}) n;
insert into task (project, template, file, branch, dataset, round, status, priority, created_seq, at)
select 1, 1, id, 1, 1, 1, 'open', 0, 1, moment() from file order by id;
"""


def lay(dsn: str, tasks: int) -> None:
    """Fill an empty, migrated database with one project that has so many open tasks."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(SQL(LAY).format(tasks))
        conn.execute("vacuum analyze")


if __name__ == "__main__":
    uvicorn.run(build(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
