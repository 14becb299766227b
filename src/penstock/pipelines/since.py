"""What changed in a project since a pipeline file was begun: what `show` gave then, against what it gives now. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from penstock.core import Conflict, Problem
from penstock.pipelines import document
from penstock.pipelines.changing import details
from penstock.pipelines.document import Path, spoken


class PipelineChanged(Conflict):
    """The pipeline isn't what this was begun with any more: {changes}. Show it again, and make the change on that."""

    @classmethod
    def of(cls, changes: list[Problem]) -> "PipelineChanged":
        more = f" (and {len(changes) - 1} more)" if len(changes) > 1 else ""
        return cls(changes=f"{changes[0].at} was {changes[0].code}{more}", errors=changes)


def refuse_if_changed(base: str, now: str) -> None:
    """Refuse unless both texts say the same. Raises PipelineChanged with what differs, a problem for each thing."""
    if base != now and (changes := list(_changes(document.read(base).data, document.read(now).data))):
        raise PipelineChanged.of(changes)


def _changes(base: Any, now: Any) -> Iterator[Problem]:
    before, after = dict(_things(base)), dict(_things(now))
    for at in [*before, *(at for at in after if at not in before)]:
        if at in before and at in after:
            if before[at] != after[at]:
                yield Problem(spoken(at), "; ".join(details(before[at], after[at])), "changed")
        else:
            yield Problem(spoken(at), "", "added" if at in after else "removed")


def _things(section: Any, at: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Whatever has a name, with its fields: two levels down, in the schema three."""
    if len(at) == (3 if at[:1] == ("schema",) else 2):
        yield at, section if isinstance(section, dict) else {"": section}
    elif isinstance(section, dict):
        for name, inner in cast(dict[str, Any], section).items():
            yield from _things(inner, (*at, name))
    elif isinstance(section, list):  # names that have nothing to say
        yield from (((*at, str(name)), {}) for name in cast(list[Any], section))
    elif section is not None:
        yield at, {"": section}
