"""Templates, actions and connections between their two forms: with names in a file, with ids in the project."""

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.actions import Action, ActionSettings, Step, steps
from penstock.actions.model import OnEvent
from penstock.actions.steps.naming import NamesById, What, share_text
from penstock.pipelines.model import WrittenAction, WrittenTemplate, WrittenWhen
from penstock.pipelines.names import Reading
from penstock.pipelines.reading import STEP_KEYS, kind_of_step
from penstock.schema import Attribute, Label, Schema
from penstock.tasks.model import Crew, Prelabels, Review, Route, Template, TemplateSettings, Watch

_NAMED_FIELDS: dict[str, What] = {
    "template": "template",
    "by_template": "template",
    "dataset": "dataset",
    "connection": "connection",
    "action": "action",
}
"""Fields of events that hold an id of something with a name."""


# Templates


def template_settings(written: WrittenTemplate, names: Reading, schema: Schema) -> TemplateSettings:
    """What a template in a file means. Unknown names become problems."""
    return TemplateSettings(
        watch=tuple(
            Watch(
                dataset=names.id("dataset", watch.dataset, "watch", n, "dataset"),
                takes=watch.takes,
                again=watch.again,
                rounds=watch.rounds,
            )
            for n, watch in enumerate(written.watch)
        ),
        interface=written.interface,
        labels=_schema_ids(written.labels, schema.live_labels, names, "label"),
        attributes=_schema_ids(written.attributes, schema.live_attributes, names, "attribute"),
        guide=written.guide,
        annotators=_crew(written.annotators, names, "annotators"),
        reviewers=_crew(written.reviewers, names, "reviewers"),
        review=_review(written, names),
        on_done=tuple(
            Route.model_validate({**dict(route), "to": names.id("dataset", route.to, "on_done", n, "to")})
            for n, route in enumerate(written.on_done)
        ),
        prelabels=None if written.prelabels is None else Prelabels(**dict(written.prelabels)),
        outside=written.outside,
        lease_seconds=written.lease_seconds,
        priority=written.priority,
    )


def _schema_ids(
    wanted: tuple[str, ...] | None, things: Sequence[Label | Attribute], names: Reading, what: str
) -> tuple[int, ...] | None:
    if wanted is None:
        return None
    known = {thing.name: thing.id for thing in things}
    for n, name in enumerate(wanted):
        if name not in known:
            names.refuse(f"there is no {what} {name!r}; there is {', '.join(known) or 'none'}", f"{what}s", n)
    return tuple(known.get(name, 0) for name in wanted)


def _crew(wanted: tuple[str, ...] | None, names: Reading, field: str) -> Crew | None:
    """Teams and members by name; a team first, when both are called so."""
    if wanted is None:
        return None
    teams = [name for name in wanted if names.has("team", name)]
    members = [names.id("member", name, field, n) for n, name in enumerate(wanted) if name not in teams]
    return Crew(members=tuple(members), teams=tuple(names.id("team", name) for name in teams))


def _review(written: WrittenTemplate, names: Reading) -> Review | None:
    review = written.review
    if review is None:
        return None
    authors = review.authors
    ids = None if authors is None else tuple(names.id("member", one, "review", "authors") for one in authors)
    return Review.model_validate({**dict(review), "authors": ids})


def written_template(template: Template, names: NamesById, schema: Schema) -> dict[str, Any]:
    """A template as a file says it, without what is as it would be anyway."""
    settings = template.settings
    labels = {label.id: label.name for label in schema.labels}
    attributes = {attribute.id: attribute.name for attribute in schema.attributes}
    found: dict[str, Any] = {}
    if settings.watch:
        watches = [_written_watch(watch, names) for watch in settings.watch]
        found["watch"] = watches[0] if len(watches) == 1 else watches
    for field, known in (("labels", labels), ("attributes", attributes)):
        ids: tuple[int, ...] | None = getattr(settings, field)
        if ids is not None:
            found[field] = [known[id] for id in ids if id in known]
    if settings.guide:
        found["guide"] = settings.guide
    for field in ("annotators", "reviewers"):
        crew: Crew | None = getattr(settings, field)
        if crew is not None:
            teams = [names.name("team", id) for id in crew.teams]
            found[field] = [*teams, *(names.name("member", id) for id in crew.members)]
    if settings.review is not None:
        found["review"] = _written_review(settings.review, names)
    if settings.on_done:
        found["on_done"] = [_written_route(route, names) for route in settings.on_done]
    if settings.prelabels is not None:
        found["prelabels"] = settings.prelabels.model_dump(exclude_defaults=True)
    kept = ("outside", "lease_seconds", "priority")
    return found | settings.model_dump(include=set(kept), exclude_defaults=True)


