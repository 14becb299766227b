"""What happens to annotations apart from people's tasks."""

from typing import Any, NamedTuple

from penstock.log import Event


class AnnotationsImported(Event):
    """Annotations of a file came in from outside, onto a branch."""

    kind = "annotations.imported"
    file: int
    branch: int
    added: int
    updated: int  #: those untouched since the last import
    kept: int  #: those that a person touched meanwhile: they stay as the person left them

    @classmethod
    def first(cls, file: int, branch: int, added: int) -> "FirstImported":
        """The same where there were none before, for imports of many files, to which each costs as much as a line."""
        return FirstImported(file, branch, added)


class FirstImported(NamedTuple):
    """An `AnnotationsImported` on its way to the log."""

    file: int
    branch: int
    added: int

    def record(self) -> tuple[str, str, str]:
        body = f'{{"file":{self.file},"branch":{self.branch},"added":{self.added},"updated":0,"kept":0}}'
        return AnnotationsImported.kind, f"file:{self.file}", body


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
