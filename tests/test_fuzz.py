"""The fuzz campaign: what is kept fails no more, and every way to fail is found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Each case runs in a fork of its own, whose memory is limited and seen as Linux does it.
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and reads /proc")


def run(*arguments: str, code: int = 0) -> str:
    # Forks of a process without threads: not of this one.
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_what_is_kept_fails_no_more() -> None:
    assert "0 failures" in run("-m", "fuzz", "--replay")


def test_every_way_to_fail_is_found_and_made_small() -> None:
    lines = run(str(ROOT / "tests" / "broken_targets.py")).splitlines()
    found = {what: rest for what, *rest in (line.split(" | ") for line in lines)}
    kinds = {what: rest[0] for what, rest in found.items()}
    assert kinds.pop("same seed") == "same cases"
    assert kinds == {
        "exception": "ZeroDivisionError",
        "warning": "warning DeprecationWarning",
        "promise": "broken promise",
        "file": "files left",
        "answer": "another answer",
        "crash": "SIGSEGV",
        "hang": "hang",
        "memory": "memory",
    }
    for what in ("exception", "warning", "promise", "file"):
        assert found[what][2] == "b'!'"
    assert len(found["crash"][2]) < 20  # a process for each try
