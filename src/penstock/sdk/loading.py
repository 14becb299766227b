"""Streaming a version into training: samples, PyTorch, Hugging Face datasets, Arrow, NumPy.

What those libraries offer is imported when it is asked for. Media are kept on this machine's disk by their hash, so an
epoch after the first asks for none; none is in memory before it is looked at.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import httpx

from penstock.datasets.model import Version as VersionValue
from penstock.sdk.errors import PenstockError, Refused
from penstock.sdk.http import Client
from penstock.sdk.media_cache import MediaCache, default_folder
from penstock.sdk.scope import Scope
from penstock.sdk.shapes import Shape

AHEAD = 32  #: media that are fetched before they are asked for
FETCHERS = 8


class LibraryMissing(PenstockError):
    """A library that was asked for isn't installed. The message says how to install it."""


@dataclass(frozen=True)
class Sample:
    """One file of a version, with what is annotated on it."""

    file: int
    key: str
    width: int | None
    height: int | None
    mime: str | None
    meta: Mapping[str, Any]
    attributes: Mapping[str, Any]  #: of the file itself, by name
    shapes: tuple[Shape, ...]
    path: Path | None = field(default=None, repr=False)  #: where its bytes are on this machine; None without media

    @property
    def content(self) -> bytes | None:
        """Its bytes as they came; None without media."""
        return self.path and self.path.read_bytes()

    def image(self) -> Any:
        """Its picture (of Pillow), upright, in RGB."""
        from PIL import Image, ImageOps

        if self.path is None:
            raise PenstockError("This was loaded without media: load(media=True)")
        with Image.open(self.path) as opened:
            return ImageOps.exif_transpose(opened).convert("RGB")


class _Media(NamedTuple):
    """A file's bytes: whose they are, their SHA-256 in hex, and how many."""

    file: int
    hash: str
    bytes: int


class _Place(NamedTuple):
    """How another process reaches the server."""

    url: str
    token: str | None
    project: int


