"""`penstock dataset`: make, list and change datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from penstock.cli.session import Session, speaks
from penstock.datasets.model import Rule

if TYPE_CHECKING:
    from penstock.datasets.live_model import Combine


@click.group()
def command() -> None:
    """Make, list and change datasets."""


@command.command("list")
@speaks
def list_(session: Session) -> None:
    """The datasets, with how many files each holds."""
    rows = [dataset.value for dataset in session.penstock.datasets]
    session.table(rows, ["dataset", "files"], cells=lambda row: (row.name, row.files), none="No dataset yet.")


@command.command()
@click.argument("name")
@speaks
def create(session: Session, name: str) -> None:
    """Make a dataset."""
    made = session.penstock.datasets.create(name)
    session.say(made.value, f"Made the dataset {name!r}.")


@command.command()
@click.argument("source")
@click.argument("into")
@click.option("--count", type=int, help="At most so many files.")
@click.option("--share", type=float, help="This part of them, such as 0.1.")
@click.option("--where", default="", help="A query.")
@click.option("--seed", default="", help="The same seed draws the same files.")
@click.option("--by", type=click.Choice(["lot", "uncertainty"]), default="lot")
@click.option("--predictions", help="The uncertainty of these predictions.")
@click.option("--stratify", help="A field: label, an attribute, meta.site.")
@click.option("--balanced", is_flag=True, help="As many of each value as can be.")
@click.option("--distinct", is_flag=True, help="Pass near duplicates over.")
@click.option("--preview", is_flag=True, help="Only say what would be drawn.")
@speaks
def sample(session: Session, source: str, into: str, where: str, **how: Any) -> None:
    """Draw some files of SOURCE into the dataset INTO."""
    there = session.penstock.datasets
    drawn = there[source].sample(there[into], query=where, **how)
    session.say(drawn, f"Drew {drawn.drawn} of {drawn.found} files; {drawn.added} were new in {into!r}.")


@command.command()
@click.argument("source")
@click.argument("parts", nargs=-1, required=True, metavar="DATASET=SHARE...")
@click.option("--together", help="A field; files with the same value go together, such as meta.patient.")
@click.option("--where", default="", help="A query.")
@click.option("--seed", default="", help="The same seed parts files in the same way.")
@speaks
def split(session: Session, source: str, parts: tuple[str, ...], together: str | None, where: str, seed: str) -> None:
    """Part the files of SOURCE for good: train=0.8 val=0.1 test=0.1. Repeat it when SOURCE has grown."""
    there = session.penstock.datasets
    named = [part.rpartition("=") for part in parts]
    try:
        shares = {there[name]: float(share) for name, _, share in named}
    except ValueError as error:
        raise click.UsageError(f"A part is written name=share, such as train=0.8. {error}") from error
    done = there[source].split(shares, together=together, query=where, seed=seed)
    added = ", ".join(f"{dataset.name} {part.added}" for dataset, part in zip(shares, done.parts, strict=True))
    leaks = f" {done.leaks} contents are in more than one part." if done.leaks else ""
    session.say(done, f"{done.groups} groups of {done.found} files. Added: {added}.{leaks}")


@command.command()
@click.argument("name")
@click.argument("query")
@click.option("--of", "sources", multiple=True, required=True, help="A dataset, or a version of one (gold/v1).")
@click.option("--combine", type=click.Choice(["union", "intersection", "difference"]), default="union")
@speaks
def live(session: Session, name: str, query: str, sources: tuple[str, ...], combine: Combine) -> None:
    """Make a live dataset: NAME holds what QUERY finds in other datasets, from now on."""
    of = [session.penstock.state(source) for source in sources]
    made = session.penstock.datasets.live(name, query, of, combine=combine)
    session.say(made.value, f"{name!r} follows {', '.join(sources)}.")


@command.command()
@click.argument("name")
@click.option("--state", type=click.Choice(["processing", "ready", "failed"]), help="Only files in this state.")
@speaks
def files(session: Session, name: str, state: str | None) -> None:
    """The files of a dataset, by key."""
    rows = session.penstock.datasets[name].files(state=state)
    session.table(rows, ["key", "file", "state"], cells=lambda row: (row.key, row.file, row.state), none="No file.")


@command.command()
@click.argument("name")
@click.argument("keys", nargs=-1, required=True)
@speaks
def add(session: Session, name: str, keys: tuple[str, ...]) -> None:
    """Add files that the project has, by key."""
    added = session.penstock.datasets[name].add(keys=keys)
    session.say({"files": added}, f"Added {len(added)} of {len(keys)}; the others were there already.")


@command.command()
@click.argument("name")
@click.argument("new_name")
@speaks
def rename(session: Session, name: str, new_name: str) -> None:
    """Give a dataset another name."""
    session.say(session.penstock.datasets[name].rename(new_name).value, f"{name!r} is {new_name!r} now.")


@command.command()
@click.argument("name")
@speaks
def archive(session: Session, name: str) -> None:
    """Take a dataset out of use. What it held stays readable."""
    session.say(session.penstock.datasets[name].archive().value, f"Archived {name!r}.")


@command.command()
@click.argument("name")
@speaks
def unarchive(session: Session, name: str) -> None:
    """Take an archived dataset into use again."""
    session.say(session.penstock.datasets.archived(name).unarchive().value, f"{name!r} is in use again.")


@command.command()
@click.argument("source")
@click.argument("name")
@speaks
def fork(session: Session, source: str, name: str) -> None:
    """Make NAME, which begins as SOURCE: a dataset, or a version of one (gold/v1). Nothing is copied."""
    made = session.penstock.state(source).fork(name)
    files = made.count()
    session.say(made.value.model_copy(update={"files": files}), f"{name!r} began as {source!r}, with {files} files.")


@command.command()
@click.argument("fork")
@click.option("--into", metavar="DATASET", help="Another dataset than the one it was forked from.")
@click.option(
    "--rule",
    type=click.Choice(["ours", "theirs", "newest", "both"]),
    default="ours",
    show_default=True,
    help="What stands where both sides changed the same; ours is the fork's.",
)
@click.option("--conflicts-to", metavar="DATASET", help="A dataset that the files with conflicts enter.")
@click.option("--preview", is_flag=True, help="Only say what would be done.")
@speaks
def merge(session: Session, fork: str, into: str | None, rule: Rule, conflicts_to: str | None, preview: bool) -> None:
    """Do to the dataset that FORK came from what was changed in FORK since: all or none. Safe to repeat."""
    datasets = session.penstock.datasets
    target = datasets[into] if into else None
    kept = ""
    if preview:
        found = datasets[fork].preview_merge(target, rule)
    else:
        found = datasets[fork].merge(target, rule=rule, conflicts_to=datasets[conflicts_to] if conflicts_to else None)
        if found.again:
            return session.say(found, f"Nothing to do: all that {fork!r} changed was merged before (merge {found.id}).")
        kept = f", of which merge {found.id} keeps both sides" if found.conflicts else ""
    changed = found.annotations.changed
    lines = (
        f"files        {found.files.added} added, {found.files.removed} removed",
        f"annotations  {found.annotations.added} added, {found.annotations.removed} removed, {changed} changed",
        f"conflicts    {found.conflicts}{kept}",
    )
    session.say(found, "\n".join(lines))
