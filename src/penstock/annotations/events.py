"""What happens to annotations apart from people's tasks."""

from typing import Any

from penstock.log import Event


class AnnotationsImported(Event):
    """Annotations of a file came in from outside, onto a branch."""

    kind = "annotations.imported"
    file: int
    branch: int
    added: int
    updated: int  #: those untouched since the last import
    kept: int  #: those that a person touched meanwhile: they stay as the person left them


class AnnotationsEdited(Event):
    """A file's annotations were changed on the main branch directly, outside any task."""

    kind = "annotations.edited"
    file: int
    branch: int
    added: int
    changed: int
    removed: int


class MergeConflicted(Event):
    """Two pieces of work changed the same field. The later done stands; both sides are recorded here."""

    kind = "merge.conflicted"
    file: int
    branch: int
    task: int | None
    conflicts: list[dict[str, Any]]  #: annotation, field, theirs, ours


class PredictionsChanged(Event):
    """A model's predictions for a file came in, or came anew."""

    kind = "predictions.changed"
    file: int
    branch: int
    name: str
    put: int
    dropped: int
