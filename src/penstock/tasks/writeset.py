"""What a template may write, and whether two templates may be at work on one file at once. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from penstock.schema.model import Schema
from penstock.tasks.model import Template, TemplateSettings


class WriteSet(NamedTuple):
    """Ids of labels and attributes; None stands for all, now and in future.

    A label grants making, deleting and the geometry of its annotations; an attribute grants its values only.
    """

    labels: frozenset[int] | None
    attributes: frozenset[int] | None

    def overlaps(self, other: "WriteSet") -> bool:
        """Whether they share any label or attribute."""
        return _share(self.labels, other.labels) or _share(self.attributes, other.attributes)

    def grants(self, field: str, label: int | None) -> bool:
        """Whether a changed field (as `merge.touched_fields` names it) of an annotation of this label is inside."""
        if field.startswith("attributes."):
            return self.attributes is None or int(field.removeprefix("attributes.")) in self.attributes
        return self.labels is None or label in self.labels


def of(settings: TemplateSettings) -> WriteSet:
    return WriteSet(
        None if settings.labels is None else frozenset(settings.labels),
        None if settings.attributes is None else frozenset(settings.attributes),
    )


def overlapping(template: Template, others: Iterable[Template]) -> list[int]:
    """The other templates whose write sets overlap with this one's."""
    mine = of(template.settings)
    return [other.id for other in others if other.id != template.id and mine.overlaps(of(other.settings))]


def _share(a: frozenset[int] | None, b: frozenset[int] | None) -> bool:
    if a is None:
        return b is None or bool(b)
    return bool(a) if b is None else not a.isdisjoint(b)


def unknown(settings: TemplateSettings, schema: Schema) -> tuple[list[int], list[int]]:
    """Labels and attributes in the settings that the schema doesn't have."""
    labels = [id for id in settings.labels or () if id not in schema.labels_by_id]
    attributes = [id for id in settings.attributes or () if str(id) not in schema.attributes_by_key]
    return labels, attributes
