"""Files over HTTP: what is refused changes nothing; media are served so that they can do no harm."""

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from .conftest import Picture

OCTETS = {"content-type": "application/octet-stream"}


def send(api: Any, key: str, content: bytes, **query: str) -> httpx.Response:
    return api.client("editor").post(api.path("/files"), params={"key": key, **query}, content=content, headers=OCTETS)


@pytest.fixture(autouse=True)
def members(api: Any) -> None:
    """Members are made before anybody looks at which events were written."""
    for role in ("editor", "viewer", "annotator"):
        api.client(role)


@pytest.fixture
def sent(api: Any, picture: Picture, drain: Any) -> int:
    made = send(api, "deep/a.jpg", picture("JPEG", 800, 600))
    assert made.status_code == 201
    drain()
    return made.json()["file"]


def test_a_file_is_sent_probed_and_read(api: Any, picture: Picture, drain: Any, wrote: Any) -> None:
    with wrote(api.project) as written:
        made = send(api, "a.jpg", picture())
    assert (made.status_code, made.json()["outcome"], made.json()["state"]) == (201, "new", "processing")
    assert written.kinds == ["file.added"]
    drain()
    viewer = api.client("viewer")
    found = viewer.get(api.path(f"/files/{made.json()['file']}")).json()
    assert (found["key"], found["state"], found["width"]) == ("a.jpg", "ready", 40)
    assert viewer.get(api.path("/files/named"), params={"key": "a.jpg"}).json() == found
    assert viewer.get(api.path("/files")).json() == {"items": [found], "next": None}


def test_sending_again_is_harmless(api: Any, picture: Picture, wrote: Any) -> None:
    first = send(api, "a.jpg", picture()).json()
    with wrote(api.project) as written:
        again = send(api, "a.jpg", picture()).json()
    assert (again["file"], again["outcome"]) == (first["file"], "same")
    assert written.kinds == []


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 422, "empty"),
        (b"<svg onload='alert(1)'/>", 422, "SVG"),
        (b"GIF89a....", 422, "GIF"),
        (b"hello", 422, "not an image"),
    ],
)
def test_what_is_no_image_is_refused_and_changes_nothing(
    api: Any, wrote: Any, content: bytes, status: int, words: str
) -> None:
    with wrote(api.project) as written:
        answer = send(api, "a.jpg", content)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]
    assert written.kinds == []


def test_a_truncated_jpeg_is_refused(api: Any, picture: Picture, wrote: Any) -> None:
    with wrote(api.project) as written:
        answer = send(api, "a.jpg", picture("JPEG", 400, 300)[:-200])
    assert answer.status_code == 422
    assert answer.json()["type"] == "content-refused"
    assert "truncated" in answer.json()["detail"]
    assert written.kinds == []


def test_an_oversized_upload_is_refused(api: Any, picture: Picture, wrote: Any) -> None:
    small = api.store.settings.model_copy(update={"upload_limit_bytes": 1000})
    object.__setattr__(api.store, "settings", small)
    content = picture("BMP", 100, 100)
    with wrote(api.project) as written:
        told = send(api, "a.bmp", content)
        untold = api.client("editor").post(
            api.path("/files"), params={"key": "a.bmp"}, content=iter([content]), headers=OCTETS
        )
    assert (told.status_code, untold.status_code) == (413, 413)
    assert "1,000" in told.json()["detail"]
    assert written.kinds == []
    assert list((api.store.blobs.root / "incoming").iterdir()) == []


@pytest.mark.parametrize("key", ["", "x" * 1025, "a\x00b", "new\nline"])
def test_a_bad_key_is_refused(api: Any, picture: Picture, key: str) -> None:
    answer = send(api, key, picture())
    assert answer.status_code == 422
    assert "key" in answer.text


@pytest.mark.parametrize("role", ["viewer", "annotator"])
def test_only_editors_send(api: Any, picture: Picture, role: str) -> None:
    for path in ("/files", "/uploads"):
        answer = api.client(role).post(
            api.path(path), params={"key": "a", "name": "a"}, content=picture(), headers=OCTETS
        )
        assert answer.status_code == 403


def test_media_come_with_headers_that_make_them_harmless(api: Any, sent: int, picture: Picture) -> None:
    answer = api.client("viewer").get(api.path(f"/files/{sent}/content"))
    assert answer.content == picture("JPEG", 800, 600)
    headers = answer.headers
    assert headers["content-type"] == "image/jpeg"
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["content-disposition"] == "inline; filename*=UTF-8''a.jpg"
    assert "private" in headers["cache-control"]


def test_media_that_the_caller_has_are_not_sent_again(api: Any, sent: int) -> None:
    viewer = api.client("viewer")
    for path in (f"/files/{sent}/content", f"/files/{sent}/thumbnail"):
        tag = viewer.get(api.path(path)).headers["etag"]
        again = viewer.get(api.path(path), headers={"if-none-match": f'"other", {tag}'})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "start", "end"), [("bytes=0-9", 0, 10), ("bytes=10-", 10, None), ("bytes=-7", -7, None)]
)
def test_a_range_is_answered(api: Any, sent: int, picture: Picture, asked: str, start: int, end: int | None) -> None:
    whole = picture("JPEG", 800, 600)
    answer = api.client("viewer").get(api.path(f"/files/{sent}/content"), headers={"range": asked})
    assert (answer.status_code, answer.content) == (206, whole[start:end])
    assert answer.headers["content-range"].endswith(f"/{len(whole)}")


