"""The command line: one line and exit code 2 for what can't be done, and JSON where asked."""

import importlib
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from PIL import Image

from penstock.cli import main, session
from penstock.sdk.project import Project

Say = Callable[..., str]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(2):
        Image.new("RGB", (40, 30), (number * 40, 9, 9)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def run(p: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command; what it printed. Fails unless it ends with `code`, and then gives what it said on stderr."""
    monkeypatch.setattr(session, "connect", lambda *_, **__: p)

    def run(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        ended = main.run(arguments)
        out, err = capsys.readouterr()
        assert ended == code, err or out
        return err if code == 2 else out

    return run


def told(run: Say, *arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def every_command() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name in main.COMMANDS:
        command = importlib.import_module(main.COMMANDS[name][0]).command
        inner = command.commands.items() if isinstance(command, click.Group) else [("", command)]
        found += [(f"{name} {under}".strip(), one) for under, one in inner]
    return found


@pytest.mark.parametrize(("name", "command"), every_command(), ids=[name for name, _ in every_command()])
def test_every_command_speaks_json_and_says_what_it_does(name: str, command: click.Command) -> None:
    assert "--json" in [option for parameter in command.params for option in parameter.opts], name
    assert command.help


BAD_INPUT = [
    (["datset"], "penstock: No such command 'datset'. See: penstock --help"),
    (["dataset", "create"], "penstock: Missing argument 'NAME'. See: penstock dataset create --help"),
    (
        ["dataset", "list", "--jsn"],
        "penstock: No such option '--jsn'. Did you mean '--json'? See: penstock dataset list --help",
    ),
    (["dataset", "files", "gold"], "penstock: There is no dataset 'gold' here. There is: none yet."),
    (["import", "one", "nowhere/*.jpg", "--create"], "penstock: No file matches 'nowhere/*.jpg' on this machine."),
    (["import", "one", "x", "--meta", "camera"], "penstock: Invalid value for --meta: 'camera' should look like"),
    (["export", "one"], "penstock: Say where to: a .zip or .tar on this machine, --connection or --on-server."),
    (["export", "one", "a.zip", "--transform", "blur by=3"], "penstock: --transform 'blur by=3': Input tag 'blur'"),
    (["export", "one", "a.zip", "--transform", "tile size=x"], "penstock: --transform 'tile size=x': size"),
    (["export", "one", "a.zip", "--transform", "'tile"], "penstock: --transform \"'tile\" can't be read"),
    (["token", "create", "x", "--days", "-1"], "penstock: expires_in_days: Input should be greater than 0"),
    (["task", "show", "99"], "penstock: There is no task 99 here."),
    (["plan", "no.yaml"], "penstock: Invalid value for 'FILE': File 'no.yaml' does not exist."),
]


def test_bad_input_is_one_line_and_exit_code_2(run: Say, subtests: pytest.Subtests) -> None:
    for arguments, line in BAD_INPUT:
        with subtests.test(" ".join(arguments)):
            said = run(*arguments, code=2)
            assert said.startswith(line)
            assert said.count("\n") == 1


def test_files_that_can_not_be_read_or_written_are_one_line(run: Say, images: Path, tmp_path: Path) -> None:
    run("import", "one", str(images), "--create")
    said = run("export", "one", "/nonexistent/dir/x.zip", code=2)
    assert said.startswith("penstock: No such file or directory: /nonexistent/dir")
    (tmp_path / "latin.yaml").write_bytes(b"datasets: [caf\xe9]")
    assert run("plan", str(tmp_path / "latin.yaml"), code=2).startswith("penstock: That file is not UTF-8")


def test_a_plan_says_by_which_command_it_is_done(run: Say, tmp_path: Path) -> None:
    file = tmp_path / "a pipeline.yaml"
    file.write_text("datasets: [gold]")
    for options in ([], ["--prune"]):
        assert run("plan", str(file), *options).endswith(
            f"Do it with: {shlex.join(['penstock', 'apply', str(file), *options])}\n"
        )


def test_an_import_says_what_was_left_out(run: Say, images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shape = {"id": "0190a000-0000-7000-8000-000000000001", "kind": "box", "label": "car", "geometry": [0, 0, 5, 5]}
    header = {"format": "penstock", "version": 1, "schema": {"labels": {"car": {}}}}
    item = {"key": "0.png", "media": "0.png", "annotations": [shape, *[{**shape, "geometry": [1, 1, 5, 5]}] * 25]}
    (images / "penstock.jsonl").write_text(f"{json.dumps(header)}\n{json.dumps(item)}")
    assert main.run(["import", "one", str(images), "--create"]) == 1
    out, err = capsys.readouterr()
    assert "1 annotations added, 0 updated, 25 refused." in out
    lines = err.splitlines()
    assert lines[-1] == "... and 5 more problems"
    assert sum(line.startswith("0.png: ") for line in lines) == 20


def test_a_defect_of_ours_shows_its_traceback(run: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(session, "connect", fail)
    with pytest.raises(ZeroDivisionError):
        run("dataset", "list")


def test_datasets(run: Say) -> None:
    assert run("dataset", "list") == "No dataset yet.\n"
    assert run("dataset", "create", "first pass") == "Made the dataset 'first pass'.\n"
    assert "first pass" in run("dataset", "list")
    assert told(run, "dataset", "list")[0]["files"] == 0
    assert run("dataset", "rename", "first pass", "one") == "'first pass' is 'one' now.\n"
    assert "dataset-name-taken" not in run("dataset", "create", "one", code=2)
    assert run("dataset", "fork", "one", "try") == "'try' began as 'one', with 0 files.\n"
    assert run("dataset", "merge", "try").endswith("conflicts    0\n")
    assert run("dataset", "merge", "try").startswith("Nothing to do: all that 'try' changed was merged before")
    assert run("query", "count", "labels.car >", "--in", "one", code=2).count("found the end") == 1
    assert run("dataset", "archive", "one") == "Archived 'one'.\n"


def test_import_version_and_export(run: Say, images: Path, tmp_path: Path) -> None:
    (images / "broken.png").write_bytes(b"no image")
    said = run("import", "one", str(images), "--create", "--meta", "camera=left", code=1)
    assert said.startswith("one: 2 new, 0 known, 0 duplicate, 0 replaced, 1 failed")
    (images / "broken.png").unlink()
    assert told(run, "import", "one", str(images))["counts"]["same"] == 2
    assert [row["key"] for row in told(run, "dataset", "files", "one", "--state", "ready")] == ["0.png", "1.png"]
    fields = [line.split()[0] for line in run("query", "facets", "state = ready", "--in", "one").splitlines()]
    assert {"field", "state", "added"} <= set(fields)
    assert "for ever" in run("version", "name", "one", "v1", "--note", "first")
    assert told(run, "version", "list")[0]["name"] == "one/v1"
    assert "v1" in run("version", "list", "one")
    assert "0.png" in run("version", "files", "one", "v1")
    target = tmp_path / "one.zip"
    said = run("export", "one", str(target), "--version", "v1")
    assert said == f"2 files, 0 annotations: {target}\n  lost: meta_dropped 2\n"
    assert target.stat().st_size > 0
    assert "should end in .zip or .tar" in run("export", "one", str(tmp_path / "one.jpg"), code=2)


def test_working_from_a_shell(run: Say, p: Project, images: Path, tmp_path: Path) -> None:
    p.define({"labels": {"RBC": {}}})
    dataset = p.datasets.create("one")
    p.templates.create("first pass", {"watch": [{"dataset": dataset.id}]})
    dataset.import_(images)
    work = told(run, "task", "next", "first pass")
    assert (work["file"]["key"], work["labels"], work["annotations"]) == ("0.png", ["RBC"], [])
    attempt = str(work["attempt"]["id"])
    changes = tmp_path / "changes.json"
    changes.write_text(json.dumps([{"add": {"kind": "box", "label": "RBC", "geometry": [1, 2, 3, 4]}}]))
    assert run("task", "save", attempt, str(changes)) == "Saved 1 changes.\n"
    changes.write_text('[{"ad": 1}]')
    assert "not a list of changes" in run("task", "save", attempt, str(changes), code=2)
    assert run("task", "submit", attempt) == f"task {work['task']['id']}: done\n"
    image = tmp_path / "next.png"
    assert "1.png" in run("task", "next", "first pass", "--image", str(image))
    assert image.read_bytes() == (images / "1.png").read_bytes()
    second = told(run, "task", "list", "first pass", "--status", "in_progress")[0]
    assert run("task", "skip", str(second["attempt"]), "no cells") == f"task {second['id']}: skipped\n"
    assert run("task", "next", "first pass", code=1) == "Nothing to do now.\n"
    assert f"task {second['id']} on file" in run("task", "show", str(second["id"]))


def test_reviewing_from_a_shell(run: Say, p: Project, images: Path, connected: Callable[..., Project]) -> None:
    p.define({"labels": {"RBC": {}}})
    dataset = p.datasets.create("one")
    p.templates.create("first pass", {"watch": [{"dataset": dataset.id}], "review": {"share": 1}})
    dataset.import_(images)
    p.members.add_program("robot")
    robot = connected(p.tokens.create("for it", program="robot").secret)
    for work in robot.templates["first pass"].work():
        assert work.submit().status == "in_review"
    first = told(run, "task", "next", "first pass", "--review")
    assert run("task", "return", str(first["attempt"]["id"]), "look again") == f"task {first['task']['id']}: returned\n"
    second = told(run, "task", "next", "first pass", "--review")
    assert run("task", "accept", str(second["attempt"]["id"])) == f"task {second['task']['id']}: done\n"
    assert run("task", "next", "first pass", "--review", code=1) == "Nothing to do now.\n"
    again = robot.templates["first pass"].next()
    assert again is not None
    assert [note.text for note in again.notes] == ["look again"]
    assert [task.id for task in robot.templates["first pass"].submissions(limit=9)] == [second["task"]["id"]]
    assert run("task", "submissions", "first pass") == "Nothing was handed in.\n"
    assert run("task", "reopen", str(second["task"]["id"])).startswith(f"task {second['task']['id']}: ")
    task = str(again.task.id)
    assert "robot" in run("task", "queue", "first pass", "--status", "in_progress", "--person", "robot")
    assert "there is no member 'nobody'" in run("task", "queue", "first pass", "--person", "nobody", code=2)
    assert run("task", "prioritise", task, "7") == f"task {task}: priority 7\n"
    assert run("task", "take-back", task) == f"task {task}: open\n"
    assert run("task", "cancel", task) == f"task {task}: cancelled\n"


def test_templates(run: Say, p: Project, images: Path) -> None:
    p.define({"labels": {"RBC": {}}})
    dataset = p.datasets.create("one")
    p.templates.create("first pass", {"watch": [{"dataset": dataset.id}]})
    dataset.import_(images)
    assert run("template", "list").splitlines()[1].split() == ["first", "pass", "active", "0", "2", "0", "0"]
    assert run("template", "pause", "first pass") == "'first pass' is paused.\n"
    assert "so it gives out no tasks" in run("task", "next", "first pass", code=2)
    assert run("template", "resume", "first pass") == "'first pass' is active.\n"
    assert run("template", "corrections", "first pass") == "Nothing yet.\n"
    assert run("template", "archive", "first pass") == "Archived 'first pass'.\n"
    assert run("template", "list") == "No template yet.\n"


def test_people_and_tokens(run: Say) -> None:
    said = run("member", "add", "ann@example.org", "--role", "editor")
    assert said.startswith("ann@example.org is editor now. Give them this link: http://penstock.test/join/")
    assert "ann@example.org" in run("member", "list")
    assert "is viewer now" in run("member", "role", "ann@example.org", "viewer")
    assert "/join/" in told(run, "member", "invite", "--role", "annotator")["link"]
    assert "/sign-in/" in run("sign-in-link")
    assert "no access any more" in run("member", "remove", "ann@example.org")
    secret = run("token", "create", "for the robot", "--program", "robot", "--days", "3").strip()
    assert secret.startswith("pst_")
    token = told(run, "token", "list")[0]
    assert (token["name"], token["secret"]) == ("for the robot", None)
    assert "works no more" in run("token", "revoke", str(token["id"]))


def test_connections(run: Say, tmp_path: Path) -> None:
    assert run("connection", "folder", "lab", str(tmp_path)) == "Made the connection 'lab'.\n"
    assert "shown this once: whsec_" in run("connection", "webhook", "trigger", "https://example.org/hook")
    assert "whsec_" not in run("connection", "list", "--json")
    assert run("connection", "test", "lab").startswith("lab: works.")
    assert "roots" in run("connection", "folder", "all", "/", code=2)


def test_actions(run: Say, p: Project, tmp_path: Path) -> None:
    dataset = p.datasets.create("one")
    step = {"kind": "export", "settings": {"dataset": dataset.id, "to": {"folder": str(tmp_path)}}}
    p.actions.create("by hand", {"when": {"by_hand": True}, "do": [step]})
    assert "by hand" in run("action", "list")
    assert run("action", "dry-run", "by hand").startswith("Its condition holds.\n  export: ")
    number = told(run, "action", "fire", "by hand", "--note", "to see")["id"]
    p.actions.run(number).wait()
    assert "done" in run("action", "runs", "by hand")
    assert "1. export: done" in run("action", "run", str(number)).replace("0. ", "1. ")
    assert run("action", "replay", str(number)) == f"Run {number} goes on.\n"
    assert run("action", "deliveries") == "Nothing was sent.\n"


def test_a_delivery_is_looked_at_and_sent_again(run: Say, p: Project, drain: Callable[[], None]) -> None:
    hook = p.connections.webhook("nobody", "http://127.0.0.1:9/hook")
    p.actions.create("tell", {"when": {"by_hand": True}, "do": [{"kind": "webhook", "settings": {"to": hook.id}}]})
    number = told(run, "action", "fire", "tell")["id"]
    drain()
    sent = told(run, "action", "deliveries")
    shown = run("action", "delivery", str(sent[0]["id"]))
    assert shown.startswith(f"delivery {sent[0]['id']} of run {number}: ")
    assert "try 1, " in shown
    assert "still being tried" in run("action", "resend", str(sent[0]["id"]), code=2)
    p.actions.run(number).cancel()
    assert run("action", "resend", str(sent[0]["id"])) == f"Delivery {sent[0]['id']} is on its way.\n"
    assert run("action", "enable") == "Every receiver is on.\n"
    assert run("action", "enable", "nobody") == "Messages go to 'nobody' again.\n"
    assert "no connection" in run("action", "enable", "somebody", code=2)


def test_pruning_is_looked_at_first(run: Say) -> None:
    run("dataset", "create", "one")
    said = run("prune", "--keep-days", "7")
    assert said.startswith("Would go, up to revision 0: 0 states of annotations")
    assert "penstock prune --keep-days 7 --yes" in said
    assert run("prune", "--yes").startswith("Gone for good, up to revision 0")
    assert told(run, "prune", "--yes")["state"] == "done"


def test_what_was_set_aside_is_listed_replayed_and_dismissed(run: Say, p: Project, store) -> None:
    assert run("log", "setbacks") == "Nothing was set aside.\n"
    assert "no setback 9" in run("log", "replay", "9", code=2)
    with store.db.transaction(p.id) as tx:
        tx.run(
            "insert into set_aside (project, follower, seq, events, trouble, at)"
            " select %(project)s, 'tasks.watching', seq, 1, 'ValueError: odd', moment() from generate_series(1, 2) seq"
        )
    assert "ValueError: odd" in run("log", "setbacks")
    assert "tasks.watching took the events of revision 1." in run("log", "replay", "1")
    assert run("log", "dismiss", "2") == "Setback 2 is dismissed.\n"
    assert [one["state"] for one in told(run, "log", "setbacks")] == ["dismissed", "replayed"]
