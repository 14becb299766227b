"""Datasets, their files and their versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from penstock.core.ids import FileId, VersionId
from penstock.datasets.live_model import TICK_SECONDS, Combine, Live, LiveSettings, NewLiveDataset, Source
from penstock.datasets.model import (
    Changed,
    DatasetChange,
    Entry,
    FilesToAdd,
    FilesToMove,
    FilesToRemove,
    Merge,
    MergeInto,
    MergePreview,
    NewDataset,
    NewFork,
    NewVersion,
    Restored,
    Rule,
)
from penstock.datasets.model import Dataset as DatasetValue
from penstock.datasets.model import Version as VersionValue
from penstock.datasets.query_model import FoundToAdd, FoundToRemove, Picked
from penstock.datasets.sampling_model import Part, Parted, Sample, Sampled, Split
from penstock.sdk.differences import Difference
from penstock.sdk.errors import UnknownName
from penstock.sdk.exports import Export, start_export
from penstock.sdk.found import Found
from penstock.sdk.imports import Import, start_import
from penstock.sdk.loading import Loader
from penstock.sdk.scope import Named, Scope


class Dataset:
    """A named set of files that can grow for ever."""

    def __init__(self, scope: Scope, value: DatasetValue) -> None:
        self._scope = scope
        self.value = value
        self.versions = Versions(scope, value)

    @property
    def id(self) -> int:
        """Its id."""
        return self.value.id

    @property
    def name(self) -> str:
        """Its name."""
        return self.value.name

    def count(self) -> int:
        """How many files it holds now."""
        return self._scope.get(f"/datasets/{self.id}", DatasetValue).files or 0

    def files(self, *, state: str | None = None, as_of: int | None = None) -> Iterator[Entry]:
        """Its files by key, now or as of a revision, page after page."""
        return self._scope.pages(f"/datasets/{self.id}/files", Entry, {"state": state, "as_of": as_of, "limit": 1000})

    def where(self, query: str) -> Found[Entry]:
        """Its files that a query finds: `where('labels.car >= 3 and weather = "rain"')`."""
        return Found(self._scope, f"/datasets/{self.id}", Entry, query)

    @property
    def live(self) -> Live:
        """What it follows, if it is a live dataset. Raises Refused if it isn't."""
        return self._scope.get(f"/datasets/{self.id}/live", Live)

    def follow(self, query: str) -> Dataset:
        """Let a live dataset hold what another query finds in the same places."""
        settings = self.live.model_dump(exclude={"dataset", "now", "problem", "query"})
        body = LiveSettings(query=query, **settings)
        return Dataset(self._scope, self._scope.put(f"/datasets/{self.id}/live", DatasetValue, body))

    def sample(
        self,
        into: Dataset,
        *,
        count: int | None = None,
        share: float | None = None,
        query: str = "",
        preview: bool = False,
        **how: Any,
    ) -> Sampled:
        """Draw some of its files into another dataset; the same seed draws the same. See `Sample` for how."""
        body = Sample(dataset=self.value.id, count=count, share=share, query=query, **how)
        return self._scope.post(f"/datasets/{into.id}/sample", Sampled, body, query={"preview": preview})

    def split(
        self, parts: Mapping[Dataset, float], *, seed: str = "", together: str | None = None, query: str = ""
    ) -> Parted:
        """Part its files for good: `split({train: 0.8, val: 0.1, test: 0.1}, together="meta.patient")`.

        Repeat it when the dataset has grown: what was parted stays where it is.
        """
        into = tuple(Part(dataset=one.value.id, share=share) for one, share in parts.items())
        body = Split(dataset=self.value.id, parts=into, seed=seed, together=together, query=query)
        return self._scope.post("/splits", Parted, body)

    def import_(self, *paths: Any, **options: Any) -> Import:
        """Pour files in: `import_("images/*.jpg")`. See `penstock.sdk.imports.start_import` for all options."""
        return start_import(self._scope, self.value, paths, **options)

    def export(self, format: str = "coco", **options: Any) -> Export:
        """Write its present state out. See `penstock.sdk.exports.start_export` for all options."""
        return start_export(self._scope, dataset=self.value.id, format=format, **options)

    def add(self, files: Sequence[int] = (), *, keys: Sequence[str] = ()) -> list[int]:
        """Add files that the project has, by id or key; the ids of those that were new here. Safe to repeat."""
        body = FilesToAdd(files=[FileId(id) for id in files], keys=list(keys))
        return list(self._scope.post(f"/datasets/{self.id}/files", Changed, body).files)

    def remove(self, files: Sequence[int]) -> list[int]:
        """Take files out; the ids of those that were here. Safe to repeat."""
        body = FilesToRemove(files=[FileId(id) for id in files])
        return list(self._scope.post(f"/datasets/{self.id}/files/remove", Changed, body).files)

    def move(self, files: Sequence[int], to: Dataset) -> list[int]:
        """Move files to another dataset on the same branch."""
        body = FilesToMove(files=[FileId(id) for id in files], to=to.value.id)
        return list(self._scope.post(f"/datasets/{self.id}/files/move", Changed, body).files)

    def add_found(self, source: Dataset | Version, query: str = "") -> int:
        """Add what a query finds in another dataset or a version of one, in portions; how many were new here.

        Safe to repeat, also when it was interrupted.
        """
        version = VersionId(source.id) if isinstance(source, Version) else None
        dataset = source.value.dataset if isinstance(source, Version) else source.value.id
        wanted = FoundToAdd(source=dataset, version=version, query=query)
        return self._in_portions("add-found", wanted)

    def remove_found(self, query: str) -> int:
        """Take out what a query finds here, in portions; how many there were. Safe to repeat."""
        return self._in_portions("remove-found", FoundToRemove(query=query))

    def _in_portions(self, verb: str, wanted: FoundToAdd | FoundToRemove) -> int:
        changed = 0
        while True:
            part = self._scope.post(f"/datasets/{self.id}/files/{verb}", Picked, wanted)
            changed += len(part.files)
            if part.next is None:
                return changed
            wanted = wanted.model_copy(update={"after": part.next})

    def rename(self, name: str) -> Dataset:
        """Give it another name."""
        body = DatasetChange(name=name)
        changed = self._scope.patch(f"/datasets/{self.id}", DatasetValue, body, edition=self.value.edition)
        return Dataset(self._scope, changed)

    def archive(self) -> Dataset:
        """Take it out of use; what it held stays readable."""
        return Dataset(self._scope, self._scope.post(f"/datasets/{self.id}/archive", DatasetValue))

    def unarchive(self) -> Dataset:
        """Take it into use again."""
        return Dataset(self._scope, self._scope.post(f"/datasets/{self.id}/unarchive", DatasetValue))

    def fork(self, name: str) -> Dataset:
        """Make a dataset that begins as this one is now, on a branch of its own."""
        return _fork(self._scope, written(self), name)

    def preview_merge(self, into: Dataset | None = None, rule: Rule = "ours") -> MergePreview:
        """What merging this fork into the dataset it came from, or into another, would do now."""
        query = {"into": into and into.id, "rule": rule}
        return self._scope.get(f"/datasets/{self.id}/merge", MergePreview, query)

    def merge(self, into: Dataset | None = None, *, rule: Rule = "ours", conflicts_to: Dataset | None = None) -> Merge:
        """Do what this fork changed to the dataset it came from, or to another: all or none. Safe to repeat.

        `rule` says what stands where both sides changed the same: "ours" (the fork's), "theirs", "newest" or "both".
        Files with conflicts enter `conflicts_to`, when given.
        """
        told = {"rule": rule} | ({} if into is None else {"into": into.id})
        body = told | ({} if conflicts_to is None else {"conflicts_to": conflicts_to.id})
        return self._scope.post(f"/datasets/{self.id}/merge", Merge, MergeInto.model_validate(body))

    def diff(self, to: Dataset | Version | str) -> Difference:
        """What differs between this dataset as it is now and another state."""
        return Difference(self._scope, written(self), written(to))

    def __repr__(self) -> str:
        return f"<dataset {self.name!r}>"


