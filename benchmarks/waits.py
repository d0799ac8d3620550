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
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import unsurprised as us

Call = Callable[[], Any]
#: Makes the data, and then the call that is timed.
Work = Callable[[], Call]
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
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
    made = 3 * np.random.default_rng(seed).standard_normal((rows, classes))
    if dtype != "bfloat16":
        return made.astype(dtype)
    import ml_dtypes

    return made.astype(ml_dtypes.bfloat16)


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


def _wide(ask: Callable[[Any, Any], Any], rows: int) -> Call:
    p, q = (us.Logits(logits(rows, 128_256, "float16", seed)) for seed in (0, 1))
    return lambda: ask(p, q)


for _rows in (16, 128):
    _size = f"{_rows} × 128,256, float16"
    WORKS[f"evaluate(Logits, Logits), {_size}"] = lambda rows=_rows: _wide(_without_ledger, rows)
    WORKS[f"evaluate(Logits, Logits).cross_entropy, {_size}"] = lambda rows=_rows: _wide(
        _cross_entropy, rows
    )


def _without_ledger(truth: Any, model: Any) -> Any:
    return us.evaluate(truth, model, ledger=False).cross_entropy


def _cross_entropy(truth: Any, model: Any) -> Any:
    return us.evaluate(truth, model).cross_entropy


def _surprisals(labels: Any, model: Any) -> Any:
    return us.surprisal(model, at=labels)


def _of_labels(ask: Callable[[Any, Any], Any], classes: int) -> Call:
    labels, model = of_labels(64, classes)
    return lambda: ask(labels, model)


for _classes in (32_000, 262_144):
    for _name, _ask in (
        ("surprisal of logits at labels", _surprisals),
        ("evaluate(labels, Logits)", _without_ledger),
        ("evaluate(labels, Logits).cross_entropy", _cross_entropy),
    ):
        WORKS[f"{_name}, 64 × {_classes:,}"] = lambda ask=_ask, classes=_classes: _of_labels(
            ask, classes
        )


def _many_classes(classes: int) -> Call:
    labels, probs = predictions(200, classes)
    return lambda: us.evaluate(labels, probs, ledger=False)


for _classes in (10_000, 100_000):
    WORKS[f"evaluate without the ledger, 200 × {_classes:,}"] = lambda classes=_classes: (
        _many_classes(classes)
    )


@work("evaluate with the ledger, 200 × 10,000")
def _ledger_of_many_classes() -> Call:
    labels, probs = predictions(200, 10_000)
    return lambda: us.evaluate(labels, probs).ledger


def _in_memory() -> tuple[np.ndarray, np.ndarray]:
    labels, probs = predictions(1_000_000, 10)
    return labels, probs.astype("float32")


@work("evaluate without the ledger, 1,000,000 × 10, float32")
def _large() -> Call:
    labels, probs = _in_memory()
    return lambda: us.evaluate(labels, probs, ledger=False)


@work("evaluate with the ledger, 1,000,000 × 10, float32")
def _large_ledger() -> Call:
    labels, probs = _in_memory()
    return lambda: us.evaluate(labels, probs).ledger


@peer("evaluate without the ledger, 1,000,000 × 10, float32", "torch, the loss alone")
def _torch_large() -> Call:
    import torch

    labels, probs = map(torch.from_numpy, _in_memory())
    return lambda: torch.nn.functional.nll_loss(probs.log(), labels)


@peer("evaluate without the ledger, 1,000,000 × 10, float32", "scikit-learn, the loss alone")
def _log_loss_large() -> Call:
    from sklearn.metrics import log_loss

    labels, probs = _in_memory()
    return lambda: log_loss(labels, probs, labels=range(10))


@work("evaluate with the ledger, 20,000 × 10")
def _ledger() -> Call:
    labels, probs = predictions(20_000, 10)
    return lambda: us.evaluate(labels, probs).ledger


@work("evaluate with the ledger, 200,000 × 10")
def _ledger_of_a_whole_sample() -> Call:
    labels, probs = predictions(200_000, 10)
    return lambda: us.evaluate(labels, probs).ledger


def _fit(kind: str, rows: int, classes: int) -> Call:
    labels, probs = predictions(rows, classes)
    calibrator = getattr(us.calibrators, kind)
    return lambda: calibrator().fit(probs, labels)


for _kind in ("TemperatureScaling", "VectorScaling", "IsotonicCalibration"):
    WORKS[f"{_kind}, 50,000 × 100"] = lambda kind=_kind: _fit(kind, 50_000, 100)
WORKS["StructuredScaling, 10,000 × 100"] = lambda: _fit("StructuredScaling", 10_000, 100)


