"""What the scenarios share: real images with their true boxes, and a project with people who work through the SDK."""

import os
import random
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from penstock import engine
from penstock.core import Settings
from penstock.core.ids import import_uuid
from penstock.demo import pages
from penstock.sdk.connect import join
from penstock.sdk.http import Client
from penstock.sdk.project import Project
from penstock.store import Store
from unit.actions.conftest import receiver  # noqa: F401  # a fixture

Box = tuple[str, float, float, float, float]

VARIABLE = "PENSTOCK_TEST_BCCD"
PAIRS, OBJECTS = 364, 4888


@dataclass(frozen=True)
class Picture:
    """An image on disk, and what is truly on it."""

    key: str
    path: Path
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Pictures:
    """A set of images. `special` is the label that only experts have questions about."""

    folder: Path
    items: tuple[Picture, ...]
    labels: tuple[str, ...]
    special: str

    def __getitem__(self, key: str) -> Picture:
        return next(item for item in self.items if item.key == key)


def blood_cells(folder: Path) -> Pictures:
    """The 364 images of the BCCD set. Set but incomplete is a failure: the scenario would prove less than it says."""
    items: list[Picture] = []
    for file in sorted((folder / "Annotations").glob("*.xml")):
        root = ET.parse(file).getroot()
        image = folder / "JPEGImages" / f"{file.stem}.jpg"
        assert image.is_file(), f"{image} is missing"
        items.append(Picture(image.name, image, tuple(map(_box, root.iter("object")))))
    assert (len(items), sum(len(item.boxes) for item in items)) == (PAIRS, OBJECTS), f"{VARIABLE} is not the whole set"
    return Pictures(folder / "JPEGImages", tuple(items), ("RBC", "WBC", "Platelets"), "WBC")


def _box(found: ET.Element) -> Box:
    low_x, low_y, high_x, high_y = (
        float(found.findtext(f"bndbox/{side}", "")) for side in ("xmin", "ymin", "xmax", "ymax")
    )
    # On disk pixels count from 1 and both edges are inside: min = max is a box of 1 x 1 pixel.
    return (found.findtext("name", ""), low_x - 1, low_y - 1, high_x - low_x + 1, high_y - low_y + 1)


def drawn_digits(folder: Path, count: int = 60) -> Pictures:
    """Pages of real handwritten digits, laid out on disk as the blood cells are, where those are not at hand."""
    images, notes = folder / "JPEGImages", folder / "Annotations"
    images.mkdir(parents=True)
    notes.mkdir()
    items: list[Picture] = []
    for page in pages.draw(count):
        path = images / page.name
        path.write_bytes(page.png)
        found = [(str(digit.value), *map(float, digit.box)) for digit in page.digits]
        found[0] = (*found[0][:3], 1.0, 1.0) if page.name.endswith(("1.png", "6.png")) else found[0]
        items.append(Picture(page.name, path, tuple(found)))
        (notes / f"{path.stem}.xml").write_text(_voc(items[-1], page.width, page.height))
    return Pictures(images, tuple(items), tuple("0123456789"), "7")


def _voc(picture: Picture, width: int, height: int) -> str:
    objects = "".join(
        f"<object><name>{label}</name><bndbox><xmin>{x + 1:g}</xmin><ymin>{y + 1:g}</ymin>"
        f"<xmax>{x + w:g}</xmax><ymax>{y + h:g}</ymax></bndbox></object>"
        for label, x, y, w, h in picture.boxes
    )
    size = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
    return f"<annotation><filename>{picture.key}</filename>{size}{objects}</annotation>"


@pytest.fixture(scope="session")
def all_pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    told = os.environ.get(VARIABLE)
    return blood_cells(Path(told)) if told else drawn_digits(tmp_path_factory.mktemp("digits"))


@pytest.fixture
def pictures(all_pictures: Pictures, tmp_path: Path) -> Pictures:
    """A few of them, for scenarios whose point isn't the number."""
    return some(all_pictures, 24, tmp_path / "some")


def some(pictures: Pictures, count: int, folder: Path) -> Pictures:
    folder.mkdir()
    for item in pictures.items[:count]:
        (folder / item.key).write_bytes(item.path.read_bytes())
    return Pictures(folder, pictures.items[:count], pictures.labels, pictures.special)


