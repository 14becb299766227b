"""A small set of drawn images with annotations of every kind, written by a format into a folder."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from penstock import formats
from penstock.annotations import geometry, rle
from penstock.formats import Enclosing, Item, Loss, NamedAnnotation
from penstock.schema import Schema, WantedSchema, planned

WIDTH, HEIGHT = 64, 48
SCHEMA = planned(
    Schema(version=0),
    WantedSchema.model_validate(
        {
            "labels": {
                "car": {"foreign": {"coco": {"id": 3, "supercategory": "vehicle"}}},
                "two words": {"foreign": {"coco": {"id": 90}}},
                "body": {"skeleton": {"points": ["head", "hand", "foot"], "edges": [[0, 1]]}},
            },
            "attributes": {"occluded": {"kind": "checkbox"}},
        }
    ),
)


def picture(key: str) -> bytes:
    drawn = np.random.default_rng(len(key)).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(drawn).save(buffer, "PNG")
    return buffer.getvalue()


class Media:
    """The drawn images' bytes."""

    def size(self, item: Item) -> int:
        return len(picture(item.key))

    def chunks(self, item: Item) -> Iterator[bytes]:
        yield picture(item.key)


def made(kind: Any, shape: Any, label: str = "car", **fields: Any) -> NamedAnnotation:
    text = geometry.canonical(geometry.check(kind, shape))
    return NamedAnnotation(kind=kind, label=label, geometry=text, **fields)


def items() -> list[Item]:
    mask = rle.from_polygon([[[30, 20, 50, 20, 50, 40, 30, 40]]], HEIGHT, WIDTH)
    shapes = [
        made("box", [4, 5, 20.5, 10]),
        made("polygon", [[[2, 2, 22, 2, 22, 12.5]], [[40, 30, 50, 30, 45, 40]]], "two words"),
        made("mask", mask),
        made("keypoints", [10, 10, 2, 20, 20, 1, 0, 0, 0], "body"),
    ]
    tags = [made("tag", None, "car")]
    return [
        Item(key="a.png", width=WIDTH, height=HEIGHT, annotations=shapes, meta={"split": "train"}),
        Item(key="b.png", width=WIDTH, height=HEIGHT, annotations=tags, meta={"split": "val"}),
    ]


Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """`written("coco", kinds={"box"})`: the folder that a format made of the annotations of these kinds."""

    def write(name: str, kinds: set[str]) -> Path:
        format = formats.named(name)
        things = items()
        for item in things:
            item.annotations = [annotation for annotation in item.annotations if annotation.kind in kinds]
        encloses = isinstance(format, Enclosing)
        chunks = (
            format.write_with(things, SCHEMA, Loss(), {}, Media()) if encloses else format.write(things, SCHEMA, Loss())
        )
        for chunk in chunks:
            path = tmp_path / chunk.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(chunk.data)
        for item in () if encloses else things:
            path = tmp_path / format.media_path(item)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture(item.key))
        return tmp_path

    return write
