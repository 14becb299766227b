"""How a plan is shown: a line per change, and what is said only once."""

from __future__ import annotations

from pathlib import Path

import click

from penstock.pipelines.model import Plan

SIGNS = {"add": "+", "invite": "+", "change": "~", "rename": "~", "remove": "-"}
COLOURS = {"+": "green", "~": "yellow", "-": "red"}

with_base = click.option(
    "--base",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What `penstock show` gave when the file was begun: refuse if the pipeline changed since.",
)


def show_plan(plan: Plan, again: str = "") -> None:
    """Print a plan that was done, or is yet to be, by the command `again`."""
    for change in plan.changes:
        sign = SIGNS[change.do]
        click.secho(f"{sign} {change}", fg=COLOURS[sign])
        for detail in change.details:
            click.echo(f"    {detail}")
    for email, link in plan.links.items():
        click.echo(f"{email} joins by {link}")
    for connection, secret in plan.secrets.items():
        click.echo(f"The secret of {connection!r}, shown this once: {secret}")
    click.echo(summary(plan, again))


def summary(plan: Plan, again: str = "") -> str:
    if not plan.changes:
        return "Nothing to change: the project is like that already."
    counted = [(kind, sum(SIGNS[change.do] == sign for change in plan.changes)) for sign, kind in _KINDS.items()]
    told = ", ".join(f"{count} {kind}" for kind, count in counted if count)
    return f"To do: {told}. Do it with: {again}" if again else f"Done: {told}."


_KINDS = {"+": "added", "~": "changed", "-": "removed"}
