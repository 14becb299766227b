"""The pages about annotations, the schema and formats say what the code does."""

import json
import re
from pathlib import Path

import msgspec
from ruamel.yaml import YAML

from penstock import formats
from penstock.annotations.checks import structure
from penstock.annotations.model import Annotation, decode_changes
from penstock.formats.model import WORDS
from penstock.schema import Schema, WantedSchema, as_wanted, planned
from penstock.schema.edits import Edit
from sets import MemoryTree

REFERENCE = Path(__file__).parents[3] / "docs/reference"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (REFERENCE / page).read_text(), flags=re.MULTILINE | re.DOTALL)


def test_the_annotation_and_the_changes_on_the_page_are_real():
    one, changes = blocks("annotations.md", "json")
    assert msgspec.json.decode(one, type=Annotation).bounds == (260, 176, 231.5, 200)
    assert len(decode_changes(msgspec.json.decode(changes, type=list[msgspec.Raw]))) == 3


def test_every_code_of_a_check_is_on_the_page():
    page = (REFERENCE / "annotations.md").read_text()
    folder = Path(structure.__code__.co_filename).parent
    codes: set[str] = set()
    for name in ("checks.py", "geometry.py", "model.py"):
        codes |= set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"\)', (folder / name).read_text()))
    assert len(codes) > 15
    assert [code for code in sorted(codes) if f"`{code}`" not in page] == []


def test_the_schema_on_the_page_can_be_applied():
    [text] = blocks("schema.md", "yaml")
    wanted = WantedSchema.model_validate(YAML(typ="safe").load(text))
    schema = planned(Schema(version=0), wanted)
    assert planned(schema, as_wanted(schema)) is schema
    assert schema.attribute_named("habitat").option_named("lake").parent is not None


def test_every_edit_is_on_the_page():
    page = (REFERENCE / "schema.md").read_text()
    kinds = re.findall(r"do: Literal\['(\w+)'\]", str(Edit)) or re.findall(
        r'do: Literal\["(\w+)"\]', Path(planned.__code__.co_filename).with_name("edits.py").read_text()
    )
    assert len(kinds) == 6
    assert [kind for kind in kinds if f"`{kind}`" not in page] == []


def test_the_lines_of_our_own_format_are_read():
    lines = "".join(blocks("formats/jsonl.md", "json"))
    tree = MemoryTree({"penstock.jsonl": lines.encode(), "media/BloodImage_00000.jpg": b""})
    reading = formats.named("jsonl").read(tree)
    [item] = list(reading.items())
    assert json.loads(msgspec.json.encode(item)) == json.loads(blocks("formats/jsonl.md", "json")[1])
    assert reading.schema().attributes["focus"].options == ("sharp", "blurred")


def test_every_loss_is_on_the_page():
    page = (REFERENCE / "formats/table.md").read_text()
    assert [code for code in WORDS if f"| `{code}` |" not in page] == []


def test_every_format_has_a_page_that_says_its_name():
    pages = {
        format.name: (REFERENCE / f"formats/{format.page}.md") for format in (*formats.FORMATS, *formats.READ_ONLY)
    }
    assert [name for name, page in pages.items() if not page.exists()] == []
    assert [name for name, page in pages.items() if f"`{name}`" not in page.read_text() + f"`{page.stem}`"] == []
