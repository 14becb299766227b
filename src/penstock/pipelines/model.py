"""A pipeline as its file says it: everything by name. What is left out is as it would be by default. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from penstock.actions.steps.naming import ShareNumber
from penstock.core import Value
from penstock.core.values import ShownOnce
from penstock.datasets.live_model import TICK_SECONDS, Combine
from penstock.schema import WantedSchema

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Json = Any


class _Written(Value):
    model_config = ConfigDict(
        validate_by_name=True, validate_by_alias=True, serialize_by_alias=True, coerce_numbers_to_str=True
    )


def _several(given: Any) -> Any:
    """One thing where a list is meant."""
    return cast(Any, given) if isinstance(given, list | tuple) or given is None else [given]


def _emptied(given: Any) -> Any:
    """`RBC:` with nothing behind it means `RBC: {}`; a list of names means that each has nothing to say."""
    if isinstance(given, list):
        names = cast(list[Any], given)
        if all(isinstance(name, str | int | float) for name in names):
            if twice := next((name for n, name in enumerate(names) if str(name) in map(str, names[:n])), None):
                raise ValueError(f"{str(twice)!r} stands here twice")
            return dict[str, Any]((str(name), {}) for name in names)
        return names
    if isinstance(given, Mapping):
        pairs = cast(Mapping[str, Any], given).items()
        return dict[str, Any]((name, {} if inner is None else inner) for name, inner in pairs)
    return given


def _short(key: str, *types: type) -> BeforeValidator:
    """Where one value says it all, it may stand alone."""
    return BeforeValidator(lambda given: {key: given} if isinstance(given, types) else given)


class WrittenTeam(_Written):
    """A team; a list of its members is enough."""

    members: tuple[Name, ...] = ()
    """E-mail addresses; whoever isn't a member yet is invited as an annotator. Programs by their names."""
    was: Name | None = None

    @model_validator(mode="before")
    @classmethod
    def _list(cls, given: Any) -> Any:
        return {"members": cast(Any, given)} if isinstance(given, list | tuple) else given


class WrittenDataset(_Written):
    """A dataset; a live one has a query, or places that it follows."""

    was: Name | None = None
    query: str | None = None
    of: Annotated[tuple[Name, ...], BeforeValidator(_several)] = ()
    """The datasets that a live one follows, or versions of them: `gold`, `gold/v1`."""
    combine: Combine = "union"
    tick_seconds: int = TICK_SECONDS

    @model_validator(mode="after")
    def _whole(self) -> "WrittenDataset":
        if self.query is not None and not self.of:
            raise ValueError("say with `of` in which datasets the query is asked")
        return self


class WrittenWatch(_Written):
    """A watched dataset; its name is enough."""

    dataset: Name
    takes: Literal["all", "new"] = "all"
    again: bool = False
    rounds: int = 3


class WrittenRoute(_Written):
    """Where finished work goes; the dataset's name is enough."""

    to: Name
    condition: str | None = Field(default=None, alias="if")
    otherwise: bool = Field(default=False, alias="else")
    sample: Annotated[ShareNumber, Field(gt=0, le=1)] | None = None
    mode: Literal["add", "move"] = "add"


class WrittenReview(_Written):
    """Which finished work is looked at; a share is enough."""

    share: Annotated[ShareNumber, Field(gt=0, le=1)] = 1.0
    condition: str | None = Field(default=None, alias="if")
    authors: tuple[Name, ...] | None = None


class WrittenPrelabels(_Written):
    """Suggestions from a model's predictions; their name is enough."""

    predictions: Name
    mode: Literal["suggest", "draft", "resolve"] = "suggest"
    above: float = 0.0


