"""Applying an export's transforms: to a file's image, its annotations, its metadata, one file after the other.

The law: the same file and the same transforms give the same pieces with the same bytes. Whatever is left out on the way
is counted in the export's loss report.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec

from penstock.annotations import geometry
from penstock.annotations.cutting import Window
from penstock.annotations.geometry import BadGeometry
from penstock.core.ids import import_uuid
from penstock.datasets import drawing
from penstock.datasets.tables import FileState
from penstock.export import picturing, relabelling, seeing, stretching
from penstock.export.picturing import Picture
from penstock.export.shelf import Shelf
from penstock.export.transforms import PARTS, Boxes, Crop, Labels, Resize, Split, Tile, Transform
from penstock.formats import Item, Loss, NamedAnnotation
from penstock.formats.foreign import as_read
from penstock.formats.scaling import rounded
from penstock.schema.model import Kind, Schema

_REFRAMING = (Resize, Tile, Crop)
_THREADS = min(4, os.cpu_count() or 1)
_BIG_PIXELS = 40_000_000
"""Larger images are made one at a time: each may take a gigabyte."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or a part of its image, on its way through the transforms."""

    item: Item
    picture: Picture | None  #: None when no transform looks at images
    state: FileState

    def with_annotations(self, annotations: list[NamedAnnotation]) -> "Piece":
        return replace(self, item=msgspec.structs.replace(self.item, annotations=annotations))


_Step = Callable[[Piece], Iterator[Piece]]
_Made = tuple[FileState, Item]


class _Counting(Loss):
    """A loss report that several threads count in."""

    def __init__(self, of: Loss) -> None:
        super().__init__()
        self._of, self._lock = of, threading.Lock()

    def count(self, code: str, n: int = 1) -> None:
        with self._lock:
            self._of.count(code, n)


