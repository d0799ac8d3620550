"""A real browser on ``docs/playground.html``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playground_page import PAGE, Playground


@pytest.fixture
def opened(watched: Callable[..., Any], complaints: list[str]) -> Callable[..., Playground]:
    """Opens pages that must neither complain nor ask for anything but the page's own file."""

    def make(where: str = "", **settings: Any) -> Playground:
        playground = Playground(watched(PAGE.as_uri(), **settings), complaints)
        playground.open(where)
        return playground

    return make
