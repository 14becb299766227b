"""The base of every value: a row of the database, a body of the API and a result of the SDK are one class."""

from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value. Unknown fields are refused, so a typing error in a request never passes silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ShownOnce(Value):
    """An answer that holds secrets. What is kept of it, for a request that is repeated, is without them."""

    SECRETS: ClassVar[tuple[str, ...]] = ("secret",)
    """The fields that hold secrets; each has a default, which stands for nothing."""

    def without_secrets(self) -> Self:
        fields = type(self).model_fields
        nothing = {name: fields[name].get_default(call_default_factory=True) for name in self.SECRETS}
        return self.model_copy(update=nothing)
