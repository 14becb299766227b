"""Diffgram's JSON export of images, read only: one object for the whole set, each file's annotations under its id.

Beside the files stand `label_map`, names of labels by their ids, and `attribute_groups_reference`, the questions that
were asked. An ellipse is given by its centre and its radii, or its sides, whichever fits the bounds that stand beside.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from math import degrees
from typing import Any, cast

import msgspec

from penstock.annotations import geometry as shapes
from penstock.annotations import turned
from penstock.annotations.geometry import UNREADABLE, BadGeometry
from penstock.core import Invalid, Problem
from penstock.formats.carries import Carries
from penstock.formats.declared import occurring
from penstock.formats.model import BadItem, Item, Look, NamedAnnotation, Tree, is_name, without_nul
from penstock.formats.splitting import BadDocument, split
from penstock.formats.tree import Finder, ending, is_image
from penstock.schema.model import Kind, Skeleton
from penstock.schema.wanted import WantedLabel, WantedSchema

_COLOUR = re.compile("#[0-9a-f]{6}")
_HEAD = frozenset({"readme", "label_map", "label_colour_map", "export_info", "attribute_groups_reference"})
_OF_INSTANCE = frozenset(
    {"type", "label_file_id", "name", "points", "nodes", "edges", "attribute_groups", "soft_delete"}
    | {"x_min", "y_min", "x_max", "y_max", "width", "height", "center_x", "center_y", "rotation", "angle"}
)
_DEGREES = 9


class DiffgramInvalid(Invalid):
    """{path} is no export of Diffgram: {why}."""


def _object(value: Any) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


class _Question:
    """An attribute group: its name, and its options by id."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        names = (told.get(key) for key in ("prompt", "name"))
        self.name = next((name.strip() for name in names if isinstance(name, str) and is_name(name)), None)
        options = map(_object, _list(told.get("attribute_template_list")))
        self._options = {str(one.get("id")): one["name"] for one in options if isinstance(one.get("name"), str)}

    def answer(self, value: Any) -> Any:
        """A value with the names of options; None when there is none."""
        if isinstance(value, dict):
            told = cast(dict[str, Any], value)
            if "id" in told or "name" in told:
                return self._option(told)
            chosen = [self._option({"id": id, **_object(one)}) for id, one in told.items() if one]
            return [name for name in chosen if name] or None
        if isinstance(value, list):
            found = [self.answer(one) for one in cast(list[Any], value)]
            return [name for name in found if name is not None] or None
        return (
            self._options.get(str(value), value) if isinstance(value, (str, int, float, bool)) and value != "" else None
        )

    def _option(self, told: Mapping[str, Any]) -> str | None:
        name = told.get("name")
        return name if isinstance(name, str) and name else self._options.get(str(told.get("id")))


