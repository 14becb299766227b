"""Teams: named sets of members, the usual way of saying who works on a template."""

from collections.abc import Sequence

from penstock.core import Conflict, Invalid, NotFound
from penstock.core.ids import TeamId
from penstock.people.events import TeamChanged, TeamCreated
from penstock.people.model import Team, TeamChange
from penstock.store import Transaction


class TeamNameTaken(Conflict):
    """There is a team named {name!r} already. Choose another name."""


class NotMembers(Invalid):
    """These are not members of the project: {persons}. Add or invite them first."""


def list_teams(tx: Transaction) -> list[Team]:
    return tx.all(Team, _SELECT + " order by t.name")


def get_team(tx: Transaction, id: int) -> Team:
    """A team that is not archived. Raises NotFound."""
    found = tx.maybe(Team, _SELECT + " and t.id = %(id)s", id=id)
    if found is None:
        raise NotFound(what="team", name=id)
    return found


def team_named(tx: Transaction, name: str) -> Team | None:
    return tx.maybe(Team, _SELECT + " and t.name = %(name)s", name=name)


def teams_of(tx: Transaction, person: int) -> set[int]:
    """The ids of a person's teams in this project."""
    return set(
        tx.values(
            int, "select team from team_member where project = %(project)s and person = %(person)s", person=person
        )
    )


def create_team(tx: Transaction, name: str, persons: Sequence[int] = ()) -> TeamId:
    """Make a team of members. Writes `team.created`. Raises TeamNameTaken, NotMembers."""
    made = tx.value(
        int,
        "insert into team (project, name) values (%(project)s, %(name)s)"
        " on conflict (project, name) where archived_at is null do nothing returning id",
        name=name,
    )
    if made is None:
        raise TeamNameTaken(name=name)
    _fill(tx, made, persons)
    tx.append(TeamCreated(team=made, name=name, members=sorted(set(persons))))
    return TeamId(made)


def change_team(tx: Transaction, id: int, change: TeamChange) -> Team:
    """Rename a team, replace its members, or archive it. Writes `team.changed`. Safe to repeat."""
    old = lock_team(tx, id)
    name = change.name or old.name
    persons = old.members if change.members is None else sorted(set(change.members))
    archived = bool(change.archived)
    if (name, persons, archived) == (old.name, old.members, False):
        return old
    other = team_named(tx, name)
    if other is not None and other.id != id:
        raise TeamNameTaken(name=name)
    tx.run(
        "update team set name = %(name)s, edition = edition + 1,"
        " archived_at = case when %(archived)s then moment() end where project = %(project)s and id = %(id)s",
        id=id,
        name=name,
        archived=archived,
    )
    if persons != old.members:
        tx.run("delete from team_member where project = %(project)s and team = %(id)s", id=id)
        _fill(tx, id, persons)
    tx.append(TeamChanged(team=id, name=name, members=persons, archived=archived))
    return Team(id=id, name=name, edition=old.edition + 1, members=persons)


def lock_team(tx: Transaction, id: int) -> Team:
    """A team, locked until the transaction ends. Raises NotFound."""
    tx.before_seq()
    tx.run("select 1 from team where project = %(project)s and id = %(id)s for no key update", id=id)
    return get_team(tx, id)


def join_team(tx: Transaction, id: int, person: int) -> Team:
    """Put one more member into a team. Safe to repeat."""
    return change_team(tx, id, TeamChange(members=[*get_team(tx, id).members, person]))


def _fill(tx: Transaction, id: int, persons: Sequence[int]) -> None:
    wanted = sorted(set(persons))
    known = tx.values(
        int,
        "select person from member where project = %(project)s and removed_at is null and person = any(%(wanted)s)",
        wanted=wanted,
    )
    if missing := sorted(set(wanted) - set(known)):
        raise NotMembers(persons=", ".join(map(str, missing)))
    tx.run(
        "insert into team_member (project, team, person) select %(project)s, %(id)s, unnest(%(wanted)s::bigint[])",
        id=id,
        wanted=wanted,
    )


_SELECT = (
    "select t.id, t.name, t.edition,"
    " array(select m.person from team_member m where m.project = t.project and m.team = t.id order by 1) as members"
    " from team t where t.project = %(project)s and t.archived_at is null"
)
