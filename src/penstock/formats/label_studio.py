"""Label Studio: tasks with results as JSON, and the labelling configuration beside it as XML.

Of several annotations of a task the one that is marked as ground truth is read, else the first that wasn't cancelled;
predictions only where there is no annotation. The others are told, and are kept with the file as they are, as are
relations between regions and what is said of an annotation as a whole: all of it is written again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from penstock.annotations.geometry import UNREADABLE, BadGeometry, canonical
from penstock.annotations.model import Source
from penstock.core import Invalid, Problem
from penstock.formats import label_studio_config
from penstock.formats.carries import Carries, count_file, fit
from penstock.formats.foreign import as_read
from penstock.formats.label_studio_config import LabelConfig, config_text
from penstock.formats.label_studio_results import TYPE_OF, TYPES, shape_of, type_of, value_of
from penstock.formats.model import (
    BadItem,
    Chunk,
    Item,
    Look,
    Loss,
    NamedAnnotation,
    Tree,
    is_name,
    number_of,
    without_nul,
)
from penstock.formats.naming import all_values
from penstock.formats.seen import Seen
from penstock.formats.splitting import BadDocument, Part, split
from penstock.formats.tree import Finder, ending, is_image
from penstock.formats.xml import BadXml, read_xml
from penstock.schema.model import Attribute, Schema
from penstock.schema.wanted import WantedLabel, WantedSchema

FILE = "tasks.json"
CONFIG = "label_config.xml"
TAG_CONTROL = "label"
"""The control of ours whose choices are labels of the whole file."""
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_ENCODE = msgspec.json.Encoder(order="deterministic").encode
_ANSWERS = ("choices", "textarea", "number", "rating", "datetime", "taxonomy", "text")
_OURS = frozenset({"value", "type", "id", "from_name", "to_name", "original_width", "original_height", "score"})
_PREFIX = re.compile(r"^[0-9a-f]{8}-")
_OF_TASK = frozenset({"annotations", "completions", "predictions", "annotation", "others", "relations"})
Result = Mapping[str, Any]


class LabelStudioInvalid(Invalid):
    """{path} is no JSON export of Label Studio: {why}."""


class LabelStudioReading:
    """The JSON files of one set."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.files = files
        self._finder = Finder([path for path in tree.paths() if is_image(path)])
        self._config, self._configs = _config(tree)
        self._wanted: WantedSchema | None = None

    def schema(self) -> WantedSchema:
        """What the configuration declares, and what else occurs."""
        if self._wanted is None:
            labels = dict(self._config.labels)
            own, file = Seen(), Seen()
            for item in self.items():
                if not isinstance(item, Item):
                    continue
                file.add("file", item.attributes)
                for annotation in item.annotations:
                    labels.setdefault(annotation.label or "", WantedLabel())
                    own.add(annotation.label or "", annotation.attributes)
            asked = {name: one.model_copy(update={"per": "file", "on": ()}) for name, one in file.wanted().items()}
            attributes = asked | own.wanted() | self._config.attributes
            self._wanted = WantedSchema(labels=labels, attributes=attributes)
        return self._wanted

    def foreign(self) -> dict[str, Any]:
        return {}

    def used(self) -> frozenset[str]:
        return frozenset({*self.files, *self._configs})

    def items(self) -> Iterator[Item | BadItem]:
        for path in self.files:
            for n, part in enumerate(self._parts(path)):
                where = f"{path} task {n}"
                try:
                    task = _OBJECT.decode(without_nul(bytes(part.raw)))
                    yield self._item(task, path, where)
                except UNREADABLE as error:
                    yield BadItem(where, f"{error}.", "task")

    def _parts(self, path: str) -> Iterator[Part]:
        try:
            with closing(self.tree.open(path)) as stream:
                for part in split(stream):
                    if part.key:
                        raise LabelStudioInvalid(path=path, why="it is no list of tasks")
                    if part.is_element:
                        yield part
        except BadDocument as error:
            raise LabelStudioInvalid(path=path, why=str(error)) from None

    def _item(self, task: dict[str, Any], path: str, where: str) -> Item | BadItem:
        data = task.pop("data", None)
        found = [v for v in cast(dict[str, Any], data).values() if isinstance(v, str)] if isinstance(data, dict) else []
        address = next((one for one in found if is_image(_name(one)) or is_image(one)), found[0] if found else None)
        if address is None:
            return BadItem(where, "A task needs `data` with the address of an image.", "task")
        name = _name(address)
        bare = _PREFIX.sub("", name.rpartition("/")[2])
        tried = (address, name, bare)  # a path may hold what ends one in an address, such as a #
        media = next((media for one in tried if (media := self._finder.find(one, path))), None)
        kept = {key: value for key, value in task.items() if key not in _OF_TASK}
        item = Item(key=media or name, media=media, foreign={"label_studio": {**kept, "data": data}})
        _annotate(item, *_chosen(task, item))
        return item


