"""`penstock task`: look at tasks, and work on them from a shell or a script."""

from __future__ import annotations

import json
from typing import Any

import click

from penstock.cli.session import Session, speaks
from penstock.sdk.project import Project
from penstock.sdk.shapes import Shape
from penstock.sdk.work import Work

STATUSES = ["open", "in_progress", "in_review", "returned", "done", "skipped", "cancelled"]


@click.group()
def command() -> None:
    """Look at tasks, and work on them."""


@command.command("list")
@click.argument("template", required=False)
@click.option("--status", type=click.Choice(STATUSES), help="Only tasks in this status.")
@speaks
def list_(session: Session, template: str | None, status: Any) -> None:
    """The tasks, of one template or of all, oldest first."""
    p = session.penstock
    rows = p.templates[template].tasks(status=status) if template else p.tasks.all(status=status)
    session.table(
        rows,
        ["task", "template", "file", "status", "holder"],
        cells=lambda row: (row.id, row.template, row.file, row.status, row.holder),
        none="No task.",
    )


@command.command()
@click.argument("task", type=int)
@speaks
def show(session: Session, task: int) -> None:
    """One task."""
    found = session.penstock.tasks[task]
    session.say(found, f"task {found.id} on file {found.file}: {found.status}")


@command.command()
@click.argument("template")
@click.option("--image", type=click.Path(writable=True), help="Also write the file's bytes here.")
@click.option("--review", is_flag=True, help="A task to review, in place of one to do.")
@speaks
def next(session: Session, template: str, image: str | None, review: bool) -> int:
    """Take the next task of TEMPLATE. Exit code 1 when there is nothing to do now."""
    queue = session.penstock.templates[template]
    work = queue.next_review() if review else queue.next()
    if work is None:
        session.say(None, "Nothing to do now.")
        return 1
    if image:
        with open(image, "wb") as out:  # noqa: PTH123  # click opens `-` for us elsewhere; here it is a plain path
            out.write(work.content())
    session.say(_told(work), lambda: _show(work))
    return 0


@command.command()
@click.argument("attempt", type=int)
@click.argument("changes", type=click.File("rb"), default="-")
@speaks
def save(session: Session, attempt: int, changes: Any) -> None:
    """Save CHANGES (JSON, from a file or -) on an attempt of yours.

    A list of {"add": {"kind": "box", "label": "RBC", "geometry": [x, y, w, h], "attributes": {}}},
    {"change": ID, ...the fields to change} or {"remove": ID}.
    """
    work = session.penstock.tasks.attempt(attempt)
    try:
        told = json.load(changes)
        wanted = [_change(work, one) for one in told]
    except (ValueError, TypeError, KeyError) as error:
        raise click.BadParameter(f"not a list of changes: {error}", param_hint="CHANGES") from error
    saved = work.save(wanted)
    session.say(saved, f"Saved {len(wanted)} changes." + (" The task is somebody else's now." if saved.late else ""))


@command.command()
@click.argument("attempt", type=int)
@speaks
def submit(session: Session, attempt: int) -> None:
    """Hand an attempt of yours in."""
    task = session.penstock.tasks.attempt(attempt).submit()
    session.say(task, f"task {task.id}: {task.status}")


@command.command()
@click.argument("attempt", type=int)
@speaks
def accept(session: Session, attempt: int) -> None:
    """Of a review: accept the task, as your attempt has it now."""
    task = session.penstock.tasks.attempt(attempt).accept()
    session.say(task, f"task {task.id}: {task.status}")


@command.command("return")
@click.argument("attempt", type=int)
@click.argument("notes", nargs=-1, required=True)
@speaks
def return_(session: Session, attempt: int, notes: tuple[str, ...]) -> None:
    """Of a review: send the task back to its author, with NOTES."""
    task = session.penstock.tasks.attempt(attempt).return_(*notes)
    session.say(task, f"task {task.id}: {task.status}")


@command.command()
@click.argument("task", type=int)
@speaks
def reopen(session: Session, task: int) -> None:
    """Let a task be worked on again. Nothing is unmerged."""
    p = session.penstock
    p.tasks.reopen(task)
    found = p.tasks[task]
    session.say(found, f"task {found.id}: {found.status}")


