"""`penstock apply`: make the project what a pipeline file says."""

from __future__ import annotations

from pathlib import Path

import click

from penstock.cli.changes import show_plan, with_base
from penstock.cli.session import Session, speaks


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--prune", is_flag=True, help="Remove what the file doesn't name.")
@with_base
@speaks
def command(session: Session, file: Path, prune: bool, base: Path | None) -> None:
    """Make the project what FILE says. Repeating it changes nothing. Nothing is removed without --prune."""
    plan = session.penstock.apply(file, prune=prune, base=base)
    session.say(plan, lambda: show_plan(plan))
