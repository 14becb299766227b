"""Pages of handwritten digits, drawn from real ones, with the truth about each: what a person would see and draw.

The same seed draws the same bytes. Boxes are pixels of the page, x right, y down, edges exclusive.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from PIL import Image

from penstock.demo import digits
from penstock.demo.digits import Digits, Pixels

WIDTH, HEIGHT = 480, 360
CELL = 80
PAPER = np.array([250.0, 247.0, 238.0])
RULE = np.array([214.0, 222.0, 232.0])
INKS = (np.array([28.0, 34.0, 74.0]), np.array([36.0, 36.0, 40.0]), np.array([22.0, 60.0, 110.0]))
VISIBLE = 0.25  #: ink above this belongs to the box that a careful person draws

Box: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True)
class Drawn:
    """One digit on a page. `box` is x, y, width, height around its ink."""

    value: int
    box: Box
    legible: bool
    style: str  #: "thin" or "bold"


@dataclass(frozen=True)
class Page:
    name: str
    png: bytes
    width: int
    height: int
    digits: tuple[Drawn, ...]


def draw(count: int = 150, seed: int = 7) -> Iterator[Page]:
    """`count` pages of 5 to 12 digits. Held-out digits never appear; with more pages than digits, drawn ones repeat."""
    source = digits.load(seed).drawn
    random = np.random.default_rng(seed)
    taken = 0
    for number in range(1, count + 1):
        amount = int(random.integers(5, 13))
        chosen = np.arange(taken, taken + amount) % len(source)
        taken += amount
        yield _page(f"page-{number:03d}.png", source, chosen, random)


def enlarge(image: Pixels, size: int) -> Pixels:
    """An 8 x 8 digit as smooth ink of `size` x `size`, from 0 to 1."""
    padded = np.pad(image, 1)
    picture = Image.fromarray((padded * 255).astype(np.uint8)).resize((size, size), Image.Resampling.BICUBIC)
    soft = np.asarray(picture, dtype=np.float64) / 255
    return np.clip(1.05 / (1 + np.exp(-12 * (soft - 0.42))) - 0.02, 0, 1)


def ink_box(ink: Pixels) -> Box:
    """The tight box around what a person sees of the ink."""
    rows = np.flatnonzero((ink > VISIBLE).any(axis=1))
    columns = np.flatnonzero((ink > VISIBLE).any(axis=0))
    x, y = float(columns[0]), float(rows[0])
    return x, y, float(columns[-1]) + 1 - x, float(rows[-1]) + 1 - y


def _page(name: str, source: Digits, chosen: np.ndarray, random: np.random.Generator) -> Page:
    canvas = np.broadcast_to(PAPER, (HEIGHT, WIDTH, 3)).copy()
    canvas[CELL - 6 :: CELL, :, :] = RULE
    colour = INKS[int(random.integers(len(INKS)))]
    columns, rows = WIDTH // CELL, HEIGHT // CELL
    cells = random.permutation(columns * rows)[: len(chosen)]
    found = [
        _put(
            canvas,
            source.images[which],
            int(source.values[which]),
            (int(cell) % columns, int(cell) // columns),
            colour,
            random,
        )
        for which, cell in zip(chosen, cells, strict=True)
    ]
    file = io.BytesIO()
    Image.fromarray(canvas.round().astype(np.uint8)).save(file, "PNG", compress_level=6)
    return Page(name, file.getvalue(), WIDTH, HEIGHT, tuple(found))


def _put(
    canvas: Pixels, image: Pixels, value: int, cell: tuple[int, int], colour: Pixels, random: np.random.Generator
) -> Drawn:
    size = int(random.integers(54, 76))
    ink = enlarge(image, size)
    faint = bool(random.random() < 0.12)
    left = cell[0] * CELL + int(random.integers(2, CELL - size - 1))
    top = cell[1] * CELL + int(random.integers(2, CELL - size - 1))
    strength = (ink * (0.45 if faint else 1.0))[:, :, None]
    patch = canvas[top : top + size, left : left + size]
    patch[:] = patch * (1 - strength) + colour * strength
    x, y, w, h = ink_box(ink)
    covered = float((ink > 0.5).sum()) / (w * h)
    return Drawn(value, (left + x, top + y, w, h), legible=not faint, style="bold" if covered > 0.46 else "thin")
