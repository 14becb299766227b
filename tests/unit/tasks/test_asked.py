"""Queries ask about tasks, now and as of a revision."""

import subprocess
import sys

from penstock import datasets, schema
from penstock.datasets import facts, query
from penstock.store import Transaction, horizon
from penstock.tasks.model import Task


def test_the_status_of_a_task_is_known_now_and_as_it_was(lab) -> None:
    first, _ = lab.two_stages()
    file, other = lab.add_files("a.png", "b.png")
    opened = lab.do(horizon)
    done: Task = lab.finish(first, "ann")
    assert done.file == file
    watched = lab.datasets["first pass"]

    def holding(tx: Transaction, text: str, as_of: int | None = None) -> list[int]:
        asked = query.parse(text)
        query.check(asked, "file", facts.names(tx))
        branch = datasets.get(tx, watched).branch
        found = facts.of_files(tx, asked, [file, other], branch=branch, schema=schema.current(tx), as_of=as_of)
        return [id for id, known in found.items() if query.evaluate(asked, known)]

    with lab.store.db.transaction(lab.project) as tx:
        assert holding(tx, 'task("first pass").status = done') == [file]
        assert holding(tx, 'task("first pass").status = open') == [other]
        assert holding(tx, 'task("first pass").status = open', opened) == [file, other]
        assert holding(tx, 'task("first pass").author = ann') == [file]
        assert holding(tx, 'task("expert").status = open') == [file]
        assert holding(tx, 'task("expert").status = null', opened) == [file, other]


def test_the_serving_process_knows_what_the_worker_knows() -> None:
    """Until it filled the registries, the API refused `task(...)` in filters and hid every file from annotators."""
    code = (
        "import penstock.server.app; from penstock.datasets import facts; from penstock.files import visibility;"
        "assert facts.tasks.names.__module__ == 'penstock.tasks.asked' and visibility.visible_to"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
