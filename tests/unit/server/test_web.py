"""The app's one page, the files it loads, and what stands in for it where it was never built."""

import gzip
from pathlib import Path

import httpx
import pytest

from penstock.server import web


@pytest.fixture
def browser(api) -> httpx.Client:
    return httpx.Client(transport=api.transport, base_url="http://penstock.test", headers={"accept": "text/html"})


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built app of three files."""
    folder = tmp_path / "web"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text('<script nonce="__NONCE__" src="/assets/index-1.js"></script>')
    (folder / "assets" / "index-1.js").write_text("let here")
    (folder / "assets" / "index-1.js.gz").write_bytes(gzip.compress(b"let here"))
    (folder / ".built").write_text("a hash")
    (tmp_path / "outside.js").write_text("secret")
    monkeypatch.setattr(web, "FOLDER", folder)
    return folder


def test_every_address_of_the_app_is_its_one_page_with_a_nonce_of_its_own(built: Path, browser: httpx.Client) -> None:
    pages = [browser.get(path) for path in ("/", "/sign-in/psl_x", "/join/psi_x", "/p/1/pipeline", "/tasks/1/2")]
    assert {page.status_code for page in pages} == {200}
    assert len({page.text for page in pages}) == len(pages)
    policy = pages[0].headers["content-security-policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert f'nonce="{nonce}"' in pages[0].text
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert pages[0].headers["cache-control"] == "no-store"


def test_what_is_not_there_is_a_page_to_people_and_a_problem_to_programs(built: Path, browser: httpx.Client) -> None:
    assert browser.get("/nowhere").status_code == 404
    assert "<script" in browser.get("/nowhere").text
    told = browser.get("/nowhere", headers={"accept": "*/*"})
    assert (told.status_code, told.json()["type"]) == (404, "nothing-here")


def test_hashed_files_are_kept_for_ever_and_come_packed_to_who_can_unpack(built: Path, browser: httpx.Client) -> None:
    packed = browser.get("/assets/index-1.js")
    assert packed.headers["content-encoding"] == "gzip"
    assert "immutable" in packed.headers["cache-control"]
    plain = browser.get("/assets/index-1.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text == "let here"
    assert plain.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path", ["/assets/index-2.js", "/assets/..%2F..%2Foutside.js", "/assets/..%2F.built", "/.built"]
)
def test_nothing_else_is_served(path: str, built: Path, browser: httpx.Client) -> None:
    answer = browser.get(path, headers={"accept": "*/*"})
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_where_the_app_was_never_built_the_page_says_what_to_do(
    api, browser: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "FOLDER", tmp_path / "none")
    page = browser.get("/")
    assert page.status_code == 503
    assert "make web" in page.text
    assert api.bare().get("/health").status_code == 200
