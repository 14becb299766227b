"""How many tiny images a second come in, probed and with thumbnails."""

import time
from pathlib import Path

import psycopg

from bench import images
from bench.installation import embedded_server
from bench.project import Project
from bench.table import Table

FILES = 10_000


def run(project: Project, folder: Path, table: Table) -> None:
    images.draw(folder / "tiny", FILES, tint=1)
    began = time.perf_counter()
    state = project.await_import(project.start_import(folder / "tiny", project.source))
    imported = time.perf_counter() - began
    _await_ready(project)
    ready = time.perf_counter() - began
    assert state["counts"]["new"] == FILES
    more = f"{FILES} files of 64 x 48; copied in {imported:.1f} s, all ready in {ready:.1f} s"
    table.add("import with probing and thumbnails", FILES / ready, "files/s", ">= 500", more)


def _await_ready(project: Project) -> None:
    with embedded_server(project.running.home) as server, psycopg.connect(server.dsn, autocommit=True) as conn:
        while True:
            row = conn.execute("select count(*) from file where state = 'processing'").fetchone()
            if row == (0,):
                return
            time.sleep(0.05)
