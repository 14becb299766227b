"""Interchange formats: one module each, read and write, pure streams, with a report of what is lost."""

from penstock.core import NotFound
from penstock.formats.coco import Coco
from penstock.formats.createml import CreateML
from penstock.formats.cvat import Cvat
from penstock.formats.dota import Dota
from penstock.formats.folders import Folders
from penstock.formats.jsonl import Jsonl
from penstock.formats.label_studio import LabelStudio
from penstock.formats.labelme import LabelMe
from penstock.formats.mask_pictures import Masks
from penstock.formats.model import (
    BadItem,
    Chunk,
    Containing,
    Enclosing,
    Format,
    Item,
    Loss,
    Media,
    NamedAnnotation,
    Reading,
    Tree,
)
from penstock.formats.open_images import OpenImages
from penstock.formats.panoptic import Panoptic
from penstock.formats.parquet import Parquet
from penstock.formats.tag_table import TagTable
from penstock.formats.tree import Glance
from penstock.formats.voc import Voc
from penstock.formats.webdataset import WebDataset
from penstock.formats.yolo import Darknet, Yolo

__all__ = [
    "BadItem",
    "Chunk",
    "Containing",
    "Enclosing",
    "Format",
    "Item",
    "Loss",
    "Media",
    "NamedAnnotation",
    "Reading",
    "Tree",
    "detect",
    "named",
]

FORMATS: tuple[Format, ...] = (
    Jsonl(),
    WebDataset(),
    Parquet(),
    Yolo("yolo", "YOLO detect (Ultralytics)", None),
    Yolo("yolo-segment", "YOLO segment", "segment"),
    Yolo("yolo-pose", "YOLO pose", "pose"),
    Yolo("yolo-obb", "YOLO OBB", "obb"),
    Dota(),
    Darknet(),
    Folders("imagenet", "ImageNet folders"),
    Folders("yolo-classify", "YOLO classify"),
    Cvat(),
    LabelStudio(),
    CreateML(),
    LabelMe(),
    OpenImages(),
    TagTable(),
    Voc(),
    Masks(),
    Panoptic(),
    Coco(),
)


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