def _config(tree: Tree) -> tuple[LabelConfig, list[str]]:
    for path in ending(tree.paths(), ".xml", ".txt"):
        with closing(tree.open(path)) as stream:
            content = stream.read(4 << 20)
        try:
            root = read_xml(content) if b"<View" in content else None
        except BadXml:
            continue
        if root is not None:
            return label_studio_config.read_config(root), [path]
    return LabelConfig(), []


def _name(address: str) -> str:
    """The path that an address of an image ends with."""
    parts = urlsplit(address) if "\\" not in address and "[" not in address else None
    if parts is None:
        return address.replace("\\", "/")
    local = parse_qs(parts.query).get("d")
    return (local[0] if local else unquote(parts.path)).lstrip("/") or address


def _chosen(task: Mapping[str, Any], item: Item) -> tuple[list[Any], Source]:
    """The results that are taken, of all annotations of a task, and whose they are; the rest is kept."""
    kept = item.foreign["label_studio"]
    every, predictions = _listed(task.get("annotations") or task.get("completions")), _listed(task.get("predictions"))
    made = [one for one in every if not one.get("was_cancelled")]
    if len(made) > 1:
        detail = f"The task has {len(made)} annotations; one was taken."
        item.problems.append(Problem("annotations", detail, "several-annotations"))
    best = next((one for one in made if one.get("ground_truth")), None) or next(iter(made or predictions), None)
    kept |= {"others": others} if (others := [one for one in every if one is not best]) else {}
    kept |= {"predictions": left} if (left := [one for one in predictions if one is not best]) else {}
    if best is None:
        return [], "import"
    kept |= {"annotation": said} if (said := {key: value for key, value in best.items() if key != "result"}) else {}
    result = best.get("result")
    return cast(list[Any], result) if isinstance(result, list) else [], "import" if made else "model"


def _listed(given: Any) -> list[dict[str, Any]]:
    listed = cast(list[Any], given) if isinstance(given, list) else []
    return [cast(dict[str, Any], one) for one in listed if isinstance(one, dict)]


def _annotate(item: Item, results: Sequence[Any], source: Source) -> None:
    """Results of one region have the same id: its shape, its labels and answers about it."""
    regions: dict[str, list[Result]] = {}
    for n, result in enumerate(_listed(list(results))):
        if result.get("type") == "relation":
            item.foreign["label_studio"].setdefault("relations", []).append(result)
        else:
            regions.setdefault(str(result.get("id") or f"#{n}"), []).append(result)
    for id, found in regions.items():
        try:
            _region(item, id, found)
        except BadGeometry as bad:
            item.problems.append(Problem(f"result {id}", bad.detail, bad.code))
    for annotation in item.annotations:
        annotation.source = source


