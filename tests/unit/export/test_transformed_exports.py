"""Exports with transforms: images and annotations agree, and a replay has the same bytes."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from penstock import formats
from penstock.annotations.cutting import Window
from penstock.datasets import Dataset
from penstock.export import Export, NewExport, picturing, verbs
from penstock.export.shelf import Shelf
from penstock.export.transforms import TransformRefused
from penstock.formats import Containing, Item
from penstock.store import Store
from penstock.store.blobs import BlobMissing
from sets import MemoryTree

MakeExport = Callable[..., Export]
TILES = {"do": "tile", "size": [32, 48]}
SMALL = {"do": "resize", "side": 16}


@pytest.fixture
def project(api: Any) -> int:
    return api.project


def to(folder: Path, path: str) -> dict[str, str]:
    return {"folder": str(folder), "path": path}


def items(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "penstock.jsonl").read_text().splitlines()[1:]]


def test_pieces_have_their_images_and_a_replay_has_the_same_bytes(
    dataset: Dataset, folder: Path, export: MakeExport
) -> None:
    made = export(dataset=dataset.id, transforms=[TILES, SMALL], to=to(folder, "set"))
    assert (made.state, made.reason, made.files, made.annotations) == ("ready", None, 6, 3)
    found = items(folder / "set")
    assert [one["key"] for one in found][:2] == ["a_0_0.png", "a_32_0.png"]
    for one in found:
        content = (folder / "set" / one["media"]).read_bytes()
        assert one["hash"] == hashlib.sha256(content).hexdigest()
        assert Image.open(io.BytesIO(content)).size == (one["width"], one["height"]) == (11, 16)
    manifest = json.loads((folder / "set" / "manifest.json").read_text())
    assert [one["do"] for one in manifest["transforms"]] == ["tile", "resize"]
    assert manifest["counts"]["files"] == 6
    again = {"dataset": dataset.id, "as_of": made.as_of, "transforms": [TILES, SMALL], "pack": "zip"}
    for name in ("one.zip", "two.zip"):
        export(**again, to=to(folder, name))
    assert (folder / "one.zip").read_bytes() == (folder / "two.zip").read_bytes()
    with zipfile.ZipFile(folder / "one.zip") as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    assert packed == {str(p.relative_to(folder / "set")): p.read_bytes() for p in (folder / "set").rglob("*.*")}


def test_formats_that_hold_media_hold_those_of_pieces(dataset: Dataset, folder: Path, export: MakeExport) -> None:
    made = export(dataset=dataset.id, format="webdataset", transforms=[TILES], to=to(folder, "set"))
    assert (made.state, made.reason) == ("ready", None)
    tree = MemoryTree({p.name: p.read_bytes() for p in (folder / "set").iterdir() if p.name != "manifest.json"})
    reading = formats.named("webdataset").read(tree)
    assert isinstance(reading, Containing)
    sizes = [
        Image.open(io.BytesIO(reading.content(one) or b"")).size for one in reading.items() if isinstance(one, Item)
    ]
    assert sizes == [(32, 48)] * 6


def test_without_media_annotations_are_transformed_alone(dataset: Dataset, folder: Path, export: MakeExport) -> None:
    export(dataset=dataset.id, media="none", transforms=[SMALL], to=to(folder, "set"))
    assert [(one["width"], one.get("hash")) for one in items(folder / "set")] == [(16, None)] * 3
    assert items(folder / "set")[1]["annotations"][0]["geometry"] == [0, 0, 2.5, 3]


def test_labels_become_others_in_the_schema_too(dataset: Dataset, folder: Path, export: MakeExport) -> None:
    asked = {"do": "labels", "map": {"car": "vehicle", "bus": None}}
    made = export(dataset=dataset.id, format="coco", transforms=[asked], to=to(folder, "set"))
    coco = json.loads((folder / "set" / "annotations.json").read_text())
    assert [one["name"] for one in coco["categories"]] == ["vehicle"]
    assert (len(coco["annotations"]), made.losses.get("label_dropped")) == (3, None)
    assert (folder / "set" / "images" / "a.png").is_file()


def test_a_split_needs_a_format_with_parts(
    store: Store, project: int, dataset: Dataset, folder: Path, export: MakeExport
) -> None:
    asked = {"dataset": dataset.id, "transforms": [{"do": "split", "train": 0.5, "val": 0.5}]}
    new = NewExport.model_validate({**asked, "format": "createml", "pack": "zip"})
    with pytest.raises(TransformRefused, match="createml"):
        store.db.perform(lambda tx: verbs.start(tx, new), project)
    export(**asked, format="yolo", to=to(folder, "set"))
    assert sorted(p.parent.name for p in (folder / "set" / "images").rglob("*.png")) != ["train"] * 3


MODES = [
    ("1", "PNG"),
    ("L", "PNG"),
    ("LA", "PNG"),
    ("P", "PNG"),
    ("RGB", "PNG"),
    ("RGBA", "PNG"),
    ("I;16", "PNG"),
    ("RGB", "JPEG"),
    ("L", "JPEG"),
    ("CMYK", "JPEG"),
    ("RGB", "WEBP"),
    ("RGBA", "WEBP"),
    ("RGB", "BMP"),
]


@pytest.mark.parametrize(("mode", "format"), MODES)
def test_images_of_every_mode_are_cut_resized_and_framed(mode: str, format: str) -> None:
    buffer = io.BytesIO()
    drawn = Image.new("RGBA" if "A" in mode else "RGB", (40, 30), "#33669980")
    (drawn.convert("I").convert("I;16") if mode == "I;16" else drawn.convert(mode)).save(buffer, format)
    mime = f"image/{format.lower()}"
    picture = picturing.stored((40, 30), "a", "", buffer.getvalue)
    piece = picturing.cut(picture, Window(10, 0, 20, 30))
    piece = picturing.framed(picturing.resized(piece, (10, 15)), (15, 15), 2, 0, "#727272")
    content = picturing.encoded(piece, mime)
    assert content == picturing.encoded(piece, mime)
    with Image.open(io.BytesIO(content)) as image:
        assert (image.size, image.format) == ((15, 15), format)
        assert image.mode == {"1": "L", "P": "RGB"}.get(mode, mode)


def test_a_turned_image_is_upright_first() -> None:
    drawn = Image.new("RGB", (40, 30), "white")
    drawn.paste("black", (0, 0, 20, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    drawn.save(buffer, "PNG", exif=exif)
    picture = picturing.cut(picturing.stored((30, 40), "a", "", buffer.getvalue), Window(0, 0, 30, 20))
    with Image.open(io.BytesIO(picturing.encoded(picture, "image/png"))) as image:
        assert image.size == (30, 20)
        assert image.getcolors() == [(600, (0, 0, 0))]
        assert image.getexif().get(0x0112) is None


def test_pieces_that_look_the_same_are_kept_as_often_as_they_are_wanted(store: Store, tmp_path: Path) -> None:
    shelf = Shelf(store.blobs, tmp_path / "made")
    hash = shelf.put(b"all black")
    assert shelf.put(b"all black") == hash
    shelf.drop(hash)
    assert (b"".join(shelf.stream(hash)), shelf.size(hash)) == (b"all black", 9)
    shelf.drop(hash)
    with pytest.raises(BlobMissing):
        shelf.size(hash)


def test_over_http_transforms_are_made_or_refused_in_words(
    api: Any, dataset: Dataset, drain: Callable[[], None]
) -> None:
    editor, path = api.client("editor"), api.path("/exports")
    body = {"dataset": dataset.id, "pack": "zip", "transforms": [TILES, {"do": "labels", "map": {"car": "thing"}}]}
    made = editor.post(path, json=body).json()
    drain()
    ready = editor.get(f"{path}/{made['id']}").json()
    assert (ready["state"], ready["files"], ready["transforms"][0]["do"]) == ("ready", 6, "tile")
    for transforms, said in (
        ([{"do": "blur"}], "blur"),
        ([{"do": "tile", "size": 4}], "greater than or equal to 16"),
        ([{"do": "labels", "map": {"cra": None}}], "Transform 1 (labels) can't be made: there is no label 'cra'"),
        ([TILES] * 21, "20"),
    ):
        refused = editor.post(path, json={**body, "transforms": transforms})
        assert (refused.status_code, said in refused.text) == (422, True), refused.text