class WrittenTemplate(_Written):
    """A task template."""

    watch: Annotated[tuple[Annotated[WrittenWatch, _short("dataset", str)], ...], BeforeValidator(_several)] = ()
    interface: Literal["image"] = "image"
    labels: tuple[Name, ...] | None = None
    attributes: tuple[Name, ...] | None = None
    guide: str = ""
    annotators: Annotated[tuple[Name, ...] | None, BeforeValidator(_several)] = None
    reviewers: Annotated[tuple[Name, ...] | None, BeforeValidator(_several)] = None
    review: Annotated[WrittenReview | None, _short("share", str, int, float)] = None
    on_done: Annotated[tuple[Annotated[WrittenRoute, _short("to", str)], ...], BeforeValidator(_several)] = ()
    prelabels: Annotated[WrittenPrelabels | None, _short("predictions", str)] = None
    outside: Literal["refuse", "clip"] = "refuse"
    lease_seconds: int = 900
    priority: int = 0
    was: Name | None = None


class WrittenWhen(_Written):
    """A trigger: an event, a template's progress, a schedule, or `by hand`."""

    event: str | None = None
    where: dict[str, str | int | float | bool | None] = {}
    progress: Name | None = None
    reaches: str | None = None
    every: str | None = None
    at_least: int = 20
    expected: int | None = None
    schedule: str | None = None
    zone: str = "UTC"
    by_hand: bool = False

    @model_validator(mode="before")
    @classmethod
    def _by_hand(cls, given: Any) -> Any:
        return {"by_hand": True} if given == "by hand" else given


class WrittenAction(_Written):
    """An action. Each step is a mapping with the kind of step as its first key."""

    when: WrittenWhen
    condition: str | None = Field(default=None, alias="if")
    do: tuple[dict[str, Json], ...] = Field(min_length=1)
    state: Literal["on", "off"] | None = None
    """Left out, it stays as it is; a new one is on."""
    was: Name | None = None


class WrittenConnection(Value):
    """A connection: its kind, and the settings of that kind. Secrets never stand in a file."""

    model_config = ConfigDict(extra="allow")

    kind: str
    was: Name | None = None

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class PipelineFile(_Written):
    """A whole pipeline. A section that is left out is left alone."""

    project: Name | None = None
    schema_: WantedSchema | None = Field(default=None, alias="schema")
    connections: Annotated[dict[Name, WrittenConnection] | None, BeforeValidator(_emptied)] = None
    teams: dict[Name, WrittenTeam] | None = None
    datasets: Annotated[dict[Name, WrittenDataset] | None, BeforeValidator(_emptied)] = None
    templates: Annotated[dict[Name, WrittenTemplate] | None, BeforeValidator(_emptied)] = None
    actions: Annotated[dict[Name, WrittenAction] | None, BeforeValidator(_emptied)] = None


# What the API takes and gives.


class PipelineText(Value):
    """A pipeline to plan or apply."""

    yaml: str = Field(max_length=5_000_000)
    prune: bool = False
    """Whether what the file's sections don't name is removed."""
    base: str | None = Field(default=None, max_length=5_000_000)
    """The pipeline that the file was made from, as it was shown. If it isn't that any more, it is refused."""


What = Literal["project", "label", "attribute", "connection", "team", "member", "dataset", "template", "action"]


class Change(Value):
    """One thing that differs between a project and a pipeline file."""

    do: Literal["add", "change", "rename", "remove", "invite"]
    what: What
    name: str
    was: str | None = None
    """The name before, of what is renamed."""
    details: tuple[str, ...] = ()
    """What changes about it, a line each."""

    def __str__(self) -> str:
        renamed = f" (was {self.was!r})" if self.was else ""
        return f"{self.do} {self.what} {self.name!r}{renamed}"


class Plan(ShownOnce):
    """What applying a pipeline file changes, in order. Empty: the project is like that already."""

    SECRETS: ClassVar[tuple[str, ...]] = ("links", "secrets")

    changes: tuple[Change, ...]
    links: dict[str, str] = {}
    """After applying: by e-mail address, the secret of an invite for each person new to the project. Shown once."""
    secrets: dict[str, str] = {}
    """After applying: by name of a connection, the secret that was made for it. Shown once."""


class PipelineShown(Value):
    """A project's pipeline, as a file."""

    yaml: str
