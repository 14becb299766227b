"""Live datasets in a pipeline file: what they follow is said by names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from penstock import datasets
from penstock.core.ids import DatasetId, VersionId
from penstock.datasets import live, versions
from penstock.datasets.live_model import LiveSettings, Source
from penstock.pipelines.changing import change
from penstock.pipelines.model import Change, WrittenDataset
from penstock.pipelines.names import Book, Reading
from penstock.store import Transaction

if TYPE_CHECKING:
    from penstock.pipelines.applying import Applying


def sources_first(wanted: Iterable[tuple[str, WrittenDataset]]) -> list[tuple[str, WrittenDataset]]:
    """Live datasets behind those that they follow; a circle stays as it stands, and is refused later."""
    waiting = sorted(wanted, key=lambda one: bool(one[1].of))
    ordered: list[tuple[str, WrittenDataset]] = []
    while waiting:
        names = {name for name, _ in waiting}
        free = [one for one in waiting if not any(of in names for of in one[1].of)] or waiting
        ordered += free
        waiting = [one for one in waiting if one not in free]
    return ordered


def bring(applying: Applying, id: int | None, name: str, written: WrittenDataset) -> None:
    """Make a live dataset what the file says."""
    tx = applying.tx
    names = Reading(applying.book, applying.document, "datasets", name)
    sources = tuple(_source(tx, names, one, n) for n, one in enumerate(written.of))
    names.settle()
    settings = LiveSettings(
        query=written.query or "", sources=sources, combine=written.combine, tick_seconds=written.tick_seconds
    )
    if id is None:
        live.create(tx, name, settings)
        details = (f"query: {settings.query or 'every file'}", f"of: {', '.join(written.of)}")
        applying.settled(Change(do="add", what="dataset", name=name, details=details))
        return
    old = applying.book.name("dataset", id)
    if old != name:
        datasets.rename(tx, id, name)
        applying.settled(Change(do="rename", what="dataset", name=name, was=old))
    before = live.settings_of(live.get(tx, id))
    if before != settings:
        shown = [_written(tx, applying.book, one) for one in (before, settings)]
        live.change(tx, id, settings)
        applying.settled(change("dataset", name, name, *shown))


def written(tx: Transaction, book: Book) -> list[str] | dict[str, Any]:
    """The datasets of a project but its forks: a list of names, or with what the live ones follow."""
    names: list[str] = []
    following: dict[str, Any] = {}
    for name in book.all("dataset"):
        id = book.find("dataset", name)
        found = None if id is None else datasets.get(tx, id)
        if found is not None and found.forked_from is not None:
            continue
        names.append(name)
        if id is not None and found is not None and found.query is not None:
            following[name] = _written(tx, book, live.settings_of(live.get(tx, id)))
    return {name: following.get(name, {}) for name in names} if following else names


def _source(tx: Transaction, names: Reading, name: str, n: int) -> Source:
    dataset, _, version = name.rpartition("/")
    if not names.has("dataset", name) and dataset and names.has("dataset", dataset):
        id = names.id("dataset", dataset, "of", n)
        found = versions.named(tx, id, version)
        if found is None:
            names.refuse(f"there is no version {version!r} of {dataset!r}", "of", n)
        return Source(dataset=DatasetId(id), version=found and VersionId(found.id))
    return Source(dataset=DatasetId(names.id("dataset", name, "of", n)))


def _written(tx: Transaction, book: Book, settings: LiveSettings) -> dict[str, Any]:
    of = [
        book.name("dataset", source.dataset)
        + ("" if source.version is None else f"/{versions.get(tx, source.version).name}")
        for source in settings.sources
    ]
    whole = WrittenDataset(
        query=settings.query or None, of=tuple(of), combine=settings.combine, tick_seconds=settings.tick_seconds
    )
    return whole.model_dump(mode="json", exclude_defaults=True)
