"""Add files to a dataset: the event's file, or those of another dataset, all or a seeded sample."""

import hashlib
import math
from typing import Any

from pydantic import Field, model_validator

from penstock import datasets
from penstock.actions.filling import Templated
from penstock.actions.steps.kind import Call, Failed, Finished, Outcome, StepKind
from penstock.core import Value
from penstock.store import Transaction


class AddSettings(Value):
    """What goes where."""

    dataset: int
    """The dataset that the files enter."""
    source: int | None = None
    """The dataset whose files are taken, as of the run's revision. Absent: the file of the event."""
    file: int | Templated | None = None
    """One file, in place of the event's."""
    share: float | None = Field(default=None, gt=0, le=1)
    """The share of the files that is taken."""
    count: int | None = Field(default=None, ge=1)
    """At most so many are taken."""
    seed: str = ""
    """The same seed draws the same files."""

    @model_validator(mode="after")
    def _one_source(self) -> "AddSettings":
        if self.source is not None and self.file is not None:
            raise ValueError("say either `source` or `file`")
        return self


class Add(StepKind[AddSettings]):
    kind = "add"
    settings = AddSettings

    def check(self, tx: Transaction, settings: AddSettings) -> None:
        target = datasets.open_to_change(tx, settings.dataset)
        if settings.source is not None:
            datasets.check_same_branch(datasets.get(tx, settings.source), target)

    def begin(self, tx: Transaction, call: Call[AddSettings]) -> Outcome:
        files = self._files(tx, call)
        if files is None:
            return Failed(
                "the event that set this off has no file; name a dataset as `source`, or a `file`", final=True
            )
        cause: dict[str, Any] = {"kind": "action", "action": call.action, "run": call.run}
        if call.settings.source is not None:
            cause["dataset"] = call.settings.source
        added = datasets.add(tx, call.settings.dataset, files, cause)
        return Finished({"dataset": call.settings.dataset, "files": len(files), "added": len(added)})

    def preview(self, tx: Transaction, call: Call[AddSettings]) -> str:
        files = self._files(tx, call)
        what = "the event's file" if files is None else f"{len(files)} files"
        return f"add {what} to {datasets.get(tx, call.settings.dataset).name!r}"

    def _files(self, tx: Transaction, call: Call[AddSettings]) -> list[int] | None:
        wanted = call.settings
        if wanted.source is not None:
            return sample(files_of(tx, wanted.source, call.as_of), wanted.share, wanted.count, wanted.seed)
        file = wanted.file if wanted.file is not None else (call.event or {}).get("file")
        if not isinstance(file, int):
            return None
        return [file] if wanted.share is None or draw(wanted.seed, file) < wanted.share else []


def files_of(tx: Transaction, dataset: int, as_of: int) -> list[int]:
    """The files that a dataset held at a revision."""
    found: list[int] = []
    after: str | None = None
    while True:
        page = datasets.entries(tx, dataset, after=after, as_of=as_of, limit=1000)
        found += [entry.file for entry in page.items]
        if (after := page.next) is None:
            return found


def sample(files: list[int], share: float | None, count: int | None, seed: str) -> list[int]:
    """Some of the files, the same for the same seed; a larger sample holds the smaller ones."""
    wanted = len(files) if share is None else math.ceil(len(files) * share)
    wanted = wanted if count is None else min(wanted, count)
    chosen = set(sorted(files, key=lambda file: draw(seed, file))[:wanted])
    return [file for file in files if file in chosen]


def draw(seed: str, file: int) -> float:
    """A number in [0, 1) that belongs to this file under this seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{file}".encode()).digest()[:8]) / 2**64
