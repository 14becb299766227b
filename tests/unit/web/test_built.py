"""What is built stays light: the shell is what every first visit loads."""

import re

import pytest

from penstock.server import web

SHELL_BYTES = 200_000


@pytest.mark.usefixtures("web_app")
def test_the_shell_is_less_than_200_kb_of_packed_script() -> None:
    scripts = re.findall(r"assets/[^\"]+\.js", (web.FOLDER / "index.html").read_text())
    packed = sum((web.FOLDER / f"{name}.gz").stat().st_size for name in set(scripts))
    assert 0 < packed < SHELL_BYTES