class Lent(httpx.BaseTransport):
    """The test's transport, which outlives the clients that close."""

    def __init__(self, lender: httpx.BaseTransport) -> None:
        self._lender = lender

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._lender.handle_request(request)


@dataclass
class Studio:
    """An installation with one pipeline. `owner` and each of the people work through the SDK, on the real app."""

    store: Store
    api: Any
    owner: Project
    persons: dict[str, int] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    _clients: dict[str, Project] = field(default_factory=dict)

    def apply(self, yaml: str) -> None:
        self.links |= self.owner.apply(yaml).links
        self.drain()

    def drain(self) -> None:
        engine.drain(self.store)

    def person(self, name: str) -> Project:
        """A member that the pipeline file named, by the part of their address before the @."""
        if name not in self._clients:
            member = next(m for m in self.owner.members if (m.email or "").startswith(f"{name}@"))
            self.persons[name] = member.person
            self._clients[name] = join(self.links[member.email or ""], transport=Lent(self.api.transport))
        return self._clients[name]

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A bare call as the owner, within the project."""
        return self.api.owner.request(method, f"/projects/{self.owner.id}{path}", **more)

    def kinds(self, *wanted: str) -> list[str]:
        """The kinds of the project's events, in order, of those wanted."""
        return [event.kind for event in self.owner.events() if event.kind in wanted]

    def predict(self, name: str, pictures: Sequence[Picture], seed: int = 1) -> dict[str, list[dict[str, Any]]]:
        """A model's guesses: it misses some, sees things that aren't there, and mixes labels up. By key."""
        chance = random.Random(seed)
        labels = {label.name: label.id for label in self.owner.schema().labels}
        made: dict[str, list[dict[str, Any]]] = {}
        for picture in pictures:
            file = self.owner.files[picture.key]
            guesses = [
                {
                    "id": str(import_uuid(file.id, name, n)),
                    "kind": "box",
                    "label": labels[chance.choice(list(labels)) if chance.random() < 0.1 else label],
                    "geometry": [x, y, w, h],
                    "confidence": round(chance.uniform(0.3, 1.0), 3),
                }
                for n, (label, x, y, w, h) in enumerate(picture.boxes)
                if chance.random() > 0.15
            ]
            if chance.random() < 0.5:
                ghost = {"id": str(import_uuid(file.id, name, "ghost")), "kind": "box", "label": labels[min(labels)]}
                guesses.append({**ghost, "geometry": [1, 1, 9, 9], "confidence": round(chance.uniform(0.3, 0.9), 3)})
            answer = self.call("PUT", f"/predictions/{name}/files/{file.id}", json=guesses)
            assert answer.status_code == 200, answer.text
            made[picture.key] = guesses
        return made


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home", database_url=database_url, roots=[tmp_path], port=0, allow_networks=["127.0.0.0/8"]
    )


@pytest.fixture
def studio(store: Store, api: Any) -> Studio:
    token = api.owner.headers["authorization"].removeprefix("Bearer ")
    made = Studio(store, api, None)  # type: ignore[arg-type]
    client = Client("http://penstock.test", token, transport=Lent(api.transport), pause=lambda _: made.drain())
    made.owner = Project(client, None, progress=False)
    return made


Work = Callable[..., Any]


def two_stages(pictures: Pictures, *, prelabels: str = "", actions: str = "", first: str = "") -> str:
    """The cookbook's recipe as a pipeline file."""
    labels = ", ".join(f'"{label}": {{kinds: [box]}}' for label in pictures.labels)
    return f"""
project: two stages
schema:
  labels: {{{labels}}}
  attributes:
    focus: {{on: ["{pictures.special}"], kind: radio, options: [sharp, blurred], required: true}}
teams:
  first pass team: [ann@example.org, ben@example.org, cleo@example.org]
  experts: [dora@example.org, emil@example.org]
datasets: [first pass, first pass complete, gold]
templates:
  first pass:
    watch: first pass
    interface: image
    attributes: []
    annotators: [first pass team]
    {prelabels}
    {first}
    on_done: [{{to: first pass complete}}]
  expert:
    watch: first pass complete
    annotators: [experts]
    on_done: [{{to: gold}}]
{actions}
"""
