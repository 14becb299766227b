"""The bare prototype of the bench writes what Penstock writes: else the comparison is not one."""

import json
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from bench import load, prototype
from conftest import Api, Postgres

TABLES = ("annotation", "attempt", "branch", "command", "entry", "event", "file_label", "task")
Counts = dict[str, int]


@pytest.fixture
def bare_url(postgres: Postgres) -> Iterator[str]:
    postgres.admin("create database bare template template_spine strategy file_copy")
    yield postgres.database("bare")
    postgres.admin("drop database bare with (force)")


def counted(url: str) -> Counts:
    with psycopg.connect(url) as conn:
        return {table: conn.execute(f"select count(*) from {table}").fetchone()[0] for table in TABLES}


def kinds_after(url: str, events: int) -> list[str]:
    with psycopg.connect(url) as conn:
        return [row[0] for row in conn.execute("select kind from event order by seq, n").fetchall()][events:]


def grown(before: Counts, after: Counts) -> Counts:
    return {table: after[table] - before[table] for table in TABLES}


def one_task_of_penstock(api: Api) -> None:
    attempt = api.owner.post(api.path(f"/templates/{template_of(api)}/next")).json()["attempt"]["id"]
    saved = api.owner.post(api.path(f"/attempts/{attempt}/save"), content=load.boxes(label_of(api)))
    assert saved.status_code == 200, saved.text
    done = api.owner.post(api.path(f"/attempts/{attempt}/submit"), json={})
    assert done.json()["status"] == "done", done.text


def template_of(api: Api) -> int:
    return api.owner.get(api.path("/templates")).json()[0]["id"]


def label_of(api: Api) -> int:
    return api.owner.get(api.path("/schema")).json()["labels"][0]["id"]


@pytest.fixture
def prepared(api: Api, drain: object) -> Api:
    """A project with one open task, as the bench makes it."""
    api.owner.put(api.path("/schema"), json={"labels": {"thing": {}}})
    source, target = (api.owner.post(api.path("/datasets"), json={"name": name}).json()["id"] for name in ("in", "out"))
    for n in range(2):
        sent = api.owner.post(api.path(f"/datasets/{source}/upload"), params={"key": f"{n}.png"}, content=png(n))
        assert sent.status_code == 201, sent.text
    settings = {"watch": [{"dataset": source}], "on_done": [{"to": target}]}
    api.owner.post(api.path("/templates"), json={"name": "boxes", "settings": settings})
    assert callable(drain)
    drain()
    return api


def png(n: int) -> bytes:
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (64, 48), (n, n, n)).save(out, "PNG")
    return out.getvalue()


def test_it_writes_the_same_rows_and_events(prepared: Api, bare_url: str) -> None:
    ours_url = prepared.store.db.dsn
    ours_before = counted(ours_url)
    one_task_of_penstock(prepared)
    ours = grown(ours_before, counted(ours_url))

    prototype.lay(bare_url, 2)
    theirs_before = counted(bare_url)
    with psycopg.connect(bare_url, row_factory=dict_row) as conn:
        attempt = prototype.claim(conn)["attempt"]["id"]
        conn.commit()
        prototype.save(conn, attempt, json.loads(load.boxes(1)))
        conn.commit()
        prototype.done(conn, attempt)
    theirs = grown(theirs_before, counted(bare_url))

    assert theirs == ours
    assert kinds_after(bare_url, theirs_before["event"]) == kinds_after(ours_url, ours_before["event"])
