"""Named, sealed ways to what is outside, and the guard that outgoing calls and server paths must pass."""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.connections import guard, roots, signing
    from penstock.connections.kinds import folder_of, register
    from penstock.connections.model import Connection, Kind
    from penstock.connections.verbs import by_name, create_connection, list_connections, open_connection, secrets_of

__all__ = [
    "Connection",
    "Kind",
    "by_name",
    "create_connection",
    "folder_of",
    "guard",
    "list_connections",
    "open_connection",
    "register",
    "roots",
    "secrets_of",
    "signing",
]

__getattr__ = lazily(__name__)
