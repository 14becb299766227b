"""What came in goes out again: a set is imported, flows into another dataset, and is exported."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock import datasets
from penstock.export import Export, NewExport, listed, making, verbs
from penstock.jobs import Work
from unit.ingest.conftest import Desk, NewDesk, desk, image, new_desk  # noqa: F401  # fixtures

Out = Callable[..., tuple[Export, Path]]

INFO = {"year": 2017, "description": "made up", "x": [1]}
LICENCES = [{"id": 4, "name": "none"}]


@pytest.fixture
def out(desk: Desk, tmp_path: Path) -> Out:  # noqa: F811
    """`out("coco")`: what the dataset's files are when they are exported from another one."""

    def make(format: str, **asked: Any) -> tuple[Export, Path]:
        def flow(tx: Any) -> int:
            gold = datasets.create(tx, f"gold {format}")
            ids = [entry.file for entry in datasets.entries(tx, desk.dataset, limit=1000).items]
            datasets.add(tx, gold.id, ids, {"kind": "person", "person": 1})
            return gold.id

        gold = desk.store.db.perform(flow, desk.project)
        to = {"folder": str(tmp_path), "path": f"out-{format}"}
        new = NewExport.model_validate({"dataset": gold, "format": format, "to": to, **asked})
        started = desk.store.db.perform(lambda tx: verbs.start(tx, new), desk.project)
        making.run(Work(desk.store), desk.project, started.id)
        with desk.store.db.transaction(desk.project) as tx:
            made = verbs.get(tx, started.id)
        assert (made.state, made.reason) == ("ready", None)
        return made, tmp_path / f"out-{format}"

    return make


def coco(name: str, **top: Any) -> str:
    return json.dumps(
        {
            **top,
            "images": [{"id": 39, "file_name": name, "width": 100, "height": 80, "license": 4}],
            "annotations": [
                {
                    "id": 8 + len(name),
                    "image_id": 39,
                    "category_id": 18,
                    "bbox": [1, 2, 3, 4],
                    "area": 12,
                    "iscrowd": 0,
                    "segmentation": [],
                    "note": "kept",
                }
            ],
            "categories": [{"id": 18, "name": "dog", "supercategory": "animal"}],
        }
    )


def test_a_coco_set_comes_out_as_it_came_in(desk: Desk, out: Out) -> None:  # noqa: F811
    given = coco("a.jpg", info=INFO, licenses=LICENCES, extra={"unknown": None})
    desk.put("annotations/instances.json", given)
    desk.put("images/a.jpg", image(1))
    assert desk.run().state == "finished"
    made, folder = out("coco")
    assert json.loads((folder / "annotations.json").read_text()) == json.loads(given)
    assert made.losses == {}
    _, folder = out("jsonl")
    head = json.loads((folder / "penstock.jsonl").read_text().splitlines()[0])
    assert head["foreign"] == {"coco": {"info": INFO, "licenses": LICENCES, "extra": {"unknown": None}}}
    voc, _ = out("voc")
    assert voc.losses["set_foreign_dropped"] == 1


