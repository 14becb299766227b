"""Bad items and hostile sources: each is named with its reason, the rest comes in, and nothing gets out."""

import json
from pathlib import Path

import pytest

from penstock.ingest import Import, PathSource, jobs
from penstock.jobs import Work

from .conftest import Desk, coco, image, voc

BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><annotation><filename>&c;</filename></annotation>"""


def reasons(desk: Desk, run: Import) -> dict[str, str]:
    return {key: item.reason or "" for key, item in desk.items(run).items() if item.state == "failed"}


def test_a_broken_image_fails_and_the_others_come_in(desk: Desk) -> None:
    desk.write(a_jpg=image(1), cut_jpg=image(2)[:400], drawing_svg="<svg/>", page_jpg="<html>404</html>", empty_png=b"")
    run = desk.run()
    assert (run.state, run.counts.new, run.counts.failed) == ("finished", 1, 4)
    assert desk.keys() == ["a.jpg"]
    found = reasons(desk, run)
    assert "truncated" in found["cut.jpg"]
    assert "SVG" in found["drawing.svg"]
    assert "web page" in found["page.jpg"]
    assert "empty" in found["empty.png"]


def test_every_failed_item_has_its_event(desk: Desk) -> None:
    desk.write(a_jpg=image(1)[:400], b_jpg=image(2)[:400])
    run = desk.run()
    with desk.store.db.transaction(desk.project) as tx:
        bodies = tx.rows("select subject, body->>'key' from event where kind = 'import.item_failed' order by seq, n")
    assert bodies == [(f"import:{run.id}", "a.jpg"), (f"import:{run.id}", "b.jpg")]


def test_an_entity_bomb_fails_its_image_alone(desk: Desk) -> None:
    desk.write(a_jpg=image(1), a_xml=BOMB, b_jpg=image(2), b_xml=voc("b.jpg", ("RBC", 1, 1, 9, 9)))
    run = desk.run()
    assert desk.keys() == ["b.jpg"]
    (reason,) = reasons(desk, run).values()
    assert "a.xml" in reason


def test_dangling_ids_of_coco_are_named(desk: Desk) -> None:
    annotations = [
        {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]},
        {"image_id": 1, "category_id": 77, "bbox": [1, 2, 3, 4]},
        {"image_id": 55, "category_id": 1, "bbox": [1, 2, 3, 4]},
        {"image_id": 56, "category_id": 1, "bbox": [1, 2, 3, 4]},
        {"image_id": 1, "category_id": 1, "bbox": [1, 2, "abc", 4]},
        {"image_id": 1, "category_id": 1, "bbox": [1, 2, -3, 4]},
    ]
    desk.write(a_jpg=image(1), instances_json=coco({1: "a.jpg"}, annotations, {1: "RBC"}))
    run = desk.run()
    assert (run.counts.new, run.counts.annotations_added, run.counts.annotations_refused) == (1, 1, 3)
    assert len(desk.items(run)["a.jpg"].problems) == 3
    found = reasons(desk, run)
    assert len(found) == 2
    assert all("isn't in the set" in reason for reason in found.values())


def test_annotations_that_are_no_json_end_the_import_and_change_nothing(desk: Desk) -> None:
    desk.write(a_jpg=image(1), instances_json='{"images": [')
    run = desk.run()
    assert run.state == "failed"
    assert "instances.json" in (run.reason or "")
    assert desk.keys() == []


def test_a_name_of_ten_thousand_characters_is_reported_short(desk: Desk) -> None:
    long = "x" * 10_000 + ".jpg"
    desk.write(a_jpg=image(1), instances_json=coco({1: "a.jpg", 2: long}, [], {1: "RBC"}))
    run = desk.run()
    ((key, reason),) = reasons(desk, run).items()
    assert len(key) < 200
    assert "1024 bytes" in reason
    assert desk.keys() == ["a.jpg"]


def test_any_name_that_a_disk_holds_comes_in(desk: Desk) -> None:
    names = ["ä ö/ü.jpg", "日本語.jpg", "🙂 (1).jpg", "a'b\"c;--.jpg", "x" * 240 + ".jpg", "%2e%2e.jpg", "{name}.jpg"]
    for n, name in enumerate(names):
        desk.put(name, image(n))
    desk.run()
    assert set(desk.keys()) == set(names)


def test_a_name_that_is_no_text_is_reported(desk: Desk) -> None:
    (desk.folder / "a.jpg").write_bytes(image(1))
    Path(str(desk.folder).encode().decode(), "b\udcff.jpg").write_bytes(image(2))
    run = desk.run()
    assert desk.keys() == ["a.jpg"]
    ((key, reason),) = reasons(desk, run).items()
    assert key.startswith("b?.jpg")
    assert "Unicode" in reason


def test_a_nul_in_metadata_fails_that_item_alone(desk: Desk) -> None:
    desk.write(a_jpg=image(1), b_jpg=image(2))
    lines = [{"uri": "a.jpg", "note": "nul \u0000 inside"}, {"uri": "b.jpg", "note": "fine"}]
    desk.put("list.jsonl", "\n".join(map(json.dumps, lines)))
    run = desk.run({"kind": "manifest", "path": str(desk.folder / "list.jsonl")})
    assert desk.keys() == ["b.jpg"]
    assert list(reasons(desk, run)) == ["a.jpg"]


def test_links_out_of_the_roots_are_not_followed(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.jpg").write_bytes(image(9))
    (outside / "more").mkdir()
    (outside / "more" / "secret.jpg").write_bytes(image(8))
    desk.write(a_jpg=image(1))
    (desk.folder / "link.jpg").symlink_to(outside / "secret.jpg")
    (desk.folder / "folder").symlink_to(outside / "more")
    run = desk.run()
    assert desk.keys() == ["a.jpg"]
    assert "outside" in reasons(desk, run)["link.jpg"]


def test_paths_outside_of_the_roots_are_refused(desk: Desk) -> None:
    paths = ["/etc", "/etc/passwd", "../..", "images/../../..", "/proc/self/environ", "/etc/*.conf"]
    runs = [desk.start(PathSource(path=path)) for path in paths]
    desk.drain()
    for run in runs:
        found = desk.get(run.id)
        assert found.state == "failed", found
        assert "roots" in (found.reason or "")


def test_a_file_that_vanished_between_scan_and_import_fails_alone(desk: Desk) -> None:

    desk.write(a_jpg=image(1), b_jpg=image(2))
    run = desk.start()
    jobs.scan(Work(desk.store), desk.project, run.id)
    (desk.folder / "a.jpg").unlink()
    desk.drain()
    assert desk.keys() == ["b.jpg"]
    assert "No such file" in reasons(desk, run)["a.jpg"]


def test_a_source_with_nothing_in_it_says_so(desk: Desk) -> None:
    desk.write(notes_txt="hello")
    run = desk.run()
    assert run.state == "failed"
    assert "no image" in (run.reason or "")


def test_a_bomb_of_pixels_is_refused(desk: Desk) -> None:
    big = image(1, "PNG", 3000, 3000)
    desk.put("big.png", big)
    settings = desk.store.settings.model_copy(update={"pixel_limit": 1_000_000})
    object.__setattr__(desk.store, "settings", settings)
    run = desk.run()
    assert "pixel_limit" in reasons(desk, run)["big.png"]
