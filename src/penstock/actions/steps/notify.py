"""Tell people: a message in their inbox."""

from pydantic import Field

from penstock import people
from penstock.actions.steps.kind import Call, Finished, Outcome, StepKind
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


class Notify(StepKind[NotifySettings]):
    kind = "notify"
    settings = NotifySettings

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
