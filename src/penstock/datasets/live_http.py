"""HTTP of live datasets."""

from typing import Annotated

from fastapi import APIRouter, Depends

from penstock.datasets import live, verbs
from penstock.datasets.live_model import Live, LiveSettings, NewLiveDataset
from penstock.datasets.model import Dataset
from penstock.lazy_route import LazyRoute
from penstock.people.http import Caller, may

router = APIRouter(prefix="/projects/{project}", tags=["datasets"], route_class=LazyRoute)

Viewer = Annotated[Caller, Depends(may("viewer"))]
Editor = Annotated[Caller, Depends(may("editor"))]


@router.post("/live-datasets", response_model=Dataset, status_code=201)
def create_live_dataset(body: NewLiveDataset, who: Editor) -> Dataset:
    """Make a dataset that holds what a query finds, from now on. Writes `dataset.created` and `dataset.followed`."""
    settings = LiveSettings.model_validate(body.model_dump(exclude={"name"}))
    return who.do(lambda tx: verbs.counted(tx, [live.create(tx, body.name, settings)])[0])


@router.get("/datasets/{dataset}/live", response_model=Live)
def get_live_dataset(dataset: int, who: Viewer) -> Live:
    """What a live dataset follows, and why it stands still if it does."""
    return who.read(lambda tx: live.get(tx, dataset))


@router.put("/datasets/{dataset}/live", response_model=Dataset)
def change_live_dataset(dataset: int, body: LiveSettings, who: Editor) -> Dataset:
    """Let a live dataset hold something else. Writes `dataset.followed`."""
    return who.do(lambda tx: verbs.counted(tx, [live.change(tx, dataset, body, who.if_match)])[0])
