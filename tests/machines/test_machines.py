"""Evaluations, comparisons and calibrations have the same bits on every machine.

Other machines are imitated: BLAS picks another kernel, NumPy and the C library leave out their code
for newer processors, our own kernels take another instruction set, there are other threads; and
NumPy's elementary functions, which have vector code of their own for processors that this machine
may not be, are off by one unit in the last place.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("answers_script.py")
PARTS = ("evaluations", "comparisons", "calibrations", "estimates", "series")


def newer_features() -> str:
    """What NumPy has code for and this processor has, beyond the least that NumPy was built for."""
    core = importlib.import_module(f"{'numpy._core' if hasattr(np, '_core') else 'numpy.core'}")
    built = core._multiarray_umath
    return " ".join(name for name in built.__cpu_dispatch__ if built.__cpu_features__.get(name))


#: Without the C library's code for them, every fused multiplication is a function of some hundred
#: instructions: with our kernels for old processors, which ask for one after the other, this is
#: tried on a part alone.
OLD = {
    "OPENBLAS_CORETYPE": "Prescott",
    "NPY_DISABLE_CPU_FEATURES": newer_features(),
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4",
    "UNSURPRISED_NUM_THREADS": "1",
}
#: Several at once, for what differs is told by its place. A library passes over what it does not
#: know: there is OpenBLAS in NumPy's wheels for Linux and glibc below them.
MACHINES: dict[str, dict[str, str]] = {
    "an old processor": OLD,
    "an old processor's kernels": OLD | {"UNSURPRISED_ISA": "baseline"},
    "a processor with three cores": {
        "OPENBLAS_CORETYPE": "Sandybridge",
        "UNSURPRISED_ISA": "baseline",
        "UNSURPRISED_NUM_THREADS": "3",
        "OPENBLAS_NUM_THREADS": "3",
        "OMP_NUM_THREADS": "3",
    },
    "other elementary functions": {
        "OPENBLAS_CORETYPE": "Nehalem",
        "ANSWERS_OFF_BY_ONE": "1",
    },
}
#: Of what is not asked for everything.
FEW_PARTS = {"an old processor's kernels": ("comparisons", "estimates", "series")}


@cache
def answers(machine: str = "") -> dict[str, Any]:
    kept = {name: value for name, value in os.environ.items() if "UNSURPRISED" not in name}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *FEW_PARTS.get(machine, PARTS)],
        env=kept | MACHINES.get(machine, {}),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def leaves(value: Any, place: str = "") -> dict[str, str]:
    """Every number and text of an answer, as it is written."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return {
            name: leaf
            for key, part in pairs
            for name, leaf in leaves(part, f"{place}/{key}").items()
        }
    return {place: json.dumps(value)}


@pytest.mark.parametrize("machine", MACHINES)
def test_every_machine_gives_the_same_bits(machine: str) -> None:
    here, there = answers(), answers(machine)
    assert {name.split(",")[0] for name in there} == set(FEW_PARTS.get(machine, PARTS))
    expected, found = leaves({name: here[name] for name in there}), leaves(there)
    differing = [
        f"{place}: {expected.get(place)} here, {found.get(place)} there"
        for place in expected.keys() | found.keys()
        if expected.get(place) != found.get(place)
    ]
    assert sorted(differing) == []


def test_the_answers_have_what_is_promised() -> None:
    ledgers = [found["ledger"] for found in answers().values() if found.get("ledger")]
    families = {part["family"] for ledger in ledgers for part in ledger["recalibrations"]}
    assert {"isotonic regression", "temperature scaling", "vector scaling"} <= families
    assert any(ledger["mixed"] for ledger in ledgers)
    assert len(leaves(answers())) > 20_000
