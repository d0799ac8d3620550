"""What users wait for, as calls of the public functions: timed by ``benchmarks.against``.

    python benchmarks/waits.py [--only REGEX] [--seconds 0.5] [--peers]

Run as a file it is timed with whatever ``unsurprised`` the interpreter has, of today or of an older
commit, and prints the best of some calls in seconds, one JSON object for all. Works whose library
is not installed, and those that a commit does not know, are left out. A peer's way to the same
answer stands beside the work that it answers (`peer`), and is timed right after it.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import unsurprised as us

LN_2 = math.log(2)

Call = Callable[[], Any]
#: Makes the data, and then the call that is timed.
Work = Callable[[], Call]
WORKS: dict[str, Work] = {}
#: A peer's own way to the answer of a work, by the work's name and the peer's.
PEERS: dict[tuple[str, str], Work] = {}


def work(name: str) -> Callable[[Work], Work]:
    """Take a function into the table."""

    def named(make: Work) -> Work:
        WORKS[name] = make
        return make

    return named


def peer(of: str, name: str) -> Callable[[Work], Work]:
    """Take a function into the table of peers, as it is written by their users."""

    def named(make: Work) -> Work:
        PEERS[of, name] = make
        return make

    return named


def logits(rows: int, classes: int, dtype: str = "float32", seed: int = 0) -> np.ndarray:
    """Of a model that is right more often than not."""
    return (3 * np.random.default_rng(seed).standard_normal((rows, classes))).astype(dtype)


def predictions(rows: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and probabilities that they were drawn from, made too sure."""
    z = logits(rows, classes, "float64", seed)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    random = np.random.default_rng(seed + 1)
    labels = np.minimum((p.cumsum(axis=1) < random.random((rows, 1))).sum(axis=1), classes - 1)
    sure = p**1.5
    return labels, sure / sure.sum(axis=1, keepdims=True)


def of_labels(rows: int, classes: int) -> tuple[np.ndarray, us.Logits]:
    """Labels at random beside logits."""
    labels = np.random.default_rng(2).integers(0, classes, rows)
    return labels, us.Logits(logits(rows, classes))


@work("kl_divergence of logits, 16 × 128,256, float16")
def _kl_wide() -> Call:
    p, q = (us.Logits(logits(16, 128_256, "float16", seed)) for seed in (0, 1))
    return lambda: us.kl_divergence(p, q)


@work("evaluate(Logits, Logits), 16 × 128,256, float16")
def _evaluate_wide() -> Call:
    p, q = (us.Logits(logits(16, 128_256, "float16", seed)) for seed in (0, 1))
    return lambda: us.evaluate(p, q, ledger=False)


@work("surprisal of logits at labels, 64 × 32,000")
def _surprisal() -> Call:
    labels, model = of_labels(64, 32_000)
    return lambda: us.surprisal(model, at=labels)


@work("evaluate(labels, Logits), 64 × 32,000")
def _evaluate_labels() -> Call:
    labels, model = of_labels(64, 32_000)
    return lambda: us.evaluate(labels, model, ledger=False)


@work("evaluate without the ledger, 200 × 10,000")
def _many_classes() -> Call:
    labels, probs = predictions(200, 10_000)
    return lambda: us.evaluate(labels, probs, ledger=False)


@work("evaluate with the ledger, 20,000 × 10")
def _ledger() -> Call:
    labels, probs = predictions(20_000, 10)
    return lambda: us.evaluate(labels, probs).ledger


@work("compare, 20,000 × 10")
def _compare() -> Call:
    labels, probs = predictions(20_000, 10)
    other = predictions(20_000, 10, 5)[1]
    mixed = 0.9 * probs + 0.1 * other
    return lambda: us.compare(labels, probs, mixed)


@work("check of two models, 20,000 × 10")
def _check() -> Call:
    labels, probs = predictions(20_000, 10)
    mixed = 0.9 * probs + 0.1 * predictions(20_000, 10, 5)[1]
    return lambda: us.check(labels, probs, mixed)


@work("evaluate(y, P).cross_entropy, 64 × 10")
def _small() -> Call:
    labels, probs = predictions(64, 10)
    return lambda: us.evaluate(labels, probs).cross_entropy


def _updates(rows: int, classes: int) -> Call:
    labels, probs = predictions(rows, classes)
    names = list(range(classes))
    return lambda: us.Evaluator(classes=names).update(labels, probs)


@work("Evaluator.update, 64 × 10")
def _update_small() -> Call:
    labels, probs = predictions(64, 10)
    evaluator = us.Evaluator(classes=list(range(10)))
    return lambda: evaluator.update(labels, probs)


@work("Evaluator.update, 1,000,000 × 2")
def _update_two() -> Call:
    return _updates(1_000_000, 2)


@work("Evaluator.update, 500,000 × 10")
def _update_ten() -> Call:
    return _updates(500_000, 10)


def _pair(measure: str) -> Call:
    p, q = (us.Logits(logits(20_000, 100, seed=seed)) for seed in (0, 1))
    function = getattr(us, measure)
    return lambda: function(p, q)


for _name in ("kl_divergence", "total_variation", "cross_entropy", "hellinger_distance"):
    WORKS[f"{_name} of logits, 20,000 × 100"] = lambda name=_name: _pair(name)


def _evaluated(path: Path) -> Any:
    return us.evaluate(path, ledger=False)


def _file(
    suffix: str, write: Callable[[Any, Path], None], use: Callable[[Path], Any] = _evaluated
) -> Call:
    import pyarrow as pa

    labels, probs = predictions(100_000, 10)
    columns = {"label": labels, **{f"p_{k}": probs[:, k] for k in range(10)}}
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / f"predictions.{suffix}"
    write(pa.table(columns), path)
    return lambda held=folder: use(path)


