"""Templates, tasks and attempts: values and their rules. Pure."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from penstock.core import Value

Status = Literal["open", "in_progress", "in_review", "returned", "done", "skipped", "cancelled"]
TemplateState = Literal["active", "paused", "archived"]
AttemptState = Literal["live", "lapsed", "released", "skipped", "submitted", "accepted", "returned"]
Role = Literal["work", "review"]
CLOSED: frozenset[str] = frozenset({"done", "skipped", "cancelled"})

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Priority = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Share = Annotated[float, Field(gt=0, le=1)]
LONGEST_ACTIVE_SECONDS = 86_400
ActiveSeconds = Annotated[float, Field(ge=0, le=LONGEST_ACTIVE_SECONDS, allow_inf_nan=False)]


class _Aliased(Value):
    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)


class Watch(Value):
    """A subscription to a dataset: each file that enters becomes a task."""

    dataset: int
    takes: Literal["all", "new"] = "all"
    """`all`: also the files that are there already."""
    again: bool = False
    """A file that is routed in once more gets another round."""
    rounds: int = Field(default=3, ge=1, le=100)


class Route(_Aliased):
    """Where finished work goes."""

    to: int
    """A dataset on the same branch."""
    condition: Query | None = Field(default=None, alias="if")
    """A query over the file and the task; absent: always."""
    otherwise: bool = Field(default=False, alias="else")
    """Taken when no route with a condition was."""
    sample: Share | None = None
    """The share of files that goes, drawn once per task and the same again on a repeat."""
    mode: Literal["add", "move"] = "add"
    """`move`: leave the dataset the task came from, once no task on the file there is unfinished."""

    @property
    def is_unconditional(self) -> bool:
        return self.condition is None and not self.otherwise and self.sample is None


class Crew(Value):
    """Who: members and whole teams."""

    members: tuple[int, ...] = ()
    teams: tuple[int, ...] = ()

    def holds(self, person: int, teams: frozenset[int] | set[int]) -> bool:
        return person in self.members or not teams.isdisjoint(self.teams)


class Review(_Aliased):
    """Which finished tasks are looked at by a second person before they are done."""

    share: Share = 1.0
    condition: Query | None = Field(default=None, alias="if")
    authors: tuple[int, ...] | None = None
    """Only the work of these people; absent: of everybody."""


class Prelabels(Value):
    """Suggestions from a model's predictions."""

    predictions: Name
    """The name of the predictions."""
    mode: Literal["suggest", "draft", "resolve"] = "suggest"
    """What untouched ones mean at submit: `suggest` drops them, `draft` accepts them, `resolve` wants an answer."""
    above: float = Field(default=0.0, ge=0, le=1)
    """Only predictions of at least this confidence."""


class TemplateSettings(Value):
    """The description of a kind of work."""

    watch: tuple[Watch, ...] = ()
    interface: Literal["image"] = "image"
    labels: tuple[int, ...] | None = None
    """Labels it may write; absent means all, empty means none. The others are shown, but read-only."""
    attributes: tuple[int, ...] | None = None
    """Attributes it may write; absent means all, empty means none."""
    guide: str = Field(default="", max_length=1_000_000)
    annotators: Crew | None = None
    """Who works on it; absent: every annotator of the project."""
    reviewers: Crew | None = None
    """Who reviews; absent: every editor."""
    review: Review | None = None
    on_done: tuple[Route, ...] = ()
    prelabels: Prelabels | None = None
    outside: Literal["refuse", "clip"] = "refuse"
    """What submitting does with shapes that reach outside the file."""
    lease_seconds: int = Field(default=900, ge=1, le=7 * 86400)
    """How long a task is held without a sign of life."""
    priority: Priority = 0
    """Of the tasks it makes; higher comes first."""


class NewTemplate(Value):
    name: Name
    settings: TemplateSettings = TemplateSettings()


class TemplateChange(Value):
    """What to change; a field left out stays. `settings` replaces all of them."""

    name: Name | None = None
    settings: TemplateSettings | None = None


class Template(Value):
    id: int
    name: str
    state: TemplateState
    edition: int
    settings: TemplateSettings


