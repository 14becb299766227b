"""Making a project what a pipeline file says, section by section, in one transaction.

Each section first brings what is named (renaming, changing, adding), in an order in which names are known when they are
used; what isn't named goes last, and only if asked for.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from penstock import actions, datasets, people
from penstock import schema as schemas
from penstock.actions.model import Action, ActionChange, ActionSettings, NewAction
from penstock.actions.steps import command
from penstock.core import Conflict, Value
from penstock.people.model import NewMember, Team, TeamChange
from penstock.pipelines import connecting, following, reading
from penstock.pipelines.changing import change, standing_at
from penstock.pipelines.document import Document, PipelineInvalid
from penstock.pipelines.model import Change, PipelineFile, What, WrittenAction, WrittenTeam, WrittenTemplate
from penstock.pipelines.names import Book, Reading
from penstock.pipelines.translating import action_settings, template_settings, written_action, written_template
from penstock.schema import Attribute, Label, Schema
from penstock.store import Store, Transaction
from penstock.tasks import templates
from penstock.tasks.model import Template, TemplateChange, TemplateSettings
from penstock.tasks.templates import RoutesCycle


class RenameUnclear(Conflict):
    """{what} {name!r} was {was!r}, but there is no {was!r} to rename."""


_Wanted = tuple[str, WrittenTemplate, TemplateSettings]


class Applying:
    """One application of one file. Everything it does is listed in `changes`."""

    def __init__(self, tx: Transaction, store: Store, file: PipelineFile, document: Document, prune: bool) -> None:
        self.tx = tx
        self.store = store
        self.file = file
        self.document = document
        self.prune = prune
        self.book = Book(tx)
        self.changes: list[Change] = []
        self.newcomers: dict[str, int] = {}
        self.secrets: dict[str, str] = {}

    def run(self) -> None:
        """Do it all. Raises PipelineInvalid with lines."""
        self._schema()
        connecting.bring(self)
        self._invite()
        self._teams()
        self._datasets()
        self._templates()
        self._actions()
        if self.prune:
            self._prune()

    def found(self, what: Any, name: str, was: str | None) -> int | None:
        """The thing that a name, else the name before, means; None when it is new. Raises RenameUnclear."""
        id = self.book.find(what, name)
        if id is None and was is not None:
            id = self.book.find(what, was)
            if id is None:
                raise RenameUnclear(what=what, name=name, was=was)
        return id

    def settled(self, *changes: Change) -> None:
        """Note changes, after which names may mean other things."""
        self.changes += changes
        self.book.forget()

    def at(self, *base: str | int) -> Any:
        return standing_at(self.document, *base)

    # Sections

    def _schema(self) -> None:
        if self.file.schema_ is None:
            return
        with self.at("schema"):
            before = schemas.current(self.tx)
            after = schemas.replace(self.tx, self.file.schema_, prune=self.prune)
        self.settled(*_schema_changes(before, after))

    def _invite(self) -> None:
        """Make everybody a member whom the file names by e-mail address."""
        known = {name.lower() for name in self.book.all("member")}
        for path, name in self._named_people():
            if "@" in name and name.lower() not in known:
                known.add(name.lower())
                with self.at(*path):
                    try:
                        new = NewMember(email=name)
                    except ValidationError as error:
                        raise PipelineInvalid.of(
                            [self.document.problem(path, f"{name!r} is not an e-mail address", "email")]
                        ) from error
                    member = people.name_member(self.tx, new)
                self.newcomers[name] = member.person
                self.settled(Change(do="invite", what="member", name=name))

    def _named_people(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        for team, written in (self.file.teams or {}).items():
            for n, name in enumerate(written.members):
                yield ("teams", team, n), name
        for template, wanted in (self.file.templates or {}).items():
            for field in ("annotators", "reviewers"):
                names: tuple[str, ...] = getattr(wanted, field) or ()
                for n, name in enumerate(names):
                    yield ("templates", template, field, n), name

    def _teams(self) -> None:
        for name, written in _renamed_first(self.file.teams):
            with self.at("teams", name):
                self._team(name, written)

    def _team(self, name: str, written: WrittenTeam) -> None:
        names = Reading(self.book, self.document, "teams", name)
        members = [names.id("member", member, n) for n, member in enumerate(written.members)]
        names.settle()
        id = self.found("team", name, written.was)
        after = {"members": list(written.members)}
        if id is None:
            people.create_team(self.tx, name, members)
            self.settled(Change(do="add", what="team", name=name, details=(f"members: {_listed(written.members)}",)))
            return
        old: Team = people.get_team(self.tx, id)
        if (old.name, sorted(old.members)) != (name, sorted(set(members))):
            before = {"members": [self.book.name("member", person) for person in old.members]}
            people.change_team(self.tx, id, TeamChange(name=name, members=members))
            self.settled(change("team", name, old.name, before, after))

    def _datasets(self) -> None:
        for name, written in following.sources_first(_renamed_first(self.file.datasets)):
            with self.at("datasets", name):
                id = self.found("dataset", name, written.was)
                if written.of:
                    following.bring(self, id, name, written)
                elif id is None:
                    datasets.create(self.tx, name)
                    self.settled(Change(do="add", what="dataset", name=name))
                elif (was := self.book.name("dataset", id)) != name:
                    datasets.rename(self.tx, id, name)
                    self.settled(Change(do="rename", what="dataset", name=name, was=was))

    def _templates(self) -> None:
        schema = schemas.current(self.tx)
        waiting = [
            (name, written, self._template_settings(name, written, schema))
            for name, written in _renamed_first(self.file.templates)
        ]
        # Those that are there already first, then new ones. While some are changed and others not yet, routes may lead
        # round that don't in the end: such changes wait, and if all wait for one another, the routes are opened first.
        waiting.sort(key=lambda one: self._known_template(one) is None)
        opened = False
        while waiting:
            left = [(one, cycle) for one in waiting if (cycle := self._try_template(one, schema)) is not None]
            if len(left) == len(waiting):
                if opened:
                    raise left[0][1]
                opened = True
                for one, _ in left:
                    self._open_routes(one)
            waiting = [one for one, _ in left]

    def _known_template(self, wanted: _Wanted) -> int | None:
        name, written, _ = wanted
        return self.book.find("template", name) or (self.book.find("template", written.was) if written.was else None)

    def _try_template(self, wanted: _Wanted, schema: Schema) -> PipelineInvalid | None:
        """Bring a template; the refusal, if it closes a cycle of routes that may yet be opened."""
        name, written, settings = wanted
        known = self._known_template(wanted)
        try:
            with self.at("templates", name):
                self._template(name, written, settings, schema)
        except PipelineInvalid as invalid:
            if isinstance(invalid.__cause__, RoutesCycle) and known is not None:
                return invalid
            raise
        return None

    def _open_routes(self, wanted: _Wanted) -> None:
        id = self._known_template(wanted)
        assert id is not None
        settings = templates.get(self.tx, id).settings.model_copy(update={"on_done": ()})
        templates.change(self.tx, id, TemplateChange(settings=settings))

    def _template_settings(self, name: str, written: WrittenTemplate, schema: Schema) -> TemplateSettings:
        names = Reading(self.book, self.document, "templates", name)
        try:
            settings = template_settings(written, names, schema)
        except ValidationError as error:
            found = reading.problems_of(error, self.document, ("templates", name), TemplateSettings)
            raise PipelineInvalid.of(found) from error
        names.settle()
        return settings

    def _template(self, name: str, written: WrittenTemplate, settings: TemplateSettings, schema: Schema) -> None:
        id = self.found("template", name, written.was)
        if id is None:
            made = templates.create(self.tx, name, settings)
            shown = written_template(made, self.book, schema)
            self.settled(Change(do="add", what="template", name=name, details=_lines(shown)))
            return
        old: Template = templates.get(self.tx, id)
        if (old.name, old.settings) != (name, settings):
            before = written_template(old, self.book, schema)
            new = templates.change(self.tx, id, TemplateChange(name=name, settings=settings))
            self.settled(change("template", name, old.name, before, written_template(new, self.book, schema)))

    def _actions(self) -> None:
        for name, written in _renamed_first(self.file.actions):
            with self.at("actions", name):
                self._action(name, written)

    def _action(self, name: str, written: WrittenAction) -> None:
        names = Reading(self.book, self.document, "actions", name)
        told = action_settings(written, names)
        names.settle()
        try:
            settings = ActionSettings.model_validate(told)
        except ValidationError as error:
            found = reading.problems_of(error, self.document, ("actions", name), ActionSettings)
            raise PipelineInvalid.of(found) from error
        for n, refusal in command.unknown(self.store, settings):
            names.refuse(refusal.detail, "do", n, "command")
        names.settle()
        id = self.found("action", name, written.was)
        if id is None:
            made = actions.create(self.tx, NewAction(name=name, settings=settings, state=written.state or "on"))
            self.settled(Change(do="add", what="action", name=name, details=_lines(written_action(made, self.book))))
            return
        old: Action = actions.get(self.tx, id)
        state = written.state or old.state
        if (old.name, old.settings, old.state) != (name, settings, state):
            before = written_action(old, self.book)
            new = actions.change(self.tx, id, ActionChange(name=name, settings=settings, state=state))
            self.settled(change("action", name, old.name, before, written_action(new, self.book)))

    # What isn't named

    def _prune(self) -> None:
        for name, id in self._unnamed("action", self.file.actions):
            actions.remove(self.tx, id)
            self.settled(Change(do="remove", what="action", name=name))
        for name, id in self._unnamed("template", self.file.templates):
            templates.archive(self.tx, id)
            self.settled(Change(do="remove", what="template", name=name))
        self._prune_datasets()
        for name, id in self._unnamed("team", self.file.teams):
            people.change_team(self.tx, id, TeamChange(archived=True))
            self.settled(Change(do="remove", what="team", name=name))
        connecting.prune(self)

    def _prune_datasets(self) -> None:
        there = self._unnamed("dataset", self.file.datasets)
        # A fork is somebody's try, which no file names.
        left = [(name, id) for name, id in there if datasets.get(self.tx, id).forked_from is None]
        while left:  # what follows others goes before them
            users = {id: datasets.users_of(self.tx, id) for _, id in left}
            free = [(name, id) for name, id in left if not users[id]]
            if not free:
                name, id = left[0]
                detail = f"the dataset {name!r} can't be removed while it is in use, by {' and '.join(users[id])}"
                raise PipelineInvalid.of([self.document.problem(("datasets",), detail, "in-use")])
            for name, id in free:
                datasets.archive(self.tx, id)
                self.settled(Change(do="remove", what="dataset", name=name))
            left = [one for one in left if one not in free]

    def _unnamed(self, what: Any, section: dict[str, Any] | None) -> list[tuple[str, int]]:
        if section is None:
            return []
        there = [(name, self.book.find(what, name)) for name in self.book.all(what) if name not in section]
        return [(name, id) for name, id in there if id is not None]


def project_name(tx: Transaction, file: PipelineFile, document: Document) -> None:
    """Refuse a file that names another project than the one it is applied to."""
    name = people.project(tx).name
    if file.project is not None and file.project != name:
        detail = f"this is the pipeline of project {file.project!r}, and here is {name!r}"
        raise PipelineInvalid.of([document.problem(("project",), detail, "other-project")])


def _renamed_first(section: dict[str, Any] | None) -> list[tuple[str, Any]]:
    """What is renamed before what is not, so that `A: {was: B}` and a new `B` can stand in one file."""
    return sorted((section or {}).items(), key=lambda pair: pair[1].was is None)


def _schema_changes(before: Schema, after: Schema) -> Iterable[Change]:
    old, new = schemas.as_wanted(before), schemas.as_wanted(after)
    yield from _thing_changes("label", before.labels_by_id, after.labels, old.labels, new.labels)
    yield from _thing_changes("attribute", before.attributes_by_id, after.attributes, old.attributes, new.attributes)


def _thing_changes(
    what: What,
    before: Mapping[int, Label | Attribute],
    after: Iterable[Label | Attribute],
    old: Mapping[str, Value],
    new: Mapping[str, Value],
) -> Iterable[Change]:
    for thing in after:
        was = before.get(thing.id)
        was = None if was is None or was.archived else was
        if was is None:
            if not thing.archived:
                yield Change(do="add", what=what, name=thing.name)
        elif thing.archived:
            yield Change(do="remove", what=what, name=thing.name)
        elif was != thing:
            told = [side[name].model_dump(exclude_defaults=True) for side, name in ((old, was.name), (new, thing.name))]
            yield change(what, thing.name, was.name, told[0], told[1])


def _lines(shown: dict[str, Any]) -> tuple[str, ...]:
    return tuple(f"{field}: {value}" for field, value in shown.items())


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nobody"
