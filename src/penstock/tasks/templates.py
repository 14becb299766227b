"""Task templates: making, editing, pausing and archiving them; what they watch and where their work goes."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from penstock import datasets, jobs
from penstock import schema as schemas
from penstock.core import Conflict, Invalid, NotFound, Problem
from penstock.datasets import facts, query, rewriting
from penstock.datasets.query.renaming import Renames
from penstock.store import Transaction
from penstock.tasks import events, renaming, template_tables, writeset
from penstock.tasks.model import Template, TemplateChange, TemplateSettings

T = TypeVar("T")


class TemplateNameTaken(Conflict):
    """There is a template named '{name}' already. Choose another name, or archive that one."""


class TemplateInvalid(Invalid):
    """The template can't be as it is described. Each problem is listed."""


class RoutesCycle(Invalid):
    """The routes {path} lead round in a circle on which no route has a condition, so work could go round for ever. Give
    one of them an `if` or a `sample`.
    """


class TemplateEnded(Conflict):
    """The template '{name}' is archived, so it can't change. Make a new one."""


def get(tx: Transaction, template: int) -> Template:
    """A template by its id, archived ones too. Raises NotFound."""
    found = template_tables.select(tx, template)
    if found is None:
        raise NotFound(what="template", name=template)
    return found


def named(tx: Transaction, name: str) -> Template | None:
    """The template of that name, unless archived."""
    return template_tables.select_named(tx, name)


def list_(tx: Transaction, archived: bool = False) -> list[Template]:
    """All templates in the order they were made."""
    return template_tables.select_all(tx, archived)


def create(tx: Transaction, name: str, settings: TemplateSettings) -> Template:
    """Make a template and let it watch. Files that are there already become tasks soon after, by a job.

    Writes `template.created`. Raises TemplateNameTaken, TemplateInvalid, RoutesCycle.
    """
    others = template_tables.lock_all(tx)
    check(tx, settings)
    made = template_tables.insert(tx, name, settings)
    if made is None:
        raise TemplateNameTaken(name=name)
    template = Template(id=made, name=name, state="active", edition=1, settings=settings)
    check_cycles([*others, template])
    template_tables.set_watches(tx, made, settings)
    tx.append(events.TemplateCreated(template=made, name=name))
    return template


def change(
    tx: Transaction, template: int, change: TemplateChange, if_match: Callable[[int], None] | None = None
) -> Template:
    """Edit a template. Attempts under way go on under the edition they began with; queries that are kept follow a new
    name. Safe to repeat.

    Writes `template.changed`. Raises what `create` does, and PreconditionFailed.
    """
    others = {found.id: found for found in template_tables.lock_all(tx)}
    old = others.get(template) or get(tx, template)
    if if_match:
        if_match(old.edition)
    if old.state == "archived":
        raise TemplateEnded(name=old.name)
    name, settings = change.name or old.name, change.settings or old.settings
    if name == old.name and settings == old.settings:
        return old
    if name != old.name:
        if template_tables.select_named(tx, name):
            raise TemplateNameTaken(name=name)
        names = Renames(templates={old.name: name})
        rewriting.follow(tx, names)  # this one too, where it speaks of itself
        others = {found.id: found for found in template_tables.lock_all(tx)}
        old, settings = others[template], renaming.in_new_names(settings, names)
    check(tx, settings)
    new = Template(id=template, name=name, state=old.state, edition=old.edition + 1, settings=settings)
    check_cycles((others | {template: new}).values())
    template_tables.update(tx, template, new.edition, name, settings)
    template_tables.set_watches(tx, template, settings)
    tx.append(events.TemplateChanged(template=template, edition=new.edition, was_name=old.name, name=name))
    return new


def pause(tx: Transaction, template: int) -> Template:
    """Give out no new tasks; held attempts may be finished. Safe to repeat. Writes `template.paused`."""
    return _set_state(tx, template, "paused", events.TemplatePaused(template=template))


def resume(tx: Transaction, template: int) -> Template:
    """Give out tasks again. Safe to repeat. Writes `template.resumed`."""
    return _set_state(tx, template, "active", events.TemplateResumed(template=template))


def archive(tx: Transaction, template: int) -> Template:
    """End a template: it watches no more, and a job cancels its unfinished tasks. Those that somebody holds may be
    finished, and are cancelled when they are given up or their lease runs out; those that wait for a review may be
    reviewed, and are cancelled where they would go back to their author. Safe to repeat. Writes `template.archived`.
    """
    found = _lock(tx, template)
    if found.state == "archived":
        return found
    template_tables.set_state(tx, template, "archived")
    template_tables.drop_watches(tx, template)
    tx.append(events.TemplateArchived(template=template))
    cancel_rest_later(tx, template)
    return found.model_copy(update={"state": "archived"})


def cancel_rest_later(tx: Transaction, template: int) -> None:
    """Let a job cancel what is left of an archived template, now and whenever a lease runs out."""
    jobs.later(tx, "tasks.cancel_rest", project=tx.project, template=template)


