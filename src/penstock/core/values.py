"""The base of every value: a row of the database, a body of the API and a result of the SDK are one class."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value. Unknown fields are refused, so a typing error in a request never passes silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")
