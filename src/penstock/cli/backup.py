"""`penstock backup`: the whole installation, while it works."""

from __future__ import annotations

import json
from pathlib import Path

import click

from penstock.core import Settings


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--home", envvar="PENSTOCK_HOME", type=click.Path(path_type=Path), help="The installation's home folder.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of text.")
def command(target: Path, home: Path | None, as_json: bool) -> None:
    """Write everything into TARGET, a new folder, or one file when it ends in .tar. People may go on working.

    It holds the keys too: keep it as safe as the home folder.
    """
    from penstock.store import backup

    done = backup.write(Settings.load(home=home), target)
    if as_json:
        return click.echo(json.dumps({**done._asdict(), "path": str(done.path)}))
    click.echo(f"{done.rows:,} rows and {done.blobs:,} media, {done.bytes / 1e6:,.1f} MB, are in {target}.")
    if done.missing:
        click.echo(f"{len(done.missing)} media that files name were lost before: {', '.join(done.missing[:5])} ...")
