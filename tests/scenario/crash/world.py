"""A pipeline of two stages at work: imports pour files in, annotators finish them, exports and messages leave."""

import random
import threading
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from penstock.sdk import places
from penstock.sdk.errors import Unreachable
from penstock.sdk.events import follow
from penstock.sdk.http import Client
from penstock.sdk.project import Project
from scenario.crash.crowd import Annotator, Line, Place, wait_until
from scenario.crash.installation import Installation
from scenario.crash.ledger import Ledger
from scenario.crash.outside import SECRET, Receiver, Watcher

FILES = 4  #: of one import
SIZE = (32, 24)
EVERY = 10  #: tasks, from one message about progress to the next
LAST = "version.named"  #: the event that ends it all

PIPELINE = f"""
project: crash
schema: {{labels: {{cell: {{kinds: [box]}}}}}}
datasets: [first pass, first pass complete, gold]
templates:
  first pass: {{watch: first pass, on_done: [{{to: first pass complete}}]}}
  expert: {{watch: first pass complete, on_done: [{{to: gold}}]}}
actions:
  hand over:
    when: {{event: import.finished}}
    do:
      - export: {{dataset: first pass complete, format: jsonl, to: outbox/event}}
      - webhook: {{to: trainer}}
  tell progress:
    when: {{progress: first pass, every: {EVERY} tasks}}
    do: [{{webhook: {{to: trainer}}}}]
  export now:
    when: {{by_hand: true}}
    do:
      - export: {{dataset: first pass complete, format: jsonl, to: outbox/hand}}
      - webhook: {{to: trainer}}
"""


class Follower(threading.Thread):
    """Follows the project's events live, through every crash."""

    def __init__(self, client: Client, project: int, over: threading.Event) -> None:
        super().__init__(name="follower", daemon=True)
        self._client, self._project, self._over = client, project, over
        self.seen: list[str] = []

    def run(self) -> None:
        with closing(self._client):
            self._follow()

    def _follow(self) -> None:
        while not self._over.is_set():
            with suppress(Unreachable):  # away for longer than the SDK waits: come back
                for event in follow(self._client, self._project, after=self.seen[-1] if self.seen else "0.0"):
                    self.seen.append(event.id)
                    if event.kind == LAST:
                        return


