"""Counting tasks in the order of their events: the one place that knows how far a template is, exactly and once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from penstock.log import Happening
from penstock.metrics import tables
from penstock.metrics.events import ProgressReached
from penstock.metrics.model import Armed, Progress
from penstock.store import Transaction


@dataclass
class Count:
    """The progress of some templates and the marks on it, moved on one event at a time."""

    progress: dict[int, Progress]
    armed: Iterable[Armed]
    reached: list[ProgressReached] = field(default_factory=list[ProgressReached])
    moved: dict[tuple[int, str], Armed] = field(default_factory=dict[tuple[int, str], Armed])

    def __post_init__(self) -> None:
        self._marks: defaultdict[int, list[Armed]] = defaultdict(list)
        for mark in self.armed:
            self._marks[mark.template].append(mark)

    def task_moved(self, template: int, was: str | None, now: str, seq: int) -> None:
        """One task went from `was` (None: it is new) to `now`."""
        before = self.progress.get(template) or Progress(template=template)
        after = self.progress[template] = before.after(was, now, seq)
        if (before.done, before.total) != (after.done, after.total):
            self._marks[template] = [self._look(mark, before, after) for mark in self._marks[template]]

    def _look(self, armed: Armed, before: Progress, after: Progress) -> Armed:
        if after.as_of <= armed.armed_seq:
            return armed
        thresholds, moved = armed.crossed(before, after)
        for threshold in thresholds:
            self.reached.append(
                ProgressReached(
                    template=armed.template,
                    subscriber=armed.subscriber,
                    mark=armed.mark.name(threshold),
                    done=after.done,
                    total=armed.mark.expected or after.total,
                    as_of=after.as_of,
                )
            )
        if moved != armed:
            self.moved[armed.template, armed.subscriber] = moved
        return moved


def count_tasks(tx: Transaction, events: Sequence[Happening]) -> None:
    """Move progress on by these task events. Writes `template.progress_reached` for every threshold crossed."""
    moves = [event for event in events if event.body.get("now")]
    templates = sorted({int(event.body["template"]) for event in moves})
    marks = tables.lock_marks(tx, templates)
    count = Count(tables.progress_of(tx, templates), marks)
    for event in moves:
        count.task_moved(event.body["template"], event.body.get("was"), event.body["now"], event.seq)
    tables.save_progress(tx, count.progress.values())
    for armed in count.moved.values():
        tables.save_mark(tx, armed)
    for reached in count.reached:
        tx.append(reached)
