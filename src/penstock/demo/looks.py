"""What simulated people see: human-like mistakes on the first look, and an expert's second look. Pure, seeded.

A first look misses faint digits more often than clear ones, draws boxes loosely, and mixes up digits that look alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from penstock.demo.pages import HEIGHT, WIDTH, Box, Drawn, Page

LOOK_ALIKE = {0: 6, 1: 7, 2: 7, 3: 8, 4: 9, 5: 6, 6: 0, 7: 1, 8: 3, 9: 4}
SAME = 0.35  #: boxes that overlap this much (IoU) are about the same digit


@dataclass(frozen=True)
class Habits:
    """How a person errs: shares of digits missed and mislabelled, and how loosely boxes sit, as a share of the box."""

    missed: float
    mislabelled: float
    loose: float


@dataclass(frozen=True)
class Mark:
    label: str
    box: Box


FIRST_PASS = (Habits(0.03, 0.04, 0.06), Habits(0.05, 0.07, 0.10), Habits(0.02, 0.03, 0.04))


def first_look(page: Page, habits: Habits, random: Random) -> list[Mark]:
    """What a first-pass annotator draws on the page."""
    marks: list[Mark] = []
    for digit in page.digits:
        hard = 1.0 if digit.legible else 3.0
        if random.random() < habits.missed * hard:
            continue
        value = LOOK_ALIKE[digit.value] if random.random() < habits.mislabelled * hard else digit.value
        marks.append(Mark(str(value), _loosen(digit.box, habits.loose, random)))
    return marks


def match(page: Page, boxes: Sequence[Box]) -> tuple[dict[int, Drawn], list[Drawn]]:
    """Which drawn digit each box is about (by position in `boxes`), and the digits that no box is about."""
    found: dict[int, Drawn] = {}
    missing: list[Drawn] = []
    for digit in page.digits:
        best = max(range(len(boxes)), key=lambda at: iou(boxes[at], digit.box), default=None)
        if best is None or best in found or iou(boxes[best], digit.box) < SAME:
            missing.append(digit)
        else:
            found[best] = digit
    return found, missing


def iou(one: Box, two: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(one[0] + one[2], two[0] + two[2]) - max(one[0], two[0])
    height = min(one[1] + one[3], two[1] + two[3]) - max(one[1], two[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one[2] * one[3] + two[2] * two[3] - shared)


def _loosen(box: Box, share: float, random: Random) -> Box:
    x, y, w, h = box
    left, right = (random.gauss(0.02, share) * w for _ in range(2))
    top, bottom = (random.gauss(0.02, share) * h for _ in range(2))
    x1, y1 = max(0.0, x - left), max(0.0, y - top)
    x2, y2 = min(float(WIDTH), x + w + right), min(float(HEIGHT), y + h + bottom)
    return round(x1, 1), round(y1, 1), round(x2 - x1, 1), round(y2 - y1, 1)
