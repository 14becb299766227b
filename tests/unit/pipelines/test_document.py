"""YAML as plain data with lines: what is read, and what is refused."""

import pytest

from penstock.pipelines.document import PipelineInvalid, read, spoken


def test_keys_are_text_as_written_and_values_have_their_types() -> None:
    found = read('0: 1\nyes: true\nno: no\n"x y": 1.5\nday: 2020-01-01\nnothing: ~\nempty:\nshare: 25%\nhex: 0x1F\n')
    assert found.data == {
        "0": 1, "yes": True, "no": "no", "x y": 1.5, "day": "2020-01-01", "nothing": None, "empty": None,
        "share": "25%", "hex": 31,
    }  # fmt: skip


def test_everything_has_its_place() -> None:
    found = read("# a comment\na:\n  b c:\n    - x\n    - {d: 1, e: 2}\n")
    assert found.place(("a", "b c", 1, "e")) == (5, 14)
    assert found.place(("a", "b c", 1, "unknown", 7)) == (5, 7)
    assert found.problem(("a", "b c", 1, "e"), "wrong").at == "line 5, a.b c[1].e"
    assert spoken(("a", 0, "b")) == "a[0].b"


def test_anchors_and_merges_work() -> None:
    found = read("base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}\nsame: *b\n")
    assert found.data["more"] == {"x": 1, "y": 3}
    assert found.data["same"] == {"x": 1, "y": 2}


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{one}: &{one} [{','.join([f'*{before}'] * 10)}]\n" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands here twice"),
        ("a: [1\nb: 2\n", 2, "not YAML"),
        ("a:\n\tb: 1\n", 2, "not YAML"),
        ("a: *nowhere\n", 1, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: !!python/object:os.system {}\n", 1, "tag"),
        ("a: !secret x\n", 1, "tag"),
        ("? [a, b]\n: 1\n", 1, "plain text"),
        ("a: 1\n<<: 3\n", 2, "one mapping"),
        ("- &a [*a]\n", 1, "endless"),
        (LAUGHS, None, "too large"),
        ("\0", None, "not YAML"),
    ],
)
def test_it_refuses_with_the_line(text: str, line: int | None, says: str) -> None:
    with pytest.raises(PipelineInvalid) as refused:
        read(text)
    assert says in refused.value.errors[0].detail
    if line is not None:
        assert refused.value.errors[0].at == f"line {line}"


def test_nothing_is_an_empty_pipeline() -> None:
    assert read("").data == read("# nothing\n").data == {}
