"""Taking away what nobody uses: uploads that were never made files, and bytes that no file and no upload names.

Files keep their rows for ever, replaced ones too, so what a version, an export or a thumbnail shows is named by one.
"""

import datetime as dt
from collections.abc import Collection, Sequence

from penstock import jobs
from penstock.files import tables
from penstock.jobs import Job, Work
from penstock.store import Store
from penstock.store.blobs import GRACE_SECONDS, Swept

UPLOADS_KEPT = dt.timedelta(days=30)
"""How long what was sent for an import waits for it."""


def sweep(store: Store, grace_seconds: float = GRACE_SECONDS) -> Swept:
    """Take away forgotten uploads and unused bytes of the whole installation. Safe to repeat, and at any time."""
    with store.db.transaction(0) as tx:
        tables.forget_uploads(tx, tx.now - UPLOADS_KEPT)

    def used(hashes: Sequence[str]) -> Collection[str]:
        with store.db.transaction(0) as tx:
            return tables.used(tx, hashes)

    return store.blobs.sweep(used, grace_seconds)


def run(work: Work) -> None:
    """Sweep, and again tomorrow."""
    sweep(work.store)
    with work.db.transaction(0) as tx:
        jobs.at(tx, tx.now + dt.timedelta(days=1), "files.sweep", key="files.sweep", queue="bulk")


JOBS = [Job("files.sweep", run, queue="bulk")]
