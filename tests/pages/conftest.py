"""Pages of results, opened from disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def opened(watched: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Writes the page of a result and opens it, with all of its charts drawn."""

    def make(result: Any, **settings: Any) -> Any:
        path = tmp_path / "page.html"
        result.to_html(path)
        page = watched(path.as_uri(), **settings)
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-drawn]")
        return page

    return make
