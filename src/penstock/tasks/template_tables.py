"""The tables of templates and watches: the only SQL about them."""

from collections.abc import Sequence
from typing import NamedTuple

from psycopg.types.json import Jsonb

from penstock.datasets.query.renaming import Renames
from penstock.store import Transaction
from penstock.tasks.model import Template, TemplateSettings


def select(tx: Transaction, template: int) -> Template | None:
    return tx.maybe(
        Template,
        "select id, name, state, edition, settings from template where project = %(project)s and id = %(template)s",
        template=template,
    )


def select_named(tx: Transaction, name: str) -> Template | None:
    return tx.maybe(
        Template,
        "select id, name, state, edition, settings from template"
        " where project = %(project)s and name = %(name)s and state <> 'archived'",
        name=name,
    )


def select_all(tx: Transaction, archived: bool = False) -> list[Template]:
    return tx.all(
        Template,
        "select id, name, state, edition, settings from template"
        " where project = %(project)s and (%(archived)s or state <> 'archived') order by id",
        archived=archived,
    )


def recall_all(tx: Transaction) -> list[Template]:
    """Every template that isn't archived. An edition's settings are read once by each process, then remembered."""
    rows = tx.rows(
        "select id, name, state, edition from template where project = %(project)s and state <> 'archived' order by id"
    )
    return [
        Template.model_construct(id=id, name=name, state=state, edition=edition, settings=recall(tx, id, edition))
        for id, name, state, edition in rows
    ]


def recall(tx: Transaction, template: int, edition: int) -> TemplateSettings:
    """The settings of an edition, from memory where this process read them before."""
    key = ("template", template, edition)
    known: TemplateSettings | None = tx.memory.get(key)
    if known is None:
        known = select_edition(tx, template, edition)
        tx.memory[key] = known
    return known


def lock(tx: Transaction, template: int) -> Template | None:
    found = tx.lock(
        Template,
        "select id, name, state, edition, settings from template"
        " where project = %(project)s and id = %(template)s for no key update",
        template=template,
    )
    return found[0] if found else None


def lock_all(tx: Transaction) -> list[Template]:
    """Every template, held until the transaction ends, so that no cycle of routes can be closed from two sides."""
    return tx.lock(
        Template,
        "select id, name, state, edition, settings from template"
        " where project = %(project)s and state <> 'archived' order by id for no key update",
    )


def select_edition(tx: Transaction, template: int, edition: int) -> TemplateSettings:
    found = tx.value(
        dict[str, object],
        "select settings from template_edition where project = %(project)s and template = %(template)s"
        " and edition = %(edition)s",
        template=template,
        edition=edition,
    )
    return TemplateSettings.model_validate(found)


def insert(tx: Transaction, name: str, settings: TemplateSettings) -> int | None:
    """A new template's id; None when the name is taken."""
    made = tx.value(
        int,
        "insert into template (project, name, settings, at)"
        " values (%(project)s, %(name)s, %(settings)s, moment())"
        " on conflict (project, name) where state <> 'archived' do nothing returning id",
        name=name,
        settings=_json(settings),
    )
    if made is not None:
        _keep_edition(tx, made, 1, settings)
    return made


def update(tx: Transaction, template: int, edition: int, name: str, settings: TemplateSettings) -> None:
    tx.run(
        "update template set name = %(name)s, settings = %(settings)s, edition = %(edition)s"
        " where project = %(project)s and id = %(template)s",
        template=template,
        edition=edition,
        name=name,
        settings=_json(settings),
    )
    _keep_edition(tx, template, edition, settings)


def renames_since(tx: Transaction, template: int, edition: int) -> list[Renames]:
    """What datasets and templates were renamed to since an edition was made, oldest first."""
    rows = tx.rows(
        "select e.kind, coalesce(e.body->>'was', e.body->>'was_name'), coalesce(e.body->>'now', e.body->>'name')"
        " from event e where e.project = %(project)s and e.kind in ('dataset.renamed', 'template.changed') and e.seq >"
        " (select max(b.seq) from event b where b.project = %(project)s and b.subject = 'template:' || %(template)s"
        " and (b.kind = 'template.created' or b.kind = 'template.changed'"
        " and (b.body->>'edition')::int <= %(edition)s)) order by e.seq, e.n",
        template=template,
        edition=edition,
    )
    return [
        Renames(datasets={was: now}) if kind == "dataset.renamed" else Renames(templates={was: now})
        for kind, was, now in rows
        if was != now
    ]


def set_state(tx: Transaction, template: int, state: str) -> None:
    tx.run(
        "update template set state = %(state)s where project = %(project)s and id = %(template)s",
        template=template,
        state=state,
    )


