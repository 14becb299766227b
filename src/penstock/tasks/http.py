"""Templates, tasks and attempts over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from penstock.annotations.model import decode, encode
from penstock.core import Page, Refusal, Value
from penstock.lazy_route import LazyRoute
from penstock.people.caller import Caller, may
from penstock.people.threads import on_thread
from penstock.tasks import attempts, closing, done, reviewing, templates, verbs
from penstock.tasks.model import (
    LONGEST_ACTIVE_SECONDS,
    ActiveSeconds,
    Attempt,
    Claim,
    Correction,
    NewNote,
    NewTemplate,
    Note,
    Returning,
    Role,
    Saved,
    Skipping,
    Status,
    Task,
    Template,
    TemplateCard,
    TemplateChange,
)
from penstock.tasks.quality import corrections

router = APIRouter(prefix="/projects/{project}", tags=["tasks"], route_class=LazyRoute)

Member = Annotated[Caller, Depends(may("member"))]
Annotator = Annotated[Caller, Depends(may("annotator"))]
Editor = Annotated[Caller, Depends(may("editor"))]
Viewer = Annotated[Caller, Depends(may("viewer"))]
Limit = Annotated[int, Query(ge=1, le=1000)]


class Active(Value):
    """Time at work since the last call, with idle time cut out."""

    active_seconds: ActiveSeconds = 0.0


class Reserving(Value):
    role: Role = "work"
    count: Annotated[int, Query(ge=0, le=10)] = 3
    """How many to hold for two minutes; 0 gives them up."""


class Begun(Value):
    id: UUID
    """Made by whoever claims, once for each claim: by it a repeat is known."""
    role: Role = "work"


class Taking(Value):
    attempt: int
    """The attempt whose late work is copied onto yours."""


class SkippingNow(Skipping, Active):
    pass


class ReturningNow(Returning, Active):
    pass


def _sent(made: Value, status: int = 200) -> Response:
    """A value that we made ourselves, as it is: the framework would check it once more."""
    return Response(made.model_dump_json(by_alias=True), status, media_type="application/json")


# Templates.


@router.get("/templates")
def list_templates(who: Member, archived: bool = False) -> list[Template]:
    return who.read(lambda tx: verbs.visible(tx, who.role, archived))


@router.post("/templates", status_code=201)
def create_template(who: Editor, body: NewTemplate) -> Template:
    return who.do(lambda tx: templates.create(tx, body.name, body.settings))


@router.get("/templates/{template}")
def get_template(who: Member, template: int) -> Template:
    return who.read(lambda tx: verbs.template(tx, template, who.role))


@router.patch("/templates/{template}")
def change_template(who: Editor, template: int, body: TemplateChange) -> Template:
    return who.do(lambda tx: templates.change(tx, template, body, who.if_match))


@router.post("/templates/{template}/pause")
def pause_template(who: Editor, template: int) -> Template:
    return who.do(lambda tx: templates.pause(tx, template))


@router.post("/templates/{template}/resume")
def resume_template(who: Editor, template: int) -> Template:
    return who.do(lambda tx: templates.resume(tx, template))


@router.post("/templates/{template}/archive")
def archive_template(who: Editor, template: int) -> Template:
    return who.do(lambda tx: templates.archive(tx, template))


@router.get("/templates/{template}/corrections")
def list_corrections(who: Viewer, template: int, after: int = 0, limit: Limit = 1000) -> list[Correction]:
    """What later stages and reviews changed of this template's work, oldest first."""
    return who.read(lambda tx: corrections(tx, template, after, limit))


# The queue.


@router.post("/templates/{template}/next", status_code=201, response_model=Claim)
def claim(
    who: Annotator,
    template: int,
    role: Role = "work",
    work: Annotated[bool, Query(description="Answer with the attempt's `work` too.")] = False,
) -> Response:
    """Take the next task. 404 `nothing-to-do` when there is none."""
    made = who.do(lambda tx: verbs.claim(tx, template, who.role, role))
    if not work:
        return _sent(made, 201)
    found = who.read(lambda tx: attempts.work(tx, made.attempt))
    whole = b'%s,"work":%s}' % (made.model_dump_json(by_alias=True).encode()[:-1], encode(found))
    return Response(whole, 201, media_type="application/json")


@router.put("/templates/{template}/reservations")
def reserve(who: Annotator, template: int, body: Reserving) -> list[Task]:
    """Hold the next tasks for two minutes, to fetch their files ahead."""
    return who.do(lambda tx: verbs.reserve(tx, template, who.role, body.count, body.role))


