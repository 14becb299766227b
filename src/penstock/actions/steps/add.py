"""Add files to a dataset: the event's file, or those of another dataset, all or a seeded sample."""

from typing import Any

from pydantic import Field, model_validator

from penstock import datasets
from penstock.actions.filling import Templated
from penstock.actions.steps.kind import Call, Failed, Finished, Outcome, StepKind
from penstock.actions.steps.naming import Names, NamesById, ShareNumber
from penstock.core import Value
from penstock.datasets import asking, drawing
from penstock.datasets.query.renaming import Renames, renamed
from penstock.store import Transaction


class AddSettings(Value):
    """What goes where."""

    to: int
    """The dataset that the files enter."""
    dataset: int | None = None
    """The dataset whose files are taken, as of the run's revision. Absent: the file of the event."""
    query: str | None = None
    """Of that dataset, those that a query finds."""
    file: int | Templated | None = None
    """One file, in place of the event's."""
    sample: float | None = Field(default=None, gt=0, le=1)
    """The share of the files that is taken."""
    count: int | None = Field(default=None, ge=1)
    """At most so many are taken."""
    seed: str = ""
    """The same seed draws the same files."""

    @model_validator(mode="after")
    def _one_source(self) -> "AddSettings":
        if self.dataset is not None and self.file is not None:
            raise ValueError("say either `dataset` or `file`")
        if self.dataset is None and self.query is not None:
            raise ValueError("say with `dataset` where the query is asked")
        return self


class WrittenAdd(Value):
    """Adding files in a pipeline file."""

    to: str
    """The dataset that the files enter."""
    dataset: str | None = None
    """The dataset whose files are taken. Absent: the file of the event."""
    query: str | None = None
    """Of that dataset, those that a query finds."""
    file: int | Templated | None = None
    sample: ShareNumber | None = Field(default=None, gt=0, le=1)
    count: int | None = Field(default=None, ge=1)
    seed: str = ""


class Add(StepKind[AddSettings]):
    kind = "add"
    settings = AddSettings
    written = WrittenAdd

    def read(self, written: WrittenAdd, names: Names) -> dict[str, Any]:
        return {
            **written.model_dump(exclude={"to", "dataset"}),
            "to": names.id("dataset", written.to, "to"),
            "dataset": None if written.dataset is None else names.id("dataset", written.dataset, "dataset"),
        }

    def write(self, settings: AddSettings, names: NamesById) -> WrittenAdd:
        return WrittenAdd(
            to=names.name("dataset", settings.to),
            dataset=None if settings.dataset is None else names.name("dataset", settings.dataset),
            **settings.model_dump(exclude={"to", "dataset"}),
        )

    def renamed(self, settings: dict[str, Any], names: Renames) -> dict[str, Any]:
        query = settings.get("query")
        return {**settings, "query": renamed(query, names)} if isinstance(query, str) else settings

    def check(self, tx: Transaction, settings: AddSettings) -> None:
        target = datasets.open_to_change(tx, settings.to)
        if settings.dataset is not None:
            datasets.check_same_branch(datasets.get(tx, settings.dataset), target)
            asking.read(tx, settings.query, asking.of_dataset(tx, settings.dataset))

    def begin(self, tx: Transaction, call: Call[AddSettings]) -> Outcome:
        wanted = call.settings
        files = self._files(tx, call)
        if files is None:
            why = "the event that set this off has no file; name a `dataset` to take files from, or a `file`"
            return Failed(why, final=True)
        cause: dict[str, Any] = {"kind": "action", "action": call.action, "run": call.run}
        if wanted.dataset is not None:
            cause["dataset"] = wanted.dataset
        added = datasets.add(tx, wanted.to, files, cause)
        return Finished({"dataset": wanted.to, "files": len(files), "added": len(added)})

    def preview(self, tx: Transaction, call: Call[AddSettings]) -> str:
        files = self._files(tx, call)
        what = "the event's file" if files is None else f"{len(files)} files"
        return f"add {what} to {datasets.get(tx, call.settings.to).name!r}"

    def _files(self, tx: Transaction, call: Call[AddSettings]) -> list[int] | None:
        wanted = call.settings
        if wanted.dataset is not None:
            scope = asking.of_dataset(tx, wanted.dataset, call.as_of)
            found = asking.files(tx, scope, asking.read(tx, wanted.query, scope))
            return sample(found, wanted.sample, wanted.count, wanted.seed)
        file = wanted.file if wanted.file is not None else (call.event or {}).get("file")
        if not isinstance(file, int):
            return None
        return [file] if wanted.sample is None or drawing.lot(wanted.seed, file) < wanted.sample else []


def sample(files: list[int], share: float | None, count: int | None, seed: str) -> list[int]:
    """Some of the files, the same for the same seed; a larger sample holds the smaller ones."""
    chosen = set(sorted(files, key=lambda file: drawing.lot(seed, file))[: drawing.wanted(len(files), share, count)])
    return [file for file in files if file in chosen]
