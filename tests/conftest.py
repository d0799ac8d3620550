"""Ids of tests; a browser without a window, for pages that people open; buckets in a store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from s3_buckets import SECRET, Bucket, made_bucket, serving

#: Nothing of the browser's own may look for a network either.
SETTINGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page takes no more than 200 links in ten seconds otherwise, and drops the others unheard.
    "--disable-ipc-flooding-protection",
]

DESK = {"width": 1200, "height": 1500}


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes get no id of their own: a time within would differ from worker to worker."""
    return f"{argname}, {len(val)} bytes" if isinstance(val, bytes) and len(val) > 32 else None


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One for all tests of a process, each of which has contexts of its own.

    While it lives, asyncio's loop in this thread is its own.
    """
    playwright = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=SETTINGS)
        yield chromium
        chromium.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What watched pages complained of or asked for: nothing, in the end."""
    found: list[str] = []
    yield found
    assert found == []


def watched_page(browser: Any, complaints: list[str], uri: str, **settings: Any) -> Any:
    """A blank page that must neither complain nor ask for anything but the file at ``uri``."""

    def let_through(route: Any) -> None:
        if route.request.url.split("#")[0] == uri:
            route.continue_()
        else:
            complaints.append(f"asked for {route.request.url}")
            route.abort()

    context = browser.new_context(**({"viewport": DESK} | settings))
    context.set_default_timeout(10_000)
    context.route("**/*", let_through)
    page = context.new_page()
    page.on("console", lambda said: complaints.append(f"console: {said.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (complaints.append("dialog"), dialog.dismiss()))
    return page


@pytest.fixture
def watched(browser: Any, complaints: list[str]) -> Iterator[Callable[..., Any]]:
    """Makes such pages, for one test."""
    pages = []

    def make(uri: str, **settings: Any) -> Any:
        pages.append(watched_page(browser, complaints, uri, **settings))
        return pages[-1]

    yield make
    for page in pages:
        page.context.close()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: Any) -> Callable[[Any], Path]:
    """The file of a result's page, which is written once for all tests of a module."""
    files: dict[int, tuple[Any, Path]] = {}

    def make(result: Any) -> Path:
        if id(result) not in files:
            path = tmp_path_factory.mktemp("page") / "page.html"
            result.to_html(path)
            files[id(result)] = result, path  # kept, for no other may get its id
        return files[id(result)][1]

    return make


def drawn_page(page: Any, path: Path) -> Any:
    """``page``, with the file opened from disk and its charts drawn."""
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-drawn]")
    return page


@pytest.fixture
def opened_page(watched: Callable[..., Any], page_file: Callable[[Any], Path]) -> Any:
    """Opens the page of a result, for one test alone."""

    def make(result: Any, **settings: Any) -> Any:
        path = page_file(result)
        return drawn_page(watched(path.as_uri(), **settings), path)

    return make


@pytest.fixture(scope="module")
def shared_pages(browser: Any) -> Iterator[tuple[dict[Any, Any], list[str]]]:
    """Pages that tests of a module share, and what these complained of."""
    pages: dict[Any, Any] = {}
    complaints: list[str] = []
    yield pages, complaints
    for page in pages.values():
        page.context.close()
    assert complaints == []


def _taken(complaints: list[str]) -> list[str]:
    """The complaints, which are then no later test's."""
    said, complaints[:] = complaints[:], []
    return said


@pytest.fixture
def shared_page(
    browser: Any, shared_pages: tuple[dict[Any, Any], list[str]], page_file: Callable[[Any], Path]
) -> Iterator[Callable[..., Any]]:
    """Opens the page of a result once, for all tests that do not mind what others did with it."""
    pages, complaints = shared_pages

    def make(result: Any, **settings: Any) -> Any:
        path = page_file(result)
        key = (path, json.dumps(settings, sort_keys=True))
        if key not in pages:
            pages[key] = watched_page(browser, complaints, path.as_uri(), **settings)
            drawn_page(pages[key], path)
        return pages[key]

    yield make
    assert _taken(complaints) == []


@pytest.fixture
def opened(
    browser: Any, shared_pages: tuple[dict[Any, Any], list[str]]
) -> Iterator[Callable[..., Any]]:
    """Loads ``docs/playground.html`` anew, in a browser's page that the module's tests share."""
    from playground_page import PAGE, Playground  # beside the tests that ask for it

    pages, complaints = shared_pages

    def make(where: str = "", viewport: Any = None, **settings: Any) -> Any:
        key = (PAGE, json.dumps(settings, sort_keys=True))
        if key not in pages:
            pages[key] = watched_page(browser, complaints, PAGE.as_uri(), **settings)
        pages[key].set_viewport_size(viewport or DESK)
        playground = Playground(pages[key], complaints)
        playground.open(where)
        return playground

    yield make
    assert _taken(complaints) == []


@pytest.fixture(scope="module")
def s3_port() -> Iterator[int]:
    """The port of a server that speaks as S3 does."""
    with serving() as port:
        yield port


@pytest.fixture
def s3_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What such a server asks for, and nothing of this machine's own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bucket(s3_port: int, s3_credentials: None, request: pytest.FixtureRequest) -> Iterator[Bucket]:
    """A bucket of the test's own."""
    with made_bucket(s3_port, request.node.nodeid) as made:
        yield made
