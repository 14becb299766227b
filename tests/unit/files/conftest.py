"""Pictures and a project to put them into."""

import io
from collections.abc import Callable

import pytest
from PIL import Image

from penstock.people.projects import create_project
from penstock.store import Store

Picture = Callable[..., bytes]


@pytest.fixture
def project(store: Store) -> int:
    return store.db.perform(lambda tx: create_project(tx, "cells"), 0)


@pytest.fixture
def picture() -> Picture:
    """`picture("JPEG", 40, 30, orientation=6, mode="RGB")`: the bytes of an image that is not of one colour."""

    def draw(
        format: str = "JPEG",
        width: int = 40,
        height: int = 30,
        *,
        orientation: int = 1,
        mode: str = "RGB",
        seed: int = 0,
    ) -> bytes:
        image = Image.linear_gradient("L").rotate(seed * 7).resize((width, height)).convert(mode)
        buffer = io.BytesIO()
        more = {}
        if orientation != 1:
            exif = Image.Exif()
            exif[0x0112] = orientation
            more["exif"] = exif
        image.save(buffer, format, **more)
        return buffer.getvalue()

    return draw