def _region(item: Item, id: str, found: Sequence[Result]) -> None:
    shape = next((result for result in found if type_of(result) in TYPES), None)
    answers = [result for result in found if type_of(result) in _ANSWERS]
    if shape is None:
        _without_shape(item, id, answers)
        if not answers:
            raise BadGeometry(f"Results of type {found[0].get('type')!r} are not known.", "kind")
        return
    size = _size(shape)
    item.height, item.width = size
    kind, geometry = shape_of(type_of(shape), _value(shape), size)
    labels = [label for result in found for label in _labels(result)]
    if not labels:
        raise BadGeometry("A region needs a label.", "incomplete")
    kept = {key: value for key, value in shape.items() if key not in _OURS}
    for n, label in enumerate(dict.fromkeys(labels)):
        item.annotations.append(
            NamedAnnotation(
                kind=kind,
                label=label,
                geometry=canonical(geometry),
                attributes=_values(answers),
                confidence=_score(shape),
                ordinal=id if not n else f"{id}/{n}",
                foreign={"label_studio": {**kept, "id": id}},
            )
        )


def _size(result: Result) -> tuple[int, int]:
    height, width = result.get("original_height"), result.get("original_width")
    if type(height) is not int or type(width) is not int or not (0 < height < 2**31 and 0 < width < 2**31):
        raise BadGeometry("A region needs original_width and original_height.", "incomplete")
    return height, width


def _value(result: Result) -> dict[str, Any]:
    value = result.get("value")
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _labels(result: Result) -> list[str]:
    value = _value(result)
    given: Any = value.get(type_of(result)) if type_of(result) in TYPES else value.get("labels")
    listed = cast(list[Any], given) if isinstance(given, list) else []
    return [label.strip() for label in listed if isinstance(label, str) and is_name(label)]


def _answer(result: Result) -> Any:
    """A scalar, a list of choices, or the last of a path through a taxonomy."""
    value = _value(result)
    given: Any = next((value[key] for key in _ANSWERS if key in value), None)
    if isinstance(given, list):
        listed = cast(list[Any], given)
        if listed and isinstance(listed[0], list):
            return cast(list[Any], listed[0])[-1] if listed[0] else None
        flat = [one for one in listed if isinstance(one, (str, int, float))]
        if type_of(result) == "textarea":
            return "\n".join(map(str, flat))
        return flat[0] if len(flat) == 1 else flat or None
    return given if isinstance(given, (str, int, float, bool)) else None


def _values(answers: Sequence[Result]) -> dict[str, Any]:
    found = ((str(one.get("from_name")), _answer(one)) for one in answers)
    return {name: answer for name, answer in found if answer is not None and is_name(name)}


def _score(result: Result) -> float | None:
    return number_of(result.get("score"))


def _without_shape(item: Item, id: str, answers: Sequence[Result]) -> None:
    """Answers about the whole file: its tags, with what else is said of them, or its own attributes."""
    tag = next((one for one in answers if one.get("from_name") == TAG_CONTROL and type_of(one) == "choices"), None)
    if tag is None:
        item.attributes |= _values(answers)
        return
    answer = _answer(tag)
    listed = cast(list[Any], answer) if isinstance(answer, list) else [answer]
    for n, label in enumerate(listed):
        if isinstance(label, str) and is_name(label):
            item.annotations.append(
                NamedAnnotation(
                    kind="tag",
                    label=label.strip(),
                    attributes=_values([one for one in answers if one is not tag]),
                    confidence=_score(tag),
                    ordinal=id if not n else f"{id}/{n}",
                    foreign={"label_studio": {"id": id}},
                )
            )


