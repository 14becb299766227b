"""HTTP of people: signing in, projects, members, teams, invites, tokens, the inbox. `Caller`, `may`: for every room."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response

from penstock.core import Invalid, Page
from penstock.lazy_route import LazyRoute
from penstock.people import inbox, invites, membership, persons, projects, secrets, sign_in, teams, tokens
from penstock.people.caller import COOKIE, Caller, caller, credential, may, owner
from penstock.people.model import (
    Invitation,
    Invite,
    Joining,
    Link,
    Me,
    Member,
    MemberChange,
    Message,
    NewInvite,
    NewMember,
    NewProgram,
    NewProject,
    NewTeam,
    NewToken,
    PasswordChange,
    Place,
    Project,
    ProjectChange,
    SignIn,
    Team,
    TeamChange,
    Token,
)
from penstock.people.sign_in import Session
from penstock.people.threads import on_thread
from penstock.people.tokens import TokenForSomebodyElse, TokenFromToken
from penstock.store import Store, Transaction

__all__ = ["Caller", "caller", "may", "owner", "router", "set_session"]

T = TypeVar("T")
router = APIRouter(tags=["people"], route_class=LazyRoute)

SomeCaller = Annotated[Caller, Depends(caller)]
Owner = Annotated[Caller, Depends(owner)]
Admin = Annotated[Caller, Depends(may("admin"))]
Viewer = Annotated[Caller, Depends(may("viewer"))]
AnyMember = Annotated[Caller, Depends(may("member"))]


class SignInUnclear(Invalid):
    """Give either `link`, or `email` and `password`."""


def _change(who: Caller, verb: Callable[[Transaction], T]) -> T:
    """Do something that may take access away, and let this process forget whom it knows."""
    try:
        return who.do(verb)
    finally:
        who.request.app.state.standings.forget()


# Signing in


def set_session(request: Request, response: Response, session: Session) -> None:
    """Put a session into a cookie that scripts can't read and other sites' forms don't send."""
    response.set_cookie(
        COOKIE,
        session.secret,
        expires=session.expires_at,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )


@router.post("/sign-in", response_model=Me)
def begin_session(body: SignIn, request: Request, response: Response) -> Me:
    """Begin a session, by a one-time link or by a password. The answer's `csrf` goes with every changing request."""
    store: Store = request.app.state.store
    if body.link is not None and body.email is None:
        link = body.link
        session = store.db.perform(lambda tx: sign_in.follow_link(tx, link), 0)
    elif body.link is None and body.email is not None and body.password is not None:
        email, password = body.email, body.password
        with store.db.transaction(0) as tx:
            person = sign_in.check_password(tx, email, password)
        session = store.db.perform(lambda tx: sign_in.begin_session(tx, person, "password"), 0)
    else:
        raise SignInUnclear
    set_session(request, response, session)
    with store.db.transaction(0) as tx:
        return _me(tx, session.person, projects.places(tx, session.person), session.secret)


@router.post("/sign-out", status_code=204)
def end_session(who: SomeCaller, response: Response, everywhere: bool = False) -> None:
    """End this session, or all of them."""
    found = credential(who.request)
    if everywhere:
        _change(who, lambda tx: sign_in.end_sessions(tx, who.person))
    elif found is not None:
        secret = found[0]
        _change(who, lambda tx: sign_in.end_session(tx, secret))
    response.delete_cookie(COOKIE, path="/")


@router.get("/me")
def me(who: SomeCaller) -> Me:
    """Who you are, and where you may go."""
    found = credential(who.request)
    session = found[0] if found is not None and who.standing.by == "session" else None
    return who.read(lambda tx: _me(tx, who.person, _places(tx, who), session))


def _places(tx: Transaction, who: Caller) -> list[Place]:
    return [seen for place in projects.places(tx, who.person) if (seen := who.standing.sees(place))]


def _me(tx: Transaction, person: int, places: list[Place], session: str | None) -> Me:
    return Me(
        person=persons.person(tx, person),
        owner=persons.is_owner(tx, person),
        projects=places,
        csrf=secrets.csrf(session) if session else None,
        unread=inbox.unread(tx, person),
    )


@router.put("/me/password", status_code=204)
def set_password(body: PasswordChange, who: SomeCaller) -> None:
    """Set one's password. Sessions elsewhere end."""
    if who.standing.by != "session":
        raise sign_in.SessionNeeded
    found = credential(who.request)
    _change(who, lambda tx: sign_in.set_password(tx, who.person, body, found[0] if found else None))


@router.post("/persons/{person}/sign-in-link", status_code=201)
def create_any_link(person: int, who: Owner) -> Link:
    """A one-time link that signs somebody in. For owners of the installation."""
    return who.do(lambda tx: sign_in.create_link(tx, persons.person(tx, person).id))


@router.post("/projects/{project}/members/{person}/sign-in-link", status_code=201)
def create_link(person: int, who: Admin) -> Link:
    """A one-time link for a member who has never signed in and is in no other project."""
    return who.do(lambda tx: sign_in.create_link_for_member(tx, person, who.standing.owner))


# Projects


@router.get("/projects")
def list_projects(who: SomeCaller) -> list[Place]:
    """The projects you may enter."""
    return who.read(lambda tx: _places(tx, who))


@router.post("/projects", status_code=201)
def create_project(body: NewProject, who: Owner) -> Project:
    """Make a project. For owners of the installation."""
    return _change(who, lambda tx: projects.project(tx, projects.create_project(tx, body.name)))


@router.get("/projects/{project}")
def get_project(who: AnyMember) -> Project:
    """One project."""
    return who.read(projects.project)


