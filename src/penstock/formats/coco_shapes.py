"""One annotation of COCO as one or two of ours, and back. Pure.

COCO has boxes `[x, y, width, height]`, polygons of several parts without holes, masks as compressed or uncompressed
run lengths, and keypoints.
"""

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from penstock.annotations import geometry as shapes
from penstock.annotations import rle, turned
from penstock.annotations.geometry import BadGeometry, Polygon
from penstock.annotations.rle import Mask
from penstock.formats.model import NamedAnnotation, number_of
from penstock.schema.model import Kind

OURS = frozenset(
    {"image_id", "category_id", "segmentation", "keypoints", "num_keypoints", "attributes", "score", "group"}
)
"""Keys that become fields of ours; the others are kept as they are."""


def annotations_of(
    found: dict[str, Any], names: Mapping[int | str, str], size: tuple[int, int]
) -> list[NamedAnnotation]:
    """What one COCO annotation is with us: its shape, its keypoints, or both in a group. Raises BadGeometry."""
    name = names.get(_key(found.get("category_id")))
    if name is None:
        detail = f"Annotation {found.get('id')!r} has category {found.get('category_id')!r}, which isn't in the set."
        raise BadGeometry(detail, "dangling-category")
    kept: dict[str, Any] = {key: found[key] for key in ("id", "area", "bbox") if key in found}  # as `coco_reading` does
    kept |= {key: value for key, value in found.items() if key not in OURS}
    ordinal = str(found["id"]) if isinstance(found.get("id"), (int, str)) else ""
    group = found.get("group")
    points = _keypoints(found)
    drawn = _shape(found, size, kept)
    if drawn is None and points is None:
        raise BadGeometry(f"Annotation {ordinal} has no segmentation, bbox or keypoints.", "geometry-missing")
    common: dict[str, Any] = {
        "label": name,
        "attributes": _attributes(found),
        "confidence": _score(found),
        "group": str(group) if group is not None else f"coco {ordinal}" if drawn and points else None,
    }
    made: list[NamedAnnotation] = []
    if drawn is not None:
        kind, shape = drawn
        shape = shapes.check(kind, shape)
        text = shapes.canonical(shape)
        _forget_derived(kind, shape, kept)
        foreign = {"coco": {**kept, "of": fingerprint(text)}}
        made.append(NamedAnnotation(kind=kind, geometry=text, ordinal=ordinal, foreign=foreign, **common))
    if points is not None:
        text = shapes.canonical(shapes.check("keypoints", points))
        own = {"coco": {**kept, "of": fingerprint(text)}} if drawn is None else {"coco": {"with": ordinal}}
        made.append(
            NamedAnnotation(
                kind="keypoints",
                geometry=text,
                ordinal=ordinal if drawn is None else f"{ordinal}/keypoints",
                foreign=own,
                **common,
            )
        )
    return made


def _forget_derived(kind: Kind, shape: Any, kept: dict[str, Any]) -> None:
    """Drop what follows from the shape exactly. Polygons keep it, which are written again without a look at them."""
    if kind != "polygon" and kept.get("bbox") == list(shapes.bounds(kind, shape)):
        del kept["bbox"]
    if kind != "polygon" and kept.get("area") == shapes.area(kind, shape):
        del kept["area"]
    if kept.get("iscrowd") == 0:
        del kept["iscrowd"]


def fingerprint(geometry: bytes | msgspec.Raw) -> str:
    """A short mark of a shape, to tell later whether it is still the one that was read."""
    return f"{zlib.crc32(geometry):08x}"


def fingerprints(geometries: Sequence[bytes]) -> str:
    """Those of several shapes, one behind the other."""
    return struct.pack(f">{len(geometries)}I", *map(zlib.crc32, geometries)).hex()


def _key(id: Any) -> int | str:
    return id if isinstance(id, (int, str)) else ""


def _score(found: Mapping[str, Any]) -> float | None:
    return number_of(found.get("score"))


def _attributes(found: Mapping[str, Any]) -> dict[str, Any]:
    given = found.get("attributes")
    return dict(cast(dict[str, Any], given)) if isinstance(given, dict) else {}


