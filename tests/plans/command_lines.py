"""Command lines as tests of plans run them."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from unsurprised import cli
from unsurprised.engines import named


def run(line: str, capsys: Any, code: int = 0) -> str:
    """What a command prints: to standard error where it could not work, and then in one line."""
    assert cli.run(line.split()) == code, capsys.readouterr().err
    out, err = capsys.readouterr()
    if code != 2:
        assert err == "", err
        return str(out)
    assert out == ""
    assert err.startswith("unsurprised: ")
    assert err.count("\n") == 1
    return str(err)


def started(line: str, **options: Any) -> subprocess.Popen[bytes]:
    """A command in a process of its own, which an interrupt reaches.

    What a shell runs in the background, these tests perhaps, ignores interrupts, and so do its
    children.
    """
    command = [sys.executable, "-m", "unsurprised", *line.split()]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(command, stderr=subprocess.PIPE, **options)
    finally:
        signal.signal(signal.SIGINT, before)


def same(*names: str) -> bool:
    """Whether files hold the same bytes."""
    first, *others = (Path(name).read_bytes() for name in names)
    return all(other == first for other in others)


def opened_as(pool: Executor, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let any engine's name open a pool."""

    def opener(name: str) -> AbstractContextManager[Executor]:
        names.append(name)
        return nullcontext(pool)

    monkeypatch.setattr(named, "opener_of", opener)
