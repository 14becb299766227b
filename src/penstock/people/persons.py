"""Persons, human or program: one row each in the whole installation, member of any number of projects."""

from typing import LiteralString

from penstock.core import NotFound
from penstock.core.ids import PersonId
from penstock.people.model import Kind, Person, email_address
from penstock.store import Transaction

SELECT: LiteralString = "select p.id, p.kind, p.name, p.email from person p"


def person(tx: Transaction, id: int) -> Person:
    """A person by id, of any project. Raises NotFound."""
    found = tx.maybe(Person, SELECT + " where p.id = %(id)s", id=id)
    if found is None:
        raise NotFound(what="person", name=id)
    return found


def person_named(tx: Transaction, email_or_name: str) -> Person | None:
    """A member of this project by e-mail address, else by a name that only one member has."""
    found = tx.all(
        Person,
        SELECT + " join member m on m.person = p.id and m.project = %(project)s and m.removed_at is null"
        " where lower(p.email) = lower(%(text)s) or p.name = %(text)s"
        " order by lower(p.email) is not distinct from lower(%(text)s) desc, p.id limit 2",
        text=email_or_name.strip(),
    )
    if not found:
        return None
    by_email = (found[0].email or "") == email_or_name.strip().lower()
    return found[0] if by_email or len(found) == 1 else None


def persons_called(tx: Transaction, text: str) -> list[int]:
    """Everybody with this very name or e-mail address."""
    return tx.values(int, "select id from person where name = %(text)s or email = %(text)s", text=text)


def person_with_email(tx: Transaction, email: str, name: str | None = None) -> PersonId:
    """The human with this address, made when unknown. They sign in by a link. Safe to repeat."""
    address = email_address(email)
    known = tx.value(int, "select id from person where lower(email) = %(address)s", address=address)
    if known is None:
        known = tx.value(
            int,
            "insert into person (kind, name, email) values ('human', %(name)s, %(address)s)"
            " on conflict (lower(email)) do update set email = excluded.email returning id",
            name=name or address.split("@")[0],
            address=address,
        )
    assert known is not None
    return PersonId(known)


def create_person(tx: Transaction, kind: Kind, name: str, owner: bool = False) -> PersonId:
    """A person without an address. A program's only way in is a token."""
    made = tx.value(
        int,
        "insert into person (kind, name, owner) values (%(what)s, %(name)s, %(owner)s) returning id",
        what=kind,
        name=name,
        owner=owner,
    )
    assert made is not None
    return PersonId(made)


def is_owner(tx: Transaction, id: int) -> bool:
    """Whether a person runs the installation."""
    return tx.value(bool, "select owner from person where id = %(id)s", id=id) or False
