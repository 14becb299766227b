"""Labelbox's objects and answers as shapes and values, and back. Pure."""

import base64
import binascii
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import msgspec
from PIL import Image

from penstock.annotations import rle
from penstock.annotations.geometry import BadGeometry
from penstock.annotations.rle import Mask
from penstock.formats import pictures
from penstock.formats.carries import Fitted
from penstock.formats.model import is_name
from penstock.formats.naming import spelled
from penstock.schema.model import Kind

TAGS = "tags"
"""The question whose answers are labels of the whole image."""


def listed(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


def placed(found: Mapping[str, Any], mask: Callable[[Mapping[str, Any]], Mask]) -> tuple[Kind, str, Any]:
    """An object's kind, the key that its shape is under, and the shape. Raises BadGeometry."""
    key = next(
        (key for key in ("bounding_box", "polygon", "line", "point", "mask", "composite_mask") if found.get(key)), ""
    )
    place: Any = found.get(key)
    try:
        match key:
            case "bounding_box":
                return "box", key, [float(place[side]) for side in ("left", "top", "width", "height")]
            case "polygon":
                return "polygon", key, _parts(place)
            case "line":
                return "polyline", key, _flat(place)
            case "point":
                return "point", key, _flat([place])
            case "mask" | "composite_mask":
                return "mask", key, mask(place)
            case _:
                kind = found.get("annotation_kind") or "this kind"
                raise BadGeometry(f"Objects of {kind} are not read.", "kind")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, BadGeometry):
            raise
        raise BadGeometry(f"The numbers of a {key} are not what it needs.", "number") from None


def _flat(points: Iterable[Any]) -> list[float]:
    return [float(point[axis]) for point in points for axis in ("x", "y")]


def _parts(points: list[Any]) -> list[list[list[float]]]:
    """A polygon's ring; several rings, as predictions have them, are a part each."""
    rings: list[Any] = points if points and isinstance(points[0], list) else [points]
    return [[_flat(ring)] for ring in rings]


def pixels(mask: Mapping[str, Any], content: bytes | None, size: tuple[int, int]) -> Mask:
    """A mask's pixels: those of its colour, else all that aren't black. Raises BadGeometry."""
    if content is None:
        try:
            content = base64.b64decode(cast(str, mask.get("png")), validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise BadGeometry("The picture of a mask is no base64.", "picture") from None
    colour = [n for n in listed(mask.get("colorRGB") or mask.get("color_rgb")) if type(n) is int]
    known = {(0, 0, 0): 0} | ({(colour[0], colour[1], colour[2]): 1} if len(colour) == 3 else {})
    numbers = pictures.numbers_of(content, known)
    inside = numbers == 1 if colour and numbers.max(initial=0) == 1 else numbers != 0
    if all(size) and numbers.shape != size:
        raise BadGeometry("The picture of a mask isn't as large as its image.", "outside")
    return rle.from_pixels(inside)


def drawn(fitted: Fitted) -> tuple[str, dict[str, Any]]:
    """A shape as Labelbox has it: the kind by its name there, and the shape under its key."""
    shape = fitted.shape
    match fitted.kind:
        case "box":
            sides = dict(zip(("left", "top", "width", "height"), shape, strict=True))
            return "ImageBoundingBox", {"bounding_box": sides}
        case "polygon":
            return "ImagePolygon", {"polygon": _points(shape[0][0])}
        case "polyline":
            return "ImagePolyline", {"line": _points(shape)}
        case "point":
            return "ImagePoint", {"point": _points(shape)[0]}
        case _:
            return "ImageSegmentationMask", {"mask": {"png": _png(shape)}}


def _points(flat: Sequence[float]) -> list[dict[str, float]]:
    return [{"x": x, "y": y} for x, y in zip(flat[::2], flat[1::2], strict=True)]


def _png(mask: Mask) -> str:
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    buffer = io.BytesIO()
    Image.fromarray(rle.pixels(mask).astype(np.uint8) * 255).convert("1").save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def answered(questions: Iterable[Any]) -> dict[str, Any]:
    """Values by the names of questions; those below an answer stand beside it."""
    found: dict[str, Any] = {}
    for question in questions:
        told = cast(dict[str, Any], question) if isinstance(question, dict) else {}
        name = told.get("name")
        answers = [cast(dict[str, Any], one) for one in _answers(told) if isinstance(one, dict)]
        if isinstance(name, str) and is_name(name) and (value := _value(told, answers)) is not None:
            found[name.strip()] = value
        for answer in answers:
            found |= answered(listed(answer.get("classifications")))
    return found


def _answers(told: Mapping[str, Any]) -> list[Any]:
    return [told["radio_answer"]] if "radio_answer" in told else listed(told.get("checklist_answers"))


def _value(told: Mapping[str, Any], answers: Sequence[Mapping[str, Any]]) -> Any:
    names = [one["name"] for one in answers if isinstance(one.get("name"), str)]
    if "checklist_answers" in told:
        return names
    if names:
        return names[0]
    text: Any = told.get("text_answer")
    content = cast(dict[str, Any], text).get("content") if isinstance(text, dict) else None
    if not isinstance(content, str):
        return None
    try:
        value = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return content
    return value if isinstance(value, (bool, int, float)) else content


def asked(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Values as answered questions: lists as ticks, text as a choice where it can be one, the rest as text."""
    return [{"name": name, **_answer(value)} for name, value in values.items()]


def _answer(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        answers = [spelled(one) for one in cast(list[Any], value)]
        return {"checklist_answers": [{"name": one, "value": one, "classifications": []} for one in answers]}
    if isinstance(value, str) and is_name(value):
        return {"radio_answer": {"name": value, "value": value, "classifications": []}}
    return {"text_answer": {"content": value if isinstance(value, str) else msgspec.json.encode(value).decode()}}
