"""Collecting what changes, and saying which line of the file a refusal is about."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from penstock.core import Refusal
from penstock.pipelines.document import Document, Path, PipelineInvalid
from penstock.pipelines.model import Change

MEANS_ALL = ("labels", "attributes")  #: where a template says none, it may write all


def details(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs between two forms of one thing, a line for each field."""
    fields = [*before, *(field for field in after if field not in before)]
    return tuple(
        f"{field}: {_said(field, before.get(field))} -> {_said(field, after.get(field))}"
        for field in fields
        if before.get(field) != after.get(field)
    )


def change(what: Any, name: str, was: str | None, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    """The change of one thing that stays itself."""
    renamed = was is not None and was != name
    return Change(
        do="rename" if renamed else "change",
        what=what,
        name=name,
        was=was if renamed else None,
        details=details(before, after),
    )


@contextmanager
def standing_at(document: Document, *base: str | int) -> Generator[None]:
    """Turn a refusal of whatever is done inside into one that says the line."""
    try:
        yield
    except PipelineInvalid:
        raise
    except Refusal as refusal:
        problems = [document.problem(_path(document, base, one.at), one.detail, one.code) for one in refusal.errors]
        raise PipelineInvalid.of(problems or [document.problem(base, refusal.detail, refusal.type)]) from refusal


def _path(document: Document, base: Path, at: str) -> Path:
    """The path in the document that a problem's own path means, as far as it goes."""
    path, rest = base, at
    while rest:
        rest = rest.lstrip(".")
        inner = [other[-1] for other in document.places if len(other) == len(path) + 1 and other[: len(path)] == path]
        steps = [(step, f"[{step}]" if isinstance(step, int) else step) for step in inner]
        fitting = [(step, text) for step, text in steps if rest == text or rest.startswith((f"{text}.", f"{text}["))]
        if not fitting:
            return path
        step, text = max(fitting, key=lambda pair: len(pair[1]))
        path, rest = (*path, step), rest[len(text) :]
    return path


def _said(field: str, value: Any) -> str:
    if value is None:
        return "all" if field in MEANS_ALL else "nothing"
    text = str(value)
    return text if len(text) <= 120 else text[:117] + "..."
