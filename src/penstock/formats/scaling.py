"""Coordinates that are fractions of an image's size, as pixels and back. Pure."""

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

import msgspec
from msgspec import UNSET

from penstock.annotations import geometry as shapes
from penstock.annotations.geometry import BadGeometry, Bounds
from penstock.formats import outlines
from penstock.formats.model import Item, NamedAnnotation
from penstock.schema.model import Kind

DIGITS = 12
"""Decimals of a fraction that is written; pixels that are read back are rounded to a millionth."""
_PIXEL_DIGITS = 6
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


def numbered_boxes(numbers: Sequence[int], boxes: Sequence[Bounds], width: float, height: float) -> bytes:
    """A line for each box: its number, and middle and size as `fractions` spells them, which is slower for so few."""
    across, down, ten = 1 / width, 1 / height, 10.0**DIGITS
    rows = [
        (
            number,
            round((x + w / 2) * across * ten) / ten,
            round((y + h / 2) * down * ten) / ten,
            round(w * across * ten) / ten,
            round(h * down * ten) / ten,
        )
        for number, (x, y, w, h) in zip(numbers, boxes, strict=True)
    ]
    text = _ENCODE(rows)
    if b"e" in text:
        return "".join(f"{row[0]} {' '.join(map(fraction, row[1:]))}\n" for row in rows).encode()
    return text[2:-2].replace(b"],[", b"\n").replace(b",", b" ") + b"\n" if rows else b""


def rounded(shape: Any) -> Any:
    """A shape with its numbers rounded to a millionth of a pixel."""
    if isinstance(shape, list):
        return [rounded(one) for one in shape]  # pyright: ignore[reportUnknownVariableType]
    return round(shape, _PIXEL_DIGITS) if isinstance(shape, float) else shape