@dataclass
class World:
    """Everything that goes on around an installation, and what it should come to."""

    installation: Installation
    receiver: Receiver
    chance: random.Random
    ledger: Ledger = field(default_factory=Ledger)
    over: threading.Event = field(default_factory=threading.Event)
    crowd: list[Annotator] = field(default_factory=list)
    watchers: list[Watcher] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    project: int = 0
    datasets: dict[str, int] = field(default_factory=dict)
    templates: dict[str, int] = field(default_factory=dict)
    actions: dict[str, int] = field(default_factory=dict)
    line: Line = field(init=False)
    follower: Follower = field(init=False)
    _imports: int = 0

    @property
    def outbox(self) -> Path:
        return self.installation.folder / "outbox"

    def begin(self) -> None:
        """Set the pipeline up and let everybody begin."""
        owner = self._project(self._owners_token())
        owner.create_project("crash")
        for kind in ("event", "hand"):
            (self.outbox / kind).mkdir(parents=True)
        owner.connections.folder("outbox", str(self.outbox))
        owner.connections.webhook("trainer", self.receiver.url, secret=SECRET)
        owner.apply(PIPELINE)
        self.project = owner.id
        self.datasets = {dataset.name: dataset.id for dataset in owner.datasets}
        self.templates = {template.name: template.id for template in owner.templates}
        self.actions = {action.name: action.id for action in owner.actions}
        label = owner.schema().labels[0].id
        tokens = {name: self._program(owner, name) for name in ("admin", "ann", "ben", "eve")}
        self.line = self._line(tokens["admin"])
        self.follower = Follower(Client(self.installation.url, tokens["admin"]), self.project, self.over)
        self.watchers = [Watcher(self.outbox / "event"), Watcher(self.outbox / "hand")]
        for seed, (name, template) in enumerate((("ann", "first pass"), ("ben", "first pass"), ("eve", "expert"))):
            line, is_first = self._line(tokens[name]), template == "first pass"
            place = Place(self.project, self.templates[template], label, is_first)
            self.crowd.append(Annotator(line, place, self.ledger, seed))
        for thread in (self.follower, *self.watchers, *self.crowd):
            thread.start()
        owner.close()

    def feed(self, operation: str) -> None:
        """See to it that an operation will happen."""
        if operation in ("exporting", "delivering"):
            run = self.line.post(f"/projects/{self.project}/actions/{self.actions['export now']}/fire")
            self.ledger.fired.add(run["id"])
        elif operation == "importing" or self.ledger.tasks_left() < FILES:
            self._import()

    def _import(self) -> None:
        self._imports += 1
        folder = self.installation.folder / "in" / f"{self._imports:04}"
        folder.mkdir(parents=True)
        for n in range(FILES):
            name = f"{self._imports:04}-{n}"
            Image.frombytes("RGB", SIZE, self.chance.randbytes(SIZE[0] * SIZE[1] * 3)).save(folder / f"{name}.png")
            (folder / f"{name}.xml").write_text(_voc(name))
        body = {"dataset": self.datasets["first pass"], "source": {"kind": "path", "path": str(folder)}}
        made = self.line.post(f"/projects/{self.project}/imports", body)
        self.ledger.imports[made["id"]] = FILES

    def finish(self, seconds: float = 240.0) -> None:
        """Let everything come to its end by itself, then stop."""
        wait_until(
            lambda: not self.left(), seconds, lambda: f"it never ends: {self.left()}\n{self.installation.tail()}"
        )
        for annotator in self.crowd:
            annotator.stop()
        self.line.post(f"/projects/{self.project}/datasets/{self.datasets['gold']}/versions", {"name": "the end"})
        self.follower.join(30)
        for watcher in self.watchers:
            watcher.stop()

    def stop(self) -> None:
        """End every thread, whatever happened."""
        self.over.set()
        for thread in [*self.watchers, *self.crowd]:
            thread.stop()
        for line in self.lines:
            line.close()

    def left(self) -> dict[str, Any]:
        """What isn't at its end yet, by what the API says."""
        base = f"/projects/{self.project}"
        imports = [run["state"] for run in self._pages(f"{base}/imports")]
        progress = self.line.get(f"{base}/progress")
        runs = [run["state"] for run in self._pages(f"{base}/runs")]
        files = sum(self.ledger.imports.values())
        left = {
            "imports": [state for state in imports if state != "finished"],
            "runs": [state for state in runs if state != "done"],
            "messages": len(runs) - self._expected_runs(files),
            "progress": [one for one in progress if one["done"] != files or one["total"] != files],
        }
        return {what: found for what, found in left.items() if found} | ({} if len(progress) == 2 else {"none": True})

    def _expected_runs(self, files: int) -> int:
        return len(self.ledger.imports) + len(self.ledger.fired) + files // EVERY

    def _pages(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        after = ""
        while True:
            page = self.line.get(f"{path}?limit=50{after}")
            items += page["items"]
            if not page["next"]:
                return items
            after = f"&after={page['next']}"

    def _project(self, token: str) -> Project:
        return Project(Client(self.installation.url, token), None, progress=False)

    def _line(self, token: str) -> Line:
        self.lines.append(Line(self.installation.url, token, self.over))
        return self.lines[-1]

    def _owners_token(self) -> str:
        found = places.running(self.installation.home)
        assert found is not None
        assert found.token is not None
        return found.token

    def _program(self, owner: Project, name: str) -> str:
        owner.members.add_program(name, "admin" if name == "admin" else "annotator")
        secret = owner.tokens.create("crash", program=name).secret
        assert secret is not None
        return secret


def _voc(name: str) -> str:
    box = "<bndbox><xmin>3</xmin><ymin>4</ymin><xmax>9</xmax><ymax>12</ymax></bndbox>"
    size = f"<size><width>{SIZE[0]}</width><height>{SIZE[1]}</height><depth>3</depth></size>"
    return f"<annotation><filename>{name}.png</filename>{size}<object><name>cell</name>{box}</object></annotation>"
