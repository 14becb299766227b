"""Queries over HTTP: pages and counts of what they find, completion, and saved ones."""

from typing import Any

import pytest

from penstock import files, schema
from penstock.annotations import branches, rows
from penstock.annotations.model import drawn
from penstock.files import NewFile, Probe
from penstock.schema import WantedSchema
from penstock.store import Transaction

SCHEMA = {
    "labels": {"car": {}, "traffic light": {}},
    "attributes": {"weather": {"per": "file", "kind": "radio", "options": ["rain", "heavy rain"]}},
}


@pytest.fixture
def world(api: Any) -> Any:
    """Five files, with as many cars as their number; four of them in a dataset."""
    probe = Probe(media="image", mime="image/png", width=64, height=48)
    news = [
        NewFile(key=f"{n}.png", hash=f"{n:064x}", bytes=9, probe=probe, meta={"camera": {"side": "left"}})
        for n in range(5)
    ]

    def fill(tx: Transaction) -> list[int]:
        ids = [r.file for r in files.register_many(tx, news)]
        made = schema.extend(tx, WantedSchema.model_validate(SCHEMA))
        for n, id in enumerate(ids):
            cars = [drawn("box", [0, 0, 9, 9], label=made.label_named("car").id) for _ in range(n)]
            rows.import_file(tx, branches.main(tx), id, cars)
        return ids

    def held(tx: Transaction) -> list[int]:
        tx.holds_all()
        return fill(tx)

    api.files = api.store.db.perform(held, api.project)
    editor = api.client("editor")
    api.dataset = editor.post(api.path("/datasets"), json={"name": "first pass"}).json()["id"]
    editor.post(api.path(f"/datasets/{api.dataset}/files"), json={"files": api.files[:4]})
    return api


def test_a_query_finds_files_page_by_page(world: Any) -> None:
    viewer, base = world.client("viewer"), f"/datasets/{world.dataset}/files"

    def keys(path: str, **query: Any) -> list[str]:
        found: list[str] = []
        while True:
            page = viewer.get(world.path(path), params=query).json()
            found += [item["key"] for item in page["items"]]
            if page["next"] is None:
                return found
            query["after"] = page["next"]

    assert keys(base, q="labels.car >= 1", limit=1) == ["1.png", "2.png", "3.png"]
    assert keys("/files", q="labels.car >= 1", limit=2) == ["1.png", "2.png", "3.png", "4.png"]
    assert keys("/files", q='not in "first pass"') == ["4.png"]
    assert keys(base, q="labels.car >= 1", state="processing") == []
    assert keys(base, q="  ") == ["0.png", "1.png", "2.png", "3.png"]
    version = world.client("editor").post(world.path(f"/datasets/{world.dataset}/versions"), json={"name": "v1"}).json()
    taken = {"files": world.files[1:2]}
    world.client("editor").post(world.path(f"{base}/remove"), json=taken)
    assert keys(f"/versions/{version['id']}/files", q="labels.car < 3") == ["0.png", "1.png", "2.png"]
    assert keys(base, q="labels.car < 3") == ["0.png", "2.png"]
    assert keys(base, q="labels.car < 3", as_of=version["seq"]) == ["0.png", "1.png", "2.png"]
    counts = [
        viewer.get(world.path(path), params={"q": "labels.car > 0"}).json()["files"]
        for path in ("/queries/count", f"{base}/count", f"/versions/{version['id']}/files/count")
    ]
    assert counts == [4, 2, 3]


def test_mistakes_are_refused_at_their_place(world: Any) -> None:
    viewer = world.client("viewer")
    answer = viewer.get(
        world.path(f"/datasets/{world.dataset}/files"), params={"q": "labels.cra > 1", "state": "ready"}
    )
    assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, "query[1:1]")
    assert "did you mean 'car'?" in answer.json()["detail"]
    both = viewer.get(world.path("/files"), params={"q": "labels.car > 1", "prefix": "a"})
    assert both.status_code == 422


