"""Sets of files in memory, and strategies for items as formats know them."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from hypothesis import strategies as st

from penstock.annotations import geometry
from penstock.formats import BadItem, Enclosing, Format, Item, Loss, NamedAnnotation
from penstock.formats.scaling import in_pixels
from penstock.schema import Schema, WantedSchema, planned
from strategies import HEIGHT, WIDTH, drawn


class MemoryTree:
    """A tree of files by their paths."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def paths(self) -> Sequence[str]:
        return sorted(self.files)

    def open(self, path: str) -> BinaryIO:
        return io.BytesIO(self.files[path])


SCHEMA = planned(
    Schema(version=0),
    WantedSchema.model_validate(
        {
            "labels": {
                "car": {},
                "Größe & <tag>": {"foreign": {"coco": {"id": 90, "supercategory": "x"}}},
                "body": {"skeleton": {"points": ["a", "b", "c"], "edges": [[0, 1], [1, 2]]}},
            },
            "attributes": {
                "occluded": {"kind": "checkbox"},
                "colour": {"kind": "select", "options": ["red", "dark blue"]},
                "parts": {"kind": "multi_select", "options": ["door", "wheel"]},
                "note": {"kind": "text"},
                "speed": {"kind": "number"},
                "weather": {"kind": "radio", "options": ["sun", "rain"], "per": "file"},
            },
        }
    ),
)

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
values = st.fixed_dictionaries(
    {},
    optional={
        "occluded": st.booleans(),
        "colour": st.sampled_from(["red", "dark blue"]),
        "parts": st.lists(st.sampled_from(["door", "wheel"]), unique=True),
        "note": texts,
        "speed": st.floats(allow_nan=False, allow_infinity=False, width=32),
    },
)


@st.composite
def annotations(draw: st.DrawFn, kinds: Iterable[str] | None = None, holes: bool = True) -> NamedAnnotation:
    kind, shape = draw(drawn(inside=True, holes=holes, kinds=kinds))
    keypoints = kind == "keypoints"
    return NamedAnnotation(
        kind=kind,  # type: ignore[arg-type]: drawn from the kinds
        label="body" if keypoints else draw(st.sampled_from(["car", "Größe & <tag>"])),
        geometry=geometry.canonical(geometry.check(kind, shape)),  # type: ignore[arg-type]
        attributes=draw(values),
        confidence=draw(st.none() | st.floats(0, 1)),
        group=draw(st.none() | st.just("g1")),
    )


@st.composite
def items(draw: st.DrawFn, kinds: Iterable[str] | None = None, holes: bool = True, least: int = 0) -> list[Item]:
    """Items with different keys."""
    keys = draw(
        st.lists(st.sampled_from(["a", "b c", "é", "f/g", "f/h", "a.b"]), min_size=least, max_size=3, unique=True)
    )
    return [
        Item(
            key=f"{key}.jpg",
            width=WIDTH,
            height=HEIGHT,
            annotations=draw(st.lists(annotations(kinds, holes), max_size=3)),
        )
        for key in keys
    ]


def written(
    format: Format, things: Iterable[Item], schema: Schema = SCHEMA, foreign: Any = None, loss: Loss | None = None
) -> MemoryTree:
    """What a format writes, with empty media beside it."""
    things, loss = list(things), Loss() if loss is None else loss
    files: dict[str, bytes] = {}
    encloses = isinstance(format, Enclosing)
    chunks = (
        format.write_with(things, schema, loss, foreign, Pixels())
        if encloses
        else format.write(things, schema, loss, foreign)
    )
    for chunk in chunks:
        files[chunk.path] = files.get(chunk.path, b"") + chunk.data
    return MemoryTree(files | ({} if encloses else {format.media_path(item): b"" for item in things}))


class Pixels:
    """Media for formats that enclose them: the key."""

    def size(self, item: Item) -> int:
        return len(item.key.encode())

    def chunks(self, item: Item) -> Iterator[bytes]:
        yield item.key.encode()


def read(format: Format, tree: MemoryTree) -> list[Item]:
    """Everything in a set, where nothing may be bad."""
    found = list(format.read(tree).items())
    assert not [item for item in found if isinstance(item, BadItem) or item.problems]
    return [in_pixels(item, WIDTH, HEIGHT) for item in found if isinstance(item, Item)]


def essence(annotation: NamedAnnotation) -> tuple[Any, ...]:
    """What must survive: kind, label, shape, values."""
    return (annotation.kind, annotation.label, bytes(annotation.geometry), annotation.attributes)
