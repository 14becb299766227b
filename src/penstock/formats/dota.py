"""DOTA: a text file for each image: oriented boxes of eight numbers in pixels, a category, whether it is difficult."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from penstock.annotations import geometry as shapes
from penstock.annotations import turned
from penstock.annotations.geometry import BadGeometry
from penstock.core import Invalid, Problem
from penstock.formats import outlines
from penstock.formats.carries import Carries, count_file, fit, split_named, split_of
from penstock.formats.declared import occurring
from penstock.formats.foreign import as_read
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, NamedAnnotation, Tree, is_name
from penstock.formats.tree import content_of, ending, is_image
from penstock.formats.waiting import Places
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedSchema

FOLDER = "labelTxt"
_LARGEST = 64 << 20


class DotaInvalid(Invalid):
    """This is not a DOTA set: there is no text file in a folder `labelTxt`."""


class DotaReading:
    """The text files of one set."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._texts = [path for path in ending(tree.paths(), ".txt") if _is_label(path)]
        if not self._texts:
            raise DotaInvalid
        self._images: dict[str, list[str]] = {}
        for path in tree.paths():
            if is_image(path):
                self._images.setdefault(_stem(path), []).append(path)

    def schema(self) -> WantedSchema:
        return occurring(self.items())

    def foreign(self) -> dict[str, Any]:
        return {}

    def used(self) -> frozenset[str]:
        return frozenset(self._texts)

    def items(self) -> Iterator[Item | BadItem]:
        for path in self._texts:
            folders = set(path.split("/")[:-1])
            near = self._images.get(_stem(path), [])
            image = max(near, key=lambda one: len(folders & set(one.split("/")[:-1])), default=None)
            if image is None:
                yield BadItem(path, "There is no image for these lines.", "dangling-image")
                continue
            item = Item(key=image, media=image, foreign={"dota": {}})
            if split := next((found for part in path.split("/") if (found := split_named(part))), None):
                item.meta["split"] = split
            self._annotate(item, path)
            yield item

    def _annotate(self, item: Item, path: str) -> None:
        lines = content_of(self.tree, path, _LARGEST).decode("utf-8", "replace").splitlines()
        for n, line in enumerate(lines):
            head, colon, value = line.partition(":")
            if colon and head in ("imagesource", "gsd"):
                item.foreign["dota"][head] = value
            elif line.strip():
                try:
                    item.annotations.append(_annotation(line, n))
                except BadGeometry as bad:
                    item.problems.append(Problem(f"{path} line {n + 1}", bad.detail, bad.code))


def _is_label(path: str) -> bool:
    return any(part.startswith(FOLDER) for part in path.split("/")[:-1])


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _annotation(line: str, n: int) -> NamedAnnotation:
    parts = line.replace("\0", "\ufffd").split()
    try:
        corners = [float(part) for part in parts[:8]]
    except ValueError:
        raise BadGeometry(f"The line {line[:60]!r} has something that is no number.", "number") from None
    if len(corners) != 8 or len(parts) < 9 or not is_name(parts[8]):
        raise BadGeometry("A line has eight numbers, a category and whether it is difficult.", "incomplete")
    shapes.check("polyline", corners)
    found = outlines.turned_from_corners(corners) or outlines.turned_box(
        list(zip(corners[::2], corners[1::2], strict=True))
    )
    text = shapes.canonical(shapes.check("rotated_box", [round(number, 6) for number in found]))
    kept = {"difficult": parts[9]} if len(parts) > 9 else {}
    return NamedAnnotation(
        kind="rotated_box", label=parts[8], geometry=text, ordinal=str(n), foreign={"dota": kept} if kept else {}
    )


class Dota:
    """DOTA's text files."""

    name = page = "dota"
    title = "DOTA"
    sign = "`.txt` files in a folder `labelTxt`"
    carries = Carries(kinds=frozenset({"rotated_box"}), split=True, foreign=("dota",))

    def recognizes(self, look: Look) -> bool:
        return any(_is_label(path) for path in look.ending(".txt"))

    def read(self, tree: Tree) -> DotaReading:
        return DotaReading(tree)

    def media_path(self, item: Item) -> str:
        return f"{split_of(item)}/images/{_within(item)}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        places = Places()
        for item in items:
            count_file(item, self.carries, loss)
            path = self.media_path(item).replace("/images/", f"/{FOLDER}/", 1).rpartition(".")[0] + ".txt"
            lines = "".join(f"{line}\n" for line in _lines(item, self.carries, loss))
            yield Chunk(places.take(path, item), lines.encode())


def _within(item: Item) -> str:
    parts = item.key.split("/")
    if "dota" in item.foreign:
        while len(parts) > 1 and (parts[0] == "images" or split_named(parts[0])):
            parts = parts[1:]
    return "/".join(parts)


def _lines(item: Item, carries: Carries, loss: Loss) -> Iterator[str]:
    kept: dict[str, Any] = as_read(item.foreign, "dota")
    yield from (f"{head}:{kept[head]}" for head in ("imagesource", "gsd") if head in kept)
    for annotation in item.annotations:
        fitted = fit(annotation, carries, item, loss)
        if fitted is not None:
            label = "-".join((annotation.label or "").split())
            loss.count("name_changed", label != annotation.label)
            own: dict[str, Any] = annotation.foreign.get("dota") or {}
            corners = turned.of(fitted.kind, fitted.shape).outline()
            numbers = (repr(round(n, 6)) for n in corners)
            yield " ".join([*numbers, label, str(own.get("difficult", "0"))])
