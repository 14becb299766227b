"""HTTP of what one does with the history of datasets: forks, what differs, merging, restoring, streaming."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from penstock.annotations.model import encode
from penstock.core import Page
from penstock.core.ids import DatasetId
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.datasets import delta, diff, forks, merging, restoring, states, streaming, verbs, versions
from penstock.datasets.model import (
    Compared,
    Dataset,
    Diff,
    EntryChange,
    Merge,
    MergeInto,
    MergePreview,
    NewFork,
    Restored,
    Rule,
)
from penstock.lazy_route import LazyRoute
from penstock.people.http import Caller, may

router = APIRouter(prefix="/projects/{project}", tags=["datasets"], route_class=LazyRoute)

Viewer = Annotated[Caller, Depends(may("viewer"))]
Editor = Annotated[Caller, Depends(may("editor"))]
Limit = Annotated[int, Query(ge=1, le=1000)]
_JSON: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {"schema": {}}}}}
_LINES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}}


@router.post("/forks", response_model=Dataset, status_code=201)
def fork_dataset(body: NewFork, who: Editor) -> Dataset:
    """Make a dataset that begins as a version or another dataset, on a branch of its own. Writes `dataset.forked`."""
    versions.settled(who.store.db, who.project)
    return who.do(lambda tx: forks.make(tx, states.read(tx, body.source), body.name))


@router.post("/datasets/{dataset}/unarchive", response_model=Dataset)
def unarchive_dataset(dataset: int, who: Editor) -> Dataset:
    """Take an archived dataset into use again. Writes `dataset.unarchived`."""
    return who.do(lambda tx: verbs.counted(tx, [verbs.unarchive(tx, dataset)])[0])


@router.get("/diff")
def get_diff(who: Viewer, a: str, b: str) -> Diff:
    """How much differs between two states, `version:7`, `dataset:3` or `dataset:3@1200`, on the way from a to b."""
    return who.read(lambda tx: diff.count(tx, states.read(tx, a), states.read(tx, b)))


@router.post("/diff")
def tell_diff(body: Compared, who: Editor) -> Diff:
    """Compare two states for actions and receivers to know; the files that differ may enter a dataset.

    Writes `dataset.compared`, and `dataset.file_added` for each file that entered.
    """
    return who.do(lambda tx: diff.tell(tx, states.read(tx, body.a), states.read(tx, body.b), body.into))


@router.get("/diff/files")
def list_changed_files(who: Viewer, a: str, b: str, after: str | None = None, limit: Limit = 100) -> Page[EntryChange]:
    """The files that entered, left, or whose metadata differ. For pages, write both states with their revisions."""
    begin: int = decode_cursor(after, int)[0] if after else 0
    found = who.read(lambda tx: diff.entries(tx, states.read(tx, a), states.read(tx, b), begin, limit + 1))
    more = len(found) > limit
    return Page(items=found[:limit], next=encode_cursor(found[limit - 1].file) if more else None)


@router.get("/diff/annotations", responses=_JSON)
def list_changed_annotations(who: Viewer, a: str, b: str, after: str | None = None, limit: Limit = 100) -> Response:
    """The annotations that differ, as they are on both sides, in order of file and id."""
    page = who.read(lambda tx: diff.annotations(tx, states.read(tx, a), states.read(tx, b), after, limit))
    return Response(encode({"items": page.items, "next": page.next}), media_type="application/json")


@router.get("/diff/delta", response_class=StreamingResponse, responses=_LINES)
def get_delta(who: Viewer, a: str, b: str) -> Response:
    """Everything that differs, one JSON object a line: what brings a copy of a kept elsewhere to b."""
    one, other = who.read(lambda tx: (states.read(tx, a), states.read(tx, b)))
    return StreamingResponse(delta.lines(who.store.db, who.project, one, other), media_type="application/x-ndjson")


@router.get("/datasets/{dataset}/merge")
def preview_merge(who: Viewer, dataset: int, into: DatasetId | None = None, rule: Rule = "ours") -> MergePreview:
    """What merging a fork into the dataset it came from, or into another, would do now."""
    return who.read(lambda tx: merging.preview(tx, dataset, MergeInto(into=into, rule=rule)))


@router.get("/datasets/{dataset}/merge/conflicts", responses=_JSON)
def preview_merge_conflicts(who: Viewer, dataset: int, into: DatasetId | None = None, limit: Limit = 100) -> Response:
    """The first conflicts that merging would meet now: base, theirs (the target's) and ours (the fork's) of each."""
    found = who.read(lambda tx: merging.preview_conflicts(tx, dataset, MergeInto(into=into), limit))
    return Response(encode(found), media_type="application/json")


@router.post("/datasets/{dataset}/merge", status_code=201)
def merge_fork(who: Editor, dataset: int, body: MergeInto) -> Merge:
    """Do to the dataset a fork came from, or to another, what the fork changed since it was merged last: all or none.

    Writes `dataset.merged`, and `dataset.file_added` and `dataset.file_removed` for files.
    """
    seq = versions.settled(who.store.db, who.project)
    return who.do(lambda tx: merging.perform(tx, dataset, body, seq))


@router.get("/merges/{merge}")
def get_merge(who: Viewer, merge: int) -> Merge:
    """One merge."""
    return who.read(lambda tx: merging.get(tx, merge))


@router.get("/merges/{merge}/conflicts", responses=_JSON)
def list_merge_conflicts(who: Viewer, merge: int, after: str | None = None, limit: Limit = 100) -> Response:
    """What both sides had changed when a merge was done, in order of file and id."""
    page = who.read(lambda tx: merging.conflicts(tx, merge, after, limit))
    return Response(encode({"items": page.items, "next": page.next}), media_type="application/json")


@router.post("/versions/{version}/restore")
def restore_version(who: Editor, version: int) -> Restored:
    """Make a dataset again what a version of it shows, as new history: nothing is erased. Writes `dataset.restored`,
    and `dataset.file_added`, `dataset.file_removed` and `file.described` for files.
    """
    return who.do(lambda tx: restoring.restore(tx, version))


@router.get("/items", response_class=StreamingResponse, responses=_LINES)
def stream_items(
    who: Viewer,
    state: str,
    shard: Annotated[int, Query(ge=0)] = 0,
    shards: Annotated[int, Query(ge=1, le=100_000)] = 1,
    start: Annotated[int, Query(ge=0)] = 0,
    seed: int | None = None,
) -> Response:
    """The ready files of a state (`version:7`) with their annotations, one JSON object a line, for training.

    `shard` of `shards` splits them evenly, `start` leaves out so many of the shard, `seed` gives another order.
    """
    found = who.read(lambda tx: states.read(tx, state))
    told = streaming.lines(who.store.db, who.project, found, shard=shard, shards=shards, start=start, seed=seed)
    return StreamingResponse(told, media_type="application/x-ndjson", headers={"Penstock-State": found.written})
