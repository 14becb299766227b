"""An archive is sent while it is being made."""

import asyncio
import random
import zipfile
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from penstock.datasets import Dataset
from penstock.export import NewExport, destination, making, packing, publishing, verbs
from penstock.export.following import Follower
from penstock.export.model import ExportNotReady
from penstock.jobs import Work
from penstock.store import Store


async def _all(pieces: AsyncGenerator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


@pytest.mark.parametrize("pack", ["zip", "tar"])
def test_who_follows_gets_the_whole(store: Store, project: int, dataset: Dataset, pack: str) -> None:
    asked = NewExport.model_validate({"dataset": dataset.id, "format": "coco", "pack": pack})
    made = store.db.perform(lambda tx: verbs.start(tx, asked), project)

    async def follow() -> bytes:
        followed = asyncio.create_task(_all(Follower(store, project, made).pieces()))
        await asyncio.to_thread(making.run, Work(store), project, made.id)
        return await followed

    assert asyncio.run(follow()) == destination.path_of(store, project, made).read_bytes()


def test_a_follower_goes_on_in_the_next_try(store: Store, project: int, dataset: Dataset) -> None:
    asked = NewExport.model_validate({"dataset": dataset.id, "pack": "zip"})
    made = store.db.perform(lambda tx: verbs.start(tx, asked), project)
    path = destination.path_of(store, project, made)

    async def follow() -> list[bytes]:
        pieces = Follower(store, project, made).pieces()
        found: list[bytes] = []
        for told in (b"abc", b"abcdef"):
            with publishing.Workshop(path, made.id) as shop:  # which a crash leaves, and the next try sweeps
                (shop.folder / "set.zip").write_bytes(told)
                found.append(await anext(pieces))
        store.db.perform(lambda tx: verbs.fail(tx, made.id, "the disk is full"), project)
        with pytest.raises(ExportNotReady):
            await anext(pieces)
        return found

    assert asyncio.run(follow()) == [b"abc", b"def"]


def test_a_large_text_is_there_before_its_end(tmp_path: Path) -> None:
    path, drawn = tmp_path / "set.zip", random.Random(1)
    with packing.archive(path, "zip") as archive:
        held = packing.Held(archive, "annotations.json", tmp_path)
        for _ in range(4):
            held.write(drawn.randbytes(300_000).hex().encode())
        assert path.stat().st_size > 1_000_000
        held.close()
    with zipfile.ZipFile(path) as found:
        assert len(found.read("annotations.json")) == 4 * 600_000
