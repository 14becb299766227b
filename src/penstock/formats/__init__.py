"""Interchange formats: one module each, read and write, pure streams, with a report of what is lost."""

from penstock.core import Invalid, NotFound
from penstock.formats.coco import Coco
from penstock.formats.createml import CreateML
from penstock.formats.cvat import Cvat
from penstock.formats.diffgram import Diffgram
from penstock.formats.dota import Dota
from penstock.formats.folders import Folders
from penstock.formats.jsonl import Jsonl
from penstock.formats.label_studio import LabelStudio
from penstock.formats.labelbox import Labelbox
from penstock.formats.labelme import LabelMe
from penstock.formats.mask_pictures import Masks
from penstock.formats.model import (
    BadItem,
    Chunk,
    Containing,
    Deferred,
    Deferring,
    Enclosing,
    Finishing,
    Format,
    Item,
    Loss,
    Media,
    NamedAnnotation,
    Readable,
    Reading,
    Sharing,
    Tree,
    Writing,
)
from penstock.formats.open_images import OpenImages
from penstock.formats.panoptic import Panoptic
from penstock.formats.parquet import Parquet
from penstock.formats.tag_table import TagTable
from penstock.formats.traced import Fractional, Traced, Tracing
from penstock.formats.tree import Glance
from penstock.formats.via import Via
from penstock.formats.voc import Voc
from penstock.formats.webdataset import WebDataset
from penstock.formats.yolo import Darknet, Yolo

__all__ = [
    "BadItem",
    "Chunk",
    "Containing",
    "Deferred",
    "Deferring",
    "Enclosing",
    "Finishing",
    "Format",
    "Fractional",
    "Item",
    "Loss",
    "Media",
    "NamedAnnotation",
    "Readable",
    "Reading",
    "Sharing",
    "Traced",
    "Tracing",
    "Tree",
    "Writing",
    "detect",
    "named",
    "readable",
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
    Labelbox(),
    Via(),
    OpenImages(),
    TagTable(),
    Voc("voc", "Pascal VOC", segment=False),
    Voc("voc-segment", "Pascal VOC with segmentation", segment=True),
    Masks(),
    Panoptic(),
    Coco(),
)


READ_ONLY: tuple[Readable, ...] = (Diffgram(),)
"""Formats that users come from, and don't go to."""


class FormatReadOnly(Invalid):
    """{name!r} can be read, but not written. Choose another format."""


def named(name: str) -> Format:
    """The format with this name, such as `coco`, to be written. Raises NotFound, FormatReadOnly."""
    for format in FORMATS:
        if format.name == name:
            return format
    if any(format.name == name for format in READ_ONLY):
        raise FormatReadOnly(name=name)
    raise NotFound(what="format", name=name)


def readable(name: str) -> Readable:
    """The format with this name, to be read. Raises NotFound."""
    return next((format for format in READ_ONLY if format.name == name), None) or named(name)


def detect(tree: Tree) -> Readable | None:
    """The format that a set looks like, by names and the beginnings of few files; None for plain media."""
    look = Glance(tree)
    return next((format for format in (*READ_ONLY, *FORMATS) if format.recognizes(look)), None)
