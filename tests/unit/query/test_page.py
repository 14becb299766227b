"""Every example of the page about queries works, and every mistake on it is refused in those words."""

import re
from pathlib import Path

import pytest

from penstock.datasets import query
from penstock.datasets.query import Names, QueryInvalid
from penstock.datasets.query import expression as e

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "query.md").read_text()
NAMES = Names(labels=["car", "bus", "in", "sign", "traffic light"], attributes=["weather", "occluded"])


def blocks(kind: str) -> list[str]:
    lines = [
        line
        for block in re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
        for line in block.splitlines()
    ]
    assert lines
    return lines


@pytest.mark.parametrize("text", blocks("query"))
def test_examples_can_be_asked(text: str) -> None:
    expression = query.parse(text)
    assert query.parse(str(expression)) == expression
    query.check(expression, "event" if "event." in text else "task", Names(labels=NAMES.labels))


@pytest.mark.parametrize(("text", "answer"), list(zip(blocks("refused")[::2], blocks("refused")[1::2], strict=True)))
def test_mistakes_are_refused_in_these_words(text: str, answer: str) -> None:
    with pytest.raises(QueryInvalid) as refused:
        query.check(query.parse(text), "task", NAMES)
    assert f"{refused.value.pointer.splitlines()[1]} {refused.value.why}" == answer


def test_every_field_is_on_the_page() -> None:
    prose = re.sub(r"^```.*?^```", "", PAGE, flags=re.DOTALL | re.MULTILINE)
    words = set(re.findall(r"`([^`]+)`", prose))
    missing = [field for field in e.PLAIN_FIELDS if field not in words]
    missing += [field for field in e.FILE_FIELDS if f"file.{field}" not in words]
    missing += [word for word in e.RESERVED if word not in words]
    assert missing == []
