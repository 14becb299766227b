"""How long after an event the job begins that it set off, by the clock of the database."""

import json
import statistics
import time
from datetime import datetime
from typing import Any

from bench.project import Project
from bench.table import Table

EVENTS = 60


def run(project: Project, table: Table) -> None:
    line, path = project.line, project.path
    step = {"kind": "notify", "settings": {"subject": "seen"}}
    body = {"name": "seen", "settings": {"when": {"event": "dataset.created"}, "do": [step]}}
    action = line.post(f"{path}/actions", json.dumps(body).encode())["id"]
    taken = sorted(_one(project, action, n) for n in range(EVENTS + 1))
    taken.pop()  # the first one waits for the worker to be up
    p99 = taken[int(len(taken) * 0.99)]
    more = f"p50 {statistics.median(taken):.0f} ms of {len(taken)} events, one at a time"
    table.add("event to start of its job, p99", p99, "ms", "< 100", more)


def _one(project: Project, action: int, n: int) -> float:
    """Make a dataset, wait for the run that this sets off; milliseconds between them."""
    project.line.post(f"{project.path}/datasets", json.dumps({"name": f"seen {n}"}).encode())
    while True:
        page = project.line.get(f"{project.path}/actions/{action}/runs?limit=100")
        if len(page["items"]) > n and page["items"][0]["state"] == "done":
            return _delay(project.line.get(f"{project.path}/runs/{page['items'][0]['id']}"))
        time.sleep(0.02)


def _delay(run: dict[str, Any]) -> float:
    began = datetime.fromisoformat(run["steps"][0]["started_at"])
    return (began - datetime.fromisoformat(run["event"]["at"])).total_seconds() * 1000
