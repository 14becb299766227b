"""Exports that don't stay for ever: downloads, which can be made again, and those of a series that has a rule."""

import datetime as dt
import logging

from penstock import jobs
from penstock.core import Refusal
from penstock.export import destination, events, publishing, tables, verbs
from penstock.jobs import Job, Work
from penstock.store import Store, Transaction

logger = logging.getLogger(__name__)


def expire(store: Store) -> int:
    """Take away the archives of downloads that have been ready for `download_days`; how many. Safe to repeat.

    Writes `export.expired` for each.
    """
    with store.db.transaction(0) as tx:
        before = tx.now - dt.timedelta(days=store.settings.download_days)
        found = tables.expiring(tx, before)
    for project, export in found:
        with store.db.transaction(project) as tx:
            path = destination.path_of(store, project, verbs.get(tx, export))
        path.unlink(missing_ok=True)
        with store.db.transaction(project) as tx:
            if tables.expire(tx, export):
                made = verbs.get(tx, export)
                tx.append(events.ExportExpired(export=made.id, dataset=made.dataset))
    return len(found)


def retire(store: Store, project: int, series: str) -> int:
    """Take away the exports of a series that its newest one's rule doesn't keep; how many. Safe to repeat.

    What has come into the place of one meanwhile stays. Writes `export.expired` for each.
    """
    with store.db.transaction(project) as tx:
        found = tables.of_series(tx, series)
        keep = found[0].keep if found else None
        made = [export.ended_at or export.at for export in found]
        past = [] if keep is None else [found[n] for n in keep.past(made, tx.now)]
        seals = {export.id: tables.sealed(tx, export.id) for export in past}
    # A replay writes the same export to the same place again.
    used = {export.uri for export in found if export not in past}
    gone = 0
    for export in past:
        try:
            path = destination.path_of(store, project, export)
        except Refusal as refusal:  # its connection or its root is gone
            logger.warning("export %s of project %s can't be taken away: %s", export.id, project, refusal.detail)
            continue
        if export.uri not in used and publishing.is_there(path, seals[export.id]):
            publishing.remove(path)
        with store.db.transaction(project) as tx:
            if tables.expire(tx, export.id):
                tx.append(events.ExportExpired(export=export.id, dataset=export.dataset))
                gone += 1
    return gone


def shown_now(tx: Transaction) -> list[int]:
    """The versions that unfinished exports show."""
    return tables.versions_shown(tx)


def run_series(work: Work, project: int, series: str) -> None:
    retire(work.store, project, series)


def run(work: Work) -> None:
    """Expire what is due, and again in an hour."""
    expire(work.store)
    with work.db.transaction(0) as tx:
        due = tables.kept_series(tx)
    for project, series in due:
        retire(work.store, project, series)
    with work.db.transaction(0) as tx:
        jobs.at(tx, tx.now + dt.timedelta(hours=1), "export.expire", key="export.expire")


JOBS = [Job("export.expire", run), Job("export.retire", run_series, queue="bulk")]
