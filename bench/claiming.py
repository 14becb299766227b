"""Claim, a durable save of 20 annotations, and done: Penstock beside the bare prototype, in turns."""

import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from bench import images, load, prototype
from bench.installation import Installation, Line, embedded_server, environment
from bench.load import CLIENTS, Sample
from bench.project import Project
from bench.table import Table
from penstock.store import migrate

TURNS, SECONDS, WARM_UP_SECONDS = 4, 6.0, 2.0
BULK_FILES = 12_000


class Bare:
    """A client of the prototype."""

    def __init__(self, url: str) -> None:
        self._line = Line(url)

    def claim(self) -> int | None:
        answer = self._line.post("/claim")
        return answer["attempt"]["id"] if answer["task"] else None

    def save(self, attempt: int, command: bytes) -> Any:
        return self._line.post(f"/attempts/{attempt}/save", command)

    def done(self, attempt: int) -> Any:
        return self._line.post(f"/attempts/{attempt}/done")


@contextmanager
def bare(running: Installation, tasks: int) -> Generator[list[Bare]]:
    """The prototype on a database of its own in the same PostgreSQL, and its clients."""
    with embedded_server(running.home) as server:
        with psycopg.connect(server.dsn, autocommit=True) as conn:
            conn.execute("create database bare")
        dsn = make_conninfo(server.dsn, dbname="bare")
        migrate.upgrade(dsn)
        prototype.lay(dsn, tasks)
        port = _free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.prototype", dsn, str(port)], env=environment(running.home)
        )
        try:
            _await(port)
            yield [Bare(f"http://127.0.0.1:{port}") for _ in range(CLIENTS)]
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


def run(project: Project, folder: Path, tasks: int, table: Table) -> None:
    ours = project.workers()
    with bare(project.running, tasks) as theirs:
        load.run(ours, WARM_UP_SECONDS, project.label)
        load.run(theirs, WARM_UP_SECONDS, 1)
        of_ours: list[Sample] = []
        of_theirs: list[Sample] = []
        for _ in range(TURNS):
            of_theirs.append(load.run(theirs, SECONDS, 1))
            of_ours.append(load.run(ours, SECONDS, project.label))
            _let_followers_catch_up(project)
        ratio = load.middle(of_ours) / load.middle(of_theirs)
        table.add("prototype, 8 clients", load.middle(of_theirs), "tasks/s", "", _each(of_theirs))
        table.add("Penstock, 8 clients", load.middle(of_ours), "tasks/s", "", _each(of_ours))
        table.add("Penstock / prototype", ratio, "", ">= 0.8", f"{TURNS} turns of {SECONDS:.0f} s each, interleaved")
        _latency(table, "p99 of a call, prototype", of_theirs, "")
        _latency(table, "p99 of a call, Penstock", of_ours, "< 60")
    images.draw(folder / "bulk", BULK_FILES, tint=2)
    _during_import(project, ours, folder / "bulk", table)


def _during_import(project: Project, ours: list[Any], folder: Path, table: Table) -> None:
    """The same load, from after the import's first file to before its last."""
    bulk = project.line.post(f"{project.path}/datasets", b'{"name": "bulk"}')["id"]
    run = project.start_import(folder, bulk)
    while not _came(project, run):
        time.sleep(0.02)
    first = _came(project, run)
    sample = load.run(ours, SECONDS, project.label)
    state = project.import_state(run)
    if state["state"] != "running":
        raise RuntimeError("the import ended before the load: raise BULK_FILES")
    came = _came(project, run) - first
    table.add(
        "Penstock, during a bulk import", sample.rate, "tasks/s", "", f"{came / sample.seconds:.0f} files/s beside it"
    )
    _latency(table, "p99 of a call, during a bulk import", [sample], "< 60")
    project.await_import(run)


def _came(project: Project, run: int) -> int:
    counts = project.import_state(run)["counts"]
    return counts["found"] - counts["waiting"]


def _let_followers_catch_up(project: Project) -> None:
    """The worker follows the log behind us; what it has left must not slow the prototype's next turn."""
    before = None
    with embedded_server(project.running.home) as server, psycopg.connect(server.dsn, autocommit=True) as conn:
        while before != (before := conn.execute("select sum(seq) from cursor").fetchone()):
            time.sleep(0.5)


def _each(samples: list[Sample]) -> str:
    return "each " + " ".join(f"{sample.rate:.0f}" for sample in samples)


def _latency(table: Table, what: str, samples: list[Sample], wanted: str) -> None:
    total = sum(samples[1:], samples[0])
    each = ", ".join(
        f"{call} {total.percentile(0.5, call):.1f} / {total.percentile(0.99, call):.1f}" for call in load.CALLS
    )
    table.add(what, total.percentile(0.99), "ms", wanted, f"p50 / p99: {each}")
