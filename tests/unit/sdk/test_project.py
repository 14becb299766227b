"""The SDK does what people want to do, by names, on the real API."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image

import penstock
from penstock.sdk.project import Project

Connected = Callable[..., Project]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (40, 30), (number * 40, 9, 9)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def two_stages(p: Project, images: Path) -> Project:
    """First pass and experts over three images, without people of their own."""
    wanted = {
        "labels": {"RBC": {"kinds": ["box"]}, "WBC": {}},
        "attributes": {
            "focus": {"kind": "radio", "options": ["sharp", "blurred"], "required": True},
            "weather": {"kind": "text", "per": "file"},
        },
    }
    p.define(wanted)
    first, complete, gold = (p.datasets.create(name) for name in ("first pass", "first pass complete", "gold"))
    routes = {"watch": [{"dataset": first.id}], "attributes": [], "on_done": [{"to": complete.id}]}
    p.templates.create("first pass", routes)
    p.templates.create("expert", {"watch": [{"dataset": complete.id}], "on_done": [{"to": gold.id}]})
    first.import_(images)
    return p


def test_a_project_is_found_by_name_or_by_being_the_only_one(connected: Connected) -> None:
    assert connected(name=None).name == "first"
    assert connected(name="first").id == connected(name=None).id
    with pytest.raises(penstock.UnknownName, match=r"There is no project 'second' here\. There is: 'first'\."):
        _ = connected(name="second").id
    connected().create_project("second")
    with pytest.raises(penstock.NotConnected, match=r"Say which project: .*'first', 'second'"):
        _ = connected(name=None).id


def test_without_a_project_it_says_how_to_make_one(store, connected: Connected) -> None:
    with store.db.transaction(0) as tx:
        tx.run("update project set archived_at = moment()")
    with pytest.raises(penstock.NotConnected, match="There is no project yet"):
        _ = connected(name=None).id


def test_datasets_are_made_found_renamed_and_archived(p: Project) -> None:
    p.datasets.create("first pass")
    assert [dataset.name for dataset in p.datasets] == ["first pass"]
    assert p.datasets["first pass"].rename("one").name == "one"
    assert "first pass" not in p.datasets
    with pytest.raises(penstock.UnknownName, match=r"There is no dataset 'first pass' here\. There is: 'one'\."):
        p.datasets["first pass"]
    p.datasets["one"].archive()
    assert len(p.datasets) == 0


def test_a_stale_edit_is_refused(p: Project) -> None:
    held = p.datasets.create("one")
    p.datasets["one"].rename("two")
    with pytest.raises(penstock.Refused) as caught:
        held.rename("three")
    assert caught.value.status == 412


def test_files_are_poured_in_and_looked_at(p: Project, images: Path) -> None:
    dataset = p.datasets.create("one")
    done = dataset.import_(images / "*.png")
    assert (done.state, done.counts.new, dataset.count()) == ("finished", 3, 3)
    assert dataset.import_(images).counts.same == 3, "importing again makes nothing twice"
    entries = list(dataset.files(state="ready"))
    assert [entry.key for entry in entries] == ["0.png", "1.png", "2.png"]
    assert p.files["1.png"].width == 40
    assert p.files.content(entries[0].file) == (images / "0.png").read_bytes()
    assert p.files.thumbnail(entries[0].file)
    with pytest.raises(penstock.Refused, match="tile"):
        p.files.tile(entries[0].file, 0, 0)  # so small a picture has none
    assert p.files.describe(entries[0].file, camera="left").meta == {"camera": "left"}
    assert [file.key for file in p.files.all(prefix="2")] == ["2.png"]


def test_a_broken_item_is_reported_and_stops_nothing(p: Project, images: Path) -> None:
    (images / "3.png").write_bytes(b"no image")
    done = p.datasets.create("one").import_(images)
    assert done.counts.new == 3
    assert [item.key for item in done.failed()] == ["3.png"]
    assert done.failed()[0].reason
    assert [found.id for found in p.imports] == [done.id]
    assert p.imports[done.id].counts == done.counts


def test_a_file_that_is_too_large_to_send_is_named(p: Project, images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise penstock.Refused(413, "too-large", "Too large", "It is larger than 9 bytes.")

    monkeypatch.setattr(p._client, "send", refuse)
    with pytest.raises(penstock.Refused, match=r"^0\.png: It is larger than 9 bytes\. Nothing was imported\."):
        p.datasets.create("first").import_(images / "0.png")


def test_two_stages_are_worked_through_by_names(two_stages: Project, drain: Callable[[], None]) -> None:
    p = two_stages
    work = p.templates["first pass"].next()
    assert work is not None
    assert (work.labels, work.attributes, work.image().size) == (["RBC", "WBC"], [], (40, 30))
    work.save([penstock.box("RBC", 1, 2, 10, 10), penstock.box("WBC", 5, 5, 9, 9)])
    assert work.submit().status == "done"
    drain()

    work = p.templates["expert"].next()
    assert work is not None
    assert sorted(shape.label or "" for shape in work.annotations) == ["RBC", "WBC"]
    red, white = sorted(work.annotations, key=lambda shape: shape.label or "")
    with pytest.raises(penstock.Refused) as caught:
        work.submit()
    assert len(caught.value.errors) == 2, "a required answer is missing on each"
    work.save(
        [red.but(label="WBC", attributes={"focus": "sharp"}), penstock.remove(white)], answers={"weather": "rain"}
    )
    assert work.submit().status == "done"
    drain()

    assert p.datasets["gold"].count() == 1
    assert p.templates["expert"].progress().done == 1
    assert sum(correction.changed for correction in p.templates["first pass"].corrections()) == 1
    again = p.tasks.reopen(work.task.id)
    assert isinstance(again, penstock.Work)
    assert [(shape.label, dict(shape.attributes)) for shape in again.annotations] == [("WBC", {"focus": "sharp"})]
    assert again.answers == {"weather": "rain"}


def test_the_queue_runs_dry(two_stages: Project) -> None:
    for work in two_stages.templates["first pass"].work():
        work.submit()
    assert two_stages.templates["first pass"].next() is None
    assert [task.status for task in two_stages.templates["first pass"].tasks()] == ["done"] * 3


def test_work_can_be_put_aside_given_back_and_gone_on_with(two_stages: Project) -> None:
    template = two_stages.templates["first pass"]
    work = template.next()
    assert work is not None
    work.save([penstock.box("RBC", 1, 2, 3, 4)])
    work.note("hard to see", on=work.annotations[0])
    again = two_stages.tasks.attempt(work.attempt.id)
    assert [shape.geometry for shape in again.annotations] == [[1, 2, 3, 4]]
    assert [note.text for note in again.notes] == ["hard to see"]
    assert again.keep().state == "live"
    assert again.release().status == "open"
    other = template.next()
    assert other is not None
    assert other.skip("no cells here").status == "skipped"
    assert [task.reason for task in two_stages.tasks.all(status="skipped")] == ["no cells here"]


def test_a_change_that_cannot_be_made_changes_nothing(two_stages: Project) -> None:
    work = two_stages.templates["first pass"].next()
    assert work is not None
    with pytest.raises(penstock.Refused) as caught:
        work.save([penstock.box("RBC", 1, 2, 3, 4), penstock.box("RBC", 1, 2, -3, 4)])
    assert caught.value.status == 422
    assert "changes[1]" in caught.value.errors[0].at
    assert work.annotations == []
    assert two_stages.tasks.attempt(work.attempt.id).annotations == []


def test_versions_stay_as_they_were(p: Project, images: Path) -> None:
    dataset = p.datasets.create("one")
    dataset.import_(images / "0.png")
    version = dataset.versions.name("v1", note="the first")
    dataset.import_(images)
    assert [entry.key for entry in version.files()] == ["0.png"]
    assert dataset.count() == 3
    assert list(p.versions.all()) == ["one/v1"]
    p.versions.name("one/v0", revision=version.value.seq)
    assert [entry.key for entry in dataset.versions["v0"].files()] == ["0.png"]


def test_an_export_comes_down_whole(p: Project, images: Path, tmp_path: Path) -> None:
    dataset = p.datasets.create("one")
    dataset.import_(images)
    done = dataset.export("coco", to=tmp_path / "one.zip")
    assert (done.state, done.value.files) == ("ready", 3)
    with zipfile.ZipFile(tmp_path / "one.zip") as packed:
        names = packed.namelist()
        one = next(name for name in names if name.endswith("1.png"))
        assert Image.open(io.BytesIO(packed.read(one))).size == (40, 30)
    assert "manifest.json" in {Path(name).name for name in names}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert [found.id for found in p.exports] == [done.id]


def test_an_export_to_a_folder_of_this_machine_says_what_to_do(p: Project, tmp_path: Path) -> None:
    dataset = p.datasets.create("one")
    with pytest.raises(ValueError, match=r"should end in \.zip or \.tar"):
        dataset.export("coco", to=tmp_path / "folder")


def test_an_export_that_fails_says_why(p: Project, tmp_path: Path) -> None:
    dataset = p.datasets.create("one")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "x").touch()
    with pytest.raises(penstock.Failed, match="taken"):
        dataset.export("coco", on_server=str(tmp_path), path="taken")


def test_people_join_by_a_link_and_work_with_a_token_of_their_own(p: Project, transport: httpx.BaseTransport) -> None:
    p.teams.create("first pass team")
    ann = penstock.join(p.members.invite(team="first pass team"), name="Ann", transport=transport)
    assert ann.token
    assert ann.me().projects[0].role == "annotator"
    assert p.teams["first pass team"].members == [ann.me().person.id]
    with pytest.raises(penstock.Refused) as caught:
        ann.datasets.create("mine")
    assert caught.value.status == 403
    with pytest.raises(penstock.NotConnected, match="is no invite"):
        penstock.join("http://penstock.test/elsewhere")


def test_members_and_tokens(p: Project, connected: Connected) -> None:
    p.members.add("ann@example.org", "viewer", name="Ann")
    assert p.members["ann@example.org"].name == "Ann"
    assert p.members.change("ann@example.org", role="editor").role == "editor"
    assert "/join/" in p.members.invite("ann@example.org")
    assert "/sign-in/" in p.members.link("ann@example.org")
    assert "/sign-in/" in p.sign_in_link()
    p.members.add_program("robot")
    token = p.tokens.create("for the robot", program="robot")
    assert connected(token.secret).me().person.name == "robot"
    p.tokens.revoke(token.id)
    assert [one.revoked_at is None for one in p.tokens] == [False]
    p.members.remove("ann@example.org")
    assert "ann@example.org" not in p.members


def test_connections_keep_their_secrets(p: Project, tmp_path: Path) -> None:
    made = p.connections.webhook("trigger", "https://example.org/hook")
    assert made.secret
    assert p.connections["trigger"].secret is None
    folder = p.connections.folder("lab", str(tmp_path))
    assert folder.test().works
    assert folder.change(name="laboratory").name == "laboratory"
    assert {connection.name for connection in p.connections} == {"trigger", "laboratory"}


def test_actions_are_fired_by_hand_and_looked_at(p: Project, images: Path, tmp_path: Path) -> None:
    dataset = p.datasets.create("one")
    dataset.import_(images)
    lab = p.connections.folder("lab", str(tmp_path))
    step = {"kind": "export", "settings": {"dataset": dataset.id, "format": "coco", "to": {"connection": lab.id}}}
    action = p.actions.create("by hand", {"when": {"by_hand": True}, "do": [step]})
    assert action.dry_run().holds
    run = action.fire("to see")
    detail = run.wait()
    assert detail.state == "done", detail
    assert detail.steps[0].output is not None
    assert detail.steps[0].output["files"] == 3
    assert [found.id for found in p.actions["by hand"].runs()] == [run.id]
    assert p.actions.run(run.id).replay().wait().state == "done"
    assert list(p.actions.deliveries()) == []
    assert action.change(state="off").value.state == "off"


def test_the_log_is_read_in_order(p: Project) -> None:
    p.datasets.create("one")
    p.datasets.create("two")
    found = list(p.events(kinds=["dataset.created"]))
    assert [event.body["name"] for event in found] == ["one", "two"]
    assert [event.body["name"] for event in p.events(kinds=["dataset.created"], after=found[0].id)] == ["two"]
