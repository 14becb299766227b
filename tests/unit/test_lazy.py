"""Rooms import what they offer when somebody asks for it."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import penstock

SOURCE = Path(penstock.__file__).parent
LAZY = sorted(
    ".".join(path.relative_to(SOURCE.parent).parent.parts)
    for path in SOURCE.rglob("__init__.py")
    if "__getattr__ = lazily(__name__)" in path.read_text()
)


@pytest.mark.parametrize("package", LAZY)
def test_a_room_offers_every_name_it_says(package: str) -> None:
    room = importlib.import_module(package)
    assert room.__all__
    for name in room.__all__:
        offered = getattr(room, name)
        assert not name.islower() or offered is not None
        home = SOURCE.parent.joinpath(*package.split("."), f"{name}.py")
        assert not home.exists() or offered.__name__ == f"{package}.{name}", "a module would hide it"


def test_what_a_room_doesnt_offer_is_an_attribute_error() -> None:
    from penstock import datasets

    with pytest.raises(AttributeError, match=r"module 'penstock\.datasets' has no attribute 'nothing'"):
        _ = datasets.nothing


def test_the_client_needs_no_database_driver() -> None:
    check = "import sys, penstock.sdk.project; sys.exit('psycopg' in sys.modules or 'procrastinate' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
