"""VGG Image Annotator 2: one JSON for a whole set, with regions and their attributes; a project, or annotations alone.

VIA knows no classes: an attribute of a region stands for one. It is named `label`, `class`, `category`, `name`, `type`
or `object`, else it is the first choice that the project declares, else the first text that a region has.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from math import degrees, radians
from typing import Any, cast

import msgspec

from penstock.annotations import geometry as shapes
from penstock.annotations.geometry import UNREADABLE, BadGeometry
from penstock.core import Invalid, Problem
from penstock.formats.carries import Carries, Fitted, count_file, fit
from penstock.formats.declared import occurring
from penstock.formats.foreign import as_read
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, NamedAnnotation, Tree, is_name, without_nul
from penstock.formats.naming import all_values, spelled
from penstock.formats.splitting import BadDocument, split
from penstock.formats.tree import Finder, ending, is_image
from penstock.formats.waiting import Lines
from penstock.schema.model import Attribute, Kind, Schema
from penstock.schema.wanted import WantedAttribute, WantedLabel, WantedSchema

FILE = "via.json"
UNNAMED = "region"
"""The label of regions that have no attribute to take one from."""
_LABELS = ("label", "class", "category", "name", "type", "object")
_CHOICES = ("dropdown", "radio")
_OF_FILE = frozenset({"filename", "size", "regions", "file_attributes"})
_OF_REGION = frozenset({"shape_attributes", "region_attributes"})
_TRUTH = {"true": True, "false": False}
_ENCODE = msgspec.json.Encoder().encode
_IMAGES = msgspec.json.Decoder(dict[str, msgspec.Raw])


class ViaInvalid(Invalid):
    """{path} is no set of VGG Image Annotator: {why}."""


class _Declared:
    """What a project says of its attributes, by what they are of: `region` or `file`."""

    def __init__(self) -> None:
        self.of: dict[str, dict[str, dict[str, Any]]] = {"region": {}, "file": {}}

    def add(self, told: Any) -> None:
        for of, known in self.of.items():
            listed: Any = cast(dict[str, Any], told).get(of) if isinstance(told, dict) else None
            for name, one in cast(dict[str, Any], listed).items() if isinstance(listed, dict) else ():
                if isinstance(one, dict) and is_name(name):
                    known.setdefault(name, cast(dict[str, Any], one))

    def label_key(self, values: Mapping[str, Any]) -> str | None:
        """Which attribute of a region is its label."""
        lower = {name.lower(): name for name in reversed(list(values))}
        named = next((lower[name] for name in _LABELS if name in lower), None)
        choices = (name for name, one in self.of["region"].items() if one.get("type") in _CHOICES and name in values)
        texts = (name for name, value in values.items() if isinstance(value, str) and value)
        return named or next(choices, None) or next(texts, None)

    def wanted(self, found: WantedSchema) -> WantedSchema:
        """What occurs, with the kinds and options that are declared."""
        attributes, labels = dict(found.attributes), dict(found.labels)
        for of, declared in self.of.items():
            label = self.label_key(dict.fromkeys(declared, "?")) if of == "region" else None
            for name, one in declared.items():
                options = _options(one)
                if name == label:
                    labels |= {option: labels.get(option, WantedLabel()) for option in options}
                elif (kind := _kind(one, options)) is not None:
                    per = "file" if of == "file" else "annotation"
                    attributes[name.strip()] = WantedAttribute.model_validate(
                        {"kind": kind, "per": per, "options": options if kind not in ("text", "checkbox") else ()}
                    )
        return WantedSchema(labels=labels, attributes=attributes)


def _options(declared: Mapping[str, Any]) -> list[str]:
    options: Any = declared.get("options")
    return (
        [name.strip() for name in cast(dict[str, Any], options) if is_name(name)] if isinstance(options, dict) else []
    )


def _kind(declared: Mapping[str, Any], options: Sequence[str]) -> str | None:
    match declared.get("type"):
        case "text":
            return "text"
        case "checkbox" if options:
            return "multi_select"
        case "dropdown" | "radio" if options:
            kind = "select" if declared["type"] == "dropdown" else "radio"
            return "checkbox" if set(options) == set(_TRUTH) else kind
        case _:
            return None


class ViaReading:
    """The JSON files of one set."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.files = files
        self._finder = Finder([path for path in tree.paths() if is_image(path)])
        self._declared = _Declared()
        self._settings: dict[str, Any] = {}
        for path in files:
            for key, raw in self._parts(path):
                if key in ("_via_attributes", "_via_settings"):
                    self._head(path, key, raw)

    def _head(self, path: str, key: str, raw: bytes) -> None:
        try:
            told = msgspec.json.decode(without_nul(raw))
        except UNREADABLE as error:
            raise ViaInvalid(path=path, why=f"its {key} can't be read ({error})") from None
        if key == "_via_attributes":
            self._declared.add(told)
        else:
            self._settings.setdefault("settings", told)

    def _parts(self, path: str) -> Iterator[tuple[str, bytes]]:
        try:
            with closing(self.tree.open(path)) as stream:
                for part in split(stream):
                    if not part.key:
                        raise ViaInvalid(path=path, why="it is a list")
                    if not part.is_element:
                        yield part.key, bytes(part.raw)
        except BadDocument as error:
            raise ViaInvalid(path=path, why=str(error)) from None

    def schema(self) -> WantedSchema:
        return self._declared.wanted(occurring(self.items()))

    def foreign(self) -> dict[str, Any]:
        return {"via": self._settings} if self._settings else {}

    def used(self) -> frozenset[str]:
        return frozenset(self.files)

    def items(self) -> Iterator[Item | BadItem]:
        for path in self.files:
            for key, raw in self._parts(path):
                if key == "_via_img_metadata":
                    try:
                        images = _IMAGES.decode(raw)
                    except UNREADABLE as error:
                        raise ViaInvalid(path=path, why=f"its images can't be read ({error})") from None
                    for one, content in images.items():
                        yield self._item(bytes(content), path, one)
                elif not key.startswith("_via_"):
                    yield self._item(raw, path, key)

    def _item(self, raw: bytes, path: str, key: str) -> Item | BadItem:
        try:
            found = msgspec.json.decode(without_nul(raw), type=dict[str, Any])
        except UNREADABLE as error:
            return BadItem(f"{path} {key}", f"{error}.", "image")
        name = found.get("filename")
        if not isinstance(name, str) or not name:
            return BadItem(f"{path} {key}", "An image needs its filename.", "image")
        media = self._finder.find(name, path)
        kept = {key: value for key, value in found.items() if key not in _OF_FILE}
        if isinstance(found.get("size"), int) and found["size"] >= 0:
            kept["size"] = found["size"]
        item = Item(key=media or name.replace("\\", "/").replace("../", ""), media=media)
        item.foreign = {"via": kept} if kept else {}
        item.attributes = _values(found.get("file_attributes"), self._declared.of["file"])
        regions: Any = found.get("regions")
        listed = cast(dict[str, Any], regions).values() if isinstance(regions, dict) else regions
        for n, one in enumerate(cast(list[Any], listed) if isinstance(regions, (dict, list)) else []):
            try:
                item.annotations += self._annotations(one, n)
            except BadGeometry as bad:
                item.problems.append(Problem(f"regions[{n}]", bad.detail, bad.code))
        return item

    def _annotations(self, given: Any, n: int) -> Iterator[NamedAnnotation]:
        """A region with several labels is an annotation for each."""
        found = cast(dict[str, Any], given) if isinstance(given, dict) else {}
        place, told = found.get("shape_attributes"), found.get("region_attributes")
        if not isinstance(place, dict):
            raise BadGeometry("A region needs shape_attributes.", "incomplete")
        kind, shape = _shape(cast(dict[str, Any], place))
        text = shapes.canonical(shapes.check(kind, shape))
        values = cast(dict[str, Any], told) if isinstance(told, dict) else {}
        key = self._declared.label_key(values)
        labels = [] if key is None else _chosen(values[key])
        rest = {name: value for name, value in values.items() if name != key}
        kept = {name: value for name, value in found.items() if name not in _OF_REGION}
        for at, label in enumerate(labels or [UNNAMED]):
            yield NamedAnnotation(
                kind=kind,
                label=label,
                geometry=text,
                attributes=_values(rest, self._declared.of["region"]),
                ordinal=f"{n}/{at}" if at else str(n),
                foreign={"via": kept} if kept else {},
            )


