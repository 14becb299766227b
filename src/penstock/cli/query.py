"""`penstock query`: ask which files a condition holds for, and keep such questions."""

from __future__ import annotations

import click

from penstock.cli.session import Session, speaks
from penstock.sdk.found import Found


@click.group()
def command() -> None:
    """Ask which files a condition holds for, and keep such questions."""


@command.command()
@click.argument("query")
@click.option("--in", "place", help="A dataset, or a version of one (gold/v1). Else the whole project.")
@speaks
def files(session: Session, query: str, place: str | None) -> None:
    """The files that QUERY finds, by key."""
    session.table(_found(session, query, place), ["key", "state"], cells=lambda row: (row.key, row.state), none="None.")


@command.command()
@click.argument("query")
@click.option("--in", "place", help="A dataset, or a version of one (gold/v1). Else the whole project.")
@speaks
def count(session: Session, query: str, place: str | None) -> None:
    """How many files QUERY finds."""
    found = _found(session, query, place).count()
    session.say({"files": found}, str(found))


@command.command()
@click.argument("query", default="")
@click.option("--in", "place", help="A dataset, or a version of one (gold/v1). Else the whole project.")
@speaks
def facets(session: Session, query: str, place: str | None) -> None:
    """What there is among the files that QUERY finds, or among all: how many files have each value."""
    found = _found(session, query, place).facets()
    if session.as_json:
        return session.say(found)
    named = [("label", found.labels), ("person", found.people), ("source", found.sources), ("state", found.states)]
    named += [(field.name, field.values) for field in (*found.attributes, *found.metadata)]
    named += [(f"task {field.name!r}", field.values) for field in found.tasks]
    rows = [(name, facet.value, facet.files, facet.annotations) for name, values in named for facet in values]
    rows += [("confidence", f"{bar.low:g} to {bar.high:g}", bar.files, bar.annotations) for bar in found.confidence]
    rows += [("added", day.day, day.files, None) for day in found.added]
    return session.table(rows, ["field", "value", "files", "annotations"], cells=lambda row: row, none="No file.")


@command.command()
@click.argument("query")
@click.argument("dataset")
@click.option("--in", "place", required=True, help="The dataset, or the version of one (gold/v1), to look in.")
@speaks
def add(session: Session, query: str, dataset: str, place: str) -> None:
    """Add the files that QUERY finds to DATASET."""
    source = session.penstock.state(place)
    added = session.penstock.datasets[dataset].add_found(source, query)
    session.say({"added": added}, f"Added {added}; others that it found were there already.")


@command.command("take-out")
@click.argument("query")
@click.option("--in", "place", required=True, metavar="DATASET", help="The dataset that they leave.")
@speaks
def take_out(session: Session, query: str, place: str) -> None:
    """Take the files that QUERY finds out of a dataset."""
    removed = session.penstock.datasets[place].remove_found(query)
    session.say({"removed": removed}, f"Took {removed} out.")


@command.command("list")
@speaks
def list_(session: Session) -> None:
    """The saved queries."""
    rows = session.penstock.queries
    cells = ["name", "query", "problem"]
    session.table(rows, cells, cells=lambda row: (row.name, row.query, row.problem), none="No saved query yet.")


@command.command()
@click.argument("name")
@click.argument("query")
@speaks
def save(session: Session, name: str, query: str) -> None:
    """Keep QUERY under NAME; a saved query of that name gets this text."""
    session.say(session.penstock.queries.save(name, query), f"Saved {name!r}.")


@command.command()
@click.argument("name")
@speaks
def remove(session: Session, name: str) -> None:
    """Forget the saved query NAME."""
    session.penstock.queries.remove(name)
    session.say({"removed": name}, f"Forgot {name!r}.")


def _found(session: Session, query: str, place: str | None) -> Found[object]:
    if place is None:
        return session.penstock.files.where(query)
    return session.penstock.state(place).where(query)
