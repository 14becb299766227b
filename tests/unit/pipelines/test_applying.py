"""Planning and applying a pipeline file over HTTP: what it makes, what it refuses, and that it can be repeated."""

from pathlib import Path
from typing import Any

import pytest

from penstock.pipelines.changing import details

TWO_STAGES = """\
project: first
schema:
  labels: {RBC: {}, WBC: {}, Platelets: {}}
  attributes:
    focus: {on: [WBC], kind: radio, options: [sharp, blurred], required: true}
teams: {first pass team: [one@example.org], experts: [two@example.org]}
connections:
  lab bucket: {kind: folder, path: PATH}
  training trigger: {kind: webhook, url: "https://example.org/hook"}
datasets: [first pass, first pass complete, gold]
templates:
  first pass:
    watch: first pass
    interface: image
    attributes: []
    annotators: [first pass team]
    on_done: [{to: first pass complete}]
  expert:
    watch: first pass complete
    annotators: [experts]
    review: 20%
    on_done:
      - {to: gold, if: labels.WBC > 0}
      - {to: gold, else: true}
actions:
  early export:
    when: {progress: first pass, reaches: 25%}
    do:
      - export: {dataset: first pass complete, format: coco, to: lab bucket/early}
      - webhook: {to: training trigger, data: {uri: "${steps.export.uri}"}}
  nightly:
    when: {schedule: "0 6 * * 1-5", zone: Europe/Berlin}
    do:
      - notify: {to: [experts], subject: Good morning}
      - add: {to: gold, dataset: first pass complete, sample: 20%, seed: a}
  trouble:
    when: {event: task.skipped, where: {template: first pass}}
    if: event.template > 0
    do: [{notify: {subject: skipped}, name: tell}]
    state: off
"""