def _write_parquet(table: Any, path: Path) -> None:
    import pyarrow.parquet

    pyarrow.parquet.write_table(table, path)


def _write_csv(table: Any, path: Path) -> None:
    import pyarrow.csv

    pyarrow.csv.write_csv(table, path)


def _write_lines(table: Any, path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))


for _suffix, _write in (
    ("parquet", _write_parquet),
    ("csv", _write_csv),
    ("jsonl", _write_lines),
):
    WORKS[f"evaluate of a {_suffix} file, 100,000 × 10"] = lambda suffix=_suffix, write=_write: (
        _file(suffix, write)
    )


def _tensors() -> tuple[Any, Any]:
    import torch

    p, q = (torch.softmax(torch.from_numpy(logits(64, 10, seed=seed)), -1) for seed in (0, 1))
    return p, q


def _of_tensors(measure: str) -> Call:
    p, q = _tensors()
    function = getattr(us, measure)
    return (lambda: function(p)) if measure == "entropy" else (lambda: function(p, q))


@work("fidelity of two npy files, 96 × 128,256, float16")
def _fidelity() -> Call:
    base = logits(96, 128_256, "float16")
    noise = np.random.default_rng(1).standard_normal(base.shape).astype("float16") / 16
    folder = tempfile.TemporaryDirectory()
    paths = [f"{folder.name}/{name}.npy" for name in ("base", "other")]
    for path, scores in zip(paths, (base, base + noise), strict=True):
        np.save(path, scores)
    return lambda held=folder: us.fidelity(*paths)


@peer("fidelity of two npy files, 96 × 128,256, float16", "torch, KL alone")
def _torch_fidelity() -> Call:
    import torch

    base = torch.from_numpy(logits(96, 128_256, "float16"))
    other = base + torch.randn(base.shape) / 16

    def kl() -> float:
        p, q = (side.float().log_softmax(-1) for side in (base, other))
        return float((p.exp() * (p - q)).sum(-1).mean())

    return kl


@peer("entropy of tensors, 64 × 10", "torch")
def _torch_entropy() -> Call:
    import torch

    p, _ = _tensors()
    return lambda: torch.special.entr(p).sum(-1) / LN_2


@peer("kl_divergence of tensors, 64 × 10", "torch")
def _torch_kl() -> Call:
    import torch

    p, q = _tensors()
    return lambda: (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1) / LN_2


@peer("cross_entropy of tensors, 64 × 10", "torch")
def _torch_cross_entropy() -> Call:
    import torch

    p, q = _tensors()
    return lambda: -torch.xlogy(p, q).sum(-1) / LN_2


def _loss() -> Call:
    import torch

    from unsurprised.losses.torch import cross_entropy_loss

    z = torch.from_numpy(logits(64, 10)).requires_grad_()
    labels = torch.from_numpy(np.random.default_rng(0).integers(0, 10, 64))
    return lambda: cross_entropy_loss(z, labels).backward()


if find_spec("torch") is not None:
    for _name in ("entropy", "kl_divergence", "cross_entropy"):
        WORKS[f"{_name} of tensors, 64 × 10"] = lambda name=_name: _of_tensors(name)
    WORKS["cross_entropy_loss, forward and backward, 64 × 10"] = _loss


@peer("evaluate(y, P).cross_entropy, 64 × 10", "scikit-learn")
def _log_loss() -> Call:
    from sklearn.metrics import log_loss

    labels, probs = predictions(64, 10)
    return lambda: log_loss(labels, probs, labels=range(10))


@peer("cross_entropy_loss, forward and backward, 64 × 10", "torch")
def _torch_loss() -> Call:
    import torch

    z = torch.from_numpy(logits(64, 10)).requires_grad_()
    labels = torch.from_numpy(np.random.default_rng(0).integers(0, 10, 64))
    return lambda: torch.nn.functional.cross_entropy(z, labels).backward()


@peer("evaluate of a csv file, 100,000 × 10", "polars, read only")
def _polars_csv() -> Call:
    import polars

    return _file("csv", _write_csv, polars.read_csv)


@peer("evaluate of a jsonl file, 100,000 × 10", "polars, read only")
def _polars_lines() -> Call:
    import polars

    return _file("jsonl", _write_lines, polars.read_ndjson)


def best(call: Call, seconds: float) -> float:
    """The shortest of some calls, at least three of them."""
    call()
    shortest, began, done = float("inf"), time.perf_counter(), 0
    while done < 3 or time.perf_counter() - began < seconds:
        at = time.perf_counter()
        call()
        shortest, done = min(shortest, time.perf_counter() - at), done + 1
    return shortest


def timed(pattern: str, seconds: float, *, peers: bool) -> Iterator[tuple[str, float]]:
    """The works whose name matches, each with its best time; peers' as "PEER: WORK"."""
    for name, make in WORKS.items():
        if not re.search(pattern, name):
            continue
        beside = {f"{who}: {name}": other for (of, who), other in PEERS.items() if of == name}
        for called, way in {name: make, **(beside if peers else {})}.items():
            try:
                yield called, best(way(), seconds)
            except (AttributeError, ImportError, TypeError):  # what this commit does not have
                continue


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--peers", action="store_true", help="time peers too")
    asked = parser.parse_args()
    print(json.dumps(dict(timed(asked.only, asked.seconds, peers=asked.peers))))


if __name__ == "__main__":
    main()
