"""The pipeline with its counts, as a forest: what flows where, and what each thing is called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from penstock.pipelines.status_model import ActionStatus, DatasetStatus, Status, TemplateStatus

__all__ = ["ActionStatus", "Branch", "DatasetStatus", "Status", "TemplateStatus", "forest"]

Thing = DatasetStatus | TemplateStatus | ActionStatus


@dataclass(frozen=True)
class Branch:
    """A thing of the pipeline and what comes after it. `again`: it stands elsewhere already, with all that follows."""

    thing: Thing
    after: tuple[Branch, ...] = ()
    again: bool = False


def forest(status: Status) -> list[Branch]:
    """Datasets with the templates that watch them, those with where their work goes, and the actions beside them.

    A dataset that nothing feeds begins a tree; one on a circle stands once, and `again` where the circle closes.
    """
    planted = _Planting(status)
    fed = {dataset for template in status.templates for dataset in template.routes_to}
    first = [dataset for dataset in status.datasets if dataset.id not in fed]
    roots = [planted.dataset(dataset) for dataset in first]
    roots += [planted.dataset(one) for one in status.datasets if one.id not in planted.datasets_seen]
    roots += [planted.template(one) for one in status.templates if one.id not in planted.templates_seen]
    return roots + [Branch(action) for action in status.actions if action.template is None]


class _Planting:
    def __init__(self, status: Status) -> None:
        self._status = status
        self._datasets = {dataset.id: dataset for dataset in status.datasets}
        self.datasets_seen: set[int] = set()
        self.templates_seen: set[int] = set()

    def dataset(self, dataset: DatasetStatus) -> Branch:
        if dataset.id in self.datasets_seen:
            return Branch(dataset, again=True)
        self.datasets_seen.add(dataset.id)
        watching = [one for one in self._status.templates if dataset.id in one.watches]
        return Branch(dataset, tuple(self.template(one) for one in watching))

    def template(self, template: TemplateStatus) -> Branch:
        if template.id in self.templates_seen:
            return Branch(template, again=True)
        self.templates_seen.add(template.id)
        return Branch(template, tuple(self._after(template)))

    def _after(self, template: TemplateStatus) -> Iterator[Branch]:
        for action in self._status.actions:
            if action.template == template.id:
                yield Branch(action)
        for dataset in template.routes_to:
            if dataset in self._datasets:
                yield self.dataset(self._datasets[dataset])
