"""Who is a member, of which role, in which teams."""

import pytest

from penstock import people
from penstock.people import membership, teams
from penstock.people.model import MemberChange, NewMember, NewProgram, TeamChange
from penstock.store import Store


@pytest.fixture
def project(store: Store) -> int:
    with store.db.transaction(0) as tx:
        admin = people.person_with_email(tx, "Admin@Example.org")
    with store.db.transaction(0, admin) as tx:
        return people.create_project(tx, "cells")


def test_the_maker_of_a_project_is_its_admin(store: Store, project: int) -> None:
    with store.db.transaction(project) as tx:
        assert [(m.email, m.role, m.connections) for m in people.members(tx)] == [("admin@example.org", "admin", True)]


def test_a_project_name_is_taken_once(store: Store, project: int) -> None:
    with pytest.raises(people.projects.ProjectNameTaken), store.db.transaction(0) as tx:
        people.create_project(tx, "cells")


def test_members_are_added_changed_and_removed(store: Store, project: int, wrote) -> None:
    with wrote(project) as written:
        with store.db.transaction(project) as tx:
            one = people.name_member(tx, NewMember(email="one@example.org"))
            again = people.name_member(tx, NewMember(email="ONE@example.org", role="editor"))
        with store.db.transaction(project) as tx:
            people.change_member(tx, one.person, MemberChange(role="viewer"))
        with store.db.transaction(project) as tx:
            people.remove_member(tx, one.person)
    assert (one.role, one.claimed, again) == ("annotator", False, one)
    assert written.kinds == ["member.added", "member.changed", "member.removed"]


def test_the_last_admin_stays(store: Store, project: int) -> None:
    with store.db.transaction(project) as tx:
        admin = people.members(tx)[0].person
    with pytest.raises(membership.LastAdmin), store.db.transaction(project) as tx:
        people.change_member(tx, admin, MemberChange(role="viewer"))
    with pytest.raises(membership.LastAdmin), store.db.transaction(project) as tx:
        people.remove_member(tx, admin)


def test_teams_hold_members_only(store: Store, project: int, wrote) -> None:
    with store.db.transaction(project) as tx:
        one = people.name_member(tx, NewMember(email="one@example.org")).person
        program = people.create_program(tx, NewProgram(name="trainer")).person
    with wrote(project) as written:
        with store.db.transaction(project) as tx:
            team = people.create_team(tx, "experts", [one])
        with store.db.transaction(project) as tx:
            people.change_team(tx, team, TeamChange(members=[program, one]))
    with store.db.transaction(project) as tx:
        assert people.teams_of(tx, program) == {team}
        assert people.get_team(tx, team).members == sorted([one, program])
    assert written.kinds == ["team.created", "team.changed"]
    with pytest.raises(teams.NotMembers), store.db.transaction(project) as tx:
        people.create_team(tx, "strangers", [one + 1000])


def test_a_name_finds_its_only_bearer(store: Store, project: int) -> None:
    with store.db.transaction(project) as tx:
        people.name_member(tx, NewMember(email="kim@one.org", name="Kim"))
        assert people.person_named(tx, "Kim") is not None
        people.name_member(tx, NewMember(email="kim@two.org", name="Kim"))
        assert people.person_named(tx, "Kim") is None
        assert people.person_named(tx, "KIM@two.org") is not None
        assert people.person_named(tx, "nobody") is None
