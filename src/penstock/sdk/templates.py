"""Task templates, their queues and their tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from penstock.metrics.model import TemplateProgress
from penstock.sdk.errors import Refused
from penstock.sdk.scope import Named, Scope
from penstock.sdk.work import Work
from penstock.tasks.model import (
    Claim,
    Correction,
    NewTemplate,
    QueuedTask,
    Role,
    Status,
    Task,
    TaskChange,
    TemplateCard,
    TemplateSettings,
)
from penstock.tasks.model import Template as TemplateValue

NOTHING = "nothing-to-do"


class Template:
    """A kind of work, and its queue."""

    def __init__(self, scope: Scope, value: TemplateValue) -> None:
        self._scope = scope
        self.value = value

    @property
    def id(self) -> int:
        """Its id."""
        return self.value.id

    @property
    def name(self) -> str:
        """Its name."""
        return self.value.name

    def next(self) -> Work | None:
        """The next task, held for you until its lease ends; None when there is nothing to do now."""
        return self._claim("work")

    def work(self) -> Iterator[Work]:
        """Tasks one after another, until there is nothing to do."""
        while (work := self.next()) is not None:
            yield work

    def next_review(self) -> Work | None:
        """The next task to review; None when there is nothing to review now."""
        return self._claim("review")

    def tasks(self, *, status: Status | None = None) -> Iterator[Task]:
        """Its tasks, oldest first."""
        return self._scope.pages("/tasks", Task, {"template": self.id, "status": status, "limit": 1000})

    def queue(self, *, status: Status | None = None, person: int | None = None) -> Iterator[QueuedTask]:
        """Its tasks with their files and who has them, oldest first; of a person, those they have or handed in."""
        query = {"status": status, "person": person, "limit": 1000}
        return self._scope.pages(f"/templates/{self.id}/queue", QueuedTask, query)

    def submissions(self, *, limit: int = 50) -> list[Task]:
        """What one handed in oneself, the last first. Each can be opened again until a later stage claims its file."""
        return self._scope.get(f"/templates/{self.id}/submissions", list[Task], {"limit": limit})

    def corrections(self) -> list[Correction]:
        """What later stages and reviews changed of its work, oldest first: the quality of who did it."""
        return self._scope.get(f"/templates/{self.id}/corrections", list[Correction])

    def progress(self) -> TemplateProgress:
        """How far it is, counted in the order of events."""
        return self._scope.get(f"/templates/{self.id}/progress", TemplateProgress)

    def pause(self) -> Template:
        """Give out no new tasks. Held ones may be finished."""
        return self._turned("pause")

    def resume(self) -> Template:
        """Give out tasks again."""
        return self._turned("resume")

    def archive(self) -> Template:
        """End it: unfinished tasks are cancelled."""
        return self._turned("archive")

    def __repr__(self) -> str:
        return f"<template {self.name!r}>"

    def _turned(self, how: str) -> Template:
        return Template(self._scope, self._scope.post(f"/templates/{self.id}/{how}", TemplateValue))

    def _claim(self, role: Role) -> Work | None:
        try:
            claim = self._scope.post(f"/templates/{self.id}/next", Claim, query={"role": role})
        except Refused as refused:
            if refused.type == NOTHING:
                return None
            raise
        return open_work(self._scope, claim.attempt.id)


def open_work(scope: Scope, attempt: int) -> Work:
    """An attempt of one's own, with all that is on its file."""
    plain: dict[str, Any] = scope.get(f"/attempts/{attempt}/work", dict[str, Any])
    return Work(scope, scope.names(plain["schema_version"]), plain)


class Templates(Named[Template]):
    """`p.templates["first pass"]`: for an annotator, those that they work on."""

    what = "template"

    def all(self) -> Mapping[str, Template]:
        found = self._scope.get("/templates", list[TemplateValue])
        return {value.name: Template(self._scope, value) for value in found}

    def create(self, name: str, settings: TemplateSettings | Mapping[str, Any] | None = None) -> Template:
        """Make a template from settings with ids. A pipeline file has names instead."""
        told = settings if isinstance(settings, TemplateSettings) else TemplateSettings.model_validate(settings or {})
        return Template(
            self._scope, self._scope.post("/templates", TemplateValue, NewTemplate(name=name, settings=told))
        )


class Tasks:
    """`p.tasks[12]`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getitem__(self, id: int) -> Task:
        return self._scope.get(f"/tasks/{id}", Task)

    def all(self, *, status: Status | None = None, file: int | None = None) -> Iterator[Task]:
        """The project's tasks, oldest first."""
        return self._scope.pages("/tasks", Task, {"status": status, "file": file, "limit": 1000})

    def attempt(self, id: int) -> Work:
        """An attempt of one's own, to go on with."""
        return open_work(self._scope, id)

    def mine(self) -> list[TemplateCard]:
        """A card per template that one may work on: how much is left, held, returned and done."""
        return self._scope.get("/work", list[TemplateCard])

    def take_back(self, task: int) -> Task:
        """Take a task from whoever has it, back into the queue. Their draft is kept, and shown to the next."""
        return self._scope.post(f"/tasks/{task}/release", Task)

    def prioritise(self, task: int, priority: int) -> Task:
        """Move a task in its queue: higher priorities go out first."""
        return self._scope.patch(f"/tasks/{task}", Task, TaskChange(priority=priority))

    def cancel(self, task: int) -> Task:
        """Cancel a task, whoever has it. Their draft is kept."""
        return self._scope.post(f"/tasks/{task}/cancel", Task)

    def reopen(self, task: int) -> Work | Task:
        """Let a task be worked on again: work for its author, for an editor the task, back in the queue.

        Nothing is unmerged.
        """
        found: dict[str, Any] = self._scope.post(f"/tasks/{task}/reopen", dict[str, Any])
        if "attempt" in found and isinstance(found["attempt"], dict):
            return open_work(self._scope, Claim.model_validate(found, extra="ignore").attempt.id)
        return Task.model_validate(found, extra="ignore")
