"""A version is streamed whole, in parts that are one, in an order that stays, and into what trains."""

import contextlib
import hashlib
import operator
import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from penstock import files
from penstock.annotations.model import holder_id
from penstock.core import Settings
from penstock.files import NewFile, Probe
from penstock.sdk import inprocess
from penstock.sdk.connect import connect
from penstock.sdk.errors import PenstockError
from penstock.sdk.http import Client
from penstock.sdk.loading import LibraryMissing, Loader, _library

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0"
    "000003010100c9fe92ef0000000049454e44ae426082"
)
HASHES = {hashlib.sha256(PIXEL + bytes([n])).hexdigest() for n in range(7)}

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch isn't installed")


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
    assert kept(tmp_path / "cache") == HASHES


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ranges of media that are asked for, as they are."""
    ranges: list[str] = []
    stream = Client.stream

    def noting(client: Client, path: str, **options: Any) -> Any:
        if path.endswith("/content"):
            ranges.append(options["headers"].get("range", "whole"))
        return stream(client, path, **options)

    monkeypatch.setattr(Client, "stream", noting)
    return ranges


def sent_as(monkeypatch: pytest.MonkeyPatch, sent: Callable[[bytes], Iterator[bytes]]) -> None:
    """What comes in place of media."""
    stream = Client.stream

    @contextlib.contextmanager
    def instead(client: Client, path: str, **options: Any) -> Iterator[Any]:
        with stream(client, path, **options) as answer:
            if path.endswith("/content"):
                answer.iter_bytes = lambda _: sent(answer.read())  # type: ignore[method-assign]
            yield answer

    monkeypatch.setattr(Client, "stream", instead)


def kept(cache: Path) -> set[str]:
    return {path.name for path in cache.rglob("*") if path.is_file()}


def test_media_are_asked_for_once(load: Any, asked: list[str], tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda loader: [sample.content for sample in loader], [load() for _ in range(3)]))
    assert found == [[PIXEL + bytes([n]) for n in range(7)]] * 3
    assert asked == ["whole"] * 7
    assert kept(tmp_path / "cache") == HASHES
    assert [sample.content for sample in load(media=False)] == [None] * 7


def test_media_that_came_in_part_are_gone_on_with(load: Any, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    broken: list[int] = []

    def breaking(content: bytes) -> Iterator[bytes]:
        yield content[:20]
        if not broken:
            broken.append(1)
            raise httpx.ReadError("lost")
        yield content[20:]

    loader = load().part(0, 7)
    monkeypatch.setattr(loader.scope.client, "pause", lambda _: None)
    sent_as(monkeypatch, breaking)
    assert [sample.content for sample in loader] == [PIXEL + b"\x00"]
    assert asked == ["whole", "bytes=20-"]


@pytest.mark.parametrize(
    ("left", "ranges"),
    [
        (PIXEL[:30], ["bytes=30-"]),
        (PIXEL + b"\x00", []),
        (b"x" * 30, ["bytes=30-", "whole"]),
        (b"x" * 99, ["bytes=99-", "whole"]),
    ],
    ids=["a part", "all of it", "something else", "too much"],
)
def test_what_a_killed_process_left_is_gone_on_with_if_it_is_right(
    load: Any, asked: list[str], tmp_path: Path, left: bytes, ranges: list[str]
) -> None:
    hash = hashlib.sha256(PIXEL + b"\x00").hexdigest()
    place = tmp_path / "cache" / hash[:2]
    place.mkdir(parents=True)
    (place / f"{hash}.part").write_bytes(left)
    (place / hash).write_bytes(b"")  # the name that outlived the bytes when the power was lost
    assert [sample.content for sample in load().part(0, 7)] == [PIXEL + b"\x00"]
    assert asked == ranges
    assert kept(tmp_path / "cache") == {hash}


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


@needs_torch
@pytest.mark.filterwarnings("ignore::UserWarning")  # of numpy's version, and of how many cores there are
def test_pytorch_gets_each_sample_once(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch import distributed
    from torch.utils import data

    dataset = load(media=False).torch(lambda sample: sample.key)
    assert isinstance(dataset, data.IterableDataset)
    assert sorted(data.DataLoader(dataset, batch_size=None)) == [f"{n}.png" for n in range(7)]
    assert type(pickle.loads(pickle.dumps(load().torch()))) is type(dataset)
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed, "get_world_size", lambda: 3)
    found: list[str] = []
    for rank in range(3):
        monkeypatch.setattr(distributed, "get_rank", lambda rank=rank: rank)
        found += dataset
    assert sorted(found) == [f"{n}.png" for n in range(7)]


@needs_torch
@pytest.mark.filterwarnings("ignore::UserWarning")  # of numpy's version, and of how many cores there are
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_of_pytorch_share_the_samples_and_the_cache(settings: Settings, tmp_path: Path, start: str) -> None:
    from torch.utils import data

    for n in range(11):
        Image.new("RGB", (n + 1, 1)).save(tmp_path / f"{n}.png")
    with contextlib.ExitStack() as stack:
        here = inprocess.Served(settings)
        stack.callback(here.stop)
        place = here.start()
        p = stack.enter_context(connect(place.url, place.token, progress=False)).create_project("here")
        gold = p.datasets.create("gold")
        gold.import_(str(tmp_path / "*.png"))
        loader = gold.versions.name("v1").load(cache=tmp_path / "cache")
        dataset = loader.torch(operator.attrgetter("key", "content"))
        batches = data.DataLoader(
            dataset,
            batch_size=2,
            num_workers=3,
            collate_fn=list,
            multiprocessing_context=start,
            persistent_workers=True,
        )
        for _ in range(2):
            found = dict(pair for batch in batches for pair in batch)
            assert len([pair for batch in batches for pair in batch]) == 11
            assert found == {f"{n}.png": (tmp_path / f"{n}.png").read_bytes() for n in range(11)}


def test_hugging_face_datasets(load: Any) -> None:
    pytest.importorskip("datasets")
    assert [row["key"] for row in load().huggingface(streaming=True)] == [f"{n}.png" for n in range(7)]
    shared = load(media=False).huggingface(streaming=True, shards=3)
    assert shared.num_shards == 3
    assert sorted(row["key"] for row in shared) == [f"{n}.png" for n in range(7)]


def test_media_that_come_damaged_are_not_kept(load: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loader = load()
    sent_as(monkeypatch, lambda _: iter([b"something else"]))
    with pytest.raises(PenstockError, match="came damaged"):
        list(loader)
    assert kept(tmp_path / "cache") == set()
