"""CVAT XML 1.1 for images: one `annotations.xml` for a whole set, with the labels and their attributes in front."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, cast
from xml.sax.saxutils import escape, quoteattr

from penstock.annotations.geometry import BadGeometry, canonical, check
from penstock.core import Invalid, Problem
from penstock.formats.carries import Carries, count_file, fit, split_named, split_of
from penstock.formats.cvat_shapes import TAGS, element_of, shapes_of, spelled
from penstock.formats.foreign import as_read
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, NamedAnnotation, Tree, is_name
from penstock.formats.naming import all_values
from penstock.formats.naming import spelled as value_text
from penstock.formats.tree import Finder, ending, is_image
from penstock.formats.xml import NAME, RETURN, BadXml, Element, clean, stream_xml, written
from penstock.schema.model import Attribute, AttributeKind, Schema, Skeleton
from penstock.schema.wanted import WantedAttribute, WantedLabel, WantedSchema

FILE = "annotations.xml"
_KINDS: Mapping[str, AttributeKind] = {
    "select": "select",
    "radio": "radio",
    "checkbox": "checkbox",
    "number": "number",
    "text": "text",
}
_OURS = frozenset(
    {
        f"@{name}"
        for name in ("label", "source", "group_id", "points", "rle", "left", "top", "width", "height", "rotation")
    }
    | {f"@{name}" for name in ("xtl", "ytl", "xbr", "ybr", "cx", "cy", "rx", "ry")}
    | {"attribute", "points"}
)
_SUBSET, _NONE = frozenset({"@subset"}), frozenset[str]()
_OF_HEAD = frozenset({"labels"})
_SOURCES = {"manual": "person", "auto": "model", "semi-auto": "person", "file": "import", "consensus": "person"}
_FROM = {"person": "manual", "model": "auto", "import": "file"}


class CvatInvalid(Invalid):
    """{path} is not CVAT's XML for images: {why}."""


class _Head:
    """What `<meta>` says: labels, their attributes and skeletons."""

    def __init__(self) -> None:
        self.labels: dict[str, WantedLabel] = {}
        self.attributes: dict[str, WantedAttribute] = {}
        self.points: dict[str, list[str]] = {}
        self.rest: dict[str, Any] = {}

    def read(self, meta: Element) -> None:
        holder = meta.child("task") or meta.child("project") or meta.child("job") or meta
        self.rest = self.rest or holder.as_mapping(_OF_HEAD)
        labels = holder.child("labels")
        found = labels.all("label") if labels else []
        for label in found:
            self._label(label, found)

    def _label(self, label: Element, among: Sequence[Element]) -> None:
        name, parent = label.text_of("name"), label.text_of("parent")
        if not is_name(name):
            return
        if parent:
            self.points.setdefault(parent, []).append(name)
            return
        names = [one.text_of("name") for one in among if one.text_of("parent") == name]
        right = bool(names) and all(map(is_name, names))
        kept = {key: value for key in ("color", "type") if (value := label.text_of(key))}
        color = kept.get("color", "").lower()
        self.labels[name] = WantedLabel(
            skeleton=Skeleton(points=tuple(names)) if right else None,
            color=color if _is_color(color) else None,
            foreign={"cvat": kept} if kept else {},
        )
        listed = label.child("attributes")
        for attribute in listed.all("attribute") if listed else []:
            self._attribute(attribute, name)

    def _attribute(self, found: Element, label: str) -> None:
        name = found.text_of("name")
        kind = _KINDS.get(found.text_of("input_type"))
        if not is_name(name) or kind is None:
            return
        values = [value.strip() for value in found.text_of("values").split("\n") if is_name(value)]
        before = self.attributes.get(name)
        known = before.options if before else ()
        offered = [*known, *(value for value in dict.fromkeys(values) if value not in known)]
        if kind in ("select", "radio") and not offered:
            kind = "text"
        self.attributes[name] = WantedAttribute(
            kind=before.kind if before else kind,
            on=(*(before.on if before else ()), label),
            options=tuple(offered) if kind in ("select", "radio") else (),
        )


def _is_color(text: str) -> bool:
    return len(text) == 7 and text[0] == "#" and all(c in "0123456789abcdef" for c in text[1:])


