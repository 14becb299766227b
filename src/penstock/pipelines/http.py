"""HTTP of the pipeline: plan, apply, show, and the tree with its counts."""

from typing import Annotated

from fastapi import APIRouter, Depends

from penstock.people.http import Caller, may
from penstock.pipelines import status, verbs
from penstock.pipelines.model import PipelineShown, PipelineText, Plan

router = APIRouter(prefix="/projects/{project}/pipeline", tags=["pipeline"])

Viewer = Annotated[Caller, Depends(may("viewer"))]
Editor = Annotated[Caller, Depends(may("editor"))]


@router.get("")
def show_pipeline(who: Viewer) -> PipelineShown:
    """The project's pipeline as a file. Applying it changes nothing."""
    return who.read(lambda tx: PipelineShown(yaml=verbs.show(tx)))


@router.post("/plan")
def plan_pipeline(body: PipelineText, who: Editor) -> Plan:
    """What applying a pipeline file would change. Nothing is written."""
    return verbs.plan(who.store, who.project, who.person, body)


@router.post("/apply")
def apply_pipeline(body: PipelineText, who: Editor) -> Plan:
    """Make the project what a pipeline file says, all or nothing. Nothing is removed without `prune`."""
    return who.do(lambda tx: verbs.apply(tx, who.store, body, who.standing.connections))


@router.get("/status")
def get_status(who: Viewer) -> status.Status:
    """The pipeline as a tree: every dataset, template and action with its counts."""
    return who.read(status.status)
