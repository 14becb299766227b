"""What was acknowledged, written down by those who were told: outside of every process that is killed."""

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Shape = list[float]


@dataclass
class Ledger:
    """The annotations of each file as their authors know them, and who was told what. Safe between threads."""

    truth: dict[int, dict[str, Shape]] = field(default_factory=lambda: defaultdict(dict))
    saves: int = 0
    claims: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By task: the attempts that somebody was given at it."""
    done: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """By task: how often somebody was told that their work on it is done."""
    imports: dict[int, int] = field(default_factory=dict)
    """By import: how many files were in its folder."""
    fired: set[int] = field(default_factory=set)
    """The runs that were set off by hand."""
    troubles: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def claimed(self, task: int, attempt: int) -> None:
        with self._lock:
            self.claims[task].append(attempt)

    def found(self, file: int, annotations: Mapping[str, Shape], is_first: bool) -> None:
        """What was on a file when somebody began to work on it: all that was acknowledged, and nothing else."""
        with self._lock:
            if is_first:  # one came with the import, under an id of its own
                self.truth[file] = dict(annotations)
            if self.truth[file] != annotations or (is_first and len(annotations) != 1):
                self.troubles.append(f"file {file} shows {annotations} in place of {self.truth[file]}")

    def saved(self, file: int, changes: list[dict[str, Any]]) -> None:
        with self._lock:
            self.saves += 1
            for change in changes:
                if change["do"] == "delete":
                    del self.truth[file][change["id"]]
                else:
                    self.truth[file][change["id"]] = change["geometry"]

    def submitted(self, task: int) -> None:
        with self._lock:
            self.done[task] += 1

    def tasks_left(self) -> int:
        """How many tasks of both stages nobody has begun."""
        with self._lock:
            return 2 * sum(self.imports.values()) - len(self.claims)

    def trouble(self, what: str) -> None:
        with self._lock:
            self.troubles.append(what)
