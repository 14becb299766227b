"""A folder for each class, below one for each part of the set: ImageNet, torchvision's ImageFolder, YOLO classify.

The folder that an image is in is its label: a tag. There is nothing else, so one image has one label.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from penstock.core import Invalid
from penstock.formats.carries import Carries, count_file, count_rest, split_named, split_of
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, NamedAnnotation, Tree, is_name
from penstock.formats.tree import is_image
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedLabel, WantedSchema

UNLABELLED = "_unlabelled"


class FoldersInvalid(Invalid):
    """This is not a set of folders: no image is in a folder of its class."""


class FoldersReading:
    """Images in folders of their classes."""

    def __init__(self, tree: Tree) -> None:
        self._images = sorted(path for path in tree.paths() if is_image(path) and "/" in path)
        if not self._images:
            raise FoldersInvalid

    def schema(self) -> WantedSchema:
        found = (_place(path)[1] for path in self._images)
        return WantedSchema(labels={name: WantedLabel() for name in sorted({name for name in found if name})})

    def foreign(self) -> dict[str, Any]:
        return {}

    def used(self) -> frozenset[str]:
        return frozenset()

    def items(self) -> Iterator[Item | BadItem]:
        for path in self._images:
            split, label = _place(path)
            item = Item(key=path, media=path, foreign={"folders": {}})
            if split:
                item.meta["split"] = split
            if label:
                item.annotations.append(NamedAnnotation(kind="tag", label=label, ordinal="0"))
            yield item


def _place(path: str) -> tuple[str | None, str | None]:
    """The part of the set and the class that folders say: `train/<class>/...`, else `.../<class>/<image>`."""
    folders = path.split("/")[:-1]
    at = next((n for n, folder in enumerate(folders) if split_named(folder)), None)
    split = None if at is None else split_named(folders[at])
    rest = folders if at is None else folders[at + 1 :]
    label = rest[0] if at is not None and rest else rest[-1] if rest else None
    return split, label.strip() if label and is_name(label) and label != UNLABELLED else None


class Folders:
    """A folder for each class. Where nothing but images is found, their folders need not be classes: ask by name."""

    page = "folders"
    sign = "by name only"
    carries = Carries(kinds=frozenset({"tag"}), split=True)

    def __init__(self, name: str, title: str) -> None:
        self.name, self.title = name, title

    def recognizes(self, look: Look) -> bool:
        return False

    def read(self, tree: Tree) -> FoldersReading:
        return FoldersReading(tree)

    def media_path(self, item: Item) -> str:
        tag = _tag(item)
        folder = _folder(tag) if tag else UNLABELLED
        parts = item.key.split("/")
        if "folders" in item.foreign:
            parts = parts[-1:]
        return "/".join([split_of(item), folder, *parts])

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        for item in items:
            count_file(item, self.carries, loss)
            tag = _tag(item)
            if tag is None:
                loss.count("without_label")
            loss.count("name_changed", tag is not None and _folder(tag) != tag)
            taken = False
            for annotation in item.annotations:
                if annotation.kind != "tag":
                    loss.count("kind_dropped")
                elif taken:
                    loss.count("tags_dropped")
                else:
                    taken = True
                    count_rest(annotation, self.carries, loss)
        yield from ()


def _folder(label: str) -> str:
    """A label as a folder's name."""
    return label.replace("/", "_").replace("\\", "_") if label.strip(". ") else UNLABELLED


def _tag(item: Item) -> str | None:
    return next((annotation.label for annotation in item.annotations if annotation.kind == "tag"), None)
