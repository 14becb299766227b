"""`penstock prune`: delete old history that nothing shows, after a look at how much that is."""

from __future__ import annotations

import click

from penstock.cli.session import Session, speaks
from penstock.datasets.pruning_model import Prunable


@click.command()
@click.option(
    "--keep-days", type=click.IntRange(1, 36_500), default=30, show_default=True, help="What ended since stays."
)
@click.option("--yes", is_flag=True, help="Do it. Without this, nothing changes: it says what would go.")
@speaks
def command(session: Session, keep_days: int, yes: bool) -> None:
    """Say how much old history no version, fork, draft or merge shows; with --yes delete it, for good.

    Former states of annotations, memberships and metadata go, and annotations that were deleted. Revisions before can't
    be read any more, but for those that are versions. The log says who did it. Make a `penstock backup` first.
    """
    p = session.penstock
    if not yes:
        found = p.prunable(keep_days=keep_days)
        again = f"penstock prune --keep-days {keep_days} --yes"
        return session.say(found, f"Would go, up to revision {found.cut}: {_counts(found)}. To do it: {again}")
    done = p.prune(keep_days=keep_days)
    return session.say(done, f"Gone for good, up to revision {done.cut}: {_counts(done)}.")


def _counts(found: Prunable) -> str:
    return (
        f"{found.annotations:,} states of annotations, {found.entries:,} of memberships, {found.metadata:,} of metadata"
    )
