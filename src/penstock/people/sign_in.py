"""Proving who one is: one-time links, passwords, sessions; and the first admin of a new installation."""

import datetime as dt
import threading
import time
from dataclasses import dataclass, field

from penstock.core import Conflict, Forbidden, NotFound, Refusal, Unauthorized
from penstock.people import secrets
from penstock.people.events import PasswordChanged, SignedIn, SignedOut
from penstock.people.model import Link, PasswordChange
from penstock.people.persons import create_person
from penstock.store import Transaction

SESSION_DAYS = 30
LINK_HOURS = 24
_FIRST_START_LOCK = 0x70656F70


class LinkUnusable(Unauthorized):
    """This sign-in link was used before or has expired. Ask for another one."""


class WrongPassword(Unauthorized):
    """The e-mail address or the password is wrong."""


class TooManyTries(Refusal):
    """Too many wrong passwords for this address. Try again in {seconds:.0f} seconds."""

    status = 429


class LinkNotYours(Forbidden):
    """Only an owner of the installation makes sign-in links for people who have signed in or are in other projects."""


class SessionNeeded(Forbidden):
    """This can only be done by somebody signed in, not with a token."""


class NoAddress(Conflict):
    """A password needs an e-mail address to sign in with. Give yours first."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session just begun. The secret goes into the cookie and nowhere else."""

    person: int
    secret: str
    expires_at: dt.datetime


def first_admin(tx: Transaction) -> int:
    """The installation's first owner, made at the first start. Safe to call from many processes at once."""
    tx.run("select pg_advisory_xact_lock(%(lock)s)", lock=_FIRST_START_LOCK)
    known = tx.value(int, "select min(id) from person where owner and disabled_at is null")
    return create_person(tx, "human", "admin", owner=True) if known is None else known


def needs_link(tx: Transaction, person: int) -> bool:
    """Whether the only way in is a link: the person has no password."""
    return tx.value(bool, "select password is null from person where id = %(person)s", person=person) or False


def create_link(tx: Transaction, person: int, hours: float = LINK_HOURS) -> Link:
    """A one-time link that signs a person in. Whoever holds it is that person: hand it over with care."""
    secret = secrets.new(secrets.LINK)
    expires = tx.now + dt.timedelta(hours=hours)
    tx.run(
        "insert into sign_in_link (hash, person, expires_at) values (%(hash)s, %(person)s, %(expires)s)",
        hash=secrets.digest(secret),
        person=person,
        expires=expires,
    )
    return Link(secret=secret, expires_at=expires)


def create_link_for_member(tx: Transaction, person: int, owner: bool) -> Link:
    """A link for somebody else. A project's admin may make one only for a person who is new and in no other project.

    Otherwise an admin of one project could enter another as one of its members. Raises LinkNotYours, NotFound.
    """
    ours = tx.value(
        bool,
        "select p.claimed_at is null and not p.owner and p.kind = 'human'"
        " and exists (select from member where person = p.id and project = %(project)s and removed_at is null)"
        " and not exists (select from member where person = p.id and project <> %(project)s)"
        " from person p where p.id = %(person)s",
        person=person,
    )
    if ours is None:
        raise NotFound(what="person", name=person)
    if not (owner or ours):
        raise LinkNotYours
    return create_link(tx, person)


def follow_link(tx: Transaction, secret: str) -> Session:
    """Sign in by a one-time link, which stops working. Writes `person.signed_in`. Raises LinkUnusable."""
    person = tx.value(
        int,
        "update sign_in_link l set used_at = moment() from person p where l.hash = %(hash)s and p.id = l.person"
        " and p.disabled_at is null and l.used_at is null and l.expires_at > moment() returning l.person",
        hash=secrets.digest(secret),
    )
    if person is None:
        raise LinkUnusable
    return begin_session(tx, person, "link")


