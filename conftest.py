"""Makes every code block of README.md and docs/ a test.

Blocks of one file share a namespace and run in order, in a folder that holds ``examples`` and
nothing else. A ``python`` block is a session (``>>>``) or a script, a notebook's ``{code-cell}`` a
script, and each ``{eval}`` within a notebook's sentences an expression. In a ``console`` block each
``$ command`` runs in a terminal and must print what stands below it; ``...`` stands for anything.
"""

from __future__ import annotations

import difflib
import doctest
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hypothesis import settings
from sybil import Document, Example, Region, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser

ROOT = Path(__file__).parent

# How long an example takes says how busy the machine is.
settings.register_profile("unsurprised", deadline=None)
settings.load_profile("unsurprised")
WIDTH = 88

# Tests that run side by side share the cores: a library that starts a thread for each of them
# waits for the others' tests at every barrier, and OpenMP waits without resting. Of what a number
# of threads may change, tests ask with one of their own (tests/machines).
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

#: Needs the documentation's builder, which is no part of the tests.
collect_ignore = ["docs/conf.py", "docs/formulas.py", "docs/walk.py"]

#: Modules of the library that import another one, by how their paths begin.
FOR_LIBRARIES = {
    "torch": ("losses/torch",),
    "triton": ("losses/torch/gpu",),
    "jax": ("losses/jax",),
    "lightning": ("adapters/lightning",),
    "transformers": ("adapters/transformers",),
}


class Ignored:
    """Leaves out the doctests of modules for a library that is not installed.

    A plugin of its own, for what stands in a conftest is not asked about an installed package.
    """

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Whether it is one of them; None leaves the answer to others."""
        path = collection_path.as_posix()
        for library, begins in FOR_LIBRARIES.items():
            within = any(f"unsurprised/{begin}" in path for begin in begins)
            if within and find_spec(library) is None:
                return True
        return None


def pytest_addoption(parser: Any) -> None:
    """The rest of the large tables, of which a part is enough to find a fault in every kind."""
    parser.addoption("--thorough", action="store_true", help="also the tests marked 'thorough'")


def pytest_configure(config: Any) -> None:
    """Make the above known."""
    config.pluginmanager.register(Ignored())
    config.addinivalue_line("markers", "thorough: only with --thorough, as it says what others say")
    # Files with the most tests first would leave those with few but slow ones to the end, for one
    # of the processes alone; as they come, the end is many short ones.
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Leave out what is only for those who ask for all."""
    if config.getoption("--thorough", default=False):
        return
    left_out = [item for item in items if item.get_closest_marker("thorough")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("thorough")]


def run_in_terminal(command: str) -> str:
    """What ``command`` shows to someone at a terminal: its output, then its errors."""
    terminal, program_side = os.openpty()
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "COLUMNS": str(WIDTH),
        "LINES": "60",
        "TERM": "dumb",
        "PYTHONIOENCODING": "utf-8",
    }
    with subprocess.Popen(
        ["bash", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=program_side,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        os.close(program_side)
        output = _read_to_end(terminal)
        errors = process.stderr.read() if process.stderr else b""
    return (output + errors).decode().replace("\r\n", "\n")


def _read_to_end(terminal: int) -> bytes:
    chunks = []
    try:
        while chunk := os.read(terminal, 1 << 16):
            chunks.append(chunk)
    except OSError:  # Linux ends a terminal whose programs are gone with an error, not with nothing
        pass
    finally:
        os.close(terminal)
    return b"".join(chunks)


def difference(expected: str, found: str) -> str:
    """A diff, empty where ``found`` is what was expected."""
    want, got = (
        "".join(f"{line.rstrip()}\n" for line in text.splitlines()) for text in (expected, found)
    )
    if doctest.OutputChecker().check_output(want, got, doctest.ELLIPSIS):
        return ""
    return "\n".join(
        difflib.unified_diff(want.splitlines(), got.splitlines(), "written", "printed", lineterm="")
    )


def commands_of(session: str) -> list[tuple[str, str]]:
    """The commands of a console session, each with the output written below it."""
    before, *parts = ("\n" + session).split("\n$ ")
    if before.strip() or not parts:
        raise ValueError(f"a console block starts with '$ command', not with {before.strip()!r}")
    return [(command, output) for command, _, output in (part.partition("\n") for part in parts)]


def run_session(example: Example) -> str:
    """Evaluate a console block; the differences found, empty if there are none."""
    problems = [
        f"$ {command}\n{problem}"
        for command, expected in commands_of(str(example.parsed))
        if (problem := difference(expected, run_in_terminal(command)))
    ]
    return "\n".join(problems)


def values_in_sentences(document: Document) -> Iterator[Region]:
    """The expressions whose values a notebook's sentences name."""
    for role in re.finditer(r"\{eval\}`([^`]+)`", document.text):
        yield Region(*role.span(), parsed=role[1], evaluator=_evaluate)


def _evaluate(example: Example) -> None:
    eval(example.parsed, example.namespace)


def _enter_folder(namespace: dict[str, Any]) -> None:
    namespace["_came_from"] = Path.cwd()
    namespace["_folder"] = Path(tempfile.mkdtemp())
    shutil.copytree(ROOT / "examples", namespace["_folder"] / "examples")
    os.chdir(namespace["_folder"])


def _leave_folder(namespace: dict[str, Any]) -> None:
    os.chdir(namespace["_came_from"])
    shutil.rmtree(namespace["_folder"])
    namespace.clear()  # what a page made does not outlive it


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS),
        CodeBlockParser("console", run_session),
        values_in_sentences,
    ],
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    setup=_enter_folder,
    teardown=_leave_folder,
).pytest()
