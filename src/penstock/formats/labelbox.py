"""Labelbox's export: NDJSON, one data row a line, with its labels by project.

Objects are in pixels. A mask is a picture: in base64 inside the line, or by an address, whose last part is looked for
among the set's files. Questions about a whole row are attributes of the file; the question `tags` holds labels.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, cast

import msgspec

from penstock.annotations import geometry as shapes
from penstock.annotations.geometry import UNREADABLE, BadGeometry
from penstock.core import Invalid, Problem
from penstock.formats.carries import Carries, count_file, count_rest, fit, split_named
from penstock.formats.declared import occurring
from penstock.formats.foreign import as_read
from penstock.formats.labelbox_objects import TAGS, answered, asked, drawn, listed, pixels, placed
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, NamedAnnotation, Tree, is_name, without_nul
from penstock.formats.naming import all_values
from penstock.formats.splitting import BadDocument, split
from penstock.formats.tree import Finder, ending, is_image
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedSchema

FILE = "export.ndjson"
_PROJECT = "penstock"
_SUFFIXES = (".ndjson", ".jsonl", ".json")
_OF_ROW = frozenset({"data_row", "media_attributes", "metadata_fields", "projects"})
_OF_OBJECT = frozenset({"name", "classifications", "confidence", "annotation_kind"})
_SPLITS = {"train": "train", "val": "valid", "test": "test"}
_ENCODE = msgspec.json.Encoder(order="deterministic").encode


class LabelboxInvalid(Invalid):
    """{path} is no export of Labelbox: {why}."""


class LabelboxReading:
    """The NDJSON files of one set, or JSON lists of the same rows."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.files = files
        self._finder = Finder([path for path in tree.paths() if is_image(path)])
        self._masks: set[str] | None = None

    def schema(self) -> WantedSchema:
        return occurring(self.items())

    def foreign(self) -> dict[str, Any]:
        return {}

    def used(self) -> frozenset[str]:
        """The annotation files, and the pictures of masks."""
        if self._masks is None:
            self._masks = set()
            for _ in self.items():
                pass
        return frozenset(self.files) | self._masks

    def items(self) -> Iterator[Item | BadItem]:
        for path in self.files:
            for where, raw in self._rows(path):
                try:
                    row = msgspec.json.decode(without_nul(raw), type=dict[str, Any])
                except UNREADABLE as error:
                    yield BadItem(where, f"{error}.", "unreadable")
                else:
                    yield self._item(row, path, where)

    def _rows(self, path: str) -> Iterator[tuple[str, bytes]]:
        with closing(self.tree.open(path)) as stream:
            first = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
            stream.seek(0)
            if first != b"[":
                lines = ((n, line) for n, line in enumerate(stream, 1) if line.strip())
                yield from ((f"{path} line {n}", line) for n, line in lines)
                return
            try:
                for n, part in enumerate(split(stream)):
                    if part.is_element:
                        yield f"{path} row {n}", bytes(part.raw)
            except BadDocument as error:
                raise LabelboxInvalid(path=path, why=str(error)) from None

    def _item(self, row: dict[str, Any], path: str, where: str) -> Item | BadItem:
        told, media = _object(row.get("data_row")), _object(row.get("media_attributes"))
        name = next((told[key] for key in ("external_id", "global_key", "row_data") if _is_text(told.get(key))), None)
        if name is None:
            return BadItem(where, "A data row needs an external_id, a global_key or row_data.", "row")
        if not str(media.get("mime_type") or "image/").startswith("image/"):
            return BadItem(name, f"Rows of {media['mime_type']} are not read.", "media")
        places = [str(told[key]) for key in ("row_data", "external_id", "global_key") if _is_text(told.get(key))]
        found = next((one for place in places if (one := self._finder.find(_path(place), path))), None)
        item = Item(
            key=found or _path(name), media=found, width=_size(media.get("width")), height=_size(media.get("height"))
        )
        kept = {key: value for key, value in row.items() if key not in _OF_ROW}
        kept |= {"data_row": told} if told else {}
        kept |= {"mime_type": media["mime_type"]} if "mime_type" in media else {}
        item.foreign = {"labelbox": kept}
        item.meta = _meta(row.get("metadata_fields"))
        told = [
            (name, _object(project), label)
            for name, project in _object(row.get("projects")).items()
            for label in listed(_object(project).get("labels"))
        ]
        for n, (name, project, label) in enumerate(told):
            if n:
                item.problems.append(Problem(f"labels[{n}]", "A row's first label is read, not its others.", "labels"))
            else:
                kept["project"] = {**project, "labels": [], "#": name}
                self._label(_object(label), item, path)
        return item

    def _label(self, label: Mapping[str, Any], item: Item, path: str) -> None:
        told = _object(label.get("annotations"))
        kept = item.foreign["labelbox"]
        kept["label"] = {key: value for key, value in label.items() if key != "annotations"}
        kept |= {"relationships": joined} if (joined := listed(told.get("relationships"))) else {}
        for n, one in enumerate(listed(told.get("objects"))):
            try:
                item.annotations.append(self._annotation(_object(one), n, item, path))
            except BadGeometry as bad:
                item.problems.append(Problem(f"objects[{n}]", bad.detail, bad.code))
        for one in listed(told.get("classifications")):
            found = _object(one)
            if found.get("name") == TAGS and "checklist_answers" in found:
                item.annotations += _tags(listed(found["checklist_answers"]))
            else:
                item.attributes |= answered([found])

    def _annotation(self, found: Mapping[str, Any], n: int, item: Item, path: str) -> NamedAnnotation:
        name, id = found.get("name"), found.get("feature_id")
        if not isinstance(name, str) or not is_name(name):
            raise BadGeometry("An object needs a name.", "incomplete")
        kind, key, shape = placed(found, lambda mask: self._mask(mask, item, path))
        kept = {one: value for one, value in found.items() if one not in _OF_OBJECT and one != key}
        return NamedAnnotation(
            kind=kind,
            label=name.strip(),
            geometry=shapes.canonical(shapes.check(kind, shape)),
            attributes=answered(listed(found.get("classifications"))),
            confidence=_confidence(found.get("confidence")),
            ordinal=id if isinstance(id, str) and id else str(n),
            foreign={"labelbox": kept} if kept else {},
        )

    def _mask(self, mask: Mapping[str, Any], item: Item, path: str) -> Any:
        address = mask.get("url") or mask.get("instanceURI")
        content = None
        if isinstance(address, str):
            found = self._finder.find(_path(address).rpartition("/")[2], path)
            if found is None:
                raise BadGeometry("The picture of a mask isn't among the files of the set.", "mask-elsewhere")
            if self._masks is not None:
                self._masks.add(found)
            with closing(self.tree.open(found)) as stream:
                content = stream.read()
        return pixels(mask, content, (item.height, item.width))