@pytest.mark.parametrize(
    ("asked", "status"),
    [("bytes=999999999-", 416), ("bytes=5-2", 416), ("bytes=-0", 416), ("bytes=0-1,3-4", 200), ("lines=1-2", 200)],
)
def test_odd_ranges(api: Any, sent: int, asked: str, status: int) -> None:
    answer = api.client("viewer").get(api.path(f"/files/{sent}/content"), headers={"range": asked})
    assert answer.status_code == status


def test_large_media_are_streamed(api: Any, picture: Picture, drain: Any) -> None:
    content = picture("BMP", 1200, 900)
    file = send(api, "big.bmp", content).json()["file"]
    answer = api.client("viewer").get(api.path(f"/files/{file}/content"))
    assert (answer.content, int(answer.headers["content-length"])) == (content, len(content))


def test_thumbnails_are_small_and_wait_for_the_file(api: Any, sent: int, picture: Picture) -> None:
    answer = api.client("viewer").get(api.path(f"/files/{sent}/thumbnail"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert len(answer.content) < 20_000
    early = send(api, "early.jpg", picture("JPEG", 900, 600)).json()["file"]
    assert api.client("viewer").get(api.path(f"/files/{early}/thumbnail")).status_code == 404


def test_a_large_picture_has_a_rendition_for_screens(api: Any, sent: int, picture: Picture, drain: Any) -> None:
    viewer = api.client("viewer")
    content = picture("JPEG", 5000, 100, orientation=6)
    large = send(api, "large.jpg", content).json()["file"]
    assert viewer.get(api.path(f"/files/{large}/rendition")).status_code == 404
    drain()
    for _ in range(2):
        answer = viewer.get(api.path(f"/files/{large}/rendition"))
        assert Image.open(io.BytesIO(answer.content)).size == (82, 4096)
    small = viewer.get(api.path(f"/files/{sent}/rendition"))
    assert small.content == picture("JPEG", 800, 600)


def test_a_large_picture_comes_in_pieces_of_its_own_pixels(api: Any, sent: int, picture: Picture, drain: Any) -> None:
    viewer = api.client("viewer")
    large = send(api, "large.jpg", picture("JPEG", 5000, 100, orientation=6)).json()["file"]
    drain()
    sizes: list[tuple[int, int]] = []
    for row in range(3):
        answer = viewer.get(api.path(f"/files/{large}/tiles/0/{row}"))
        sizes.append(Image.open(io.BytesIO(answer.content)).size)
    assert sizes == [(100, 2048), (100, 2048), (100, 904)]
    refused = [
        viewer.get(api.path(f"/files/{file}/tiles/{at}"))
        for file, at in ((large, "0/3"), (large, "1/0"), (sent, "0/0"))
    ]
    assert [answer.status_code for answer in refused] == [404, 404, 404]


def test_an_annotator_sees_no_file_without_a_task_on_it(api: Any, sent: int) -> None:
    annotator = api.client("annotator")
    for path in ("", "/content", "/thumbnail"):
        assert annotator.get(api.path(f"/files/{sent}{path}")).status_code == 404
    assert annotator.get(api.path("/files")).status_code == 403


def test_metadata_are_given_by_editors(api: Any, sent: int, wrote: Any) -> None:
    with wrote(api.project) as written:
        answer = api.client("editor").put(api.path(f"/files/{sent}/meta"), json={"meta": {"side": "left"}})
    assert answer.json()["meta"] == {"side": "left"}
    assert written.kinds == ["file.described"]
    assert api.client("viewer").put(api.path(f"/files/{sent}/meta"), json={"meta": {}}).status_code == 403


def test_pages_of_files(api: Any, picture: Picture) -> None:
    for n in range(5):
        send(api, f"{n}.png", picture("PNG", seed=n))
    viewer = api.client("viewer")
    first = viewer.get(api.path("/files"), params={"limit": 3}).json()
    rest = viewer.get(api.path("/files"), params={"limit": 3, "after": first["next"]}).json()
    assert [f["key"] for f in first["items"] + rest["items"]] == [f"{n}.png" for n in range(5)]
    assert viewer.get(api.path("/files"), params={"after": "nonsense"}).status_code == 422
    assert len(viewer.get(api.path("/files"), params={"prefix": "4"}).json()["items"]) == 1
    assert len(viewer.get(api.path("/files"), params={"state": "ready"}).json()["items"]) == 0


def test_another_projects_files_are_not_there(api: Any, sent: int) -> None:
    other = api.owner.post("/projects", json={"name": "second"}).json()["id"]
    assert api.owner.get(f"/projects/{other}/files/{sent}/content").status_code == 404


@pytest.mark.parametrize("value", ["NaN", "Infinity", '{"deep": [1, -Infinity]}'])
def test_metadata_hold_what_json_can_say(api: Any, sent: int, value: str) -> None:
    headers = {"content-type": "application/json"}
    answer = api.owner.put(api.path(f"/files/{sent}/meta"), content=f'{{"meta": {{"x": {value}}}}}', headers=headers)
    assert answer.status_code == 422, answer.text
