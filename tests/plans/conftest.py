"""An engine that is threads, for all commands that take one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from command_lines import opened_as


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Threads in the place of any engine, for which small samples hold; the names that came."""
    names: list[str] = []
    with ThreadPoolExecutor(3) as pool:
        opened_as(pool, names, monkeypatch)
        yield names
