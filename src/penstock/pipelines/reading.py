"""From the text of a pipeline file to its values, or to every problem in it with its line. Pure."""

import difflib
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from penstock.actions import steps
from penstock.core import Problem
from penstock.pipelines import document
from penstock.pipelines.document import Document, Path, PipelineInvalid
from penstock.pipelines.model import PipelineFile

STEP_KEYS = ("name", "retries", "timeout_seconds")
SECRETS_HINT = "secrets never stand in a file: set them by `penstock connection set-secret`"


def read(text: str) -> tuple[PipelineFile, Document]:
    """A pipeline file's values, and where everything stands. Raises PipelineInvalid with every problem."""
    found = document.read(text)
    data: Any = found.data
    if not isinstance(data, dict):
        raise PipelineInvalid.of([found.problem((), "a pipeline is a mapping of sections", "not-a-mapping")])
    try:
        pipeline = PipelineFile.model_validate(data)
    except ValidationError as error:
        raise PipelineInvalid.of(problems_of(error, found, (), PipelineFile)) from error
    problems = [
        problem
        for name, action in (pipeline.actions or {}).items()
        for n, step in enumerate(action.do)
        for problem in _step(step, found, ("actions", name, "do", n))
    ]
    if problems:
        raise PipelineInvalid.of(problems)
    return pipeline, found


def kind_of_step(step: Mapping[str, Any]) -> str | None:
    """The one key of a step that says what it does."""
    kinds = [key for key in step if key not in STEP_KEYS]
    return kinds[0] if len(kinds) == 1 else None


def _step(step: Mapping[str, Any], found: Document, path: Path) -> list[Problem]:
    kind = kind_of_step(step)
    known = steps.known()
    if kind is None or kind not in known:
        wrong = [key for key in step if key not in (*STEP_KEYS, *known)]
        detail = f"unknown key {wrong[0]!r}; " if wrong else ""
        what = f"a step has one of {_listed(known)}, and perhaps {_listed(STEP_KEYS)}"
        at = (*path, wrong[0]) if wrong else path
        return [found.problem(at, detail + what, "unknown-step")]
    model = known[kind].written
    try:
        model.model_validate(step[kind] if step[kind] is not None else {})
    except ValidationError as error:
        return problems_of(error, found, (*path, kind), model)
    return []


def problems_of(error: ValidationError, found: Document, base: Path, model: type[BaseModel]) -> list[Problem]:
    """What is wrong, in words, where it stands in the text."""
    raised = [(_known_part(found, (*base, *e["loc"])), e) for e in error.errors()]
    deepest = [(path, e) for path, e in raised if not any(_is_below(other, path) for other, _ in raised)]
    problems: dict[tuple[Path, str], Problem] = {}
    for path, e in deepest:
        detail = _detail(cast(Mapping[str, Any], e), model)
        problems.setdefault((path, detail), found.problem(path, detail, str(e["type"]).replace("_", "-")))
    return list(problems.values())


def _known_part(found: Document, path: Path, known: Path = ()) -> Path:
    """As much of a path as stands in the text: alternatives of a type have no place there, even if named like a key."""
    if not path:
        return known
    without = _known_part(found, path[1:], known)
    if (*known, path[0]) not in found.places:
        return without
    within = _known_part(found, path[1:], (*known, path[0]))
    return max(within, without, key=lambda one: (one[-1:] == path[-1:], len(one)))


def _is_below(path: Path, other: Path) -> bool:
    return len(path) > len(other) and path[: len(other)] == other


def _detail(e: Mapping[str, Any], model: type[BaseModel]) -> str:
    loc: Sequence[Any] = e["loc"]
    last = loc[-1] if loc else ""
    match e["type"]:
        case "extra_forbidden":
            allowed = allowed_keys(model, loc[:-1])
            near = difflib.get_close_matches(str(last), allowed, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            return f"unknown key {last!r}; {hint}allowed here: {_listed(allowed)}"
        case "missing":
            return f"{last!r} is missing"
        case "value_error":
            return str(e["msg"]).removeprefix("Value error, ")
        case _:
            given = e["input"]
            shown = f"; here is {given!r}" if isinstance(given, str | int | float | bool) or given is None else ""
            return f"{str(e['msg'])[:1].lower()}{str(e['msg'])[1:]}{shown}"


def allowed_keys(model: type[BaseModel], loc: Sequence[Any]) -> list[str]:
    """The keys that may stand at a place, as its type says."""
    here: Any = model
    for step in loc:
        here = _inside(here, step)
    plain = [_plain(one) for one in _alternatives(here)]
    models = [one for one in plain if isinstance(one, type) and issubclass(one, BaseModel)]
    return [field.alias or name for one in models for name, field in one.model_fields.items()]


def _inside(kind: Any, step: Any) -> Any:
    """The type of what stands under `step` in a type."""
    inner: list[Any] = []
    for one in _alternatives(kind):
        if step in _titles(one):
            return one  # an alternative, named by the error
        one = _plain(one)
        if isinstance(one, type) and issubclass(one, BaseModel):
            inner += [field.annotation for name, field in one.model_fields.items() if step in (name, field.alias)]
        elif get_origin(one) in (dict, Mapping):
            inner.append(get_args(one)[1])
        elif get_origin(one) in (list, tuple):
            inner.append(get_args(one)[0])
    return Union[tuple(inner)] if inner else None  # noqa: UP007 # built at run time


def _alternatives(kind: Any) -> list[Any]:
    if get_origin(_plain(kind)) in (typing.Union, types.UnionType):
        return [inner for one in get_args(_plain(kind)) for inner in _alternatives(one)]
    return [kind]


def _plain(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _titles(kind: Any) -> list[str]:
    """What errors call an alternative: its tag, or its class."""
    tags = [one.tag for one in get_args(kind)[1:] if isinstance(one, Tag)] if get_origin(kind) is Annotated else []
    return tags or [kind.__name__ if isinstance(kind, type) else ""]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
