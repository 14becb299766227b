"""`penstock status`: draw the pipeline as a tree with its counts."""

from __future__ import annotations

import json

import click
from rich.console import Console
from rich.live import Live

from penstock.cli.session import Session, plain, speaks
from penstock.cli.tree import draw
from penstock.sdk.project import Project


@click.command()
@click.option("--watch", is_flag=True, help="Go on showing it as it changes, until interrupted.")
@speaks
def command(session: Session, watch: bool) -> None:
    """Draw the pipeline as a tree with its counts: every dataset, template and action."""
    p = session.penstock
    if watch:
        return _watch(p, session.as_json)
    status = p.status()
    return session.say(status, lambda: Console(highlight=False).print(draw(status)))


def _watch(p: Project, as_json: bool) -> None:
    """Draw anew at each event. As JSON: one line per change, for programs."""
    if as_json:
        click.echo(json.dumps(plain(p.status())))
        for _ in p.events(follow=True):
            click.echo(json.dumps(plain(p.status())))
        return
    with Live(draw(p.status()), console=Console(highlight=False), refresh_per_second=8) as live:
        for _ in p.events(follow=True):
            live.update(draw(p.status()))
