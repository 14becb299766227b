"""Files under keys: what is the same, what is a duplicate, what replaces what."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest

from penstock import files
from penstock.core import NotFound
from penstock.files import NewFile, Probe
from penstock.store import Store

Wrote = Callable[[int], AbstractContextManager[Any]]
PROBE = Probe(media="image", mime="image/jpeg", width=40, height=30)


def new(key: str, content: str = "a", **more: Any) -> NewFile:
    return NewFile(key=key, hash=content * 64, bytes=10, **more)


@pytest.fixture
def register(store: Store, project: int) -> Callable[..., files.Registered]:
    return lambda *args, **more: store.db.perform(lambda tx: files.register(tx, new(*args, **more)), project)


def test_a_new_file_is_processing_until_it_was_probed(store: Store, project: int, register: Any, wrote: Wrote) -> None:
    with wrote(project) as written:
        made = register("a.jpg")
    assert (made.outcome, made.state) == ("new", "processing")
    assert written.kinds == ["file.added"]
    with wrote(project) as written, store.db.transaction(project) as tx:
        files.settle_probes(tx, {made.file: PROBE})
    assert written.kinds == ["file.ready"]
    with store.db.transaction(project) as tx:
        found = files.get(tx, made.file)
    assert (found.state, found.width, found.height, found.mime) == ("ready", 40, 30, "image/jpeg")


def test_a_probed_file_is_ready_at_once(register: Any, project: int, wrote: Wrote) -> None:
    with wrote(project) as written:
        assert register("a.jpg", probe=PROBE).state == "ready"
    assert written.kinds == ["file.added", "file.ready"]


def test_the_same_key_and_bytes_are_the_same_file(register: Any, project: int, wrote: Wrote) -> None:
    first = register("a.jpg")
    with wrote(project) as written:
        again = register("a.jpg")
    assert (again.file, again.outcome) == (first.file, "same")
    assert written.kinds == []


def test_the_same_bytes_under_another_key_are_reported(register: Any) -> None:
    first = register("a.jpg")
    other = register("b.jpg")
    assert (other.outcome, other.duplicate_of) == ("duplicate", first.file)
    assert other.file != first.file


def test_duplicates_can_be_skipped(register: Any, project: int, wrote: Wrote) -> None:
    first = register("a.jpg")
    with wrote(project) as written:
        other = register("b.jpg", duplicates="skip")
    assert (other.outcome, other.file, other.key) == ("skipped", first.file, "a.jpg")
    assert written.kinds == []


def test_new_bytes_under_a_known_key_replace_the_file(store: Store, register: Any, project: int, wrote: Wrote) -> None:
    first = register("a.jpg", "a")
    with wrote(project) as written:
        second = register("a.jpg", "b", probe=PROBE)
    assert (second.outcome, second.replaces) == ("replaced", first.file)
    assert written.kinds == ["file.added", "file.ready", "file.replaced"]
    with store.db.transaction(project) as tx:
        old, now = files.get(tx, first.file), files.named(tx, "a.jpg")
    assert now is not None
    assert (now.id, old.retired_seq) == (second.file, now.created_seq)


def test_twins_within_one_call_are_duplicates(store: Store, project: int) -> None:
    with store.db.transaction(project) as tx:
        one, two, three = files.register_many(tx, [new("1"), new("2"), new("3", duplicates="skip")])
    assert [r.outcome for r in (one, two, three)] == ["new", "duplicate", "skipped"]
    assert two.duplicate_of == one.file
    assert three.file == one.file


def test_clients_who_send_the_same_file_at_once_share_it(store: Store, project: int) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda _: store.db.perform(lambda tx: files.register(tx, new("a.jpg")), project), range(16))
        )
    assert len({r.file for r in made}) == 1
    assert [r.outcome for r in made].count("new") == 1


def test_a_broken_file_fails_with_a_reason_and_stays_failed(
    store: Store, project: int, register: Any, wrote: Wrote
) -> None:
    made = register("a.jpg")
    with wrote(project) as written, store.db.transaction(project) as tx:
        files.settle_probes(tx, {made.file: "it is empty"})
        files.settle_probes(tx, {made.file: PROBE})
    assert written.kinds == ["file.failed"]
    with store.db.transaction(project) as tx:
        assert files.get(tx, made.file).reason == "it is empty"


def test_metadata_have_history_and_an_import_never_overwrites_a_person(
    store: Store, project: int, register: Any, wrote: Wrote
) -> None:
    made = register("a.jpg", meta={"camera": "left"}, meta_source="import")
    with wrote(project) as written:
        register("a.jpg", meta={"camera": "right"}, meta_source="import")
    assert written.kinds == ["file.described"]
    with store.db.transaction(project) as tx:
        assert files.describe(tx, made.file, {"camera": "mine"}).meta == {"camera": "mine"}
    with wrote(project) as written:
        register("a.jpg", meta={"camera": "theirs"}, meta_source="import")
    assert written.kinds == []
    with store.db.transaction(project) as tx:
        assert files.get(tx, made.file).meta == {"camera": "mine"}
        history = tx.values(int, "select count(*) from file_meta where project = %(project)s")
    assert history == [3]


def test_pages_go_by_key(store: Store, project: int) -> None:
    keys = [f"{i:02}.jpg" for i in range(7)]
    with store.db.transaction(project) as tx:
        files.register_many(tx, [new(key, "abcdef0"[i]) for i, key in enumerate(keys)])
    seen: list[str] = []
    after: str | None = None
    with store.db.transaction(project) as tx:
        while True:
            page = files.list_(tx, after, limit=3)
            seen += [file.key for file in page.items]
            if (after := page.next) is None:
                break
    assert seen == keys


def test_other_projects_see_nothing(store: Store, project: int, register: Any) -> None:
    made = register("a.jpg")
    with store.db.transaction(project + 1) as tx:
        assert files.named(tx, "a.jpg") is None
        with pytest.raises(NotFound):
            files.get(tx, made.file)


@pytest.mark.parametrize("key", ["", "x" * 10_000, "a\x00b", "tab\there", "\ud800"])
def test_some_texts_are_no_keys(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        new(key)


@pytest.mark.parametrize("key", ["ä/ö ü.jpg", "日本/語.png", "🙂.jpg", "x" * 1024, "a/../b", "'; drop table file; --"])
def test_any_other_text_is_a_key(register: Any, store: Store, project: int, key: str) -> None:
    made = register(key)
    with store.db.transaction(project) as tx:
        found = files.named(tx, key)
    assert found is not None
    assert found.id == made.file
