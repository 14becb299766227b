"""A version is streamed whole, in parts that are one, in an order that stays, and into what trains."""

import hashlib
import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from penstock import files
from penstock.annotations.model import holder_id
from penstock.files import NewFile, Probe
from penstock.sdk.errors import PenstockError
from penstock.sdk.loading import LibraryMissing, Loader, _library

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0"
    "000003010100c9fe92ef0000000049454e44ae426082"
)


@pytest.fixture
def load(api: Any, p: Any, tmp_path: Path) -> Any:
    """`load(...)`: version v1 of seven files; the third has a box and answers on the file itself."""
    p.define({"labels": {"car": {}}, "attributes": {"weather": {"kind": "text", "per": "file"}}})
    probe, news = Probe(media="image", mime="image/png", width=1, height=1), []
    for n in range(7):
        blob = api.store.blobs.put(PIXEL + bytes([n]))
        news.append(NewFile(key=f"{n}.png", hash=blob.hash, bytes=blob.bytes, probe=probe))
    made = [r.file for r in api.store.db.perform(lambda tx: files.register_many(tx, news), api.project)]
    gold = p.datasets.create("gold")
    gold.add(made)
    car, weather = p.schema().labels[0].id, p.schema().attributes[0].id
    box = {"do": "create", "id": "00000000-0000-7000-8000-000000000001", "kind": "box", "label": car}
    own = {"do": "create", "id": str(holder_id(made[2])), "kind": "tag", "attributes": {str(weather): "rain"}}
    changes = [box | {"geometry": [1, 2, 3, 4]}, own]
    answer = api.owner.post(api.path(f"/files/{made[2]}/annotations"), json=changes)
    assert answer.status_code == 200, answer.text
    version = gold.versions.name("v1")
    gold.remove(made[:1])

    def load(**options: Any) -> Loader:
        return version.load(**{"cache": tmp_path / "cache"} | options)

    return load


def test_a_version_is_streamed_with_its_media(load: Any, tmp_path: Path) -> None:
    samples = list(load())
    assert [sample.key for sample in samples] == [f"{n}.png" for n in range(7)]
    assert samples[2].attributes == {"weather": "rain"}
    (shape,) = samples[2].shapes
    assert (shape.label, shape.geometry) == ("car", [1, 2, 3, 4])
    assert all(sample.content == PIXEL + bytes([n]) for n, sample in enumerate(samples))
    assert samples[0].image().size == (1, 1)
    kept = {path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()}
    assert kept == {hashlib.sha256(PIXEL + bytes([n])).hexdigest() for n in range(7)}


def test_media_are_asked_for_once(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = [sample.content for sample in load()]

    def burst(*_: object) -> None:
        raise AssertionError("asked again")

    loader = load()
    monkeypatch.setattr(loader.scope.client, "bytes", burst)
    assert [sample.content for sample in loader] == first
    assert [sample.content for sample in load(media=False)] == [None] * 7


def test_parts_are_one_whole_and_an_order_stays(load: Any) -> None:
    whole = [sample.key for sample in load(media=False)]
    parts = [load(media=False).part(2, 3).part(shard, 2) for shard in range(2)]
    parts += [load(media=False).part(shard, 3) for shard in range(2)]
    assert Counter(sample.key for part in parts for sample in part) == Counter(whole)
    one, other = ([s.key for s in load(media=False).shuffled(seed)] for seed in (1, 2))
    assert one != other
    assert sorted(one) == sorted(other) == whole
    assert [s.key for s in load(media=False).shuffled(1)] == one


def test_a_stream_that_breaks_goes_on_where_it_was(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = load(media=False)
    monkeypatch.setattr(loader.scope.client, "pause", lambda _: None)
    broken, lines = [], httpx.Response.iter_lines

    def breaking(answer: httpx.Response) -> Any:
        for n, line in enumerate(lines(answer)):
            if n == 3 and len(broken) < 2:
                broken.append(answer.url)
                raise httpx.ReadError("lost")
            yield line

    monkeypatch.setattr(httpx.Response, "iter_lines", breaking)
    assert [sample.key for sample in loader] == [f"{n}.png" for n in range(7)]
    assert ["start=3" in str(url) for url in broken] == [False, True]


def test_a_loader_goes_to_other_processes(load: Any) -> None:
    sent = pickle.loads(pickle.dumps(load().part(1, 2)))
    assert (sent.shard, sent.shards, sent.version) == (1, 2, load().version)
    assert sent.scope.path() == load().scope.path()
    assert sent.scope.client.token == load().scope.client.token


def test_arrow_and_numpy(load: Any) -> None:
    pytest.importorskip("pyarrow")
    table = load().arrow(batch=3).read_all()
    assert table["key"].to_pylist() == [f"{n}.png" for n in range(7)]
    (annotation,) = table["annotations"].to_pylist()[2]
    assert (annotation["label"], annotation["box"]) == ("car", [1, 2, 3, 4])
    assert table["image"].to_pylist()[0]["bytes"] == PIXEL + b"\x00"
    assert "image" not in load(media=False).arrow().read_all().column_names
    columns = load().numpy()
    assert (columns["box"].tolist(), columns["file"].tolist(), list(columns["labels"])) == (
        [[1, 2, 3, 4]],
        [2],
        ["car"],
    )


def test_a_library_that_is_lacking_is_named() -> None:
    with pytest.raises(LibraryMissing, match="pip install 'nothing-at-all'"):
        _library("nothing_at_all", "nothing-at-all")


def test_pytorch_gets_each_sample_once(load: Any) -> None:
    data = pytest.importorskip("torch.utils.data")
    dataset = load(media=False).torch(lambda sample: sample.key)
    assert isinstance(dataset, data.IterableDataset)
    assert sorted(data.DataLoader(dataset, batch_size=None)) == [f"{n}.png" for n in range(7)]
    assert type(pickle.loads(pickle.dumps(load().torch()))) is type(dataset)


def test_hugging_face_datasets(load: Any) -> None:
    pytest.importorskip("datasets")
    assert [row["key"] for row in load().huggingface(streaming=True)] == [f"{n}.png" for n in range(7)]
    shared = load(media=False).huggingface(streaming=True, shards=3)
    assert shared.num_shards == 3
    assert sorted(row["key"] for row in shared) == [f"{n}.png" for n in range(7)]


def test_media_that_come_damaged_are_not_kept(load: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loader = load()
    monkeypatch.setattr(loader.scope.client, "bytes", lambda _: PIXEL[:20])
    with pytest.raises(PenstockError, match="came damaged"):
        list(loader)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
