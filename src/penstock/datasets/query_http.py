"""HTTP of queries: counting what they find, completing them while they are written, and keeping them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from penstock.datasets import asking, completing, counting, facets, milestones, picking, saved
from penstock.datasets.facet_model import Facets
from penstock.datasets.query.parse import LONGEST
from penstock.datasets.query_model import (
    Completions,
    Found,
    FoundToAdd,
    FoundToRemove,
    Milestones,
    NewSavedQuery,
    Picked,
    SavedQuery,
    SavedQueryChange,
)
from penstock.lazy_route import LazyRoute
from penstock.people.http import Caller, may

router = APIRouter(prefix="/projects/{project}", tags=["queries"], route_class=LazyRoute)

Viewer = Annotated[Caller, Depends(may("viewer"))]
Editor = Annotated[Caller, Depends(may("editor"))]
Asked = Annotated[str | None, Query(max_length=LONGEST)]


@router.get("/queries/count", response_model=Found)
def count_files(who: Viewer, q: Asked = None) -> Found:
    """How many files of the project a query finds."""
    return who.read(lambda tx: Found(files=counting.count(tx, asking.of_project(tx), q)))


@router.get("/datasets/{dataset}/files/count", response_model=Found)
def count_dataset_files(dataset: int, who: Viewer, q: Asked = None, as_of: int | None = None) -> Found:
    """How many files of a dataset a query finds, now or as of a revision."""
    return who.read(lambda tx: Found(files=counting.count(tx, asking.of_dataset(tx, dataset, as_of), q)))


@router.get("/versions/{version}/files/count", response_model=Found)
def count_version_files(version: int, who: Viewer, q: Asked = None) -> Found:
    """How many files of a version a query finds."""
    return who.read(lambda tx: Found(files=counting.count(tx, asking.of_version(tx, version), q)))


@router.get("/datasets/{dataset}/files/milestones", response_model=Milestones)
def list_dataset_milestones(
    dataset: int,
    who: Viewer,
    q: Asked = None,
    as_of: int | None = None,
    state: Literal["processing", "ready", "failed"] | None = None,
) -> Milestones:
    """Cursors all along the files of a dataset, by which a page anywhere among them is fetched at once."""
    return who.read(lambda tx: milestones.find(tx, asking.of_dataset(tx, dataset, as_of), q, state))


@router.get("/versions/{version}/files/milestones", response_model=Milestones)
def list_version_milestones(version: int, who: Viewer, q: Asked = None) -> Milestones:
    """Cursors all along the files of a version, by which a page anywhere among them is fetched at once."""
    return who.read(lambda tx: milestones.find(tx, asking.of_version(tx, version), q))


@router.post("/datasets/{dataset}/files/add-found", response_model=Picked)
def add_found_files(dataset: int, body: FoundToAdd, who: Editor) -> Picked:
    """Add what a query finds in another dataset, or a version of it: the next 5,000 files; call again with `next`.

    Writes `dataset.file_added` for each that was new.
    """
    return who.do(lambda tx: picking.add_found(tx, dataset, body))


@router.post("/datasets/{dataset}/files/remove-found", response_model=Picked)
def remove_found_files(dataset: int, body: FoundToRemove, who: Editor) -> Picked:
    """Take out what a query finds in a dataset: the next 5,000 files; call again with `next`.

    Writes `dataset.file_removed` for each.
    """
    return who.do(lambda tx: picking.remove_found(tx, dataset, body))


@router.get("/queries/facets", response_model=Facets)
def count_facets(who: Viewer, q: Asked = None) -> Facets:
    """What there is among the files of the project that a query finds, counted."""
    return who.read(lambda tx: facets.count(tx, asking.of_project(tx), q))


@router.get("/datasets/{dataset}/facets", response_model=Facets)
def count_dataset_facets(dataset: int, who: Viewer, q: Asked = None, as_of: int | None = None) -> Facets:
    """What there is among the files of a dataset that a query finds, counted: now, or as of a revision."""
    return who.read(lambda tx: facets.count(tx, asking.of_dataset(tx, dataset, as_of), q))


@router.get("/versions/{version}/facets", response_model=Facets)
def count_version_facets(version: int, who: Viewer, q: Asked = None) -> Facets:
    """What there is among the files of a version that a query finds, counted."""
    return who.read(lambda tx: facets.count(tx, asking.of_version(tx, version), q))


@router.get("/queries/complete", response_model=Completions)
def complete_query(
    who: Viewer,
    q: Annotated[str, Query(max_length=LONGEST)] = "",
    at: Annotated[int | None, Query(ge=0)] = None,
    context: Literal["file", "task", "event"] = "file",
    dataset: int | None = None,
) -> Completions:
    """Ways to go on with a query at a place in it (its end unless given), and what is wrong with it as it stands."""
    return who.read(lambda tx: completing.complete(tx, q, len(q) if at is None else at, context, dataset))


@router.get("/queries", response_model=list[SavedQuery])
def list_queries(who: Viewer) -> list[SavedQuery]:
    """The saved queries by name, each with whether it can still be asked."""
    return who.read(saved.list_)


@router.post("/queries", response_model=SavedQuery, status_code=201)
def save_query(body: NewSavedQuery, who: Editor) -> SavedQuery:
    """Keep a query under a name. Writes `query.saved`."""
    return who.do(lambda tx: saved.save(tx, body))


@router.get("/queries/{query}", response_model=SavedQuery)
def get_query(query: int, who: Viewer) -> SavedQuery:
    """One saved query."""
    return who.read(lambda tx: saved.get(tx, query))


@router.patch("/queries/{query}", response_model=SavedQuery)
def change_query(query: int, body: SavedQueryChange, who: Editor) -> SavedQuery:
    """Give a saved query another name or text. Writes `query.changed`."""
    return who.do(lambda tx: saved.change(tx, query, body, who.if_match))


@router.delete("/queries/{query}", status_code=204)
def remove_query(query: int, who: Editor) -> None:
    """Forget a saved query. Writes `query.removed`."""
    who.do(lambda tx: saved.remove(tx, query))
