"""`penstock template`: the kinds of work, how far each is, and pausing them."""

from __future__ import annotations

import click

from penstock.cli.session import Session, speaks


@click.group()
def command() -> None:
    """See how far each kind of work is, pause and end it. A pipeline file makes and changes them."""


@command.command("list")
@speaks
def list_(session: Session) -> None:
    """The templates, and how far each is."""
    rows = session.penstock.status().templates
    session.table(
        rows,
        ["template", "state", "done", "of", "in progress", "in review"],
        cells=lambda row: (
            row.name,
            row.state,
            row.progress.done,
            row.progress.total,
            row.progress.counts["in_progress"],
            row.progress.counts["in_review"],
        ),
        none="No template yet.",
    )


@command.command()
@click.argument("name")
@speaks
def pause(session: Session, name: str) -> None:
    """Give out no new tasks. Held ones may be finished."""
    session.say(session.penstock.templates[name].pause().value, f"{name!r} is paused.")


@command.command()
@click.argument("name")
@speaks
def resume(session: Session, name: str) -> None:
    """Give out tasks again."""
    session.say(session.penstock.templates[name].resume().value, f"{name!r} is active.")


@command.command()
@click.argument("name")
@speaks
def archive(session: Session, name: str) -> None:
    """End a template: its unfinished tasks are cancelled."""
    session.say(session.penstock.templates[name].archive().value, f"Archived {name!r}.")


@command.command()
@click.argument("name")
@speaks
def corrections(session: Session, name: str) -> None:
    """What later stages changed of each person's work: its measured quality."""
    p = session.penstock
    people = {member.person: member.name for member in p.members}
    rows: dict[int, dict[str, object]] = {}
    for one in p.templates[name].corrections():
        row = rows.setdefault(one.author, {"author": one.author, "name": people.get(one.author, "")})
        for what in ("kept", "changed", "removed", "added"):
            row[what] = int(str(row.get(what, 0))) + getattr(one, what)
        row["files"] = int(str(row.get("files", 0))) + 1
    columns = ["name", "files", "kept", "changed", "removed", "added"]
    session.table(rows.values(), columns, cells=lambda row: [row[name] for name in columns], none="Nothing yet.")
