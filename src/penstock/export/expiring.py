"""Downloads don't stay for ever: their archives can be made again, since a version never changes."""

import datetime as dt

from penstock import jobs
from penstock.export import destination, events, tables, verbs
from penstock.jobs import Job, Work
from penstock.store import Store


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


def run(work: Work) -> None:
    """Expire what is due, and again in an hour."""
    expire(work.store)
    with work.db.transaction(0) as tx:
        jobs.at(tx, tx.now + dt.timedelta(hours=1), "export.expire", key="export.expire")


JOBS = [Job("export.expire", run)]
