"""`penstock`, as a process whose steps a test can hold: `python process.py up --home ...`.

Everything that runs is the product's own code. Around its verbs and jobs it says, over a socket, which step it enters,
and stops inside that step where it is told to: before the n-th thing that it does there to the database, to files or to
the network, or after the last one, when the step's work is committed and nobody was told yet. So a kill lands inside a
named step, at any point of it, and the product needs to know nothing of this. The worker is started by the
server itself, through this file too.
"""

import os
import runpy
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import psycopg

from penstock import engine
from penstock.annotations import rows
from penstock.cli.main import main
from penstock.jobs import worker
from penstock.server import child, crew, up
from penstock.store import Database
from penstock.tasks import attempts, done

SOCKET = "PENSTOCK_CRASH_SOCKET"
HASTE = "PENSTOCK_CRASH_HASTE"  #: set: the same take-over of a dead worker's jobs, only with less patience

VERBS = ((attempts, "save", "saving"), (done, "submit", "submitting"), (rows, "apply_merge", "merging"))
JOBS = {"ingest.": "importing", "export.": "exporting", "actions.deliver": "delivering"}
TOUCHES = frozenset({"open", "os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "socket.connect"})


@dataclass
class Step:
    """A named step that a thread is in."""

    name: str
    hold_at: int
    moments: int = 0


class Thread(threading.local):
    """The steps that a thread is in, the outermost first, and its line to the test."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.is_silent = False
        self._line: Any = None

    def enter(self, name: str) -> None:
        if all(step.name != name for step in self.steps):
            self.steps.append(Step(name, int(self._ask(f"enter {name}"))))

    def touch(self, what: str) -> None:
        if self.steps and not self.is_silent:
            for step in self.steps:
                if step.moments == step.hold_at:
                    self._ask(f"held {step.name} {what}")
                step.moments += 1

    def leave(self, depth: int) -> None:
        """Leave every step that was entered inside."""
        if len(self.steps) > depth:
            self.touch("the end")
        while len(self.steps) > depth:
            step = self.steps.pop()
            self._ask(f"left {step.name} {step.moments}")

    def _ask(self, text: str) -> str:
        self.is_silent = True
        try:
            if self._line is None:
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(os.environ[SOCKET])
                self._line = connection.makefile("rw")
            self._line.write(" ".join(text.split()) + "\n")
            self._line.flush()
            return self._line.readline().strip() or "-1"
        except OSError:  # the test is over
            return "-1"
        finally:
            self.is_silent = False


here = Thread()


@contextmanager
def inside() -> Iterator[None]:
    depth = len(here.steps)
    try:
        yield
    finally:
        here.leave(depth)


def announce_verb(module: Any, verb: str, step: str) -> None:
    """A verb's step begins with its call and ends with the transaction around it."""
    plain = getattr(module, verb)

    @wraps(plain)
    def announced(*args: Any, **named: Any) -> Any:
        here.enter(step)
        return plain(*args, **named)

    setattr(module, verb, announced)


def announce_commits() -> None:
    plain = Database.perform

    @wraps(plain)
    def perform(*args: Any, **named: Any) -> Any:
        with inside():
            return plain(*args, **named)

    Database.perform = perform


def announce_job(job: worker.Job) -> worker.Job:
    step = next((step for prefix, step in JOBS.items() if job.name.startswith(prefix)), None)
    if step is None:
        return job

    def run(*args: Any, **named: Any) -> None:
        with inside():
            here.enter(step)
            job.run(*args, **named)

    return replace(job, run=run)


def announce_statements() -> None:
    for name in ("execute", "executemany", "copy"):
        setattr(psycopg.Cursor, name, _touching(getattr(psycopg.Cursor, name)))


def _touching(plain: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(plain)
    def touching(cursor: psycopg.Cursor, query: Any, *args: Any, **named: Any) -> Any:
        if here.steps:
            here.touch(str(query)[:60])
        return plain(cursor, query, *args, **named)

    return touching


def announce_touches() -> None:
    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in TOUCHES and here.steps:
            here.touch(f"{event} {str(args[0])[-40:]}")

    sys.addaudithook(hook)


def make_haste() -> None:
    worker.HEARTBEAT_SECONDS, worker.DEAD_AFTER_SECONDS = 0.4, 1.6
    child._PAUSES = (0.05,)


if __name__ == "__main__":
    for verb in VERBS:
        announce_verb(*verb)
    announce_commits()
    engine.JOBS[:] = [announce_job(job) for job in engine.JOBS]
    announce_statements()
    announce_touches()
    if os.environ.get(HASTE):
        make_haste()
    up.WORKER = (sys.executable, "-P", __file__, "worker")
    crew.HELPER = (*up.WORKER, "bulk")
    if sys.argv[1] == "worker":
        runpy.run_module("penstock.server.worker", run_name="__main__")
    else:
        main()
