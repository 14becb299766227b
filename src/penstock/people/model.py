"""Persons, roles, teams, invites and tokens: the values, and what a role may do. Pure."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from penstock.core import Invalid, Value
from penstock.core.values import ShownOnce

Role = Literal["admin", "editor", "annotator", "viewer"]
Need = Literal["admin", "editor", "annotator", "viewer", "member"]
Kind = Literal["human", "program"]

GRANTS: dict[Role, frozenset[Need]] = {
    "admin": frozenset({"admin", "editor", "annotator", "viewer", "member"}),
    "editor": frozenset({"editor", "annotator", "viewer", "member"}),
    "annotator": frozenset({"annotator", "member"}),
    "viewer": frozenset({"viewer", "member"}),
}
"""What each role is good for. Not a ladder: a viewer sees all and changes nothing, an annotator sees their tasks."""


class EmailInvalid(Invalid):
    """{email!r} is not an e-mail address. Write it like one@example.org."""


class RolesDisjoint(Invalid):
    """A token with role {token} for someone whose role is {member} could do nothing. Leave the role out."""


def allows(role: Role | None, need: Need) -> bool:
    return role is not None and need in GRANTS[role]


def narrower(own: Role | None, cap: Role | None) -> Role | None:
    """The role left when a token's cap is put on a person's own role; None when they have nothing in common."""
    if own is None or cap is None:
        return own
    if GRANTS[cap] <= GRANTS[own]:
        return cap
    return own if GRANTS[own] <= GRANTS[cap] else None


def email_address(text: str) -> str:
    """The address in its one spelling (trimmed, lower case). Raises EmailInvalid."""
    address = text.strip().lower()
    if len(address) > 254 or not re.fullmatch(r"[^@\s<>\",;]+@[^@\s<>\",;]+", address):
        raise EmailInvalid(email=text)
    return address


def _checked_email(text: str) -> str:
    try:
        return email_address(text)
    except EmailInvalid as error:
        raise ValueError(error.detail) from error


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Email = Annotated[str, AfterValidator(_checked_email)]
Password = Annotated[str, StringConstraints(min_length=10, max_length=1024)]


class Project(Value):
    """A tenant: members, teams, schema, files, datasets, templates, actions, connections."""

    id: int
    name: str
    edition: int = 1
    created_at: datetime
    archived_at: datetime | None = None


class NewProject(Value):
    name: Name


class ProjectChange(Value):
    name: Name | None = None
    archived: bool | None = None


class Person(Value):
    id: int
    kind: Kind
    name: str
    email: str | None = None


class Me(Value):
    """Who is calling, and the token that changing calls from a browser must send as `X-CSRF-Token`."""

    person: Person
    owner: bool
    """Whether this person runs the installation."""
    projects: list["Place"]
    csrf: str | None = None
    unread: int = 0


class Place(Value):
    """A project as one of its members sees it."""

    id: int
    name: str
    role: Role
    connections: bool = False


class Member(Value):
    person: int
    kind: Kind
    name: str
    email: str | None = None
    role: Role
    connections: bool = False
    """Whether this member may create and change connections, which hold credentials."""
    teams: list[int] = []
    since: datetime
    claimed: bool = True
    """False while a named person has never signed in."""


class NewMember(Value):
    """A member named by e-mail address. Send them a link by an invite for this person."""

    email: Email
    name: Name | None = None
    role: Role = "annotator"
    connections: bool = False


class NewProgram(Value):
    """A program that works through the API with a token of its own."""

    name: Name
    role: Role = "annotator"
    connections: bool = False


class MemberChange(Value):
    role: Role | None = None
    connections: bool | None = None


class Team(Value):
    id: int
    name: str
    edition: int = 1
    members: list[int] = []
    """Ids of persons."""


class NewTeam(Value):
    name: Name
    members: list[int] = []


class TeamChange(Value):
    name: Name | None = None
    members: list[int] | None = None
    archived: bool | None = None


class NewInvite(Value):
    """A link by which somebody joins the project."""

    role: Role = "annotator"
    team: int | None = None
    person: int | None = None
    """Only this person, named before, may use it, once."""
    uses: int | None = Field(default=None, ge=1, le=10_000)
    """How many may join by it; any number when absent."""
    expires_in_hours: float = Field(default=7 * 24, gt=0, le=90 * 24)


class Invite(ShownOnce):
    id: int
    role: Role
    team: int | None = None
    person: int | None = None
    uses_left: int | None = None
    created_by: int | None = None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    secret: str | None = None
    """Shown once, when the invite is made: the link is `/join/<secret>`."""


class Joining(Value):
    """What a newcomer says of themselves when they follow an invite; nothing when already signed in."""

    name: Name | None = None
    email: Email | None = None
    password: Password | None = None


class Invitation(Value):
    """What an invite's link shows before one joins."""

    project: str
    role: Role
    team: str | None = None
    person: str | None = None


class SignIn(Value):
    """Either a one-time link's secret, or an e-mail address and a password."""

    link: str | None = None
    email: str | None = None
    password: str | None = None


class PasswordChange(Value):
    password: Password
    present: str | None = None
    """The present password, if there is one."""


class NewToken(Value):
    """A token for a program. Narrow it to what the program needs."""

    name: Name
    person: int | None = None
    """A program of this project; the caller when absent."""
    role: Role | None = None
    """At most this role; the person's own when absent."""
    connections: bool = False
    expires_in_days: float = Field(default=90, gt=0, le=366)


class Token(ShownOnce):
    id: int
    name: str
    person: int
    project: int | None = None
    role: Role | None = None
    connections: bool = False
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    secret: str | None = None
    """Shown once, when the token is made."""


class Link(ShownOnce):
    """A one-time sign-in link's secret: the link is `/sign-in/<secret>`."""

    secret: str | None = None
    expires_at: datetime


class Message(Value):
    """A message in someone's inbox."""

    id: int
    project: int
    subject: str
    text: str = ""
    link: str | None = None
    at: datetime
    read_at: datetime | None = None
