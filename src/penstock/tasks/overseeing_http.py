"""Looking after a queue over HTTP: its tasks, and what is done about one of them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from penstock.core import Page
from penstock.lazy_route import LazyRoute
from penstock.people.caller import Caller, may
from penstock.tasks import overseeing
from penstock.tasks.model import QueuedTask, Status, Task, TaskChange

router = APIRouter(prefix="/projects/{project}", tags=["tasks"], route_class=LazyRoute)

Editor = Annotated[Caller, Depends(may("editor"))]
Viewer = Annotated[Caller, Depends(may("viewer"))]
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.get("/templates/{template}/queue")
def list_queue(
    who: Viewer,
    template: int,
    status: Status | None = None,
    person: int | None = None,
    after: str | None = None,
    limit: Limit = 100,
) -> Page[QueuedTask]:
    """A template's tasks with their files and holders, oldest first; of a `person`, those they have or handed in."""
    return who.read(lambda tx: overseeing.page(tx, template, status, person, after, limit))


@router.patch("/tasks/{task}")
def change_task(who: Editor, task: int, body: TaskChange) -> Task:
    """Move a task in its queue. 409 `task-ended` when it is closed."""
    return who.do(lambda tx: overseeing.prioritise(tx, task, body.priority))


@router.post("/tasks/{task}/release")
def take_back(who: Editor, task: int) -> Task:
    """Take a task from whoever has it, back into the queue; their draft is kept and shown to the next."""
    return who.do(lambda tx: overseeing.take_back(tx, task))
