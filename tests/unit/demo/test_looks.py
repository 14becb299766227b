"""Simulated annotators err as people do, and an expert finds what to mend."""

from random import Random

from penstock.demo import looks, pages
from penstock.demo.looks import Habits


def test_a_first_look_misses_mislabels_and_draws_loosely() -> None:
    random = Random(5)
    truth, marks, wrong = 0, 0, 0
    for page in pages.draw(40):
        found = looks.first_look(page, looks.FIRST_PASS[1], random)
        about, _ = looks.match(page, [mark.box for mark in found])
        truth += len(page.digits)
        marks += len(found)
        wrong += sum(found[at].label != str(digit.value) for at, digit in about.items())
        assert any(mark.box not in [digit.box for digit in page.digits] for mark in found)
    assert 0.85 * truth < marks < truth
    assert 0.03 * truth < wrong < 0.2 * truth


def test_somebody_perfect_sees_the_truth() -> None:
    page = next(pages.draw(1))
    marks = looks.first_look(page, Habits(0, 0, 0), Random(1))
    assert [mark.label for mark in marks] == [str(digit.value) for digit in page.digits]


def test_an_expert_tells_which_digit_each_box_is_about_and_what_is_missing() -> None:
    page = next(pages.draw(1))
    boxes = [*[digit.box for digit in page.digits][1:], (400.0, 300.0, 3.0, 3.0)]
    about, missing = looks.match(page, boxes)
    assert [about[at] for at in range(len(page.digits) - 1)] == list(page.digits[1:])
    assert missing == [page.digits[0]]
    assert len(boxes) - 1 not in about


def test_overlap_of_boxes() -> None:
    assert looks.iou((0, 0, 2, 2), (0, 0, 2, 2)) == 1
    assert looks.iou((0, 0, 2, 2), (1, 0, 2, 2)) == 1 / 3
    assert looks.iou((0, 0, 1, 1), (5, 5, 1, 1)) == 0
