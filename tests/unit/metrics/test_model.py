"""Marks are exact, and count what people mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from penstock.metrics import Armed, Mark, Progress


def progress(done: int, left: int) -> Progress:
    return Progress(template=1, done=done, open=left)


def test_a_share_is_reached_exactly() -> None:
    mark = Mark(reaches="25%")
    assert [mark.thresholds(done, 100) for done in (24, 25, 26)] == [0, 1, 1]


def test_thirds_are_not_rounded() -> None:
    mark = Mark(reaches="33.3333%", at_least=1)
    assert (mark.thresholds(1, 3), mark.thresholds(333_333, 1_000_000)) == (1, 1)
    assert mark.thresholds(333_332, 1_000_000) == 0


def test_a_share_of_few_tasks_waits_until_there_are_enough() -> None:
    assert Mark(reaches="25%").thresholds(19, 19) == 0
    assert Mark(reaches="25%", at_least=3).thresholds(1, 3) == 1


def test_a_share_of_an_expected_number_counts_at_once_and_however_many_arrive() -> None:
    mark = Mark(reaches="25%", expected=8)
    assert [mark.thresholds(done, total) for done, total in ((1, 1), (2, 2), (2, 900))] == [0, 1, 1]


def test_every_share_stops_at_the_whole() -> None:
    mark = Mark(every="30%", expected=10)
    assert [mark.thresholds(done, 50) for done in (2, 3, 9, 10, 50)] == [0, 1, 3, 3, 3]


def test_every_number_of_tasks_goes_on() -> None:
    mark = Mark(every="500 tasks")
    assert [mark.thresholds(done, 9_999) for done in (499, 500, 1_501)] == [0, 1, 3]
    assert mark.name(3) == "1500 tasks"


def test_marks_say_their_names() -> None:
    assert (Mark(reaches="25%").name(1), Mark(every="12.5%").name(3)) == ("25%", "37.5%")
    assert (str(Mark(reaches="25%")), str(Mark(every="1 task"))) == ("reaches 25%", "every 1 task")


@pytest.mark.parametrize("given", ["25", "0%", "101%", "-5%", "a%", "", "25 %%"])
def test_a_share_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        Mark(reaches=given)


@pytest.mark.parametrize("given", [{}, {"reaches": "5%", "every": "5%"}, {"every": "0 tasks"}, {"every": "5 files"}])
def test_a_mark_says_one_thing(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Mark.model_validate(given)


def test_reaches_fires_late_but_every_tells_only_of_what_is_to_come() -> None:
    before, after = progress(60, 40), progress(61, 39)
    reaches = Armed(template=1, subscriber="a", mark=Mark(reaches="25%"), armed_seq=0)
    every = Armed(template=1, subscriber="a", mark=Mark(every="25%"), armed_seq=0)
    assert list(reaches.crossed(before, after)[0]) == [1]
    assert list(every.crossed(before, after)[0]) == []
    assert list(every.crossed(before, progress(75, 25))[0]) == [3]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=40), st.sampled_from(["10%", "25%", "7 tasks"])
)
def test_no_threshold_ever_fires_twice(course: list[tuple[int, int]], every: str) -> None:
    armed = Armed(template=1, subscriber="a", mark=Mark(every=every, at_least=1), armed_seq=0)
    before, fired = progress(0, 0), list[int]()
    for done, left in course:
        after = progress(done, left)
        thresholds, armed = armed.crossed(before, after)
        fired += thresholds
        before = after
    assert fired == sorted(set(fired))
