"""`penstock up`: start the server and its worker."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import click

from penstock.core import Settings


@click.command()
@click.option("--home", envvar="PENSTOCK_HOME", type=click.Path(path_type=Path), help="Where everything is kept.")
@click.option("--host", help="The address to listen on. Loopback unless told otherwise.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on; 0 takes a free one.")
@click.option("--no-worker", is_flag=True, help="Without a worker of its own: run `penstock worker` somewhere.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with the URL once it answers.")
def command(home: Path | None, no_worker: bool, as_json: bool, **told: Any) -> None:
    """Start the server and its worker, until interrupted."""
    gc.disable()  # a tenth of the start, for nothing: what is imported stays. The server turns it on once it listens.
    settings = Settings.load(home=home)
    settings = settings.model_copy(update={name: value for name, value in told.items() if value is not None})
    from penstock.store.early import starting

    with starting(settings):
        from penstock.server.up import up  # a second of work for one core, while the database starts on the other

        if as_json:
            up(settings, say=lambda _: None, worker=not no_worker, ready=lambda url: click.echo(f'{{"url": "{url}"}}'))
        else:
            up(settings, say=click.echo, worker=not no_worker)