class DiffgramReading:
    """The JSON files of one set."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.files = files
        self._finder = Finder([path for path in tree.paths() if is_image(path)])
        self._labels: dict[str, str] = {}
        self._colours: dict[str, str] = {}
        self._questions: dict[str, _Question] = {}
        self._skeletons: dict[str, Skeleton] = {}
        for path in files:
            for key, raw in self._parts(path):
                if key in _HEAD:
                    self._head(path, key, raw)

    def _parts(self, path: str) -> Iterator[tuple[str, bytes]]:
        try:
            with closing(self.tree.open(path)) as stream:
                for part in split(stream):
                    if not part.key:
                        raise DiffgramInvalid(path=path, why="it is a list")
                    yield part.key, bytes(part.raw)
        except BadDocument as error:
            raise DiffgramInvalid(path=path, why=str(error)) from None

    def _head(self, path: str, key: str, raw: bytes) -> None:
        try:
            told = msgspec.json.decode(without_nul(raw))
        except UNREADABLE as error:
            raise DiffgramInvalid(path=path, why=f"its {key} can't be read ({error})") from None
        if key == "label_map":
            for id, one in _object(told).items():
                name = one if isinstance(one, str) else _object(one).get("name")
                if isinstance(name, str) and is_name(name):
                    self._labels[id] = name.strip()
        elif key == "label_colour_map":
            for id, one in _object(told).items():
                colour = one if isinstance(one, str) else _object(one).get("hex")
                self._colours[id] = str(colour)[:7].lower()
        elif key == "attribute_groups_reference":  # a list comes element by element
            one = _object(told)
            for question in [one] if "id" in one else map(_object, one.values()):
                self._questions[str(question.get("id"))] = _Question(question)

    def schema(self) -> WantedSchema:
        found = occurring(self.items())
        labels = dict(found.labels)
        for id, name in self._labels.items():
            colour = self._colours.get(id, "")
            told: dict[str, Any] = {"skeleton": self._skeletons.get(name), "foreign": {"diffgram": {"id": id}}}
            told["color"] = colour if _COLOUR.fullmatch(colour) else None
            labels[name] = WantedLabel.model_validate(told)
        return WantedSchema(labels=labels, attributes=found.attributes)

    def foreign(self) -> dict[str, Any]:
        return {}

    def used(self) -> frozenset[str]:
        return frozenset(self.files)

    def items(self) -> Iterator[Item | BadItem]:
        for path in self.files:
            for key, raw in self._parts(path):
                if key not in _HEAD:
                    yield self._item(raw, path, key)

    def _item(self, raw: bytes, path: str, key: str) -> Item | BadItem:
        try:
            found = msgspec.json.decode(without_nul(raw), type=dict[str, Any])
        except UNREADABLE as error:
            return BadItem(f"{path} file {key}", f"{error}.", "file")
        told = [_object(found.get("image")), _object(found.get("file")), found]
        name = _first(told, "original_filename", str)
        if name is None:
            return BadItem(f"{path} file {key}", "A file needs its original_filename.", "file")
        if "video" in found or str(_first(told, "type", str) or "image") != "image":
            return BadItem(name, "Only images are read.", "media")
        media = self._finder.find(name, path)
        item = Item(key=media or name.replace("\\", "/").replace("../", ""), media=media)
        item.width, item.height = _first(told, "width", int) or 0, _first(told, "height", int) or 0
        item.foreign = {"diffgram": {"id": key}}
        for n, one in enumerate(_list(found.get("instance_list"))):
            if _object(one).get("soft_delete"):
                continue
            try:
                item.annotations.append(self._annotation(_object(one), n))
            except BadGeometry as bad:
                item.problems.append(Problem(f"instance_list[{n}]", bad.detail, bad.code))
        return item

    def _annotation(self, found: Mapping[str, Any], n: int) -> NamedAnnotation:
        label, id = self._label(found), found.get("id")
        kind, shape = self._shape(found, label)
        kept = {key: value for key, value in found.items() if key not in _OF_INSTANCE and value is not None}
        values: dict[str, Any] = {}
        for group, value in _object(found.get("attribute_groups")).items():
            question = self._questions.get(group) or _Question({"name": f"attribute {group}"})
            if question.name and (answer := question.answer(value)) is not None:
                values[question.name] = answer
        return NamedAnnotation(
            kind=kind,
            label=label,
            geometry=shapes.canonical(shapes.check(kind, shape)),
            attributes=values,
            ordinal=str(id) if isinstance(id, (int, str)) else str(n),
            foreign={"diffgram": kept} if kept else {},
        )

    def _label(self, found: Mapping[str, Any]) -> str:
        named = self._labels.get(str(found.get("label_file_id"))) or found.get("name")
        if not isinstance(named, str) or not is_name(named):
            raise BadGeometry("An instance needs a label that is in the label_map.", "incomplete")
        return named.strip()

    def _shape(self, found: Mapping[str, Any], label: str) -> tuple[Kind, Any]:
        type = found.get("type")
        try:
            match type:
                case "box":
                    left, top, right, bottom = (float(found[key]) for key in ("x_min", "y_min", "x_max", "y_max"))
                    return "box", [left, top, right - left, bottom - top]
                case "polygon":
                    return "polygon", [[_flat(found["points"])]]
                case "line" | "polyline":
                    return "polyline", _flat(found["points"])
                case "point":
                    return "point", _flat(found["points"])[:2]
                case "ellipse":
                    return "ellipse", _ellipse(found)
                case "keypoints":
                    return "keypoints", self._keypoints(found, label)
                case "tag":
                    return "tag", None
                case _:
                    raise BadGeometry(f"Instances of type {type!r} are not read.", "kind")
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            if isinstance(error, BadGeometry):
                raise
            raise BadGeometry(f"The numbers of a {type} are not what it needs.", "number") from None

    def _keypoints(self, found: Mapping[str, Any], label: str) -> list[float]:
        """Nodes in the order of the label's skeleton, which is that of the first that was read."""
        nodes = {str(node["id"]): node for node in map(_object, _list(found["nodes"]))}
        names = _names(nodes)
        skeleton = self._skeletons.get(label)
        if skeleton is None:
            order = {id: n for n, id in enumerate(nodes)}
            edges = [
                (order.get(str(e.get("from"))), order.get(str(e.get("to"))))
                for e in map(_object, _list(found.get("edges")))
            ]
            joined = [(a, b) for a, b in edges if a is not None and b is not None]
            skeleton = Skeleton(points=tuple(names), edges=tuple(joined))
            self._skeletons[label] = skeleton
        by_name = dict(zip(names, nodes.values(), strict=True))
        if not set(by_name) <= set(skeleton.points):
            raise BadGeometry("The nodes are not those of other instances of the label.", "keypoints")
        flat: list[float] = []
        for point in skeleton.points:
            node = by_name.get(point)
            marked = [0.0, 0.0, 0.0] if node is None else [float(node["x"]), float(node["y"]), _mark(node)]
            flat += marked
        return flat