@dataclass(frozen=True)
class Loader:
    """A version, to be iterated as often as one likes: `for sample in p.state("gold/v1").load():`.

    It can be sent to other processes, each of which connects by itself.
    """

    scope: Scope = field(repr=False)
    version: VersionValue
    media: bool = True
    cache: Path | None = None
    shard: int = 0
    shards: int = 1
    seed: int | None = None  #: the order: that of the keys, or one that follows from a number
    process: int = field(default_factory=os.getpid, repr=False)

    def part(self, shard: int, shards: int) -> Loader:
        """One of several parts that together are this one."""
        return replace(self, shard=self.shard + self.shards * shard, shards=self.shards * shards)

    def shuffled(self, seed: int) -> Loader:
        """The same in another order, the same for each number: give the epoch's."""
        return replace(self, seed=seed)

    def __iter__(self) -> Iterator[Sample]:
        if self.process != os.getpid():  # connections aren't shared with a process that was forked off
            return iter(pickle.loads(pickle.dumps(self)))  # noqa: S301  # our own
        return self._with_media() if self.media else (sample for sample, _ in self._samples())

    def torch(self, transform: Callable[[Sample], Any] | None = None) -> Any:
        """A `torch.utils.data.IterableDataset` of what `transform` makes of each sample.

        Workers of a DataLoader, and the ranks of `torch.distributed` where that runs, each get a part of their own.
        """
        return _torch_dataset()(self, transform)

    def huggingface(self, *, streaming: bool = False, shards: int = 1) -> Any:
        """A dataset of the library `datasets`: its rows are those of `arrow`. With `streaming` nothing is written.

        Workers of a DataLoader share the `shards` of a streaming dataset: give as many as there are workers.
        """
        datasets = _library("datasets", "datasets")
        kind = datasets.IterableDataset if streaming else datasets.Dataset
        return kind.from_generator(_rows_of, gen_kwargs={"loaders": [self.part(n, shards) for n in range(shards)]})

    def arrow(self, batch: int = 256) -> Any:
        """A `pyarrow.RecordBatchReader`: a row for each file, its annotations as a list of structs."""
        pyarrow = _library("pyarrow", "penstock[parquet]")
        schema = _arrow_schema(pyarrow, self.media)

        def batches() -> Iterator[Any]:
            held: list[dict[str, Any]] = []
            for row in _rows(self):
                held.append(row)
                if len(held) == batch:
                    yield pyarrow.RecordBatch.from_pylist(held, schema=schema)
                    held = []
            if held:
                yield pyarrow.RecordBatch.from_pylist(held, schema=schema)

        return pyarrow.RecordBatchReader.from_batches(schema, batches())

    def numpy(self) -> dict[str, Any]:
        """All annotations as columns: `keys` of the files; for each annotation `file` (a position in `keys`), `label`
        (a position in `labels`), `box` (n x 4: x, y, width, height in pixels), `confidence` (nan where there is none).
        """
        numpy = _library("numpy", "numpy")
        keys: list[str] = []
        labels: dict[str, int] = {}
        columns: tuple[list[int], list[int], list[list[float]], list[float]] = ([], [], [], [])
        for sample in replace(self, media=False):
            for shape in sample.shapes:
                columns[0].append(len(keys))
                columns[1].append(labels.setdefault(shape.label or "", len(labels)))
                columns[2].append(_bounds(shape))
                columns[3].append(float("nan") if shape.confidence is None else shape.confidence)
            keys.append(sample.key)
        return {
            "keys": numpy.array(keys, dtype=object),
            "labels": numpy.array(list(labels), dtype=object),
            "file": numpy.array(columns[0], dtype=numpy.int64),
            "label": numpy.array(columns[1], dtype=numpy.int64),
            "box": numpy.array(columns[2], dtype=numpy.float64).reshape(-1, 4),
            "confidence": numpy.array(columns[3], dtype=numpy.float64),
        }

    def _samples(self) -> Iterator[tuple[Sample, _Media]]:
        """Samples without media, each with what its media are."""
        names = self.scope.names(self.version.schema_version)
        for plain in self._lines():
            shapes = [names.shape(annotation) for annotation in plain["annotations"]]
            own = [shape for shape in shapes if shape.label is None]
            sample = Sample(
                file=plain["file"],
                key=plain["key"],
                width=plain["width"],
                height=plain["height"],
                mime=plain["mime"],
                meta=plain["meta"],
                attributes=own[0].attributes if own else {},
                shapes=tuple(shape for shape in shapes if shape.label is not None),
            )
            yield sample, _Media(plain["file"], plain["hash"], plain["bytes"])

    def _with_media(self) -> Iterator[Sample]:
        media = MediaCache(self.cache or default_folder(), self.scope.client)

        def brought(one: _Media) -> Path:
            return media.bring(self.scope.path(f"/files/{one.file}/content"), one.hash, one.bytes)

        with ThreadPoolExecutor(FETCHERS, "penstock media") as pool:
            waiting: deque[tuple[Sample, Future[Path]]] = deque()
            try:
                for sample, one in self._samples():
                    waiting.append((sample, pool.submit(brought, one)))
                    if len(waiting) >= AHEAD:
                        yield _filled(*waiting.popleft())
                while waiting:
                    yield _filled(*waiting.popleft())
            finally:
                for _, path in waiting:
                    path.cancel()

    def _lines(self) -> Iterator[dict[str, Any]]:
        """The version's items. A connection that is lost is taken up where it broke."""
        got, patience = 0, self.scope.client.patience()
        query: dict[str, Any] = {"state": f"version:{self.version.id}", "shard": self.shard, "shards": self.shards}
        while True:
            try:
                with self.scope.client.stream(
                    self.scope.path("/items"), query=query | {"start": got, "seed": self.seed}
                ) as answer:
                    for line in answer.iter_lines():
                        yield json.loads(line)
                        got += 1
                        patience.renew()
                return
            except (httpx.TransportError, Refused) as error:
                patience.bear(error)

    def __getstate__(self) -> dict[str, Any]:
        place = _Place(self.scope.client.url, self.scope.client.token, self.scope.id)
        return {**self.__dict__, "scope": place}

    def __setstate__(self, state: dict[str, Any]) -> None:
        place: _Place = state["scope"]
        scope = Scope(Client(place.url, place.token), lambda: place.project, progress=False)
        for name, value in {**state, "scope": scope, "process": os.getpid()}.items():
            object.__setattr__(self, name, value)


