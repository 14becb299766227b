"""The jobs of actions: moving runs on, what steps do outside, schedules, deliveries."""

import logging

from penstock import jobs
from penstock.actions import delivering, running, scheduling
from penstock.actions.steps import Failed, named
from penstock.core import Refusal
from penstock.store.db import is_away

logger = logging.getLogger(__name__)

DELIVER_RETRIES = 5  #: of a try that fails by a defect of ours; a receiver that fails has a table of its own


def go_on(work: jobs.Work, *, project: int, run: int) -> None:
    """Move a run on until it is over or has to wait."""
    while True:
        try:
            if work.db.perform(lambda tx: running.advance(tx, run), project) == "stop":
                return
        except Exception as error:  # a step's defect fails its run, visibly, in place of a job that nobody sees
            if is_away(error):
                raise
            if not isinstance(error, Refusal):
                logger.exception("run %s of project %s failed by a defect", run, project)
            _fail(work, project, run, running.failure_of(error))
            return


def give_up(work: jobs.Work, why: str, *, project: int, run: int) -> None:
    """Let the step fail that too many workers died of."""
    _fail(work, project, run, Failed(why, final=True))


def _fail(work: jobs.Work, project: int, run: int, failed: Failed) -> None:
    work.db.perform(lambda tx: running.fail(tx, run, failed), project)


def do_outside(work: jobs.Work, *, project: int, run: int, n: int, number: int) -> None:
    """Do what a step does outside, with no transaction open."""
    call = work.db.perform(lambda tx: running.claim_outside(tx, work.store, run, n, number), project)
    if call is None:
        return
    try:
        outcome = named(call.kind).outside(work.store, call, work.should_stop)
    except Exception as error:  # as above
        if is_away(error):
            raise
        logger.exception("step %s of run %s failed by a defect", n, run)
        outcome = Failed(f"{type(error).__name__}: {error}", final=True)
    if outcome is None:
        work.db.perform(lambda tx: running.interrupted(tx, work.store, run, n, number), project)
    else:
        work.db.perform(lambda tx: running.conclude_outside(tx, run, n, number, outcome), project)


def tick(work: jobs.Work, *, project: int, action: int) -> None:
    """Fire a scheduled action that is due."""
    work.db.perform(lambda tx: scheduling.tick(tx, action), project)


def deliver(work: jobs.Work, *, project: int, delivery: int) -> None:
    """Try to deliver a message, if it is due. When the job gives up for good, so does the message."""
    try:
        delivering.deliver(work.store, project, delivery)
    except Exception as error:  # as above
        if is_away(error) or work.tries < DELIVER_RETRIES:
            raise
        logger.exception("message %s of project %s is given up by a defect", delivery, project)
        give_up_delivery(work, f"{type(error).__name__}: {error}", project=project, delivery=delivery)


def give_up_delivery(work: jobs.Work, why: str, *, project: int, delivery: int) -> None:
    work.db.perform(lambda tx: delivering.abandon(tx, delivery, why), project)


JOBS = [
    jobs.Job("actions.run", go_on, give_up=give_up),
    jobs.Job("actions.outside", do_outside, queue="command"),
    jobs.Job("actions.tick", tick),
    jobs.Job("actions.deliver", deliver, queue="deliver", retries=DELIVER_RETRIES, give_up=give_up_delivery),
]
