"""A rename reaches every text that uses the name, in the same transaction."""

from collections.abc import Callable
from typing import Any

import pytest

from penstock import datasets, files
from penstock.datasets.query.renaming import Renames, renamed
from penstock.files import NewFile, Probe

NAMES = Renames(
    labels={"car": "motor vehicle", "bus": "car"},
    attributes={"weather": "sky"},
    options={"weather": {"rain": "wet", "sun": "dry"}},
)
PROBE = Probe(media="image", mime="image/png", width=9, height=9)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("labels.car>=1", 'labels."motor vehicle" >= 1'),
        ('label = car or label in ("bus", tram)', 'label = "motor vehicle" or label in ("car", "tram")'),
        ("not any(label=car and weather = rain)", 'not any(label = "motor vehicle" and sky = "wet")'),
        ("count(attributes.weather in (sun, snow)) > 2", 'count(sky in ("dry", "snow")) > 2'),
        ("labels.tram  >=  1 and meta.car = rain", "labels.tram  >=  1 and meta.car = rain"),
        ("this is no query", "this is no query"),
    ],
)
def test_a_query_is_written_in_the_new_names(before: str, after: str) -> None:
    assert renamed(before, NAMES) == after


def test_conditions_queries_and_live_datasets_go_along(api: Any, drain: Callable[[], None], wrote: Any) -> None:
    owner = api.owner
    owner.put(api.path("/schema"), json={"labels": {"car": {}, "bus": {}}})
    source, cars, rest = (owner.post(api.path("/datasets"), json={"name": n}).json()["id"] for n in ("in", "c", "r"))
    ask = "labels.car >= 1"
    live = {"name": "live", "query": ask, "sources": [{"dataset": source}]}
    live_id = owner.post(api.path("/live-datasets"), json=live).json()["id"]
    saved = owner.post(api.path("/queries"), json={"name": "cars", "query": ask}).json()["id"]
    action = {"when": {"event": "task.done"}, "if": ask, "do": [{"kind": "notify", "settings": {"subject": "x"}}]}
    action_id = owner.post(api.path("/actions"), json={"name": "a", "settings": action}).json()["id"]
    settings = {
        "watch": [{"dataset": source}],
        "review": {"share": 1, "if": "labels.bus >= 1"},
        "on_done": [{"to": cars, "if": ask}, {"to": rest, "else": True}],
    }
    template = owner.post(api.path("/templates"), json={"name": "t", "settings": settings}).json()["id"]
    with api.store.db.transaction(api.project) as tx:
        made = files.register_many(tx, [NewFile(key="a", hash="a" * 64, bytes=1, probe=PROBE)])
        datasets.add(tx, source, [one.file for one in made], {"kind": "person"})
    drain()
    ann = api.client("annotator")
    claim = ann.post(api.path(f"/templates/{template}/next")).json()["attempt"]["id"]

    wanted = {"labels": {"vehicle": {"was": "car"}}}
    with wrote(api.project) as written:
        assert owner.put(api.path("/schema"), json=wanted).status_code == 200
    assert written.kinds == [
        "template.changed",
        "dataset.followed",
        "query.changed",
        "action.changed",
        "schema.changed",
    ]
    told = [
        owner.get(api.path(f"/templates/{template}")).json()["settings"]["on_done"][0]["if"],
        owner.get(api.path(f"/actions/{action_id}")).json()["settings"]["if"],
        owner.get(api.path(f"/queries/{saved}")).json()["query"],
        owner.get(api.path(f"/datasets/{live_id}")).json()["query"],
    ]
    assert told == ["labels.vehicle >= 1"] * 4

    # An attempt that began before goes on under its edition, whose names are what they were then.
    car = owner.get(api.path("/schema")).json()["labels"][0]["id"]
    body = {
        "id": "0190a000-0000-7000-8000-000000000001",
        "changes": [
            {
                "do": "create",
                "id": "0190a000-0000-7000-8000-000000000002",
                "kind": "box",
                "label": car,
                "geometry": [0, 0, 5, 5],
            }
        ],
    }
    assert ann.post(api.path(f"/attempts/{claim}/save"), json=body).status_code == 200
    assert ann.post(api.path(f"/attempts/{claim}/submit"), json={}).json()["status"] == "done"
    drain()
    assert owner.get(api.path(f"/datasets/{cars}")).json()["files"] == 1
    assert owner.get(api.path(f"/datasets/{live_id}")).json()["files"] == 1
    assert owner.get(api.path(f"/datasets/{rest}")).json()["files"] == 0
