"""What is counted of each file's annotations, so that queries and facets need not read them. Pure.

The law: a value is written the same way wherever it is counted, and wherever it is asked for.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import repeat
from typing import Any, cast

from penstock.annotations.model import Annotation, Source

Counted = tuple[int, int] | tuple[int, int, str]
"""(file, label), or (file, field, value)."""

SOURCE, AUTHOR, CONFIDENCE = 0, -1, -2
"""Fields beside the attributes, which have their ids. Of the holder of a file's own attributes none is counted."""

LONGEST = 100
"""Characters of a text that are counted; what follows them is not told apart."""


def count(into: Counter[Counted], file: int, annotations: Iterable[Annotation], sign: int) -> None:
    """Count the values of some annotations of a file."""
    labels: dict[int, int] = {}
    sources: dict[tuple[str, int | None, float | None], int] = {}
    for annotation in annotations:
        if (label := annotation.label) is not None:
            labels[label] = labels.get(label, 0) + sign
            said = (annotation.source, annotation.author, annotation.confidence)
            sources[said] = sources.get(said, 0) + sign
        if annotation.attributes:
            for key, value in annotation.attributes.items():
                for text in texts(value):
                    into[file, int(key), text] += sign
    for label, n in labels.items():
        into[file, label] += n
    for (source, author, confidence), n in sources.items():
        into[file, SOURCE, source] += n
        if author is not None:
            into[file, AUTHOR, str(author)] += n
        if confidence is not None:
            into[file, CONFIDENCE, str(tenth(confidence))] += n


def count_plain(into: Counter[Counted], file: int, labels: Collection[int], source: Source) -> None:
    """Count new annotations that have nothing but a label and a source."""
    into.update(zip(repeat(file), labels))
    into[file, SOURCE, source] += len(labels)


def texts(value: Any) -> list[str]:
    """An attribute's value as it is counted: each option that is chosen, else the one answer."""
    chosen = cast(list[Any], value) if isinstance(value, list) else [value]
    return [text(one) for one in chosen if one is not None]


def text(value: str | float | bool) -> str:
    """One answer."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value[:LONGEST]
    whole = int(value)
    return str(whole) if whole == value else repr(value)


def tenth(confidence: float) -> int:
    """Which of the ten bars of a histogram a confidence falls in."""
    return min(int(confidence * 10), 9)