class Reshaping:
    """The transforms of one export. `schema` is the one that is left after them."""

    def __init__(self, transforms: Sequence[Transform], schema: Schema, loss: Loss, shelf: Shelf | None) -> None:
        """Without a shelf no image is made, for exports without media."""
        self.schema = relabelling.after(schema, transforms)
        self._loss = _Counting(loss)
        self._shelf = shelf
        self._big = threading.Lock()
        self._reframes = any(isinstance(one, _REFRAMING) for one in transforms)
        self._steps = [self._step(one) for one in transforms]

    @property
    def makes_pictures(self) -> bool:
        """Whether images are made, which takes most of the time, and room on the shelf."""
        return self._shelf is not None and self._reframes

    def _step(self, transform: Transform) -> _Step:
        match transform:
            case Resize():
                return partial(self._resize, transform)
            case Tile():
                return partial(self._tile, transform)
            case Crop():
                return partial(self._crop_each if transform.each else self._crop, transform)
            case Labels():
                return partial(self._relabel, transform)
            case Boxes():
                return partial(self._box, transform)
            case Split():
                return partial(_part, transform)

    def of_many(self, files: Iterable[_Made]) -> Iterator[_Made]:
        """What files become, in their order. Images are made by several threads, some files ahead."""
        if not self.makes_pictures:
            for state, item in files:
                yield from self.pieces(state, item)
            return
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="penstock-transforms") as pool:
            ahead: deque[Future[list[_Made]]] = deque()
            try:
                for state, item in files:
                    ahead.append(pool.submit(self._all_pieces, state, item))
                    if len(ahead) > 2 * _THREADS:
                        yield from ahead.popleft().result()
                while ahead:
                    yield from ahead.popleft().result()
            finally:
                for future in ahead:
                    future.cancel()

    def _all_pieces(self, state: FileState, item: Item) -> list[_Made]:
        if (state.width or 0) * (state.height or 0) <= _BIG_PIXELS:
            return list(self.pieces(state, item))
        with self._big:
            return list(self.pieces(state, item))

    def pieces(self, state: FileState, item: Item) -> Iterator[_Made]:
        """What a file becomes. Raises MediaDamaged."""
        picture = None
        if self._reframes:
            if not (state.width and state.height and picturing.is_writable(state.mime)):
                self._loss.count("not_an_image")
                return
            picture = picturing.stored((state.width, state.height), state.key, state.hash, partial(self._load, state))
        for piece in self._through(Piece(item, picture, state), 0):
            yield self._finished(piece, picture)

    def _load(self, state: FileState) -> bytes:
        assert self._shelf is not None
        return self._shelf.content(state.hash, state.key)

    def _through(self, piece: Piece, at: int) -> Iterator[Piece]:
        if at == len(self._steps):
            yield piece
            return
        for one in self._steps[at](piece):
            yield from self._through(one, at + 1)

    def _finished(self, piece: Piece, original: Picture | None) -> _Made:
        """The piece with its image made, and what is to be known of it as if it were a file."""
        item, state, picture = piece.item, piece.state, piece.picture
        if picture is None or picture is original:
            return state._replace(key=item.key), item
        item = msgspec.structs.replace(item, width=picture.width, height=picture.height, hash=None)
        if self._shelf is not None:
            made = picturing.encoded(picture, state.mime or "")
            item.hash = self._shelf.put(made)
            state = state._replace(hash=item.hash, bytes=len(made))
        return state._replace(key=item.key, width=picture.width, height=picture.height), item

    def _resize(self, transform: Resize, piece: Piece) -> Iterator[Piece]:
        before = _pictured(piece)
        size, frame, left, top = transform.placed(*before.size)
        after = picturing.framed(picturing.resized(before, size), frame, left, top, transform.fill)
        if after is before:
            yield piece
            return

        def at_size(kind: Kind, shape: Any) -> Any:
            x, y = size[0] / before.width, size[1] / before.height
            if not stretching.keeps_corners(kind, shape, x, y):
                self._loss.count("corners_skewed")
            found = stretching.stretched(kind, shape, before.size, size)
            return found if found is None or size == frame else stretching.placed(kind, found, left, top, frame)

        annotations = [made for one in piece.item.annotations if (made := self._reshaped(one, at_size))]
        yield replace(piece.with_annotations(annotations), picture=after)

    def _reshaped(self, annotation: NamedAnnotation, change: Callable[[Kind, Any], Any]) -> NamedAnnotation | None:
        if annotation.kind == "tag":
            return annotation
        made = change(annotation.kind, geometry.parse(annotation.kind, annotation.geometry))
        return self._drawn(annotation, annotation.kind, made)

    def _drawn(self, annotation: NamedAnnotation, kind: Kind, shape: Any) -> NamedAnnotation | None:
        """The annotation with another shape; None when nothing is left of it."""
        try:
            if shape is None:
                raise BadGeometry("Nothing is left.")
            text = geometry.canonical(geometry.check(kind, rounded(shape)))
        except BadGeometry:
            self._loss.count("too_small")
            return None
        return msgspec.structs.replace(annotation, kind=kind, geometry=text)

    def _tile(self, transform: Tile, piece: Piece) -> Iterator[Piece]:
        whole = _pictured(piece)
        shown: set[int] = set()
        for window in transform.windows(*whole.size):
            inside = Window(
                window.x,
                window.y,
                min(window.width, whole.width - window.x),
                min(window.height, whole.height - window.y),
            )
            name = _suffixed(piece.item.key, f"{window.x}_{window.y}")
            part = self._part_of(piece, inside, name, transform.min_visible, shown)
            if not part.item.annotations and not transform.empty:
                self._loss.count("empty_left_out")
                continue
            yield self._padded(part, (int(window.width), int(window.height)), transform.fill)
        self._count_unseen(piece, shown)

    def _padded(self, part: Piece, size: tuple[int, int], fill: str) -> Piece:
        before = _pictured(part)
        if before.size == size:
            return part
        annotations = [
            made
            for one in part.item.annotations
            if (made := self._reshaped(one, lambda kind, shape: stretching.placed(kind, shape, 0, 0, size)))
        ]
        return replace(part.with_annotations(annotations), picture=picturing.framed(before, size, 0, 0, fill))

    def _crop(self, transform: Crop, piece: Piece) -> Iterator[Piece]:
        bounds = [_bounds(one) for one in piece.item.annotations if _is_cropped_to(one, transform)]
        if not bounds:
            self._loss.count("nothing_to_crop")
            return
        left, top = min(x for x, _, _, _ in bounds), min(y for _, y, _, _ in bounds)
        right, bottom = max(x + w for x, _, w, _ in bounds), max(y + h for _, y, _, h in bounds)
        window = transform.window((left, top, right - left, bottom - top), *_pictured(piece).size)
        shown: set[int] = set()
        yield self._part_of(piece, window, piece.item.key, transform.min_visible, shown)
        self._count_unseen(piece, shown)

    def _crop_each(self, transform: Crop, piece: Piece) -> Iterator[Piece]:
        chosen = [n for n, one in enumerate(piece.item.annotations) if _is_cropped_to(one, transform)]
        if not chosen:
            self._loss.count("nothing_to_crop")
        shown = set(chosen)
        for number, n in enumerate(chosen, 1):
            own = piece.item.annotations[n]
            window = transform.window(_bounds(own), *_pictured(piece).size)
            name = _suffixed(piece.item.key, str(number))
            if transform.tag:
                yield self._part_of(piece.with_annotations([_as_tag(own)]), window, name, 0, set())
            else:
                yield self._part_of(piece, window, name, transform.min_visible, shown)
        if chosen:
            self._count_unseen(piece, shown)

    def _part_of(self, piece: Piece, window: Window, key: str, least: float, shown: set[int]) -> Piece:
        """What a window shows of a piece. Its annotations get ids of their own, and nothing of another format's."""
        found: list[NamedAnnotation] = []
        for n, annotation in enumerate(piece.item.annotations):
            parts = self._parts_of(annotation, window, least)
            if parts:
                shown.add(n)
            for at, part in enumerate(parts):
                part.ordinal = f"{annotation.ordinal} {at}" if at else annotation.ordinal
                part.id = annotation.id and import_uuid(piece.state.id, f"export {key}", f"{annotation.id} {at}")
                part.foreign = _kept_of_part(annotation.foreign)
                found.append(part)
        if piece.item.foreign or any(_kept_of_part(one.foreign) != one.foreign for one in piece.item.annotations):
            self._loss.count("foreign_dropped")
        item = msgspec.structs.replace(piece.item, key=key, annotations=found, foreign={})
        return Piece(item, picturing.cut(_pictured(piece), window), piece.state)

    def _parts_of(self, annotation: NamedAnnotation, window: Window, least: float) -> list[NamedAnnotation]:
        """What is seen of an annotation; a line that leaves and comes back is several."""
        if annotation.kind == "tag":
            return [msgspec.structs.replace(annotation)]
        shape = geometry.parse(annotation.kind, annotation.geometry)
        seen = seeing.seen(annotation.kind, shape, window)
        if not seen.share:
            return []
        if seen.share < least or not seen.shapes:
            self._loss.count("too_little_left")
            return []
        if not seen.is_whole:
            self._loss.count("keypoints_outside" if annotation.kind == "keypoints" else "cut_off")
        return [made for one in seen.shapes if (made := self._drawn(annotation, annotation.kind, one))]

    def _count_unseen(self, piece: Piece, shown: set[int]) -> None:
        self._loss.count("on_no_piece", len(piece.item.annotations) - len(shown))

    def _relabel(self, transform: Labels, piece: Piece) -> Iterator[Piece]:
        kept: list[NamedAnnotation] = []
        for one in piece.item.annotations:
            name = None if one.label is None else transform.named(one.label)
            if name is not None:
                kept.append(one if name == one.label else msgspec.structs.replace(one, label=name))
        self._loss.count("label_dropped", len(piece.item.annotations) - len(kept))
        yield piece.with_annotations(kept)

    def _box(self, transform: Boxes, piece: Piece) -> Iterator[Piece]:
        kept: list[NamedAnnotation] = []
        for one in piece.item.annotations:
            made = self._drawn(one, "box", list(_bounds(one))) if one.kind in transform.kinds else one
            if made is not None:
                kept.append(made)
        yield piece.with_annotations(kept)