class Pipe:
    """Short ways to the pipeline of a test's project."""

    def __init__(self, api: Any, folder: Path) -> None:
        self.api = api
        self.folder = folder

    def call(self, what: str, yaml: str, status: int = 200, prune: bool = False, client: Any = None) -> Any:
        body = {"yaml": yaml.replace("PATH", str(self.folder)), "prune": prune}
        answer = (client or self.api.owner).post(self.api.path(f"/pipeline/{what}"), json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def plan(self, yaml: str, prune: bool = False) -> list[str]:
        return [_spoken(change) for change in self.call("plan", yaml, prune=prune)["changes"]]

    def apply(self, yaml: str, prune: bool = False) -> list[str]:
        return [_spoken(change) for change in self.call("apply", yaml, prune=prune)["changes"]]

    def refused(self, yaml: str, what: str = "plan", status: int = 422) -> list[tuple[str, str]]:
        return [(one["at"], one["detail"]) for one in self.call(what, yaml, status)["errors"]]

    def show(self) -> str:
        return self.api.owner.get(self.api.path("/pipeline")).json()["yaml"]


def _spoken(change: dict[str, Any]) -> str:
    was = f" (was {change['was']})" if change["was"] else ""
    return f"{change['do']} {change['what']} {change['name']}{was}"


@pytest.fixture
def pipe(api: Any, tmp_path: Path) -> Pipe:
    return Pipe(api, tmp_path)


def test_a_plan_lists_everything_and_writes_nothing(pipe: Pipe, wrote: Any) -> None:
    with wrote(pipe.api.project) as written:
        found = pipe.plan(TWO_STAGES)
    assert written.kinds == []
    assert found == [
        "add label RBC", "add label WBC", "add label Platelets", "add attribute focus",
        "add connection lab bucket", "add connection training trigger",
        "invite member one@example.org", "invite member two@example.org",
        "add team first pass team", "add team experts",
        "add dataset first pass", "add dataset first pass complete", "add dataset gold",
        "add template first pass", "add template expert",
        "add action early export", "add action nightly", "add action trouble",
    ]  # fmt: skip


def test_applying_twice_changes_nothing_the_second_time(pipe: Pipe, wrote: Any) -> None:
    planned = pipe.plan(TWO_STAGES)
    with wrote(pipe.api.project) as written:
        assert pipe.apply(TWO_STAGES) == planned
    assert set(written.kinds) == {
        "schema.changed", "connection.created", "member.added", "team.created", "dataset.created", "template.created",
        "template.progress_armed", "action.created", "invite.created",
    }  # fmt: skip
    with wrote(pipe.api.project) as written:
        assert pipe.plan(TWO_STAGES) == []
        assert pipe.apply(TWO_STAGES) == []
    assert written.kinds == []


def test_what_is_shown_plans_no_change_and_makes_the_same_elsewhere(pipe: Pipe) -> None:
    pipe.apply(TWO_STAGES)
    shown = pipe.show()
    assert pipe.plan(shown) == []
    assert pipe.plan(shown, prune=True) == []
    other = pipe.api.owner.post("/projects", json={"name": "second"}).json()["id"]
    pipe.api.project = other
    assert pipe.apply(shown.replace("project: first", "project: second"))
    assert pipe.show() == shown.replace("project: first", "project: second")


def test_secrets_and_invites_are_told_once(pipe: Pipe) -> None:
    done = pipe.call("apply", TWO_STAGES)
    assert list(done["secrets"]) == ["training trigger"]
    assert list(done["links"]) == ["one@example.org", "two@example.org"]
    again = pipe.call("apply", TWO_STAGES)
    assert (again["secrets"], again["links"]) == ({}, {})
    assert done["secrets"]["training trigger"] not in pipe.show()


def test_was_renames_everywhere_and_keeps_what_it_is(pipe: Pipe) -> None:
    pipe.apply(TWO_STAGES)
    renamed = (
        TWO_STAGES.replace("datasets: [first pass, first pass complete, gold]",
            "datasets: {first pass: {}, first pass complete: {}, treasure: {was: gold}}")
        .replace("to: gold", "to: treasure")
        .replace("  expert:\n", "  master:\n    was: expert\n")
        .replace("labels: {RBC: {}", "labels: {red: {was: RBC}")
        .replace("  nightly:\n", "  early bird:\n    was: nightly\n")
    )  # fmt: skip
    expected = [
        "rename label red (was RBC)",
        "rename dataset treasure (was gold)",
        "rename template master (was expert)",
        "rename action early bird (was nightly)",
    ]
    assert pipe.plan(renamed) == expected
    assert pipe.apply(renamed) == expected
    assert pipe.plan(renamed) == []


def test_nothing_is_removed_unless_asked_for(pipe: Pipe) -> None:
    pipe.apply(TWO_STAGES)
    smaller = TWO_STAGES[: TWO_STAGES.index("  nightly:")].replace(", Platelets: {}", "")
    assert pipe.plan(smaller) == []
    assert pipe.apply(smaller, prune=True) == [
        "remove label Platelets",
        "remove action nightly",
        "remove action trouble",
    ]
    assert pipe.plan(smaller, prune=True) == []


LIVE = """\
project: first
schema: {labels: {car: {}}}
datasets:
  dark cars: {query: labels.car > 1 and not in "gold", of: [raw, gold/v1], combine: union}
  raw: {}
  gold: {}
"""


def test_live_datasets_follow_by_name(pipe: Pipe) -> None:
    assert "there is no version 'v1' of 'gold'" in str(pipe.call("apply", LIVE, status=422))
    pipe.call("apply", LIVE.replace("gold/v1", "gold"))
    path = pipe.api.path("/datasets")
    there = {d["name"]: d for d in pipe.api.owner.get(path).json()["items"]}
    pipe.api.owner.post(f"{path}/{there['gold']['id']}/versions", json={"name": "v1"})
    changed = pipe.call("apply", LIVE)["changes"]
    assert [change["details"] for change in changed] == [["of: ['raw', 'gold'] -> ['raw', 'gold/v1']"]]
    assert pipe.call("plan", LIVE)["changes"] == []
    shown = pipe.api.owner.get(pipe.api.path("/pipeline")).json()["yaml"]
    assert "of: [raw, gold/v1]" in shown
    assert pipe.call("plan", shown)["changes"] == []
    wrong = pipe.call("plan", LIVE.replace("labels.car", "labels.cat"), status=422)
    assert wrong["errors"][0]["at"] == "line 4, datasets.dark cars.query"
    assert "there is no label 'cat'" in wrong["errors"][0]["detail"]


def test_a_section_that_is_left_out_is_left_alone(pipe: Pipe) -> None:
    pipe.apply(TWO_STAGES)
    assert pipe.plan("project: first\ndatasets: [first pass, first pass complete, gold]\n", prune=True) == []


def test_a_dataset_in_use_is_not_pruned(pipe: Pipe) -> None:
    pipe.apply(TWO_STAGES)
    body = {"yaml": "datasets: [gold]", "prune": True}
    answer = pipe.api.owner.post(pipe.api.path("/pipeline/plan"), json=body)
    assert answer.status_code == 422
    assert "in use, by the template 'first pass'" in answer.json()["detail"]


def test_a_change_says_what_changes(pipe: Pipe) -> None:
    pipe.apply(TWO_STAGES)
    changes = pipe.call("plan", TWO_STAGES.replace("review: 20%", "review: 30%"))["changes"]
    assert changes[0]["name"] == "expert"
    assert changes[0]["details"] == ["review: {'share': '20%'} -> {'share': '30%'}"]


def test_a_file_that_says_what_it_was_made_from_undoes_nobodys_edits(pipe: Pipe) -> None:
    pipe.apply(TWO_STAGES)
    base = pipe.show()
    mine = base.replace("review: {share: 20%}", "review: {share: 40%}")
    body = {"yaml": mine, "base": base}
    assert pipe.api.owner.post(pipe.api.path("/pipeline/plan"), json=body).json()["changes"][0]["name"] == "expert"
    pipe.apply(TWO_STAGES.replace("review: 20%", "guide: look twice").replace("gold]", "gold, hard]"))
    for what in ("plan", "apply"):
        answer = pipe.api.owner.post(pipe.api.path(f"/pipeline/{what}"), json=body)
        assert (answer.status_code, answer.json()["type"]) == (409, "pipeline-changed")
        told = [(one["at"], one["code"], one["detail"]) for one in answer.json()["errors"]]
        assert told == [
            ("templates.expert", "changed", "review: {'share': '20%'} -> nothing; guide: nothing -> look twice"),
            ("datasets.hard", "added", ""),
        ]
    assert "look twice" in pipe.show()
    rebased = {"yaml": pipe.show().replace("look twice", "look thrice"), "base": pipe.show()}
    assert pipe.api.owner.post(pipe.api.path("/pipeline/apply"), json=rebased).status_code == 200


REFUSALS = {
    "an unknown section": ("templats: {}", "line 1, templats", "unknown key 'templats'; did you mean 'templates'?"),
    "an unknown key": (
        "datasets: [a]\ntemplates:\n  t:\n    wacth: a\n",
        "line 4, templates.t.wacth",
        "unknown key 'wacth'; did you mean 'watch'? allowed here: watch, interface",
    ),
    "an unknown key in a list": (
        "datasets: [a]\ntemplates:\n  t:\n    on_done:\n      - {to: a, iff: x}\n",
        "line 5, templates.t.on_done[0].iff",
        "allowed here: to, if, else, sample, mode",
    ),
    "a wrong type": ("templates:\n  t: {lease_seconds: soon}\n", "line 2, templates.t.lease_seconds", "here is 'soon'"),
    "a wrong word": ("templates:\n  t: {outside: cut}\n", "line 2, templates.t.outside", "'refuse' or 'clip'"),
    "an unknown dataset": (
        "datasets: [first pass]\ntemplates:\n  t:\n    watch: first pas\n",
        "line 4, templates.t.watch",
        "there is no dataset 'first pas'; did you mean 'first pass'?",
    ),
    "an unknown label": (
        "schema: {labels: {RBC: {}}}\ntemplates:\n  t:\n    labels: [RBC, WBC]\n",
        "line 4, templates.t.labels[1]",
        "there is no label 'WBC'; there is RBC",
    ),
    "an unknown team": (
        "templates:\n  t:\n    annotators: [nobody]\n",
        "line 3, templates.t.annotators[0]",
        "there is no member 'nobody'",
    ),
    "a missing key": ("schema:\n  attributes:\n    a: {on: []}\n", "line 3, schema.attributes.a", "'kind' is missing"),
    "an attribute on no label": (
        "schema:\n  attributes:\n    a: {kind: checkbox, on: [WBC]}\n",
        "line 3, schema.attributes.a.on",
        "There is no label 'WBC'.",
    ),
    "a wrong condition": (
        "datasets: [a]\ntemplates:\n  t:\n    on_done:\n    - to: a\n      if: labels.RBC >\n",
        "line 6, templates.t.on_done[0].if",
        "",
    ),
    "an unknown step": (
        "actions:\n  a:\n    when: by hand\n    do:\n      - exprot: {}\n",
        "line 5, actions.a.do[0].exprot",
        "unknown key 'exprot'; a step has one of export, webhook, notify, command, add",
    ),
    "an unknown key of a step": (
        "actions:\n  a:\n    when: by hand\n    do:\n      - webhook: {too: x}\n",
        "line 5, actions.a.do[0].webhook.too",
        "unknown key 'too'; did you mean 'to'?",
    ),
    "an unknown connection": (
        "actions:\n  a:\n    when: by hand\n    do:\n      - webhook: nowhere\n",
        "line 5, actions.a.do[0].webhook",
        "there is no connection 'nowhere'",
    ),
    "a placeholder of no step": (
        "actions:\n  a:\n    when: by hand\n    do:\n      - notify: {subject: '${steps.export.uri}'}\n",
        "line 2, actions.a",
        "${steps.export.uri} can't be filled in",
    ),
    "an unknown event": (
        "actions:\n  a: {when: {event: task.don}, do: [{notify: {subject: x}}]}\n",
        "line 2, actions.a",
        "'task.don'",
    ),
    "a wrong share": (
        "templates: {t: {}}\nactions:\n  a: {when: {progress: t, reaches: 250%}, do: [{notify: {subject: x}}]}\n",
        "line 3, actions.a.when.reaches",
        "must be more than 0% and at most 100%",
    ),
    "a wrong schedule": (
        "actions:\n  a:\n    when: {schedule: every day}\n    do: [{notify: {subject: x}}]\n",
        "line 3, actions.a.when.schedule",
        "is not a schedule",
    ),
    "two triggers": (
        "actions:\n  a:\n    when: {schedule: 0 6 * * *, event: task.done}\n    do: [{notify: {subject: x}}]\n",
        "line 3, actions.a.when.schedule",
        "allowed here: event, where",
    ),
    "a secret": (
        "connections:\n  c: {kind: webhook, url: 'https://example.org', secret: whsec_x}\n",
        "line 2, connections.c",
        "Secrets never stand in a pipeline file",
    ),
    "a setting that a connection doesn't have": (
        "connections:\n  c: {kind: webhook, url: 'https://example.org', timeout: 3}\n",
        "line 2, connections.c",
        "",
    ),
    "a rename of nothing": ("datasets:\n  gold: {was: silver}\n", "line 2, datasets.gold", "no 'silver' to rename"),
    "another project": ("project: another\n", "line 1, project", "here is 'first'"),
    "an address that is none": ("teams: {t: ['@']}\n", "line 1, teams.t[0]", "not an e-mail address"),
    "a cycle": (
        "datasets: [a, b]\ntemplates:\n  s: {watch: a, on_done: [b]}\n  t: {watch: b, on_done: [a]}\n",
        "line 4, templates.t",
        "round in a circle",
    ),
    "a command that the server doesn't have": (
        "actions:\n  a:\n    when: by hand\n    do:\n      - command: {run: train}\n",
        "line 5, actions.a.do[0].command",
        "names no command 'train'",
    ),
    "a dataset twice": ("datasets: [a, b, a]\n", "line 1, datasets", "'a' stands here twice"),
    "a share of more than all": (
        "datasets: [a]\ntemplates:\n  t:\n    watch: a\n    review: 150%\n",
        "line 5, templates.t.review",
        "less than or equal to 1",
    ),
    "no YAML": ("a: [1\nb: 2\n", "line 2", "it is not YAML"),
}  # fmt: skip


def test_it_refuses_with_the_line_and_changes_nothing(pipe: Pipe, wrote: Any) -> None:
    wrong: dict[str, Any] = {}
    with wrote(pipe.api.project) as written:
        for case, (yaml, at, says) in REFUSALS.items():
            found = pipe.refused(yaml)
            if found[0][0] != at or says not in found[0][1] or pipe.refused(yaml, "apply") != found:
                wrong[case] = found
    assert wrong == {}
    assert written.kinds == []


def test_every_problem_is_told_at_once(pipe: Pipe) -> None:
    yaml = "templates:\n  t: {wacth: a, outside: cut}\ndatasets: 5\n"
    assert [at for at, _ in pipe.refused(yaml)] == [
        "line 3, datasets",
        "line 2, templates.t.outside",
        "line 2, templates.t.wacth",
    ]


def test_a_cycle_with_a_condition_is_allowed(pipe: Pipe) -> None:
    yaml = "schema: {labels: {RBC: {}}}\ndatasets: [a, b]\ntemplates:\n  s: {watch: a, on_done: [b]}\n"
    assert pipe.apply(yaml + "  t: {watch: b, on_done: [{to: a, if: labels.RBC = 0}]}\n")


def test_routes_can_be_turned_round_in_one_go(pipe: Pipe) -> None:
    start = "datasets: [a, b, c]\ntemplates:\n  s: {watch: a, on_done: [b]}\n  t: {watch: b, on_done: [c]}\n"
    pipe.apply(start)
    turned = "datasets: [a, b, c]\ntemplates:\n  s: {watch: c, on_done: [b]}\n  t: {watch: b, on_done: [a]}\n"
    assert pipe.apply(turned) == ["change template s", "change template t"]
    assert pipe.plan(turned) == []


def test_connections_need_their_permission_and_teams_an_admin(pipe: Pipe) -> None:
    editor, engineer = pipe.api.client("editor"), pipe.api.client("editor", connections=True)
    assert pipe.call("apply", TWO_STAGES, 403, client=editor)["type"] == "connections-need-permission"
    assert pipe.call("apply", TWO_STAGES, 403, client=engineer)["type"] == "teams-need-admin"
    pipe.call("apply", TWO_STAGES)
    assert pipe.call("apply", TWO_STAGES, client=editor)["changes"] == []


def test_status_has_a_count_at_everything(pipe: Pipe) -> None:
    pipe.apply(TWO_STAGES)
    found = pipe.api.owner.get(pipe.api.path("/pipeline/status")).json()
    assert [(one["name"], one["files"], len(one["watched_by"]), len(one["fed_by"])) for one in found["datasets"]] == [
        ("first pass", 0, 1, 0), ("first pass complete", 0, 1, 1), ("gold", 0, 0, 1),
    ]  # fmt: skip
    assert [(one["name"], one["progress"]["total"]) for one in found["templates"]] == [("first pass", 0), ("expert", 0)]
    assert [(one["name"], one["state"], one["steps"]) for one in found["actions"]] == [
        ("early export", "on", ["export", "webhook"]),
        ("nightly", "on", ["notify", "add"]),
        ("trouble", "off", ["tell"]),
    ]
    assert found["actions"][0]["when"] == "progress first pass, reaches 25%"


def test_a_template_that_names_no_labels_may_write_all() -> None:
    assert details({}, {"labels": ["A"]}) == ("labels: all -> ['A']",)
    assert details({"guide": "x"}, {}) == ("guide: x -> nothing",)