def _keep_edition(tx: Transaction, template: int, edition: int, settings: TemplateSettings) -> None:
    tx.run(
        "insert into template_edition (project, template, edition, settings)"
        " values (%(project)s, %(template)s, %(edition)s, %(settings)s)",
        template=template,
        edition=edition,
        settings=_json(settings),
    )


def _json(settings: TemplateSettings) -> Jsonb:
    return Jsonb(settings.model_dump(mode="json"))


def set_watches(tx: Transaction, template: int, settings: TemplateSettings) -> list[int]:
    """Make the watches those of the settings; the datasets that are newly watched. Draws the seq."""
    before = tx.values(
        int,
        "select dataset from template_watch where project = %(project)s and template = %(template)s",
        template=template,
    )
    wanted = {watch.dataset for watch in settings.watch}
    tx.run(
        "delete from template_watch where project = %(project)s and template = %(template)s"
        " and not dataset = any(%(wanted)s)",
        template=template,
        wanted=list(wanted),
    )
    tx.many(
        "insert into template_watch (project, template, dataset, takes, again, rounds, since_seq)"
        " values (%(project)s, %(template)s, %(dataset)s, %(takes)s, %(again)s, %(rounds)s, %(seq)s)"
        " on conflict (project, dataset, template) do update set takes = excluded.takes, again = excluded.again,"
        " rounds = excluded.rounds",
        [{"template": template, "seq": tx.seq, **watch.model_dump()} for watch in settings.watch],
    )
    return sorted(wanted - set(before))


def drop_watches(tx: Transaction, template: int) -> None:
    tx.run("delete from template_watch where project = %(project)s and template = %(template)s", template=template)


class Wanted(NamedTuple):
    """A task that a watch asks for, and the latest one that there is."""

    template: int
    branch: int
    dataset: int
    file: int
    priority: int
    again: bool
    rounds: int
    task: int | None
    round: int | None
    status: str | None


def select_wanted(
    tx: Transaction, datasets: Sequence[int], files: Sequence[int], template: int | None = None
) -> list[Wanted]:
    """What watches ask for of (dataset, file) pairs whose file is ready and present: one row per template and file."""
    return tx.all(
        Wanted,
        "select distinct on (w.template, d.branch, i.file) w.template, d.branch, i.dataset, i.file,"
        " coalesce((t.settings->>'priority')::int, 0) as priority, w.again, w.rounds,"
        " latest.id as task, latest.round, latest.status"
        " from unnest(%(datasets)s::bigint[], %(files)s::bigint[]) as i(dataset, file)"
        " join template_watch w on w.project = %(project)s and w.dataset = i.dataset"
        " and (%(template)s::bigint is null or w.template = %(template)s)"
        " join template t on t.id = w.template and t.state <> 'archived'"
        " join dataset d on d.project = %(project)s and d.id = i.dataset"
        " join file f on f.project = %(project)s and f.id = i.file and f.state = 'ready' and f.retired_seq is null"
        " join entry e on e.project = %(project)s and e.dataset = i.dataset and e.file = i.file"
        " and e.retired_seq is null and (w.takes = 'all' or e.created_seq > w.since_seq)"
        " left join lateral (select k.id, k.round, k.status from task k where k.project = %(project)s"
        " and k.template = w.template and k.branch = d.branch and k.file = i.file order by k.round desc limit 1) latest"
        " on true order by w.template, d.branch, i.file, i.dataset",
        datasets=list(datasets),
        files=list(files),
        template=template,
    )


def watched_datasets_of(tx: Transaction, files: Sequence[int]) -> list[tuple[int, int]]:
    """(dataset, file) for every watched dataset that holds one of the files now."""
    rows = tx.rows(
        "select distinct e.dataset, e.file from entry e join template_watch w"
        " on w.project = e.project and w.dataset = e.dataset"
        " where e.project = %(project)s and e.file = any(%(files)s) and e.retired_seq is null",
        files=list(files),
    )
    return [(row[0], row[1]) for row in rows]


def page_of_files(tx: Transaction, dataset: int, after: int, limit: int) -> list[int]:
    """Files of a dataset in the order of their ids, for the backlog of a new watch."""
    return tx.values(
        int,
        "select file from entry where project = %(project)s and dataset = %(dataset)s and retired_seq is null"
        " and file > %(after)s order by file limit %(limit)s",
        dataset=dataset,
        after=after,
        limit=limit,
    )


def select_of_file(tx: Transaction, file: int) -> list[TemplateSettings]:
    """The settings of every template that has a task on a file."""
    found = tx.values(
        dict[str, object],
        "select settings from template where project = %(project)s and id in"
        " (select template from task where project = %(project)s and file = %(file)s)",
        file=file,
    )
    return [TemplateSettings.model_validate(settings) for settings in found]
