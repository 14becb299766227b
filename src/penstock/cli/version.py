"""`penstock version`: name what a dataset holds now, for ever."""

from __future__ import annotations

import click

from penstock.cli.session import Session, speaks


@click.group()
def command() -> None:
    """Name what a dataset holds now, for ever."""


@command.command("list")
@click.argument("dataset", required=False)
@speaks
def list_(session: Session, dataset: str | None) -> None:
    """The versions, of one dataset or of all."""
    p = session.penstock
    found = p.datasets[dataset].versions.all() if dataset else p.versions.all()
    session.table(
        [{"name": name, **version.value.model_dump(mode="json", exclude={"name"})} for name, version in found.items()],
        ["version", "revision", "named", "note"],
        cells=lambda row: (row["name"], row["seq"], row["at"][:16], row["note"]),
        none="No version yet. Name one: penstock version name DATASET NAME",
    )


@command.command()
@click.argument("dataset")
@click.argument("name")
@click.option("--note", default="", help="What it is good for.")
@click.option("--revision", type=int, help="An earlier revision in place of the present one.")
@speaks
def name(session: Session, dataset: str, name: str, note: str, revision: int | None) -> None:
    """Pin DATASET under NAME."""
    made = session.penstock.datasets[dataset].versions.name(name, note, revision=revision)
    session.say(made.value, f"{dataset}/{name} is revision {made.value.seq}, for ever.")


@command.command()
@click.argument("dataset")
@click.argument("name")
@speaks
def files(session: Session, dataset: str, name: str) -> None:
    """The files of a version, by key."""
    rows = session.penstock.datasets[dataset].versions[name].files()
    session.table(rows, ["key", "file"], cells=lambda row: (row.key, row.file), none="No file.")


@command.command()
@click.argument("dataset")
@click.argument("name")
@speaks
def restore(session: Session, dataset: str, name: str) -> None:
    """Make DATASET again what its version NAME shows, as new history. Nothing is erased."""
    done = session.penstock.datasets[dataset].versions[name].restore()
    now = done.annotations
    lines = [
        f"{dataset!r} is what {name!r} shows.",
        f"files        {done.files.added} came back, {done.files.removed} left, {done.files.changed} described anew",
        f"annotations  {now.added} came back, {now.removed} left, {now.changed} changed",
    ]
    if done.replaced:
        lines.append(f"{len(done.replaced)} files were replaced since, so they stayed out.")
    session.say(done, "\n".join(lines))
