"""Clients that claim a task, save 20 boxes and finish it, over and over, each on a connection of its own."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

CLIENTS = 8
CALLS = ("claim", "save", "done")


class Worker(Protocol):
    """One client's three calls."""

    def claim(self) -> int | None:
        """The attempt; None when nothing is left."""
        ...

    def save(self, attempt: int, command: bytes) -> Any: ...

    def done(self, attempt: int) -> Any: ...


@dataclass
class Sample:
    """What one stretch of load measured."""

    seconds: float = 0.0
    tasks: int = 0
    began: float = 0.0
    ended: float = 0.0
    calls: dict[str, list[float]] = field(default_factory=lambda: {call: [] for call in CALLS})

    @property
    def rate(self) -> float:
        return self.tasks / self.seconds

    def percentile(self, share: float, call: str | None = None) -> float:
        """Milliseconds; of all calls together when none is named."""
        values = sorted(self.calls[call] if call else itertools.chain(*self.calls.values()))
        return values[min(len(values) - 1, int(len(values) * share))] * 1000

    def __add__(self, other: "Sample") -> "Sample":
        calls = {call: self.calls[call] + other.calls[call] for call in CALLS}
        return Sample(self.seconds + other.seconds, self.tasks + other.tasks, self.began, other.ended, calls)


def boxes(label: int) -> bytes:
    """A save of 20 boxes under fresh ids, as JSON."""
    changes = [
        {"do": "create", "id": str(uuid4()), "kind": "box", "label": label, "geometry": [n, n + 0.5, 20.25, 12.5]}
        for n in range(20)
    ]
    return json.dumps({"id": str(uuid4()), "changes": changes}).encode()


def run(workers: Sequence[Worker], seconds: float, label: int) -> Sample:
    """Everybody works for that long."""
    sample = Sample()
    start = threading.Barrier(len(workers) + 1)
    stop = threading.Event()
    failures: list[Exception] = []

    def work(worker: Worker) -> None:
        start.wait()
        try:
            while not stop.is_set() and _one(worker, label, sample):
                pass
        except Exception as failure:  # noqa: BLE001 (raised below, in the main thread)
            failures.append(failure)
            stop.set()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    start.wait()
    sample.began = time.perf_counter()
    stop.wait(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    sample.ended = time.perf_counter()
    sample.seconds = sample.ended - sample.began
    sample.tasks = len(sample.calls["done"])
    if failures:
        raise failures[0]
    return sample


def _one(worker: Worker, label: int, sample: Sample) -> bool:
    attempt = _timed(sample.calls["claim"], worker.claim)
    if attempt is None:
        return False
    command = boxes(label)
    _timed(sample.calls["save"], worker.save, attempt, command)
    _timed(sample.calls["done"], worker.done, attempt)
    return True


def _timed(into: list[float], call: Callable[..., Any], *arguments: Any) -> Any:
    began = time.perf_counter()
    answer = call(*arguments)
    into.append(time.perf_counter() - began)
    return answer