def _chosen(value: Any) -> list[str]:
    """The labels that an attribute's value names: all ticks, or the one choice."""
    ticked = (
        [name for name, is_on in cast(dict[Any, Any], value).items() if is_on] if isinstance(value, dict) else [value]
    )
    texts = [spelled(one).strip() for one in ticked if isinstance(one, (str, int, float))]
    return [text for text in dict.fromkeys(texts) if is_name(text)]


def _values(given: Any, declared: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The values of attributes: ticks as a list, a choice of true and false as truth, what is empty not at all."""
    found: dict[str, Any] = {}
    for name, value in cast(dict[str, Any], given).items() if isinstance(given, dict) else ():
        if isinstance(value, dict):
            value = [option for option, ticked in cast(dict[str, Any], value).items() if ticked]
        elif _kind(declared.get(name, {}), _options(declared.get(name, {}))) == "checkbox":
            value = _TRUTH.get(str(value), value)
        if is_name(name) and isinstance(value, (str, bool, int, float, list)) and value not in ("", []):
            found[name.strip()] = value
    return found


def _shape(place: Mapping[str, Any]) -> tuple[Kind, Any]:
    name = place.get("name")

    def numbers(*keys: str) -> list[float]:
        return [float(place[key]) for key in keys]

    try:
        match name:
            case "rect":
                return "box", numbers("x", "y", "width", "height")
            case "circle":
                x, y, r = numbers("cx", "cy", "r")
                return "ellipse", [x, y, r, r, 0.0]
            case "ellipse":
                angle = round(degrees(float(place.get("theta") or 0)), 9)
                return "ellipse", [*numbers("cx", "cy", "rx", "ry"), angle]
            case "point":
                return "point", numbers("cx", "cy")
            case "polygon" | "polyline":
                pairs = zip(place["all_points_x"], place["all_points_y"], strict=True)
                flat = [float(n) for pair in pairs for n in pair]
                return ("polyline", flat) if name == "polyline" else ("polygon", [[flat]])
            case _:
                raise BadGeometry(f"Shapes of type {name!r} are not known.", "kind")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, BadGeometry):
            raise
        raise BadGeometry(f"The numbers of a {name} are not what it needs.", "number") from None


class Via:
    """VGG Image Annotator's project JSON."""

    name = page = "via"
    title = "VGG Image Annotator (VIA) JSON"
    sign = "a `.json` with `_via_img_metadata`, or with `regions` and `shape_attributes`"
    carries = Carries(
        kinds=frozenset({"box", "ellipse", "polygon", "polyline", "point"}),
        attributes=True,
        file_attributes=True,
        foreign=("via",),
    )

    def recognizes(self, look: Look) -> bool:
        heads = [look.head(path) for path in look.ending(".json")[:5]]
        return any(
            b'"_via_img_metadata"' in head or (b'"shape_attributes"' in head and b'"regions"' in head) for head in heads
        )

    def read(self, tree: Tree) -> ViaReading:
        files = ending(tree.paths(), ".json")
        if not files:
            raise ViaInvalid(path="the set", why="there is no .json file in it")
        return ViaReading(tree, files)

    def media_path(self, item: Item) -> str:
        return item.key

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        kept: dict[str, Any] = (foreign or {}).get("via") or {}
        head = {"_via_settings": kept.get("settings", {"core": {}, "project": {"name": "export"}, "ui": {}})}
        head |= {"_via_attributes": _told_attributes(schema), "_via_data_format_version": "2.0.10"}
        yield Chunk(FILE, _ENCODE(head)[:-1] + b',"_via_img_metadata":{')
        between = b"\n"
        with Lines() as ids:
            for item in items:
                count_file(item, self.carries, loss)
                id, record = _told(item, self.carries, loss)
                yield Chunk(FILE, between + _ENCODE(id) + b":" + _ENCODE(record))
                ids.add(_ENCODE(id))
                between = b",\n"
            yield Chunk(FILE, b'\n},"_via_image_id_list":[')
            between = b"\n"
            for line in ids.lines():
                yield Chunk(FILE, between + line)
                between = b",\n"
        yield Chunk(FILE, b"\n]}\n")


def _told_attributes(schema: Schema) -> dict[str, Any]:
    labels = {"type": "dropdown", "description": "", "options": {one.name: "" for one in schema.live_labels}}
    told: dict[str, dict[str, Any]] = {"region": {_LABELS[0]: {**labels, "default_options": {}}}, "file": {}}
    for attribute in schema.live_attributes:
        of = "file" if attribute.per == "file" else "region"
        if of == "file" or attribute.name != _LABELS[0]:
            told[of][attribute.name] = _told_attribute(attribute)
    return told


def _told_attribute(attribute: Attribute) -> dict[str, Any]:
    options = {option.name: "" for option in attribute.options if not option.archived}
    match attribute.kind:
        case "multi_select":
            type = "checkbox"
        case "radio":
            type = "radio"
        case "select" | "tree":
            type = "dropdown"
        case "checkbox":
            type, options = "radio", dict.fromkeys(_TRUTH, "")
        case _:
            return {"type": "text", "description": "", "default_value": ""}
    return {"type": type, "description": "", "options": options, "default_options": {}}


def _told(item: Item, carries: Carries, loss: Loss) -> tuple[str, dict[str, Any]]:
    """An image's id, which is its name and its size, and what is said of it. The size of an address is -1."""
    kept: dict[str, Any] = {"size": -1, **as_read(item.foreign, "via")}
    regions = [told for one in item.annotations if (told := _region(one, item, carries, loss))]
    values = {name: _told_value(value) for name, value in item.attributes.items()}
    return f"{item.key}{kept['size']}", {**kept, "filename": item.key, "regions": regions, "file_attributes": values}


def _region(annotation: NamedAnnotation, item: Item, carries: Carries, loss: Loss) -> dict[str, Any] | None:
    fitted = fit(annotation, carries, item, loss)
    if fitted is None:
        return None
    kept: dict[str, Any] = annotation.foreign.get("via") or {}
    values = {name: _told_value(value) for name, value in all_values(annotation).items()}
    if values.pop(_LABELS[0], None) is not None:
        loss.count("attributes_dropped")
    label = {_LABELS[0]: annotation.label or ""}
    return {**kept, "shape_attributes": _place(fitted), "region_attributes": {**label, **values}}


def _told_value(value: Any) -> Any:
    if isinstance(value, list):
        return {spelled(one): True for one in cast(list[Any], value)}
    return spelled(value)


def _place(fitted: Fitted) -> dict[str, Any]:
    shape = fitted.shape
    match fitted.kind:
        case "box":
            return {"name": "rect", **dict(zip(("x", "y", "width", "height"), shape, strict=True))}
        case "ellipse":
            place = dict(zip(("cx", "cy", "rx", "ry"), shape[:4], strict=True))
            return {"name": "ellipse", **place, "theta": round(radians(shape[4]), 12)}
        case "point":
            return {"name": "point", "cx": shape[0], "cy": shape[1]}
        case _:
            flat = shape[0][0] if fitted.kind == "polygon" else shape
            return {"name": fitted.kind, "all_points_x": flat[::2], "all_points_y": flat[1::2]}
