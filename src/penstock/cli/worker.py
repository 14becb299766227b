"""`penstock worker`: run one more worker, on this or another machine."""

from __future__ import annotations

import json
from pathlib import Path

import click

from penstock.core import Settings
from penstock.server.worker import work


@click.command()
@click.option("--home", envvar="PENSTOCK_HOME", type=click.Path(path_type=Path), help="The installation's home folder.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Jobs at a time.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of text.")
def command(home: Path | None, concurrency: int, as_json: bool) -> None:
    """Run one more worker, until interrupted. It shares the jobs with all others of the same database."""
    settings = Settings.load(home=home)
    line = {"home": str(settings.home), "concurrency": concurrency}
    click.echo(json.dumps(line) if as_json else f"Working for {settings.home}, {concurrency} jobs at a time.")
    work(settings, concurrency=concurrency)
