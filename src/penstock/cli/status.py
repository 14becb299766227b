"""`penstock status`: draw the pipeline as a tree with its counts."""

from __future__ import annotations

import click

from penstock.cli.session import Session, speaks


@click.command()
@click.option("--watch", is_flag=True, help="Go on showing it as it changes, until interrupted.")
@speaks
def command(session: Session, watch: bool) -> None:
    """Draw the pipeline as a tree with its counts: every dataset, template and action."""
    session.say(session.penstock.status().plain, "")
