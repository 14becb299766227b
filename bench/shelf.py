"""A million files by SQL: one real picture under many keys, each in a dataset and with a box, as imports leave them."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from bench.images import draw
from bench.installation import embedded_server
from bench.project import Project

_FILES: LiteralString = (
    "insert into file (project, key, hash, bytes, media, mime, width, height, state, created_seq)"
    " select f.project, 'shelf/' || lpad(n::text, 7, '0') || '.png', f.hash, f.bytes, f.media, f.mime, f.width,"
    " f.height, f.state, f.created_seq from file f, generate_series(1, %(count)s) n where f.id = %(file)s"
)
ENTRIES: LiteralString = (
    "insert into entry (project, dataset, file, key, cause, at, created_seq)"
    " select e.project, e.dataset, f.id, f.key, e.cause, e.at, e.created_seq from entry e"
    " join file f on f.project = e.project and f.id > %(file)s where e.file = %(file)s order by f.id"
)
_BOXES: LiteralString = (
    "insert into annotation (project, branch, file, id, created_seq, kind, label, x, y, w, h, geometry, attributes,"
    " source, origin) select f.project, b.id, f.id, gen_random_uuid(), f.created_seq, 'box', %(label)s, 8, 8, 24, 16,"
    " '[8,8,24,16]', '{}', 'import', 'import' from file f join branch b on b.project = f.project and b.kind = 'main',"
    " generate_series(1, %(boxes)s) where f.id > %(file)s order by f.id"
)
_LABELS: LiteralString = (
    "insert into file_label (project, branch, file, label, n) select f.project, b.id, f.id, %(label)s, %(boxes)s"
    " from file f join branch b on b.project = f.project and b.kind = 'main' where f.id > %(file)s order by f.id"
)
_SOURCES: LiteralString = (
    "insert into file_value (project, branch, file, field, value, n) select f.project, b.id, f.id, 0, 'import',"
    " %(boxes)s from file f join branch b on b.project = f.project and b.kind = 'main' where f.id > %(file)s"
    " order by f.id"
)
META: LiteralString = (
    "insert into file_meta (project, file, meta, source, created_seq) select project, id,"
    " jsonb_build_object('weather', (array['sun', 'rain', 'snow', 'fog'])[1 + id %% 4]), 'import', created_seq"
    " from file where id > %(file)s order by id"
)

READY: LiteralString = (
    "insert into event (project, seq, n, kind, subject, body, actor, at) select v.project, v.seq,"
    " 1000 + row_number() over (order by f.id), v.kind, 'file:' || f.id, v.body || jsonb_build_object('file', f.id),"
    " v.actor, v.at from event v join file f on f.project = v.project and f.id > %(file)s"
    " where v.kind = 'file.ready' and v.subject = 'file:' || %(file)s::text"
)


Connection = psycopg.Connection[tuple[Any, ...]]


def fill(project: Project, folder: Path, count: int, boxes: int = 1) -> None:
    """Import one picture, then put it on the shelf so many times, each with so many boxes."""
    with opened(project, folder) as conn:
        fill_rows(conn, project.label, count, boxes)


@contextmanager
def opened(project: Project, folder: Path) -> Generator[Connection]:
    """The database of an installation into which one picture was imported."""
    draw(folder / "one", 1, tint=3)
    project.await_import(project.start_import(folder / "one", project.source))
    with embedded_server(project.running.home) as server, psycopg.connect(server.dsn, autocommit=True) as conn:
        yield conn


def newest(conn: Connection) -> int:
    """The id of the file that came last."""
    found = conn.execute("select max(id) from file").fetchone()
    assert found is not None
    return found[0]


def fill_rows(conn: Connection, label: int, count: int, boxes: int = 1) -> None:
    """The rows of so many more files like the newest one, each with so many boxes."""
    given = {"count": count, "file": newest(conn), "label": label, "boxes": boxes}
    for statement in (_FILES, ENTRIES, _BOXES, _LABELS, _SOURCES, META, READY):
        conn.execute(statement, given)
    conn.execute("vacuum analyze file, entry, annotation, file_label, file_value, file_meta, event")
