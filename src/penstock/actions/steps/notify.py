"""Tell people: a message in their inbox."""

from typing import Any

from pydantic import Field, field_validator

from penstock import people
from penstock.actions.steps.kind import Call, Finished, Outcome, StepKind
from penstock.actions.steps.naming import Names, NamesById
from penstock.core import Value
from penstock.store import Transaction


class NotifySettings(Value):
    """Whom to tell what."""

    members: tuple[int, ...] = ()
    teams: tuple[int, ...] = ()
    """Everybody in these teams. With neither members nor teams: the project's admins."""
    subject: str = Field(min_length=1, max_length=200)
    text: str = Field(default="", max_length=10_000)
    link: str | None = Field(default=None, max_length=2_000)


class WrittenNotify(Value):
    """A message in a pipeline file."""

    to: tuple[str, ...] = ()
    """Teams and members (by e-mail address or name); the project's admins if there are none."""
    subject: str = Field(min_length=1, max_length=200)
    text: str = Field(default="", max_length=10_000)
    link: str | None = Field(default=None, max_length=2_000)

    @field_validator("to", mode="before")
    @classmethod
    def _one(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given


class Notify(StepKind[NotifySettings]):
    kind = "notify"
    settings = NotifySettings
    written = WrittenNotify

    def read(self, written: WrittenNotify, names: Names) -> dict[str, Any]:
        teams = [name for name in written.to if names.has("team", name)]
        members = [names.id("member", name, "to", n) for n, name in enumerate(written.to) if name not in teams]
        return {
            **written.model_dump(exclude={"to"}),
            "members": members,
            "teams": [names.id("team", name) for name in teams],
        }

    def write(self, settings: NotifySettings, names: NamesById) -> WrittenNotify:
        teams = [names.name("team", id) for id in settings.teams]
        members = [names.name("member", id) for id in settings.members]
        return WrittenNotify(to=(*teams, *members), **settings.model_dump(exclude={"teams", "members"}))

    def check(self, tx: Transaction, settings: NotifySettings) -> None:
        for team in settings.teams:
            people.get_team(tx, team)
        for person in settings.members:
            people.member(tx, person)

    def begin(self, tx: Transaction, call: Call[NotifySettings]) -> Outcome:
        told = self._persons(tx, call.settings)
        people.notify(tx, told, call.settings.subject, call.settings.text, call.settings.link)
        return Finished({"persons": told})

    def preview(self, tx: Transaction, call: Call[NotifySettings]) -> str:
        names = {member.person: member.name for member in people.members(tx)}
        told = [names[person] for person in self._persons(tx, call.settings)]
        return f"tell {', '.join(told) or 'nobody'}: {call.settings.subject}"

    def _persons(self, tx: Transaction, settings: NotifySettings) -> list[int]:
        """The members meant; those who left the project meanwhile are not."""
        everybody = people.members(tx)
        meant: set[int] = set(settings.members)
        for team in people.list_teams(tx):
            if team.id in settings.teams:
                meant |= set(team.members)
        if not settings.members and not settings.teams:
            meant = {member.person for member in everybody if member.role == "admin"}
        return sorted(meant & {member.person for member in everybody})
