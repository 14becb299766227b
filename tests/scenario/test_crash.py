"""Crash: `kill -9` of the server, its worker and its database, each inside a named step, while everything goes on.

`python -m tests.scenario.crash` does the same for as many kills as one likes; this is the short form of it.
"""

from scenario.crash.run import crash


def test_ten_kills_lose_no_save_and_double_no_task_event_export_or_message() -> None:
    outcome = crash(10, seed=1)

    assert outcome.troubles == [], f"{outcome.points}"
    assert outcome.kills == 10
    assert outcome.saves > 0
    assert len({operation for operation, _ in outcome.hits}) == 6
    assert len({process for _, process in outcome.hits}) == 3
    print(outcome)
