"""`penstock member`: people, teams and invites."""

from __future__ import annotations

import click

from penstock.cli.session import Session, speaks

ROLES = click.Choice(["admin", "editor", "annotator", "viewer"])


@click.group()
def command() -> None:
    """People, teams and invites."""


@command.command("list")
@speaks
def list_(session: Session) -> None:
    """The members, with their roles and teams."""
    teams = {team.id: team.name for team in session.penstock.teams}
    session.table(
        session.penstock.members,
        ["name", "e-mail", "role", "teams"],
        cells=lambda row: (row.name, row.email, row.role, ", ".join(teams.get(id, "") for id in row.teams)),
        none="No member yet.",
    )


@command.command()
@click.argument("email")
@click.option("--role", type=ROLES, default="annotator", show_default=True)
@click.option("--name")
@click.option("--connections", is_flag=True, help="May make connections, which hold credentials.")
@speaks
def add(session: Session, email: str, role: str, name: str | None, connections: bool) -> None:
    """Name a member by e-mail address, and print the link that lets them in: no mail is sent."""
    p = session.penstock
    made = p.members.add(email, role, name=name, connections=connections)  # pyright: ignore[reportArgumentType]  # a Choice
    link = p.members.invite(made.email)
    session.say(
        {**made.model_dump(mode="json"), "link": link}, f"{made.email} is {made.role} now. Give them this link: {link}"
    )


@command.command()
@click.argument("who", required=False)
@click.option("--team", help="Whoever joins by it enters this team.")
@click.option("--role", type=ROLES, default="annotator", show_default=True)
@click.option("--uses", type=int, help="How many may join by it; any number when left out.")
@speaks
def invite(session: Session, who: str | None, team: str | None, role: str, uses: int | None) -> None:
    """Print a link by which WHO (a member) joins, or anybody who has it."""
    link = session.penstock.members.invite(who, role=role, team=team, uses=uses)  # pyright: ignore[reportArgumentType]  # a Choice
    session.say({"link": link}, link)


@command.command()
@click.argument("who")
@click.argument("role", type=ROLES)
@speaks
def role(session: Session, who: str, role: str) -> None:
    """Give a member another role."""
    changed = session.penstock.members.change(who, role=role)  # pyright: ignore[reportArgumentType]  # a Choice
    session.say(changed, f"{who} is {changed.role} now.")


@command.command()
@click.argument("who")
@speaks
def remove(session: Session, who: str) -> None:
    """Take a member's access away. Their work stays."""
    session.penstock.members.remove(who)
    session.say({"removed": who}, f"{who} has no access any more.")