class LabelStudio:
    """Label Studio's JSON."""

    name = "label-studio"
    page = "label-studio"
    title = "Label Studio JSON"
    sign = "a `.json` that is a list of tasks with `data`"
    carries = Carries(
        kinds=frozenset({"tag", "box", "rotated_box", "ellipse", "polygon", "polyline", "point", "mask"}),
        attributes=True,
        file_attributes=True,
        confidence=True,
        ids=True,
        foreign=("label_studio",),
    )

    def recognizes(self, look: Look) -> bool:
        return any(_is_tasks(look.head(path)) for path in look.ending(".json")[:5])

    def read(self, tree: Tree) -> LabelStudioReading:
        files = ending(tree.paths(), ".json")
        if not files:
            raise LabelStudioInvalid(path="the set", why="there is no .json file in it")
        return LabelStudioReading(tree, files)

    def media_path(self, item: Item) -> str:
        return f"images/{item.key.removeprefix('images/') if 'label_studio' in item.foreign else item.key}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        between = b"[\n"
        for n, item in enumerate(items, 1):
            count_file(item, self.carries, loss)
            yield Chunk(FILE, between + _ENCODE(_task(n, item, self.media_path(item), schema, self.carries, loss)))
            between = b",\n"
        yield Chunk(FILE, b"[]\n" if between == b"[\n" else b"\n]\n")
        yield Chunk(CONFIG, config_text(schema).encode())


def _is_tasks(head: bytes) -> bool:
    return head.lstrip()[:1] == b"[" and b'"data"' in head and (b'"result"' in head or b'"annotations"' in head)


def _task(n: int, item: Item, path: str, schema: Schema, carries: Carries, loss: Loss) -> dict[str, Any]:
    kept = dict(as_read(item.foreign, "label_studio"))
    said = {key: one for told in _listed([kept.pop("annotation", None)]) for key, one in told.items()}
    others, relations = _listed(kept.pop("others", None)), _listed(kept.pop("relations", None))
    results: list[dict[str, Any]] = []
    for at, annotation in enumerate(item.annotations):
        results += _results(at, annotation, item, schema, carries, loss)
    by_name = {attribute.name: attribute for attribute in schema.live_attributes}
    results += [_told(f"file {name}", name, value, by_name.get(name), {}) for name, value in item.attributes.items()]
    before: dict[str, Any] = kept.get("data") or {}
    data = {key: value for key, value in before.items() if not (isinstance(value, str) and is_image(_name(value)))}
    return {
        "id": n,
        **kept,
        "data": {**data, "image": path},
        "annotations": [{**said, "result": [*results, *relations]}, *others],
    }


def _results(
    at: int, annotation: NamedAnnotation, item: Item, schema: Schema, carries: Carries, loss: Loss
) -> Iterator[dict[str, Any]]:
    if annotation.kind != "tag" and not (item.width and item.height):
        loss.count("size_unknown")
        return
    fitted = fit(annotation, carries, item, loss)
    if fitted is None:
        return
    kept: dict[str, Any] = dict(annotation.foreign.get("label_studio") or {})
    id = str(kept.pop("id", None) or annotation.id or f"r{at}")
    type = TYPE_OF[fitted.kind]
    common = {"id": id, "to_name": "image"}
    scored = {} if annotation.confidence is None else {"score": annotation.confidence}
    by_name = {attribute.name: attribute for attribute in schema.live_attributes}
    value: dict[str, Any] = {}
    if fitted.kind == "tag":
        told = {"from_name": TAG_CONTROL, "type": type, "value": {"choices": [annotation.label]}}
        yield {**kept, **common, **told, **scored}
    else:
        common |= {"original_width": item.width, "original_height": item.height, "image_rotation": 0}
        value = {**value_of(fitted.kind, fitted.shape, (item.height, item.width)), type: [annotation.label]}
        yield {**common, "from_name": type.removesuffix("labels"), **kept, "type": type, "value": value, **scored}
    place = {key: one for key, one in value.items() if key in ("x", "y", "width", "height", "rotation")}
    for name, answer in all_values(annotation).items():
        yield _told(id, name, answer, by_name.get(name), {**common, **place})


def _told(id: str, name: str, value: Any, attribute: Attribute | None, more: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as a result."""
    place = {key: one for key, one in more.items() if key in ("x", "y", "width", "height", "rotation")}
    rest = {key: one for key, one in more.items() if key not in place}
    said: dict[str, Any] = {"id": id, "from_name": name, "to_name": "image", **rest}
    kind = attribute.kind if attribute else "text"
    if kind in ("number", "slider"):
        return {**said, "type": "number", "value": {**place, "number": value}}
    if kind == "text":
        return {**said, "type": "textarea", "value": {**place, "text": [str(value)]}}
    if kind == "date":
        return {**said, "type": "datetime", "value": {**place, "datetime": value}}
    listed = cast(list[Any], value) if isinstance(value, list) else [value]
    choices = [("true" if one else "false") if isinstance(one, bool) else str(one) for one in listed]
    return {**said, "type": "choices", "value": {**place, "choices": choices}}
