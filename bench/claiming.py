"""Claim, a durable save of 20 annotations, and done: Penstock beside the bare prototype, in turns."""

import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from bench import images, load, prototype
from bench.installation import Installation, Line, cpu_seconds, embedded_server, environment
from bench.load import CLIENTS, Sample, Worker
from bench.project import Project
from bench.table import Table
from penstock.store import migrate

TURNS, SECONDS, WARM_UP_SECONDS = 4, 6.0, 2.0
BULK_FILES = 30_000


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
def bare(running: Installation, tasks: int) -> "Generator[tuple[list[Bare], psutil.Process]]":
    """The prototype on a database of its own in the same PostgreSQL: its clients, and its process."""
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
            yield [Bare(f"http://127.0.0.1:{port}") for _ in range(CLIENTS)], psutil.Process(process.pid)
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


@dataclass
class Side:
    """One of the two that are compared: its clients, its turns, and the processor time they took."""

    workers: Sequence[Worker]
    label: int
    clock: Callable[[], dict[str, float]]
    samples: list[Sample] = field(default_factory=list[Sample])
    spent: Counter[str] = field(default_factory=Counter[str])

    def turn(self) -> None:
        before = self.clock()
        self.samples.append(load.run(self.workers, SECONDS, self.label))
        self.spent.update({name: used - before[name] for name, used in self.clock().items()})

    @property
    def rate(self) -> float:
        return statistics.median(sample.rate for sample in self.samples)

    def milliseconds_per_task(self) -> str:
        tasks = sum(sample.tasks for sample in self.samples)
        each = ", ".join(f"{name} {seconds / tasks * 1000:.2f}" for name, seconds in self.spent.items())
        return f"processor ms a task: {each}"


def run(project: Project, folder: Path, tasks: int, table: Table) -> None:
    running = project.running
    annotators = project.workers()
    with bare(running, tasks) as (clients, process):

        def bare_clock() -> dict[str, float]:
            return {"server": cpu_seconds(process), "database": running.cpu_seconds()["database"]}

        theirs = Side(clients, 1, bare_clock)
        ours = Side(annotators, project.label, running.cpu_seconds)
        for side in (theirs, ours):
            load.run(side.workers, WARM_UP_SECONDS, side.label)
        for _ in range(TURNS):
            for side in (theirs, ours):
                _let_followers_catch_up(project)
                side.turn()
        table.add("prototype, 8 clients", theirs.rate, "tasks/s", "", _each(theirs.samples))
        table.add("Penstock, 8 clients", ours.rate, "tasks/s", "", _each(ours.samples))
        more = f"{TURNS} turns of {SECONDS:.0f} s each, interleaved"
        table.add("Penstock / prototype", ours.rate / theirs.rate, "", ">= 0.8", more)
        _latency(table, "p99 of a call, prototype", theirs.samples, "")
        _latency(table, "p99 of a call, Penstock", ours.samples, "< 60", theirs.samples)
        print(f"  prototype: {theirs.milliseconds_per_task()}\n  Penstock:  {ours.milliseconds_per_task()}")
        images.draw(folder / "bulk", BULK_FILES, tint=2)
        _during_import(project, theirs, ours, folder / "bulk", table)


def _during_import(project: Project, theirs: Side, ours: Side, folder: Path, table: Table) -> None:
    """The same load of both, from after the import's first file to before its last."""
    bulk = project.line.post(f"{project.path}/datasets", b'{"name": "bulk"}')["id"]
    run = project.start_import(folder, bulk)
    while not _came(project, run):
        time.sleep(0.02)
    first = _came(project, run)
    sample = load.run(ours.workers, SECONDS, ours.label)
    state = project.import_state(run)
    if state["state"] not in ("scanning", "running"):
        raise RuntimeError("the import ended before the load: raise BULK_FILES")
    came = _came(project, run) - first
    bare = load.run(theirs.workers, SECONDS, theirs.label)
    if project.import_state(run)["state"] not in ("scanning", "running"):
        raise RuntimeError("the import ended before the prototype's load: raise BULK_FILES")
    table.add("prototype, during a bulk import", bare.rate, "tasks/s")
    table.add(
        "Penstock, during a bulk import", sample.rate, "tasks/s", "", f"{came / sample.seconds:.0f} files/s beside it"
    )
    _latency(table, "p99 of a call, prototype, during a bulk import", [bare], "")
    _latency(table, "p99 of a call, during a bulk import", [sample], "< 60", [bare])
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


def _latency(
    table: Table, what: str, samples: list[Sample], wanted: str, beside: Sequence[Sample] | None = None
) -> None:
    """The p99; what the prototype's was `beside` is why, where it is missed."""
    total = sum(samples[1:], samples[0])
    why = f"the bare prototype's is {sum(beside[1:], beside[0]).percentile(0.99):.0f} ms here" if beside else ""
    each = ", ".join(
        f"{call} {total.percentile(0.5, call):.1f} / {total.percentile(0.99, call):.1f}" for call in load.CALLS
    )
    table.add(what, total.percentile(0.99), "ms", wanted, f"p50 / p99: {each}", why)
