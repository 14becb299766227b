"""What stays of a series."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from penstock.datasets.keeping import Keep

NOW = dt.datetime(2031, 3, 3, tzinfo=dt.UTC)
days = st.lists(st.integers(0, 50), max_size=12).map(sorted)
rules = st.tuples(st.none() | st.integers(1, 10), st.none() | st.integers(1, 40)).filter(any)


@given(days, rules)
def test_what_a_rule_keeps_stays_and_the_newest_always_does(
    ages: list[int], rule: tuple[int | None, int | None]
) -> None:
    keep = Keep(last=rule[0], days=rule[1])
    made = [NOW - dt.timedelta(days=age) for age in ages]
    stays = [n for n in range(len(made)) if n not in keep.past(made, NOW)]
    assert stays[:1] == [0][: len(made)]
    by_rule = set(range(min(keep.last or 0, len(made))))
    by_rule |= {n for n, age in enumerate(ages) if keep.days is not None and age <= keep.days}
    assert set(stays) == by_rule | ({0} if made else set())


def test_a_rule_says_something() -> None:
    with pytest.raises(ValidationError, match="how many"):
        Keep()
