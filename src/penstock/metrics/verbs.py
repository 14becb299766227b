"""Arming marks on a template's progress, and reading it."""

from penstock.core import NotFound
from penstock.metrics import tables
from penstock.metrics.events import ProgressArmed, ProgressDisarmed
from penstock.metrics.model import Armed, Mark, Progress
from penstock.store import Transaction


def arm(tx: Transaction, template: int, subscriber: str, mark: Mark) -> None:
    """Wait for a mark on a template's progress. A subscriber has one mark; another template or mark replaces it.

    Safe to repeat: an equal mark stays as it is, with what it fired already. Only task events after this count;
    `reaches` fires at the first that satisfies it, `every` tells of thresholds still to come. Writes
    `template.progress_armed`.
    """
    held = tables.lock_mark(tx, template, subscriber)
    if held and held.mark == mark:
        return
    tables.drop_marks(tx, subscriber)
    _save(tx, template, subscriber, mark)


def rearm(tx: Transaction, template: int, subscriber: str) -> None:
    """Let a mark that fired fire again. By hand only. Writes `template.progress_armed`. Raises NotFound."""
    held = tables.lock_mark(tx, template, subscriber)
    if held is None:
        raise NotFound(what="mark", name=subscriber)
    _save(tx, template, subscriber, held.mark)


def disarm(tx: Transaction, subscriber: str) -> None:
    """Stop waiting. Safe to repeat. Writes `template.progress_disarmed`."""
    for template in tables.drop_marks(tx, subscriber):
        tx.append(ProgressDisarmed(template=template, subscriber=subscriber))


def progress(tx: Transaction, template: int) -> Progress:
    """A template's progress as counted so far: exact for everything up to its `as_of`."""
    return tables.progress_of(tx, [template]).get(template) or Progress(template=template)


def _save(tx: Transaction, template: int, subscriber: str, mark: Mark) -> None:
    tables.save_mark(tx, Armed(template=template, subscriber=subscriber, mark=mark, armed_seq=tx.seq))
    tx.append(ProgressArmed(template=template, subscriber=subscriber, mark=str(mark)))
