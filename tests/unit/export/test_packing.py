"""Archives that others read, whatever is in them."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from penstock.export import packing
from penstock.export.model import Pack, PathClash

FILES = {
    "a.txt": b"",
    "labels/train/b.txt": b"0 0.5 0.5 1 1\n" * 20,
    "é/ö ü.txt": b"x" * 5000,
    "deep/" * 50 + "c.txt": b"y",
    "large.json": bytes(range(256)) * 40,
    "d.txt": b"z",
}


@pytest.mark.parametrize("pack", ["zip", "tar"])
@pytest.mark.parametrize("large", [False, True])
def test_what_is_packed_is_found_by_others(
    tmp_path: Path, pack: Pack, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:  # as with files of gigabytes, and more than 65,535 of them
        for name, value in {"_AT_ONCE": 4000, "_HELD": 3000, "_MOST_HELD": 2, "_MOST_16": 3}.items():
            monkeypatch.setattr(packing, name, value)
    path = tmp_path / f"set.{pack}"
    with packing.archive(path, pack) as archive:
        for name, content in FILES.items():
            held = packing.Held(archive, name, tmp_path)
            for at in range(0, len(content), 1000):
                held.write(content[at : at + 1000])
            held.close()
        archive.add("e.png", 3, iter([b"p", b"ng"]), squeeze=False)
        with pytest.raises(PathClash):
            archive.add("d.txt", 1, [b"!"], squeeze=True)
    if pack == "zip":
        with zipfile.ZipFile(path) as found:
            assert found.testzip() is None
            read = {one.filename: found.read(one) for one in found.infolist()}
    else:
        with tarfile.open(path) as found:
            read = {one.name: found.extractfile(one).read() for one in found.getmembers()}  # type: ignore[union-attr]
    assert read == {**FILES, "e.png": b"png"}
    assert sorted(one.name for one in tmp_path.iterdir()) == [path.name]