def begin_session(tx: Transaction, person: int, by: str) -> Session:
    """A session of a person who has proved who they are. Writes `person.signed_in`."""
    secret = secrets.new(secrets.SESSION)
    expires = tx.now + dt.timedelta(days=SESSION_DAYS)
    tx.run(
        "insert into session (hash, person, expires_at) values (%(hash)s, %(person)s, %(expires)s)",
        hash=secrets.digest(secret),
        person=person,
        expires=expires,
    )
    tx.run("update person set claimed_at = moment() where id = %(person)s and claimed_at is null", person=person)
    tx.append(SignedIn(person=person, by=by))
    return Session(person=person, secret=secret, expires_at=expires)


def end_session(tx: Transaction, secret: str) -> None:
    """Sign out. Writes `person.signed_out`. Safe to repeat."""
    person = tx.value(
        int,
        "update session set ended_at = moment() where hash = %(hash)s and ended_at is null returning person",
        hash=secrets.digest(secret),
    )
    if person is not None:
        tx.append(SignedOut(person=person, everywhere=False))


def end_sessions(tx: Transaction, person: int, but: str | None = None) -> None:
    """Sign a person out everywhere, except in one session. Writes `person.signed_out`. Safe to repeat."""
    ended = tx.run(
        "update session set ended_at = moment() where person = %(person)s and ended_at is null and hash <> %(but)s",
        person=person,
        but=secrets.digest(but) if but else b"",
    )
    if ended:
        tx.append(SignedOut(person=person, everywhere=but is None))


def set_password(tx: Transaction, person: int, change: PasswordChange, but: str | None = None) -> None:
    """Set a password and end the person's other sessions. Writes `person.password_changed`.

    Raises WrongPassword when there is a password and the present one given differs, NoAddress.
    """
    row = _credentials(tx, person=person)
    if row is None or row.email is None:
        raise NoAddress
    if row.password is not None and not secrets.password_fits(change.present or "", row.password):
        raise WrongPassword
    tx.run(
        "update person set password = %(password)s where id = %(person)s",
        password=secrets.hash_password(change.password),
        person=person,
    )
    tx.append(PasswordChanged(person=person))
    end_sessions(tx, person, but)


def check_password(tx: Transaction, email: str, password: str) -> int:
    """The person whose address and password these are. Raises WrongPassword, TooManyTries.

    Slow on purpose (argon2); as slow for an unknown address.
    """
    throttle.admit(email)
    row = _credentials(tx, email=email)
    if not secrets.password_fits(password, row.password if row else None) or row is None:
        throttle.note_failure(email)
        raise WrongPassword
    throttle.forget(email)
    return row.id


@dataclass(frozen=True)
class _Credentials:
    id: int
    email: str | None
    password: str | None


def _credentials(tx: Transaction, person: int | None = None, email: str | None = None) -> _Credentials | None:
    return tx.maybe(
        _Credentials,
        "select id, email, password from person"
        " where (id = %(person)s or lower(email) = lower(%(email)s)) and kind = 'human' and disabled_at is null",
        person=person,
        email=email and email.strip(),
    )


@dataclass
class Throttle:
    """Slows guessing: after `free` wrong passwords for one address each further try waits, up to `longest` seconds."""

    free: int = 5
    longest: float = 300.0
    _failures: dict[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, email: str) -> None:
        failures, last = self._failures.get(email.strip().lower(), (0, 0.0))
        wait = min(2.0 ** (failures - self.free), self.longest) if failures >= self.free else 0.0
        left = last + wait - time.monotonic()
        if left > 0:
            raise TooManyTries(seconds=left)

    def note_failure(self, email: str) -> None:
        with self._lock:
            if len(self._failures) > 10_000:
                self._failures.clear()
            key = email.strip().lower()
            failures, _ = self._failures.get(key, (0, 0.0))
            self._failures[key] = (min(failures + 1, 64), time.monotonic())

    def forget(self, email: str) -> None:
        self._failures.pop(email.strip().lower(), None)


throttle = Throttle()
