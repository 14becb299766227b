"""Masks as pictures: one PNG for each image, whose pixels are numbers of classes. Semantic, so without objects.

The names of classes are in `classes.csv` (id, name, colour); `classes.txt` and `labelmap.txt` are read too.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from penstock.annotations.geometry import BadGeometry, canonical
from penstock.core import Invalid, Problem
from penstock.formats import classes, pictures
from penstock.formats.carries import Carries, count_file, fit, split_named, split_of
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, NamedAnnotation, Tree
from penstock.formats.pictures import Colour
from penstock.formats.tree import content_of, ending, is_image
from penstock.formats.waiting import Places
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedSchema

CLASSES = "classes.csv"
FOLDERS = frozenset({"masks", "mask", "segmentationclass", "labels_png"})
_LARGEST = 256 << 20


class MasksInvalid(Invalid):
    """This is no set of mask pictures: no PNG in a folder `masks` has the name of an image elsewhere."""


class MasksReading:
    """The pictures of one set."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        images = [path for path in tree.paths() if is_image(path) and not _is_mask(path)]
        by_stem: dict[str, list[str]] = {}
        for path in ending(tree.paths(), ".png"):
            if _is_mask(path):
                by_stem.setdefault(_stem(path), []).append(path)
        self._masks = {image: mask for image in images if (mask := _nearest(image, by_stem)) is not None}
        self._images = images
        if not self._masks:
            raise MasksInvalid
        self._names, self._colours, self._files = _classes(tree)
        self._schema: WantedSchema | None = None

    def schema(self) -> WantedSchema:
        """The classes that are listed; without a list all pictures are looked through for numbers."""
        if not self._names:
            found = (item.annotations for item in self.items() if isinstance(item, Item))
            numbers = {int(annotation.label or 0) for annotations in found for annotation in annotations}
            return classes.wanted({number: str(number) for number in sorted(numbers)}, "masks")
        return classes.wanted(self._names, "masks")

    def foreign(self) -> dict[str, Any]:
        return {}

    def used(self) -> frozenset[str]:
        return frozenset({*self._masks.values(), *self._files})

    def items(self) -> Iterator[Item | BadItem]:
        for image in sorted(self._images):
            item = Item(key=image, media=image, foreign={"masks": {}})
            if split := next((found for part in image.split("/")[:-1] if (found := split_named(part))), None):
                item.meta["split"] = split
            if image in self._masks:
                self._annotate(item, self._masks[image])
            yield item

    def _annotate(self, item: Item, path: str) -> None:
        try:
            numbers = pictures.numbers_of(content_of(self.tree, path, _LARGEST), self._colours)
        except BadGeometry as bad:
            item.problems.append(Problem(path, bad.detail, bad.code))
            return
        item.height, item.width = numbers.shape
        if (numbers == -1).any():
            item.problems.append(Problem(path, "The picture has colours that no class has.", "colour"))
        for number, mask in pictures.masks_of(numbers):
            label = self._names.get(number, str(number))
            made = NamedAnnotation(kind="mask", label=label, geometry=canonical(mask), ordinal=str(number))
            item.annotations.append(made)


def _is_mask(path: str) -> bool:
    return any(part.lower() in FOLDERS for part in path.split("/")[:-1])


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _nearest(image: str, by_stem: Mapping[str, list[str]]) -> str | None:
    """The picture of the same name whose folders are the most alike."""
    parts = set(image.split("/")[:-1])

    def likeness(path: str) -> tuple[int, int, str]:
        folders = set(path.split("/")[:-1])
        return len(parts & folders), -len(folders - parts), path

    return max(by_stem.get(_stem(image), []), key=likeness, default=None)


