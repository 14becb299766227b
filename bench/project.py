"""A project to measure: a label, two datasets, a template between them, and clients with tokens of their own."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.installation import Installation, Line
from bench.load import CLIENTS


@dataclass
class Project:
    """Ids, and the owner's connection."""

    running: Installation
    line: Line
    path: str
    label: int
    source: int
    target: int
    template: int = 0

    @classmethod
    def make(cls, running: Installation) -> "Project":
        line = running.line()
        project = line.post("/api/v1/projects", b'{"name": "bench"}')["id"]
        path = f"/api/v1/projects/{project}"
        schema = line.put(f"{path}/schema", b'{"labels": {"thing": {}}}')
        source, target = (
            line.post(f"{path}/datasets", json.dumps({"name": name}).encode())["id"] for name in ("in", "out")
        )
        return cls(running, line, path, schema["labels"][0]["id"], source, target)

    def start_import(self, folder: Path, dataset: int) -> int:
        body = {"dataset": dataset, "source": {"kind": "path", "path": str(folder)}, "format": "none"}
        return self.line.post(f"{self.path}/imports", json.dumps(body).encode())["id"]

    def import_state(self, run: int) -> dict[str, Any]:
        return self.line.get(f"{self.path}/imports/{run}")

    def await_import(self, run: int) -> dict[str, Any]:
        while (state := self.import_state(run))["state"] in ("scanning", "running"):
            time.sleep(0.1)
        if state["state"] != "finished" or state["counts"]["failed"]:
            raise RuntimeError(f"the import went wrong: {state}")
        return state

    def open_tasks(self, wanted: int) -> None:
        """Make the template that turns every file of `source` into a task, and wait for the tasks."""
        settings = {"watch": [{"dataset": self.source}], "on_done": [{"to": self.target}]}
        body = json.dumps({"name": "boxes", "settings": settings}).encode()
        self.template = self.line.post(f"{self.path}/templates", body)["id"]
        self.await_tasks(wanted)

    def await_tasks(self, wanted: int) -> None:
        """Wait until so many are to be had."""
        while sum(card["left"] for card in self.line.get(f"{self.path}/work")) < wanted:
            time.sleep(0.2)

    def workers(self) -> list["Annotator"]:
        return [Annotator(self, f"client {n}") for n in range(CLIENTS)]


class Annotator:
    """A program with the role of an annotator, its token and its connection."""

    def __init__(self, project: Project, name: str) -> None:
        person = project.line.post(f"{project.path}/programs", json.dumps({"name": name}).encode())
        body = json.dumps({"name": name, "person": person["person"]}).encode()
        token = project.line.post(f"{project.path}/tokens", body)["secret"]
        self._line = Line(project.running.url, token)
        self._path = project.path
        self._next = f"{project.path}/templates/{project.template}/next"

    def claim(self) -> int | None:
        return self._line.post(self._next)["attempt"]["id"]

    def save(self, attempt: int, command: bytes) -> Any:
        return self._line.post(f"{self._path}/attempts/{attempt}/save", command)

    def done(self, attempt: int) -> Any:
        return self._line.post(f"{self._path}/attempts/{attempt}/submit")