def written(state: Dataset | Version | str) -> str:
    """A state of a dataset as calls write it: `version:7`, `dataset:3`; what is written already stays."""
    if isinstance(state, str):
        return state
    return f"{'version' if isinstance(state, Version) else 'dataset'}:{state.id}"


def _archived(value: DatasetValue) -> dt.datetime:
    return value.archived_at or dt.datetime.min.replace(tzinfo=dt.UTC)


def _fork(scope: Scope, source: str, name: str) -> Dataset:
    return Dataset(scope, scope.post("/forks", DatasetValue, NewFork(source=source, name=name)))


class Datasets(Named[Dataset]):
    """`p.datasets["first pass"]`."""

    what = "dataset"

    def all(self) -> Mapping[str, Dataset]:
        found = self._scope.pages("/datasets", DatasetValue, {"limit": 1000})
        return {value.name: Dataset(self._scope, value) for value in found}

    def __getitem__(self, name: str) -> Dataset:
        return self.get(name) or super().__getitem__(name)  # which names those that there are

    def get(self, name: str) -> Dataset | None:
        """The one of this name, or None."""
        for value in self._scope.pages("/datasets", DatasetValue, {"name": name}):
            return Dataset(self._scope, value)
        return None

    def archived(self, name: str) -> Dataset:
        """The dataset of this name that was archived last. Raises UnknownName."""
        found = self._scope.pages("/datasets", DatasetValue, {"archived": True, "limit": 1000})
        there = {value.name: value for value in sorted(found, key=_archived) if value.archived_at is not None}
        if name not in there:
            raise UnknownName("archived dataset", name, list(there))
        return Dataset(self._scope, there[name])

    def create(self, name: str) -> Dataset:
        """Make a dataset."""
        return Dataset(self._scope, self._scope.post("/datasets", DatasetValue, NewDataset(name=name)))

    def live(
        self,
        name: str,
        query: str,
        of: Sequence[Dataset | Version],
        *,
        combine: Combine = "union",
        tick_seconds: int = TICK_SECONDS,
    ) -> Dataset:
        """Make a dataset that holds what a query finds in others, from now on; in versions, as they are pinned."""
        sources = tuple(
            Source(dataset=one.value.dataset, version=one.value.id)
            if isinstance(one, Version)
            else Source(dataset=one.value.id)
            for one in of
        )
        body = NewLiveDataset(name=name, query=query, sources=sources, combine=combine, tick_seconds=tick_seconds)
        return Dataset(self._scope, self._scope.post("/live-datasets", DatasetValue, body))


