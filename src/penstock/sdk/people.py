"""The project's people: members, teams, programs, invites and tokens."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.people.model import (
    Invite,
    Link,
    Member,
    MemberChange,
    NewInvite,
    NewMember,
    NewProgram,
    NewTeam,
    NewToken,
    Role,
    Team,
    TeamChange,
    Token,
)
from penstock.sdk.errors import UnknownName
from penstock.sdk.scope import Named, Scope


class Members(Named[Member]):
    """`p.members["one@example.org"]`: by e-mail address, or by name where there is none."""

    what = "member"

    def all(self) -> Mapping[str, Member]:
        return {member.email or member.name: member for member in self._scope.get("/members", list[Member])}

    def add(
        self, email: str, role: Role = "annotator", *, name: str | None = None, connections: bool = False
    ) -> Member:
        """Name a member. Send them `invite(email)` or `link(email)`: the server sends no mail."""
        return self._scope.post(
            "/members", Member, NewMember(email=email, name=name, role=role, connections=connections)
        )

    def add_program(self, name: str, role: Role = "annotator", *, connections: bool = False) -> Member:
        """Add a program, which signs in by a token: `p.tokens.create("for it", program=name)`."""
        return self._scope.post("/programs", Member, NewProgram(name=name, role=role, connections=connections))

    def change(self, who: str, *, role: Role | None = None, connections: bool | None = None) -> Member:
        """Give a member another role, or the permission to make connections."""
        change = MemberChange.model_validate(given(role=role, connections=connections))
        return self._scope.patch(f"/members/{self[who].person}", Member, change)

    def remove(self, who: str) -> None:
        """Take a member's access away. Their work stays."""
        self._scope.delete(f"/members/{self[who].person}")

    def invite(
        self,
        who: str | None = None,
        *,
        role: Role = "annotator",
        team: str | None = None,
        uses: int | None = None,
        expires_in_hours: float | None = None,
    ) -> str:
        """A link by which people join: one member named before, or anybody who has the link (into a team, perhaps)."""
        new = given(
            role=self[who].role if who else role,
            person=self[who].person if who else None,
            team=Teams(self._scope)[team].id if team else None,
            uses=uses,
            expires_in_hours=expires_in_hours,
        )
        made = self._scope.post("/invites", Invite, NewInvite.model_validate(new))
        return f"{self._scope.client.public_url}/join/{made.secret}"

    def invites(self) -> list[Invite]:
        """The invites that were made. Their secrets are never shown again."""
        return self._scope.get("/invites", list[Invite])

    def link(self, who: str) -> str:
        """A one-time link that signs a member in who never did before."""
        made = self._scope.post(f"/members/{self[who].person}/sign-in-link", Link)
        return f"{self._scope.client.public_url}/sign-in/{made.secret}"


class Teams(Named[Team]):
    """`p.teams["experts"]`."""

    what = "team"

    def all(self) -> Mapping[str, Team]:
        return {team.name: team for team in self._scope.get("/teams", list[Team])}

    def create(self, name: str, members: list[str] | None = None) -> Team:
        """A team of members, by e-mail address or name."""
        return self._scope.post("/teams", Team, NewTeam(name=name, members=self._persons(members or [])))

    def change(self, name: str, *, rename: str | None = None, members: list[str] | None = None) -> Team:
        """Rename a team, or give it other members."""
        team = self[name]
        told = given(name=rename, members=None if members is None else self._persons(members))
        return self._scope.patch(f"/teams/{team.id}", Team, TeamChange.model_validate(told), edition=team.edition)

    def _persons(self, members: list[str]) -> list[int]:
        known = Members(self._scope).all()
        for one in members:
            if one not in known:
                raise UnknownName("member", one, list(known))
        return [known[one].person for one in members]


class Tokens:
    """Tokens for programs. A token's secret is in the answer that makes it, and nowhere else."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __iter__(self):
        return iter(self._scope.get("/tokens", list[Token]))

    def create(
        self,
        name: str,
        *,
        program: str | None = None,
        role: Role | None = None,
        connections: bool = False,
        expires_in_days: float | None = None,
    ) -> Token:
        """A token for yourself or, as an admin, for a program."""
        person = Members(self._scope)[program].person if program else None
        told = given(name=name, person=person, role=role, connections=connections, expires_in_days=expires_in_days)
        return self._scope.post("/tokens", Token, NewToken.model_validate(told))

    def revoke(self, token: int) -> None:
        """Stop a token from working. Safe to repeat."""
        self._scope.delete(f"/tokens/{token}")


def given(**fields: object) -> dict[str, object]:
    """Only the fields that were said, so that the server's defaults stand for the others."""
    return {name: value for name, value in fields.items() if value is not None}
