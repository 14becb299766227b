"""What keeps a node of the pipeline from moving, and the one thing to do about it.

A template is in trouble when tasks wait and nobody can, or does, work on them; a dataset when its newest import went
wrong or nothing ever came; an action when its newest run failed or waits for an answer.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from penstock import people
from penstock.actions.model import Action, Run
from penstock.ingest.model import Import
from penstock.metrics.model import Pace, TemplateProgress
from penstock.people.model import Member
from penstock.pipelines.status_model import Trouble
from penstock.store import Transaction
from penstock.tasks import access
from penstock.tasks.attempt_tables import AtWork
from penstock.tasks.model import Template

QUIET = dt.timedelta(hours=1)
"""How long nobody may work on waiting tasks before it is called trouble."""


class Crews:
    """Who may work and review, asked once for all templates."""

    def __init__(self, tx: Transaction) -> None:
        self.members: list[Member] = people.members(tx)

    def workers(self, template: Template) -> int:
        """How many may take tasks and can sign in."""
        return sum(
            access.may_work(template.settings, one.person, one.role, set(one.teams))
            for one in self.members
            if one.claimed or one.kind == "program"
        )

    def reviewers(self, template: Template) -> int:
        return sum(
            access.may_review(template.settings, one.person, one.role, set(one.teams))
            for one in self.members
            if one.claimed or one.kind == "program"
        )


def of_template(
    template: Template,
    progress: TemplateProgress,
    pace: Pace,
    at_work: AtWork | None,
    crews: Crews,
    now: dt.datetime,
) -> Iterator[Trouble]:
    """What stops a template, the worst first."""
    counts = progress.counts
    waiting, in_review = counts["open"] + counts["returned"], counts["in_review"]
    lapsed = at_work.lapsed if at_work else 0
    if template.state == "paused":
        if waiting:
            yield Trouble(cause="paused", detail=f"Paused while {_tasks(waiting)}.", count=waiting, offer="resume")
        return
    if waiting and not crews.workers(template):
        detail = f"{_tasks(waiting).capitalize()}, and nobody who may work here has signed in yet."
        yield Trouble(cause="no-people", detail=detail, count=waiting, offer="invite")
    elif waiting and not (at_work and at_work.people) and (quiet := _quiet(pace, progress, now)):
        words, since = quiet
        detail = f"{_tasks(waiting).capitalize()}, and {words}."
        yield Trouble(cause="nobody-works", detail=detail, count=waiting, since=since, offer="invite")
    if in_review and not crews.reviewers(template):
        detail = f"{in_review} {'task waits' if in_review == 1 else 'tasks wait'} for a review that nobody may do."
        yield Trouble(cause="no-reviewers", detail=detail, count=in_review, offer="invite")
    if lapsed:
        held = "1 task is" if lapsed == 1 else f"{lapsed:,} tasks are"
        detail = f"{held} held by people who left. Whoever works next gets them."
        yield Trouble(cause="idle-leases", detail=detail, count=lapsed, offer="see_tasks")
    if not progress.total and not template.settings.watch:
        yield Trouble(cause="input-dry", detail="It watches no dataset, so no tasks come.", offer="watch")


def _tasks(n: int) -> str:
    return "1 task waits" if n == 1 else f"{n:,} tasks wait"


def _quiet(pace: Pace, progress: TemplateProgress, now: dt.datetime) -> tuple[str, dt.datetime | None] | None:
    """Since when nobody works, in words; None when somebody did of late."""
    if pace.last_at is None:
        return ("nobody has begun", None) if not progress.done else ("nobody worked for two days", None)
    for_ = now - pace.last_at
    if for_ < QUIET:
        return None
    return f"nobody worked for {int(for_.total_seconds() // 3600)} h", pace.last_at


def of_dataset(last: Import | None, files: int, is_source: bool) -> Iterator[Trouble]:
    """What is wrong with how files come into a dataset."""
    if last is not None and last.state == "failed":
        detail = f"The last import failed: {last.reason or 'no reason is known'}"
        yield Trouble(cause="import-failed", detail=detail, since=last.finished_at, offer="see_import", about=last.id)
    elif last is not None and last.counts.failed:
        n = last.counts.failed
        detail = f"{n:,} {'item' if n == 1 else 'items'} of the last import could not be read."
        yield Trouble(
            cause="items-failed", detail=detail, count=n, since=last.finished_at, offer="see_import", about=last.id
        )
    if is_source and not files and (last is None or last.is_over):
        yield Trouble(cause="input-dry", detail="No files have come yet.", offer="import")


def of_action(action: Action, last: Run | None, off: Mapping[int, str]) -> Iterator[Trouble]:
    """What is wrong with an action: its newest run, or a receiver that wants no more."""
    if last is not None and last.state == "failed":
        detail = f"The last run failed: {last.error or 'no reason is known'}"
        yield Trouble(cause="run-failed", detail=detail, since=last.finished_at, offer="see_run", about=last.id)
    elif last is not None and last.state == "asking":
        detail = "The last run was broken off and waits for somebody to say whether it may go on."
        yield Trouble(cause="run-asks", detail=detail, since=last.created_at, offer="see_run", about=last.id)
    for connection in _receivers(action):
        if connection in off:
            detail = f"The receiver {off[connection]!r} answered that it is gone, so nothing is sent there."
            yield Trouble(cause="receiver-off", detail=detail, offer="enable_receiver", about=connection)


def _receivers(action: Action) -> Iterable[int]:
    told = (step.settings.get("to") for step in action.settings.do if step.kind == "webhook")
    return (one for one in told if isinstance(one, int))
