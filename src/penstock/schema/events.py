"""What happens to a project's schema."""

from typing import ClassVar

from penstock.log import Event


class SchemaChanged(Event):
    """Labels or attributes changed: `version` is the present schema, `was` the one before."""

    kind: ClassVar[str] = "schema.changed"
    version: int
    was: int
    changes: list[str]

    @property
    def subject(self) -> str:
        return "schema"
