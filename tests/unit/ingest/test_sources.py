"""Uploads and manifests as sources; what is wrong with a source is said before anything begins."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from penstock import files
from penstock.core import NotFound, Refusal
from penstock.files import Upload
from penstock.ingest import Import, ManifestSource, NewImport, PathSource, UploadSource, sources

from .conftest import Desk, datasets_id, image, voc
from .test_archives import zipped


def upload(desk: Desk, name: str, content: bytes | str) -> int:
    stored = desk.store.blobs.put(content.encode() if isinstance(content, str) else content)
    kept = desk.store.db.perform(lambda tx: files.keep_upload(tx, name, stored.hash, stored.bytes), desk.project)
    return kept.id


def test_uploads_are_a_set_by_their_names(desk: Desk) -> None:
    ids = [
        upload(desk, "train/a.jpg", image(1)),
        upload(desk, "train/a.xml", voc("a.jpg", ("RBC", 1, 1, 9, 9))),
        upload(desk, "train/b.jpg", image(2)),
    ]
    run = desk.run(UploadSource(kind="uploads", uploads=ids))
    assert (run.counts.new, run.counts.annotations_added) == (2, 1)
    assert desk.keys() == ["train/a.jpg", "train/b.jpg"]


def test_a_single_archive_is_unpacked(desk: Desk) -> None:
    path = zipped(desk.folder / "x.zip", {"a.jpg": image(1), "b.jpg": image(2)})
    run = desk.run(UploadSource(kind="uploads", uploads=[upload(desk, "x.zip", path.read_bytes())]))
    assert run.counts.new == 2


def test_uploads_of_another_project_are_not_there(desk: Desk) -> None:
    mine = upload(desk, "a.jpg", image(1))
    with desk.store.db.transaction(desk.project + 1) as tx:
        assert files.uploads(tx, [mine]) == []
    run = desk.run(UploadSource(kind="uploads", uploads=[mine, mine + 77]))
    assert run.state == "failed"
    assert str(mine + 77) in (run.reason or "")


def test_a_csv_manifest_gives_keys_and_metadata(desk: Desk) -> None:
    desk.write(a_jpg=image(1), deep__b_jpg=image(2))
    desk.put("list.csv", "uri,key,camera,meta.side,empty\na.jpg,first,7,left,\ndeep/b.jpg,,8,right,\nno.jpg,,,,\n")
    run = desk.run(ManifestSource(kind="manifest", path=str(desk.folder / "list.csv")))
    assert desk.keys() == ["deep/b.jpg", "first"]
    assert desk.file("first").meta == {"camera": "7", "side": "left"}
    assert desk.items(run)["no.jpg"].state == "failed"


def test_a_jsonl_manifest_keeps_types_and_foreign_ids(desk: Desk) -> None:
    desk.write(a_jpg=image(1))
    rows: list[Any] = [
        {
            "uri": f"file://{desk.folder}/a.jpg",
            "key": "a",
            "meta": {"n": 1, "deep": {"x": [1, 2]}},
            "foreign": {"s3": "k"},
        },
        {"key": "no uri"},
        [1, 2],
        {"uri": "a.jpg", "key": "a"},
        {"uri": "s3://bucket/x.jpg"},
    ]
    desk.put("list.jsonl", "\n".join(json.dumps(row) for row in rows) + "\nnot json\n")
    run = desk.run(ManifestSource(kind="manifest", path=str(desk.folder / "list.jsonl")))
    assert desk.file("a").meta == {"n": 1, "deep": {"x": [1, 2]}}
    assert desk.file("a").foreign == {"s3": "k"}
    assert [(p.at, p.code) for p in run.problems] == [
        ("line 2", "bad-row"),
        ("line 3", "bad-row"),
        ("a", "twice"),
        ("line 6", "bad-row"),
    ]
    assert "s3://bucket/x.jpg" in desk.items(run)


def test_a_manifest_cannot_lead_out_of_the_roots(desk: Desk) -> None:
    desk.put("list.csv", "uri\n/etc/hostname\n../../../../../../etc/hostname\n")
    run = desk.run(ManifestSource(kind="manifest", path=str(desk.folder / "list.csv")))
    assert desk.keys() == []
    assert {item.state for item in desk.items(run).values()} == {"failed"}


def test_an_uploaded_manifest_names_uploads(desk: Desk) -> None:
    a = upload(desk, "a.jpg", image(1))
    listing = upload(desk, "list.csv", "path,where\na.jpg,here\nb.jpg,nowhere\n")
    run = desk.run(ManifestSource(kind="manifest", upload=listing, uploads=[a]))
    assert desk.file("a.jpg").meta == {"where": "here"}
    assert (run.counts.new, run.counts.failed) == (1, 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"name,size\na,1\n", "no column `uri`"), (b"uri\n\xff\xfe\n", "not UTF-8"), (b'uri\n"open', "unexpected end")],
)
def test_a_manifest_that_is_none_is_refused(desk: Desk, content: bytes, words: str) -> None:
    desk.put("list.csv", content)
    run = desk.run(ManifestSource(kind="manifest", path=str(desk.folder / "list.csv")))
    assert run.state == "failed"
    assert words in (run.reason or "")


def check(desk: Desk, source: Any, uploads: list[Upload] | None = None, **more: Any) -> None:
    sources.check(desk.store, NewImport(dataset=datasets_id(desk.dataset), source=source, **more), uploads or [])


def test_what_is_wrong_with_a_source_is_said_at_once(desk: Desk) -> None:
    zipped(desk.folder / "bad.zip", {"../x.jpg": b"x"})
    for source, words in [
        (PathSource(path="/etc"), "roots"),
        (PathSource(path="images/nothing"), "There is nothing"),
        (PathSource(path="images/bad.zip"), "points outside"),
        (ManifestSource(kind="manifest"), "neither"),
        (UploadSource(kind="uploads", uploads=[99]), "no uploads 99"),
    ]:
        with pytest.raises(Refusal, match=words):
            check(desk, source)
    with pytest.raises(NotFound, match="format"):
        check(desk, PathSource(path="images"), format="runes")
    check(desk, PathSource(path="images/*.zip"))


class Pictures(BaseHTTPRequestHandler):
    """A web server on the premises."""

    def do_GET(self) -> None:  # the name that the standard library calls
        found = {"/a.jpg": image(1), "/page.jpg": b"<html>sign in</html>"}.get(self.path)
        self.send_response(302 if self.path == "/moved.jpg" else 200 if found else 404)
        self.send_header("content-length", str(len(found or b"")))
        self.end_headers()
        self.wfile.write(found or b"")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pictures)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def listed(desk: Desk, web: str) -> Import:
    desk.put("list.csv", f"uri,key\n{web}/a.jpg,a\n{web}/no.jpg,no\n{web}/moved.jpg,moved\n{web}/page.jpg,page\n")
    return desk.run(ManifestSource(kind="manifest", path=str(desk.folder / "list.csv")))


def test_a_manifest_may_name_addresses_on_the_web(desk: Desk, web: str) -> None:
    settings = desk.store.settings.model_copy(update={"allow_networks": ["127.0.0.0/8"]})
    object.__setattr__(desk.store, "settings", settings)
    run = listed(desk, web)
    assert desk.keys() == ["a"]
    reasons = {key: item.reason or "" for key, item in desk.items(run).items()}
    assert "404" in reasons["no"]
    assert "302" in reasons["moved"]
    assert "web page" in reasons["page"]


def test_addresses_of_our_own_network_are_refused(desk: Desk, web: str) -> None:
    run = listed(desk, web)
    assert desk.keys() == []
    assert "not a public address" in (desk.items(run)["a"].reason or "")
