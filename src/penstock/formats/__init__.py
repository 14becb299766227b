"""Interchange formats: one module each, read and write, pure streams, with a report of what is lost."""

from penstock.core import NotFound
from penstock.formats.coco import Coco
from penstock.formats.jsonl import Jsonl
from penstock.formats.model import BadItem, Chunk, Format, Item, Loss, NamedAnnotation, Reading, Tree
from penstock.formats.tree import Glance
from penstock.formats.voc import Voc

__all__ = ["BadItem", "Chunk", "Format", "Item", "Loss", "NamedAnnotation", "Reading", "Tree", "detect", "named"]

FORMATS: tuple[Format, ...] = (Jsonl(), Voc(), Coco())


def named(name: str) -> Format:
    """The format with this name, such as `coco`. Raises NotFound."""
    for format in FORMATS:
        if format.name == name:
            return format
    raise NotFound(what="format", name=name)


def detect(tree: Tree) -> Format | None:
    """The format that a set looks like, by names and the beginnings of few files; None for plain media."""
    look = Glance(tree)
    return next((format for format in FORMATS if format.recognizes(look)), None)
