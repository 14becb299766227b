"""What happens to connections. No event holds a secret."""

from typing import ClassVar

from penstock.log import Event


class ConnectionCreated(Event):
    """A connection was made."""

    kind: ClassVar[str] = "connection.created"
    connection: int
    name: str
    of: str  #: the connection's kind, like `webhook`


class ConnectionChanged(Event):
    """A connection's name, settings or secrets changed, or it was archived."""

    kind: ClassVar[str] = "connection.changed"
    connection: int
    name: str
    fields: list[str]  #: what changed, by name; secrets too, without their values
    archived: bool = False


class ConnectionRotated(Event):
    """A connection got a new secret; the one before stays valid until the time told."""

    kind: ClassVar[str] = "connection.rotated"
    connection: int
    name: str
    field: str


class ConnectionTested(Event):
    """A connection was tried out."""

    kind: ClassVar[str] = "connection.tested"
    connection: int
    name: str
    works: bool
