"""Bad input gets one clear problem that says what, why and what to do, and changes nothing."""

import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image

import penstock
from penstock.sdk.work import Work

from .conftest import Pictures, Studio, two_stages

Answer = httpx.Response


@pytest.fixture
def work(studio: Studio, pictures: Pictures) -> Work:
    """A task that is being worked on."""
    studio.apply(two_stages(pictures))
    studio.owner.datasets["first pass"].import_(*(p.path for p in pictures.items[:3]), format="none")
    studio.drain()
    taken = studio.person("ann").templates["first pass"].next()
    assert taken is not None
    return taken


@contextmanager
def nothing_changes(studio: Studio) -> Iterator[None]:
    """Neither rows that mean anything nor events come of the block."""

    def look() -> list[Any]:
        with studio.store.db.transaction(studio.owner.id) as tx:
            return [
                tx.rows("select count(*), max(seq) from event where project = %(project)s"),
                tx.rows("select count(*) from annotation"),
                tx.rows("select id, status from task order by id"),
                tx.rows("select count(*) from file"),
                tx.rows("select count(*) from entry"),
                tx.rows("select version from schema_head"),
            ]

    before = look()
    yield
    assert look() == before


def problem(answer: Answer, status: int) -> dict[str, Any]:
    """The problem document of a refusal: the one shape, with words to act on."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told.keys() == {"type", "title", "status", "detail", "errors"}
    assert told["status"] == status
    assert len(told["detail"]) > 10
    return told


def save(studio: Studio, work: Work, *changes: dict[str, Any], raw: str | None = None) -> Answer:
    body = json.dumps({"id": str(uuid4()), "changes": changes}) if raw is None else raw
    person = studio.person("ann")
    return person._client._http.post(  # below the SDK, which would not let such input pass
        f"/projects/{studio.owner.id}/attempts/{work.attempt.id}/save",
        content=body,
        headers={"content-type": "application/json"},
    )


def box(label: Any, geometry: Any, **more: Any) -> dict[str, Any]:
    return {"do": "create", "id": str(uuid4()), "kind": "box", "label": label, "geometry": geometry, **more}


SHAPES: list[tuple[str, Callable[[int], dict[str, Any]], str]] = [
    ("unknown label", lambda _: box(999_999, [1, 1, 5, 5]), "changes[0].label"),
    ("width abc", lambda label: box(label, [1, 1, "abc", 5]), "changes[0].geometry"),
    ("zero width", lambda label: box(label, [1, 1, 0, 5]), "changes[0].geometry"),
    (
        "polygon of 2 points",
        lambda label: {**box(label, [[[1, 1, 2, 2]]]), "kind": "polygon"},
        "changes[0]",
    ),
    ("unknown attribute", lambda label: box(label, [1, 1, 5, 5], attributes={"404": 1}), "changes[0].attributes.404"),
    ("unknown field", lambda label: box(label, [1, 1, 5, 5], colour="red"), "changes[0]"),
]


@pytest.mark.parametrize(("what", "make", "at"), SHAPES, ids=[shape[0] for shape in SHAPES])
def test_a_wrong_shape_is_refused_at_its_place(
    studio: Studio, work: Work, what: str, make: Callable[[int], dict[str, Any]], at: str
) -> None:
    label = studio.owner.schema().labels[0].id
    with nothing_changes(studio):
        told = problem(save(studio, work, make(label)), 422)
    assert told["errors"][0]["at"].startswith(at), told
    assert told["errors"][0]["detail"]


def test_not_a_number_is_refused(studio: Studio, work: Work) -> None:
    label = studio.owner.schema().labels[0].id
    change = json.dumps(box(label, [1, 1, 5, 5])).replace("[1, 1", "[NaN, 1")
    with nothing_changes(studio):
        told = problem(save(studio, work, raw=f'{{"id": "{uuid4()}", "changes": [{change}]}}'), 422)
    assert "NaN" in json.dumps(told)


def test_a_box_outside_the_image_is_refused_or_clipped_as_the_template_says(
    studio: Studio, work: Work, pictures: Pictures
) -> None:
    label = pictures.labels[0]
    width = work.file.width or 0
    work.save([penstock.box(label, width - 10, 5, 30, 10)])
    with nothing_changes(studio), pytest.raises(penstock.Refused) as refused:
        work.submit()
    (error,) = refused.value.errors
    assert (error.code, error.at.startswith("annotations.")) == ("outside", True)
    studio.apply(two_stages(pictures, first="outside: clip"))
    clipping = studio.person("ben").templates["first pass"].next()
    assert clipping is not None
    width = clipping.file.width or 0
    clipping.save([penstock.box(label, width - 10, 5, 30, 10)])
    clipping.submit()
    (kept,) = studio.call("GET", f"/files/{clipping.file.id}/annotations").json()
    assert kept["geometry"] == [width - 10, 5, 10, 10]


def test_a_stale_edit_is_refused(studio: Studio, work: Work) -> None:
    path = f"/templates/{work.task.template}"
    edition = studio.call("GET", path).headers["etag"]
    assert studio.call("PATCH", path, json={"name": "a"}, headers={"if-match": edition}).status_code == 200
    with nothing_changes(studio):
        told = problem(studio.call("PATCH", path, json={"name": "b"}, headers={"if-match": edition}), 412)
    assert "edition 1" in told["detail"]
    assert "edition 2" in told["detail"] or "one is 2" in told["detail"]


def test_an_unknown_key_in_a_pipeline_file_is_refused_with_its_line(
    studio: Studio, work: Work, pictures: Pictures
) -> None:
    yaml = two_stages(pictures).replace("interface: image", "interfase: image")
    line = 1 + yaml.splitlines().index("    interfase: image")
    with nothing_changes(studio), pytest.raises(penstock.Refused) as refused:
        studio.owner.plan(yaml)
    assert f"line {line}" in f"{refused.value} {[e.at for e in refused.value.errors]}"
    assert "interface" in str(refused.value)


def test_an_unconditional_cycle_of_routes_is_refused(studio: Studio, work: Work, pictures: Pictures) -> None:
    yaml = two_stages(pictures).replace("on_done: [{to: gold}]", "on_done: [{to: first pass}]")
    with nothing_changes(studio), pytest.raises(penstock.Refused) as refused:
        studio.owner.apply(yaml)
    assert "expert" in str(refused.value)


def test_submitting_what_another_took_over_is_refused(studio: Studio, work: Work, move_clock: Any) -> None:
    move_clock(dt.timedelta(hours=1))
    taken = {other.task.id for other in studio.person("ben").templates["first pass"].work()}
    assert work.task.id in taken
    with nothing_changes(studio), pytest.raises(penstock.Refused) as refused:
        work.submit()
    assert refused.value.type == "taken-over"


def test_an_oversized_upload_is_refused(studio: Studio, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = studio.store.settings.model_copy(update={"upload_limit_bytes": 1000})
    object.__setattr__(studio.store, "settings", settings)
    with nothing_changes(studio):
        told = problem(studio.call("POST", "/files?key=big.png", content=b"x" * 2000), 413)
    assert "1,000" in told["detail"] or "1000" in told["detail"]


def test_a_truncated_jpeg_is_refused_with_its_reason(studio: Studio, work: Work) -> None:
    whole = io.BytesIO()
    Image.new("RGB", (200, 200), "red").save(whole, "jpeg")
    with nothing_changes(studio):
        told = problem(studio.call("POST", "/files?key=cut.jpg", content=whole.getvalue()[:400]), 422)
    assert "truncated" in told["detail"]


def test_an_archive_that_climbs_out_is_refused(studio: Studio, work: Work, tmp_path: Any) -> None:
    archive = tmp_path / "bad.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("../outside.png", b"x")
    try:
        told = str(studio.owner.datasets["first pass"].import_(archive).failed())
    except penstock.PenstockError as refused:
        told = str(refused)
    assert "../outside.png" in told
    assert not (tmp_path.parent / "outside.png").exists()


def test_coco_with_dangling_ids_says_which(studio: Studio, work: Work, pictures: Pictures, tmp_path: Any) -> None:
    folder = tmp_path / "coco"
    folder.mkdir()
    picture = pictures.items[4]
    (folder / picture.key).write_bytes(picture.path.read_bytes())
    image = {"id": 1, "file_name": picture.key, "width": work.file.width, "height": work.file.height}
    category = {"id": 7, "name": pictures.labels[0]}
    good = {"id": 1, "image_id": 1, "category_id": 7, "bbox": [1, 1, 5, 5], "area": 25, "iscrowd": 0}
    wrong = [{**good, "id": 2, "image_id": 99}, {**good, "id": 3, "category_id": 98}]
    coco = {"images": [image], "categories": [category], "annotations": [good, *wrong]}
    (folder / "annotations.json").write_text(json.dumps(coco))
    imported = studio.owner.datasets["gold"].import_(folder)
    told = json.dumps([item.model_dump(mode="json") for item in imported.items()]) + imported.value.model_dump_json()
    assert "99" in told
    assert "98" in told
    file = studio.owner.files[picture.key]
    assert len(studio.call("GET", f"/files/{file.id}/annotations").json()) == 1


BOMB = """<?xml version="1.0"?>
<!DOCTYPE a [<!ENTITY b "boom"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<annotation><filename>{key}</filename><object><name>&c;</name>
<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object></annotation>"""


def test_voc_with_an_entity_bomb_is_refused_for_that_file_alone(
    studio: Studio, work: Work, pictures: Pictures, tmp_path: Any
) -> None:
    folder = tmp_path / "voc"
    folder.mkdir()
    bad, good = pictures.items[5], pictures.items[6]
    for picture in (bad, good):
        (folder / picture.key).write_bytes(picture.path.read_bytes())
    stem = bad.key.rsplit(".", 1)[0]
    (folder / f"{stem}.xml").write_text(BOMB.format(key=bad.key))
    fine = BOMB.format(key=good.key).replace("&c;", pictures.labels[0])
    fine = "\n".join(line for line in fine.splitlines() if "DOCTYPE" not in line)
    (folder / f"{good.key.rsplit('.', 1)[0]}.xml").write_text(fine)
    imported = studio.owner.datasets["gold"].import_(folder, format="voc")
    (failed,) = imported.failed()
    assert stem in failed.key
    assert "entit" in (failed.reason or "").lower()
    file = studio.owner.files[good.key]
    assert len(studio.call("GET", f"/files/{file.id}/annotations").json()) == 1
