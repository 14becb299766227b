"""The work that datasets do in the background."""

from penstock.datasets import live
from penstock.jobs import Job

JOBS = [Job("datasets.refresh", live.refresh)]
