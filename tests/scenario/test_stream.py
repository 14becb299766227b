"""Fresh data arriving as a stream: files come one by one while people work; what is broken is told, nothing stops."""

from penstock import datasets, files, jobs, log
from penstock.files import NewFile
from penstock.tasks import followers as watching

from .conftest import Pictures, Studio, two_stages


def follow(studio: Studio) -> None:
    """Let tasks be opened, but run no job: what is processing goes on processing."""
    for follower in watching.FOLLOWERS:
        while log.step(studio.store.db, studio.owner.id, follower):
            pass


def test_people_work_on_while_files_arrive_one_by_one(pictures: Pictures, studio: Studio) -> None:
    studio.apply(two_stages(pictures))
    owner, ann = studio.owner, studio.person("ann").templates["first pass"]
    done: list[str] = []
    for picture in pictures.items[:8]:
        assert ann.next() is None
        owner.datasets["first pass"].import_(picture.path, format="none")
        studio.drain()
        work = ann.next()
        assert work is not None
        assert work.file.key == picture.key
        work.submit()
        done.append(picture.key)
    studio.drain()
    assert [entry.key for entry in owner.datasets["first pass complete"].files()] == sorted(done)


def test_a_file_still_processing_makes_no_task_until_it_is_ready(pictures: Pictures, studio: Studio) -> None:
    studio.apply(two_stages(pictures))
    owner, picture = studio.owner, pictures.items[0]
    first = owner.datasets["first pass"].id

    def arrive(tx):
        blob = studio.store.blobs.put(picture.path.read_bytes())
        registered = files.register(tx, NewFile(key=picture.key, hash=blob.hash, bytes=blob.bytes))
        datasets.add(tx, first, [registered.file], {"kind": "person"})
        jobs.later(tx, "files.probe", project=owner.id, files=[registered.file])
        return registered.file

    file = studio.store.db.perform(arrive, owner.id)
    follow(studio)
    assert owner.files.by_id(file).state == "processing"
    assert list(owner.templates["first pass"].tasks()) == []
    studio.drain()
    assert owner.files.by_id(file).state == "ready"
    assert [task.file for task in owner.templates["first pass"].tasks()] == [file]


def test_a_broken_file_is_reported_with_its_reason_and_nothing_else_stops(pictures: Pictures, studio: Studio) -> None:
    studio.apply(two_stages(pictures))
    whole = pictures.items[1].path.read_bytes()
    broken = pictures.folder / "broken.jpg"
    broken.write_bytes(pictures.items[0].path.read_bytes()[: len(whole) // 3])
    (pictures.folder / "notes.jpg").write_text("not an image at all")
    imported = studio.owner.datasets["first pass"].import_(pictures.folder, format="none")
    failed = {report.key: report.reason for report in imported.failed()}
    assert set(failed) == {"broken.jpg", "notes.jpg"}
    assert all(failed.values())
    studio.drain()
    tasks = list(studio.owner.templates["first pass"].tasks())
    assert len(tasks) == len(pictures.items)
    assert "import.item_failed" in studio.kinds("import.item_failed")
    assert {t.file for t in tasks}.isdisjoint(file.id for file in studio.owner.files.all() if file.key in failed)
