"""Folders with and without annotations become files, annotations and entries; again and again, without harm."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec
import pytest

from penstock import datasets, ingest, schema
from penstock.annotations import rows
from penstock.annotations.model import Delete, Update
from penstock.core.ids import new_uuid
from penstock.ingest import PathSource
from penstock.schema import WantedLabel, WantedSchema

from .conftest import Desk, coco, image, voc

Wrote = Callable[[int], AbstractContextManager[Any]]


def boxes(desk: Desk, key: str, branch: str = "main") -> list[list[float]]:
    return sorted(msgspec.json.decode(a.geometry) for a in desk.annotations(key, branch))


def labels(desk: Desk) -> dict[str, int]:
    with desk.store.db.transaction(desk.project) as tx:
        return {label.name: label.id for label in schema.current(tx).live_labels}


def test_a_folder_becomes_ready_files_in_the_dataset(desk: Desk, wrote: Wrote) -> None:
    desk.write(a_jpg=image(1), deep__er__b_png=image(2, "PNG"), notes_txt="hello")
    with wrote(desk.project) as written:
        run = desk.run()
    assert (run.state, run.counts.found, run.counts.new, run.ignored) == ("finished", 2, 2, 1)
    assert desk.keys() == ["a.jpg", "deep/er/b.png"]
    assert desk.file("a.jpg").state == "ready"
    assert desk.file("deep/er/b.png").mime == "image/png"
    assert written.kinds == [
        "import.started",
        "file.added",
        "file.ready",
        "file.added",
        "file.ready",
        "dataset.file_added",
        "dataset.file_added",
        "import.progress",
        "import.finished",
    ]


def test_files_annotations_and_entries_come_in_one_revision(desk: Desk) -> None:
    desk.write(a_jpg=image(1), a_xml=voc("a.jpg", ("RBC", 11, 21, 30, 40)))
    desk.run()
    with desk.store.db.transaction(desk.project) as tx:
        kinds = tx.rows(
            "select kind, seq, n from event where project = %(project)s and kind ~ '^(file|annotations|dataset.file)'"
            " order by seq, n"
        )
    assert [kind for kind, _, _ in kinds] == ["file.added", "file.ready", "annotations.imported", "dataset.file_added"]
    assert len({seq for _, seq, _ in kinds}) == 1


def test_voc_beside_the_images_is_found(desk: Desk) -> None:
    desk.write(a_jpg=image(1), a_xml=voc("a.jpg", ("RBC", 11, 21, 30, 40), ("WBC", 1, 1, 1, 1)), b_jpg=image(2))
    run = desk.run()
    assert (run.format, run.counts.new, run.counts.annotations_added) == ("voc", 2, 2)
    assert boxes(desk, "a.jpg") == [[0, 0, 1, 1], [10, 20, 20, 20]]
    assert set(labels(desk)) == {"RBC", "WBC"}
    assert {a.source for a in desk.annotations("a.jpg")} == {"import"}
    assert boxes(desk, "b.jpg") == []


def test_coco_with_images_elsewhere_in_the_folder_is_found(desk: Desk) -> None:
    listing = coco(
        {7: "a.jpg", 9: "b.jpg"}, [{"image_id": 7, "category_id": 3, "bbox": [1, 2, 30, 40]}], {3: "RBC", 90: "WBC"}
    )
    desk.write(annotations__instances_json=listing, train__a_jpg=image(1), train__b_jpg=image(2))
    run = desk.run()
    assert (run.format, run.counts.new, run.counts.annotations_added) == ("coco", 2, 1)
    assert desk.keys() == ["train/a.jpg", "train/b.jpg"]
    assert boxes(desk, "train/a.jpg") == [[1, 2, 30, 40]]
    assert set(labels(desk)) == {"RBC", "WBC"}


def test_importing_again_changes_nothing(desk: Desk, wrote: Wrote) -> None:
    desk.write(a_jpg=image(1), a_xml=voc("a.jpg", ("RBC", 11, 21, 30, 40)), b_jpg=image(2))
    desk.run()
    before = desk.annotations("a.jpg")
    with wrote(desk.project) as written:
        run = desk.run()
    assert (run.counts.same, run.counts.new, run.counts.annotations_same) == (2, 0, 1)
    assert written.kinds == ["import.started", "import.progress", "import.finished"]
    assert desk.annotations("a.jpg") == before


def test_rows_untouched_since_the_last_import_are_updated_and_a_persons_stay(desk: Desk) -> None:
    desk.write(a_jpg=image(1), a_xml=voc("a.jpg", ("RBC", 11, 21, 30, 40), ("RBC", 1, 1, 5, 5), ("RBC", 7, 7, 9, 9)))
    desk.run()
    file = desk.file("a.jpg").id
    first, second, third = sorted(desk.annotations("a.jpg"), key=lambda a: a.bounds, reverse=True)
    with desk.store.db.transaction(desk.project) as tx:
        rows.edit(tx, file, [Update(id=first.id, geometry=msgspec.Raw(b"[50,50,10,10]")), Delete(id=second.id)])
    desk.write(a_xml=voc("a.jpg", ("RBC", 12, 22, 31, 41), ("RBC", 2, 2, 6, 6), ("RBC", 8, 8, 10, 10)))
    run = desk.run()
    assert (run.counts.annotations_updated, run.counts.annotations_kept) == (1, 2)
    assert boxes(desk, "a.jpg") == [[1, 1, 5, 5], [50, 50, 10, 10]]
    assert third.id in {a.id for a in desk.annotations("a.jpg")}
    assert [p.code for p in desk.items(run)["a.jpg"].problems] == ["kept"]


def test_new_bytes_under_a_known_key_replace_the_file_and_its_entry(desk: Desk) -> None:
    desk.write(a_jpg=image(1), a_xml=voc("a.jpg", ("RBC", 11, 21, 30, 40)))
    desk.run()
    old = desk.file("a.jpg")
    desk.write(a_jpg=image(2), a_xml=voc("a.jpg", ("RBC", 1, 1, 2, 2)))
    run = desk.run()
    now = desk.file("a.jpg")
    assert (run.counts.replaced, now.replaces) == (1, old.id)
    assert desk.keys() == ["a.jpg"]
    assert boxes(desk, "a.jpg") == [[0, 0, 2, 2]]


def test_twins_are_reported_or_skipped(desk: Desk) -> None:
    desk.write(a_jpg=image(1), b_jpg=image(1), c_jpg=image(2))
    run = desk.run(duplicates="skip")
    assert (run.counts.new, run.counts.skipped) == (2, 1)
    assert desk.keys() == ["a.jpg", "c.jpg"]
    assert desk.items(run)["b.jpg"].reason == "'a.jpg' has the same bytes"
    run = desk.run()
    assert (run.counts.same, run.counts.duplicate) == (2, 1)
    assert desk.keys() == ["a.jpg", "b.jpg", "c.jpg"]


def test_predictions_go_to_their_own_branch(desk: Desk) -> None:
    desk.write(a_jpg=image(1))
    desk.run()
    listing = coco({1: "a.jpg"}, [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40], "score": 0.75}], {1: "RBC"})
    (desk.folder.parent / "guesses").mkdir()
    desk.put("../guesses/predictions.json", listing)
    run = desk.run(PathSource(path=str(desk.folder.parent / "guesses")), annotations_as="predictions:yolo")
    assert (run.counts.same, run.counts.annotations_added) == (1, 1)
    assert boxes(desk, "a.jpg") == []
    (guess,) = desk.annotations("a.jpg", "yolo")
    assert (guess.source, guess.confidence) == ("model", 0.75)


def test_annotations_alone_find_their_files_by_the_end_of_the_key(desk: Desk) -> None:
    desk.write(one__a_jpg=image(1), two__b_jpg=image(2), one__c_jpg=image(3), two__c_jpg=image(4))
    desk.run()
    listing = coco(
        {1: "one/a.jpg", 2: "b.jpg", 3: "c.jpg", 4: "nowhere.jpg"},
        [{"image_id": n, "category_id": 1, "bbox": [n, 2, 3, 4]} for n in (1, 2, 3, 4)],
        {1: "RBC"},
    )
    desk.put("../only/instances.json", listing)
    run = desk.run(PathSource(path=str(desk.folder.parent / "only")))
    assert boxes(desk, "one/a.jpg") == [[1, 2, 3, 4]]
    assert boxes(desk, "two/b.jpg") == [[2, 2, 3, 4]]
    assert desk.file("two/b.jpg").foreign["coco"]["id"] == 2  # as the set calls it
    reasons = {key: item.reason for key, item in desk.items(run).items() if item.state == "failed"}
    assert set(reasons) == {"c.jpg", "nowhere.jpg"}
    assert "2 files" in (reasons["c.jpg"] or "")
    assert "neither in the source nor in the project" in (reasons["nowhere.jpg"] or "")


def test_labels_can_be_refused(desk: Desk) -> None:
    desk.write(a_jpg=image(1), a_xml=voc("a.jpg", ("RBC", 11, 21, 30, 40)))
    run = desk.run(labels="refuse")
    assert run.state == "failed"
    assert "label 'RBC' is new" in (run.reason or "")
    assert desk.keys() == []
    with desk.store.db.transaction(desk.project) as tx:
        schema.extend(tx, WantedSchema(labels={"RBC": WantedLabel()}))
    assert desk.run(labels="refuse").counts.annotations_added == 1


def test_labels_can_be_skipped(desk: Desk) -> None:
    with desk.store.db.transaction(desk.project) as tx:
        schema.extend(tx, WantedSchema(labels={"RBC": WantedLabel()}))
    desk.write(a_jpg=image(1), a_xml=voc("a.jpg", ("RBC", 11, 21, 30, 40), ("WBC", 1, 1, 5, 5)))
    run = desk.run(labels="skip")
    assert (run.counts.annotations_added, run.counts.annotations_refused) == (1, 1)
    assert set(labels(desk)) == {"RBC"}
    assert [p.code for p in desk.items(run)["a.jpg"].problems] == ["unknown-label"]


def test_what_reaches_out_of_the_image_is_clipped_and_told(desk: Desk) -> None:
    desk.write(a_jpg=image(1), a_xml=voc("a.jpg", ("RBC", 91, 71, 110, 90), ("RBC", 201, 201, 210, 210)))
    run = desk.run()
    assert boxes(desk, "a.jpg") == [[90, 70, 10, 10]]
    assert [p.code for p in desk.items(run)["a.jpg"].problems] == ["clipped", "outside"]
    assert run.counts.annotations_refused == 1


def test_an_id_that_comes_twice_on_a_file_is_told(desk: Desk) -> None:
    one = {"id": str(new_uuid()), "kind": "box", "label": "RBC", "geometry": [1, 2, 3, 4]}
    header = {"format": "penstock", "version": 1, "schema": {"labels": {"RBC": {}}}}
    item = {"key": "a.jpg", "media": "a.jpg", "annotations": [one, {**one, "geometry": [5, 6, 7, 8]}]}
    desk.write(a_jpg=image(1))
    desk.put("penstock.jsonl", f"{json.dumps(header)}\n{json.dumps(item)}")
    run = desk.run()
    assert boxes(desk, "a.jpg") == [[1, 2, 3, 4]]
    assert [p.code for p in desk.items(run)["a.jpg"].problems] == ["twice"]
    assert run.counts.annotations_refused == 1


def test_annotations_for_another_size_are_told(desk: Desk) -> None:
    desk.write(a_jpg=image(1), a_xml=voc("a.jpg", ("RBC", 1, 1, 10, 10), size=(80, 100)))
    run = desk.run()
    assert [p.code for p in desk.items(run)["a.jpg"].problems] == ["size-differs"]


def test_media_alone_on_request(desk: Desk) -> None:
    desk.write(a_jpg=image(1), a_xml=voc("a.jpg", ("RBC", 11, 21, 30, 40)))
    run = desk.run(format="none")
    assert (run.format, run.counts.new, run.counts.annotations_added, run.ignored) == (None, 1, 0, 1)


def test_metadata_of_the_import_are_every_files(desk: Desk) -> None:
    desk.write(a_jpg=image(1))
    desk.run(meta={"camera": {"side": "left"}})
    assert desk.file("a.jpg").meta == {"camera": {"side": "left"}}


def test_a_glob_takes_what_matches(desk: Desk) -> None:
    desk.write(a_jpg=image(1), b_png=image(2, "PNG"), deep__c_jpg=image(3))
    run = desk.run(PathSource(path=f"{desk.folder}/**/*.jpg"))
    assert run.counts.new == 2
    assert desk.keys() == ["a.jpg", "deep/c.jpg"]


def test_paths_begin_at_a_root_or_are_whole(desk: Desk) -> None:
    desk.write(a_jpg=image(1))
    assert desk.run(PathSource(path="images/a.jpg")).counts.new == 1
    assert desk.run(PathSource(path=str(desk.folder / "a.jpg"))).counts.same == 1


def test_a_cancelled_import_stops_and_keeps_what_came_in(desk: Desk, wrote: Wrote) -> None:
    desk.write(a_jpg=image(1))
    run = desk.start()
    with wrote(desk.project) as written:
        for _ in range(2):
            desk.store.db.perform(lambda tx: ingest.cancel(tx, run.id), desk.project)
        desk.drain()
    assert written.kinds == ["import.cancelled"]
    assert desk.get(run.id).state == "cancelled"
    assert desk.keys() == []


def test_an_archived_dataset_takes_no_import(desk: Desk) -> None:
    with desk.store.db.transaction(desk.project) as tx:
        datasets.archive(tx, desk.dataset)
    with pytest.raises(Exception, match="archived"):
        desk.start()


def test_the_spools_are_gone_at_the_end(desk: Desk) -> None:
    desk.write(a_jpg=image(1))
    desk.run()
    left = [path for path in (desk.store.blobs.root / "derived").rglob("*") if path.suffix == ".spool"]
    assert left == []
