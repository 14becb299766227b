"""Conditions of templates in new names."""

from penstock import schema as schemas
from penstock.datasets.query.renaming import Renames, renamed, renames
from penstock.store import Transaction
from penstock.tasks import events, template_tables
from penstock.tasks.model import Attempt, TemplateSettings


def follow(tx: Transaction, names: Renames) -> None:
    """Write the conditions anew that use a name which changed, as a new edition. Writes `template.changed`."""
    for template in template_tables.lock_all(tx):
        settings = in_new_names(template.settings, names)
        if settings != template.settings:
            edition = template.edition + 1
            template_tables.update(tx, template.id, edition, template.name, settings)
            told = events.TemplateChanged(
                template=template.id, edition=edition, was_name=template.name, name=template.name
            )
            tx.append(told)


def at_present(tx: Transaction, settings: TemplateSettings, attempt: Attempt) -> TemplateSettings:
    """The settings that an attempt began under, with their conditions in the present names."""
    if not (settings.review and settings.review.condition) and not any(route.condition for route in settings.on_done):
        return settings
    for names in template_tables.renames_since(tx, attempt.template, attempt.edition):
        settings = in_new_names(settings, names)
    present = schemas.current(tx)
    if present.version != attempt.schema_version:
        settings = in_new_names(settings, renames(schemas.at(tx, attempt.schema_version), present))
    return settings


def in_new_names(settings: TemplateSettings, names: Renames) -> TemplateSettings:
    review = settings.review
    if review is not None and review.condition is not None:
        review = review.model_copy(update={"condition": renamed(review.condition, names)})
    routes = tuple(
        route if route.condition is None else route.model_copy(update={"condition": renamed(route.condition, names)})
        for route in settings.on_done
    )
    return settings.model_copy(update={"review": review, "on_done": routes})
