"""What users find at the top of the package is never hidden by a room of the same name."""

from pathlib import Path

import penstock
from penstock.connections import guard

ROOMS = {path.stem for path in Path(penstock.__path__[0]).iterdir() if path.suffix in ("", ".py")}


def test_no_room_is_named_like_a_name_of_the_package() -> None:
    assert set(penstock.__all__) & ROOMS == set()


def test_connecting_is_a_function_whatever_was_imported_before() -> None:
    assert guard
    assert callable(penstock.connect)
