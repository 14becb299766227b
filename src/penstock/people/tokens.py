"""Tokens: how programs sign in. Narrowed to a project and a role, and they always expire."""

import datetime as dt
from collections.abc import Sequence

from penstock.core import Forbidden, NotFound
from penstock.people import membership, secrets
from penstock.people.events import TokenCreated, TokenRevoked
from penstock.people.model import NewToken, RolesDisjoint, Token, narrower
from penstock.store import Transaction


class TokenForSomebodyElse(Forbidden):
    """A token can be made for oneself or, by a project's admin, for one of its programs; not for another human."""


class TokenFromToken(Forbidden):
    """A token can't make another for its own person, so that it can neither widen nor outlive itself. Sign in first."""


def create_token(tx: Transaction, new: NewToken) -> Token:
    """A token for a member of this project, valid in this project alone. Its secret is in the answer and nowhere else.

    Writes `token.created`. Raises TokenForSomebodyElse, RolesDisjoint, NotFound.
    """
    person = new.person or tx.actor
    assert person is not None
    if person != tx.actor:
        member = membership.member(tx, person)
        if member.kind != "program":
            raise TokenForSomebodyElse
        if new.role is not None and narrower(member.role, new.role) is None:
            raise RolesDisjoint(token=new.role, member=member.role)
    secret = secrets.new(secrets.TOKEN)
    made = tx.one(
        Token,
        "insert into token (hash, person, name, project, role, connections, expires_at) values"
        " (%(hash)s, %(person)s, %(name)s, nullif(%(project)s, 0), %(role)s, %(connections)s, %(expires)s)"
        " returning " + _COLUMNS,
        hash=secrets.digest(secret),
        person=person,
        name=new.name,
        role=new.role,
        connections=new.connections,
        expires=tx.now + dt.timedelta(days=new.expires_in_days),
    )
    tx.append(TokenCreated(token=made.id, person=person, name=made.name, role=made.role))
    return made.model_copy(update={"secret": secret})


def tokens(tx: Transaction, person: int | None = None) -> Sequence[Token]:
    """This project's tokens (of one person), newest first; in project 0 those that are valid in every project."""
    return tx.all(
        Token,
        "select " + _COLUMNS + " from token where project is not distinct from nullif(%(project)s, 0)"
        " and (%(person)s::bigint is null or person = %(person)s) order by id desc",
        person=person,
    )


def revoke_token(tx: Transaction, id: int, of: int | None = None) -> None:
    """Stop a token from working. Writes `token.revoked`. With `of`, only that person's. Safe to repeat."""
    token = tx.maybe(
        Token,
        "select " + _COLUMNS + " from token where id = %(id)s and project is not distinct from nullif(%(project)s, 0)"
        " and (%(of)s::bigint is null or person = %(of)s)",
        id=id,
        of=of,
    )
    if token is None:
        raise NotFound(what="token", name=id)
    if tx.run("update token set revoked_at = moment() where id = %(id)s and revoked_at is null", id=id):
        tx.append(TokenRevoked(token=id, person=token.person))


_COLUMNS = "id, name, person, project, role, connections, created_at, expires_at, revoked_at"
