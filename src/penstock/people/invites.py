"""Invites: links by which people join a project, for a role and a team, until they expire."""

import datetime as dt

from penstock.core import Conflict, Invalid, NotFound
from penstock.people import membership, persons, secrets, teams
from penstock.people.events import InviteCreated, InviteRevoked, PasswordChanged
from penstock.people.model import Invitation, Invite, Joining, NewInvite
from penstock.store import Transaction


class InviteUnusable(Conflict):
    """This invite has expired, was revoked or is used up. Ask for another."""


class NameNeeded(Invalid):
    """Joining needs a name. Give yours, or sign in first if you have an account."""


class AddressTaken(Conflict):
    """There is an account with this e-mail address. Sign in with it, then follow the link again."""


class AlreadySignedIn(Conflict):
    """This invite is for {name}, who has signed in before. Sign in as {name}, then follow the link again."""


def create_invite(tx: Transaction, new: NewInvite) -> Invite:
    """A link by which people join. Its secret is in the answer and nowhere else. Writes `invite.created`."""
    if new.team is not None:
        teams.get_team(tx, new.team)
    if new.person is not None:
        membership.member(tx, new.person)
    secret = secrets.new(secrets.INVITE)
    made = tx.one(
        Invite,
        "insert into invite (project, hash, role, team, person, uses_left, created_by, expires_at) values"
        " (%(project)s, %(hash)s, %(role)s, %(team)s, %(person)s, %(uses)s, %(by)s, %(expires)s) returning " + _COLUMNS,
        hash=secrets.digest(secret),
        role=new.role,
        team=new.team,
        person=new.person,
        uses=1 if new.person is not None else new.uses,
        by=tx.actor,
        expires=tx.now + dt.timedelta(hours=new.expires_in_hours),
    )
    tx.append(InviteCreated(invite=made.id, role=made.role, team=made.team, person=made.person))
    return made.model_copy(update={"secret": secret})


def invites(tx: Transaction) -> list[Invite]:
    return tx.all(Invite, "select " + _COLUMNS + " from invite where project = %(project)s order by id desc")


def revoke_invite(tx: Transaction, id: int) -> None:
    """Stop an invite from working. Writes `invite.revoked`. Safe to repeat."""
    if tx.value(int, "select id from invite where project = %(project)s and id = %(id)s", id=id) is None:
        raise NotFound(what="invite", name=id)
    if tx.run(
        "update invite set revoked_at = moment() where project = %(project)s and id = %(id)s and revoked_at is null",
        id=id,
    ):
        tx.append(InviteRevoked(invite=id))


def project_of(tx: Transaction, secret: str) -> int:
    """The project that an invite's link leads to. Raises InviteUnusable."""
    found = tx.value(int, "select project from invite where " + _USABLE, hash=secrets.digest(secret))
    if found is None:
        raise InviteUnusable
    return found


def look(tx: Transaction, secret: str) -> Invitation:
    """What an invite offers, for the page behind its link. Raises InviteUnusable."""
    found = tx.maybe(
        Invitation,
        "select p.name as project, invite.role, t.name as team, n.name as person from invite"
        " join project p on p.id = invite.project left join team t on t.id = invite.team"
        " left join person n on n.id = invite.person where " + _USABLE,
        hash=secrets.digest(secret),
    )
    if found is None:
        raise InviteUnusable
    return found


def join(tx: Transaction, secret: str, joining: Joining, signed_in: int | None = None) -> int:
    """Follow an invite; the person who joined. Call it in a transaction of `project_of(secret)`.

    Somebody signed in joins as themselves; the person an invite names is claimed by it; anybody else becomes a new
    person. Writes `member.added` and perhaps `team.changed`. Raises InviteUnusable, NameNeeded, AddressTaken.
    """
    invite = _use(tx, secret)
    person = signed_in
    if person is None and invite.person is not None:
        person = _claim(tx, invite.person)
    if person is None:
        person = _newcomer(tx, joining)
    elif signed_in is None:
        _describe(tx, person, joining)
    membership.add_member(tx, person, invite.role, invite=invite.id)
    if invite.team is not None:
        teams.join_team(tx, invite.team, person)
    return person


def _use(tx: Transaction, secret: str) -> Invite:
    tx.before_seq()
    used = tx.maybe(
        Invite,
        "update invite set uses_left = uses_left - 1 where project = %(project)s and "
        + _USABLE
        + " returning "
        + _COLUMNS,
        hash=secrets.digest(secret),
    )
    if used is None:
        raise InviteUnusable
    return used


def _claim(tx: Transaction, person: int) -> int:
    """The named person, unless they have an account: then only they themselves may join as them."""
    unclaimed = tx.value(
        bool,
        "select claimed_at is null and not owner and not exists"
        " (select from member where person = p.id and project <> %(project)s) from person p where id = %(person)s",
        person=person,
    )
    if not unclaimed:
        raise AlreadySignedIn(name=persons.person(tx, person).name)
    return person


def _newcomer(tx: Transaction, joining: Joining) -> int:
    if joining.name is None:
        raise NameNeeded
    person = persons.create_person(tx, "human", joining.name)
    _describe(tx, person, joining)
    return person


def _describe(tx: Transaction, person: int, joining: Joining) -> None:
    if joining.email is not None:
        taken = tx.value(
            int,
            "select id from person where lower(email) = %(email)s and id <> %(person)s",
            email=joining.email,
            person=person,
        )
        if taken is not None:
            raise AddressTaken
    hashed = secrets.hash_password(joining.password) if joining.password else None
    tx.run(
        "update person set name = coalesce(%(name)s, name), email = coalesce(%(email)s, email),"
        " password = coalesce(%(password)s, password), claimed_at = coalesce(claimed_at, moment())"
        " where id = %(person)s",
        person=person,
        name=joining.name,
        email=joining.email,
        password=hashed,
    )
    if hashed:
        tx.append(PasswordChanged(person=person))


_USABLE = (
    "hash = %(hash)s and invite.revoked_at is null and invite.expires_at > moment()"
    " and (invite.uses_left is null or invite.uses_left > 0)"
)
_COLUMNS = "id, role, team, person, uses_left, created_by, created_at, expires_at, revoked_at"
