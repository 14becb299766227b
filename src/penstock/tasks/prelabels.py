"""Suggestions: a model's predictions, shown beside the work, and what became of each.

A suggestion keeps its id. So a draft that holds that id has answered it: as it was (accepted), otherwise (changed), or
gone (rejected).
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, NamedTuple, cast
from uuid import UUID

import msgspec

from penstock.annotations import branches, rows
from penstock.annotations.merge import touched_fields
from penstock.annotations.model import Annotation
from penstock.core import Invalid, NotFound, Problem
from penstock.schema.model import WITH_OPTIONS, Attribute, Schema
from penstock.store import Transaction
from penstock.tasks.model import Prelabels, TemplateSettings

Outcome = Literal["accepted", "changed", "rejected", "dropped"]


class SuggestionsOpen(Invalid):
    """{count} suggestions are unanswered, and this template wants an answer to each: accept, change or reject them."""


class Suggestions(NamedTuple):
    """What a model suggests for one file, under one template."""

    branch: int | None
    by_id: dict[UUID, Annotation]


class Resolution(NamedTuple):
    annotation: UUID
    outcome: Outcome


NONE = Suggestions(None, {})


def of_file(
    tx: Transaction, settings: TemplateSettings, schema: Schema, file: int, held: Collection[UUID]
) -> Suggestions:
    """The suggestions for a file that the template's branch doesn't hold yet, as far as they are in its write set and
    the schema goes along: what else a model said is left out.
    """
    prelabels = settings.prelabels
    if prelabels is None:
        return NONE
    try:
        branch = branches.predictions_named(tx, prelabels.predictions)
    except NotFound:  # nothing was predicted yet
        return NONE
    found = rows.read(tx, branch, file)
    fitting = [a for a in found if a.id not in held and _fits(a, prelabels, settings, schema)]
    return Suggestions(branch, {a.id: _narrowed(a, settings, schema) for a in fitting})


def _fits(annotation: Annotation, prelabels: Prelabels, settings: TemplateSettings, schema: Schema) -> bool:
    label = None if annotation.label is None else schema.labels_by_id.get(annotation.label)
    if label is None or label.archived:
        return False
    if settings.labels is not None and label.id not in settings.labels:
        return False
    return annotation.confidence is None or annotation.confidence >= prelabels.above


def _narrowed(annotation: Annotation, settings: TemplateSettings, schema: Schema) -> Annotation:
    """A suggestion without the answers that a template doesn't write, or that nobody may give any more."""
    answers = {
        key: answer
        for key, value in annotation.attributes.items()
        if (attribute := schema.attributes_by_key.get(key)) is not None
        and not attribute.archived
        and attribute.is_on(annotation.label)
        and (settings.attributes is None or attribute.id in settings.attributes)
        and (answer := _offered(attribute, value)) is not None
    }
    if answers == annotation.attributes:
        return annotation
    return msgspec.structs.replace(annotation, attributes=answers)


def _offered(attribute: Attribute, value: Any) -> Any:
    """An answer without options that were archived; None when nothing of it is left."""
    if attribute.kind not in WITH_OPTIONS:
        return value
    archived = {option.id for option in attribute.options if option.archived}
    if isinstance(value, list):
        return [one for one in cast(list[Any], value) if one not in archived] or None
    return None if value in archived else value


def resolve(
    suggestions: Suggestions, settings: TemplateSettings, own: Mapping[UUID, Annotation | None]
) -> tuple[list[Annotation], list[Resolution]]:
    """The untouched suggestions that submitting accepts, and what became of every suggestion.

    Raises SuggestionsOpen where each must be answered.
    """
    mode = settings.prelabels.mode if settings.prelabels else "suggest"
    taken: list[Annotation] = []
    outcomes: list[Resolution] = []
    untouched: list[UUID] = []
    for id, suggested in suggestions.by_id.items():
        if id in own:
            outcomes.append(Resolution(id, _answer(suggested, own[id])))
        elif mode == "draft":
            taken.append(suggested)
            outcomes.append(Resolution(id, "accepted"))
        else:
            untouched.append(id)
            outcomes.append(Resolution(id, "dropped"))
    if mode == "resolve" and untouched:
        problems = [Problem(f"suggestions.{id}", "Accept, change or reject it.", "unanswered") for id in untouched]
        raise SuggestionsOpen(count=len(untouched), errors=problems)
    return taken, outcomes


def _answer(suggested: Annotation, answered: Annotation | None) -> Outcome:
    if answered is None:
        return "rejected"
    return "changed" if touched_fields(suggested, answered) else "accepted"


def record(
    tx: Transaction, branch: int, file: int, task: int, template: int, outcomes: Iterable[Resolution], who: int
) -> None:
    """Write down what became of the suggestions. Safe to repeat: the latest answer stands."""
    tx.many(
        "insert into resolution (project, predictions, file, annotation, task, template, outcome, who)"
        " values (%(project)s, %(branch)s, %(file)s, %(annotation)s, %(task)s, %(template)s, %(outcome)s, %(who)s)"
        " on conflict (project, predictions, file, annotation, task)"
        " do update set outcome = excluded.outcome, who = excluded.who",
        [
            {
                "branch": branch,
                "file": file,
                "task": task,
                "template": template,
                "annotation": outcome.annotation,
                "outcome": outcome.outcome,
                "who": who,
            }
            for outcome in outcomes
        ],
    )
