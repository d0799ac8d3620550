"""The bits do not depend on the instruction set, the threads, the batches or the strides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("same_bits_script.py")
ISAS = ("baseline", "avx2", "avx512")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own, since the instruction set is chosen once."""
    kept = {name: value for name, value in os.environ.items() if "UNSURPRISED" not in name}
    return subprocess.run(
        [sys.executable, *arguments],
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@cache
def supported() -> tuple[str, ...]:
    """The instruction sets of this build that this CPU has."""
    ask = "from unsurprised import _kernels; print(_kernels.instruction_set())"
    found = [name for name in ISAS if run("-c", ask, UNSURPRISED_ISA=name).stdout.strip() == name]
    assert "baseline" in found
    return tuple(found)


@cache
def digests(rows: str, isa: str, threads: str) -> list[list[str]]:
    done = run(str(SCRIPT), rows, UNSURPRISED_ISA=isa, UNSURPRISED_NUM_THREADS=threads)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("rows", "answers"), [("small", 200), ("large", 6)])
def test_layouts_and_batches_give_the_same_bits(rows: str, answers: int) -> None:
    by_measure: dict[str, dict[str, str]] = {}
    for what, how, digest in digests(rows, "baseline", "1"):
        by_measure.setdefault(what, {})[how] = digest
    differing = {what: hows for what, hows in by_measure.items() if len(set(hows.values())) > 1}
    assert not differing
    assert all(len(hows) > 1 for hows in by_measure.values())
    # Answers that were all alike would prove nothing.
    assert len({digest for hows in by_measure.values() for digest in hows.values()}) > answers


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(
    ("rows", "threads"), [("small", "1"), ("large", "1"), ("large", "2"), ("large", "3")]
)
def test_instruction_sets_and_threads_give_the_same_bits(isa: str, rows: str, threads: str) -> None:
    if isa not in supported():
        refused = run("-c", "import unsurprised; unsurprised.entropy([1])", UNSURPRISED_ISA=isa)
        assert f"UNSURPRISED_ISA='{isa}': " in refused.stderr
        return
    expected, found = digests(rows, "baseline", "1"), digests(rows, isa, threads)
    assert [line for line, wanted in zip(found, expected, strict=True) if line != wanted] == []


def test_the_best_instruction_set_is_the_default() -> None:
    ask = "from unsurprised import _kernels; print(_kernels.instruction_set())"
    for environment in ({}, {"UNSURPRISED_ISA": ""}):
        assert run("-c", ask, **environment).stdout.strip() == supported()[-1]


UNKNOWN = """
import os
import unsurprised as us
for call in (lambda: us.entropy([0.5, 0.5]), lambda: us.surprisal(0.5),
             lambda: us.evaluate([0, 1], [[0.5, 0.5], [0.5, 0.5]])):
    try:
        call()
    except us.CallError as error:
        print(error)
    os.environ.pop("UNSURPRISED_ISA", None)  # read once, so the answer stays the same
"""


def test_an_unknown_instruction_set_is_one_clear_error() -> None:
    done = run("-c", UNKNOWN, UNSURPRISED_ISA="sse9")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert set(lines) == {
        "UNSURPRISED_ISA='sse9': no such instruction set in this build; "
        "known names: baseline, avx2, avx512"
    }
