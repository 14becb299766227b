"""Conditions of templates in the names of a newer schema: labels, attributes and options may be called otherwise."""

from penstock import schema as schemas
from penstock.datasets.query.renaming import Renames, renamed, renames
from penstock.schema.model import Schema
from penstock.store import Transaction
from penstock.tasks import events, template_tables
from penstock.tasks.model import TemplateSettings


def follow(tx: Transaction, old: Schema, new: Schema) -> None:
    """Write the conditions anew that use a name which changed, as a new edition. Writes `template.changed`."""
    if not (names := renames(old, new)):
        return
    for template in template_tables.lock_all(tx):
        settings = _renamed(template.settings, names)
        if settings != template.settings:
            edition = template.edition + 1
            template_tables.update(tx, template.id, edition, template.name, settings)
            told = events.TemplateChanged(
                template=template.id, edition=edition, was_name=template.name, name=template.name
            )
            tx.append(told)


def at_present(tx: Transaction, settings: TemplateSettings, schema_version: int) -> TemplateSettings:
    """The settings that an attempt began under, with their conditions in the present names."""
    if not settings.review and not settings.on_done:
        return settings
    present = schemas.current(tx)
    if present.version == schema_version:
        return settings
    return _renamed(settings, renames(schemas.at(tx, schema_version), present))


def _renamed(settings: TemplateSettings, names: Renames) -> TemplateSettings:
    review = settings.review
    if review is not None and review.condition is not None:
        review = review.model_copy(update={"condition": renamed(review.condition, names)})
    routes = tuple(
        route if route.condition is None else route.model_copy(update={"condition": renamed(route.condition, names)})
        for route in settings.on_done
    )
    return settings.model_copy(update={"review": review, "on_done": routes})
