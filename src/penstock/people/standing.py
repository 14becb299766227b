"""Who is behind a credential, and what they may do in a project: looked up once, then remembered for a moment.

The look-up stands before every request, also an annotator's save, so an answer is kept in the process for 1.5 s.
Whatever takes access away (a token revoked, a member removed, a session ended) is therefore effective within 2 s
everywhere, and at once in the process that did it.
"""

import time
from dataclasses import dataclass

from penstock.core import NotFound, Unauthorized
from penstock.people import secrets
from penstock.people.model import Need, Place, Role, allows, narrower
from penstock.store import Database

KEEP_SECONDS = 1.5
_MOST = 20_000


class NotSignedIn(Unauthorized):
    """This needs to know who you are. Sign in, or send a token as `Authorization: Bearer pst_...`."""


class CredentialUnusable(Unauthorized):
    """This {what} is unknown, has expired or was revoked. Sign in again, or make a new token."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person in a project: what the credential they came with lets them do."""

    person: int
    project: int
    role: Role | None
    connections: bool
    owner: bool
    """Runs the installation; false for a token that is narrowed to a project or role."""
    by: str
    """``session``, ``token`` or ``local``."""
    only: int | None = None
    """The one project that a token is good for."""
    cap: Role | None = None
    """The most that a token is good for."""

    def sees(self, place: Place) -> Place | None:
        """One of the person's projects as this credential sees it."""
        role = narrower(place.role, self.cap)
        if role is None or self.only not in (None, place.id):
            return None
        return place.model_copy(update={"role": role})

    def may(self, need: Need) -> bool:
        return allows(self.role, need)


class Standings:
    """The look-up with its short memory. One per process; safe to share between threads."""

    def __init__(self, db: Database, keep_seconds: float = KEEP_SECONDS) -> None:
        self._db = db
        self._keep = keep_seconds
        self._kept: dict[tuple[str, int], tuple[float, Standing]] = {}
        self._local: dict[str, int] = {}

    def trust(self, secret: str, person: int) -> None:
        """Take this secret as that person's for as long as the process lives. It is never written to the database."""
        self._local[secret] = person

    def forget(self) -> None:
        """Look everybody up afresh: access changed."""
        self._kept.clear()

    def remembered(self, secret: str, project: int) -> Standing | None:
        """The standing, if it was looked up a moment ago. Takes about a microsecond."""
        kept = self._kept.get((secret, project))
        return kept[1] if kept is not None and kept[0] > time.monotonic() else None

    def of(self, secret: str, project: int) -> Standing:
        """The standing of whoever holds this secret in a project (0: the installation).

        Raises CredentialUnusable; NotFound for a project that they can't enter, whether there is one or not.
        """
        known = self.remembered(secret, project)
        if known is not None:
            return known
        asked = time.monotonic()
        found = self._look_up(secret, project)
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[secret, project] = (asked + self._keep, found)
        return found

    def _look_up(self, secret: str, project: int) -> Standing:
        by = "local" if secret in self._local else "token" if secret.startswith(secrets.TOKEN) else "session"
        with self._db.transaction(project) as tx:
            row = tx.maybe(
                _Row,
                _BY_PERSON if by == "local" else _BY_TOKEN if by == "token" else _BY_SESSION,
                hash=secrets.digest(secret),
                person=self._local.get(secret),
            )
        if row is None:
            raise CredentialUnusable(what="token" if by == "token" else "session")
        if project and (row.role is None or row.project not in (None, project)):
            raise NotFound(what="project", name=project)
        return Standing(
            person=row.person,
            project=project,
            role=narrower(row.role, row.cap),
            connections=row.connections,
            owner=row.owner and row.project is None and row.cap in (None, "admin"),
            by=by,
            only=row.project,
            cap=row.cap,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    person: int
    owner: bool
    role: Role | None
    connections: bool
    project: int | None
    cap: Role | None


_STANDING = (
    " p.owner, case when p.owner and exists (select from project where id = %(project)s) then 'admin' else m.role end"
    " as role, p.owner or coalesce(m.connections, false) as connections"
)
_MEMBER = (
    " join person p on p.id = c.person and p.disabled_at is null"
    " left join member m on m.project = %(project)s and m.person = p.id and m.removed_at is null"
)
_BY_TOKEN = (
    "select s.person, s.owner, s.role, s.connections and s.passed_on as connections, s.only as project, s.cap from"
    " (select c.person, c.connections as passed_on, c.project as only, c.role as cap,"
    + _STANDING
    + " from token c"
    + _MEMBER
    + " where c.hash = %(hash)s and c.revoked_at is null and c.expires_at > moment()) s"
)
_BY_SESSION = (
    "select c.person, null::bigint as project, null::text as cap,"
    + _STANDING
    + " from session c"
    + _MEMBER
    + " where c.hash = %(hash)s and c.ended_at is null and c.expires_at > moment()"
)
_BY_PERSON = (
    "select c.person, null::bigint as project, null::text as cap,"
    + _STANDING
    + " from (select %(person)s::bigint as person) c"
    + _MEMBER
)
