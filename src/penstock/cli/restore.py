"""`penstock restore`: an installation from a backup."""

from __future__ import annotations

import json
from pathlib import Path

import click

from penstock.core import Settings


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.option("--home", envvar="PENSTOCK_HOME", type=click.Path(path_type=Path), help="The empty home folder to fill.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of text.")
def command(source: Path, home: Path | None, as_json: bool) -> None:
    """Make an installation from SOURCE, a backup, in an empty home folder. It is checked from end to end first."""
    from penstock.store import recovery

    made = recovery.restore(source, Settings.load(home=home).home)
    click.echo(json.dumps({"home": str(made.home)}) if as_json else f"Restored to {made.home}. Start it: penstock up")