class Task(Value):
    """One file to be worked on under one template."""

    id: int
    template: int
    file: int
    branch: int
    dataset: int
    round: int
    status: Status
    priority: int
    holder: int | None = None
    """Who has it now; of a returned task, whose it is."""
    attempt: int | None = None
    """The live attempt."""
    author: int | None = None
    """Who submitted last."""
    authored: int | None = None
    """The attempt that was submitted last."""
    reviewer: int | None = None
    """Who accepted or returned it last."""
    reserved_by: int | None = None
    reserved_until: datetime | None = None
    move_from: bool = False
    """Whether the file leaves the dataset when the last unfinished task on it there closes."""
    reason: str | None = None
    """Why it was skipped or cancelled."""
    created_seq: int
    done_seq: int | None = None

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED


class QueuedTask(Value):
    """A task as those see it who look after the queue: which file, who has it, and since when."""

    id: int
    template: int
    file: int
    key: str
    """The file's."""
    status: Status
    priority: int
    round: int
    holder: int | None
    holder_name: str | None
    """Who has it now; of a returned task, whose it is."""
    author: int | None
    author_name: str | None
    """Who submitted last."""
    attempts: int
    since: datetime
    """When its holder began; when it was closed; else when it was opened."""
    is_idle: bool
    """Somebody has it whose time ran out: whoever works next gets it."""
    reason: str | None
    """Why it was skipped or cancelled."""


class TaskChange(Value):
    """What of a task is set by those who look after the queue."""

    priority: Priority
    """Higher ones go out first."""


class Attempt(Value):
    """One person's, model's or program's go at a task: its own lease, its own draft branch."""

    id: int
    task: int
    template: int
    edition: int
    """The template's edition that it began under."""
    file: int
    who: int
    role: Role
    state: AttemptState
    lease_until: datetime
    branch: int
    """Its draft."""
    parent: int
    """The branch that the draft is over."""
    schema_version: int
    commands: int = 0
    active_seconds: float = 0.0
    started_at: datetime
    ended_at: datetime | None = None


class Claim(Value):
    """A task, and the attempt at it that is yours until its lease ends."""

    task: Task
    attempt: Attempt


class Note(Value):
    """A remark on a task, perhaps pinned to an annotation."""

    id: int
    task: int
    annotation: UUID | None = None
    author: int
    text: str
    at: datetime
    resolved: bool = False


class NewNote(Value):
    id: UUID | None = None
    """Made by whoever says it: by it a repeat is known, which says nothing twice."""
    text: str = Field(min_length=1, max_length=10_000)
    annotation: UUID | None = None


class Returning(Value):
    """Why a task goes back to its annotator."""

    notes: tuple[NewNote, ...] = Field(min_length=1)


class Skipping(Value):
    reason: str = Field(min_length=1, max_length=2_000)


class Saved(Value):
    """The answer to a save."""

    command: UUID
    repeated: bool = False
    """The same command had been saved before; nothing was done."""
    late: bool = False
    """The task is no longer yours: the work is kept on your attempt alone, and whoever has the task is shown it."""
    held_by: int | None = None
    """Who has the task instead."""
    cancelled: str | None = None
    """Why the task was cancelled meanwhile, if it was: then nobody has it, and nothing needs to be handed in."""
    lease_until: datetime


class LateWork(Value):
    """Work of an earlier attempt that isn't in the task: its lease ran out, or it was given back."""

    attempt: int
    who: int
    changes: int


class TemplateCard(Value):
    """A template as one who works on it sees it."""

    template: int
    name: str
    state: TemplateState
    role: Role
    left: int
    """Tasks to be had: nobody has them, or their holder's lease ran out."""
    mine: int
    """Tasks I hold."""
    returned: int
    """Tasks that came back to me."""
    done: int
    """Tasks of mine that are done."""


class Correction(Value):
    """What a later task changed of an earlier one's work, in numbers of annotations."""

    file: int
    task: int
    template: int
    author: int
    by_task: int
    by_template: int
    by_person: int
    kept: int
    changed: int
    removed: int
    added: int
    reshaped: int = 0
    """Of the changed ones, those whose geometry did; one can also be relabelled and answered anew."""
    relabelled: int = 0
    reanswered: int = 0
    at: datetime


class FileCard(Value):
    """What an annotator's screen needs to know of the file."""

    id: int
    key: str
    media: str | None
    width: int | None
    height: int | None
    meta: dict[str, Any] = {}
