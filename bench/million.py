"""A million files with ten boxes each: pages anywhere, counts, facets, and an export beside the machine's limits."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import psycopg

from bench import asking, shelf
from bench.installation import embedded_server
from bench.project import Project
from bench.table import Table, timed, written
from bench.volume import exported

FILES, BOXES = 1_000_000, 10
_PAGE, _TURNS = 50, 9
_SAMPLE = 256 << 20  #: bytes of the export that the limits are measured with
_QUERIES = {
    "labels.thing >= 1": "by labels",
    'meta.weather = "rain"': "by metadata",
    "labels.thing >= 3": "by how many of a label",
    'labels.thing >= 3 and meta.weather = "rain"': "by both",
    'labels.thing >= 3 and meta.weather = "rain" and not in "out"': "by both, and not in another dataset",
    'meta.weather = "rain" and (labels.thing != 10 or source = "model")': "by any of them",
}
_RARELY = "2,000 files are picked out of the bits of a million, and each is looked up by itself"
_RARE = 'labels.thing >= 3 and in "out"'


def run(project: Project, folder: Path, table: Table, files: int) -> None:
    """Fill `project.source`, and ask."""
    shelf.fill(project, folder, files, BOXES)
    _ask(project, table, files)
    _export(project, folder / "out", table, f"{files:,} files, {files * BOXES:,} boxes")


def _ask(project: Project, table: Table, files: int) -> None:
    line, path = project.line, f"{project.path}/datasets/{project.source}"

    def add(what: str, call: Callable[[], Any], wanted: str, more: str = "", why: str = "") -> None:
        taken = [timed(call)[0] for _ in range(_TURNS)]
        said = f"{more}{', ' if more else ''}up to {max(taken):.0f}"
        table.add(what, statistics.median(taken), "ms", wanted, said, why)

    took, _ = timed(lambda: _await_census(project, path))
    table.add(
        "facets of all, asked for the first time", took / 1000, "s", "", "with the census that is made of them then"
    )
    miles = line.get(f"{path}/files/milestones")
    every, cursors = miles["every"], miles["cursors"]
    for name, at in (("first", 0), ("middle", miles["files"] // 2), ("last", miles["files"] - _PAGE)):
        passed, skip = divmod(at, every)
        after = f"&after={cursors[passed - 1]}" if passed else ""
        page = f"{path}/files?skip={skip}&limit={_PAGE}{after}"
        add(f"page of {files:,} files, {name}", lambda page=page: line.get(page), "< 50")
    asking.put_out(project, 2_000)
    project.running.await_rest()
    add("count of all", lambda: line.get(f"{path}/files/count"), "< 500")
    for query, name in _QUERIES.items():
        asked = f"{path}/files/count?q={quote(query)}"
        add(f"count {name}", lambda asked=asked: line.get(asked), "< 500", query)
    asked = quote(_RARE)
    add("page of a query", lambda: line.get(f"{path}/files?limit={_PAGE}&q={asked}"), "< 50", _RARE, _RARELY)
    add("facets of a query", lambda: line.get(f"{path}/facets?q={asked}"), "< 500", _RARE, _RARELY)
    add("milestones of all", lambda: line.get(f"{path}/files/milestones"), "< 500")
    add("facets of all", lambda: line.get(f"{path}/facets"), "< 500", "all of them, metadata too")


def _await_census(project: Project, path: str) -> None:
    """Ask for facets, and wait for the job that keeps what all files have: here no import has finished to start it."""
    project.line.get(f"{path}/facets")
    with embedded_server(project.running.home) as server, psycopg.connect(server.dsn, autocommit=True) as conn:
        while conn.execute("select count(*) from walk where dataset = %s", [project.source]).fetchone() == (0,):
            time.sleep(0.1)


def _export(project: Project, out: Path, table: Table, more: str) -> None:
    to = {"folder": str(out), "path": "coco"}
    before = project.running.cpu_seconds()
    took = exported(project, out, {"format": "coco", "pack": "folder", "media": "none", "to": to})
    used = {name: seconds - before[name] for name, seconds in project.running.cpu_seconds().items()}
    [made] = [path for path in (out / "coco").glob("*.json") if path.name != "manifest.json"]
    size = made.stat().st_size
    encode, write = _limits(made, out)
    lower = min(encode, write)
    rate = size / took / 1e6
    cores = f"{used['worker']:.0f} s of the worker's and {used['database']:.0f} s of the database's processor time"
    limits = f"{size / 1e6:.0f} MB in {took:.0f} s, {cores}; encode {encode:.0f} MB/s, write {write:.0f} MB/s"
    why = "a box takes 6 us of all cores to be read, spelled and hashed; to be encoded its 127 bytes take less than one"
    table.add("COCO export, of the machine's lower limit", rate / lower * 100, "%", ">= 60", f"{more}; {limits}", why)


def _limits(made: Path, folder: Path) -> tuple[float, float]:
    """MB a second that this machine encodes, and durably writes, of what was exported."""
    with made.open("rb") as file:
        file.seek(max(0, made.stat().st_size - _SAMPLE) // 2)
        sample = file.read(_SAMPLE)
    lines = sample[sample.index(b"\n") + 1 : sample.rindex(b"\n")].replace(b",\n", b"\n")
    things = [msgspec.json.decode(line) for line in lines.splitlines()[: 1 << 18] if line.startswith(b"{")]
    encode, text = timed(lambda: msgspec.json.encode(things))
    return len(text) / encode / 1000, len(sample) / written(sample, folder) / 1000
