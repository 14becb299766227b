"""Schedules in time zones, also where the clock is moved."""

import datetime as dt

import pytest
from pydantic import ValidationError

from penstock.actions.schedule import Schedule


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def following(schedule: Schedule, start: str, n: int) -> list[str]:
    found, moment = list[str](), at(start)
    for _ in range(n):
        moment = schedule.next_after(moment)
        found.append(f"{moment:%m-%d %H:%M}")
    return found


def test_it_reads_the_line_in_its_time_zone() -> None:
    assert following(Schedule(schedule="30 6 * * *", zone="Asia/Kolkata"), "2026-01-01", 2) == [
        "01-01 01:00",
        "01-02 01:00",
    ]


def test_an_hour_that_the_clock_skips_is_made_up_right_after() -> None:
    schedule = Schedule(schedule="30 2 * * *", zone="Europe/Berlin")
    assert following(schedule, "2026-03-28T12:00", 2) == ["03-29 01:00", "03-30 00:30"]


def test_an_hour_that_the_clock_shows_twice_is_due_once() -> None:
    schedule = Schedule(schedule="30 2 * * *", zone="Europe/Berlin")
    assert following(schedule, "2026-10-24T12:00", 2) == ["10-25 00:30", "10-26 01:30"]
    assert schedule.latest_until(at("2026-10-25T12:00")) == at("2026-10-25T00:30")


def test_every_half_hour_goes_by_elapsed_time() -> None:
    schedule = Schedule(schedule="*/30 * * * *", zone="Europe/Berlin")
    assert following(schedule, "2026-10-24T23:59", 5) == [
        "10-25 00:00", "10-25 00:30", "10-25 01:00", "10-25 01:30", "10-25 02:00",
    ]  # fmt: skip


def test_the_latest_time_is_the_one_that_is_due_now() -> None:
    schedule = Schedule(schedule="0 6 * * *")
    assert schedule.latest_until(at("2026-01-05T06:00")) == at("2026-01-05T06:00")
    assert schedule.latest_until(at("2026-01-05T05:59:59")) == at("2026-01-04T06:00")
    assert schedule.next_after(at("2026-01-05T06:00")) == at("2026-01-06T06:00")


@pytest.mark.parametrize("line", ["", "every day", "61 * * * *", "* * * *", "* * * * * *", "@daily"])
def test_a_line_that_is_no_schedule_is_refused(line: str) -> None:
    with pytest.raises(ValidationError, match="schedule"):
        Schedule(schedule=line)


def test_a_day_that_never_comes_is_refused() -> None:
    with pytest.raises(ValidationError, match="never due"):
        Schedule(schedule="0 0 31 2 *")


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "../etc/passwd", "/etc/passwd"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError, match="time zone"):
        Schedule(schedule="0 6 * * *", zone=zone)
