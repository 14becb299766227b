"""A set of the size of COCO train2017, in and out: how long, how much memory, and whether it is equal afterwards.

Beside each figure is what the machine itself takes for the same bytes. The files are put on the shelf by SQL, without
pictures, so that what is measured is the annotations' way.
"""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import quote

import msgspec
import psutil

from bench import coco_set, peers, shelf
from bench.project import Project
from bench.table import Table, timed, written

_FILES: LiteralString = (
    "insert into file (project, key, hash, bytes, media, mime, width, height, state, created_seq)"
    " select f.project, lpad((n * 5 + 9)::text, 12, '0') || '.jpg', f.hash, f.bytes, f.media, f.mime, %(width)s,"
    " %(height)s, f.state, f.created_seq from file f, generate_series(0, %(count)s - 1) n where f.id = %(file)s"
)
_FORMATS = (("yolo", "zip", "< 8"), ("voc", "zip", "< 8"))
_EACH_FILE = (
    "each file's text is made of numbers that the database spelled, squeezed, hashed and listed: 60 us of a core for a"
    " file, two fifths of them for the archive, and 25 of the database's; all cores are at it"
)
_CHECKED_EACH = (
    "each annotation takes some 26 us of a core to be found, decoded and checked, a quarter for the scan and two fifths"
    " for its 47 numbers, and 19 us of the database's for 1 KB of its log and four entries in indexes, two of them for"
    " counts; all cores are at it"
)
_SPELLED = (
    "of each polygon Python checks the mark, and puts what its set said of it beside its corners, 500 at once: 5 us,"
    " with what is done for each file, and 2.5 us of the database's; all cores are at it, but for the first second"
)
_LISTED_FIRST = (
    "a job starts, and a thousand files are listed and the first three hundred made, before a megabyte is there"
)


@dataclass(frozen=True)
class Scale:
    """How much of the set is used."""

    images: int = coco_set.IMAGES
    annotations: int = coco_set.ANNOTATIONS

    @property
    def name(self) -> str:
        return f"{self.images:,} files, {self.annotations:,} polygons"


def run(project: Project, folder: Path, table: Table, scale: Scale) -> None:
    """Fill `project.source` and write it again. Prints a row for each figure."""
    _shelve(project, folder, scale)
    source = folder / "set" / "instances.json"
    source.parent.mkdir()
    coco_set.write(source, scale.images, scale.annotations)
    megabytes = source.stat().st_size / 1e6
    decode, encode, write = _limits(source, folder)
    limits = f"of {megabytes:.0f} MB: decode {decode:.1f} s, encode {encode:.1f} s, write {write:.1f} s"
    _import(project, source, table, f"{scale.name}; {limits}")
    out = folder / "out"
    to = {"folder": str(out), "path": "first"}
    first = exported(project, out, {"format": "coco", "pack": "folder", "media": "none", "to": to})
    project.running.await_rest()
    limits += f"; right after the import, whose rows nobody has read yet, {first:.1f} s"
    _export(project, out, "coco", "folder", "< 4", table, limits)
    _compare(source, out / "coco", table)
    for format, pack, wanted in _FORMATS:
        _export(project, out, format, pack, wanted, table, "without media")
    _download(project, table)
    peers.run(source, folder, table)


def _shelve(project: Project, folder: Path, scale: Scale) -> None:
    with shelf.opened(project, folder) as conn:
        size = {"width": coco_set.WIDTH, "height": coco_set.HEIGHT}
        given = {"count": scale.images, "file": shelf.newest(conn), **size}
        for statement in (_FILES, shelf.ENTRIES, shelf.META, shelf.READY):
            conn.execute(statement, given)
        conn.execute("vacuum analyze file, entry, file_meta, event")


class _Raws(msgspec.Struct):
    images: list[msgspec.Raw]
    annotations: list[msgspec.Raw]


class _Whole(msgspec.Struct):
    images: list[dict[str, Any]]
    annotations: list[dict[str, Any]]


def _limits(source: Path, folder: Path) -> tuple[float, float, float]:
    """Seconds that this machine takes to decode, encode and durably write the set's bytes, with nothing else."""
    content = source.read_bytes()
    decode, raws = timed(lambda: msgspec.json.decode(content, type=_Raws))
    encode, _ = timed(lambda: msgspec.json.encode(raws))
    return decode / 1000, encode / 1000, written(content, folder) / 1000


