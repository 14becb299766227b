"""A job that waits under a key stands in for a second one only if it runs after whoever asked for that."""

import asyncio

import pytest

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


def test_a_job_that_fails_leaves_its_work_to_the_one_that_waits_with_its_key(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    def fail_once(work: Work) -> None:
        tries.append(work.tries)
        if len(tries) == 1:
            with work.db.transaction(0) as tx:
                assert jobs.later(tx, "test.fail", key="fail", lock="fail")
            raise ValueError

    with store.db.transaction(0) as tx:
        jobs.later(tx, "test.fail", key="fail", lock="fail")
    asyncio.run(worker.run(store, [Job("test.fail", fail_once)], concurrency=1, wait=False))
    with store.db.transaction(0) as tx:
        assert tx.value(int, "select count(*) from procrastinate_jobs where task_name = 'test.fail'") == 0
    assert tries == [0, 0]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
