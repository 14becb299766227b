"""The registry of connection kinds. Two come with the spine; later rooms add more by `register`."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from penstock import connections
from penstock.connections import roots, signing
from penstock.connections.model import Connection, Folder, Kind, KindUnknown, SecretUnknown, Trial, Webhook
from penstock.core import Invalid, Problem, Refusal, Settings, Value

_kinds: dict[str, Kind] = {}


class SettingsRefused(Invalid):
    """These settings are not those of a {kind} connection: see `errors`."""


class FolderMissing(Invalid):
    """{path} is no folder on the server. Make it first."""


def register(kind: Kind) -> None:
    """Add a kind. Once per name."""
    if kind.name in _kinds:
        raise ValueError(f"there is a kind of connection named {kind.name} already")
    _kinds[kind.name] = kind


def kind_of(name: str) -> Kind:
    """Raises KindUnknown."""
    if name not in _kinds:
        raise KindUnknown(kind=name, known=", ".join(sorted(_kinds)))
    return _kinds[name]


def read_settings(kind: Kind, told: Mapping[str, object]) -> Value:
    """The kind's settings from what a caller sent. Raises SettingsRefused with one problem per field."""
    try:
        return kind.settings.model_validate(dict(told))
    except ValidationError as error:
        problems = [
            Problem(at=".".join(["settings", *map(str, e["loc"])]), detail=e["msg"], code=e["type"])
            for e in error.errors()
        ]
        raise SettingsRefused(kind=kind.name, errors=problems) from error


def check_secret_names(kind: Kind, given: Mapping[str, str]) -> None:
    """Raises SecretUnknown for a secret that this kind doesn't have."""
    for field in given:
        if field not in kind.secrets:
            has = f"It has: {', '.join(kind.secrets)}." if kind.secrets else "It has none."
            raise SecretUnknown(kind=kind.name, field=field, known=has)


def _check_folder(settings: Value, _: Mapping[str, str], server: Settings) -> None:
    assert isinstance(settings, Folder)
    real = roots.inside(settings.path, server.roots)
    if not real.is_dir():
        raise FolderMissing(path=settings.path)


def _test_folder(connection: Connection, server: Settings) -> Trial:
    settings: Folder = connection.settings
    real = roots.inside(settings.path, server.roots)
    if not real.is_dir():
        return Trial(False, f"{settings.path} is no folder.")
    if not os.access(real, os.R_OK | os.X_OK):
        return Trial(False, f"{settings.path} can't be read by the server's user.")
    if not os.access(real, os.W_OK):
        return Trial(True, f"{settings.path} can be read, but not written.")
    return Trial(True, f"{settings.path} can be read and written.")


def _check_webhook(settings: Value, secrets: Mapping[str, str], _: Settings) -> None:
    assert isinstance(settings, Webhook)
    connections.guard.usable(settings.url)
    if "secret" in secrets:
        signing.check_secret(secrets["secret"])


def _test_webhook(connection: Connection, server: Settings) -> Trial:
    """Resolve the receiver and check its addresses. Nothing is sent: a receiver may act on whatever it gets."""
    settings: Webhook = connection.settings
    guard = connections.guard
    url = guard.usable(settings.url)
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        found = guard.reach(url.host, port, guard.networks(server.allow_networks), settings.timeout_seconds)
    except Refusal as refusal:
        return Trial(False, refusal.detail)
    return Trial(True, f"{guard.host_of(url)} answers at {found}. Nothing was sent.")


def folder_of(connection: Connection, server: Settings) -> Path:
    """A folder connection's real path, checked again now. Raises NoRoots, OutsideRoots, FolderMissing."""
    settings: Folder = connection.settings
    real = roots.inside(settings.path, server.roots)
    if not real.is_dir():
        raise FolderMissing(path=settings.path)
    return real


register(Kind(name="folder", settings=Folder, secrets={}, check=_check_folder, test=_test_folder))
register(
    Kind(
        name="webhook",
        settings=Webhook,
        secrets={"secret": signing.new_secret},
        check=_check_webhook,
        test=_test_webhook,
    )
)