def _classes(tree: Tree) -> tuple[dict[int, str], dict[Colour, int], list[str]]:
    """Names by number, and numbers by colour."""
    for path in tree.paths():
        name = path.rpartition("/")[2].lower()
        if name in ("classes.csv", "classes.txt", "labelmap.txt"):
            with closing(tree.open(path)) as stream:
                lines = stream.read(4 << 20).decode("utf-8-sig", "replace").splitlines()
            if name == "classes.csv":
                return *_csv_classes(lines), [path]
            if name == "labelmap.txt":
                return *_label_map(lines), [path]
            return classes.listed(lines), {}, [path]
    return {}, {}, []


def _csv_classes(lines: list[str]) -> tuple[dict[int, str], dict[Colour, int]]:
    names: dict[int, str] = {}
    colours: dict[Colour, int] = {}
    try:
        rows = list(csv.DictReader(lines))
    except csv.Error:
        rows = []
    for row in rows:
        number, name, colour = row.get("id") or "", row.get("name") or "", row.get("colour") or row.get("color") or ""
        if number.isdecimal() and len(number) < 9:
            names[int(number)] = name
            if match := re.fullmatch(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", colour.lower()):
                r, g, b = (int(part, 16) for part in match.groups())
                colours[r, g, b] = int(number)
    return names, colours


def _label_map(lines: list[str]) -> tuple[dict[int, str], dict[Colour, int]]:
    """`name:r,g,b:parts:actions`, a line for each class; the first one is the background."""
    names: dict[int, str] = {}
    colours: dict[Colour, int] = {}
    for line in lines:
        match = re.match(r"([^:#][^:]*):(\d{1,3}),(\d{1,3}),(\d{1,3})", line)
        if match:
            r, g, b = (int(part) for part in match.groups()[1:])
            colours[r, g, b] = len(names)
            names[len(names)] = match[1].strip()
    return names, colours


class Masks:
    """Pictures of classes."""

    name = page = "masks"
    title = "Mask PNGs"
    sign = "PNGs in a folder `masks` with the names of images elsewhere"
    carries = Carries(kinds=frozenset({"mask"}), split=True, foreign=("masks",))

    def recognizes(self, look: Look) -> bool:
        masks = {_stem(path) for path in look.ending(".png") if _is_mask(path)}
        return bool(masks) and any(
            _stem(path) in masks for path in look.paths() if is_image(path) and not _is_mask(path)
        )

    def read(self, tree: Tree) -> MasksReading:
        return MasksReading(tree)

    def media_path(self, item: Item) -> str:
        return f"images/{split_of(item)}/{_within(item)}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        numbers = classes.numbered(schema, "masks", loss, first=1)
        places = Places()
        for item in items:
            count_file(item, self.carries, loss)
            if not (item.width and item.height):
                loss.count("size_unknown", len(item.annotations))
                continue
            every = [
                (numbers[annotation.label or ""], found.shape)
                for annotation in item.annotations
                if annotation.label in numbers and (found := fit(annotation, self.carries, item, loss))
            ]
            fitted = [(number, mask) for number, mask in every if pictures.is_sized(mask, item)]
            loss.count("size_unknown", len(every) - len(fitted))
            loss.count("kind_dropped", sum(annotation.label not in numbers for annotation in item.annotations))
            loss.count("objects_joined", len(fitted) - len({number for number, _ in fitted}))
            path = self.media_path(item).replace("images/", "masks/", 1).rpartition(".")[0] + ".png"
            yield Chunk(places.take(path, item), pictures.png(pictures.drawn(fitted, item.height, item.width, loss)))
        yield Chunk(CLASSES, _listing(numbers))


def _within(item: Item) -> str:
    parts = item.key.split("/")
    if "masks" in item.foreign:
        while len(parts) > 1 and (parts[0] == "images" or split_named(parts[0])):
            parts = parts[1:]
    return "/".join("masks_" if part.lower() in FOLDERS else part for part in parts)


def _listing(numbers: Mapping[str, int]) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["id", "name", "colour"])
    colours = pictures.palette(max(256, len(numbers) + 1))
    rows.writerows([number, name, "#{:02x}{:02x}{:02x}".format(*colours[number])] for name, number in numbers.items())
    return text.getvalue().encode("utf-8", "replace")
