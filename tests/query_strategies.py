"""Strategies: any query that can be written, and small worlds to ask it of."""

import datetime as dt

from hypothesis import strategies as st

from penstock.datasets.query import Facts, Mark
from penstock.datasets.query import expression as e

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
WORDS = (
    "car",
    "bus",
    "in",
    "Not",
    "traffic light",
    "\u0131n",
    'a "b" \\c',
    "é",
    "status",
    "2nd",
    "x-y",
    "'",
    "a\nb",
    "",
)

names = st.sampled_from(WORDS) | st.text(max_size=6)
numbers = st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
durations = st.builds(
    e.Now,
    st.integers(-400, 400) | st.sampled_from([0.5, -1.25, 7.75]),
    st.sampled_from(["s", "m", "h", "d", "w"]),
).map(lambda now: now if now.amount else e.Now())
values = st.one_of(names, numbers, st.booleans(), st.none(), durations)
operators = st.sampled_from(e.OPERATORS)

fields = st.one_of(
    st.sampled_from(sorted(e.PLAIN_FIELDS)).map(e.Plain),
    names.map(e.Attribute),
    names.map(e.LabelCount),
    names.map(e.FileField),
    st.lists(names, min_size=1, max_size=3).map(lambda path: e.Meta(tuple(path))),
    st.lists(names, min_size=1, max_size=3).map(lambda path: e.EventField(tuple(path))),
    st.builds(e.TaskField, names, names),
)
places = names | st.builds(e.Pin, names, names)
conditions = st.one_of(
    st.builds(e.Compare, fields, operators, values),
    st.builds(e.Among, fields, st.lists(values, min_size=1, max_size=3).map(tuple), st.booleans()),
    st.lists(places, min_size=1, max_size=3).map(lambda names: e.InDataset(tuple(names))),
    places.map(e.ChangedSince),
)


def combined(parts: st.SearchStrategy[e.Expression]) -> st.SearchStrategy[e.Expression]:
    """One level more."""
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        several.map(e.And),
        several.map(e.Or),
        parts.map(e.Not),
        parts.map(e.AnyOf),
        st.builds(e.CountOf, parts, operators, st.integers(0, 4) | st.floats(-1, 4)),
    )


expressions = st.recursive(conditions, combined, max_leaves=8)

# Small worlds, where much coincides.

few = st.sampled_from(["car", "bus", "rain", "7"])
small = st.integers(0, 3)
told = st.one_of(few, small, st.booleans(), st.none())
given = told | st.lists(st.one_of(few, small, st.booleans()), max_size=2)
moments = st.integers(-10, 10).map(lambda days: NOW + dt.timedelta(days=days))
marks = st.builds(
    Mark,
    st.fixed_dictionaries(
        {"label": few | st.none(), "confidence": st.sampled_from([None, 0, 0.5, 1]), "area": small, "person": few}
    ),
    st.dictionaries(st.sampled_from(["wet", "side"]), given, max_size=2),
)
worlds = st.builds(
    Facts,
    now=st.just(NOW),
    file=st.fixed_dictionaries({"key": few, "state": few, "width": small}),
    added=moments | st.none(),
    meta=st.dictionaries(
        few, told | st.dictionaries(few, told, max_size=2) | moments.map(dt.datetime.isoformat), max_size=3
    ),
    attributes=st.dictionaries(st.sampled_from(["wet", "weather"]), given, max_size=2),
    annotations=st.lists(marks, max_size=3),
    datasets=st.sets(few),
    task=st.fixed_dictionaries({"status": few, "round": small, "author": few}),
    tasks=st.dictionaries(few, st.fixed_dictionaries({"status": few, "round": small}), max_size=2),
    event=st.dictionaries(few, told, max_size=2),
    in_version=st.sampled_from([lambda pin: pin.version == "car", lambda pin: False]),
    changed_since=st.sampled_from([lambda version: version == "car", lambda version: False]),
)
asked = st.one_of(
    st.sampled_from(
        ["label", "confidence", "area", "added", "key", "state", "person", "status", "round", "author"]
    ).map(e.Plain),
    st.sampled_from(["wet", "side", "weather"]).map(e.Attribute),
    few.map(e.LabelCount),
    st.sampled_from(["key", "width"]).map(e.FileField),
    st.lists(few, min_size=1, max_size=2).map(lambda path: e.Meta(tuple(path))),
    few.map(lambda word: e.EventField((word,))),
    st.builds(e.TaskField, few, st.sampled_from(["status", "round"])),
)
wanted = st.one_of(
    few, small, st.floats(0, 3), st.booleans(), st.none(), st.integers(-10, 10).map(lambda days: e.Now(days, "d"))
)
questions = st.recursive(
    st.one_of(
        st.builds(e.Compare, asked, operators, wanted),
        st.builds(e.Among, asked, st.lists(wanted, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.lists(few | st.builds(e.Pin, few, few), min_size=1, max_size=2).map(lambda names: e.InDataset(tuple(names))),
        few.map(e.ChangedSince),
    ),
    combined,
    max_leaves=6,
)
