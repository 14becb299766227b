"""A job that waits under a key stands in for a second one only if it runs after whoever asked for that."""

import asyncio

from penstock import jobs
from penstock.jobs import Job, Work, worker
from penstock.store import Store


def test_a_waiting_job_sees_what_was_done_by_whoever_asked_for_it_again(store: Store) -> None:
    seen: list[int] = []

    def count(work: Work) -> None:
        with work.db.transaction(0) as tx:
            seen.append(tx.value(int, "select count(*) from project") or 0)

    def work_off() -> None:
        known = [Job("test.count", count)]
        asyncio.run(worker.run(store, known, concurrency=1, wait=False))

    with store.db.transaction(0) as tx:
        assert jobs.later(tx, "test.count", key="count")
    with store.db.transaction(0) as tx:
        tx.run("insert into project (name) values ('one more')")
        assert not jobs.later(tx, "test.count", key="count")
        work_off()
        assert seen == []
    work_off()
    assert seen == [1]
