"""A project, and everything that can be done in it: the object that `penstock.connect()` gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from penstock.datasets.pruning_model import NewPruning, Prunable, Pruning
from penstock.people.model import Link, Me, Message, NewProject, Place
from penstock.people.model import Project as ProjectValue
from penstock.pipelines.model import Plan
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedSchema
from penstock.sdk import events as live
from penstock.sdk import pipelines
from penstock.sdk.actions import Actions
from penstock.sdk.connections import Connections
from penstock.sdk.datasets import Dataset, Datasets, Version, Versions
from penstock.sdk.errors import NotConnected, UnknownName
from penstock.sdk.events import Event
from penstock.sdk.exports import Exports
from penstock.sdk.files import Files
from penstock.sdk.found import Queries
from penstock.sdk.http import Client
from penstock.sdk.imports import Imports
from penstock.sdk.people import Members, Teams, Tokens
from penstock.sdk.reports import Reports
from penstock.sdk.scope import Scope
from penstock.sdk.setbacks import Setbacks
from penstock.sdk.status import Status
from penstock.sdk.templates import Tasks, Templates


class Project:
    """A project on a server. Safe to use from several threads; close it, or use it in a `with`."""

    def __init__(
        self, client: Client, name: str | None = None, *, progress: bool | None = None, token: str | None = None
    ) -> None:
        self._client = client
        self._name = name
        self.token = token  #: one's own, where `penstock.join` made it
        self._scope = Scope(client, self._find, progress=progress)

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._client.url

    @property
    def id(self) -> int:
        """The project's id, found at first use."""
        return self._scope.id

    @property
    def name(self) -> str:
        """The project's name."""
        return self._scope.get("", ProjectValue).name

    # What there is

    @cached_property
    def datasets(self) -> Datasets:
        """By name, as `p.datasets["gold"]`."""
        return Datasets(self._scope)

    @cached_property
    def versions(self) -> Versions:
        """Of all datasets, as `p.versions["gold/v1"]`."""
        return Versions(self._scope)

    @cached_property
    def files(self) -> Files:
        """By key, as `p.files["page-001.png"]`."""
        return Files(self._scope)

    @cached_property
    def queries(self) -> Queries:
        """Saved queries by name, as `p.queries["dark cars"]`."""
        return Queries(self._scope)

    @cached_property
    def imports(self) -> Imports:
        """By id, and newest first."""
        return Imports(self._scope)

    @cached_property
    def exports(self) -> Exports:
        """By id, and newest first."""
        return Exports(self._scope)

    @cached_property
    def templates(self) -> Templates:
        """By name, as `p.templates["expert"]`."""
        return Templates(self._scope)

    @cached_property
    def tasks(self) -> Tasks:
        """By id, as `p.tasks[12]`."""
        return Tasks(self._scope)

    @cached_property
    def actions(self) -> Actions:
        """By name, as `p.actions["early export"]`."""
        return Actions(self._scope)

    @cached_property
    def connections(self) -> Connections:
        """By name, as `p.connections["lab folder"]`."""
        return Connections(self._scope)

    @cached_property
    def members(self) -> Members:
        """By e-mail address, or by name where there is none."""
        return Members(self._scope)

    @cached_property
    def teams(self) -> Teams:
        """By name, as `p.teams["experts"]`."""
        return Teams(self._scope)

    @cached_property
    def reports(self) -> Reports:
        """Figures of people, time, quality and labels."""
        return Reports(self._scope)

    @cached_property
    def tokens(self) -> Tokens:
        """Tokens for programs."""
        return Tokens(self._scope)

    @cached_property
    def setbacks(self) -> Setbacks:
        """What followers of the log set aside, by id, and newest first."""
        return Setbacks(self._scope)

    def state(self, name: str) -> Dataset | Version:
        """A dataset by its name, or a version by `dataset/version`; what `penstock diff` and its like are given."""
        if (found := self.datasets.get(name)) is not None:
            return found
        dataset, _, version = name.rpartition("/")
        if dataset and (found := self.datasets.get(dataset)) is not None:
            return found.versions[version]
        return self.datasets[name]  # which names those that there are

    def schema(self, version: int | None = None) -> Schema:
        """Labels and attributes, as they are now or were in a version."""
        return self._scope.get("/schema" if version is None else f"/schema/versions/{version}", Schema)

    def define(self, schema: WantedSchema | Mapping[str, Any], *, prune: bool = False) -> Schema:
        """Make the schema what is said by names: `{"labels": {"RBC": {}}, "attributes": {"focus": {...}}}`.

        What it doesn't name stays, unless `prune`: then it is archived. Safe to repeat.
        """
        wanted = schema if isinstance(schema, WantedSchema) else WantedSchema.model_validate(schema)
        return self._scope.client.put(self._scope.path("/schema"), Schema, wanted, query={"prune": prune})

    # The pipeline as a whole

    def plan(self, file: Path | str, *, prune: bool = False, base: Path | str | None = None) -> Plan:
        """What applying a pipeline file would change. Raises Refused, with the line of each mistake."""
        if self._settle_for(file):
            return pipelines.plan(self._scope, file, prune=prune, base=base)
        return pipelines.plan_new(self._client, file)

    def apply(self, file: Path | str, *, prune: bool = False, base: Path | str | None = None) -> Plan:
        """Make the project what a pipeline file says; what was changed, with a link for each person new to it.

        Safe to repeat. The file may be a path or the YAML itself. It names its project, which is made when there is
        none of that name. Nothing is removed without `prune`. `base` is what `show` gave before the file was made
        from it: if somebody changed the pipeline since, it is refused, with what they changed.
        """
        if not self._settle_for(file):
            pipelines.plan_new(self._client, file)  # a file that would be refused makes no project
            self.create_project(self._name or pipelines.project_of(file) or "")
        return pipelines.apply(self._scope, file, prune=prune, base=base)

    def show(self) -> str:
        """The project as a pipeline file."""
        return pipelines.show(self._scope)

    def status(self) -> Status:
        """The pipeline with its counts: what is where, and how far."""
        return self._scope.get("/pipeline/status", Status)

    def prunable(self, *, keep_days: int = 30) -> Prunable:
        """How much old history nothing shows, and `prune` would take away."""
        return self._scope.get("/prunings/preview", Prunable, {"keep_days": keep_days})

    def prune(self, *, keep_days: int = 30) -> Pruning:
        """Delete old history for good that no version, fork, draft or merge shows and that ended more than so many days
        ago. Waits until it is done.
        """
        done = self._scope.post("/prunings", Pruning, NewPruning(keep_days=keep_days))
        while done.state == "running":
            self._scope.client.pause(0.1)
            done = self._scope.get(f"/prunings/{done.id}", Pruning)
        return done

    def events(
        self, *, follow: bool = False, after: str | None = None, kinds: Sequence[str] | None = None
    ) -> Iterator[Event]:
        """What happened, in order, behind the place `after`; with `follow`, also what happens from now on, without end.

        A follower that loses its connection goes on where it was, and repeats nothing.
        """
        if follow:
            return live.follow(self._client, self._scope.id, after=after, kinds=kinds)
        return live.read(self._client, self._scope.path("/events"), after=after, kinds=kinds)

    # Who and where one is

    def me(self) -> Me:
        """Who one is here, and which projects one may enter."""
        return self._client.get("/me", Me)

    def sign_in_link(self, person: int | None = None) -> str:
        """A one-time link that signs oneself, or another person, in to the browser. For owners of the installation."""
        who = self.me().person.id if person is None else person
        return f"{self._client.public_url}/sign-in/{self._client.post(f'/persons/{who}/sign-in-link', Link).secret}"

    def inbox(self, *, unread: bool = False) -> Iterator[Message]:
        """One's messages of all projects, newest first."""
        return self._client.pages("/inbox", Message, {"unread": unread})

    def projects(self) -> list[str]:
        """The names of the projects one may enter."""
        return [place.name for place in self._places()]

    def create_project(self, name: str) -> Project:
        """Make a project and work in it. For owners of the installation."""
        made = self._client.post("/projects", ProjectValue, NewProject(name=name))
        self._name = name
        self._scope.settle(made.id)
        return self

    def close(self) -> None:
        """Close the connections to the server. A server in this process goes on until the process ends."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<project {self._name or '(the only one)'!r} at {self.url}>"

    def _places(self) -> list[Place]:
        return self._client.get("/projects", list[Place])

    def _find(self) -> int:
        places = self._places()
        if self._name is not None:
            found = [place for place in places if place.name == self._name]
            if not found:
                raise UnknownName("project", self._name, [place.name for place in places])
            return found[0].id
        if len(places) == 1:
            return places[0].id
        if not places:
            raise NotConnected("There is no project yet. A pipeline file makes one: penstock apply pipeline.yaml")
        offer = ", ".join(repr(place.name) for place in places)
        raise NotConnected(
            f"Say which project: connect(project=...), --project or PENSTOCK_PROJECT. There is: {offer}."
        )

    def _settle_for(self, file: Path | str) -> bool:
        """Work in the project that a pipeline file names, unless one was named before. False when it is yet to be."""
        named = self._name or pipelines.project_of(file)
        if named is None:
            return True
        found = [place for place in self._places() if place.name == named]
        if found:
            self._name = named
            self._scope.settle(found[0].id)
        return bool(found)
