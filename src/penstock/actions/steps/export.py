"""Export a dataset as it was at the revision of the cause, under a folder named after the cause."""

import datetime as dt
from typing import Any

from pydantic import Field, model_validator

from penstock import datasets, export
from penstock.actions.steps.kind import Call, Failed, Finished, Outcome, StepKind, Waits
from penstock.actions.steps.naming import Names, NamesById
from penstock.connections.verbs import get_connection
from penstock.core import Value
from penstock.datasets import asking
from penstock.datasets.keeping import Keep
from penstock.datasets.query.renaming import Renames, renamed
from penstock.export import relabelling
from penstock.export.model import Destination, Media, NewExport, Pack
from penstock.export.transforms import Transforms
from penstock.store import Transaction, horizon

AGAIN = dt.timedelta(seconds=1)


class ExportTo(Value):
    """Where exports go: each run gets a folder of its own below, named after its cause."""

    connection: int | None = None
    """A connection of kind folder."""
    folder: str | None = None
    """A folder on the server, inside one of its configured roots."""
    path: str = Field(default="", max_length=500)
    """Below it, with forward slashes."""

    @model_validator(mode="after")
    def _one_place(self) -> "ExportTo":
        if (self.connection is None) == (self.folder is None):
            raise ValueError("give either a connection or a folder")
        return self


class ExportSettings(Value):
    """What is exported, how, and where to."""

    dataset: int | None = None
    """Read at the revision of the cause."""
    version: int | None = None
    """In place of a dataset: always this version."""
    filter: str | None = None
    """Only files that this query holds for; its `now` is the time of the cause."""
    format: str = "jsonl"
    media: Media = "copy"
    pack: Pack = "folder"
    transforms: Transforms = ()
    """What is done to files and annotations before they are written, in this order."""
    keep: Keep | None = None
    """Which exports of this step stay; all of them unless given."""
    to: ExportTo

    @model_validator(mode="after")
    def _one_source(self) -> "ExportSettings":
        if (self.dataset is None) == (self.version is None):
            raise ValueError("give either a dataset or a version")
        return self


class WrittenPlace(Value):
    """Where exports go, by name."""

    connection: str | None = None
    folder: str | None = None
    path: str = ""


class WrittenExport(Value):
    """An export in a pipeline file."""

    dataset: str | None = None
    version: int | None = None
    filter: str | None = None
    format: str = "jsonl"
    media: Media = "copy"
    pack: Pack = "folder"
    transforms: Transforms = ()
    """As in the API: ``- {do: resize, side: 640}``."""
    keep: Keep | None = None
    """``{last: 7, days: 30}``: the newest seven, and those of thirty days."""
    to: str | WrittenPlace
    """``lab bucket/early``: a connection of kind folder, and a path in it."""


