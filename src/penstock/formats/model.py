"""What every format is read into and written from: items, one for each file, with annotations by *names*.

Formats are pure streams. They know no database and no ids of ours: labels, attributes and options appear by name, and
`naming` turns names into ids and back with a schema. A reader never stops at one bad thing: it yields a `BadItem`, or
an item with `problems`, and goes on. A writer counts what its format can't carry in a `Loss`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol, runtime_checkable
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from pydantic import TypeAdapter, ValidationError

from penstock.annotations.geometry import Bounds
from penstock.annotations.model import NOTHING, Source
from penstock.core import Problem
from penstock.schema.model import Kind, Name, Schema
from penstock.schema.wanted import WantedSchema

if TYPE_CHECKING:
    from penstock.formats.carries import Carries


class NamedAnnotation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An annotation as formats know it: like ours, with names in place of ids."""

    kind: Kind
    label: str | None = None
    geometry: msgspec.Raw = NOTHING  #: canonical JSON text, as in `annotations.Annotation`
    attributes: dict[str, Any] = {}  #: by attribute name; options by name
    source: Source = "import"
    confidence: float | None = None
    group: str | None = None
    at: dict[str, Any] | None = None
    ordinal: str = ""  #: the source's own id of it, else its position; makes importing again safe
    id: UUID | None = None  #: our id, in our own format only
    author: str | None = None
    foreign: dict[str, dict[str, Any]] = {}
    bounds: Bounds | UnsetType = UNSET
    """Of a geometry that its reader has checked and spelled canonically, beside foreign keys without the character NUL.
    What has none is checked when it comes in."""


