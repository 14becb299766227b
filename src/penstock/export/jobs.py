"""The work that exports do in the background."""

from penstock.export import making
from penstock.jobs import Job

JOBS = [Job("export.run", making.run, queue="bulk", retries=making.TRIES, give_up=making.give_up)]