def _set_state(tx: Transaction, template: int, state: str, event: events.Event) -> Template:
    found = _lock(tx, template)
    if found.state == "archived":
        raise TemplateEnded(name=found.name)
    if found.state == state:
        return found
    template_tables.set_state(tx, template, state)
    tx.append(event)
    return found.model_copy(update={"state": state})


def _lock(tx: Transaction, template: int) -> Template:
    found = template_tables.lock(tx, template)
    if found is None:
        raise NotFound(what="template", name=template)
    return found


def check(tx: Transaction, settings: TemplateSettings) -> None:
    """Check that everything the settings name is there. Raises TemplateInvalid with every problem."""
    problems: list[Problem] = []
    branches: dict[int, int] = {}
    datasets.keep(tx, [*(watch.dataset for watch in settings.watch), *(route.to for route in settings.on_done)])
    for at, dataset in [(f"watch[{n}].dataset", w.dataset) for n, w in enumerate(settings.watch)] + [
        (f"on_done[{n}].to", r.to) for n, r in enumerate(settings.on_done)
    ]:
        found = _found(lambda dataset=dataset: datasets.get(tx, dataset))
        if found is None or found.archived_at is not None:
            problems.append(Problem(at, f"There is no dataset {dataset}, or it is archived.", "unknown-dataset"))
        else:
            branches[dataset] = found.branch
            if found.forked_from is not None:
                detail = f"{found.name!r} is a fork, so nobody works on it by tasks. Merge it into what is watched."
                problems.append(Problem(at, detail, "fork"))
    if len({*branches.values()}) > 1:
        detail = "Watched datasets and those that work goes to must be on one branch; merging carries work across."
        problems.append(Problem("on_done", detail, "branches-differ"))
    if len({w.dataset for w in settings.watch}) < len(settings.watch):
        problems.append(Problem("watch", "A dataset is watched twice.", "watched-twice"))
    labels, attributes = writeset.unknown(settings, schemas.current(tx))
    problems += [Problem("labels", f"There is no label {id}.", "unknown-label") for id in labels]
    problems += [Problem("attributes", f"There is no attribute {id}.", "unknown-attribute") for id in attributes]
    problems += _check_conditions(tx, settings)
    if problems:
        raise TemplateInvalid(errors=problems)


def _check_conditions(tx: Transaction, settings: TemplateSettings) -> Iterable[Problem]:
    known = facts.names(tx)
    # Templates may name one another before all of them are made, and versions are those of whatever is watched.
    names = query.Names(labels=known.labels, attributes=known.attributes, datasets=known.datasets)
    conditions = [(f"on_done[{n}].if", route.condition) for n, route in enumerate(settings.on_done)]
    conditions.append(("review.if", settings.review and settings.review.condition))
    for at, text in conditions:
        if text is None:
            continue
        try:
            query.check(query.parse(text), "task", names)
        except query.QueryInvalid as invalid:
            yield Problem(at, invalid.detail, "query-invalid")


def _found(get: Callable[[], T]) -> T | None:
    try:
        return get()
    except NotFound:
        return None


def check_cycles(templates: Iterable[Template]) -> None:
    """Refuse cycles whose every route is unconditional. Raises RoutesCycle."""
    alive = [template for template in templates if template.state != "archived"]
    names = {template.id: template.name for template in alive}
    onward: dict[int, list[int]] = {}
    for template in alive:
        targets = {route.to for route in template.settings.on_done if route.is_unconditional}
        onward[template.id] = [
            other.id for other in alive for watch in other.settings.watch if watch.dataset in targets
        ]
    for start in onward:
        path = _way_back(start, onward)
        if path:
            raise RoutesCycle(path=" -> ".join(f"'{names[id]}'" for id in path))


def downstream(template: Template, templates: Iterable[Template], feeds: Mapping[int, Collection[int]]) -> set[int]:
    """Templates that what `template` routes onward comes to, at once or by others; `feeds` says which live datasets
    follow a dataset.
    """
    known = {other.id: other for other in templates}
    found: set[int] = set()
    seen: set[int] = set()
    ahead = [route.to for route in template.settings.on_done]
    while ahead:
        dataset = ahead.pop()
        if dataset in seen:
            continue
        seen.add(dataset)
        ahead += feeds.get(dataset, ())
        reached = [o for o in known.values() if any(watch.dataset == dataset for watch in o.settings.watch)]
        found |= {other.id for other in reached}
        ahead += [route.to for other in reached for route in other.settings.on_done]
    return found


def using(tx: Transaction, dataset: int) -> Iterable[str]:
    """The templates that watch a dataset or send files there, as people call them."""
    for template in list_(tx):
        settings = template.settings
        if dataset in {*(watch.dataset for watch in settings.watch), *(route.to for route in settings.on_done)}:
            yield f"the template {template.name!r}"


def _way_back(start: int, onward: dict[int, list[int]]) -> Sequence[int] | None:
    paths = [[start, step] for step in onward[start]]
    seen: set[int] = set()
    while paths:
        path = paths.pop()
        if path[-1] == start:
            return path
        if path[-1] not in seen:
            seen.add(path[-1])
            paths += [[*path, step] for step in onward[path[-1]]]
    return None
