"""`penstock plan`: show what a pipeline file would change."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from penstock.cli.changes import show_plan, with_base
from penstock.cli.session import Session, speaks


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--prune", is_flag=True, help="Also show what would be removed, because the file doesn't name it.")
@with_base
@speaks
def command(session: Session, file: Path, prune: bool, base: Path | None) -> None:
    """Show what applying FILE would change. Changes nothing."""
    plan = session.penstock.plan(file, prune=prune, base=base)
    options = ["--prune"] * prune + (["--base", str(base)] if base else [])
    session.say(plan, lambda: show_plan(plan, shlex.join(["penstock", "apply", str(file), *options])))
