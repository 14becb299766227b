"""Members: who may do what in one project."""

from penstock.core import Conflict, NotFound
from penstock.core.ids import PersonId
from penstock.people import persons
from penstock.people.events import MemberAdded, MemberChanged, MemberRemoved
from penstock.people.model import Member, MemberChange, NewMember, NewProgram, Role
from penstock.store import Transaction


class LastAdmin(Conflict):
    """This is the project's last admin. Make somebody else admin first."""


def members(tx: Transaction) -> list[Member]:
    """Everybody in the project, in order of joining."""
    return tx.all(Member, _SELECT + " and m.removed_at is null order by m.since, m.person")


def member(tx: Transaction, person: int) -> Member:
    """One member. Raises NotFound."""
    found = tx.maybe(Member, _SELECT + " and m.removed_at is null and m.person = %(person)s", person=person)
    if found is None:
        raise NotFound(what="member", name=person)
    return found


def add_member(
    tx: Transaction, person: int, role: Role, connections: bool = False, invite: int | None = None
) -> Member:
    """Make a person a member. Writes `member.added`. Somebody who is one already keeps their role. Safe to repeat."""
    added = tx.run(
        "insert into member as m (project, person, role, connections)"
        " values (%(project)s, %(person)s, %(role)s, %(connections)s)"
        " on conflict (project, person) do update set role = excluded.role, connections = excluded.connections,"
        " since = moment(), removed_at = null where m.removed_at is not null",
        person=person,
        role=role,
        connections=connections,
    )
    if added:
        tx.append(MemberAdded(person=person, role=role, connections=connections, invite=invite))
    return member(tx, person)


def name_member(tx: Transaction, new: NewMember) -> Member:
    """Make the human with this address a member, known or not. Safe to repeat."""
    return add_member(tx, persons.person_with_email(tx, new.email, new.name), new.role, new.connections)


def create_program(tx: Transaction, new: NewProgram) -> Member:
    """A program as a member. Make it a token by `tokens.create_token`."""
    return add_member(tx, persons.create_person(tx, "program", new.name), new.role, new.connections)


def change_member(tx: Transaction, person: int, change: MemberChange) -> Member:
    """Change a member's role or permission. Writes `member.changed`. Raises LastAdmin, NotFound. Safe to repeat."""
    old = _locked(tx, person)
    role = change.role or old.role
    connections = old.connections if change.connections is None else change.connections
    if (role, connections) == (old.role, old.connections):
        return old
    if role != "admin":
        _keep_an_admin(tx, old)
    tx.run(
        "update member set role = %(role)s, connections = %(connections)s"
        " where project = %(project)s and person = %(person)s",
        role=role,
        connections=connections,
        person=person,
    )
    tx.append(MemberChanged(person=person, role=role, connections=connections))
    return member(tx, person)


def remove_member(tx: Transaction, person: int) -> None:
    """Take away a member's access, their teams and this project's tokens. Writes `member.removed`. Their work stays."""
    _keep_an_admin(tx, _locked(tx, person))
    tx.run("update member set removed_at = moment() where project = %(project)s and person = %(person)s", person=person)
    tx.run("delete from team_member where project = %(project)s and person = %(person)s", person=person)
    tx.run(
        "update token set revoked_at = moment()"
        " where project = %(project)s and person = %(person)s and revoked_at is null",
        person=person,
    )
    tx.append(MemberRemoved(person=PersonId(person)))


def _locked(tx: Transaction, person: int) -> Member:
    # Every change locks all admins, so that two admins can't demote each other at once and leave none.
    tx.before_seq()
    tx.run(
        "select 1 from member where project = %(project)s and (role = 'admin' or person = %(person)s)"
        " order by person for no key update",
        person=person,
    )
    return member(tx, person)


def _keep_an_admin(tx: Transaction, leaving: Member) -> None:
    admins = tx.values(
        int,
        "select person from member join person p on p.id = person"
        " where project = %(project)s and role = 'admin' and removed_at is null and p.kind = 'human'",
    )
    if admins == [leaving.person]:
        raise LastAdmin


_SELECT = (
    "select m.person, p.kind, p.name, p.email, m.role, m.connections, m.since,"
    " p.kind = 'program' or p.claimed_at is not null as claimed,"
    " array(select t.team from team_member t where t.project = m.project and t.person = m.person order by 1) as teams"
    " from member m join person p on p.id = m.person where m.project = %(project)s"
)
