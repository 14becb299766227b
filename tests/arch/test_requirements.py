"""The pinned requirements can be installed from any index, by uv and by pip."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "requirements").glob("*.txt"))


def pinned(file: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)", file.read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_names_no_host_and_pins_every_line_by_hash(file: Path) -> None:
    text = file.read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host|^-|@ ", text, re.MULTILINE)
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9._-]+==", entry)
        assert "--hash=sha256:" in entry


def test_all_files_agree_with_the_largest() -> None:
    """But for the references': Datumaro asks for a Pillow and a pyarrow before the newest."""
    everything = pinned(ROOT / "requirements" / "develop.txt")
    for file in FILES:
        for name, versions in pinned(file).items() if file.stem != "conformance" else ():
            assert versions <= everything.get(name, set()), f"{name} in {file.name}: run `make lock`"


def test_each_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    asked = {
        "run.txt": [*project["project"]["dependencies"], *groups["build"]],
        "demo.txt": project["project"]["optional-dependencies"]["demo"],
        "test.txt": groups["test"],
        "develop.txt": [*groups["test"], *groups["lint"]],
        "conformance.txt": [*groups["test"], *groups["conformance"]],
    }
    for file, dependencies in asked.items():
        known = pinned(ROOT / "requirements" / file)
        for dependency in dependencies:
            name = re.sub(r"[._-]+", "-", re.split(r"[\[<>=~! ]", dependency)[0]).lower()
            assert name in known, f"{name} is not in requirements/{file}: run `make lock`"
