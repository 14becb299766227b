"""Simulated people who work through the SDK, each in a thread and with a token of their own.

They see the drawn pages with human eyes: what they know of a page, they would see on its image.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from random import Random

import penstock
from penstock.demo import looks
from penstock.demo.looks import Habits
from penstock.demo.pages import Drawn, Page
from penstock.sdk.project import Project
from penstock.sdk.shapes import Change, Shape
from penstock.sdk.work import Work

IDLE_SECONDS = 0.1
TIGHT = 0.8  #: an expert draws a box anew that overlaps less than this with what they see

Pages = Mapping[str, Page]


class Person(threading.Thread):
    """Somebody who takes task after task under one template, until told that all is done."""

    def __init__(
        self, name: str, project: Project, template: str, work: Callable[[Work], None], pace_seconds: float = 0.0
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._project = project
        self._template = template
        self._work = work
        self._pace = pace_seconds
        self._over = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            template = self._project.templates[self._template]
            while not self._over.is_set():
                task = template.next()
                if task is None:
                    self._over.wait(IDLE_SECONDS)
                    continue
                self._work(task)
                self._over.wait(self._pace)
        except Exception as error:  # noqa: BLE001  # whoever watches the people reports it
            self.error = error
        finally:
            self._project.close()

    def go_home(self) -> None:
        self._over.set()


def first_pass(pages: Pages, habits: Habits, seed: int) -> Callable[[Work], None]:
    """How a first-pass annotator works: draws a box with a digit around each digit they notice."""
    random = Random(seed)

    def work(task: Work) -> None:
        marks = looks.first_look(pages[task.file.key], habits, random)
        task.save([penstock.box(mark.label, *mark.box) for mark in marks])
        task.submit()

    return work


def expert(pages: Pages) -> Callable[[Work], None]:
    """How an expert works: mends what is there, adds what was missed, and answers what only experts are asked."""

    def work(task: Work) -> None:
        task.save(mended(pages[task.file.key], task.annotations))
        task.submit()

    return work


def mended(page: Page, shapes: list[Shape]) -> list[Change]:
    """The changes that make a first pass right."""
    found, missed = looks.match(page, [tuple(shape.geometry) for shape in shapes])
    changes: list[Change] = []
    for at, shape in enumerate(shapes):
        changes.append(_right(shape, found[at]) if at in found else penstock.remove(shape))
    return changes + [penstock.box(str(digit.value), *digit.box, **_advanced(digit)) for digit in missed]


def _right(shape: Shape, digit: Drawn) -> Shape:
    box = shape.geometry if looks.iou(tuple(shape.geometry), digit.box) >= TIGHT else list(digit.box)
    return shape.but(label=str(digit.value), geometry=box, attributes=_advanced(digit))


def _advanced(digit: Drawn) -> dict[str, object]:
    return {"legible": digit.legible, "style": digit.style}
