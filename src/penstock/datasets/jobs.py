"""The work that datasets do in the background."""

from penstock.datasets import census, live, pruning
from penstock.jobs import Job

JOBS = [
    Job("datasets.refresh", live.refresh),
    Job("datasets.prune", pruning.run, queue="bulk"),
    Job("datasets.census", census.refresh, queue="bulk"),
]
