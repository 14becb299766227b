"""What the tests of the annotator's screen draw on, and with."""

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Page, expect

from browser.conftest import Desk
from penstock.core.ids import new_uuid
from penstock.sdk.project import Project
from penstock.sdk.shapes import Shape
from penstock.sdk.templates import Template

WIDTH, HEIGHT = 640, 480
KINDS = ["box", "rotated_box", "ellipse", "polygon", "polyline", "point", "mask", "tag"]
SCHEMA: dict[str, Any] = {
    "labels": {
        "cat": {"kinds": KINDS},
        "dog": {"kinds": KINDS},
        "bird": {
            "kinds": ["keypoints"],
            "skeleton": {"points": ["beak", "tail", "wing"], "edges": [[0, 1], [0, 2]]},
        },
    },
    "attributes": {"asleep": {"on": ["dog"], "kind": "radio", "options": ["yes", "no"], "required": True}},
}

Point = tuple[float, float]


def blank(width: int = WIDTH, height: int = HEIGHT, shade: int = 90) -> bytes:
    """A picture with nothing on it."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), (shade, 120, 140)).save(out, "PNG")
    return out.getvalue()


def lab(
    project: Project,
    files: int = 1,
    *,
    schema: dict[str, Any] | None = None,
    sizes: Sequence[tuple[int, int]] = ((WIDTH, HEIGHT),),
    **settings: Any,
) -> Template:
    """A project with a dataset of blank pictures, and a template that watches it."""
    project.define(schema or SCHEMA)
    photos = project.datasets.create("photos")
    with TemporaryDirectory() as folder:
        for n in range(files):
            width, height = sizes[n % len(sizes)]
            Path(folder, f"{n}.png").write_bytes(blank(width, height, 60 + n))
        # The server may read what is sent, not our folders.
        photos.import_(*sorted(Path(folder).iterdir()))
    return watching(project, f"pets {project.id}", files, **settings)


def watching(project: Project, name: str, files: int, **settings: Any) -> Template:
    """A template that watches the pictures, with a task for each."""
    made = project.templates.create(name, {"watch": [{"dataset": project.datasets["photos"].id}], **settings})
    until = time.monotonic() + 60
    while sum(1 for _ in made.tasks()) < files:
        assert time.monotonic() < until, "the worker made no tasks"
        time.sleep(0.05)
    return made


def drawn(project: Project, template: Template, task: int) -> list[Shape]:
    """What the server has of a task that is worked on."""
    (attempt,) = [one.attempt for one in template.tasks() if one.id == task]
    assert attempt is not None
    return project.tasks.attempt(attempt).annotations


def predict(project: Project, name: str, at: int, found: Sequence[tuple[str, float]]) -> None:
    """A model's boxes on one of the pictures, each a label and a confidence."""
    labels = {label.name: label.id for label in project.schema().labels}
    (file,) = [one for one in project.files if one.key == f"{at}.png"]
    boxes = [
        {
            "id": str(new_uuid()),
            "kind": "box",
            "label": labels[label],
            "geometry": [20 + 80 * n, 20, 60, 60],
            "confidence": confidence,
            "source": "model",
        }
        for n, (label, confidence) in enumerate(found)
    ]
    address = f"{project.url}/api/v1/projects/{project.id}/predictions/{name}/files/{file.id}"
    told = project.tokens.create("model")
    httpx.put(address, json=boxes, headers={"Authorization": f"Bearer {told.secret}"}).raise_for_status()


def wait_until(page: Page, happened: Callable[[], bool]) -> None:
    """Wait for something that the page doesn't show."""
    until = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        page.wait_for_timeout(100)


@dataclass
class Board:
    """The annotator's screen: points are pixels of the image, at any zoom."""

    page: Page

    @classmethod
    def start(cls, desk: Desk, name: str | None = None, *, review: bool = False) -> "Board":
        """From My work into the first image."""
        desk.page.goto(f"{desk.url}/tasks")
        name = (name or f"pets {desk.project}") + (": review" if review else "")
        desk.page.get_by_role("region", name=name, exact=True).get_by_role("button").click()
        board = cls(desk.page)
        board.ready()
        return board

    def ready(self) -> None:
        """Wait until the image of the address is shown, and can be worked on."""
        self.page.wait_for_url("**/tasks/*/*")
        self.shows(self.task)
        ends = self.page.get_by_role("button", name="Finish").or_(self.page.get_by_role("button", name="Accept"))
        expect(ends.first).to_be_enabled()

    def shows(self, task: int) -> None:
        expect(self.page.get_by_test_id("canvas")).to_have_attribute("data-shows", str(task))

    def goes_on(self, was: int) -> int:
        """Wait until another image is open than that of a task; its task."""
        self.page.wait_for_function("was => !location.pathname.endsWith(`/${was}`)", arg=was)
        self.ready()
        return self.task

    @property
    def task(self) -> int:
        return int(self.page.url.rsplit("/", 1)[1])

    def place(self, at: Point) -> Point:
        """Where a pixel of the image is in the window."""
        canvas = self.page.get_by_test_id("canvas")
        box = canvas.bounding_box()
        assert box is not None
        scale, x, y = self._view
        return box["x"] + at[0] * scale + x, box["y"] + at[1] * scale + y

    @property
    def scale(self) -> float:
        """Screen pixels to a pixel of the image."""
        return self._view[0]

    @property
    def _view(self) -> tuple[float, float, float]:
        told = self.page.get_by_test_id("canvas").get_attribute("data-view") or ""
        scale, x, y = map(float, told.split())
        return scale, x, y

    def click(self, *points: Point, **options: Any) -> None:
        for point in points:
            self.page.mouse.click(*self.place(point), **options)

    def drag(self, start: Point, end: Point, steps: int = 4) -> None:
        mouse = self.page.mouse
        mouse.move(*self.place(start))
        mouse.down()
        mouse.move(*self.place(end), steps=steps)
        mouse.up()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def saved(self) -> None:
        """Wait until the screen says that the server has everything."""
        expect(self.page.get_by_test_id("save-state")).to_have_text("Saved")
