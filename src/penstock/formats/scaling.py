"""Coordinates that are fractions of an image's size, as pixels and back. Pure."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import Any

import msgspec
from msgspec import UNSET

from penstock.annotations import geometry as shapes
from penstock.annotations.geometry import BadGeometry
from penstock.formats import outlines
from penstock.formats.model import Item, NamedAnnotation
from penstock.formats.plain import Fractions
from penstock.formats.traced import DrawnKind, Fractional, Traced
from penstock.schema.model import Kind

DIGITS = 12
"""Decimals of a fraction that is written; pixels that are read back are rounded to a millionth."""
_MILLIONTHS = 1e6
_ENCODE = msgspec.json.Encoder().encode


def scaled(kind: Kind, shape: Any, width: float, height: float) -> Any:
    """A shape with all x times width and all y times height. Masks have no coordinates."""
    sides = (width, height)
    match kind:
        case "tag" | "mask":
            return shape
        case "polygon":
            return [[scaled("polyline", ring, width, height) for ring in part] for part in shape]
        case "keypoints":
            return [n if i % 3 == 2 else n * sides[i % 3] for i, n in enumerate(shape)]
        case "ellipse":
            return [*scaled("polyline", shape[:4], width, height), shape[4]]
        case _:
            return [n * sides[i % 2] for i, n in enumerate(shape)]


def scale(annotation: NamedAnnotation, width: int, height: int) -> None:
    """Turn an annotation's fractions into pixels, in place. What is no shape stays, and is told by whoever checks it.

    Turning and stretching don't commute, so a rotated box in fractions is given by its four corners.
    """
    kind = annotation.kind
    try:
        shape = shapes.read("polyline" if kind == "rotated_box" else kind, annotation.geometry)
    except BadGeometry:
        return
    pixels: Any = rounded(scaled("polyline" if kind == "rotated_box" else kind, shape, width, height))
    if kind == "rotated_box":
        pixels = rounded(_turned(pixels))
    annotation.geometry, annotation.bounds = shapes.canonical(pixels), UNSET


def _turned(corners: list[float]) -> list[float]:
    """A rotated box by its corners; of those that are no rectangle, the smallest one around them."""
    points = list(zip(corners[::2], corners[1::2], strict=False))
    return (len(points) == 4 and outlines.turned_from_corners(corners)) or outlines.turned_box(points)


def in_pixels(item: Item, width: int, height: int) -> Item:
    """An item whose fractions are pixels of an image of this size, in place."""
    if item.fractional:
        for annotation in item.annotations:
            scale(annotation, width, height)
        item.fractional, item.width, item.height = False, width, height
    return item


def fraction(value: float) -> str:
    """A fraction as text, as short as it is exact."""
    text = f"{value:.{DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def fractions(rows: Sequence[Sequence[float]], width: float, height: float) -> list[bytes]:
    """Rows of x and y in turn, as texts of their fractions of an image's size with spaces between, as `fraction` but
    `1.0` for 1. All at once: number by number, they took most of the time of an export.
    """
    if not rows:
        return []
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    flat = np.fromiter(chain.from_iterable(rows), dtype=np.float64)
    flat[::2] *= 1 / width
    flat[1::2] *= 1 / height
    found = (np.rint(flat * 10**DIGITS) / 10**DIGITS + 0.0).tolist()
    ends = list(accumulate(map(len, rows)))
    text = _ENCODE([found[end - len(row) : end] for row, end in zip(rows, ends, strict=True)])
    if b"e" in text:
        return [
            " ".join(map(fraction, found[end - len(row) : end])).encode() for row, end in zip(rows, ends, strict=True)
        ]
    return text[2:-2].replace(b",", b" ").split(b"] [")


def numbered_boxes(numbers: Sequence[int], boxes: Fractions) -> bytes:
    """A line for each box: its number, and its fractions as `fractions` spells them."""
    if "e" not in boxes.sides and boxes.sides.count(".") == 4 * len(numbers):  # else some are spelled in another way
        lines = zip(numbers, boxes.sides.split("\n"), strict=True)
        return "".join([f"{number} {sides}\n" for number, sides in lines]).encode()
    rows = [(number, *four) for number, four in zip(numbers, boxes.numbers, strict=True)]
    text = _ENCODE(rows)
    if b"e" in text:
        return "".join(f"{row[0]} {' '.join(map(fraction, row[1:]))}\n" for row in rows).encode()
    return text[2:-2].replace(b"],[", b"\n").replace(b",", b" ") + b"\n"


def rounded(shape: Any) -> Any:
    """A shape with its numbers rounded to a millionth of a pixel."""
    if isinstance(shape, list):
        return [rounded(one) for one in shape]  # pyright: ignore[reportUnknownVariableType]
    is_near = isinstance(shape, float) and abs(shape) <= shapes.LARGEST
    return round(shape * _MILLIONTHS) / _MILLIONTHS if is_near else shape


def in_columns(some: Sequence[tuple[Fractional, tuple[int, int]]]) -> list[Traced | None]:
    """Columns in pixels of images of these (width, height), as `scale` makes objects; None where one is no shape."""
    found: list[Traced | None] = [None] * len(some)
    for kind in ("box", "polygon"):
        places = [n for n, (one, _) in enumerate(some) if one.kind == kind and one.counts]
        for n, traced in zip(places, _in_columns(kind, [some[n] for n in places]), strict=True):
            found[n] = traced
    return found


def _in_columns(kind: DrawnKind, some: Sequence[tuple[Fractional, tuple[int, int]]]) -> Iterator[Traced | None]:
    if not some:
        return
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    counts = [count for one, _ in some for count in one.counts]
    points = [len(one.numbers) // 2 for one, _ in some]
    scales = np.repeat(np.array([size for _, size in some], np.float64), points, axis=0)
    pixels = np.concatenate([one.numbers for one, _ in some]).reshape(-1, 2) * scales
    bounded: Any = np.abs(pixels) <= shapes.LARGEST
    pixels = np.where(bounded, np.rint(pixels * _MILLIONTHS) / _MILLIONTHS + 0.0, pixels)
    starts = np.concatenate([[0], np.cumsum(counts)])[:-1] // 2
    right: Any = np.logical_and.reduceat(bounded.all(axis=1), starts)
    if kind == "box":
        bounds = pixels.reshape(-1, 4)
        right &= (bounds[:, 2:] > 0).all(axis=1)
        texts = [b"[%b]" % text for text in _ENCODE(bounds.tolist())[2:-2].split(b"],[")]
    else:
        low, high = np.minimum.reduceat(pixels, starts), np.maximum.reduceat(pixels, starts)
        bounds = np.concatenate([low, high - low], axis=1)
        flat, ends = pixels.reshape(-1).tolist(), accumulate(counts)
        rings = _ENCODE([flat[end - count : end] for end, count in zip(ends, counts, strict=True)])
        texts = [b"[[[%b]]]" % text for text in rings[2:-2].split(b"],[")]
    at = 0
    for one, _ in some:
        here = slice(at, at + len(one.counts))
        at = here.stop
        traced = Traced(one.labels, one.ordinals, bounds[here], texts[here], [b""] * len(one.counts), kind)
        yield traced if right[here].all() else None
