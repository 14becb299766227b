"""A project with a dataset, a folder that the server may read, and ways to fill and import it."""

import io
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from penstock import datasets, files, ingest
from penstock.annotations import branches, rows
from penstock.annotations.model import Annotation
from penstock.files import File
from penstock.ingest import Import, ItemReport, NewImport, PathSource
from penstock.people.projects import create_project
from penstock.store import Store


def image(seed: int = 0, format: str = "JPEG", width: int = 100, height: int = 80) -> bytes:
    """An image that no other seed gives."""
    buffer = io.BytesIO()
    drawn = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    drawn.putpixel((0, 0), (seed % 256, seed // 256 % 256, 7))
    drawn.save(buffer, format, **({"quality": 95} if format == "JPEG" else {}))
    return buffer.getvalue() + seed.to_bytes(4, "big")


def voc(name: str, *objects: tuple[str, int, int, int, int], size: tuple[int, int] = (100, 80)) -> str:
    """A VOC file with (label, xmin, ymin, xmax, ymax) objects."""
    boxes = "".join(
        f"<object><name>{label}</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax>"
        "</bndbox></object>"
        for label, a, b, c, d in objects
    )
    width, height = size
    return (
        f"<annotation><filename>{name}</filename><size><width>{width}</width><height>{height}</height>"
        f"<depth>3</depth></size>{boxes}</annotation>"
    )


def coco(images: Mapping[int, str], annotations: list[dict[str, Any]], names: Mapping[int, str]) -> str:
    """A COCO file; annotations get an id and a size of image."""
    listed = [{"id": id, "file_name": name, "width": 100, "height": 80} for id, name in images.items()]
    numbered = [{"id": n, "iscrowd": 0, "area": 1.0, **annotation} for n, annotation in enumerate(annotations, 1)]
    categories = [{"id": id, "name": name} for id, name in names.items()]
    return json.dumps({"images": listed, "annotations": numbered, "categories": categories})


@dataclass
class Desk:
    """What a test works with."""

    store: Store
    project: int
    dataset: int
    folder: Path
    drain: Callable[[], None]

    def write(self, **contents: bytes | str) -> None:
        """Write files into the folder; `__` in a name stands for a slash, `_` before the ending for the dot."""
        for name, content in contents.items():
            self.put(name.replace("__", "/").rpartition("_")[0] + "." + name.rpartition("_")[2], content)

    def put(self, path: str, content: bytes | str) -> None:
        at = self.folder / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(content.encode() if isinstance(content, str) else content)

    def start(self, source: Any = None, **more: Any) -> Import:
        source = source or PathSource(path=str(self.folder))
        new = NewImport(dataset=datasets_id(self.dataset), source=source, **more)
        return self.store.db.perform(lambda tx: ingest.start(tx, new), self.project)

    def run(self, source: Any = None, **more: Any) -> Import:
        """Import to the end."""
        run = self.start(source, **more)
        self.drain()
        return self.get(run.id)

    def get(self, run: int) -> Import:
        with self.store.db.transaction(self.project) as tx:
            return ingest.get(tx, run)

    def items(self, run: Import) -> dict[str, ItemReport]:
        with self.store.db.transaction(self.project) as tx:
            return {item.key: item for item in ingest.items(tx, run.id, limit=1000).items}

    def keys(self) -> list[str]:
        """The keys of the dataset's files."""
        with self.store.db.transaction(self.project) as tx:
            return [entry.key for entry in datasets.entries(tx, self.dataset, limit=1000).items]

    def file(self, key: str) -> File:
        with self.store.db.transaction(self.project) as tx:
            found = files.named(tx, key)
        assert found is not None
        return found

    def annotations(self, key: str, branch: str = "main") -> list[Annotation]:
        file = self.file(key)
        with self.store.db.transaction(self.project) as tx:
            at = branches.main(tx) if branch == "main" else branches.predictions_named(tx, branch)
            return rows.read(tx, at, file.id)


def datasets_id(dataset: int) -> Any:
    return dataset


NewDesk = Callable[[], Desk]


@pytest.fixture
def new_desk(store: Store, tmp_path: Path, drain: Callable[[], None]) -> NewDesk:
    """Desks of different projects, for tests that need many: a database for each would cost most of their time."""
    numbers = itertools.count(1)

    def make() -> Desk:
        number = next(numbers)
        project = store.db.perform(lambda tx: create_project(tx, f"cells {number}"), 0)
        dataset = store.db.perform(lambda tx: datasets.create(tx, "first pass"), project)
        folder = tmp_path / ("images" if number == 1 else f"images{number}")
        folder.mkdir()
        return Desk(store, project, dataset.id, folder, drain)

    return make


@pytest.fixture
def desk(new_desk: NewDesk) -> Desk:
    return new_desk()
