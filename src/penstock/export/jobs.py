"""The work that exports do in the background."""

from penstock.export import making, parts
from penstock.jobs import Job

JOBS = [
    Job("export.run", making.run, queue="bulk", retries=making.TRIES, give_up=making.give_up),
    Job("export.part", parts.run, queue=parts.QUEUE, retries=0, give_up=parts.let_be),
]
