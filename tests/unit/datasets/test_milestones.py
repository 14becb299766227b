"""A long list is entered anywhere: at a milestone, and a few files on."""

from typing import Any

import pytest

from penstock import files, schema
from penstock.annotations import branches, rows
from penstock.annotations.model import drawn
from penstock.datasets import found_tables, milestones
from penstock.files import NewFile, Probe
from penstock.schema import WantedSchema
from penstock.store import Transaction

PROBE = Probe(media="image", mime="image/png", width=64, height=48)


@pytest.fixture
def held(api: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Twenty files in a dataset, every fourth with a car and a half; a milestone at every second file."""
    monkeypatch.setattr(found_tables, "STEP", 2)

    def fill(tx: Transaction) -> list[int]:
        tx.holds_all()
        news = [NewFile(key=f"{n:02}.png", hash=f"{n:064x}", bytes=9, probe=PROBE) for n in range(20)]
        ids = [r.file for r in files.register_many(tx, news)]
        car = schema.extend(tx, WantedSchema.model_validate({"labels": {"car": {}}})).label_named("car").id
        for id in ids[::4]:
            rows.import_file(tx, branches.main(tx), id, [drawn("box", [0, 0, 9, 9], label=car) for _ in range(3)])
        return ids

    api.files = api.store.db.perform(fill, api.project)
    editor = api.client("editor")
    api.dataset = editor.post(api.path("/datasets"), json={"name": "first pass"}).json()["id"]
    editor.post(api.path(f"/datasets/{api.dataset}/files"), json={"files": api.files})
    return api


def reached(api: Any, base: str, **query: Any) -> list[str]:
    """All keys, by a page of one from each milestone and each file between two."""
    viewer = api.client("viewer")
    miles = viewer.get(api.path(f"{base}/milestones"), params=query).json()
    found: list[str] = []
    for place in range(miles["files"]):
        at, skip = divmod(place, miles["every"])
        after = {"after": miles["cursors"][at - 1]} if at else {}
        page = viewer.get(api.path(base), params={**query, **after, "skip": skip, "limit": 1}).json()
        found += [item["key"] for item in page["items"]]
    return found


def test_each_place_is_reached_from_a_milestone(held: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    base = f"/datasets/{held.dataset}/files"
    everything = [f"{n:02}.png" for n in range(20)]
    assert reached(held, base) == everything
    assert reached(held, base, q="labels.car = 3") == everything[::4]
    assert reached(held, base, q="labels.car = 2") == []
    version = held.client("editor").post(held.path(f"/datasets/{held.dataset}/versions"), json={"name": "v1"}).json()
    held.client("editor").post(held.path(f"{base}/remove"), json={"files": held.files[:5]})
    assert reached(held, base) == everything[5:]
    assert reached(held, f"/versions/{version['id']}/files") == everything
    assert reached(held, f"/versions/{version['id']}/files", q="labels.car > 0") == everything[::4]
    assert reached(held, base, as_of=version["seq"]) == everything
    monkeypatch.setattr(milestones, "MOST_MILESTONES", 3)
    thin = held.client("viewer").get(held.path(f"{base}/milestones")).json()
    assert (thin["files"], thin["every"], len(thin["cursors"])) == (15, 6, 2)
    assert reached(held, base) == everything[5:]


def test_annotations_of_several_files_come_in_one_call(held: Any) -> None:
    viewer = held.client("viewer")
    some = [held.files[4], held.files[1], held.files[0]]
    found = viewer.get(held.path("/annotations"), params={"file": some, "most": 2}).json()
    assert [(one["file"], len(one["annotations"]), one["more"]) for one in found] == [
        (held.files[0], 2, True),
        (held.files[1], 0, False),
        (held.files[4], 2, True),
    ]
    whole = viewer.get(held.path("/annotations"), params={"file": some[:1]}).json()
    assert whole[0]["annotations"] == viewer.get(held.path(f"/files/{some[0]}/annotations")).json()
    seq = viewer.get(held.path("/revision")).json()
    gone = [{"do": "delete", "id": one["id"]} for one in whole[0]["annotations"]]
    held.client("editor").post(held.path(f"/files/{some[0]}/annotations"), json=gone).raise_for_status()
    assert viewer.get(held.path("/annotations"), params={"file": some[:1]}).json()[0]["annotations"] == []
    assert viewer.get(held.path("/annotations"), params={"file": some[:1], "as_of": seq}).json() == whole
    assert viewer.get(held.path("/annotations")).status_code == 422
    assert held.client("annotator").get(held.path("/annotations"), params={"file": some}).status_code == 403
