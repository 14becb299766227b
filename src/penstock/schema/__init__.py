"""Labels, attributes and schema versions: `schema.current(tx)`, `schema.at(tx, 3)`, `schema.replace(tx, wanted)`."""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.schema.model import Attribute, Condition, Kind, Label, Option, Schema, Skeleton
    from penstock.schema.planning import as_wanted, differences, extended, planned
    from penstock.schema.rules import SchemaInvalid
    from penstock.schema.verbs import at, change, current, extend, replace, version_at, versions
    from penstock.schema.wanted import WantedAttribute, WantedCondition, WantedLabel, WantedOption, WantedSchema

__all__ = [
    "Attribute",
    "Condition",
    "Kind",
    "Label",
    "Option",
    "Schema",
    "SchemaInvalid",
    "Skeleton",
    "WantedAttribute",
    "WantedCondition",
    "WantedLabel",
    "WantedOption",
    "WantedSchema",
    "as_wanted",
    "at",
    "change",
    "current",
    "differences",
    "extend",
    "extended",
    "planned",
    "replace",
    "version_at",
    "versions",
]

__getattr__ = lazily(__name__)
