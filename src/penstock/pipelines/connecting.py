"""The section of connections. Their secrets never stand in a file; one that can be made is made, and told once."""

from typing import TYPE_CHECKING

from penstock.connections import create_connection, kinds
from penstock.connections.model import ConnectionChange, NewConnection
from penstock.connections.verbs import change_connection, get_connection
from penstock.core import Invalid
from penstock.pipelines.changing import change
from penstock.pipelines.model import Change, WrittenConnection

if TYPE_CHECKING:
    from penstock.pipelines.applying import Applying


class KindFixed(Invalid):
    """The connection {name!r} is of kind {old} and can't become one of kind {new}. Make another in its place."""


class SecretInFile(Invalid):
    """Secrets never stand in a pipeline file, and {field!r} is one. Take it out, and set it by `penstock connection
    set-secret`."""


def bring(work: "Applying") -> None:
    """Make, change and rename the connections that the file names."""
    section = work.file.connections or {}
    for name, written in sorted(section.items(), key=lambda pair: pair[1].was is None):
        with work.at("connections", name):
            _bring(work, name, written)


def prune(work: "Applying") -> None:
    """Archive the connections that the section doesn't name."""
    if work.file.connections is None:
        return
    for name in [name for name in work.book.all("connection") if name not in work.file.connections]:
        id = work.book.find("connection", name)
        assert id is not None
        change_connection(work.tx, id, ConnectionChange(archived=True), work.store.key, work.store.settings)
        work.settled(Change(do="remove", what="connection", name=name))


def _bring(work: "Applying", name: str, written: WrittenConnection) -> None:
    kind = kinds.kind_of(written.kind)
    for field in written.settings:
        if field in (*kind.secrets, "secrets"):
            raise SecretInFile(field=field)
    settings = kinds.read_settings(kind, written.settings).model_dump(mode="json")
    id = work.found("connection", name, written.was)
    if id is None:
        new = NewConnection(name=name, kind=written.kind, settings=settings)
        made = create_connection(work.tx, new, work.store.key, work.store.settings)
        if made.secret is not None:
            work.secrets[name] = made.secret
        lines = tuple(f"{field}: {value}" for field, value in written.settings.items())
        work.settled(Change(do="add", what="connection", name=name, details=(f"kind: {written.kind}", *lines)))
        return
    old = get_connection(work.tx, id)
    if old.kind != written.kind:
        raise KindFixed(name=name, old=old.kind, new=written.kind)
    if (old.name, old.settings) != (name, settings):
        new = ConnectionChange(name=name, settings=settings)
        change_connection(work.tx, id, new, work.store.key, work.store.settings)
        work.settled(change("connection", name, old.name, old.settings, settings))