class CvatReading:
    """The XML files of one set."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.files = files
        self._finder = Finder([path for path in tree.paths() if is_image(path)], "images/")
        self._head = _Head()
        for path in files:
            self._look(path)

    def _look(self, path: str) -> None:
        """Read a file once to its end: what is cut off or no XML is refused before anything of it is taken."""
        for part in self._parts(path):
            if part.tag == "meta":
                self._head.read(part)
            for shape in part.children if part.tag == "image" else ():
                name = shape.text_of("@label")
                if shape.tag in TAGS and is_name(name):
                    self._head.labels.setdefault(name.strip(), WantedLabel())

    def _parts(self, path: str) -> Iterator[Element]:
        with closing(self.tree.open(path)) as stream:
            try:
                yield from stream_xml(stream, "annotations")
            except BadXml as error:
                raise CvatInvalid(path=path, why=str(error)) from None

    def schema(self) -> WantedSchema:
        return WantedSchema(labels=self._head.labels, attributes=self._head.attributes)

    def foreign(self) -> dict[str, Any]:
        return {"cvat": self._head.rest} if self._head.rest else {}

    def used(self) -> frozenset[str]:
        return frozenset(self.files)

    def items(self) -> Iterator[Item | BadItem]:
        for path in self.files:
            for n, part in enumerate(self._parts(path)):
                if part.tag == "image":
                    yield self._item(path, n, part)
                elif part.tag == "track":
                    yield BadItem(f"{path} track {part.text_of('@id')}", "Tracks of videos can't be read yet.", "track")

    def _item(self, path: str, n: int, image: Element) -> Item | BadItem:
        name = image.text_of("@name")
        if not name:
            return BadItem(f"{path} image {n}", "An image needs a name.", "image")
        media = self._finder.find(name, path) or self._finder.find(f"images/{name}", path)
        width, height = (_whole(image.text_of(f"@{side}")) for side in ("width", "height"))
        split = split_named(image.text_of("@subset"))
        ours = frozenset({"@name", "@width", "@height", *TAGS}) | (_SUBSET if split else _NONE)
        item = Item(
            key=media or name.replace("\\", "/"),
            media=media,
            width=width,
            height=height,
            foreign={"cvat": {**image.as_mapping(ours), "name": name}},
        )
        if split:
            item.meta["split"] = split
        for at, shape in enumerate(one for one in image.children if one.tag in TAGS):
            try:
                item.annotations += self._annotations(shape, at, (height, width))
            except BadGeometry as bad:
                item.problems.append(Problem(f"{shape.tag}[{at}]", bad.detail, bad.code))
        return item

    def _annotations(self, shape: Element, at: int, size: tuple[int, int]) -> Iterator[NamedAnnotation]:
        label = shape.text_of("@label")
        if not is_name(label):
            raise BadGeometry(f"A <{shape.tag}> needs a label.", "incomplete")
        kept = shape.as_mapping(_OURS)
        source, group = shape.text_of("@source"), shape.text_of("@group_id")
        values = {one.text_of("@name"): one.text for one in shape.all("attribute") if one.text_of("@name")}
        made = list(shapes_of(shape, size, self._head.points))
        together = f"{shape.tag} {at}" if len(made) > 1 else None
        for n, (kind, found) in enumerate(made):
            yield NamedAnnotation(
                kind=kind,
                label=label.strip(),
                geometry=canonical(check(kind, found)),
                attributes=values,
                source=_SOURCES.get(source, "import"),  # pyright: ignore[reportArgumentType]: each is a source
                group=group if group and group != "0" else together,
                ordinal=f"{at}" if not n else f"{at}/{n}",
                foreign={"cvat": kept} if kept else {},
            )


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


class Cvat:
    """CVAT XML 1.1 for images."""

    name = page = "cvat"
    title = "CVAT XML 1.1 for images"
    sign = "an `.xml` whose root is `annotations`"
    carries = Carries(
        kinds=frozenset({"tag", "box", "rotated_box", "ellipse", "polygon", "polyline", "point", "keypoints", "mask"}),
        attributes=True,
        group=True,
        split=True,
        foreign=("cvat",),
    )

    def recognizes(self, look: Look) -> bool:
        return any(b"<annotations" in look.head(path)[:2000] for path in look.ending(".xml")[:20])

    def read(self, tree: Tree) -> CvatReading:
        files = ending(tree.paths(), ".xml")
        if not files:
            raise CvatInvalid(path="the set", why="there is no .xml file in it")
        return CvatReading(tree, files)

    def media_path(self, item: Item) -> str:
        return f"images/{item.key.removeprefix('images/') if 'cvat' in item.foreign else item.key}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        groups: dict[str, int] = {}
        yield Chunk(FILE, "".join(_head(schema, (foreign or {}).get("cvat") or {})).encode())
        for n, item in enumerate(items):
            count_file(item, self.carries, loss)
            name = self.media_path(item).removeprefix("images/")
            lines = "".join(_image(n, name, item, self.carries, schema, groups, loss))
            yield Chunk(FILE, lines.encode())
        yield Chunk(FILE, b"</annotations>\n")


def _head(schema: Schema, kept: Mapping[str, Any]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n  <meta>\n    <task>\n'
    for tag, value in kept.items():
        yield from written(tag, value, 3) if tag not in _OF_HEAD else ()
    yield "      <labels>\n"
    for label in schema.live_labels:
        asked = [attribute for attribute in schema.live_attributes if attribute.is_on(label.id)]
        yield from _label(label.name, label.color, "skeleton" if label.skeleton else "any", asked)
        for point in label.skeleton.points if label.skeleton else ():
            yield from _label(point, label.color, "points", (), label.name)
    yield "      </labels>\n    </task>\n  </meta>\n"


def _label(name: str, color: str, type: str, attributes: Sequence[Attribute], parent: str = "") -> Iterator[str]:
    yield f"        <label>\n          <name>{_text(name)}</name>\n          <color>{color}</color>\n"
    yield f"          <type>{type}</type>\n          <attributes>\n"
    for one in attributes:
        kind = one.kind if one.kind in _KINDS else "select" if one.kind == "tree" else "text"
        offered = "\n".join(_text(option.name) for option in one.options if not option.archived)
        yield f"            <attribute><name>{_text(one.name)}</name><mutable>False</mutable>"
        yield f"<input_type>{kind}</input_type><default_value></default_value><values>{offered}</values></attribute>\n"
    yield "          </attributes>\n"
    yield f"          <parent>{_text(parent)}</parent>\n        </label>\n" if parent else "        </label>\n"


def _image(
    n: int, name: str, item: Item, carries: Carries, schema: Schema, groups: dict[str, int], loss: Loss
) -> Iterator[str]:
    kept: dict[str, Any] = as_read(item.foreign, "cvat")
    told = {"id": str(kept.get("@id", n)), "name": name}
    if split := split_of(item, ""):
        told["subset"] = split
    told |= {"width": str(item.width), "height": str(item.height)}
    told |= {key[1:]: value for key, value in kept.items() if _is_attribute(key, value) and key[1:] not in told}
    yield f"  <image{_attributes(told)}>\n"
    for annotation in item.annotations:
        yield from _shape(annotation, item, carries, schema, groups, loss)
    yield "  </image>\n"


def _shape(
    annotation: NamedAnnotation, item: Item, carries: Carries, schema: Schema, groups: dict[str, int], loss: Loss
) -> Iterator[str]:
    fitted = fit(annotation, carries, item, loss)
    if fitted is None:
        return
    tag, place = element_of(*fitted)
    kept: dict[str, Any] = annotation.foreign.get("cvat") or {}
    told = {"label": annotation.label or "", "source": _FROM[annotation.source]}
    told |= {key[1:]: value for key, value in kept.items() if _is_attribute(key, value)}
    told |= place | (
        {} if tag == "tag" else {"z_order": told.get("z_order", "0"), "occluded": told.get("occluded", "0")}
    )
    if annotation.group is not None:
        told["group_id"] = annotation.group if annotation.group.isdecimal() else str(_number(annotation.group, groups))
    inner = [
        f"<attribute name={quoteattr(clean(name))}>{_text(_value(value))}</attribute>"
        for name, value in all_values(annotation).items()
    ]
    if tag == "skeleton":
        inner += _skeleton_points(annotation, fitted.shape, schema)
    yield f"    <{tag}{_attributes(told)}>{''.join(inner)}</{tag}>\n"


def _number(group: str, groups: dict[str, int]) -> int:
    """A group of ours as a number, high enough to be none of CVAT's own."""
    return groups.setdefault(group, 1_000_000_001 + len(groups))


def _skeleton_points(annotation: NamedAnnotation, flat: Sequence[float], schema: Schema) -> Iterator[str]:
    skeleton = next((label.skeleton for label in schema.live_labels if label.name == annotation.label), None)
    names = skeleton.points if skeleton else [str(n) for n in range(len(flat) // 3)]
    for n, name in enumerate(names):
        x, y, v = flat[3 * n : 3 * n + 3]
        told = {
            "label": name,
            "outside": "0" if v else "1",
            "occluded": "1" if v == 1 else "0",
            "points": f"{spelled(x)},{spelled(y)}",
        }
        yield f"<points{_attributes(told)}></points>"


def _attributes(told: Mapping[str, str]) -> str:
    return "".join(f" {name}={quoteattr(clean(value))}" for name, value in told.items())


def _is_attribute(key: str, value: Any) -> bool:
    return key[:1] == "@" and NAME.fullmatch(key[1:]) is not None and isinstance(value, str)


def _value(value: Any) -> str:
    return ", ".join(map(value_text, cast(list[Any], value))) if isinstance(value, list) else value_text(value)


def _text(text: str) -> str:
    return escape(clean(text), RETURN)
