"""Named, sealed ways to what is outside, and the guard that outgoing calls and server paths must pass."""

from penstock.connect import guard, roots, signing
from penstock.connect.connections import by_name, create_connection, list_connections, open_connection, secrets_of
from penstock.connect.kinds import folder_of, register
from penstock.connect.model import Connection, Kind

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
