"""HTTP of datasets: their files, versions and queries."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from penstock.core import NotFound, Page
from penstock.core.ids import FileId
from penstock.datasets import asking, facts, pages, query, tables, verbs, versions
from penstock.datasets.model import (
    MOST_SKIPPED,
    Changed,
    Dataset,
    DatasetChange,
    Entry,
    FilesToAdd,
    FilesToMove,
    FilesToRemove,
    NewDataset,
    NewVersion,
    QueryRead,
    QueryText,
    Version,
)
from penstock.lazy_route import LazyRoute
from penstock.people.http import Caller, may
from penstock.store import Transaction, horizon

router = APIRouter(prefix="/projects/{project}", tags=["datasets"], route_class=LazyRoute)

Viewer = Annotated[Caller, Depends(may("viewer"))]
Editor = Annotated[Caller, Depends(may("editor"))]
Limit = Annotated[int, Query(ge=1, le=1000)]
Skip = Annotated[int, Query(ge=0, le=MOST_SKIPPED)]
"""Files left out before the page begins: from a milestone on, to enter a long list anywhere."""


@router.get("/datasets", response_model=Page[Dataset])
def list_datasets(
    who: Viewer, name: str | None = None, after: str | None = None, archived: bool = False, limit: Limit = 100
) -> Page[Dataset]:
    """The datasets of the project, with how many files each holds; with `name`, the live one of that name."""
    if name is not None:
        return who.read(lambda tx: Page(items=verbs.counted(tx, [d for d in [verbs.named(tx, name)] if d])))
    return who.read(lambda tx: verbs.list_(tx, after, archived, limit))


@router.post("/datasets", response_model=Dataset, status_code=201)
def create_dataset(body: NewDataset, who: Editor) -> Dataset:
    """Create a dataset. Writes `dataset.created`."""
    return who.do(lambda tx: _counted(tx, verbs.create(tx, body.name, body.branch)))


@router.get("/datasets/{dataset}", response_model=Dataset)
def get_dataset(dataset: int, who: Viewer) -> Dataset:
    """One dataset, with how many files it holds."""
    return who.read(lambda tx: _counted(tx, verbs.get(tx, dataset)))


@router.patch("/datasets/{dataset}", response_model=Dataset)
def change_dataset(dataset: int, body: DatasetChange, who: Editor) -> Dataset:
    """Give a dataset another name. Writes `dataset.renamed`."""
    return who.do(lambda tx: _counted(tx, verbs.rename(tx, dataset, body.name, who.if_match)))


@router.post("/datasets/{dataset}/archive", response_model=Dataset)
def archive_dataset(dataset: int, who: Editor) -> Dataset:
    """Take a dataset out of use; what it held stays readable. Writes `dataset.archived`."""
    return who.do(lambda tx: _counted(tx, verbs.archive(tx, dataset)))


@router.get("/datasets/{dataset}/files", response_model=Page[Entry])
def list_files(
    dataset: int,
    who: Viewer,
    after: str | None = None,
    as_of: int | None = None,
    state: Literal["processing", "ready", "failed"] | None = None,
    q: str | None = None,
    skip: Skip = 0,
    limit: Limit = 100,
) -> Page[Entry]:
    """The files of a dataset by their keys, now or as of a revision; with `q`, those that a query finds.

    `skip` leaves out the next so many: with a milestone's cursor, a long list can be entered anywhere.
    """

    def read(tx: Transaction) -> Page[Entry]:
        scope = asking.of_dataset(tx, dataset, as_of)
        if q is not None:
            return pages.page(tx, scope, q, after, limit, state, skip)
        return verbs.entries(tx, dataset, after, tables.HEAD if as_of is None else as_of, state, limit, skip)

    return who.read(read)


@router.post("/datasets/{dataset}/files", response_model=Changed)
def add_files(dataset: int, body: FilesToAdd, who: Editor) -> Changed:
    """Add files; the answer lists those that were new in it. Writes `dataset.file_added` for each."""
    cause = {"kind": "person", "person": who.person} | ({} if body.source is None else {"dataset": body.source})

    def add(tx: Transaction) -> Changed:
        by_key = tables.files_by_key(tx, body.keys)
        for key in body.keys:
            if key not in by_key:
                raise NotFound(what="file", name=key)
        return _changed(verbs.add(tx, dataset, [*body.files, *(by_key[key] for key in body.keys)], cause))

    return who.do(add)


@router.post("/datasets/{dataset}/files/remove", response_model=Changed)
def remove_files(dataset: int, body: FilesToRemove, who: Editor) -> Changed:
    """Take files out; the answer lists those that were in it. Writes `dataset.file_removed` for each."""
    cause = {"kind": "person", "person": who.person}
    return who.do(lambda tx: _changed(verbs.remove(tx, dataset, body.files, cause)))


@router.post("/datasets/{dataset}/files/move", response_model=Changed)
def move_files(dataset: int, body: FilesToMove, who: Editor) -> Changed:
    """Move files to another dataset on the same branch. Writes `dataset.file_added` and `dataset.file_removed`."""
    cause = {"kind": "person", "person": who.person}
    return who.do(lambda tx: _changed(verbs.move(tx, dataset, body.to, body.files, cause)))


@router.get("/datasets/{dataset}/versions", response_model=Page[Version])
def list_dataset_versions(
    dataset: int, who: Viewer, name: str | None = None, after: str | None = None, limit: Limit = 100
) -> Page[Version]:
    """The versions of a dataset in the order they were named; with `name`, the one of that name."""

    def read(tx: Transaction) -> Page[Version]:
        verbs.get(tx, dataset)
        if name is not None:
            return Page(items=[v for v in [versions.named(tx, dataset, name)] if v])
        return versions.list_(tx, dataset, after, limit)

    return who.read(read)


@router.post("/datasets/{dataset}/versions", response_model=Version, status_code=201)
def name_version(dataset: int, body: NewVersion, who: Editor) -> Version:
    """Pin the dataset under a name, as it is now or was at a revision. Writes `version.named`."""
    seq = versions.settled(who.store.db, who.project) if body.seq is None else body.seq
    return who.do(lambda tx: versions.pin(tx, dataset, body.name, body.note, seq, is_settled=body.seq is None))


@router.get("/versions", response_model=Page[Version])
def list_versions(who: Viewer, after: str | None = None, limit: Limit = 100) -> Page[Version]:
    """All versions of the project."""
    return who.read(lambda tx: versions.list_(tx, None, after, limit))


@router.get("/versions/{version}", response_model=Version)
def get_version(version: int, who: Viewer) -> Version:
    """One version."""
    return who.read(lambda tx: versions.get(tx, version))


@router.get("/versions/{version}/files", response_model=Page[Entry])
def list_version_files(
    version: int,
    who: Viewer,
    after: str | None = None,
    q: str | None = None,
    skip: Skip = 0,
    limit: Limit = 100,
) -> Page[Entry]:
    """The files of a version in the order of their keys: the same for ever. With `q`, those that a query finds."""
    if q is not None:
        return who.read(lambda tx: pages.page(tx, asking.of_version(tx, version), q, after, limit, skip=skip))
    return who.read(lambda tx: versions.entries(tx, version, after, limit, skip))


@router.patch("/versions/{version}", status_code=409)
@router.put("/versions/{version}", status_code=409)
@router.delete("/versions/{version}", status_code=409)
def change_version(version: int, who: Editor) -> None:
    """A version can't change: always refused, with the reason."""
    who.do(lambda tx: versions.refuse_change(tx, version))


@router.get("/revision", response_model=int)
def get_revision(who: Viewer) -> int:
    """The newest revision of the project that can be read as a whole."""
    return who.read(horizon)


@router.post("/queries/read", response_model=QueryRead)
def read_query(body: QueryText, who: Viewer) -> QueryRead:
    """Look at a query without asking it: refused with the place of the first mistake, else written plainly."""
    expression = query.parse(body.query)
    query.check(expression, body.context, who.read(lambda tx: facts.names(tx, body.dataset)))
    return QueryRead(query=str(expression), needs=sorted(query.needs(expression)))


def _counted(tx: Transaction, dataset: Dataset) -> Dataset:
    return verbs.counted(tx, [dataset])[0]


def _changed(files: list[int]) -> Changed:
    return Changed(files=[FileId(file) for file in files])
