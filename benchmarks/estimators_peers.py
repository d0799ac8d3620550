"""Estimates of other libraries beside those of ``us.estimate``, on the same data in one run.

    python -m benchmarks.estimators_peers --python infomeasure=/envs/peers/bin/python …

Writes ``benchmarks/results/estimators_peers.md``: of each task the true value, and of each library
what it is off by on average and how much it varies, in nats, and its CPU seconds of one thread.
``--python LIBRARY=INTERPRETER`` names the environment of a library, where that is not this one:
scikit-learn, infomeasure, npeet-plus, ennemi. JIDT is run by ``--jidt JAR``, in an environment that
holds JPype. Libraries that are not there are left out, and it is said. Drift is set beside others'
by :mod:`benchmarks.drift_libraries`, columns of 10⁵ rows by :mod:`benchmarks.mutual_information`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import unsurprised as us
from benchmarks.coverage_columns import half_zeros, normal, of_rho, rounded
from benchmarks.coverage_series import Autoregression, Chain
from benchmarks.estimators_peers_worker import LIBRARIES
from benchmarks.machine import description, in_words

RESULTS = Path(__file__).parent / "results" / "estimators_peers.md"
_WORKER = Path(__file__).parent / "estimators_peers_worker.py"
_COUPLED = Autoregression(0.5, 0.6, 0.4)
_SLOW = Autoregression(0.95, 0.95)
_CHAIN = Chain(5, 0.3, 0.0, 0.4)
_SHARES = us.Probs(1.0 / np.arange(1, 1001), normalize=True)

Samples = NDArray[Any]


def tasks(samples: int) -> Iterator[tuple[str, Samples, float]]:
    """What is estimated, samples of its columns, and the truth in nats."""

    def drawn(draw: Any, rows: int, times: int = 1) -> Samples:
        random = np.random.default_rng(rows)
        return np.stack([np.stack(draw(random, rows)) for _ in range(times * samples)])

    shares = 1 / np.arange(1.0, 1001) / (1 / np.arange(1.0, 1001)).sum()
    words = drawn(lambda random, rows: (random.choice(1000, rows, p=shares),), 1000)
    truth = float(us.entropy(_SHARES, base=math.e))
    yield "entropy: 1,000 categories like 1/k, 1,000 rows", words, truth
    yield "entropy, NSB: the same, K not known", words, truth
    yield "information: normal, 0.9, 1,000 rows", drawn(normal(0.9), 1000), of_rho(0.9)
    moved = drawn(normal(0.9), 1000)
    moved[:, 0] += 1e12
    yield "information: the same, one moved by 1e12", moved, of_rho(0.9)
    scaled = drawn(normal(0.9), 1000)
    scaled[:, 0] *= 1e6
    yield "information: the same, one times 1e6", scaled, of_rho(0.9)
    yield (
        "information: normal, 0.9, rounded to 0.1, 1,000 rows",
        drawn(rounded(0.9), 1000),
        of_rho(0.9),
    )
    zeros = math.log(2) + of_rho(0.9) / 2
    yield "information: half of the rows 0, 1,000 rows", drawn(half_zeros, 1000), zeros
    constant = drawn(lambda random, rows: (np.ones(rows), random.normal(size=rows)), 1000)
    yield "information: a constant, 1,000 rows", constant, 0.0
    given = drawn(_sharing, 1000)
    yield "conditional: both share a third, 1,000 rows", given, 0.0
    coupled = drawn(_COUPLED, 1000)
    yield "transfer: coupled autoregressions, 1,000 times", coupled, _COUPLED.transfer
    yield "transfer: against their direction", coupled[:, ::-1], 0.0
    chains = drawn(_CHAIN, 500)
    yield "transfer of categories: five states, 500 times", chains, _CHAIN.transfer
    apart = drawn(Chain(10, 0.0), 300)
    yield "transfer of categories: ten states, independent, 300 times", apart, 0.0
    yield "storage: autoregression, 1,000 times", coupled[:, 1:], _COUPLED.storage
    yield "transfer, tested: slow and independent, 150 times", drawn(_SLOW, 150, times=5), 0.0


def _sharing(random: np.random.Generator, rows: int) -> tuple[Samples, ...]:
    z = random.normal(size=rows)
    x, y = 0.7 * random.normal(size=(2, rows)) + z
    return x, y, z


def answers(library: str, python: str, path: Path, jar: str | None) -> dict[str, Any] | str:
    """What a library says of each task; why it says nothing."""
    command = [python, str(_WORKER), library, str(path), *([jar] if jar else [])]
    folder = str(Path(us.__file__).parent.parent)
    own = {**os.environ, **({"PYTHONPATH": folder} if library == "unsurprised" else {})}
    done = subprocess.run(command, capture_output=True, text=True, env=own, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["ended without a word"])[-1]
    lines = (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    return {line.pop("task"): line for line in lines}


def cell(found: dict[str, Any] | None, truth: float) -> str:
    """What a library is off by ± standard deviation, and its seconds."""
    if found is None:
        return "–"
    if "error" in found:
        return str(found["error"])[:60]
    values = np.array(found["values"])
    if not np.isfinite(values).all():
        return f"NaN or ∞ in {int((~np.isfinite(values)).sum())} of {len(values)}"
    tested = f", p ≤ 0.05 in {found['rejected']} of {len(values)}" if found["rejected"] else ""
    return (
        f"{values.mean() - truth:+.4f} ± {values.std(ddof=1):.4f}, {found['seconds']:.2f} s{tested}"
    )


def markdown(samples: int, said: dict[str, Any], truths: dict[str, float]) -> str:
    """The table, and who was not there."""
    there = [name for name, found in said.items() if isinstance(found, dict)]
    lines = [
        "## Estimates of other libraries beside ours", "",
        "What estimates are off by on average ± their standard deviation, nats, of "
        f"{samples} samples (five times as many where a test is counted), and the CPU seconds of "
        "all. Options are the libraries' own, but for k = 3.", "",
        f"Measured on: {in_words(description())}", "",
        "| | truth | " + " | ".join(there) + " |", "|---|---|" + "---|" * len(there),
    ]  # fmt: skip
    for title, truth in truths.items():
        cells = " | ".join(cell(said[name].get(title), truth) for name in there)
        lines.append(f"| {title} | {truth:.4f} | {cells} |")
    lines += [
        "",
        *(f"{name}: not there ({why})" for name, why in said.items() if name not in there),
    ]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", action="append", default=[], metavar="LIBRARY=INTERPRETER")
    parser.add_argument("--jidt", metavar="JAR", help="JIDT's infodynamics.jar")
    parser.add_argument("--samples", type=int, default=20, help="samples of each task")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    pythons = dict(each.split("=", 1) for each in options.python)
    said: dict[str, Any] = {}
    truths: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        data = {}
        for title, drawn, truth in tasks(options.samples):
            data[title], truths[title] = drawn, truth
        np.savez(path, **data)
        for library in LIBRARIES:
            if library == "JIDT" and not options.jidt:
                said[library] = "--jidt names its jar"
                continue
            jar = options.jidt if library == "JIDT" else None
            said[library] = answers(library, pythons.get(library, sys.executable), path, jar)
    told = markdown(options.samples, said, truths)
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(told, encoding="utf-8")
    print(told)


if __name__ == "__main__":
    main()
