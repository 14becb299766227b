"""The demo's pages: real digits, the same every time, and none of those held out for the test."""

import io

import numpy as np
import pytest
from PIL import Image

from penstock.demo import digits, pages


@pytest.fixture(scope="module")
def drawn() -> list[pages.Page]:
    return list(pages.draw(12, seed=3))


def test_the_same_seed_draws_the_same_bytes(drawn: list[pages.Page]) -> None:
    assert list(pages.draw(12, seed=3)) == drawn
    assert next(pages.draw(1, seed=4)).png != drawn[0].png


def test_a_page_is_an_image_of_the_size_it_says(drawn: list[pages.Page]) -> None:
    for page in drawn:
        with Image.open(io.BytesIO(page.png)) as image:
            assert (image.format, image.size) == ("PNG", (page.width, page.height))


def test_boxes_sit_tight_around_ink_and_inside_the_page(drawn: list[pages.Page]) -> None:
    for page in drawn:
        with Image.open(io.BytesIO(page.png)) as image:
            grey = np.asarray(image.convert("L"), dtype=float)
        for digit in page.digits:
            x, y, w, h = (int(number) for number in digit.box)
            assert min(x, y) >= 0
            assert (x + w <= page.width, y + h <= page.height) == (True, True)
            inside = grey[y : y + h, x : x + w]
            assert inside.min() < 190, "there is ink in the box"
            assert max(inside[0].min(), inside[-1].min()) < 246, "and it reaches the edges"


def test_held_out_digits_are_never_drawn() -> None:
    split = digits.load()
    drawn = {image.tobytes() for image in split.drawn.images}
    assert (len(split.drawn), len(split.held_out)) == (1397, digits.HELD_OUT)
    assert not [image for image in split.held_out.images if image.tobytes() in drawn]


@pytest.mark.thorough
def test_the_demo_has_enough_digits_to_draw_each_once() -> None:
    assert sum(len(page.digits) for page in pages.draw(150)) <= len(digits.load().drawn)


def test_every_attribute_value_occurs() -> None:
    marks = [digit for page in pages.draw(40) for digit in page.digits]
    assert {mark.style for mark in marks} == {"bold", "thin"}
    assert {mark.legible for mark in marks} == {True, False}