WAYS = [
    ("", "labels."),
    ("la", "labels."),
    ("labels.tr", '"traffic light"'),
    ("labels.car >= 1 an", "and "),
    ("weather = ", '"heavy rain"'),
    ('weather in ("hea', '"heavy rain"'),
    ("wea", "weather"),
    ("weather ", "not in ("),
    ("state != ", "ready"),
    ("in ", '"first pass"'),
    ('in "fi', '"first pass"'),
    ('in "first pass"/', '"v1"'),
    ("changed since ", '"v1"'),
    ("meta.", "camera"),
    ("meta.camera.", "side"),
    ("added > now ", "- 7d"),
    ("added > ", "now - 7d"),
    ("any(label = ", "car"),
    ("file.", "width"),
]


def test_ways_to_go_on(world: Any) -> None:
    world.client("editor").post(world.path(f"/datasets/{world.dataset}/versions"), json={"name": "v1"})
    for q, expected in WAYS:
        asked = {"q": q, "dataset": world.dataset}
        answer = world.client("viewer").get(world.path("/queries/complete"), params=asked).json()
        assert expected in [item["text"] for item in answer["items"]], (q, answer)
    wrong = {"q": "labels.car > 1\n and labels.cra > 2", "at": 14}
    answer = world.client("viewer").get(world.path("/queries/complete"), params=wrong).json()
    assert (answer["at"], answer["start"]) == (20, 14)
    assert "did you mean 'car'?" in answer["problem"]


def test_saved_queries(world: Any, wrote: Any) -> None:
    editor, path = world.client("editor"), world.path("/queries")
    with wrote(world.project) as written:
        made = editor.post(path, json={"name": "cars", "query": "labels.car > 1"})
        assert editor.post(path, json={"name": "cars", "query": "labels.car > 2"}).status_code == 409
        assert editor.post(path, json={"name": "none", "query": "labels.tram > 2"}).status_code == 422
        one = f"{path}/{made.json()['id']}"
        changed = editor.patch(one, json={"query": "labels.car > 3"}, headers={"if-match": made.headers["etag"]})
        assert changed.json()["query"] == "labels.car > 3"
        assert [saved["valid"] for saved in editor.get(path).json()] == [True]
        assert editor.delete(one).status_code == 204
        assert editor.get(one).status_code == 404
    assert written.kinds == ["query.saved", "query.changed", "query.removed"]


def test_live_datasets(world: Any, wrote: Any) -> None:
    editor = world.client("editor")
    body = {"name": "cars", "query": "labels.car > 1", "sources": [{"dataset": world.dataset}]}
    with wrote(world.project) as written:
        made = editor.post(world.path("/live-datasets"), json=body)
        path = world.path(f"/datasets/{made.json()['id']}")
        followed = editor.get(f"{path}/live").json()
        settings = {key: followed[key] for key in ("sources", "combine", "tick_seconds")}
        changed = editor.put(f"{path}/live", json={**settings, "query": "labels.car > 2"})
        by_hand = editor.post(f"{path}/files", json={"files": world.files[:1]})
        nowhere = editor.get(world.path(f"/datasets/{world.dataset}/live"))
    assert (made.status_code, changed.json()["query"]) == (201, "labels.car > 2")
    assert (by_hand.status_code, nowhere.status_code) == (409, 422)
    assert written.kinds == ["dataset.created", "dataset.followed", "dataset.followed"]


def test_facets(world: Any) -> None:
    viewer = world.client("viewer")
    found = viewer.get(world.path(f"/datasets/{world.dataset}/facets"), params={"q": "labels.car > 1"}).json()
    assert found["files"] == 2
    assert found["labels"] == [{"value": "car", "files": 2, "annotations": 5, "query": "labels.car > 0"}]
    (camera,) = found["metadata"]
    assert camera["name"] == "camera.side"
    assert (camera["values"][0]["files"], camera["values"][0]["query"]) == (2, 'meta.camera.side = "left"')
    assert [day["files"] for day in found["added"]] == [2]
    assert viewer.get(world.path("/queries/facets")).json()["files"] == 5
    assert viewer.get(world.path("/queries/facets"), params={"q": "labels.cra > 1"}).status_code == 422
