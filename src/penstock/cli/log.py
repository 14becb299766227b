"""`penstock log`: what followers of the log couldn't take, to be given to them again or let be."""

from __future__ import annotations

import click

from penstock.cli.session import Session, speaks


@click.group()
def command() -> None:
    """See what followers of the log set aside, and give it to them again."""


@command.command()
@speaks
def setbacks(session: Session) -> None:
    """Events that were set aside, the newest first, and what became of them."""
    session.table(
        [one.value for one in session.penstock.setbacks],
        ["setback", "follower", "revision", "events", "state", "trouble"],
        cells=lambda row: (row.id, row.follower, row.seq, row.events, row.state, row.trouble),
        none="Nothing was set aside.",
    )


@command.command()
@click.argument("setback", type=int)
@speaks
def replay(session: Session, setback: int) -> None:
    """Give events to their follower again. Where it fails again, they stay set aside."""
    done = session.penstock.setbacks[setback].replay().value
    session.say(done, f"{done.follower} took the events of revision {done.seq}.")


@command.command()
@click.argument("setback", type=int)
@speaks
def dismiss(session: Session, setback: int) -> None:
    """Let events be: what should have followed from them does not, and nothing tells of them any more."""
    done = session.penstock.setbacks[setback].dismiss().value
    session.say(done, f"Setback {done.id} is {done.state}.")