class ExportStep(StepKind[ExportSettings]):
    kind = "export"
    wakes = frozenset({"export.ready", "export.failed", "export.cancelled"})
    settings = ExportSettings
    written = WrittenExport

    def read(self, written: WrittenExport, names: Names) -> dict[str, Any]:
        return {
            **written.model_dump(mode="json", exclude={"dataset", "to"}),
            "dataset": None if written.dataset is None else names.id("dataset", written.dataset, "dataset"),
            "to": _read_place(written.to, names),
        }

    def write(self, settings: ExportSettings, names: NamesById) -> WrittenExport:
        dataset = None if settings.dataset is None else names.name("dataset", settings.dataset)
        given = settings.model_dump(exclude={"dataset", "to"})
        return WrittenExport(dataset=dataset, to=_write_place(settings.to, names), **given)

    def renamed(self, settings: dict[str, Any], names: Renames) -> dict[str, Any]:
        found = dict(settings)
        if names.of_schema and found.get("version") is not None:
            return settings  # a version keeps its names
        if isinstance(found.get("filter"), str):
            found["filter"] = renamed(found["filter"], names)
        if found.get("transforms"):
            told = ExportSettings.model_validate(settings).transforms
            if (after := relabelling.in_new_names(told, names.labels)) != told:
                found["transforms"] = [one.model_dump(mode="json") for one in after]
        return found

    def check(self, tx: Transaction, settings: ExportSettings) -> None:
        export.check(settings.format, settings.transforms)
        if settings.dataset is not None:
            asking.read(tx, settings.filter, asking.of_dataset(tx, settings.dataset))
        if settings.version is not None:
            asking.read(tx, settings.filter, asking.of_version(tx, settings.version))
        if settings.to.connection is not None:
            get_connection(tx, settings.to.connection)

    def begin(self, tx: Transaction, call: Call[ExportSettings]) -> Outcome:
        if horizon(tx) < call.as_of:  # a transaction older than the cause is still open
            return Waits(until=tx.now + AGAIN)
        started = export.start(tx, wanted(tx, call))
        return Waits(f"export:{started.id}")

    def look(self, tx: Transaction, call: Call[ExportSettings], waits_on: str | None) -> Outcome:
        if waits_on is None:
            return self.begin(tx, call)
        made = export.get(tx, _id(waits_on))
        match made.state:
            case "ready":
                return Finished(
                    {
                        "export": made.id,
                        "uri": made.uri,
                        "dataset": made.dataset,
                        "as_of": made.as_of,
                        "format": made.format,
                        "files": made.files,
                        "annotations": made.annotations,
                        "bytes": made.bytes,
                        "losses": made.losses,
                    }
                )
            case "failed":
                return Failed(made.reason or "the export failed")
            case "cancelled":
                return Failed("the export was cancelled", final=True)
            case _:
                return Waits(waits_on)

    def cancel(self, tx: Transaction, call: Call[ExportSettings], waits_on: str | None) -> None:
        if waits_on is not None and not export.get(tx, _id(waits_on)).is_ended:
            export.cancel(tx, _id(waits_on))

    def preview(self, tx: Transaction, call: Call[ExportSettings]) -> str:
        new = wanted(tx, call)
        what = f"version {new.version}" if new.dataset is None else repr(datasets.get(tx, new.dataset).name)
        assert new.to is not None
        return f"export {what} as {new.format} to {new.to.connection or new.to.folder}/{new.to.path}"


def wanted(tx: Transaction, call: Call[ExportSettings]) -> NewExport:
    """The export that a call means: nothing in it depends on when it is made."""
    settings = call.settings
    place = settings.to
    path = "/".join(part for part in (place.path.strip("/"), call.cause) if part)
    name = None if place.connection is None else get_connection(tx, place.connection).name
    given: dict[str, Any] = settings.model_dump(exclude={"to"})
    return NewExport(
        **given,
        as_of=call.as_of if settings.dataset is not None else None,
        now=call.at,
        series=f"action:{call.action}/{call.name}",
        to=Destination(connection=name, folder=place.folder, path=path),
    )


def _id(waits_on: str) -> int:
    return int(waits_on.removeprefix("export:"))


def _read_place(to: str | WrittenPlace, names: Names) -> dict[str, Any]:
    """The place that a text means: the longest name of a connection that it begins with, and a path in it."""
    if isinstance(to, WrittenPlace):
        connection = None if to.connection is None else names.id("connection", to.connection, "to", "connection")
        return {"connection": connection, "folder": to.folder, "path": to.path}
    known = [name for name in names.all("connection") if to == name or to.startswith(f"{name}/")]
    name = max(known, key=len, default=to.split("/", 1)[0])
    return {"connection": names.id("connection", name, "to"), "folder": None, "path": to[len(name) :].strip("/")}


def _write_place(to: ExportTo, names: NamesById) -> str | WrittenPlace:
    if to.connection is None:
        return WrittenPlace(folder=to.folder, path=to.path)
    name = names.name("connection", to.connection)
    return f"{name}/{to.path}" if to.path else name