@router.get("/templates/{template}/submissions")
def list_submissions(who: Annotator, template: int, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[Task]:
    """What I handed in, the last first. Each can be opened again until a later stage claims its file."""
    return who.read(lambda tx: verbs.submissions(tx, template, who.role, limit))


@router.get("/work")
def my_work(who: Annotator) -> list[TemplateCard]:
    """A card per template that I may work on or review."""
    return who.read(lambda tx: verbs.cards(tx, who.role))


# Tasks.


@router.get("/tasks")
def list_tasks(
    who: Member,
    template: int | None = None,
    status: Status | None = None,
    file: int | None = None,
    author: int | None = None,
    after: str | None = None,
    limit: Limit = 100,
) -> Page[Task]:
    return who.read(lambda tx: verbs.page(tx, who.role, template, status, file, author, after, limit))


@router.get("/tasks/{task}")
def get_task(who: Member, task: int) -> Task:
    return who.read(lambda tx: verbs.task(tx, task, who.role))


@router.get("/tasks/{task}/work", responses={200: {"content": {"application/json": {"schema": {}}}}})
def look_ahead(who: Annotator, task: int, role: Role = "work") -> Response:
    """What a claim of this task would show now: as an attempt's `work`, of an attempt that has no id yet."""
    found = who.read(lambda tx: verbs.look_ahead(tx, task, who.role, role))
    return Response(encode(found), media_type="application/json")


@router.post("/tasks/{task}/claim")
def claim_begun(who: Annotator, task: int, body: Begun) -> Claim:
    """Claim a task that one had reserved, and began to work on while the server was away. Safe to repeat.

    Writes `task.claimed`, or nothing where somebody else has the task by now, or has it reserved: then the attempt's
    state is `lapsed`, and what is saved on it is late work.
    """
    return who.do(lambda tx: verbs.claim_begun(tx, task, who.role, body.id, body.role))


@router.get("/tasks/{task}/attempts")
def list_attempts(who: Member, task: int) -> list[Attempt]:
    return who.read(lambda tx: verbs.attempts_of(tx, task, who.role))


@router.get("/tasks/{task}/notes")
def list_notes(who: Member, task: int) -> list[Note]:
    return who.read(lambda tx: verbs.notes(tx, task, who.role))


@router.post("/tasks/{task}/notes", status_code=201)
def add_note(who: Annotator, task: int, body: NewNote) -> Note:
    return who.do(lambda tx: verbs.remark(tx, task, who.role, body))


@router.post("/tasks/{task}/reopen")
def reopen(who: Annotator, task: int) -> Claim | Task:
    """Open a task again: a claim for its author, the requeued task for an editor."""
    return who.do(lambda tx: verbs.reopen(tx, task, who.role))


@router.post("/tasks/{task}/cancel")
def cancel(who: Editor, task: int) -> Task:
    """Cancel a task, whoever has it; their draft is kept. 409 `task-ended` when it is done or skipped."""
    return who.do(lambda tx: closing.call_off(tx, task, "an editor called it off"))


# Attempts. Claim, save and submit are the hot paths; JSON of `save` and `work` goes by msgspec.


@router.get("/attempts/{attempt}")
def get_attempt(who: Annotator, attempt: int) -> Attempt:
    return who.read(lambda tx: verbs.attempt(tx, attempt, who.role))


@router.get("/attempts/{attempt}/work", responses={200: {"content": {"application/json": {"schema": {}}}}})
def work(who: Annotator, attempt: int) -> Response:
    """The task, the file, its annotations overlaid with the draft, suggestions, notes and late work of others."""
    found = who.read(lambda tx: attempts.work(tx, verbs.attempt(tx, attempt, who.role)))
    return Response(encode(found), media_type="application/json")


_SAVE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["id", "changes"],
                    "additionalProperties": False,
                    "properties": {
                        "id": {"type": "string", "format": "uuid", "description": "Of this command, made by you."},
                        "changes": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["do", "id"],
                                "properties": {
                                    "do": {"enum": ["create", "update", "delete", "accept", "reset"]},
                                    "id": {"type": "string", "format": "uuid"},
                                },
                            },
                        },
                        "active_seconds": {
                            "type": "number",
                            "default": 0,
                            "minimum": 0,
                            "maximum": LONGEST_ACTIVE_SECONDS,
                        },
                    },
                }
            }
        },
    }
}


@router.post("/attempts/{attempt}/save", response_model=Saved, openapi_extra=_SAVE_BODY)
async def save(who: Annotator, attempt: int, request: Request) -> Response:
    """Save one command: changes that are made together or not at all. Durable when this answers; safe to repeat."""
    command = decode(await request.body(), attempts.Save)
    saved = await on_thread(
        lambda: who.store.db.perform(lambda tx: attempts.save(tx, attempt, command), who.project, who.person)
    )
    if isinstance(saved, Refusal):
        raise saved
    return _sent(saved)


@router.post("/attempts/{attempt}/heartbeat")
def heartbeat(who: Annotator, attempt: int, body: Active) -> Attempt:
    return who.do(lambda tx: attempts.heartbeat(tx, attempt, body.active_seconds))


@router.post("/attempts/{attempt}/take", status_code=200)
def take(who: Annotator, attempt: int, body: Taking) -> dict[Literal["taken"], int]:
    """Copy another attempt's late work onto yours."""
    return who.do(lambda tx: {"taken": len(attempts.take(tx, attempt, body.attempt))})


@router.post("/attempts/{attempt}/submit", response_model=Task)
def submit(who: Annotator, attempt: int, body: Active) -> Response:
    """Send the work in: done, or waiting for review."""
    return _sent(who.do(lambda tx: done.submit(tx, attempt, body.active_seconds)))


@router.post("/attempts/{attempt}/release")
def release(who: Annotator, attempt: int, body: Active) -> Task:
    """Give the task back to the queue."""
    return who.do(lambda tx: closing.release(tx, attempt, body.active_seconds))


@router.post("/attempts/{attempt}/skip")
def skip(who: Annotator, attempt: int, body: SkippingNow) -> Task:
    """Put the task aside, with a reason."""
    return who.do(lambda tx: closing.skip(tx, attempt, body.reason, body.active_seconds))


@router.post("/attempts/{attempt}/accept")
def accept(who: Annotator, attempt: int, body: Active) -> Task:
    """Accept a task under review, as your draft has it."""
    return who.do(lambda tx: reviewing.accept(tx, attempt, body.active_seconds))


@router.post("/attempts/{attempt}/return")
def return_(who: Annotator, attempt: int, body: ReturningNow) -> Task:
    """Return a task under review to its author, with notes."""
    return who.do(lambda tx: reviewing.return_(tx, attempt, body.notes, body.active_seconds))
