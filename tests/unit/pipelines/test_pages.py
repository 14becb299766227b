"""The examples of the docs are pipelines that can be planned and applied."""

import re
from pathlib import Path
from typing import Any

import pytest

from penstock.core.settings import Command

DOCS = Path(__file__).parents[3] / "docs"
PAGES = [
    DOCS / "reference" / "pipeline-file.md",
    DOCS / "how-to" / "early-export.md",
    DOCS / "how-to" / "transforms.md",
    DOCS / "how-to" / "keep.md",
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_example_can_be_applied_twice_and_is_shown_as_itself(api: Any, tmp_path: Path, page: Path) -> None:
    examples: list[str] = re.findall(r"^```yaml\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    assert examples
    api.store.settings.commands["train"] = Command(argv=["true"])
    for n, yaml in enumerate(examples):
        project = api.owner.post("/projects", json={"name": f"{page.stem} {n}"}).json()["id"]
        body = {"yaml": yaml.replace("FOLDER", str(tmp_path))}
        first = api.owner.post(f"/projects/{project}/pipeline/apply", json=body)
        assert first.status_code == 200, first.text
        assert first.json()["changes"]
        assert api.owner.post(f"/projects/{project}/pipeline/plan", json=body).json()["changes"] == []
        shown = {"yaml": api.owner.get(f"/projects/{project}/pipeline").json()["yaml"]}
        again = api.owner.post(f"/projects/{project}/pipeline/plan", json=shown)
        assert (again.status_code, again.json().get("changes")) == (200, []), again.text
