"""HTTP of what one does with the history of datasets: forks."""

from typing import Annotated

from fastapi import APIRouter, Depends

from penstock.datasets import forks, states, verbs, versions
from penstock.datasets.model import Dataset, NewFork
from penstock.people.http import Caller, may

router = APIRouter(prefix="/projects/{project}", tags=["datasets"])

Viewer = Annotated[Caller, Depends(may("viewer"))]
Editor = Annotated[Caller, Depends(may("editor"))]


@router.post("/forks", response_model=Dataset, status_code=201)
def fork_dataset(body: NewFork, who: Editor) -> Dataset:
    """Make a dataset that begins as a version or another dataset, on a branch of its own. Writes `dataset.forked`."""
    versions.settled(who.store.db, who.project)
    return who.do(lambda tx: verbs.counted(tx, [forks.make(tx, states.read(tx, body.source), body.name)])[0])


@router.post("/datasets/{dataset}/unarchive", response_model=Dataset)
def unarchive_dataset(dataset: int, who: Editor) -> Dataset:
    """Take an archived dataset into use again. Writes `dataset.unarchived`."""
    return who.do(lambda tx: verbs.counted(tx, [verbs.unarchive(tx, dataset)])[0])
