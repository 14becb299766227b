"""What happens to projects and the people in them."""

from typing import ClassVar

from penstock.log import Event


class ProjectCreated(Event):
    """A project was made. Written in the installation's log (project 0)."""

    kind: ClassVar[str] = "project.created"
    project: int
    name: str
    admin: int | None = None


class ProjectChanged(Event):
    """A project was renamed, archived or taken back from the archive."""

    kind: ClassVar[str] = "project.changed"
    project: int
    name: str
    archived: bool


class MemberAdded(Event):
    """A person or program became a member."""

    kind: ClassVar[str] = "member.added"
    person: int
    role: str
    connections: bool
    invite: int | None = None


class MemberChanged(Event):
    """A member's role or permission changed."""

    kind: ClassVar[str] = "member.changed"
    person: int
    role: str
    connections: bool


class MemberRemoved(Event):
    """A member lost access. Their work stays."""

    kind: ClassVar[str] = "member.removed"
    person: int


class TeamCreated(Event):
    """A team was made."""

    kind: ClassVar[str] = "team.created"
    team: int
    name: str
    members: list[int]


class TeamChanged(Event):
    """A team's name or members changed, or it was archived."""

    kind: ClassVar[str] = "team.changed"
    team: int
    name: str
    members: list[int]
    archived: bool


class InviteCreated(Event):
    """A link was made by which people may join. The event doesn't hold the link."""

    kind: ClassVar[str] = "invite.created"
    invite: int
    role: str
    team: int | None
    person: int | None


class InviteRevoked(Event):
    """An invite's link stopped working."""

    kind: ClassVar[str] = "invite.revoked"
    invite: int


class TokenCreated(Event):
    """A token was made. The event doesn't hold the token."""

    kind: ClassVar[str] = "token.created"
    token: int
    person: int
    name: str
    role: str | None


class TokenRevoked(Event):
    """A token stopped working."""

    kind: ClassVar[str] = "token.revoked"
    token: int
    person: int


class SignedIn(Event):
    """A person signed in. Written in the installation's log (project 0)."""

    kind: ClassVar[str] = "person.signed_in"
    person: int
    by: str


class SignedOut(Event):
    """A person signed out, or was signed out everywhere."""

    kind: ClassVar[str] = "person.signed_out"
    person: int
    everywhere: bool


class PasswordChanged(Event):
    """A person set a password; their other sessions ended."""

    kind: ClassVar[str] = "person.password_changed"
    person: int


class MessageSent(Event):
    """A message was put into a person's inbox."""

    kind: ClassVar[str] = "inbox.message_sent"
    message: int
    person: int
    subject_line: str
