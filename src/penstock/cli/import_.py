"""`penstock import`: pour files and annotations into a dataset."""

from __future__ import annotations

from typing import Any

import click

from penstock.cli.session import Session, speaks
from penstock.sdk.imports import Import

SHOWN_PROBLEMS = 20


@click.command()
@click.argument("dataset")
@click.argument("paths", nargs=-1, required=True)
@click.option("--on-server", is_flag=True, help="The path is on the server, under one of its roots.")
@click.option("--manifest", is_flag=True, help="The first path is a CSV or JSONL list of files.")
@click.option("--format", help="The name of a format, such as yolo-obb; detected when left out. none: media alone.")
@click.option("--predictions", metavar="NAME", help="The annotations are a model's, not the truth.")
@click.option("--labels", type=click.Choice(["create", "refuse", "skip"]), help="What happens to unknown labels.")
@click.option("--duplicates", type=click.Choice(["keep", "skip"]), help="What happens to bytes that are here already.")
@click.option("--meta", multiple=True, metavar="NAME=VALUE", help="Metadata for every file; may be repeated.")
@click.option("--create", is_flag=True, help="Make the dataset when there is none of this name.")
@speaks
def command(session: Session, dataset: str, paths: tuple[str, ...], create: bool, **options: Any) -> int:
    """Pour PATHS into DATASET: files, folders, globs, or one zip or tar.

    Annotations found among them come along, in any format that is detected or named. An import can be repeated: what is
    known already is not made twice. Items that can't be imported and annotations that are refused are reported, and
    stop nothing; the exit code is 1 then.
    """
    options["meta"] = dict(_pair(text) for text in options["meta"]) or None
    datasets = session.penstock.datasets
    there = datasets.create(dataset) if create and dataset not in datasets else datasets[dataset]
    done = there.import_(*paths, **options)
    failed, counts = done.failed(), done.counts
    for item in failed:
        click.echo(f"{item.key}: {item.reason}", err=True)
    problems = _problems(done)
    for line in problems[:SHOWN_PROBLEMS]:
        click.echo(line, err=True)
    if len(problems) > SHOWN_PROBLEMS:
        click.echo(f"... and {len(problems) - SHOWN_PROBLEMS} more problems", err=True)
    said = f"{counts.new} new, {counts.same} known, {counts.duplicate} duplicate, {counts.replaced} replaced"
    notes = f"{counts.annotations_added} annotations added, {counts.annotations_updated} updated"
    notes += f", {counts.annotations_refused} refused" if counts.annotations_refused else ""
    session.say(done.value, f"{dataset}: {said}, {counts.failed} failed; {notes}.")
    return 1 if failed or counts.annotations_refused else 0


def _problems(done: Import) -> list[str]:
    """What was left out or changed, by item."""
    return [
        f"{item.key}: {problem.detail}"
        for item in done.troubled()
        for problem in item.problems
        if item.state != "failed"
    ]


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} should look like NAME=VALUE", param_hint="--meta")
    return name, value
