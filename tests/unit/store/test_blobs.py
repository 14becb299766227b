"""Bytes by their hash: whole or not there, once, and never larger than allowed."""

import errno
import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from penstock.store.blobs import BlobMissing, Blobs, DiskFull, StreamTooLarge


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def leftovers(blobs: Blobs) -> list[Path]:
    return list((blobs.root / "incoming").iterdir())


def test_what_goes_in_comes_out_under_its_hash(blobs: Blobs) -> None:
    stored = blobs.put(b"hello")
    assert (stored.hash, stored.bytes) == (hashlib.sha256(b"hello").hexdigest(), 5)
    assert blobs.get(stored.hash) == b"hello"
    assert blobs.path(stored.hash).read_bytes() == b"hello"
    assert (blobs.has(stored.hash), blobs.size(stored.hash)) == (True, 5)


def test_files_chunks_and_nothing_can_be_stored(blobs: Blobs) -> None:
    assert blobs.put(io.BytesIO(b"x" * 3_000_000)).bytes == 3_000_000
    assert blobs.put(iter([b"ab", b"cd"])) == blobs.put(b"abcd")
    assert blobs.get(blobs.put(b"").hash) == b""


def test_the_same_bytes_are_stored_once(blobs: Blobs) -> None:
    first = blobs.put(b"same")
    inode = blobs.path(first.hash).stat().st_ino
    assert blobs.put(b"same") == first
    assert blobs.put_many([b"same", b"same", b"other"])[0] == first
    assert blobs.path(first.hash).stat().st_ino == inode
    assert leftovers(blobs) == []


def test_a_blob_that_lost_bytes_is_mended_by_storing_it_again(blobs: Blobs) -> None:
    stored = blobs.put(b"whole")
    blobs.path(stored.hash).write_bytes(b"")
    blobs.put(b"whole")
    assert blobs.get(stored.hash) == b"whole"


def test_a_part_can_be_read(blobs: Blobs) -> None:
    content = os.urandom(2_500_000)
    stored = blobs.put(content)
    assert b"".join(blobs.stream(stored.hash)) == content
    assert b"".join(blobs.stream(stored.hash, 1_000_000, 2_200_000)) == content[1_000_000:2_200_000]


def test_many_at_once_from_many_threads(blobs: Blobs) -> None:
    contents = [bytes([i % 50]) * 2000 for i in range(400)]
    with ThreadPoolExecutor(4) as pool:
        stored = [blob for part in pool.map(blobs.put_many, [contents] * 4) for blob in part]
    assert [blobs.get(blob.hash) for blob in stored[:400]] == contents
    assert leftovers(blobs) == []


def test_too_much_is_refused_and_leaves_nothing(blobs: Blobs) -> None:
    with pytest.raises(StreamTooLarge, match="limit of 10 bytes"):
        blobs.put([b"12345", b"67890", b"1"], limit=10)
    assert leftovers(blobs) == []
    assert blobs.put(b"1234567890", limit=10).bytes == 10


def test_a_full_disk_is_one_clear_refusal(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="no room left"):
        blobs.put(b"x")
    with pytest.raises(DiskFull):
        blobs.put_many([b"x", b"y"])
    assert DiskFull.status == 507
    assert leftovers(blobs) == []


def test_what_is_not_there_is_said_so(blobs: Blobs) -> None:
    for read in (blobs.get, blobs.size, lambda hash: next(blobs.stream(hash))):
        with pytest.raises(BlobMissing, match="0000"):
            read("0" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "", "0" * 63, "/" + "0" * 63])
def test_only_a_hash_names_a_blob(blobs: Blobs, name: str) -> None:
    with pytest.raises(ValueError, match="not a hash"):
        blobs.get(name)


def test_derived_media_are_replaced_and_forgotten(blobs: Blobs) -> None:
    assert blobs.derived.get("ab12.thumbnail") is None
    blobs.derived.put("ab12.thumbnail", b"one")
    blobs.derived.put("ab12.thumbnail", b"two", durable=True)
    assert blobs.derived.get("ab12.thumbnail") == b"two"
    blobs.derived.drop("ab12.thumbnail")
    blobs.derived.drop("ab12.thumbnail")
    assert blobs.derived.get("ab12.thumbnail") is None
    assert leftovers(blobs) == []


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "A"])
def test_derived_names_stay_in_their_folder(blobs: Blobs, name: str) -> None:
    with pytest.raises(ValueError, match="derived name"):
        blobs.derived.put(name, b"")


def test_an_empty_derived_file_reads_as_absent(blobs: Blobs) -> None:
    blobs.derived.put("ab12.thumbnail", b"one")
    blobs.derived.path("ab12.thumbnail").write_bytes(b"")  # as a power cut may leave it
    assert blobs.derived.get("ab12.thumbnail") is None


def test_what_a_killed_process_left_is_erased_after_a_day(blobs: Blobs) -> None:
    old, young = blobs.root / "incoming" / "old", blobs.root / "incoming" / "young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    Blobs(blobs.root)
    assert leftovers(blobs) == [young]
