"""Ids of tests; a real browser, without a window, for the pages that people open."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

#: Nothing of the browser's own may look for a network either.
SETTINGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes get no id of their own: a time within would differ from worker to worker."""
    return f"{argname}, {len(val)} bytes" if isinstance(val, bytes) and len(val) > 32 else None


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
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


@pytest.fixture
def watched(browser: Any, complaints: list[str]) -> Iterator[Callable[..., Any]]:
    """Blank pages that must neither complain nor ask for anything but the file at ``uri``."""
    contexts = []

    def make(uri: str, **settings: Any) -> Any:
        def let_through(route: Any) -> None:
            if route.request.url.split("#")[0] == uri:
                route.continue_()
            else:
                complaints.append(f"asked for {route.request.url}")
                route.abort()

        context = browser.new_context(**({"viewport": {"width": 1200, "height": 1500}} | settings))
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.route("**/*", let_through)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (complaints.append("dialog"), dialog.dismiss()))
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def opened(watched: Callable[..., Any], complaints: list[str]) -> Callable[..., Any]:
    """Opens ``docs/playground.html``."""
    from playground_page import PAGE, Playground  # beside the tests that ask for it

    def make(where: str = "", **settings: Any) -> Any:
        playground = Playground(watched(PAGE.as_uri(), **settings), complaints)
        playground.open(where)
        return playground

    return make


@pytest.fixture
def opened_page(watched: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Writes the page of a result, opens it from disk, and waits until its charts are drawn."""

    def make(result: Any, **settings: Any) -> Any:
        path = tmp_path / "page.html"
        result.to_html(path)
        page = watched(path.as_uri(), **settings)
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-drawn]")
        return page

    return make