def test_two_sets_are_written_as_one(desk: Desk, out: Out, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(listed, "_FIRST", 1)  # the second set's file is no longer among the first
    desk.put("one/instances.json", coco("a.jpg", info=INFO, licenses=LICENCES))
    desk.put("one/images/a.jpg", image(1))
    desk.run()
    desk.folder.joinpath("one/instances.json").unlink()
    desk.put("two/instances.json", coco("bb.jpg", info={"year": 2020}, licenses=[*LICENCES, {"id": 5}]))
    desk.put("two/images/bb.jpg", image(2))
    desk.run()
    made, folder = out("jsonl")
    head = json.loads((folder / "penstock.jsonl").read_text().splitlines()[0])
    assert head["foreign"]["coco"] == {"info": INFO, "licenses": [*LICENCES, {"id": 5}]}
    assert made.losses == {"set_foreign_differs": 1}


def test_an_export_of_the_past_knows_nothing_of_later_sets(desk: Desk, out: Out) -> None:  # noqa: F811
    desk.put("images/a.jpg", image(1))
    desk.run()
    before, first = out("coco")
    desk.put("images/instances.json", coco("a.jpg", info=INFO))
    desk.run()
    path = {"folder": str(first.parent), "path": "again"}
    made, _ = out("voc")
    new = NewExport.model_validate({"dataset": before.dataset, "as_of": before.as_of, "format": "coco", "to": path})
    started = desk.store.db.perform(lambda tx: verbs.start(tx, new), desk.project)
    making.run(Work(desk.store), desk.project, started.id)
    again = (first.parent / "again" / "annotations.json").read_bytes()
    assert again == (first / "annotations.json").read_bytes()
    assert made.losses["set_foreign_dropped"] == 1


def test_fractions_become_pixels_of_the_upright_image(desk: Desk, out: Out) -> None:  # noqa: F811
    desk.put("data.yaml", "names: [dog, cat]\ntrain: images/train\nval: images/val\n")
    desk.put("images/val/a.jpg", image(1))
    desk.put("labels/val/a.txt", "1 0.5 0.5 0.2 0.25\n0 0.25 0.75 0.5 0.5\n")
    run = desk.run()
    assert (run.state, run.format, run.counts.annotations_added) == ("finished", "yolo", 2)
    assert sorted(a.bounds for a in desk.annotations("images/val/a.jpg")) == [(0, 40, 50, 40), (40, 30, 20, 20)]
    made, folder = out("yolo")
    assert made.losses == {}
    again = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert again == {"manifest.json", "data.yaml", "images/val/a.jpg", "labels/val/a.txt"}
    assert sorted((folder / "labels/val/a.txt").read_text().splitlines()) == [
        "0 0.25 0.75 0.5 0.5",
        "1 0.5 0.5 0.2 0.25",
    ]


@pytest.mark.parametrize("format", ["cvat", "masks", "imagenet"])
def test_every_format_can_be_exported(desk: Desk, out: Out, format: str) -> None:  # noqa: F811
    desk.put("images/instances.json", coco("a.jpg", info=INFO))
    desk.put("images/a.jpg", image(1))
    desk.run()
    made, folder = out(format)
    assert made.losses["set_foreign_dropped"] == 1
    assert [path.name for path in folder.rglob("a.jpg")] == ["a.jpg"]


@pytest.mark.parametrize("format", ["webdataset", "parquet"])
def test_media_inside_go_out_and_come_in_again(desk: Desk, new_desk: NewDesk, out: Out, format: str) -> None:  # noqa: F811
    desk.put("images/instances.json", coco("a.jpg", info=INFO))
    desk.put("images/a.jpg", image(1))
    desk.run()
    made, folder = out(format)
    assert made.losses == {}
    other = new_desk()
    for path in folder.rglob("*.*"):
        if path.name != "manifest.json":
            other.put(str(path.relative_to(folder)), path.read_bytes())
    run = other.run()
    assert (run.state, run.format, run.counts.new, run.ignored) == ("finished", format, 1, 0)
    assert other.file("images/a.jpg").hash == desk.file("images/a.jpg").hash
    [before], [after] = desk.annotations("images/a.jpg"), other.annotations("images/a.jpg")
    assert (after.geometry, after.foreign) == (before.geometry, before.foreign)


def test_bounds_that_are_stored_are_those_of_the_shapes(desk: Desk, out: Out) -> None:  # noqa: F811
    given = json.loads(coco("a.jpg"))
    given["annotations"][0]["segmentation"] = [[10.25, 20, 30.1, 20, 30.1, 55.7, 11, 50]]
    desk.put("annotations/instances.json", json.dumps(given))
    desk.put("images/a.jpg", image(1))
    desk.run()
    made, known = out("yolo")
    [line] = [path.read_text() for path in known.rglob("a.txt")]
    to = {"folder": str(known.parent), "path": "asked"}
    asked = {"format": "yolo", "filter": "labels.dog >= 1", "to": to}  # a query looks at the shapes themselves
    new = NewExport.model_validate({"dataset": made.dataset, **asked})
    started = desk.store.db.perform(lambda tx: verbs.start(tx, new), desk.project)
    making.run(Work(desk.store), desk.project, started.id)
    assert [path.read_text() for path in (known.parent / "asked").rglob("a.txt")] == [line]
    assert line.split() == ["0", "0.20175", "0.473125", "0.1985", "0.44625"]