@command.command()
@click.argument("attempt", type=int)
@click.argument("reason")
@speaks
def skip(session: Session, attempt: int, reason: str) -> None:
    """Put a task aside, with a reason."""
    task = session.penstock.tasks.attempt(attempt).skip(reason)
    session.say(task, f"task {task.id}: {task.status}")


@command.command()
@click.argument("template")
@click.option("--status", type=click.Choice(STATUSES), help="Only tasks in this status.")
@click.option("--person", help="Only tasks that this person has or handed in: a name or an e-mail address.")
@speaks
def queue(session: Session, template: str, status: Any, person: str | None) -> None:
    """The tasks of TEMPLATE with their files, who has them and since when, oldest first."""
    p = session.penstock
    who = None if person is None else _person(p, person)
    session.table(
        p.templates[template].queue(status=status, person=who),
        ["task", "file", "status", "priority", "who", "since", "attempts"],
        cells=lambda row: (
            row.id,
            row.key,
            f"{row.status}, idle" if row.is_idle else row.status,
            row.priority,
            row.holder_name or row.author_name,
            f"{row.since:%Y-%m-%d %H:%M}",
            row.attempts,
        ),
        none="No task.",
    )


@command.command()
@click.argument("template")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="So many at most.")
@speaks
def submissions(session: Session, template: str, limit: int) -> None:
    """What you handed in under TEMPLATE, the last first. `reopen` lets you work on one again."""
    session.table(
        session.penstock.templates[template].submissions(limit=limit),
        ["task", "file", "status"],
        cells=lambda row: (row.id, row.file, row.status),
        none="Nothing was handed in.",
    )


@command.command("take-back")
@click.argument("task", type=int)
@speaks
def take_back(session: Session, task: int) -> None:
    """Take a task from whoever has it, back into the queue. Their draft is kept."""
    found = session.penstock.tasks.take_back(task)
    session.say(found, f"task {found.id}: {found.status}")


@command.command()
@click.argument("task", type=int)
@click.argument("priority", type=int)
@speaks
def prioritise(session: Session, task: int, priority: int) -> None:
    """Move a task in its queue: higher priorities go out first."""
    found = session.penstock.tasks.prioritise(task, priority)
    session.say(found, f"task {found.id}: priority {found.priority}")


@command.command()
@click.argument("task", type=int)
@speaks
def cancel(session: Session, task: int) -> None:
    """Cancel a task, whoever has it. Their draft is kept."""
    found = session.penstock.tasks.cancel(task)
    session.say(found, f"task {found.id}: {found.status}")


@command.command()
@click.argument("attempt", type=int)
@speaks
def release(session: Session, attempt: int) -> None:
    """Give a task back to the queue."""
    task = session.penstock.tasks.attempt(attempt).release()
    session.say(task, f"task {task.id}: {task.status}")


def _person(p: Project, told: str) -> int:
    found = [one.person for one in p.members if told in (one.name, one.email)]
    if not found:
        raise click.BadParameter(f"there is no member {told!r}", param_hint="--person")
    return found[0]


def _change(work: Work, told: dict[str, Any]) -> Any:
    from uuid import UUID

    from penstock.sdk.shapes import remove

    if "add" in told:
        return Shape(**told["add"])
    if "remove" in told:
        return remove(UUID(told["remove"]))
    shape = {shape.id: shape for shape in [*work.annotations, *work.suggestions]}[UUID(told["change"])]
    return shape.but(**{name: value for name, value in told.items() if name != "change"})


def _told(work: Work) -> dict[str, Any]:
    return {
        "task": work.task,
        "attempt": work.attempt,
        "file": work.file,
        "labels": work.labels,
        "attributes": work.attributes,
        "annotations": [_plain(shape) for shape in work.annotations],
        "suggestions": [_plain(shape) for shape in work.suggestions],
        "answers": work.answers,
    }


def _plain(shape: Shape) -> dict[str, Any]:
    return {name: getattr(shape, name) for name in ("id", "kind", "label", "geometry", "attributes", "confidence")}


def _show(work: Work) -> None:
    click.echo(
        f"{work.file.key}: task {work.task.id}, attempt {work.attempt.id} until {work.attempt.lease_until:%H:%M}"
    )
    for shape in [*work.annotations, *work.suggestions]:
        click.echo(f"  {shape.label} {shape.kind} {shape.geometry} {dict(shape.attributes) or ''}")
    for note in work.notes:
        click.echo(f"  note: {note.text}")
