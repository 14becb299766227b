"""A project with files in it."""

import hashlib
from collections.abc import Callable

import pytest

from penstock import datasets, files
from penstock.datasets import Dataset
from penstock.files import NewFile, Probe
from penstock.people import create_project
from penstock.store import Store

PERSON = {"kind": "person", "person": 1}
PROBE = Probe(media="image", mime="image/png", width=64, height=48)


@pytest.fixture
def project(store: Store) -> int:
    return store.db.perform(lambda tx: create_project(tx, "cells"), 0)


@pytest.fixture
def make_files(store: Store, project: int) -> Callable[..., list[int]]:
    """`make_files("a.png", "b.png", probe=None)`: ids of files whose bytes are their names."""

    def make(*keys: str, probe: Probe | None = PROBE, content: str = "") -> list[int]:
        news = [
            NewFile(key=key, hash=hashlib.sha256((content or key).encode()).hexdigest(), bytes=9, probe=probe)
            for key in keys
        ]
        return [r.file for r in store.db.perform(lambda tx: files.register_many(tx, news), project)]

    return make


@pytest.fixture
def dataset(store: Store, project: int) -> Dataset:
    return store.db.perform(lambda tx: datasets.create(tx, "first pass"), project)
