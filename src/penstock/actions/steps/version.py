"""Name a version of a dataset as it was at the revision of the cause, and let old ones of the same series go."""

from typing import Any

from pydantic import Field

from penstock import datasets
from penstock.actions.steps.export import AGAIN
from penstock.actions.steps.kind import Call, Finished, Outcome, StepKind, Waits
from penstock.actions.steps.naming import Names, NamesById
from penstock.core import Value
from penstock.datasets import versions
from penstock.datasets.keeping import Keep
from penstock.export import expiring
from penstock.store import Transaction, horizon


class VersionSettings(Value):
    """What is named, and how long it stays."""

    dataset: int
    """Pinned at the revision of the cause."""
    name: str | None = Field(default=None, min_length=1, max_length=200)
    """The version's name; the cause's unless given. A name is taken once, so have it filled in: `night ${run.id}`."""
    note: str = Field(default="", max_length=10_000)
    keep: Keep | None = None
    """Which versions of this step stay; all of them unless given."""


class WrittenVersion(Value):
    """Naming a version in a pipeline file."""

    dataset: str
    name: str | None = None
    note: str = ""
    keep: Keep | None = None
    """``{last: 7, days: 30}``: the newest seven, and those of thirty days."""


class VersionStep(StepKind[VersionSettings]):
    kind = "version"
    settings = VersionSettings
    written = WrittenVersion

    def read(self, written: WrittenVersion, names: Names) -> dict[str, Any]:
        given = written.model_dump(mode="json", exclude={"dataset"})
        return {**given, "dataset": names.id("dataset", written.dataset, "dataset")}

    def write(self, settings: VersionSettings, names: NamesById) -> WrittenVersion:
        given = settings.model_dump(exclude={"dataset"})
        return WrittenVersion(dataset=names.name("dataset", settings.dataset), **given)

    def check(self, tx: Transaction, settings: VersionSettings) -> None:
        datasets.get(tx, settings.dataset)

    def begin(self, tx: Transaction, call: Call[VersionSettings]) -> Outcome:
        wanted, series = call.settings, f"action:{call.action}/{call.name}"
        if horizon(tx) < call.as_of:  # a transaction older than the cause is still open
            return Waits(until=tx.now + AGAIN)
        name = wanted.name or call.cause
        made = versions.named(tx, wanted.dataset, name)
        if made is None or (made.seq, made.series) != (call.as_of, series):
            made = versions.pin(tx, wanted.dataset, name, wanted.note, call.as_of, series=series)
        gone = [] if wanted.keep is None else versions.retire(tx, made, wanted.keep, expiring.shown_now(tx))
        output = {"version": made.id, "dataset": made.dataset, "name": made.name, "as_of": made.seq}
        return Finished({**output, "expired": [version.name for version in gone]})

    def look(self, tx: Transaction, call: Call[VersionSettings], waits_on: str | None) -> Outcome:
        return self.begin(tx, call)

    def preview(self, tx: Transaction, call: Call[VersionSettings]) -> str:
        name = call.settings.name or call.cause
        return f"name the version {name!r} of {datasets.get(tx, call.settings.dataset).name!r}"
