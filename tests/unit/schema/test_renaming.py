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
    datasets={"gold": "best"},
    templates={"expert": "chief"},
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
        ('in  "gold" or in ("gold"/"v1", "other")', 'in "best" or in ("best"/"v1", "other")'),
        ('changed since "gold"/"v1"', 'changed since "best"/"v1"'),
        (
            'task("expert").status = done and template != "expert"',
            'task("chief").status = "done" and template != "chief"',
        ),
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


def test_what_names_a_dataset_or_a_template_goes_along(api: Any, drain: Callable[[], None], wrote: Any) -> None:
    owner = api.owner
    source, gold, rest = (owner.post(api.path("/datasets"), json={"name": n}).json()["id"] for n in ("in", "gold", "r"))
    ask = 'in "gold" and task("t").status = done'
    settings = {
        "watch": [{"dataset": source}],
        "on_done": [{"to": rest, "if": 'in "gold" or task("t").round > 5'}],
    }
    template = owner.post(api.path("/templates"), json={"name": "t", "settings": settings}).json()["id"]
    live = {"name": "live", "query": ask, "sources": [{"dataset": source}]}
    live_id = owner.post(api.path("/live-datasets"), json=live).json()["id"]
    saved = owner.post(api.path("/queries"), json={"name": "cars", "query": ask}).json()["id"]
    action = {
        "when": {"event": "task.done"},
        "if": ask,
        "do": [{"kind": "add", "settings": {"to": rest, "dataset": source, "query": ask}}],
    }
    action_id = owner.post(api.path("/actions"), json={"name": "a", "settings": action}).json()["id"]
    with api.store.db.transaction(api.project) as tx:
        made = files.register_many(tx, [NewFile(key="a", hash="a" * 64, bytes=1, probe=PROBE)])
        for dataset in (source, gold):
            datasets.add(tx, dataset, [one.file for one in made], {"kind": "person"})
    drain()
    ann = api.client("annotator")
    claim = ann.post(api.path(f"/templates/{template}/next")).json()["attempt"]["id"]

    with wrote(api.project) as written:
        assert owner.patch(api.path(f"/datasets/{gold}"), json={"name": "best"}).status_code == 200
    changes = ["template.changed", "dataset.followed", "query.changed", "action.changed"]
    assert written.kinds == [*changes, "dataset.renamed"]
    with wrote(api.project) as written:
        assert owner.patch(api.path(f"/templates/{template}"), json={"name": "u"}).json()["edition"] == 4
    assert written.kinds == [*changes, "template.changed"]
    now = 'in "best" and task("u").status = "done"'
    told = owner.get(api.path(f"/actions/{action_id}")).json()["settings"]
    assert (told["if"], told["do"][0]["settings"]["query"]) == (now, now)
    assert owner.get(api.path(f"/queries/{saved}")).json()["query"] == now
    assert owner.get(api.path(f"/datasets/{live_id}")).json()["query"] == now
    routes = owner.get(api.path(f"/templates/{template}")).json()["settings"]["on_done"]
    assert routes[0]["if"] == 'in "best" or task("u").round > 5'

    # An attempt that began before finds its way too.
    assert ann.post(api.path(f"/attempts/{claim}/submit"), json={}).json()["status"] == "done"
    drain()
    assert owner.get(api.path(f"/datasets/{rest}")).json()["files"] == 1


def test_steps_follow_and_an_older_revision_is_asked_in_its_own_names(
    api: Any, drain: Callable[[], None], tmp_path: Any
) -> None:
    owner = api.owner
    owner.put(api.path("/schema"), json={"labels": {"car": {}, "bus": {}}})
    source = owner.post(api.path("/datasets"), json={"name": "in"}).json()["id"]
    drain()
    version = owner.post(api.path(f"/datasets/{source}/versions"), json={"name": "v1"}).json()["id"]
    step = {
        "dataset": source,
        "filter": "labels.car >= 1",
        "transforms": [{"do": "labels", "map": {"car": "auto"}}, {"do": "crop", "labels": ["auto", "bus"]}],
        "to": {"folder": str(tmp_path)},
    }
    action = {"when": {"by_hand": True}, "do": [{"kind": "export", "settings": step}]}
    action_id = owner.post(api.path("/actions"), json={"name": "a", "settings": action}).json()["id"]
    owner.put(api.path("/schema"), json={"labels": {"vehicle": {"was": "car"}, "coach": {"was": "bus"}}})

    told = owner.get(api.path(f"/actions/{action_id}")).json()["settings"]["do"][0]["settings"]
    assert told["filter"] == "labels.vehicle >= 1"
    assert told["transforms"][0]["map"] == {"vehicle": "auto"}
    assert told["transforms"][1]["labels"] == ["auto", "coach"]
    for asked in ("labels.car >= 1", "labels.vehicle >= 1"):
        new = {"version": version, "filter": asked, "pack": "zip"}
        made = owner.post(api.path("/exports"), json=new)
        assert made.json()["filter"] == "labels.car >= 1", made.text
    assert owner.get(api.path(f"/versions/{version}/files?q=labels.car>0")).status_code == 200
    assert owner.get(api.path(f"/versions/{version}/files?q=labels.vehicle>0")).status_code == 422