def _two_models() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, and predictions of two models."""
    labels, probs = predictions(20_000, 10)
    return labels, probs, 0.9 * probs + 0.1 * predictions(20_000, 10, 5)[1]


@work("compare, 20,000 × 10")
def _compare() -> Call:
    models = _two_models()
    return lambda: us.compare(*models).difference


@work("compare, 20,000 × 10, and all that it tells")
def _compare_all() -> Call:
    models = _two_models()
    return lambda: us.compare(*models).as_dict()


@work("check of two models, 20,000 × 10")
def _check() -> Call:
    models = _two_models()
    return lambda: us.check(*models)


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


@work("Evaluator.update, 640 times 64 × 10, and the bytes")
def _updates_small() -> Call:
    labels, probs = predictions(64, 10)
    names = list(range(10))

    def updated() -> bytes:
        evaluator = us.Evaluator(classes=names)
        for _ in range(640):
            evaluator.update(labels, probs)
        return evaluator.to_bytes()

    return updated


def _of_arrays(measure: str) -> Call:
    p, q = (predictions(64, 10, seed)[1] for seed in (0, 1))
    function = getattr(us, measure)
    return (lambda: function(p)) if measure == "entropy" else (lambda: function(p, q))


for _name in ("entropy", "kl_divergence", "cross_entropy"):
    WORKS[f"{_name} of arrays, 64 × 10"] = lambda name=_name: _of_arrays(name)


@work("Evaluator.update, 1,000,000 × 2")
def _update_two() -> Call:
    return _updates(1_000_000, 2)


@work("Evaluator.update, 500,000 × 10")
def _update_ten() -> Call:
    return _updates(500_000, 10)


def _pair(measure: str, rows: int, classes: int, dtype: str) -> Call:
    p, q = (us.Logits(logits(rows, classes, dtype, seed)) for seed in (0, 1))
    function = getattr(us, measure)
    return lambda: function(p, q)


#: KL the other way is KL of both exchanged, and takes as long; Jeffreys' is both.
_OF_PAIRS = (
    "kl_divergence",
    "js_divergence",
    "jeffreys_divergence",
    "cross_entropy",
    "total_variation",
    "hellinger_distance",
    "bhattacharyya_distance",
)
_PAIRS = ((20_000, 100, "float32"), (1_000, 1_000, "bfloat16"), (16, 128_256, "float16"))
WORKS["kl_divergence of logits, 128 × 128,256, float16"] = lambda: _wide(us.kl_divergence, 128)

for _name in _OF_PAIRS:
    for _shape in _PAIRS:
        _said = f"{_name} of logits, {_shape[0]:,} × {_shape[1]:,}"
        if _shape[2] != "float32":
            _said += f", {_shape[2]}"
        WORKS[_said] = lambda name=_name, shape=_shape: _pair(name, *shape)


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


#: What PyTorch's users write instead, in its operations; they neither check nor normalise.
_IN_TORCH: dict[str, Callable[[Any, Any], Any]] = {
    "entropy": lambda p, q: -(p * p.log()).sum(-1),
    "kl_divergence": lambda p, q: (p * (p.log() - q.log())).sum(-1),
    "cross_entropy": lambda p, q: -(p * q.log()).sum(-1),
}


def _by_torch(measure: str) -> Call:
    p, q = _tensors()
    formula = _IN_TORCH[measure]
    return lambda: formula(p, q)


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


def _loss(rows: int, classes: int, *, peer: bool = False) -> Call:
    import torch

    from unsurprised.losses.torch import cross_entropy_loss

    z = torch.from_numpy(logits(rows, classes)).requires_grad_()
    labels = torch.from_numpy(np.random.default_rng(0).integers(0, classes, rows))
    loss = torch.nn.functional.cross_entropy if peer else cross_entropy_loss
    return lambda: loss(z, labels).backward()


if find_spec("torch") is not None:
    for _name in _IN_TORCH:
        _title = f"{_name} of tensors, 64 × 10"
        WORKS[_title] = lambda name=_name: _of_tensors(name)
        PEERS[_title, "torch"] = lambda name=_name: _by_torch(name)
    for _rows, _classes in ((64, 10), (256, 1_000)):
        _title = f"cross_entropy_loss, forward and backward, {_rows} × {_classes:,}"
        WORKS[_title] = lambda rows=_rows, classes=_classes: _loss(rows, classes)
        PEERS[_title, "torch"] = lambda rows=_rows, classes=_classes: _loss(
            rows, classes, peer=True
        )


@peer("evaluate(y, P).cross_entropy, 64 × 10", "scikit-learn")
def _log_loss() -> Call:
    from sklearn.metrics import log_loss

    labels, probs = predictions(64, 10)
    return lambda: log_loss(labels, probs, labels=range(10))


def _process(*arguments: str) -> Call:
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, check=True, capture_output=True)


@work("unsurprised --version, the process")
def _version() -> Call:
    return _process("-m", "unsurprised", "--version")


@peer("unsurprised --version, the process", "python -c pass")
def _nothing() -> Call:
    return _process("-c", "pass")


@work("unsurprised evaluate digits.parquet, the process")
def _digits() -> Call:
    return _process("-m", "unsurprised", "evaluate", str(EXAMPLES / "digits.parquet"))


@peer("unsurprised evaluate digits.parquet, the process", "its imports of others")
def _imports() -> Call:
    return _process("-c", "import numpy, pyarrow.compute, pyarrow.parquet, typer")


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
