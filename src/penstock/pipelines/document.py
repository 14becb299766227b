"""YAML text as plain data, with the line of everything in it. Pure.

Keys are always text as it is written, so that a label may be called 0 or yes. Only plain YAML: no tags, no second
document; anchors work, within bounds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from penstock.core import Invalid, Problem

LARGEST_CHARACTERS = 5_000_000
MOST_VALUES = 200_000  #: anchors can make a small text a huge document

Path = tuple[str | int, ...]
Node = Any  #: of ruamel.yaml, which has no types for them


class PipelineInvalid(Invalid):
    """The pipeline can't be used: {why}"""

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> "PipelineInvalid":
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return cls(why=f"{problems[0].at}: {problems[0].detail}{more}", errors=problems)


class Place(NamedTuple):
    """Where something stands in the text, from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """Plain data, and where each part of it stands."""

    data: Any
    places: dict[Path, Place]

    def known(self, path: Sequence[str | int]) -> Path:
        """As much of a path as stands in the text: a part that isn't there is part of what it would be in."""
        steps = tuple(path)
        while steps and steps not in self.places:
            steps = steps[:-1]
        return steps

    def place(self, path: Sequence[str | int]) -> Place:
        """Where a part stands."""
        return self.places.get(self.known(path), Place(1, 1))

    def problem(self, path: Sequence[str | int], detail: str, code: str = "") -> Problem:
        """A problem with a part, that says the line."""
        where = spoken(self.known(path))
        return Problem(f"line {self.place(path).line}" + (f", {where}" if where else ""), detail, code)


def spoken(path: Sequence[str | int]) -> str:
    """A path as people read it: ``templates.expert.on_done[0].to``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def read(text: str) -> Document:
    """Read YAML. Raises PipelineInvalid with the line."""
    if len(text) > LARGEST_CHARACTERS:
        raise PipelineInvalid.of(
            [Problem("the file", f"it is longer than {LARGEST_CHARACTERS} characters", "too-long")]
        )
    try:
        root: Node = YAML(typ="rt", pure=True).compose(text)  # pyright: ignore[reportUnknownMemberType]
    except MarkedYAMLError as error:
        raise PipelineInvalid.of([_not_yaml(error)]) from error
    except (YAMLError, ValueError) as error:
        raise PipelineInvalid.of([Problem("the file", f"it is not YAML: {error}", "not-yaml")]) from error
    reader = _Reader()
    data: Any = {} if root is None else reader.data(root, ())
    document = Document(data, reader.places)
    if reader.problems:
        raise PipelineInvalid.of(reader.problems)
    return document


def _not_yaml(error: Any) -> Problem:
    mark = error.problem_mark or error.context_mark
    return Problem(f"line {mark.line + 1}" if mark else "the file", f"it is not YAML: {error.problem}", "not-yaml")


class _Reader:
    """Walks the nodes once, noting places and problems."""

    def __init__(self) -> None:
        self.places: dict[Path, Place] = {}
        self.problems: list[Problem] = []
        self._open: set[int] = set()
        self._left = MOST_VALUES

    def data(self, node: Node, path: Path) -> Any:
        self.places.setdefault(path, _place(node))
        self._left -= 1
        if self._left < 0 or id(node) in self._open:
            if not any(problem.code == "too-large" for problem in self.problems):
                self._refuse(node, "anchors make this endless or too large", "too-large")
            return None
        self._open.add(id(node))
        try:
            return self._whole(node, path)
        finally:
            self._open.discard(id(node))

    def _whole(self, node: Node, path: Path) -> Any:
        kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
        if isinstance(node, MappingNode) and kind == "map":
            return dict(self._pairs(node, path))
        if isinstance(node, SequenceNode) and kind == "seq":
            return [self.data(inner, (*path, n)) for n, inner in enumerate(_parts(node))]
        if isinstance(node, ScalarNode) and kind in _SCALARS:
            return _SCALARS[kind](str(cast(Node, node).value))
        return self._refuse(node, f"the tag {kind} can't stand in a pipeline", "unknown-tag")

    def _pairs(self, node: MappingNode, path: Path) -> Iterator[tuple[str, Any]]:
        seen: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in _parts(node):
            if not isinstance(cast(object, key), ScalarNode):
                self._refuse(key, "a key must be a plain text", "key")
            elif key.tag == "tag:yaml.org,2002:merge" and isinstance(value, MappingNode):
                merged |= self.data(value, path) or {}
            elif key.tag == "tag:yaml.org,2002:merge":
                self._refuse(key, "<< takes one mapping", "merge")
            elif (name := str(key.value)) in seen:
                self._refuse(key, f"{name!r} stands here twice", "twice")
            else:
                self.places[*path, name] = _place(key)
                seen[name] = self.data(value, (*path, name))
        yield from (merged | seen).items()

    def _refuse(self, node: Node, detail: str, code: str) -> None:
        self.problems.append(Problem(f"line {_place(node).line}", detail, code))


def _parts(node: Node) -> list[Any]:
    return list(node.value)


def _number(text: str) -> int | float | str:
    for read in (int, float):
        try:
            return read(text.replace("_", ""))
        except ValueError:
            continue
    try:
        return int(text, 0)
    except ValueError:
        return text


_SCALARS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "timestamp": str,
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": _number,
    "float": _number,
}


def _place(node: Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
