"""A schema as people write it: labels and attributes by name. What pipeline files, imports and PUT requests give.

`was` names the thing under its present name, when it is to be renamed. Pure.
"""

from typing import Any, cast

from pydantic import ConfigDict, Field, field_validator, model_validator

from penstock.core import Value
from penstock.schema.model import AttributeKind, AttributeValue, Color, Kind, Name, Per, Scalar, Skeleton

_BY_ALIAS = ConfigDict(
    validate_by_name=True, validate_by_alias=True, serialize_by_alias=True, coerce_numbers_to_str=True
)


class WantedLabel(Value):
    """A label under its name."""

    kinds: tuple[Kind, ...] = ()
    color: Color | None = None
    """`#rrggbb`; left out, a new label gets one of its own and an old one keeps its."""
    skeleton: Skeleton | None = None
    was: Name | None = None
    foreign: dict[str, Any] = {}


class WantedOption(Value):
    """An option under its name; in a tree, under the option named `parent`."""

    model_config = _BY_ALIAS

    name: Name
    parent: Name | None = None
    was: Name | None = None


class WantedCondition(Value):
    """Ask only when another attribute, by name, equals one value or is in a list of them (options by name)."""

    model_config = _BY_ALIAS

    attribute: Name
    equals: Scalar | None = None
    in_: tuple[Scalar, ...] | None = Field(default=None, validation_alias="in", serialization_alias="in")

    @model_validator(mode="after")
    def _one_of_both(self) -> "WantedCondition":
        if (self.equals is None) == (not self.in_):
            raise ValueError("a condition needs `equals` or a non-empty `in`, and not both")
        return self

    @property
    def values(self) -> tuple[Scalar, ...]:
        return self.in_ or () if self.equals is None else (self.equals,)


class WantedAttribute(Value):
    """An attribute under its name; labels, options and the condition's attribute by name."""

    model_config = _BY_ALIAS

    kind: AttributeKind
    on: tuple[Name, ...] = ()
    per: Per = "annotation"
    options: tuple[Name | WantedOption, ...] = ()
    required: bool = False
    if_: WantedCondition | None = Field(default=None, validation_alias="if", serialization_alias="if")
    min: float | None = None
    max: float | None = None
    step: float | None = None
    default: AttributeValue | list[str] | None = None
    was: Name | None = None
    foreign: dict[str, Any] = {}


class WantedSchema(Value):
    """Labels and attributes by name, in their order. Labels may be a list of names."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    labels: dict[Name, WantedLabel] = {}
    attributes: dict[Name, WantedAttribute] = {}

    @field_validator("labels", mode="before")
    @classmethod
    def _plain(cls, given: Any) -> Any:
        """`[RBC, WBC]` and `RBC:` with nothing after it are labels with nothing to say."""
        if isinstance(given, list):
            names = cast(list[Any], given)
            if not all(isinstance(name, str | int | float) for name in names):
                raise ValueError(
                    "a list of labels has names alone; to say more of one, write `name: {...}`, without a dash"
                )
            return {name: WantedLabel() for name in names}
        if isinstance(given, dict):
            return {n: WantedLabel() if want is None else want for n, want in cast(dict[Any, Any], given).items()}
        return given
