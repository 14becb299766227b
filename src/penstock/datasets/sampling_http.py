"""HTTP of samples and splits."""

from typing import Annotated

from fastapi import APIRouter, Depends

from penstock.datasets import sampling
from penstock.datasets.sampling_model import Parted, Sample, Sampled, Split
from penstock.lazy_route import LazyRoute
from penstock.people.http import Caller, may

router = APIRouter(prefix="/projects/{project}", tags=["datasets"], route_class=LazyRoute)

Editor = Annotated[Caller, Depends(may("editor"))]


@router.post("/datasets/{dataset}/sample", response_model=Sampled)
def draw_sample(dataset: int, body: Sample, who: Editor, preview: bool = False) -> Sampled:
    """Draw files of another dataset into this one; with `preview`, only say what would be drawn.

    Writes `dataset.file_added` for each that was new.
    """
    return who.do(lambda tx: sampling.sample(tx, dataset, body, preview))


@router.post("/splits", response_model=Parted)
def split_dataset(body: Split, who: Editor) -> Parted:
    """Part a dataset's files, as into training, validation and test. Writes `dataset.file_added` for each."""
    return who.do(lambda tx: sampling.split(tx, body))
