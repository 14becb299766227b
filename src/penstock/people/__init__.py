"""Persons and programs, the projects they are members of, and what they may do there."""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.people.inbox import notify
    from penstock.people.membership import (
        add_member,
        change_member,
        create_program,
        member,
        members,
        name_member,
        remove_member,
    )
    from penstock.people.persons import person, person_named, person_with_email, persons_called
    from penstock.people.projects import change_project, create_project, project, project_named
    from penstock.people.teams import change_team, create_team, get_team, list_teams, team_named, teams_of

__all__ = [
    "add_member",
    "change_member",
    "change_project",
    "change_team",
    "create_program",
    "create_project",
    "create_team",
    "get_team",
    "list_teams",
    "member",
    "members",
    "name_member",
    "notify",
    "person",
    "person_named",
    "person_with_email",
    "persons_called",
    "project",
    "project_named",
    "remove_member",
    "team_named",
    "teams_of",
]

__getattr__ = lazily(__name__)