class Item(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One file with its annotations. `width` and `height` are what the format says (0: it doesn't say)."""

    key: str  #: the file's name in the set, a relative path with forward slashes
    media: str | None = None  #: where its bytes are in the tree it was read from; None when they weren't found
    width: int = 0
    height: int = 0
    meta: dict[str, Any] = {}
    attributes: dict[str, Any] = {}  #: the file's own attributes, by name
    annotations: list[NamedAnnotation] = []
    foreign: dict[str, Any] = {}
    problems: list[Problem] = []  #: annotations that were left out, and why
    hash: str | None = None  #: SHA-256 of the bytes in hex, when known
    fractional: bool = False  #: coordinates are fractions of the image's width and height; whoever knows these scales


class Deferred(msgspec.Struct, kw_only=True):
    """An item whose annotations are still the texts that its set has."""

    item: Item
    raws: Sequence[bytes | msgspec.Raw] = ()
    together: int | None = None
    """How many they are, where the texts are several ones each, as the format joins them."""
    part: str = ""  #: of the set: the path of an annotation file

    @property
    def count(self) -> int:
        """How many annotations these texts are."""
        return len(self.raws) if self.together is None else self.together


class BadItem(msgspec.Struct, frozen=True):
    """Something in a set that can't be read at all; the rest goes on."""

    key: str  #: which item, or where in the set
    detail: str
    code: str = "unreadable"


class Loss:
    """What a format couldn't carry, counted by code. `WORDS` says what each code means."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def count(self, code: str, n: int = 1) -> None:
        if n:
            if code not in WORDS:
                raise KeyError(code)
            self.counts[code] += n

    def count_unsaid(self, annotation: NamedAnnotation) -> None:
        """Count what no format but ours has a place for."""
        if annotation.source != "import" or annotation.author is not None:
            self.count("provenance_dropped")
        if annotation.at is not None:
            self.count("at_dropped")

    def as_dict(self) -> dict[str, int]:
        """Counts by code, in the order of codes, for manifests."""
        return dict(sorted(self.counts.items()))


WORDS: dict[str, str] = {
    "kind_dropped": "Annotations of a kind that the format doesn't have, or of archived labels, are left out.",
    "shape_to_box": "Polygons, masks, rotated boxes and ellipses are written as the upright box around them.",
    "shape_to_polygon": "Boxes are written as four corners, ellipses as 64 points, masks as outlines of their pixels.",
    "shape_to_mask": "Shapes are written as masks: their pixels, without their corners.",
    "shape_to_rotated_box": "Shapes are written as the smallest rotated box around them.",
    "rings_to_mask": "Polygons of several parts, or with holes, are written as masks: their pixels.",
    "rings_joined": "Parts and holes of polygons are joined to one ring by lines of no width.",
    "holes_to_mask": "Polygons with holes are written as masks: the same pixels, without the corners.",
    "holes_dropped": "Holes are left out: the image's size isn't known, or they leave no pixel.",
    "attributes_dropped": "Values of attributes are left out.",
    "confidence_dropped": "Confidences are left out.",
    "group_dropped": "Which annotations belong together is left out.",
    "name_changed": "Names of labels are written with another character in place of a space or a slash.",
    "tags_dropped": "A file can have one label, so its other tags are left out.",
    "without_label": "Files without a label stand aside, in a folder of their own.",
    "objects_joined": "Objects of one class are one mask.",
    "covered": "Annotations are covered in part, or wholly, by later ones.",
    "size_unknown": "Annotations are left out because the image's size isn't known, or a mask has another.",
    "provenance_dropped": "Who or what made an annotation is left out.",
    "file_attributes_dropped": "Values of attributes that are asked per file are left out.",
    "meta_dropped": "Metadata of files are left out.",
    "at_dropped": "Frames and times are left out.",
    "set_foreign_dropped": "What a set in another format said of itself is left out.",
    "set_foreign_differs": "Several sets said different things of themselves; the first one's are written.",
    "image_id_changed": "Images get a new id: an earlier one has the same, or theirs is no whole number.",
    "annotation_id_changed": "Annotations get a new id: an earlier one has the same, or theirs is no whole number.",
    "category_id_changed": "Labels get a new number: an earlier one has the same, or theirs can't be kept.",
    "label_dropped": "Annotations of labels that a transform drops are left out.",
    "cut_off": "What annotations have outside a tile or crop is left out of it.",
    "keypoints_outside": "Keypoints outside a tile or crop are not marked on it.",
    "too_little_left": "Annotations of which too little is on a tile or crop are left out of it.",
    "on_no_piece": "Annotations are on no tile and no crop at all.",
    "too_small": "Annotations are left out: a transform, or drawing them as pixels or boxes, leaves nothing of them.",
    "corners_skewed": "Rotated boxes that a resize skews are written as the smallest rotated box around them.",
    "empty_left_out": "Tiles without annotations are left out.",
    "nothing_to_crop": "Files without an annotation to crop to are left out.",
    "foreign_dropped": "Ids and keys that files, labels and annotations have from another format are left out.",
    "crowd_dropped": "Annotations of crowds are written as if each were of one object.",
    "not_an_image": "Files that aren't images are left out.",
}
"""Each loss code in words."""


_NAME = TypeAdapter[str](Name)


def is_name(text: str) -> bool:
    """Whether a schema could have a label or an attribute of this name."""
    try:
        _NAME.validate_python(text)
    except ValidationError:
        return False
    return True


def number_of(value: Any) -> float | None:
    """A number of a document from outside; None for anything else, and for one that no float can hold."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < 1e300 else None


def without_nul(text: bytes) -> bytes:
    """JSON text with the one character that PostgreSQL can't store replaced."""
    return text.replace(b"\\u0000", b"\\ufffd") if b"\\u0000" in text else text


class Tree(Protocol):
    """A set of files to read from: a folder, an archive, a bucket prefix."""

    def paths(self) -> Sequence[str]:
        """All files, relative, with forward slashes."""
        ...

    def open(self, path: str) -> BinaryIO:
        """The bytes of one file, to be closed by whoever asked. Raises FileNotFoundError."""
        ...


class Reading(Protocol):
    """One set, being read."""

    def schema(self) -> WantedSchema:
        """The labels and attributes that the set declares; may read the whole set when the format has no list."""
        ...

    def items(self) -> Iterator[Item | BadItem]:
        """Each file once, in the set's own order. May be called again, from the start."""
        ...

    def foreign(self) -> dict[str, Any]:
        """What the set says about itself that has no place with us (COCO's info and licenses), for writing it again."""
        ...

    def used(self) -> frozenset[str]:
        """Paths of annotation files: those are not media."""
        ...


@runtime_checkable
class Containing(Protocol):
    """A reading whose media are inside its annotation files, and not files of the tree."""

    def content(self, item: Item) -> bytes | None:
        """The bytes of the item that `items` gave last; None when it has none, or they are in the tree."""
        ...


@runtime_checkable
class Deferring(Protocol):
    """A reading that can leave annotations as texts, to be made by `Finishing.finish` later, in another process."""

    def deferred(self) -> Iterator["Deferred | BadItem"]:
        """As `Reading.items`."""
        ...

    def told(self) -> bytes:
        """What the set says that those texts don't say themselves."""
        ...


@runtime_checkable
class Finishing(Protocol):
    """The format of such readings."""

    def finish(self, told: bytes, some: Sequence["Deferred"]) -> None:
        """Put the annotations of some items, and their problems, into them."""
        ...


class Media(Protocol):
    """The bytes of items, for writers that put them into their own files."""

    def size(self, item: Item) -> int:
        """How many there are."""
        ...

    def chunks(self, item: Item) -> Iterator[bytes]:
        """All of them, checked to be what they were."""
        ...


class Chunk(NamedTuple):
    """Bytes to append to one file of the output. All chunks of a file come before the next file's."""

    path: str
    data: bytes


class Look(Protocol):
    """A set at a glance: what formats are recognized by."""

    def paths(self) -> Sequence[str]:
        """All files."""
        ...

    def ending(self, *suffixes: str) -> Sequence[str]:
        """Files whose names end so, in lower case, in their order."""
        ...

    def head(self, path: str) -> bytes:
        """The first bytes of a file."""
        ...


class Readable(Protocol):
    """One interchange format that can be read."""

    name: str
    title: str
    page: str  #: of the docs' reference
    sign: str  #: what it is recognized by, for the docs
    carries: "Carries"

    def recognizes(self, look: Look) -> bool:
        """Whether a set looks like one in this format, by the names of its files and the beginnings of few."""
        ...

    def read(self, tree: Tree) -> Reading:
        """Open a set. Raises FormatInvalid when nothing of it can be read."""
        ...


class Format(Readable, Protocol):
    """One that can be written too."""

    def media_path(self, item: Item) -> str:
        """Where an item's media belongs in a set in this format."""
        ...

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        """The annotation files of a set: the same items in the same order give the same bytes. Flat in memory.

        Names in `items` are the schema's. `foreign` is what `Reading.foreign` gave. `loss` is whole at the end.
        """
        ...


class Writing(Protocol):
    """A set that is being written by one process, or by several of which each writes some of its items.

    What another wrote is taken over in the order of the items, between others of them.
    """

    def items(self, items: Iterable[Item]) -> Iterator[Chunk]:
        """The next items: what can be written of them by now. To be taken whole."""
        ...

    def end(self) -> Iterator[Chunk]:
        """What is written when there are no more."""
        ...

    def told(self) -> bytes | None:
        """What others have to know to write items behind those that were written so far; None: these don't tell."""
        ...

    def leave(self) -> Iterator[bytes]:
        """What has to be known of items that were written for another, beside their chunks."""
        ...

    def take(self, left: BinaryIO) -> bool:
        """Take over items that another wrote, and left so; False when they have to be written here, since something of
        them depends on earlier items. Raises what writing them raises.
        """
        ...

    def close(self) -> None:
        """Let go of what is held. Safe to repeat."""
        ...


@runtime_checkable
class Sharing(Format, Protocol):
    """A format whose sets can be written by several processes. What they write together is what `write` writes."""

    goes_on: bool
    """Whether items add to a file that others add to as well; else each file is of items that come together."""

    def begin(self, schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None, told: bytes | None) -> Writing:
        """A set's beginning; with `told`, some items in its midst. The arguments are those of `write`."""
        ...


def whole(writing: Writing, items: Iterable[Item]) -> Iterator[Chunk]:
    """A set that is written by one."""
    try:
        yield from writing.items(items)
        yield from writing.end()
    finally:
        writing.close()


@runtime_checkable
class Enclosing(Protocol):
    """A format that can write media into its own files."""

    def write_with(
        self,
        items: Iterable[Item],
        schema: Schema,
        loss: Loss,
        foreign: Mapping[str, Any] | None,
        media: Media,
    ) -> Iterator[Chunk]:
        """As `Format.write`, with the media inside: nothing is to be put at `media_path`."""
        ...
