"""What is written reads back; what can't be read is shown at its place."""

import pytest
from hypothesis import given

from penstock.datasets import query
from penstock.datasets.query import QueryInvalid
from penstock.datasets.query import expression as e
from query_strategies import expressions


@given(expressions)
def test_printing_reads_back_to_the_same(expression: e.Expression) -> None:
    assert query.parse(str(expression)) == expression


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("a = 1 or b = 2 and not c = 3", "a = 1 or b = 2 and not c = 3"),
        ("(a = 1 or b = 2) and c = 3", "(a = 1 or b = 2) and c = 3"),
        ("not (a = 1 and b = 2)", "not (a = 1 and b = 2)"),
        ("NOT a = 1 AnD In 'x'", 'not a = 1 and in "x"'),
        ("Labels.car >= 3", "labels.car >= 3"),
        ("CONFIDENCE < .5", "confidence < 0.5"),
        ("x == -3", "x = -3"),
        ("x = +1.5e3", "x = 1500.0"),
        ("kind = box", 'kind = "box"'),
        ('"kind" = box', '"kind" = "box"'),
        ("attributes.kind = box", '"kind" = "box"'),
        ("it = 'don\\'t'", 'it = "don\'t"'),
        ('labels."in" > 0', 'labels."in" > 0'),
        ("labels.in > 0", 'labels."in" > 0'),
        ("a not  in\n(1, 2 ,3)", "a not in (1, 2, 3)"),
        ("a in (null, true)", "a in (null, true)"),
        ('in ("a","b")', 'in ("a", "b")'),
        ('in ("a"/v1 , "b")', 'in ("a"/"v1", "b")'),
        ("changed since 'a' / \"v 1\"", 'changed since "a"/"v 1"'),
        ("added > NOW - 1.5H", "added > now - 1.5h"),
        ("added > now - 0d", "added > now"),
        ("straße = 1", "straße = 1"),
        ("not not a = 1", "not not a = 1"),
    ],
)
def test_it_means(text: str, means: str) -> None:
    assert str(query.parse(text)) == means


@pytest.mark.parametrize(
    ("text", "line", "column", "why"),
    [
        ("", 1, 1, "expected a condition"),
        ("  \n ", 1, 1, "expected a condition"),
        ("a", 1, 2, "expected an operator (=, !=, <, <=, >, >=), in or not, found the end"),
        ("a =", 1, 4, "expected a value"),
        ("a = 1 b", 1, 7, "expected and, or or the end, found 'b'"),
        ("a = 1\n  and b >< 2", 2, 10, "expected a value"),
        ("(a = 1", 1, 7, "expected )"),
        ("a = 1)", 1, 6, "found ')'"),
        ('a = "x', 1, 5, "this quote is never closed"),
        ("labels.traffic-light > 1", 1, 15, "goes in quotes"),
        ("traffic light > 1", 1, 9, "expected an operator"),
        ("a = and", 1, 5, "expected a value, found 'and'"),
        ("in region", 1, 4, "a text in quotes"),
        ("a = 1e999", 1, 5, "too large"),
        ("x > now - 7", 1, 11, "a duration such as 7d"),
        ("x > now - 7years", 1, 11, "a duration"),
        ("changed 'v1'", 1, 9, "expected since"),
        ("labels = 3", 1, 8, "expected a dot"),
        ("task('a') = done", 1, 11, "expected a dot"),
        ("a in ()", 1, 7, "expected a value"),
        ("a = 1 & b = 2", 1, 7, "found '&'"),
        ("(" * 100 + "a = 1" + ")" * 100, 1, 76, "nested"),
        ("a = '" + "x" * 10_000 + "'", 1, 1, "longer than 10000"),
    ],
)
def test_a_mistake_is_shown_at_its_place(text: str, line: int, column: int, why: str) -> None:
    with pytest.raises(QueryInvalid) as refused:
        query.parse(text)
    assert (refused.value.line, refused.value.column) == (line, column), refused.value.detail
    assert why in refused.value.why
    shown, caret = refused.value.pointer.split("\n")
    assert caret.strip() == "^"
    assert len(caret) <= len(shown) + 1
    (problem,) = refused.value.errors
    assert problem.at == f"query[{line}:{column}]"


def test_a_long_line_is_cut_around_the_mistake() -> None:
    with pytest.raises(QueryInvalid) as refused:
        query.parse(" and ".join(["labels.car > 1"] * 20) + " and nonsense and " + "labels.bus > 2")
    shown, caret = refused.value.pointer.split("\n")
    assert len(shown) <= 100
    assert shown[len(caret) - 1 :].startswith("and")


def test_not_many_nots_in_a_row() -> None:
    assert query.parse("not " * 40 + "a = 1")
    with pytest.raises(QueryInvalid, match="nested"):
        query.parse("not " * 2000 + "a = 1")
