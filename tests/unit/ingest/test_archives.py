"""Archives from strangers: names that lead out, links, bombs and locks are refused before anything is unpacked."""

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from penstock.core import Refusal
from penstock.ingest import Import, PathSource, archives
from penstock.ingest.archives import ArchiveBomb, ArchiveUnreadable, ArchiveUnsafe

from .conftest import Desk, image, voc


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name) if name.startswith("/") else name, content)
    return path


def tarred(path: Path, members: dict[str, bytes], mode: str = "w:gz", **more: bytes) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def special(path: Path, name: str, kind: bytes, target: str = "") -> Path:
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo(name)
        info.type = kind
        info.linkname = target
        archive.addfile(info)
    return path


BAD_NAMES = ["../out.jpg", "a/../../out.jpg", "/etc/cron.d/x.jpg", "..\\out.jpg", "C:\\x.jpg", "a/.."]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_zip_whose_names_lead_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveUnsafe, match="nothing of it was taken"):
        archives.check(zipped(tmp_path / "a.zip", {"fine.jpg": b"x", name: b"y"}))


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_tar_whose_names_lead_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveUnsafe):
        archives.check(tarred(tmp_path / "a.tgz", {"fine.jpg": b"x", name: b"y"}))


@pytest.mark.parametrize(
    ("kind", "words"),
    [(tarfile.SYMTYPE, "link"), (tarfile.LNKTYPE, "link"), (tarfile.CHRTYPE, "device"), (tarfile.FIFOTYPE, "device")],
)
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes, words: str) -> None:
    with pytest.raises(ArchiveUnsafe, match=words):
        archives.check(special(tmp_path / "a.tar", "x.jpg", kind, "/etc/passwd"))


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("x.jpg")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ArchiveUnsafe, match="link"):
        archives.check(tmp_path / "a.zip")


def test_a_locked_zip_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"x.jpg": b"x"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the central directory
    path.write_bytes(content)
    with pytest.raises(ArchiveUnreadable, match="password"):
        archives.check(path)


def drink(path: Path) -> None:
    for member in archives.members(path):
        while member.content.read(10_000):
            pass


@pytest.mark.parametrize("make", [zipped, tarred])
def test_a_bomb_is_stopped_by_what_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: object) -> None:
    monkeypatch.setattr(archives, "_FLOOR_BYTES", 100_000)
    monkeypatch.setattr(archives, "_MOST_TIMES", 2)
    path = make(tmp_path / "a", {"x.jpg": bytes(1_000_000)})  # type: ignore[operator]
    with pytest.raises(ArchiveBomb):
        drink(path)


def test_an_archive_that_was_cut_off_is_refused(desk: Desk) -> None:
    runs: list[Import] = []
    for make in (zipped, tarred):
        for keep in (0.3, 0.7, 0.95):
            path = make(desk.folder / f"{make.__name__}{keep}", {f"{n}.jpg": image(n) for n in range(5)})
            content = path.read_bytes()
            path.write_bytes(content[: int(len(content) * keep)])
            runs.append(desk.start(PathSource(path=str(path))))
    desk.drain()
    assert [desk.get(run.id).state for run in runs] == ["failed"] * 6
    assert desk.keys() == []


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_comes_in_with_its_annotations(desk: Desk, mode: str) -> None:
    members = {"./set/a.jpg": image(1), "./set/a.xml": voc("a.jpg", ("RBC", 1, 1, 9, 9)).encode(), "set/.x": b"junk"}
    path = tarred(desk.folder / "set.tar", members, mode)
    run = desk.run(PathSource(path=str(path)))
    assert (run.format, run.counts.new, run.counts.annotations_added) == ("voc", 1, 1)
    assert desk.keys() == ["set/a.jpg"]


def test_a_zip_comes_in_and_again_without_change(desk: Desk) -> None:
    members = {"a.jpg": image(1), "__MACOSX/._a.jpg": b"junk", "b/big.bmp": image(2, "BMP", 800, 700), "notes.txt": b""}
    path = zipped(desk.folder / "set.zip", members)
    assert desk.run(PathSource(path=str(path))).counts.new == 2
    assert desk.keys() == ["a.jpg", "b/big.bmp"]
    assert desk.run(PathSource(path=str(path))).counts.same == 2


def test_an_unsafe_zip_ends_the_import_and_changes_nothing(desk: Desk) -> None:
    path = zipped(desk.folder / "set.zip", {"a.jpg": image(1), "../../evil.jpg": image(2)})
    run = desk.run(PathSource(path=str(path)))
    assert run.state == "failed"
    assert "'../../evil.jpg', which points outside" in (run.reason or "")
    assert desk.keys() == []
    assert not (desk.folder.parent.parent / "evil.jpg").exists()


def test_archives_inside_a_folder_are_not_opened(desk: Desk) -> None:
    desk.write(a_jpg=image(1))
    zipped(desk.folder / "set.zip", {"b.jpg": image(2)})
    run = desk.run()
    assert desk.keys() == ["a.jpg"]
    assert run.ignored == 1


def test_a_picture_with_a_zip_behind_it_is_a_picture(desk: Desk) -> None:
    path = zipped(desk.folder / "x.zip", {"../evil.jpg": image(2)})
    desk.put("both.jpg", image(1) + path.read_bytes())
    assert desk.run(PathSource(path="images/both.jpg")).counts.new == 1
    assert desk.keys() == ["both.jpg"]


def test_refusals_are_for_the_caller(tmp_path: Path) -> None:
    assert issubclass(ArchiveUnsafe, Refusal)
    assert (ArchiveUnsafe.status, ArchiveBomb.status) == (422, 413)
    (tmp_path / "x").write_bytes(b"hello")
    assert not archives.is_archive(tmp_path / "x")
