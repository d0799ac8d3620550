"""Files of several splits, and an engine that is threads, for tests of all that takes either."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from command_lines import opened_as
from planned_sources import written

from unsurprised.sources import parquet


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file has several splits."""
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 50)


@pytest.fixture
def files(tmp_path: Path, small_parts: None) -> Any:
    """Predictions in files that have several splits."""
    return written(tmp_path / "rows", "parquet")


@pytest.fixture
def folder(tmp_path: Path, files: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same in the current folder, for commands."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Threads in the place of any engine, for which small samples hold; the names that came."""
    names: list[str] = []
    with ThreadPoolExecutor(3) as pool:
        opened_as(pool, names, monkeypatch)
        yield names
