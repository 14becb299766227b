"""A dataset of three drawn files with boxes on them."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from penstock import datasets, files, schema
from penstock.annotations import branches, rows
from penstock.annotations.model import drawn
from penstock.core.ids import import_uuid
from penstock.datasets import Dataset
from penstock.export import Export, NewExport, making, verbs
from penstock.files import NewFile, Probe
from penstock.jobs import Work
from penstock.people import create_project
from penstock.schema import WantedSchema
from penstock.store import Store, Transaction

PERSON = {"kind": "person", "person": 1}
KEYS = ("a.png", "b/c.png", "d.png")


def png(seed: int) -> bytes:
    """A picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (seed % 255, 10, 200)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def project(store: Store) -> int:
    return store.db.perform(lambda tx: create_project(tx, "cells"), 0)


@pytest.fixture
def annotated(store: Store, project: int) -> Callable[..., int]:
    """`annotated("a.png", boxes=2, meta={"site": "north"})`: a ready file with boxes on the main branch."""
    wanted = WantedSchema.model_validate({"labels": {"car": {}, "bus": {}}})
    store.db.perform(lambda tx: schema.extend(tx, wanted), project)
    seeds = iter(range(10_000))

    def make(key: str, boxes: int = 1, meta: dict[str, Any] | None = None) -> int:
        blob = store.blobs.put(png(next(seeds)))
        probe = Probe(media="image", mime="image/png", width=64, height=48)
        new = NewFile(key=key, hash=blob.hash, bytes=blob.bytes, probe=probe, meta=meta)

        def register(tx: Transaction) -> int:
            file = files.register(tx, new).file
            label = schema.current(tx).label_named("car").id
            found = [
                drawn("box", [n, n, 10, 12], label=label, id=import_uuid(file, "test", n), source="import")
                for n in range(boxes)
            ]
            rows.import_file(tx, branches.main(tx), file, found)
            return file

        return store.db.perform(register, project)

    return make


@pytest.fixture
def dataset(store: Store, project: int, annotated: Callable[..., int]) -> Dataset:
    made = store.db.perform(lambda tx: datasets.create(tx, "first pass"), project)
    ids = [annotated(key, boxes=n, meta={"n": n}) for n, key in enumerate(KEYS)]
    store.db.perform(lambda tx: datasets.add(tx, made.id, ids, PERSON), project)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "out"
    made.mkdir()
    return made


@pytest.fixture
def export(store: Store, project: int) -> Callable[..., Export]:
    """`export(dataset=3, to=...)`: ask for an export and make it, as the job would."""

    def make(**asked: Any) -> Export:
        started = store.db.perform(lambda tx: verbs.start(tx, NewExport.model_validate(asked)), project)
        making.run(Work(store), project, started.id)
        with store.db.transaction(project) as tx:
            return verbs.get(tx, started.id)

    return make
