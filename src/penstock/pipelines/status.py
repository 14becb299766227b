"""The pipeline with its counts: what the CLI draws as a tree and the web as a graph."""

import datetime as dt

from penstock import actions, connections, datasets, log
from penstock.actions import deliveries
from penstock.actions import tables as action_tables
from penstock.datasets import tables as dataset_tables
from penstock.ingest import tables as import_tables
from penstock.metrics import reports
from penstock.metrics.followers import FOLLOWERS
from penstock.pipelines import trouble
from penstock.pipelines.names import Book
from penstock.pipelines.status_model import ActionStatus, DatasetStatus, LastRun, Status, TemplateStatus
from penstock.pipelines.translating import written_action
from penstock.pipelines.trouble import Crews
from penstock.store import Transaction
from penstock.tasks import attempt_tables, templates


def status(tx: Transaction) -> Status:
    """The pipeline as it stands."""
    shown = _templates(tx)
    return Status(
        datasets=_datasets(tx, shown),
        templates=tuple(shown),
        actions=_actions(tx),
        setbacks=tuple(log.setbacks(tx)),
        is_counting=log.has_unread(tx, FOLLOWERS),
    )


def _templates(tx: Transaction) -> list[TemplateStatus]:
    progress = {one.template: one for one in reports.progress(tx)}
    paces, at_work, crews = reports.paces(tx, progress.values()), attempt_tables.at_work(tx), Crews(tx)
    found: list[TemplateStatus] = []
    for template in templates.list_(tx):
        one, pace, now = progress[template.id], paces[template.id], at_work.get(template.id)
        found.append(
            TemplateStatus(
                id=template.id,
                name=template.name,
                state=template.state,
                progress=one,
                watches=tuple(watch.dataset for watch in template.settings.watch),
                routes_to=tuple(dict.fromkeys(route.to for route in template.settings.on_done)),
                people=now.people if now else 0,
                pace=pace,
                trouble=tuple(trouble.of_template(template, one, pace, now, crews, tx.now)),
            )
        )
    return found


def _datasets(tx: Transaction, shown: list[TemplateStatus]) -> tuple[DatasetStatus, ...]:
    found: list[DatasetStatus] = []
    imports, today = import_tables.last_runs(tx), dataset_tables.came_since(tx, tx.now - dt.timedelta(days=1))
    fed = {dataset for template in shown for dataset in template.routes_to}
    watched = {dataset for template in shown for dataset in template.watches}
    after: str | None = None
    while True:
        page = datasets.list_(tx, after=after, limit=1000)
        found += [
            DatasetStatus(
                id=dataset.id,
                name=dataset.name,
                files=dataset.files or 0,
                watched_by=tuple(template.id for template in shown if dataset.id in template.watches),
                fed_by=tuple(template.id for template in shown if dataset.id in template.routes_to),
                today=today.get(dataset.id, 0),
                trouble=tuple(
                    trouble.of_dataset(imports.get(dataset.id), dataset.files or 0, dataset.id in watched - fed)
                ),
            )
            for dataset in page.items
        ]
        if (after := page.next) is None:
            return tuple(found)


def _actions(tx: Transaction) -> tuple[ActionStatus, ...]:
    book, counts, last = Book(tx), action_tables.counts(tx), action_tables.last_runs(tx)
    names = {one.id: one.name for one in connections.list_connections(tx)}
    off = {id: names.get(id, str(id)) for id in deliveries.receivers_off(tx)}
    found: list[ActionStatus] = []
    for action in actions.list_(tx):
        when = written_action(action, book)["when"]
        words = when if isinstance(when, str) else ", ".join(f"{key} {value}" for key, value in when.items())
        run = last.get(action.id)
        found.append(
            ActionStatus(
                id=action.id,
                name=action.name,
                state=action.state,
                when=words,
                template=getattr(action.settings.when, "progress", None),
                steps=tuple(step.name for step in action.settings.do),
                runs=counts.get(action.id, {}),
                last_run=run and LastRun(id=run.id, state=run.state, created_at=run.created_at, error=run.error),
                next_at=action.next_at,
                trouble=tuple(trouble.of_action(action, run, off)),
            )
        )
    return tuple(found)