def _part(transform: Split, piece: Piece) -> Iterator[Piece]:
    """By the same lot as a split of datasets, see `datasets.sampling`."""
    group = piece.state.hash
    if transform.together is not None:
        value = _described(piece.state.meta, transform.together.split(".")[1:])
        group = group if value is None else f"={value}"
    part = PARTS[drawing.split(group, transform.shares, transform.seed)]
    item = msgspec.structs.replace(piece.item, meta={**piece.item.meta, "split": part})
    yield replace(piece, item=item)


def _described(meta: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = meta
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return value if isinstance(value, (str, int, float, bool)) else None


def _pictured(piece: Piece) -> Picture:
    assert piece.picture is not None
    return piece.picture


def _bounds(annotation: NamedAnnotation) -> geometry.Bounds:
    return geometry.bounds(annotation.kind, geometry.parse(annotation.kind, annotation.geometry))


def _is_cropped_to(annotation: NamedAnnotation, transform: Crop) -> bool:
    return annotation.kind != "tag" and (not transform.labels or annotation.label in transform.labels)


def _as_tag(annotation: NamedAnnotation) -> NamedAnnotation:
    return msgspec.structs.replace(annotation, kind="tag", geometry=geometry.canonical(None))


_OF_A_PART = frozenset({"iscrowd", "with"})
"""What COCO's sets said of an annotation that is true of a part of it: that it is of many objects, or keypoints of the
object that another one is the shape of."""


def _kept_of_part(foreign: Mapping[str, Any]) -> dict[str, Any]:
    """Values that the schema has no place for; of a format's own keys, neither ids nor what follows from a shape."""
    kept: dict[str, Any] = {name: value for name, value in foreign.items() if name == "attributes"}
    for name in ("coco", "panoptic"):
        if own := {key: value for key, value in as_read(foreign, name).items() if key in _OF_A_PART}:
            kept[name] = own
    return kept


def _suffixed(key: str, suffix: str) -> str:
    """A name for a piece. All files of an export get as many numbers, so no two pieces get the same name."""
    folder, slash, name = key.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    return f"{folder}{slash}{stem}_{suffix}{dot}{ending}" if stem else f"{folder}{slash}{name}_{suffix}"
