"""A file's annotations through time: every state, when it came and went, and by whom."""

from typing import Any

from penstock import files
from penstock.core.ids import new_uuid
from penstock.files import NewFile, Probe


def test_every_state_says_when_and_by_whom(api: Any) -> None:
    api.owner.put(api.path("/schema"), json={"labels": {"RBC": {}}})
    label = api.owner.get(api.path("/schema")).json()["labels"][0]["id"]
    probe = Probe(media="image", mime="image/png", width=9, height=9)
    with api.store.db.transaction(api.project) as tx:
        [made] = files.register_many(tx, [NewFile(key="a", hash="a" * 64, bytes=1, probe=probe)])
    path, id = api.path(f"/files/{made.file}/annotations"), str(new_uuid())
    turned = {"do": "create", "id": id, "kind": "rotated_box", "label": label, "geometry": [1, 1, 4, 2, 30]}
    first, second = api.client("editor"), api.client("admin")
    assert first.get(path).json() == []
    assert first.get(api.path(f"/files/{made.file + 1}/annotations")).status_code == 404
    assert first.post(path, json=[turned]).status_code == 200
    assert second.post(path, json=[{"do": "update", "id": id, "group": "pair"}]).json()[0]["group"] == "pair"
    assert second.post(path, json=[{"do": "delete", "id": id}]).status_code == 200
    old, new = api.client("viewer").get(f"{path}/history").json()
    assert (old["kind"], old["by"], old["retired_by"]) == ("rotated_box", api.persons["editor"], api.persons["admin"])
    assert old["at"] < old["retired_at"] == new["at"] < new["retired_at"]
    assert (new["by"], new["retired_seq"] is None) == (api.persons["admin"], False)


def test_a_fork_tells_what_it_began_with_and_what_it_did(api: Any, drain: Any) -> None:
    editor = api.client("editor")
    editor.put(api.path("/schema"), json={"labels": {"RBC": {}}})
    label = editor.get(api.path("/schema")).json()["labels"][0]["id"]
    probe = Probe(media="image", mime="image/png", width=9, height=9)
    with api.store.db.transaction(api.project) as tx:
        [made] = files.register_many(tx, [NewFile(key="a", hash="a" * 64, bytes=1, probe=probe)])
    dataset = editor.post(api.path("/datasets"), json={"name": "gold"}).json()["id"]
    editor.post(api.path(f"/datasets/{dataset}/files"), json={"files": [made.file]})
    path, ids = api.path(f"/files/{made.file}/annotations"), [str(new_uuid()) for _ in range(2)]
    box = {"do": "create", "kind": "box", "label": label, "geometry": [1, 1, 4, 2]}
    editor.post(path, json=[{**box, "id": id} for id in ids]).raise_for_status()
    fork = editor.post(api.path("/forks"), json={"source": f"dataset:{dataset}", "name": "mine"}).json()["branch"]
    editor.post(path, json=[{"do": "delete", "id": ids[0]}]).raise_for_status()  # the fork doesn't see that
    there = {"branch": fork}
    editor.post(path, params=there, json=[{"do": "delete", "id": ids[1]}]).raise_for_status()
    states = editor.get(f"{path}/history", params=there).json()
    assert [(one["id"], one["gone"], one["retired_seq"]) for one in states] == [
        (ids[0], False, None),
        (ids[1], False, None),
        (ids[1], True, None),
    ]
    glance = editor.get(api.path("/annotations"), params={"file": made.file, **there}).json()
    assert [one["id"] for one in glance[0]["annotations"]] == [ids[0]]
    assert [one["retired_seq"] is None for one in editor.get(f"{path}/history").json()] == [False, True]
