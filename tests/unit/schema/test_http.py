"""The schema over HTTP."""

from typing import Any

from penstock.schema import Schema


def test_an_editor_changes_the_schema_and_members_read_it(api: Any, wrote: Any):
    editor, annotator = api.client("editor"), api.client("annotator")
    with wrote(api.project) as written:
        made = editor.put(api.path("/schema"), json={"labels": {"RBC": {}, "WBC": {"color": "#aabbcc"}}})
        assert made.status_code == 200
        again = editor.put(api.path("/schema"), json={"labels": {"RBC": {}, "WBC": {"color": "#aabbcc"}}})
        assert again.json() == made.json()
    assert written.kinds == ["schema.changed"]
    answer = annotator.get(api.path("/schema"))
    assert answer.json() == made.json()
    assert answer.headers["etag"] == '"1"'
    assert Schema.model_validate(answer.json()).label_named("WBC").color == "#aabbcc"
    refused = annotator.put(api.path("/schema"), json={"labels": {}})
    assert refused.status_code == 403


def test_put_archives_what_is_not_named(api: Any):
    editor = api.client("editor")
    editor.put(api.path("/schema"), json={"labels": {"a": {}, "b": {}}})
    kept = editor.put(api.path("/schema?prune=false"), json={"labels": {"a": {}}}).json()
    assert [label["archived"] for label in kept["labels"]] == [False, False]
    pruned = editor.put(api.path("/schema"), json={"labels": {"a": {}}}).json()
    assert [(label["name"], label["archived"]) for label in pruned["labels"]] == [("a", False), ("b", True)]


def test_a_stale_if_match_is_refused(api: Any, wrote: Any):
    editor = api.client("editor")
    editor.put(api.path("/schema"), json={"labels": {"a": {}}})
    add = [{"do": "add_label", "name": "b"}]
    with wrote(api.project) as written:
        stale = editor.patch(api.path("/schema"), json=add, headers={"if-match": '"0"'})
        assert (stale.status_code, stale.json()["type"]) == (412, "precondition-failed")
    assert written.kinds == []
    fresh = editor.patch(api.path("/schema"), json=add, headers={"if-match": '"1"'})
    assert fresh.status_code == 200
    assert fresh.headers["etag"] == '"2"'


def test_problems_are_listed_with_their_places(api: Any):
    editor = api.client("editor")
    refused = editor.put(api.path("/schema"), json={"attributes": {"a": {"kind": "radio"}, "b": {"kind": "slider"}}})
    assert refused.status_code == 422
    assert refused.json()["type"] == "schema-invalid"
    assert [problem["at"] for problem in refused.json()["errors"]] == ["attributes.a.options", "attributes.b"]
    unknown = editor.put(api.path("/schema"), json={"labels": {"a": {"colour": "#aabbcc"}}})
    assert unknown.status_code == 422
    assert any("colour" in problem["at"] for problem in unknown.json()["errors"])


def test_old_versions_stay_readable(api: Any):
    editor = api.client("editor")
    editor.put(api.path("/schema"), json={"labels": {"a": {}}})
    editor.put(api.path("/schema"), json={"labels": {"b": {"was": "a"}}})
    listed = editor.get(api.path("/schema/versions")).json()["items"]
    assert [(item["version"], item["changes"]) for item in listed] == [
        (2, ["label 'a' is renamed 'b'"]),
        (1, ["label 'a' is new"]),
    ]
    assert editor.get(api.path("/schema/versions/1")).json()["labels"][0]["name"] == "a"
    assert editor.get(api.path("/schema/versions/9")).status_code == 404


def test_what_is_no_name_and_no_text_is_refused(api: Any):
    editor = api.client("editor")
    listed = editor.put(api.path("/schema"), json={"labels": [{"RBC": {}}]})
    assert (listed.status_code, listed.json()["errors"][0]["at"]) == (422, "labels")
    half = {"content": b'{"query": "\\ud800"}', "headers": {"content-type": "application/json"}}
    halved = editor.post(api.path("/queries/read"), **half)
    assert (halved.status_code, halved.json()["type"]) == (422, "query-invalid")
