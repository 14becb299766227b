"""Lines of YOLO as texts that wait, and many of them at once as columns. Pure."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec
from msgspec import Raw

from penstock.annotations.geometry import LARGEST, UNREADABLE, BadGeometry
from penstock.core import Problem
from penstock.formats.model import Deferred
from penstock.formats.traced import DrawnKind, Fractional
from penstock.formats.yolo_lines import Task, read_line

_RAWS = msgspec.json.Decoder(list[Raw])
_NUMBERS = msgspec.json.Decoder(list[list[float]])
_LINE = msgspec.json.Decoder(str)
_OF_NUMBERS = b"0123456789.-+eE \n"


class Told(msgspec.Struct):
    """What the lines don't say themselves."""

    task: Task | None
    names: list[tuple[int, str]]
    points: int
    dims: int


_TOLD = msgspec.json.Decoder(Told)


def raws(content: bytes) -> list[Raw]:
    """The lines of a file that aren't empty, in JSON: those of numbers as lists, else all as texts."""
    told = content.replace(b"\r\n", b"\n").strip(b" \n")
    if not told.translate(None, _OF_NUMBERS) and b"\n\n" not in told:
        try:
            return _RAWS.decode(b"[[" + told.replace(b"\n", b"],[").replace(b" ", b",") + b"]]") if told else []
        except UNREADABLE:
            pass  # some number is spelled as JSON doesn't
    return [Raw(msgspec.json.encode(line)) for line in lines(content)]


def lines(content: bytes) -> list[str]:
    """The lines of a file that aren't empty."""
    return [line for line in content.decode("utf-8", "replace").splitlines() if line.strip()]


def finish(told: bytes, some: Sequence[Deferred]) -> None:
    """Make the annotations of some images, line by line."""
    given = _TOLD.decode(told)
    names = dict(given.names)
    for one in some:
        for n, raw in enumerate(map(bytes, one.raws)):
            line = _LINE.decode(raw) if raw.startswith(b'"') else raw[1:-1].replace(b",", b" ").decode()
            try:
                one.item.annotations += read_line(line, given.task, names, given.points, given.dims, n)
            except BadGeometry as bad:
                one.item.problems.append(Problem(f"{one.part} line {n + 1}", bad.detail, bad.code))


def trace(told: bytes, some: Sequence[Deferred]) -> list[Fractional | None]:
    """The annotations of those images that have nothing but boxes, or nothing but polygons."""
    given = _TOLD.decode(told)
    names = {float(id): name for id, name in given.names}
    numbers = _numbers([one.raws for one in some])
    kinds = [None if rows is None else _kind(rows, given.task) for rows in numbers]
    found: list[Fractional | None] = [None] * len(some)
    for kind in ("box", "polygon"):
        every = [(n, rows) for n, rows in enumerate(numbers) if rows is not None and kinds[n] == kind]
        for (n, rows), flat in zip(every, _flat(kind, [rows for _, rows in every]), strict=True):
            labels = [names.get(row[0]) or _unnamed(row[0]) for row in rows]
            if flat is not None and "" not in labels:
                found[n] = Fractional(labels, [str(n) for n in range(len(rows))], flat, [_size(r) for r in rows], kind)
    return found


_Rows = list[list[float]]


def _numbers(groups: Sequence[Sequence[bytes | Raw]]) -> list[_Rows | None]:
    """The numbers of each file's lines; None where there are none, or something else."""
    right = [bool(group) and all(bytes(raw[:1]) == b"[" for raw in map(memoryview, group)) for group in groups]
    try:
        every = iter(
            _NUMBERS.decode(
                b"[" + b",".join(raw for of, ok in zip(groups, right, strict=True) if ok for raw in of) + b"]"
            )
        )
    except UNREADABLE:  # a number that no float can hold
        return [None] * len(groups) if len(groups) == 1 else [rows for group in groups for rows in _numbers([group])]
    return [[next(every) for _ in group] if ok else None for group, ok in zip(groups, right, strict=True)]


def _size(row: Sequence[float]) -> int:
    return len(row) - 1


def _kind(rows: _Rows, task: Task | None) -> DrawnKind | None:
    """What all lines of a file are alike, where that is plain; as `read_line` has it."""
    sizes = set(map(len, rows))
    if task in ("pose", "obb"):
        return None
    if sizes == {5}:
        return "box"
    is_polygon = all(size >= 7 and size % 2 for size in sizes) and (
        task == "segment" or (task is None and 9 not in sizes)
    )
    return "polygon" if is_polygon else None


def _unnamed(number: float) -> str:
    """A class without a name; empty where the number is none."""
    return str(int(number)) if number.is_integer() and number >= 0 else ""


def _flat(kind: DrawnKind, files: Sequence[_Rows]) -> Iterator[Any]:
    """The numbers of each file's shapes, as `Fractional` has them; None where one is no shape."""
    if not files:
        return
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    counts = np.array([len(row) for rows in files for row in rows])
    every = np.fromiter(chain.from_iterable(chain.from_iterable(files)), np.float64, int(counts.sum()))
    starts = np.concatenate([[0], np.cumsum(counts)])[:-1]
    flat = np.delete(every, starts)
    right: Any = np.abs(flat) <= LARGEST
    if kind == "box":
        boxes = flat.reshape(-1, 4)
        boxes[:, :2] -= boxes[:, 2:] / 2
        right &= np.abs(flat) <= LARGEST
        right.reshape(-1, 4)[:, 2:] &= boxes[:, 2:] > 0
    at = 0
    for rows in files:
        end = at + sum(map(_size, rows))
        yield flat[at:end] if right[at:end].all() else None
        at = end
