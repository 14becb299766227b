"""What a grown dataset answers: queries, facets, pages, versions, forks and differences, over HTTP, by its median."""

import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import msgspec

from bench.project import Project
from bench.table import Table, timed

TURNS = 9
CHANGES = 10_000
_BATCH = 20
_TRIPS = "6 to 9 round trips, at each of which somebody else may have the core"
_COMPARED = "20,000 rows are read, joined by what they are of and compared, at 2 us of the database's each"


def run(project: Project, table: Table, files: int) -> None:
    """`project.source` holds the set of `volume`."""
    line, path = project.line, project.path
    dataset = f"{path}/datasets/{project.source}"
    labels = line.get(f"{path}/schema")["labels"]
    name = labels[4]["name"]
    put_out(project, 2_000)
    project.running.await_rest()
    query = f'labels."{name}" >= 1 and meta.weather = "rain" and not in "out"'
    asked = f"q={quote(query)}"
    count = line.get(f"{dataset}/files/count?{asked}")["files"]

    def add(what: str, call: Callable[[int], Any], wanted: str, more: str = "", why: str = "") -> None:
        taken = [timed(lambda n=n: call(n))[0] for n in range(TURNS)]
        said = f"{more}{', ' if more else ''}up to {max(taken):.0f}"
        table.add(what, statistics.median(taken), "ms", wanted, said, why)

    add("count of a query", lambda _: line.get(f"{dataset}/files/count?{asked}"), "< 50", f"{query}: {count:,} files")
    few = f'labels."{name}" >= 3 and meta.weather = "rain" and not in "out"'
    asked_few = f"{dataset}/files/count?q={quote(few)}"
    found = line.get(asked_few)["files"]
    add("count of a query, by how many of a label", lambda _: line.get(asked_few), "< 50", f"{found:,} files")
    add("page of a query", lambda _: line.get(f"{dataset}/files?limit=50&{asked}"), "< 30")
    after = line.get(f"{dataset}/files/milestones")["cursors"][-1]
    add("page near the end of all files", lambda _: line.get(f"{dataset}/files?limit=50&after={after}"), "< 30")
    add("facets of a query", lambda _: line.get(f"{dataset}/facets?{asked}"), "< 150")
    add("facets of all files", lambda _: line.get(f"{dataset}/facets"), "< 150", f"{files:,} files")
    file = line.get(f"{dataset}/files?limit=1")["items"][0]["file"]
    add("annotations of one file", lambda _: line.get(f"{path}/files/{file}/annotations"), "< 3")

    def named(text: str) -> Callable[[int], Any]:
        return lambda n: line.post(f"{dataset}/versions", msgspec.json.encode({"name": f"{text} {n}"}))

    add("a call that does nothing", lambda _: line.get("/api/v1/health"), "", "what HTTP itself costs just now")
    add("name a version, idle", named("idle"), "< 10", why=_TRIPS)
    with _Writers(project):
        add("name a version, beside 8 writers", named("busy"), "< 60", why=_TRIPS)
    version = line.post(f"{dataset}/versions", b'{"name": "before"}')["id"]
    body = {"source": f"version:{version}"}
    add(
        "fork",
        lambda n: line.post(f"{path}/forks", msgspec.json.encode({**body, "name": f"fork {n}"})),
        "< 10",
        "",
        _TRIPS,
    )
    _change(project, CHANGES)
    project.running.await_rest()
    compared = f"{path}/diff?a=version:{version}&b=dataset:{project.source}"
    told = line.get(compared)
    more = f"{told['annotations']['changed']:,} changed"
    add(f"difference of {CHANGES:,} changes, counted", lambda _: line.get(compared), "< 50", more, _COMPARED)
    listed = f"{path}/diff/annotations?a=version:{version}&b=dataset:{project.source}&limit=50"
    add("difference, a page of it", lambda _: line.get(listed), "< 50", "", _COMPARED)
    label = labels[5]

    def rename(n: int) -> Any:
        edits = [{"do": "change_label", "id": label["id"], "name": f"renamed {n}"}]
        return line.patch(f"{path}/schema", msgspec.json.encode(edits))

    add("rename a label of all files", rename, "", "one row, whatever the number of annotations")


def put_out(project: Project, count: int) -> None:
    """Let some files enter the dataset "out" too."""
    body = msgspec.json.encode({"files": _some(project, count)})
    project.line.post(f"{project.path}/datasets/{project.target}/files", body)


def _some(project: Project, count: int) -> list[int]:
    found: list[int] = []
    page: dict[str, Any] = {"next": None}
    while len(found) < count:
        after = f"&after={page['next']}" if page["next"] else ""
        page = project.line.get(f"{project.path}/datasets/{project.source}/files?limit=500{after}")
        found += [item["file"] for item in page["items"]]
        if page["next"] is None:
            break
    return found[:count]


def _change(project: Project, changes: int) -> None:
    """Move so many annotations by a pixel or less, as a person's edits."""
    left = changes
    for file in _some(project, changes):
        line, path = project.line, f"{project.path}/files/{file}/annotations"
        found = line.get(path)[:left]
        if found:
            edits = [{"do": "update", "id": one["id"], "confidence": 0.5} for one in found]
            line.post(path, msgspec.json.encode(edits))
            left -= len(found)
        if left <= 0:
            return


class _Writers:
    """Eight clients that edit annotations until the block is left."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._over = False
        self._pool = ThreadPoolExecutor(8)

    def __enter__(self) -> None:
        files = _some(self._project, 400)
        for n in range(8):
            self._pool.submit(self._write, files[n::8])

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._pool.shutdown()

    def _write(self, files: list[int]) -> None:
        line = self._project.running.line()
        turn = 0
        while not self._over:
            turn += 1
            path = f"{self._project.path}/files/{files[turn % len(files)]}/annotations"
            found = line.get(path)[:_BATCH]
            if found:
                edits = [{"do": "update", "id": one["id"], "confidence": turn % 100 / 100} for one in found]
                line.post(path, msgspec.json.encode(edits))
