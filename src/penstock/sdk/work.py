"""Working on one task: what is on the file, by names, and saving what one changes.

Each save is durable when it returns and happens once, also when the connection was lost in between.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from penstock.annotations.model import holder_id
from penstock.core.ids import new_uuid
from penstock.sdk.scope import Scope
from penstock.sdk.shapes import Acceptance, Change, Names, Plain, Removal, Shape
from penstock.tasks.model import Attempt, FileCard, LateWork, Note, Saved, Task, TemplateSettings

if TYPE_CHECKING:
    from PIL.Image import Image

IDLE_SECONDS = 60.0  #: longer pauses between saves don't count as time at work


class Work:
    """A task, held until its lease ends: the file, what is on it, and the ways to hand it in."""

    def __init__(self, scope: Scope, names: Names, plain: Plain) -> None:
        self._scope = scope
        self._names = names
        self._since = time.monotonic()
        self.late = False  #: whether the task is no longer ours: what is saved is kept, but on this attempt alone
        self.cancelled: str | None = None  #: why the task was cancelled meanwhile, if it was
        self._read(plain)

    def _read(self, plain: Plain) -> None:
        self.task = Task.model_validate(plain["task"], extra="ignore")
        self.attempt = Attempt.model_validate(plain["attempt"], extra="ignore")
        self.file = FileCard.model_validate(plain["file"], extra="ignore")
        self.settings = TemplateSettings.model_validate(plain["settings"], extra="ignore")
        self.notes = [Note.model_validate(note, extra="ignore") for note in plain["notes"]]
        self.late_work = [LateWork.model_validate(late, extra="ignore") for late in plain["late_work"]]
        self._shapes = {shape.id: shape for shape in map(self._names.shape, plain["annotations"])}
        self._suggested = {shape.id: shape for shape in map(self._names.shape, plain["suggestions"])}

    @property
    def annotations(self) -> list[Shape]:
        """The shapes on the file, with one's own changes."""
        return [shape for shape in self._shapes.values() if shape.label is not None]

    @property
    def suggestions(self) -> list[Shape]:
        """A model's shapes that aren't answered yet."""
        return list(self._suggested.values())

    @property
    def answers(self) -> Mapping[str, Any]:
        """The file's own attributes."""
        holder = self._shapes.get(holder_id(self.file.id))
        return {} if holder is None else holder.attributes

    @property
    def labels(self) -> list[str]:
        """The labels that this work may write."""
        return [
            label.name
            for label in self._names.schema.live_labels
            if self.settings.labels is None or label.id in self.settings.labels
        ]

    @property
    def attributes(self) -> list[str]:
        """The attributes that this work may write."""
        return [
            attribute.name
            for attribute in self._names.schema.live_attributes
            if self.settings.attributes is None or attribute.id in self.settings.attributes
        ]

    def content(self) -> bytes:
        """The file's bytes."""
        return self._scope.client.bytes(self._scope.path(f"/files/{self.file.id}/content"))

    def image(self) -> Image:
        """The file as an upright Pillow image: annotations are in its pixels."""
        from PIL import Image, ImageOps

        with Image.open(io.BytesIO(self.content())) as opened:
            return ImageOps.exif_transpose(opened)

    def save(
        self,
        changes: Iterable[Change] = (),
        *,
        answers: Mapping[str, Any] | None = None,
        active_seconds: float | None = None,
    ) -> Saved:
        """Save shapes (new ones, changed copies), removals and the file's own answers, all of them or none.

        Durable when it returns. Renews the lease. `active_seconds` is the time at work since the last save, measured
        when left out. Raises Refused with one problem per change that can't be made.
        """
        wanted = list(changes)
        if answers:
            wanted.append(self._holder(answers))
        plain = [change for change in map(self._plain, wanted) if change is not None]
        command: Plain = {"id": str(new_uuid()), "changes": plain, "active_seconds": self._active(active_seconds)}
        saved = self._scope.post(f"/attempts/{self.attempt.id}/save", Saved, command)
        self.late, self.cancelled = saved.late, saved.cancelled
        for change in wanted:
            self._remember(change)
        return saved

    def submit(self) -> Task:
        """Hand it in. Raises Refused with one problem per thing that is missing or wrong, by annotation."""
        return self._end("submit")

    def skip(self, reason: str) -> Task:
        """Put the task aside, saying why."""
        return self._end("skip", reason=reason)

    def release(self) -> Task:
        """Give the task back to the queue. What was saved stays on this attempt."""
        return self._end("release")

    def accept(self) -> Task:
        """Of a review: accept the task, as it is here now."""
        return self._end("accept")

    def return_(self, *notes: str | tuple[str, Shape]) -> Task:
        """Of a review: send the task back to its author, with notes, each perhaps on one shape."""
        told = [
            {"text": note} if isinstance(note, str) else {"text": note[0], "annotation": note[1].id} for note in notes
        ]
        return self._end("return", notes=told)

    def keep(self) -> Attempt:
        """Keep the lease without saving anything."""
        self.attempt = self._scope.post(
            f"/attempts/{self.attempt.id}/heartbeat", Attempt, {"active_seconds": self._active(None)}
        )
        return self.attempt

    def take(self, attempt: int) -> int:
        """Copy the late work of another attempt (see `late_work`) onto this one; how many shapes."""
        taken = self._scope.post(f"/attempts/{self.attempt.id}/take", dict[str, int], {"attempt": attempt})["taken"]
        self._read(self._scope.get(f"/attempts/{self.attempt.id}/work", dict[str, Any]))
        return taken

    def note(self, text: str, on: Shape | UUID | None = None) -> Note:
        """Remark on the task, perhaps on one annotation."""
        pinned = on.id if isinstance(on, Shape) else on
        body = {"text": text, "annotation": str(pinned) if pinned else None}
        return self._scope.post(f"/tasks/{self.task.id}/notes", Note, body)

    def __repr__(self) -> str:
        return f"<work on {self.file.key!r}, task {self.task.id}, {self.task.status}>"

    def _plain(self, change: Change) -> Plain | None:
        if isinstance(change, Removal):
            return {"do": "delete", "id": str(change.id)}
        if isinstance(change, Acceptance):
            return {"do": "accept", "id": str(change.id)}
        before = self._shapes.get(change.id) or self._suggested.get(change.id)
        return self._names.create(change) if before is None else self._names.update(before, change)

    def _remember(self, change: Change) -> None:
        suggested = self._suggested.pop(change.id, None)
        if isinstance(change, Shape):
            self._shapes[change.id] = change
        elif isinstance(change, Acceptance) and suggested is not None:
            self._shapes[change.id] = suggested
        else:
            self._shapes.pop(change.id, None)

    def _holder(self, answers: Mapping[str, Any]) -> Shape:
        id = holder_id(self.file.id)
        holder = self._shapes.get(id) or Shape("tag", None, id=id)
        return holder.but(attributes=answers)

    def _end(self, how: str, **told: Any) -> Task:
        told["active_seconds"] = self._active(None)
        self.task = self._scope.post(f"/attempts/{self.attempt.id}/{how}", Task, told)
        return self.task

    def _active(self, told: float | None) -> float:
        passed, self._since = time.monotonic() - self._since, time.monotonic()
        return min(passed, IDLE_SECONDS) if told is None else told
