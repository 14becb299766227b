"""Manifests: a CSV or JSONL list of files with their keys and metadata.

CSV has a heading line with `uri` (or `path`, or `file`) and perhaps `key`; every other column is metadata, under its
name without a leading `meta.`. JSONL has one object a line: `uri`, perhaps `key`, `meta` and `foreign`; every other
field is metadata too.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, TextIO

import msgspec

from penstock.core import Invalid
from penstock.files import Meta

_URI = ("uri", "path", "file")


class ManifestInvalid(Invalid):
    """The manifest can't be read: {why}."""


class Row(NamedTuple):
    """One file of a manifest."""

    line: int
    uri: str
    key: str | None
    meta: Meta
    foreign: dict[str, Any]


class BadRow(NamedTuple):
    """A line that can't be used, and why. The others go on."""

    line: int
    why: str


def read(content: BinaryIO, name: str) -> Iterator[Row | BadRow]:
    """The rows of a manifest; JSONL by its name or its first byte, else CSV. Raises ManifestInvalid."""
    head = content.read(1)
    content.seek(0)
    is_json = name.lower().endswith((".jsonl", ".ndjson")) or head == b"{"
    return _json_rows(content) if is_json else _csv_rows(content)


def _json_rows(content: BinaryIO) -> Iterator[Row | BadRow]:
    for number, line in enumerate(content, 1):
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError as error:
            yield BadRow(number, f"it is no JSON object ({error})")
            continue
        yield _row(number, found, found.pop("meta", None) or {}, found.pop("foreign", None) or {})


def _csv_rows(content: BinaryIO) -> Iterator[Row | BadRow]:
    with io.TextIOWrapper(content, "utf-8-sig", newline="", errors="strict") as text:
        try:
            yield from _table_rows(text)
        except UnicodeDecodeError as error:
            raise ManifestInvalid(why=f"it is not UTF-8 ({error})") from error
        except csv.Error as error:
            raise ManifestInvalid(why=str(error)) from error


def _table_rows(text: TextIO) -> Iterator[Row | BadRow]:
    reader = csv.DictReader(text, strict=True)
    heading = reader.fieldnames or []
    if not any(name in heading for name in _URI):
        raise ManifestInvalid(why=f"its first line names no column `uri`, only {', '.join(heading)[:200]!r}")
    for found in reader:
        if None in found:
            yield BadRow(reader.line_num, "it has more values than the heading has columns")
            continue
        given = {name: value for name, value in found.items() if value not in (None, "")}
        yield _row(reader.line_num, given, {}, {})


def _row(line: int, found: dict[str, Any], meta: Any, foreign: Any) -> Row | BadRow:
    uri = next((found.pop(name) for name in _URI if name in found), None)
    key = found.pop("key", None)
    if not isinstance(uri, str) or not uri.strip():
        return BadRow(line, "it has no `uri`")
    if key is not None and not isinstance(key, str):
        return BadRow(line, "its `key` is no text")
    if not isinstance(meta, dict) or not isinstance(foreign, dict):
        return BadRow(line, "its `meta` or `foreign` is no object")
    rest = {name.removeprefix("meta."): value for name, value in found.items()}
    return Row(line, uri.strip(), key or None, {**rest, **meta}, foreign)
