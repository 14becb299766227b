"""Background work of people: what has expired is removed once a day."""

import datetime as dt

from penstock import jobs
from penstock.jobs import Job, Work

ANSWERS_KEPT = dt.timedelta(hours=24)
"""How long a repeated POST gets the first answer."""
EXPIRED_KEPT = dt.timedelta(days=30)


def tidy(work: Work) -> None:
    """Remove answers that nobody will ask for again, and sessions and links that ended a month ago. Repeatable."""
    with work.db.transaction(0) as tx:
        tx.run("delete from answered where at < %(before)s", before=tx.now - ANSWERS_KEPT)
        before = tx.now - EXPIRED_KEPT
        tx.run("delete from session where expires_at < %(before)s", before=before)
        tx.run("delete from sign_in_link where expires_at < %(before)s", before=before)
        jobs.at(tx, tx.now + dt.timedelta(days=1), "people.tidy", key="people.tidy")


JOBS = [Job("people.tidy", tidy)]
