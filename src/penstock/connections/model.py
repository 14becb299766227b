"""Connections and their kinds: what each kind's settings and secrets are. Pure; kinds are registered by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from penstock.core import Invalid, Settings, Value
from penstock.core.values import ShownOnce

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class KindUnknown(Invalid):
    """There is no kind of connection named {kind!r}. There are: {known}."""


class SecretUnknown(Invalid):
    """A {kind} connection has no secret named {field!r}. {known}"""


class Folder(Value):
    """A folder on the server, inside one of the folders that its configuration opens."""

    path: str


class Webhook(Value):
    """A receiver of signed HTTP calls (Standard Webhooks)."""

    url: str
    timeout_seconds: float = Field(default=20.0, gt=0, le=120)


@dataclass(frozen=True, slots=True)
class Trial:
    """How a test of a connection went."""

    works: bool
    detail: str


@dataclass(frozen=True)
class Kind:
    """A kind of connection: its open settings, its secrets, and how to check and to try one."""

    name: str
    settings: type[Value]
    secrets: Mapping[str, Callable[[], str] | None]
    """Names of secret fields, each with what makes one when none is given."""
    check: Callable[[Value, Mapping[str, str], Settings], None]
    """Raises a Refusal for settings or secrets that can never work here."""
    test: Callable[["Connection", Settings], Trial]


@dataclass(frozen=True)
class Connection:
    """An open connection: settings and secrets in the clear. Never returned, logged or stored."""

    id: int
    project: int
    name: str
    kind: str
    settings: Any
    """The kind's settings class."""
    secrets: Mapping[str, str] = field(repr=False)
    previous: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Secrets that were replaced a short time ago and are still accepted by receivers."""


class ConnectionShown(ShownOnce):
    """A connection as the API shows it: which secrets are set, never what they are."""

    id: int
    name: str
    kind: str
    settings: dict[str, Any]
    secrets: list[str]
    edition: int = 1
    created_at: datetime
    changed_at: datetime
    secret: str | None = None
    """A secret that the server made, shown this once."""


class NewConnection(Value):
    name: Name
    kind: str
    settings: dict[str, Any]
    secrets: dict[str, str] = {}


class ConnectionChange(Value):
    name: Name | None = None
    settings: dict[str, Any] | None = None
    secrets: dict[str, str] | None = None
    archived: bool | None = None


class Rotation(Value):
    """A new secret in place of one that may be known; both sign until the old one's time is over."""

    field: str = "secret"
    value: str | None = None
    """The new secret; made when absent."""
    keep_old_hours: float = Field(default=24, ge=0, le=24 * 30)


class TrialShown(Value):
    works: bool
    detail: str
