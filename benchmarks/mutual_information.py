"""Time of ``us.estimate.mutual_information`` beside other libraries', on the same data in one run.

    python -m benchmarks.mutual_information

CPU seconds of one thread, the least of some calls. Libraries that are not installed are left out:
scikit-learn is among the extras for benchmarks; ``infomeasure``, ``npeet-plus`` and ``ennemi`` are
installed by hand.
"""

from __future__ import annotations

import argparse
import importlib
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import unsurprised as us

Values = NDArray[Any]
Call = Callable[[Values, Values], Any]


def ours(x: Values, y: Values) -> Any:
    """Estimate, interval, notes."""
    return us.estimate.mutual_information(x, y)


def scikit_learn(x: Values, y: Values) -> Any:
    module = importlib.import_module("sklearn.feature_selection")
    return module.mutual_info_regression(x[:, None], y)


def infomeasure(x: Values, y: Values) -> Any:
    return importlib.import_module("infomeasure").mutual_information(x, y, approach="ksg")


def npeet_plus(x: Values, y: Values) -> Any:
    return importlib.import_module("npeet_plus").mi(x[:, None], y[:, None])


def ennemi(x: Values, y: Values) -> Any:
    return importlib.import_module("ennemi").estimate_mi(y, x)


PEERS: dict[str, Call] = {
    "scikit-learn": scikit_learn, "infomeasure": infomeasure, "npeet-plus": npeet_plus,
    "ennemi": ennemi,
}  # fmt: skip


def seconds(call: Call, x: Values, y: Values, repeats: int) -> float | None:
    """The least CPU time of some calls; None where a library is not there."""
    try:
        call(x[:100], y[:100])
    except ImportError:
        return None
    least = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        call(x, y)
        least = min(least, time.process_time() - start)
    return least


def normal(rows: int) -> tuple[Values, Values]:
    x, e = np.random.default_rng(rows).normal(size=(2, rows))
    return x, 0.9 * x + np.sqrt(0.19) * e


def permuted(rows: int, permutations: int) -> float:
    """CPU seconds of a p-value."""
    x, y = normal(rows)
    start = time.process_time()
    us.estimate.mutual_information(x, y, permutations=permutations)
    return time.process_time() - start


def of_categories(rows: int) -> tuple[float, float]:
    """CPU seconds of pairs of 100 × 100 categories, and of one read of the columns."""
    x, y = np.random.default_rng(0).integers(0, 100, (2, rows)).astype(np.int32)
    start = time.process_time()
    us.estimate.mutual_information(x, y)
    middle = time.process_time()
    np.bincount(x * np.int32(100) + y, minlength=10_000)
    return middle - start, time.process_time() - middle


def lines(rows: tuple[int, ...], repeats: int) -> Iterator[str]:
    """A line for each size, and those of permutations and categories."""
    for count in rows:
        x, y = normal(count)
        own = seconds(ours, x, y, repeats)
        assert own is not None
        told = [f"{count:,} rows: unsurprised {own:.4f} s"]
        for name, call in PEERS.items() if count <= 100_000 else ():
            other = seconds(call, x, y, repeats)
            told.append(
                f"{name} " + ("–" if other is None else f"{other:.3f} ({other / own:.0f}×)")
            )
        yield ", ".join(told)
    count = min(10_000, max(rows))
    x, y = normal(count)
    one, hundred = permuted(count, 1), permuted(count, 100)
    each = (hundred - one) / 99
    other = seconds(infomeasure, x, y, repeats)
    beside = "" if other is None else f"; infomeasure takes {other / each:.0f}× as long for each"
    yield f"{count:,} rows: {1000 * each:.2f} ms for each permutation{beside}"
    pairs = min(100 * max(rows), 10_000_000)
    own, read = of_categories(pairs)
    yield f"{pairs:,} pairs of categories: {own:.3f} s, counting them alone {read:.3f} s"


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options.add_argument("--repeats", type=int, default=3)
    arguments = options.parse_args()
    us.set_num_threads(1)
    warnings.simplefilter("ignore")
    for line in lines(tuple(arguments.rows), arguments.repeats):
        print(line, flush=True)
