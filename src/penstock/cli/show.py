"""`penstock show`: print the project as a pipeline file."""

from __future__ import annotations

import click

from penstock.cli.session import Session, speaks


@click.command()
@speaks
def command(session: Session) -> None:
    """Print the project as a pipeline file. Applying it changes nothing."""
    text = session.penstock.show()
    session.say({"yaml": text}, text.rstrip())