def _names(nodes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The nodes' own names where all have different ones, else numbers."""
    names = [node.get("name") for node in nodes.values()]
    own = [name.strip() for name in names if isinstance(name, str) and is_name(name)]
    return own if len(set(own)) == len(names) else [str(n) for n in range(1, len(names) + 1)]


def _mark(node: Mapping[str, Any]) -> float:
    return 1.0 if node.get("occluded") else 2.0


def _flat(points: Any) -> list[float]:
    return [float(point[axis]) for point in points for axis in ("x", "y")]


def _ellipse(found: Mapping[str, Any]) -> list[float]:
    x, y, width, height = (float(found[key]) for key in ("center_x", "center_y", "width", "height"))
    angle = round(degrees(float(found.get("rotation") or found.get("angle") or 0)), _DEGREES)
    sides = [x, y, width / 2, height / 2, angle]
    if all(isinstance(found.get(key), (int, float)) for key in ("x_min", "x_max")):
        across = float(found["x_max"]) - float(found["x_min"])
        radii = [x, y, width, height, angle]
        if _miss(radii, across) < _miss(sides, across):
            return radii
    return sides


def _miss(ellipse: list[float], across: float) -> float:
    return abs(turned.of("ellipse", ellipse).bounds[2] - across)


def _first(places: Sequence[Mapping[str, Any]], key: str, type: type[Any]) -> Any:
    return next((place[key] for place in places if isinstance(place.get(key), type) and place[key]), None)


class Diffgram:
    """Diffgram's JSON export."""

    name = page = "diffgram"
    title = "Diffgram JSON"
    sign = "a `.json` with `label_map` and `instance_list`"
    carries = Carries(
        kinds=frozenset({"tag", "box", "ellipse", "polygon", "polyline", "point", "keypoints"}),
        attributes=True,
        ids=True,
        foreign=("diffgram",),
    )

    def recognizes(self, look: Look) -> bool:
        heads = [look.head(path) for path in look.ending(".json")[:5]]
        return any(
            b'"label_map"' in head and (b'"export_info"' in head or b'"instance_list"' in head) for head in heads
        )

    def read(self, tree: Tree) -> DiffgramReading:
        files = ending(tree.paths(), ".json")
        if not files:
            raise DiffgramInvalid(path="the set", why="there is no .json file in it")
        return DiffgramReading(tree, files)