def _import(project: Project, source: Path, table: Table, more: str) -> None:
    body = {"dataset": project.source, "source": {"kind": "path", "path": str(source)}, "format": "coco"}
    with _watched(project, "worker") as peak:
        began = time.perf_counter()
        run = project.line.post(f"{project.path}/imports", msgspec.json.encode(body))["id"]
        state = project.await_import(run)
        label = project.line.get(f"{project.path}/schema")["labels"][1]["name"]
        asked = quote(f'labels."{label}" > 0')
        project.line.get(f"{project.path}/datasets/{project.source}/files/count?q={asked}")
        took = time.perf_counter() - began
    table.add("COCO import to queryable", took, "s", "< 12", more, _CHECKED_EACH)
    table.add(
        "COCO import, peak of the worker",
        max(map(sum, peak)),
        "MB",
        "< 700",
        "with its helpers; shared pages count in each",
    )
    counts = state["counts"]
    rate = counts["annotations_added"] / took / 1000
    table.add("COCO import, annotations", rate, "k/s", "", f"onto {counts['same']:,} files")


def _export(project: Project, out: Path, format: str, pack: str, wanted: str, table: Table, more: str) -> None:
    to = {"folder": str(out), "path": format}
    with _watched(project, "worker") as peak:
        took = exported(project, out, {"format": format, "pack": pack, "media": "none", "to": to})
    why = _SPELLED if format == "coco" else _EACH_FILE
    table.add(f"{format.upper()} export", took, "s", wanted, f"as a {pack}; {more}", why)
    if format == "coco":
        table.add("COCO export, peak of the worker", max(map(max, peak)), "MB", "< 300")


def _download(project: Project, table: Table) -> None:
    """Ask for an export, and follow it."""
    body = {"dataset": project.source, "format": "coco", "pack": "zip", "media": "none"}
    began = time.perf_counter()
    made = project.line.post(f"{project.path}/exports", msgspec.json.encode(body))["id"]
    pieces = project.line.pieces(f"{project.path}/exports/{made}/download?follow=true")
    size, first = len(next(pieces)), time.perf_counter() - began
    size += sum(map(len, pieces))
    more = f"from asking for it; all {size / 1e6:.0f} MB as a zip in {time.perf_counter() - began:.1f} s"
    table.add("COCO export, first byte of the download", first, "s", "< 0.3", more, _LISTED_FIRST)


def exported(project: Project, out: Path, asked: dict[str, Any]) -> float:
    """Make an export of `project.source` below a folder; the seconds until it is ready."""
    out.mkdir(exist_ok=True)
    began = time.perf_counter()
    body = msgspec.json.encode({"dataset": project.source, **asked})
    made = project.line.post(f"{project.path}/exports", body)["id"]
    while (found := project.line.get(f"{project.path}/exports/{made}"))["state"] in ("queued", "running"):
        time.sleep(0.05)
    if found["state"] != "ready":
        raise RuntimeError(f"the export went wrong: {found}")
    return time.perf_counter() - began


def _compare(source: Path, written: Path, table: Table) -> None:
    """Object by object, by ids and file names."""
    [found] = [file for file in written.rglob("*.json") if "manifest" not in file.name]
    sides = [_by_ids(msgspec.json.decode(file.read_bytes(), type=_Whole)) for file in (source, found)]
    differing = sum(1 for id, one in sides[0].items() if sides[1].get(id) != one) + len(
        sides[1].keys() - sides[0].keys()
    )
    table.add("COCO -> Penstock -> COCO, objects that differ", differing, "", "< 1", f"of {len(sides[0]):,}")


def _by_ids(whole: _Whole) -> dict[tuple[str, Any], dict[str, Any]]:
    images = {image["id"]: image["file_name"].rpartition("/")[2] for image in whole.images}
    found: dict[tuple[str, Any], dict[str, Any]] = {
        ("image", images[image["id"]]): {**image, "id": 0, "file_name": ""}
        for image in whole.images
        if "date_captured" in image
    }
    for annotation in whole.annotations:
        found["annotation", annotation["id"]] = {**annotation, "image_id": images[annotation["image_id"]]}
    return found


@contextmanager
def _watched(project: Project, name: str) -> Generator[list[list[float]]]:
    """The memory in MB of one of the installation's processes and of its children, looked at ten times a second."""
    seen = [[0.0]]
    over = threading.Event()
    first = project.running.processes()[name][0]

    def watch() -> None:
        family, looks = [first], 0
        while not over.wait(0.1):
            if not looks % 10 and first.is_running():
                family = [first, *first.children(recursive=True)]
            looks += 1
            seen.append([*map(_megabytes, family)])

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _megabytes(process: psutil.Process) -> float:
    try:
        return process.memory_info().rss / 1e6
    except psutil.NoSuchProcess:
        return 0.0