def _written_watch(watch: Watch, names: NamesById) -> Any:
    more = watch.model_dump(exclude={"dataset"}, exclude_defaults=True)
    name = names.name("dataset", watch.dataset)
    return {"dataset": name, **more} if more else name


def _written_review(review: Review, names: NamesById) -> Any:
    found: dict[str, Any] = {"share": share_text(review.share)}
    if review.condition is not None:
        found["if"] = review.condition
    if review.authors is not None:
        found["authors"] = [names.name("member", id) for id in review.authors]
    return found


def _written_route(route: Route, names: NamesById) -> dict[str, Any]:
    found: dict[str, Any] = {"to": names.name("dataset", route.to)}
    if route.condition is not None:
        found["if"] = route.condition
    if route.otherwise:
        found["else"] = True
    if route.sample is not None:
        found["sample"] = share_text(route.sample)
    return found if route.mode == "add" else {**found, "mode": route.mode}


# Actions


def action_settings(written: WrittenAction, names: Reading) -> dict[str, Any]:
    """What an action in a file means, not yet checked as a whole."""
    return {
        "when": _trigger(written.when, names.below("when")),
        "if": written.condition,
        "do": [_step(step, names.below("do", n)) for n, step in enumerate(written.do)],
    }


def _trigger(when: WrittenWhen, names: Reading) -> dict[str, Any]:
    given = when.model_dump(exclude_defaults=True)
    if when.progress is not None:
        given["progress"] = names.id("template", when.progress, "progress")
    if when.where:
        given["where"] = {field: _event_value(field, value, names) for field, value in when.where.items()}
    return given


def _event_value(field: str, value: Any, names: Reading) -> Any:
    what = _NAMED_FIELDS.get(field)
    return names.id(what, value, "where", field) if what is not None and isinstance(value, str) else value


def _step(written: Mapping[str, Any], names: Reading) -> dict[str, Any]:
    kind = kind_of_step(written)
    assert kind is not None  # the file was read
    found = steps.named(kind)
    settings = found.read(found.written.model_validate(written[kind] or {}), names.below(kind))
    return {"kind": kind, "settings": settings, **{key: written[key] for key in STEP_KEYS if key in written}}


def written_action(action: Action, names: NamesById) -> dict[str, Any]:
    """An action as a file says it, without what is as it would be anyway."""
    found: dict[str, Any] = {"when": _written_trigger(action.settings, names)}
    if action.settings.condition is not None:
        found["if"] = action.settings.condition
    taken: list[str] = []
    found["do"] = [_written_step(step, names, taken) for step in action.settings.do]
    return found if action.state == "on" else {**found, "state": "off"}


def _written_trigger(settings: ActionSettings, names: NamesById) -> Any:
    given: dict[str, Any] = settings.when.model_dump(exclude_defaults=True)
    if not given or "by_hand" in given:
        return "by hand"
    if "progress" in given:
        given = {"progress": names.name("template", given.pop("progress")), **given}
    if isinstance(settings.when, OnEvent) and settings.when.where:
        given["where"] = {field: _written_value(field, value, names) for field, value in settings.when.where.items()}
    return given


def _written_value(field: str, value: Any, names: NamesById) -> Any:
    what = _NAMED_FIELDS.get(field)
    return names.name(what, value) if what is not None and isinstance(value, int) else value


def _written_step(step: Step, names: NamesById, taken: list[str]) -> dict[str, Any]:
    kind = steps.named(step.kind)
    settings = kind.settings.model_validate(step.settings)
    written = kind.write(settings, names).model_dump(mode="json", exclude_defaults=True)
    found: dict[str, Any] = {step.kind: written}
    usual, n = step.kind, 2
    while usual in taken:
        usual, n = f"{step.kind}_{n}", n + 1
    if step.name != usual:
        found["name"] = step.name
    taken.append(step.name)
    return found | step.model_dump(include={"retries", "timeout_seconds"}, exclude_none=True)