@router.patch("/projects/{project}")
def change_project(body: ProjectChange, who: Admin) -> Project:
    """Rename a project, archive it, or take it back from the archive."""

    def work(tx: Transaction) -> Project:
        who.if_match(projects.lock_project(tx).edition)
        return projects.change_project(tx, body)

    return _change(who, work)


# Members


@router.get("/projects/{project}/members")
def list_members(who: Viewer) -> list[Member]:
    """Everybody in the project."""
    return who.read(membership.members)


@router.post("/projects/{project}/members", status_code=201)
def add_member(body: NewMember, who: Admin) -> Member:
    """Name a member by e-mail address. Send them an invite's link or a sign-in link yourself: no mail is sent."""
    return _change(who, lambda tx: membership.name_member(tx, body))


@router.post("/projects/{project}/programs", status_code=201)
def add_program(body: NewProgram, who: Admin) -> Member:
    """Add a program as a member. It signs in by a token."""
    return _change(who, lambda tx: membership.create_program(tx, body))


@router.patch("/projects/{project}/members/{person}")
def change_member(person: int, body: MemberChange, who: Admin) -> Member:
    """Change a member's role, or the permission `connections`."""
    return _change(who, lambda tx: membership.change_member(tx, person, body))


@router.delete("/projects/{project}/members/{person}", status_code=204)
def remove_member(person: int, who: Admin) -> None:
    """Take a member's access away. Their work stays."""
    _change(who, lambda tx: membership.remove_member(tx, person))


# Teams


@router.get("/projects/{project}/teams")
def list_teams(who: Viewer) -> list[Team]:
    """The project's teams."""
    return who.read(teams.list_teams)


@router.post("/projects/{project}/teams", status_code=201)
def create_team(body: NewTeam, who: Admin) -> Team:
    """Make a team of members."""
    return _change(who, lambda tx: teams.get_team(tx, teams.create_team(tx, body.name, body.members)))


@router.get("/projects/{project}/teams/{team}")
def get_team(team: int, who: Viewer) -> Team:
    """One team."""
    return who.read(lambda tx: teams.get_team(tx, team))


@router.patch("/projects/{project}/teams/{team}")
def change_team(team: int, body: TeamChange, who: Admin) -> Team:
    """Rename a team, replace its members, or archive it."""

    def work(tx: Transaction) -> Team:
        who.if_match(teams.lock_team(tx, team).edition)
        return teams.change_team(tx, team, body)

    return _change(who, work)


# Invites


@router.get("/projects/{project}/invites")
def list_invites(who: Admin) -> list[Invite]:
    """The project's invites, without their secrets."""
    return who.read(invites.invites)


@router.post("/projects/{project}/invites", status_code=201)
def create_invite(body: NewInvite, who: Admin) -> Invite:
    """Make a link by which people join. The secret is shown this once."""
    return who.do(lambda tx: invites.create_invite(tx, body))


@router.delete("/projects/{project}/invites/{invite}", status_code=204)
def revoke_invite(invite: int, who: Admin) -> None:
    """Stop an invite's link from working."""
    who.do(lambda tx: invites.revoke_invite(tx, invite))


@router.get("/join/{secret}")
def look_at_invite(secret: str, request: Request) -> Invitation:
    """What an invite offers. Whoever has the link may look."""
    with request.app.state.store.db.transaction(0) as tx:
        return invites.look(tx, secret)


@router.post("/join/{secret}", status_code=201)
async def join(secret: str, body: Joining, request: Request, response: Response) -> Me:
    """Follow an invite. Somebody signed in joins as themselves; anybody else gets a new account and a session."""
    who = await caller(request, response) if credential(request) else None
    return await on_thread(lambda: _join(secret, body, request, response, who))


def _join(secret: str, body: Joining, request: Request, response: Response, who: Caller | None) -> Me:
    db = request.app.state.store.db
    with db.transaction(0) as tx:
        project = invites.project_of(tx, secret)

    def work(tx: Transaction) -> tuple[Session | None, Me]:
        person = invites.join(tx, secret, body, who.person if who else None)
        session = None if who else sign_in.begin_session(tx, person, "invite")
        return session, _me(tx, person, projects.places(tx, person), session.secret if session else None)

    session, answer = db.perform(work, project, who.person if who else None)
    request.app.state.standings.forget()
    if session is not None:
        set_session(request, response, session)
    return answer


# Tokens


@router.get("/projects/{project}/tokens")
def list_tokens(who: AnyMember) -> list[Token]:
    """Your tokens for this project; an admin sees everybody's."""
    return who.read(lambda tx: list(tokens.tokens(tx, None if who.role == "admin" else who.person)))


@router.post("/projects/{project}/tokens", status_code=201)
def create_token(body: NewToken, who: AnyMember) -> Token:
    """Make a token for yourself or, as an admin, for a program. The secret is shown this once."""
    if (body.person or who.person) != who.person:
        if who.role != "admin":
            raise TokenForSomebodyElse
    elif who.standing.by == "token":
        raise TokenFromToken
    return who.do(lambda tx: tokens.create_token(tx, body))


@router.delete("/projects/{project}/tokens/{token}", status_code=204)
def revoke_token(token: int, who: AnyMember) -> None:
    """Stop one of your tokens; an admin may stop anybody's."""
    _change(who, lambda tx: tokens.revoke_token(tx, token, None if who.role == "admin" else who.person))


# The inbox


@router.get("/inbox")
def list_messages(
    who: SomeCaller, unread: bool = False, after: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Page[Message]:
    """Your messages of all projects, newest first."""
    return who.read(lambda tx: inbox.messages(tx, who.person, unread, after, limit))


@router.post("/inbox/{message}/read", status_code=204)
def mark_read(message: int, who: SomeCaller, earlier: bool = False) -> None:
    """Mark a message read, or it and all earlier ones."""
    who.do(lambda tx: inbox.mark_read(tx, who.person, message, only=not earlier))
