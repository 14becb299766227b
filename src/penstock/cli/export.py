"""`penstock export`: write a dataset or a version out."""

from __future__ import annotations

from typing import Any

import click

from penstock.cli.session import Session, speaks
from penstock.cli.transforms import read


@click.command()
@click.argument("dataset")
@click.argument("to", required=False)
@click.option("--version", help="A version of the dataset, in place of its present state.")
@click.option("--format", default="coco", show_default=True, help="The name of a format, such as coco, yolo or jsonl.")
@click.option("--connection", help="Write through this connection, at --path.")
@click.option("--on-server", metavar="FOLDER", help="Write into this folder of the server, at --path.")
@click.option("--path", help="Where to, under the connection or folder.")
@click.option("--pack", type=click.Choice(["folder", "zip", "tar"]), help="One file, or a folder.")
@click.option("--filter", help='A query, such as: labels.car >= 3 and meta.weather = "rain"')
@click.option("--revision", type=int, help="The dataset as it was at this revision.")
@click.option(
    "--transform",
    "transforms",
    multiple=True,
    help="Change images and annotations on the way, such as: resize side=640. Several are done in their order.",
)
@click.option("--no-media", is_flag=True, help="Annotations alone: the files' keys and hashes stand for them.")
@speaks
def command(
    session: Session,
    dataset: str,
    to: str | None,
    version: str | None,
    no_media: bool,
    transforms: tuple[str, ...],
    **options: Any,
) -> None:
    """Write DATASET out: down to TO (a .zip or .tar on this machine), through a connection, or on the server."""
    if not (to or options["connection"] or options["on_server"]):
        raise click.UsageError("Say where to: a .zip or .tar on this machine, --connection or --on-server.")
    options["transforms"] = [read(text) for text in transforms]
    found = session.penstock.datasets[dataset]
    source = found.versions[version] if version else found
    try:
        done = source.export(to=to, media=not no_media, **options)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    value = done.value
    losses = "".join(f"\n  lost: {code} {count}" for code, count in value.losses.items())
    session.say(value, f"{value.files} files, {value.annotations} annotations: {to or value.uri}{losses}")
