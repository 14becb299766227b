"""Interchange formats: one module each, read and write, pure streams, with a report of what is lost."""

from collections.abc import Sequence

from penstock.core import NotFound
from penstock.formats.coco import Coco
from penstock.formats.jsonl import Jsonl
from penstock.formats.model import BadItem, Chunk, Format, Item, Loss, NamedAnnotation, Reading, Tree
from penstock.formats.voc import Voc

__all__ = ["BadItem", "Chunk", "Format", "Item", "Loss", "NamedAnnotation", "Reading", "Tree", "detect", "named"]

FORMATS: tuple[Format, ...] = (Jsonl(), Voc(), Coco())


def named(name: str) -> Format:
    """The format with this name (`coco`, `voc`, `jsonl`). Raises NotFound."""
    for format in FORMATS:
        if format.name == name:
            return format
    raise NotFound(what="format", name=name)


def detect(paths: Sequence[str]) -> Format | None:
    """The format that a listing of files looks like, by names alone; None for plain media."""
    return next((format for format in FORMATS if format.recognizes(paths)), None)
