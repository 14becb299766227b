"""HTTP of the pipeline: plan, apply, show, and the tree with its counts."""

from typing import Annotated

from fastapi import APIRouter, Depends

from penstock.lazy_route import LazyRoute
from penstock.people.http import Caller, may, owner
from penstock.pipelines import status, status_model, verbs
from penstock.pipelines.model import PipelineShown, PipelineText, Plan

router = APIRouter(tags=["pipeline"], route_class=LazyRoute)
HERE = "/projects/{project}/pipeline"

Viewer = Annotated[Caller, Depends(may("viewer"))]
Editor = Annotated[Caller, Depends(may("editor"))]
Owner = Annotated[Caller, Depends(owner)]


@router.get(HERE)
def show_pipeline(who: Viewer) -> PipelineShown:
    """The project's pipeline as a file. Applying it changes nothing."""
    return who.read(lambda tx: PipelineShown(yaml=verbs.show(tx)))


@router.post(f"{HERE}/plan")
def plan_pipeline(body: PipelineText, who: Editor) -> Plan:
    """What applying a pipeline file would change. Nothing is written."""
    return verbs.plan(who.store, who.project, who.person, body)


@router.post("/pipeline/plan")
def plan_new_pipeline(body: PipelineText, who: Owner) -> Plan:
    """What applying a pipeline file would make of a project that is yet to be. Nothing is written."""
    return verbs.plan_new(who.store, who.person, body)


@router.post(f"{HERE}/apply")
def apply_pipeline(body: PipelineText, who: Editor) -> Plan:
    """Make the project what a pipeline file says, all or nothing. Nothing is removed without `prune`.

    With a `base` it is refused when somebody else changed the pipeline since.
    """
    rights = verbs.Rights(connections=who.standing.connections, people=who.standing.may("admin"))
    return who.do(lambda tx: verbs.apply(tx, who.store, body, rights))


@router.get(f"{HERE}/status")
def get_status(who: Viewer) -> status_model.Status:
    """The pipeline as a tree: every dataset, template and action with its counts."""
    return who.read(status.status)
