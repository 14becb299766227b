"""`penstock diff`: what happened between two states."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from penstock.cli.session import Session, speaks
from penstock.datasets.model import Diff, Tally
from penstock.sdk.datasets import Dataset

WORDS = {
    "person": "by people",
    "import": "by imports",
    "prediction": "from predictions",
    "merge": "by merging",
    "restore": "by restoring",
    "migration": "by migrations of the schema",
    "left": "with files that left",
}


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--list", "lists", is_flag=True, help="Every file and annotation that differs.")
@click.option("--to", type=click.Path(path_type=Path), help="Write all that differs into this file, a line for each.")
@click.option("--into", metavar="DATASET", help="Add the new and changed files of B to this dataset.")
@click.option("--tell", is_flag=True, help="Write the event dataset.compared, which actions and receivers get.")
@speaks
def command(session: Session, a: str, b: str, lists: bool, to: Path | None, into: str | None, tell: bool) -> None:
    """Say what happened on the way from A to B: versions (gold/v1) or datasets as they are now (gold)."""
    p = session.penstock
    found = p.state(a).diff(p.state(b))
    target = p.datasets[into] if into else None
    if target is not None or tell:
        found.tell(target and target.id)
    if to is not None:
        found.download(to)
    if lists and session.as_json:
        return session.say({"files": list(found.files()), "annotations": list(found.annotations())})
    session.say(found.counts, lambda: _print(found.counts, target))
    if lists:
        for file in found.files():
            click.echo(f"{file.change:8} file        {file.key}")
        for change in found.annotations():
            click.echo(f"{change['change']:8} annotation  {change['key']}  {change['id']}  {change['by'] or ''}")


def _print(counts: Diff, target: Dataset | None) -> None:
    for line in _lines(counts):
        click.echo(line)
    if target is not None:
        click.echo(f"The files that differ are in {target.name!r} now.")


def _lines(counts: Diff) -> Iterator[str]:
    yield f"files        {_say(counts.files)}"
    yield f"annotations  {_say(counts.annotations)}, on {counts.files_with_changed_annotations} files"
    for by, tally in counts.by.items():
        yield f"  {WORDS[by]}: {_say(tally)}"
    for change in counts.schema_changes:
        yield f"schema       {change}"


def _say(tally: Tally) -> str:
    return f"{tally.added} added, {tally.removed} removed, {tally.changed} changed"
