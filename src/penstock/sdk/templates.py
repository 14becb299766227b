"""Task templates, their queues and their tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from penstock.metrics.model import TemplateProgress
from penstock.schema.model import Schema
from penstock.sdk.errors import Refused
from penstock.sdk.scope import Named, Scope
from penstock.sdk.shapes import Names
from penstock.sdk.work import Work
from penstock.tasks.model import Claim, NewTemplate, Status, Task, TemplateCard, TemplateSettings
from penstock.tasks.model import Template as TemplateValue

NOTHING = "nothing-to-do"


class Template:
    """A kind of work, and its queue."""

    def __init__(self, scope: Scope, value: TemplateValue | TemplateCard) -> None:
        self._scope = scope
        self.value = value
        self._names = lru_cache(maxsize=8)(self._names_at)

    @property
    def id(self) -> int:
        return self.value.template if isinstance(self.value, TemplateCard) else self.value.id

    @property
    def name(self) -> str:
        return self.value.name

    def next(self) -> Work | None:
        """The next task, held for you until its lease ends; None when there is nothing to do now."""
        try:
            claim = self._scope.post(f"/templates/{self.id}/next", Claim)
        except Refused as refused:
            if refused.type == NOTHING:
                return None
            raise
        return self._work(claim)

    def work(self) -> Iterator[Work]:
        """Tasks one after another, until there is nothing to do."""
        while (work := self.next()) is not None:
            yield work

    def next_review(self) -> Work | None:
        """The next task to review; None when there is nothing to review now."""
        try:
            claim = self._scope.post(f"/templates/{self.id}/next-review", Claim)
        except Refused as refused:
            if refused.type == NOTHING:
                return None
            raise
        return self._work(claim)

    def tasks(self, *, status: Status | None = None) -> Iterator[Task]:
        """Its tasks, oldest first."""
        return self._scope.pages("/tasks", Task, {"template": self.id, "status": status, "limit": 1000})

    def progress(self) -> TemplateProgress:
        """How far it is, counted in the order of events."""
        return self._scope.get(f"/templates/{self.id}/progress", TemplateProgress)

    def pause(self) -> Template:
        """Give out no new tasks. Held ones may be finished."""
        return self._turned("pause")

    def resume(self) -> Template:
        return self._turned("resume")

    def archive(self) -> Template:
        """End it: unfinished tasks are cancelled."""
        return self._turned("archive")

    def __repr__(self) -> str:
        return f"<template {self.name!r}>"

    def _turned(self, how: str) -> Template:
        return Template(self._scope, self._scope.post(f"/templates/{self.id}/{how}", TemplateValue))

    def _work(self, claim: Claim) -> Work:
        plain: dict[str, Any] = self._scope.get(f"/attempts/{claim.attempt.id}", dict[str, Any])
        return Work(self._scope, self._names(claim.attempt.schema_version), plain)

    def _names_at(self, version: int) -> Names:
        return Names(self._scope.get(f"/schema/versions/{version}", Schema))


class Templates(Named[Template]):
    """`p.templates["first pass"]`: for an annotator, those that they work on."""

    what = "template"

    def all(self) -> Mapping[str, Template]:
        try:
            found = self._scope.pages("/templates", TemplateValue)
            return {value.name: Template(self._scope, value) for value in found}
        except Refused as refused:
            if refused.status != 403:
                raise
        mine = self._scope.pages("/my/templates", TemplateCard)
        return {card.name: Template(self._scope, card) for card in mine}

    def create(self, name: str, settings: TemplateSettings | Mapping[str, Any] | None = None) -> Template:
        """Make a template from settings with ids. A pipeline file has names instead."""
        told = settings if isinstance(settings, TemplateSettings) else TemplateSettings.model_validate(settings or {})
        return Template(self._scope, self._scope.post("/templates", TemplateValue, NewTemplate(name=name, settings=told)))


class Tasks:
    """`p.tasks[12]`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getitem__(self, id: int) -> Task:
        return self._scope.get(f"/tasks/{id}", Task)

    def all(self, *, status: Status | None = None, file: int | None = None) -> Iterator[Task]:
        """The project's tasks, oldest first."""
        return self._scope.pages("/tasks", Task, {"status": status, "file": file, "limit": 1000})

    def reopen(self, task: int) -> Task:
        """Let a task be worked on again. Nothing is unmerged."""
        return self._scope.post(f"/tasks/{task}/reopen", Task)
