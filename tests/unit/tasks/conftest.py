"""A blood-cell project: a schema, people, ready files, and the two templates of the two-stage recipe."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import pytest

from penstock import datasets, engine, files, people, schema, tasks
from penstock.annotations import rows
from penstock.annotations.model import Annotation
from penstock.core.ids import new_uuid
from penstock.files import NewFile, Probe
from penstock.people.persons import person_with_email
from penstock.schema import WantedAttribute, WantedLabel, WantedSchema
from penstock.store import Store, Transaction
from penstock.tasks.attempts import Save
from penstock.tasks.model import Attempt, Claim, Crew, Route, Saved, Task, Template, TemplateSettings, Watch

T = TypeVar("T")
PROBE = Probe(media="image", mime="image/png", width=640, height=480)


def box(label: int, x: float = 10, y: float = 10, w: float = 20, h: float = 20, **more: Any) -> dict[str, Any]:
    return {"do": "create", "id": str(new_uuid()), "kind": "box", "label": label, "geometry": [x, y, w, h], **more}


@dataclass
class Lab:
    """A project and short ways to work in it as somebody."""

    store: Store
    project: int
    people: dict[str, int]
    labels: dict[str, int]
    attributes: dict[str, int]
    options: dict[str, int]
    datasets: dict[str, int]

    def do(self, verb: Callable[[Transaction], T], who: str | None = None) -> T:
        return self.store.db.perform(verb, self.project, None if who is None else self.people[who])

    def add_files(self, *keys: str, to: str = "first pass", probe: Probe | None = PROBE) -> list[int]:
        news = [NewFile(key=key, hash=hashlib.sha256(key.encode()).hexdigest(), bytes=9, probe=probe) for key in keys]
        made = [r.file for r in self.do(lambda tx: files.register_many(tx, news))]
        self.do(lambda tx: datasets.add(tx, self.datasets[to], made, {"kind": "person"}))
        self.drain()
        return made

    def drain(self) -> None:
        engine.drain(self.store)

    def template(self, name: str, **settings: Any) -> Template:
        made = self.do(lambda tx: tasks.templates.create(tx, name, TemplateSettings(**settings)), "ada")
        self.drain()
        return made

    def claim(self, template: Template, who: str, role: Any = "work") -> Claim:
        return self.do(lambda tx: tasks.claim(tx, template.id, self.role(who), role), who)

    def role(self, who: str) -> str:
        return "admin" if who == "ada" else "annotator"

    def save(self, attempt: Attempt, who: str, *changes: dict[str, Any], id: UUID | None = None) -> Saved:
        command = Save(id=id or new_uuid(), changes=[msgspec.Raw(msgspec.json.encode(change)) for change in changes])
        saved = self.do(lambda tx: tasks.save(tx, attempt.id, command), who)
        if isinstance(saved, Exception):
            raise saved
        return saved

    def submit(self, attempt: Attempt, who: str) -> Task:
        return self.do(lambda tx: tasks.submit(tx, attempt.id), who)

    def finish(self, template: Template, who: str, *changes: dict[str, Any]) -> Task:
        claim = self.claim(template, who)
        if changes:
            self.save(claim.attempt, who, *changes)
        done = self.submit(claim.attempt, who)
        self.drain()
        return done

    def tasks(self, template: Template) -> list[Task]:
        return self.do(lambda tx: tasks.page(tx, "admin", template.id).items)

    def truth(self, file: int) -> Sequence[Annotation]:
        return self.do(lambda tx: rows.read(tx, datasets.get(tx, self.datasets["gold"]).branch, file))

    def in_dataset(self, name: str) -> list[int]:
        return [entry.file for entry in self.do(lambda tx: datasets.entries(tx, self.datasets[name])).items]

    def crew(self, *names: str) -> Crew:
        return Crew(members=tuple(self.people[name] for name in names))

    def two_stages(self) -> tuple[Template, Template]:
        first = self.template(
            "first pass",
            watch=[Watch(dataset=self.datasets["first pass"])],
            attributes=(),
            annotators=self.crew("ann", "bob"),
            on_done=[Route(to=self.datasets["complete"])],
        )
        expert = self.template(
            "expert",
            watch=[Watch(dataset=self.datasets["complete"])],
            annotators=self.crew("eve"),
            on_done=[Route(to=self.datasets["gold"])],
        )
        return first, expert


WANTED = WantedSchema(
    labels={"RBC": WantedLabel(), "WBC": WantedLabel(), "Platelets": WantedLabel()},
    attributes={"focus": WantedAttribute(kind="radio", on=("WBC",), options=("sharp", "blurred"), required=True)},
)


@pytest.fixture
def lab(store: Store) -> Lab:
    project = store.db.perform(lambda tx: people.create_project(tx, "cells"), 0)
    found: dict[str, int] = {}

    def fill(tx: Transaction) -> None:
        for name, role in (("ada", "admin"), ("ann", "annotator"), ("bob", "annotator"), ("eve", "annotator")):
            found[name] = person_with_email(tx, f"{name}@example.org", name)
            people.add_member(tx, found[name], role)

    store.db.perform(fill, project)
    made = store.db.perform(lambda tx: schema.replace(tx, WANTED), project)
    sets = {
        key: store.db.perform(lambda tx, name=name: datasets.create(tx, name).id, project)
        for key, name in (("first pass", "first pass"), ("complete", "first pass complete"), ("gold", "gold"))
    }
    return Lab(
        store,
        project,
        found,
        {label.name: label.id for label in made.labels},
        {attribute.name: attribute.id for attribute in made.attributes},
        {option.name: option.id for attribute in made.attributes for option in attribute.options},
        sets,
    )
