"""Branches: the truth, drafts and forks over it, and predictions beside it."""

from collections.abc import Callable

from penstock.annotations import tables
from penstock.annotations.tables import Branch, Level
from penstock.core import NotFound
from penstock.store import Transaction

refusing: list[Callable[[Transaction, int, int], None]] = []
"""Who refuses to have a revision of a branch read, such as one that has lost something: filled by the engine."""


def main(tx: Transaction) -> int:
    """The project's main branch, made at first use. Safe to repeat."""
    found = tables.find_main(tx) or tables.insert_branch(tx, "main", "main", None, None) or tables.find_main(tx)
    assert found is not None
    return found


def get(tx: Transaction, branch: int) -> Branch:
    """A branch by its id. Raises NotFound."""
    found = tables.recall_branch(tx, branch)
    if found is None:
        raise NotFound(what="branch", name=branch)
    return found


def check_revision(tx: Transaction, branch: int, seq: int) -> None:
    """Let a revision that a caller names be read. Raises what those in `refusing` do."""
    for check in refusing:
        check(tx, branch, seq)


def open_draft(tx: Transaction, parent: int) -> int:
    """A new draft over a branch. Its base follows the parent's head until `fix_base`."""
    draft = tables.insert_branch(tx, "draft", None, parent, None)
    assert draft is not None
    return draft


def fork(tx: Transaction, parent: int, base_seq: int) -> int:
    """A new overlay over a branch without a parent, as of a settled revision. Nothing is copied."""
    made = tables.insert_branch(tx, "fork", None, parent, base_seq)
    assert made is not None
    return made


def fix_base(tx: Transaction, branch: int, file: int) -> None:
    """Pin a draft to its parent's present state of one file, at the first save.

    All writers of a file hold its row before they draw their revision. So while we share that row, no revision up to
    the newest one can still appear on this file, though on other files it may. Call it before the seq is drawn.
    """
    tables.fix_base(tx, branch, file)


def predictions(tx: Transaction, name: str) -> int:
    """The branch of a model's predictions, made at first use. Safe to repeat."""
    found = (
        tables.find_predictions(tx, name)
        or tables.insert_branch(tx, "predictions", name, None, None)
        or tables.find_predictions(tx, name)
    )
    assert found is not None
    return found


def predictions_named(tx: Transaction, name: str) -> int:
    """The branch of some predictions. Raises NotFound."""
    found = tables.find_predictions(tx, name)
    if found is None:
        raise NotFound(what="predictions", name=name)
    return found


def levels(tx: Transaction, branch: Branch, as_of: int | None = None) -> list[Level]:
    """The branches to read, nearest first. `as_of` counts on the branch itself; its parents are read at their bases."""
    found = [Level(branch.id, as_of)]
    while branch.parent is not None:
        found.append(Level(branch.parent, branch.base_seq))
        branch = get(tx, branch.parent)
    return found