def _keypoints(found: Mapping[str, Any]) -> list[Any] | None:
    """The keypoints, if any is marked."""
    points = found.get("keypoints")
    if not isinstance(points, list) or not any(cast(list[Any], points)[2::3]):
        return None
    return cast(list[Any], points)


def _shape(found: Mapping[str, Any], size: tuple[int, int], kept: dict[str, Any]) -> tuple[Kind, Any] | None:
    segmentation: Any = found.get("segmentation")
    if isinstance(segmentation, dict):
        return "mask", _mask(cast(dict[str, Any], segmentation), size, kept)
    if isinstance(segmentation, list) and segmentation:
        rings = _rings(cast(list[Any], segmentation))
        if len(rings) != len(cast(list[Any], segmentation)):
            kept["segmentation"] = segmentation  # written again while the shape is the one that was read
        if rings:
            return "polygon", [[ring] for ring in rings]
    if not segmentation and _is_around_keypoints(found):
        return None
    box = cast(list[Any], found["bbox"]) if isinstance(found.get("bbox"), list) else []
    return ("box", box) if any(box) else None


def _is_around_keypoints(found: Mapping[str, Any]) -> bool:
    """Whether the box only says again where the keypoints are."""
    points = _keypoints(found)
    try:
        return points is not None and found.get("bbox") == list(shapes.bounds("keypoints", points))
    except (TypeError, IndexError, OverflowError):
        return False  # the keypoints are told later as what they are not


def _rings(segmentation: list[Any]) -> list[list[Any]]:
    """The rings of a segmentation with an area; COCO has lines of two points among them, and files with a bare ring."""
    if all(isinstance(part, (int, float)) for part in segmentation):
        segmentation = [segmentation]
    rings = [cast(list[Any], part) for part in segmentation if isinstance(part, list)]
    return [ring for ring in rings if len(ring) >= 6]


def _mask(segmentation: Mapping[str, Any], size: tuple[int, int], kept: dict[str, Any]) -> Mask:
    given, counts = segmentation.get("size"), segmentation.get("counts")
    height, width = _whole_numbers(given or size, 2, "size")
    if isinstance(counts, str):
        return Mask((height, width), counts)
    kept["rle"] = "uncompressed"
    try:
        return Mask((height, width), rle.compress(_whole_numbers(counts, None, "counts")))
    except rle.BadRuns as error:
        raise BadGeometry(f"{error}.", "bad-rle") from None


def _whole_numbers(value: Any, n: int | None, what: str) -> list[int]:
    listed = list(cast(Sequence[Any], value)) if isinstance(value, (list, tuple)) else None
    if listed is None or (n is not None and len(listed) != n) or not all(type(one) is int for one in listed):
        raise BadGeometry(f"The {what} of a run-length mask must be a list of whole numbers.", "bad-rle")
    return listed


def rings_text(polygon: bytes) -> bytes | None:
    """The JSON of a polygon's rings, `[ring, ...]`, from that of its parts, unparsed; None when a part has holes."""
    if polygon.find(b"]") == len(polygon) - 3:  # one ring, as most: not even `],[` is looked for
        return polygon[1:-1]
    if polygon.count(b"],[") != polygon.count(b"]],[["):
        return None
    return polygon.replace(b"]],[[", b"],[")[1:-1]


def segmentation_of(kind: Kind, shape: Any, size: tuple[int, int], uncompressed: bool) -> tuple[Any, str | None]:
    """A shape as COCO's segmentation, and the loss code when something of it couldn't be said."""
    if kind == "mask":
        counts: Any = rle.runs(shape) if uncompressed else shape.counts
        return {"size": list(shape.size), "counts": counts}, None
    if kind in ("rotated_box", "ellipse"):
        return [turned.of(kind, shape).outline()], "shape_to_polygon"
    if kind != "polygon":
        return [], None
    polygon: Polygon = shape
    if all(len(part) == 1 for part in polygon):
        return [part[0] for part in polygon], None
    mask = rle.from_polygon(polygon, *size) if all(size) else None
    if mask is None or not rle.area(rle.runs(mask)):
        return [part[0] for part in polygon], "holes_dropped"
    return {"size": list(mask.size), "counts": mask.counts}, "holes_to_mask"
