"""A project's whole pipeline as one file: what it would change, changing it, and writing it down."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from penstock import people
from penstock.core import Forbidden, Invalid
from penstock.people import invites
from penstock.people.model import NewInvite
from penstock.pipelines import reading, showing, tables
from penstock.pipelines.applying import Applying, project_name
from penstock.pipelines.model import Change, PipelineText, Plan
from penstock.pipelines.since import refuse_if_changed
from penstock.store import Store, Transaction


class ConnectionsNeedPermission(Forbidden):
    """The file's section of connections changes {names}, which needs the permission `connections`. Ask an admin of the
    project, or leave the section out."""


class TeamsNeedAdmin(Forbidden):
    """The file changes who is in the project ({names}), which only an admin may. Ask one, or leave its teams out."""


class Rights(NamedTuple):
    """What whoever applies a file may change beyond an editor's things."""

    connections: bool = False
    people: bool = False


class ProjectUnnamed(Invalid):
    """The file names no project. Begin it with a line like `project: blood cells`."""


class _Undone(Exception):
    """Carries a plan out of the transaction that is thrown away."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan


def plan(store: Store, project: int, actor: int, text: PipelineText) -> Plan:
    """What applying would change. Whatever applying would refuse is refused here too. Nothing is written.

    It is applied in a transaction that is thrown away, so that both can't differ.
    """

    return _undone(store, project, actor, lambda tx: _apply(tx, store, text, Rights(True, True)).changes)


def plan_new(store: Store, actor: int, text: PipelineText) -> Plan:
    """What applying would make of a project that is yet to be. Nothing is written.

    Raises ProjectUnnamed, ProjectNameTaken, and whatever applying would refuse.
    """

    def work(tx: Transaction) -> list[Change]:
        name = reading.read(text.yaml)[0].project
        if name is None:
            raise ProjectUnnamed
        tx.project = people.create_project(tx, name)
        return [Change(do="add", what="project", name=name), *_apply(tx, store, text, Rights(True, True)).changes]

    return _undone(store, 0, actor, work)


def _undone(store: Store, project: int, actor: int, changing: Callable[[Transaction], Sequence[Change]]) -> Plan:
    """The changes that a verb makes in a transaction that is thrown away."""

    def work(tx: Transaction) -> None:
        tx.memory = {}  # what this process remembers must not come from what never happened
        raise _Undone(Plan(changes=tuple(changing(tx))))

    try:
        store.db.perform(work, project, actor)
    except _Undone as undone:
        return undone.plan
    raise AssertionError("unreachable")


def apply(tx: Transaction, store: Store, text: PipelineText, rights: Rights) -> Plan:
    """Make the project what the file says, all or nothing. Safe to repeat: then nothing changes.

    Writes the events of whatever changes. Raises PipelineInvalid, ConnectionsNeedPermission, TeamsNeedAdmin,
    and PipelineChanged where the text says what it was made from.
    """
    done = _apply(tx, store, text, rights)
    links = {
        name: secret
        for name, person in done.newcomers.items()
        if (secret := invites.create_invite(tx, NewInvite(person=person)).secret) is not None
    }
    return Plan(changes=tuple(done.changes), links=links, secrets=done.secrets)


def show(tx: Transaction) -> str:
    """The project's pipeline as a file. Applying it changes nothing."""
    return showing.show(tx)


def _apply(tx: Transaction, store: Store, text: PipelineText, rights: Rights) -> Applying:
    file, document = reading.read(text.yaml)
    tables.hold_everything(tx)
    if text.base is not None:
        refuse_if_changed(text.base, showing.show(tx))
    project_name(tx, file, document)
    work = Applying(tx, store, file, document, text.prune)
    work.run()
    connections = [change.name for change in work.changes if change.what == "connection"]
    if connections and not rights.connections:
        raise ConnectionsNeedPermission(names=", ".join(connections))
    everybody = [change.name for change in work.changes if change.what in ("member", "team")]
    if everybody and not rights.people:
        raise TeamsNeedAdmin(names=", ".join(everybody))
    return work
