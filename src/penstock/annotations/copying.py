"""Annotations and their facets as PostgreSQL's binary COPY takes them: nothing is spelled and read again. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from struct import Struct
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from penstock.annotations.geometry import Bounds
from penstock.annotations.model import Annotation, Source
from penstock.annotations.values import Counted
from penstock.schema.model import Kind

COLUMNS = (
    "project, branch, file, created_seq, id, x, y, w, h, label, kind, attributes, source, confidence,"
    ' "group", at, author, origin, "foreign", geometry'
)
HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TAIL = b"\xff\xff"

_OF_FILE = Struct(">hiiiqiqiq").pack
_DRAWN = Struct(">i16sidididid").pack
_FILE_LABEL = Struct(">hiiiqiqiiii").pack
_FILE_VALUE = Struct(">hiiiqiqii").pack
_SIZE, _INT, _FLOAT = Struct(">i").pack, Struct(">ii").pack, Struct(">id").pack
_NULL = _SIZE(-1)
_JSONB = b"\1"  #: the version of jsonb's binary form
_ENCODE = msgspec.json.Encoder().encode
_PARTS = 160  #: four for each row


class FileRows(NamedTuple):
    """New annotations of one file."""

    file: int
    annotations: Sequence[Annotation]
    ids: Sequence[bytes]  #: of each, in 16 bytes; those in the annotations don't count
    bounds: Sequence[Bounds | None]  #: of each, where they are known

    @property
    def size(self) -> int:
        return len(self.annotations)

    @classmethod
    def of(cls, file: int, annotations: Sequence[Annotation]) -> "FileRows":
        """Annotations that have their ids."""
        return cls(file, annotations, [a.id.bytes for a in annotations], [None] * len(annotations))

    def identified(self) -> list[Annotation]:
        """The annotations with these ids in them."""
        found = zip(self.annotations, self.ids, strict=True)
        return [msgspec.structs.replace(annotation, id=UUID(bytes=id)) for annotation, id in found]


class ColumnRows(NamedTuple):
    """New annotations of one file as columns: all of one kind, with nothing but a label, a shape and foreign keys."""

    file: int
    kind: Kind
    source: Source
    ids: Sequence[bytes]  #: in 16 bytes
    labels: Sequence[int]
    bounds: Any  #: an array with a row of x, y, width, height for each
    geometries: Sequence[bytes]
    foreign: Sequence[bytes]  #: as JSON; empty where there is nothing

    @property
    def size(self) -> int:
        return len(self.ids)

    def identified(self) -> list[Annotation]:
        """The same as objects."""
        return [
            Annotation(
                id=UUID(bytes=id),
                kind=self.kind,
                label=label,
                geometry=msgspec.Raw(geometry),
                source=self.source,
                foreign=msgspec.json.decode(foreign) if foreign else {},
            )
            for id, label, geometry, foreign in zip(self.ids, self.labels, self.geometries, self.foreign, strict=True)
        ]


def annotations(
    project: int, branch: int, seq: int, origin: str, files: Iterable[FileRows | ColumnRows]
) -> Iterator[bytes]:
    """The rows of each file."""
    drawn: list[ColumnRows] = []
    others: list[FileRows] = []
    for file in files:
        if isinstance(file, ColumnRows):
            drawn.append(file)
        else:
            others.append(file)
    yield from _any(project, branch, seq, origin, others)
    alike: dict[tuple[Kind, Source], list[ColumnRows]] = {}
    for file in drawn:
        alike.setdefault((file.kind, file.source), []).append(file)
    for (kind, source), some in alike.items():
        said = _said(Annotation(id=UUID(int=0), kind=kind, label=0, source=source), origin)
        yield from _columns(project, branch, seq, said, some)


def _columns(project: int, branch: int, seq: int, said: bytes, files: Sequence[ColumnRows]) -> Iterator[bytes]:
    """Rows up to the foreign keys are as long as each other, and differ in numbers alone: they are made at once."""
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    row = _OF_FILE(20, 4, project, 8, branch, 8, 0, 8, seq) + _DRAWN(16, bytes(16), 8, 0, 8, 0, 8, 0, 8, 0)
    row += said + _SIZE(0)
    shape = np.dtype(
        {
            "names": ["file", "id", *"xywh", "label", "size"],
            "formats": [">i8", "V16", *[">f8"] * 4, ">i4", ">i4"],
            "offsets": [26, 50, 70, 82, 94, 106, 118, len(row) - 4],  # behind four bytes with the field's own size
            "itemsize": len(row),
        }
    )
    foreign = [one for file in files for one in file.foreign]
    geometries = [one for file in files for one in file.geometries]
    count = len(foreign)
    rows = np.frombuffer(row * count, np.uint8).copy().view(shape)
    rows["file"] = np.repeat([file.file for file in files], [file.size for file in files])
    rows["id"] = np.frombuffer(b"".join(id for file in files for id in file.ids), "V16")
    for name, column in zip("xywh", np.concatenate([file.bounds for file in files]).T, strict=True):
        rows[name] = column
    rows["label"] = [label for file in files for label in file.labels]
    rows["size"] = np.fromiter((len(one) or -1 for one in foreign), np.int32, count)  # -1: null
    sizes = np.fromiter(map(len, geometries), ">i4", count)
    parts = [b""] * (4 * count)
    parts[::4], parts[1::4] = rows.view(f"V{len(row)}").tolist(), foreign
    parts[2::4], parts[3::4] = sizes.view("V4").tolist(), geometries
    for at in range(0, len(parts), _PARTS):
        yield b"".join(parts[at : at + _PARTS])


def _any(project: int, branch: int, seq: int, origin: str, files: Iterable[FileRows]) -> Iterator[bytes]:
    alike: dict[tuple[int | None, str, str], bytes] = {}
    for file in files:
        head = _OF_FILE(20, 4, project, 8, branch, 8, file.file, 8, seq)
        parts: list[bytes | msgspec.Raw] = []
        for a, id, bounds in zip(file.annotations, file.ids, file.bounds, strict=True):
            x, y, w, h = bounds or a.bounds
            if a.attributes or a.confidence is not None or a.group is not None or a.at or a.author is not None:
                said = _said(a, origin)
            elif (said := alike.get((a.label, a.kind, a.source))) is None:
                said = alike[a.label, a.kind, a.source] = _said(a, origin)
            parts += (head, _DRAWN(16, id, 8, x, 8, y, 8, w, 8, h), said)
            if a.foreign:
                foreign = _ENCODE(a.foreign)
                parts += (_SIZE(len(foreign)), foreign)
            else:
                parts.append(_NULL)
            parts += (_SIZE(len(a.geometry)), a.geometry)
        yield b"".join(parts)


def _said(a: Annotation, origin: str) -> bytes:
    """From `label` to `origin`."""
    return b"".join(
        (
            _NULL if a.label is None else _INT(4, a.label),
            _text(a.kind),
            _jsonb(a.attributes),
            _text(a.source),
            _NULL if a.confidence is None else _FLOAT(8, a.confidence),
            _NULL if a.group is None else _text(a.group),
            _NULL if a.at is None else _jsonb(a.at),
            _NULL if a.author is None else _INT(4, a.author),
            _text(origin),
        )
    )


def _text(value: str) -> bytes:
    told = value.encode()
    return _SIZE(len(told)) + told


def _jsonb(value: object) -> bytes:
    told = _ENCODE(value)
    return _SIZE(len(told) + 1) + _JSONB + told


def file_labels(project: int, branch: int, counted: Mapping[Counted, int]) -> bytes:
    """The rows of `file_label`: project, branch, file, label, n."""
    return b"".join(
        _FILE_LABEL(5, 4, project, 8, branch, 8, at[0], 4, at[1], 4, n) for at, n in counted.items() if len(at) == 2
    )


def file_values(project: int, branch: int, counted: Mapping[Counted, int]) -> bytes:
    """The rows of `file_value`: project, branch, file, field, value, n."""
    return b"".join(
        _FILE_VALUE(6, 4, project, 8, branch, 8, at[0], 4, at[1]) + _text(at[2]) + _INT(4, n)
        for at, n in counted.items()
        if len(at) == 3
    )