def _filled(sample: Sample, path: Future[Path]) -> Sample:
    return replace(sample, path=path.result())


def _bounds(shape: Shape) -> list[float]:
    from penstock.annotations import geometry

    plain = json.dumps(shape.geometry).encode()
    return list(geometry.bounds(shape.kind, geometry.parse(shape.kind, plain)))


def _rows(loader: Loader) -> Iterator[dict[str, Any]]:
    """A sample as a row of plain values; what has no fixed form is JSON text."""
    for sample in loader:
        row: dict[str, Any] = {
            "key": sample.key,
            "width": sample.width,
            "height": sample.height,
            "meta": json.dumps(sample.meta),
            "attributes": json.dumps(sample.attributes),
            "annotations": [
                {
                    "id": str(shape.id),
                    "label": shape.label,
                    "kind": shape.kind,
                    "box": _bounds(shape),
                    "geometry": json.dumps(shape.geometry),
                    "attributes": json.dumps(dict(shape.attributes)),
                    "source": shape.source,
                    "confidence": shape.confidence,
                }
                for shape in sample.shapes
            ],
        }
        if loader.media:
            row["image"] = {"bytes": sample.content, "path": sample.key}
        yield row


def _rows_of(loaders: list[Loader]) -> Iterator[dict[str, Any]]:
    """The rows of some shards; `datasets` gives each worker its own."""
    for loader in loaders:
        yield from _rows(loader)


def _arrow_schema(pyarrow: Any, media: bool) -> Any:
    text, number = pyarrow.string(), pyarrow.float64()
    annotation = pyarrow.struct(
        [
            ("id", text),
            ("label", text),
            ("kind", text),
            ("box", pyarrow.list_(number)),
            ("geometry", text),
            ("attributes", text),
            ("source", text),
            ("confidence", number),
        ]
    )
    fields = [
        ("key", text),
        ("width", pyarrow.int32()),
        ("height", pyarrow.int32()),
        ("meta", text),
        ("attributes", text),
        ("annotations", pyarrow.list_(annotation)),
    ]
    image = pyarrow.struct([("bytes", pyarrow.binary()), ("path", text)])
    return pyarrow.schema([*fields, ("image", image)] if media else fields)


def _library(name: str, install: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise LibraryMissing(f"This needs the library {name}. Install it: pip install '{install}'") from error


@cache
def _torch_dataset() -> Any:
    _library("torch", "torch")
    data = cast(Any, importlib.import_module("torch.utils.data"))
    distributed = cast(Any, importlib.import_module("torch.distributed"))

    class TorchDataset(data.IterableDataset):
        """Samples for a DataLoader."""

        def __init__(self, loader: Loader, transform: Callable[[Sample], Any] | None) -> None:
            super().__init__()  # pyright: ignore[reportUnknownMemberType]  # torch is not always there
            self.loader = loader
            self.transform = transform

        def __iter__(self) -> Iterator[Any]:
            worker = data.get_worker_info()
            rank, ranks = 0, 1
            if distributed.is_available() and distributed.is_initialized():
                rank, ranks = distributed.get_rank(), distributed.get_world_size()
            mine, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
            for sample in self.loader.part(rank * workers + mine, ranks * workers):
                yield sample if self.transform is None else self.transform(sample)

    # A worker that is spawned finds the class here, where it is made when it is asked for.
    TorchDataset.__qualname__ = "TorchDataset"
    return TorchDataset


def __getattr__(name: str) -> Any:
    if name == "TorchDataset":
        return _torch_dataset()
    raise AttributeError(name)