def _tags(answers: Iterable[Any]) -> Iterator[NamedAnnotation]:
    for n, answer in enumerate(map(_object, answers)):
        name = answer.get("name")
        if isinstance(name, str) and is_name(name):
            kept = {key: value for key, value in answer.items() if key not in (*_OF_OBJECT, "value")}
            yield NamedAnnotation(
                kind="tag",
                label=name.strip(),
                attributes=answered(listed(answer.get("classifications"))),
                confidence=_confidence(answer.get("confidence")),
                ordinal=f"tag {n}",
                foreign={"labelbox": kept} if kept else {},
            )


def _object(value: Any) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _size(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) and 0 < value < 2**31 else 0


def _confidence(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and 0 <= value <= 1 else None


def _path(place: str) -> str:
    """The path in an address, without what comes after it."""
    if "://" in place:
        place = place.partition("://")[2].partition("?")[0].partition("/")[2]
    return place.replace("\\", "/").replace("../", "").strip("/") or place


def _meta(fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in map(_object, listed(fields)):
        name, value = one.get("schema_name", one.get("name")), one.get("value")
        if isinstance(name, str) and name and value is not None:
            found[name] = (split_named(value) or value) if name == "split" else value
    return found


class Labelbox:
    """Labelbox's NDJSON."""

    name = page = "labelbox"
    title = "Labelbox NDJSON"
    sign = "an `.ndjson`, `.jsonl` or `.json` of objects with `data_row`"
    carries = Carries(
        kinds=frozenset({"tag", "box", "polygon", "polyline", "point", "mask"}),
        attributes=True,
        file_attributes=True,
        confidence=True,
        split=True,
        meta=True,
        ids=True,
        foreign=("labelbox",),
    )

    def recognizes(self, look: Look) -> bool:
        return any(b'"data_row"' in look.head(path) for path in look.ending(*_SUFFIXES)[:5])

    def read(self, tree: Tree) -> LabelboxReading:
        files = ending(tree.paths(), *_SUFFIXES)
        if not files:
            raise LabelboxInvalid(path="the set", why="there is no .ndjson or .json file in it")
        return LabelboxReading(tree, files)

    def media_path(self, item: Item) -> str:
        return f"images/{item.key.removeprefix('images/') if 'labelbox' in item.foreign else item.key}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        yield Chunk(FILE, b"")
        for item in items:
            count_file(item, self.carries, loss)
            yield Chunk(FILE, _ENCODE(self._row(item, loss)) + b"\n")

    def _row(self, item: Item, loss: Loss) -> dict[str, Any]:
        kept = dict(as_read(item.foreign, "labelbox"))
        joined, label = listed(kept.pop("relationships", None)), _object(kept.pop("label", None))
        project = {"name": _PROJECT, **_object(kept.pop("project", None))}
        path = self.media_path(item)
        said = {**_object(kept.pop("data_row", None)), "external_id": path, "row_data": path}
        told = {"id": item.key, "global_key": item.key, **said}
        media = {"width": item.width, "height": item.height}
        media |= {"mime_type": kept.pop("mime_type")} if "mime_type" in kept else {}
        objects = [one for a in item.annotations if a.kind != "tag" and (one := self._told(a, item, loss))]
        questions = asked(item.attributes)
        tags = [self._tag(one, loss) for one in item.annotations if one.kind == "tag"]
        if tags:
            questions.append({"name": TAGS, "checklist_answers": tags})
        annotations = {"objects": objects, "classifications": questions, "relationships": joined}
        label = {"label_kind": "Default", "version": "1.0.0", "id": f"{told['id']} label", **label}
        label["annotations"] = annotations
        return {
            **kept,
            "data_row": told,
            "media_attributes": media,
            "metadata_fields": [_field(name, value) for name, value in item.meta.items()],
            "projects": {str(project.pop("#", _PROJECT)): {**project, "labels": [label]}},
        }

    def _told(self, annotation: NamedAnnotation, item: Item, loss: Loss) -> dict[str, Any] | None:
        fitted = fit(annotation, self.carries, item, loss)
        if fitted is None:
            return None
        kind, place = drawn(fitted)
        return {**_kept(annotation), "annotation_kind": kind, **_rest(annotation), **place}

    def _tag(self, annotation: NamedAnnotation, loss: Loss) -> dict[str, Any]:
        count_rest(annotation, self.carries, loss)
        return {**_kept(annotation), **_rest(annotation), "value": annotation.label or ""}


def _kept(annotation: NamedAnnotation) -> dict[str, Any]:
    return annotation.foreign.get("labelbox") or {}


def _rest(annotation: NamedAnnotation) -> dict[str, Any]:
    scored = {} if annotation.confidence is None else {"confidence": annotation.confidence}
    return {"name": annotation.label or "", "classifications": asked(all_values(annotation)), **scored}


def _field(name: str, value: Any) -> dict[str, Any]:
    return {"schema_name": name, "value": _SPLITS.get(str(value), value) if name == "split" else value}
