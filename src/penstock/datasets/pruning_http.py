"""HTTP of pruning: what it would take away, doing it, and what was done."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from penstock.core import Page
from penstock.datasets import pruning
from penstock.datasets.pruning_model import NewPruning, Prunable, Pruning
from penstock.lazy_route import LazyRoute
from penstock.people.http import Caller, may

router = APIRouter(prefix="/projects/{project}", tags=["datasets"], route_class=LazyRoute)

Viewer = Annotated[Caller, Depends(may("viewer"))]
Admin = Annotated[Caller, Depends(may("admin"))]


@router.get("/prunings/preview")
def preview_pruning(who: Viewer, keep_days: Annotated[int, Query(ge=1, le=36_500)] = 30) -> Prunable:
    """How much old history nothing shows, and a pruning would take away now."""
    return who.read(lambda tx: pruning.preview(tx, keep_days))


@router.get("/prunings", response_model=Page[Pruning])
def list_prunings(
    who: Viewer, after: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Page[Pruning]:
    """Who took away what and when, the newest first."""
    return who.read(lambda tx: pruning.list_(tx, after, limit))


@router.post("/prunings", response_model=Pruning, status_code=201)
def prune(body: NewPruning, who: Admin) -> Pruning:
    """Delete old history that no version, fork, draft or merge shows, for good; a job does it. Look at the preview
    first. While one runs, that one is given. Writes `history.pruning_started`, and `history.pruned` when it is done.
    """
    return who.do(lambda tx: pruning.start(tx, body))


@router.get("/prunings/{pruning_id}", response_model=Pruning)
def get_pruning(pruning_id: int, who: Viewer) -> Pruning:
    """One pruning, and how far it is."""
    return who.read(lambda tx: pruning.get(tx, pruning_id))