class Version:
    """A named, immutable pin of a dataset."""

    def __init__(self, scope: Scope, value: VersionValue) -> None:
        self._scope = scope
        self.value = value

    @property
    def id(self) -> int:
        """Its id."""
        return self.value.id

    @property
    def name(self) -> str:
        """Its name."""
        return self.value.name

    def files(self) -> Iterator[Entry]:
        """Its files by key: the same for ever."""
        return self._scope.pages(f"/versions/{self.id}/files", Entry, {"limit": 1000})

    def where(self, query: str) -> Found[Entry]:
        """Its files that a query finds."""
        return Found(self._scope, f"/versions/{self.id}", Entry, query)

    def export(self, format: str = "coco", **options: Any) -> Export:
        """Write it out. See `penstock.sdk.exports.start_export` for all options."""
        return start_export(self._scope, version=self.value.id, format=format, **options)

    def fork(self, name: str) -> Dataset:
        """Make a dataset that begins as this version, on a branch of its own."""
        return _fork(self._scope, written(self), name)

    def load(self, *, media: bool = True, cache: Path | None = None) -> Loader:
        """Its files with what is annotated on them, for training: iterate, or ask for `torch()`, `huggingface()`,
        `arrow()` or `numpy()`. Media are kept under `cache`, else in the user's cache folder.
        """
        return Loader(self._scope, self.value, media, cache)

    def restore(self) -> Restored:
        """Make its dataset again what this version shows, as new history. Safe to repeat."""
        return self._scope.post(f"/versions/{self.id}/restore", Restored)

    def diff(self, to: Dataset | Version | str) -> Difference:
        """What happened on the way from this version to another state."""
        return Difference(self._scope, written(self), written(to))

    def __repr__(self) -> str:
        return f"<version {self.name!r}, revision {self.value.seq}>"


class Versions(Named[Version]):
    """`p.datasets["gold"].versions["v1"]`; as `p.versions`, those of all datasets, as `dataset/version`."""

    what = "version"

    def __init__(self, scope: Scope, dataset: DatasetValue | None = None) -> None:
        super().__init__(scope)
        self._dataset = dataset

    def all(self) -> Mapping[str, Version]:
        if self._dataset is not None:
            found = self._scope.pages(f"/datasets/{self._dataset.id}/versions", VersionValue, {"limit": 1000})
            return {value.name: Version(self._scope, value) for value in found}
        datasets = {
            d.id: d.name for d in self._scope.pages("/datasets", DatasetValue, {"archived": True, "limit": 1000})
        }
        found = self._scope.pages("/versions", VersionValue, {"limit": 1000})
        return {f"{datasets[value.dataset]}/{value.name}": Version(self._scope, value) for value in found}

    def name(self, name: str, note: str = "", *, revision: int | None = None) -> Version:
        """Pin the dataset under a name, as it is now or was at a revision. `dataset/version` from `p.versions`."""
        dataset, name = self._whose(name)
        body = NewVersion(name=name, note=note, **({} if revision is None else {"seq": revision}))
        return Version(self._scope, self._scope.post(f"/datasets/{dataset}/versions", VersionValue, body))

    def _whose(self, name: str) -> tuple[int, str]:
        if self._dataset is not None:
            return self._dataset.id, name
        dataset, _, version = name.rpartition("/")
        return Datasets(self._scope)[dataset].id, version
