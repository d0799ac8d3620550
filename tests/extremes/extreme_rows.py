"""Rows of numbers as extreme as they are legal, and what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

import unsurprised as us

LEAST = 5e-324
BELOW_ONE = 1 - 2.0**-53
BIG = np.finfo(np.float64).max


@dataclass(frozen=True)
class Case:
    """The arguments of one evaluation."""

    name: str
    truth: Any
    model: Any
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def _labels(count: int, classes: int = 2) -> np.ndarray:
    """Labels that no simple rule gives, every class among them."""
    return np.arange(count) * 7 % 11 % classes


def _rows(count: int, classes: int = 2, sharp: float = 1.0) -> np.ndarray:
    scores = np.sin(np.arange(count * classes).reshape(count, classes) * 1.7) * sharp
    rows = np.exp(scores)
    return rows / rows.sum(axis=1, keepdims=True)


def _masked(dtype: Any, mask: float, count: int = 60) -> np.ndarray:
    scores = np.sin(np.arange(count * 4).reshape(count, 4) * 1.7).astype(dtype)
    scores[::2, 3] = mask
    return scores


def _likely(count: int, classes: int = 3) -> np.ndarray:
    """Labels that are mostly the top class of the first three."""
    return np.where(np.arange(count) % 3 == 0, _labels(count, classes), 1)


N = 60


def probabilities() -> list[Case]:
    """Binary and other probabilities at the ends of what floats hold."""
    labels, rows = _labels(N), _rows(N)
    pair = [1.0, LEAST]
    kinds = {
        "denormal": [pair] * 12,
        "denormal, many": [pair] * N,
        "denormal beside ordinary": [*[pair] * 30, *rows[:30].tolist()],
        "denormal on either side": [[1.0, LEAST], [LEAST, 1.0]] * 30,
        "from 5e-324 to 1": [[1 - p, p] for p in np.geomspace(1e-320, 1.0, N).tolist()],
        "one ulp below 1": [[2.0**-53, BELOW_ONE]] * N,
        "tiny p": [[1.0, 1e-200]] * N,
        "tiny p, spread": [[1.0, 10.0**-k] for k in range(100, 100 + N)],
        "equal": [[0.5, 0.5]] * N,
    }
    cases = [Case(name, [0] * len(k), k) for name, k in kinds.items()]
    cases += [Case(f"{name}, both happen", _labels(len(k)), k) for name, k in kinds.items()]
    sure = np.eye(2)[labels]
    cases += [
        Case("certain and right", labels, sure),
        Case("certain and wrong", labels, sure[:, ::-1]),
        Case("certain, wrong once", labels, np.vstack([sure[:1, ::-1], sure[1:]])),
        Case("one row", [1], [[0.25, 0.75]]),
        Case("one certain row", [1], [[0.0, 1.0]]),
        Case("one wrong row", [0], [[0.0, 1.0]]),
        Case("two identical rows", [1, 1], [[0.25, 0.75]] * 2),
        Case("one class happens", [0] * N, rows),
        Case("one class is there", [0] * N, np.ones((N, 1))),
        Case("one class of 30 happens", [0] * N, _rows(N, 30)),
        Case("many classes", np.arange(N) % 30, _rows(N, 30, 30.0)),
        Case("denormal, three classes", _labels(N, 3), [[1.0, LEAST, 0.0]] * N),
        Case("subnormal shares", _labels(N, 3), [[1.0, LEAST, 1e-310]] * N),
        Case("float32 subnormal", _labels(N), np.array([[1.0, 1e-45]] * N, np.float32)),
        Case("float16 subnormal", _labels(N), np.array([[1.0, 6e-8]] * N, np.float16)),
    ]
    return cases


def scores() -> list[Case]:
    """Logits and log-probabilities: masks, the largest floats, differences that overflow."""
    likely = _likely(N)
    lowest = {
        "float16": (np.float16, -65504.0),
        "bfloat16": (ml_dtypes.bfloat16, float(ml_dtypes.finfo(ml_dtypes.bfloat16).min)),
        "float32": (np.float32, float(np.finfo(np.float32).min)),
        "float64": (np.float64, -BIG),
    }
    cases = [
        Case(f"logits masked by the lowest {name}", likely, us.Logits(_masked(dtype, mask)))
        for name, (dtype, mask) in lowest.items()
    ]
    cases += [
        Case(
            f"lowest {name} happens",
            np.full(N, 3),
            us.Logits(_masked(dtype, mask)),
        )
        for name, (dtype, mask) in lowest.items()
    ]
    odd = np.sin(np.arange(N) * 1.7)
    cases += [
        Case("logits masked by −inf", likely, us.Logits(_masked(np.float32, -np.inf))),
        Case("a masked class happens", np.full(N, 3), us.Logits(_masked(np.float32, -np.inf))),
        Case("all logits 1e308", _labels(N, 3), us.Logits(np.full((N, 3), 1e308))),
        Case("logits 1e308 and −1e308", likely % 2, us.Logits(np.array([[-1e308, 1e308]] * N))),
        Case("logits ±max", likely % 2, us.Logits(np.array([[-BIG, BIG]] * N))),
        Case(
            "logits ±max, either way",
            _labels(N),
            us.Logits(np.array([[-BIG, BIG], [BIG, -BIG]] * (N // 2))),
        ),
        Case("logits ±1e308, three", likely, us.Logits(np.array([[0.0, 1e308, -1e308]] * N))),
        Case("surprisals whose sum overflows", [0] * N, us.Logits(np.array([[-1.5e308, 0.0]] * N))),
        Case("surprisals of 1e300", _labels(N), us.Logits(np.outer(odd, [1e300, -1e300]))),
        Case("logits denormal", _labels(N), us.Logits(np.outer(odd, [1e-310, -1e-310]))),
        Case("log-odds ±max", _labels(N), us.Logits(np.where(odd > 0, BIG, -BIG))),
        Case("log-odds −max", [0] * N, us.Logits(np.full(N, -BIG))),
        Case("log-probabilities of −1e300", _labels(N), us.LogProbs(np.array([[0.0, -1e300]] * N))),
        Case("log-probabilities of −1e308", _labels(N), us.LogProbs(np.array([[0.0, -1e308]] * N))),
        Case("log-probabilities of −max", [0] * N, us.LogProbs(np.array([[0.0, -BIG]] * N))),
        Case("log-probabilities of −745", _labels(N), us.LogProbs(np.array([[0.0, -745.0]] * N))),
        Case("log-probabilities of −inf", [0] * N, us.LogProbs(np.array([[0.0, -np.inf]] * N))),
    ]
    return cases


def weights() -> list[Case]:
    """Weights of every size that is legal, alone and mixed."""
    labels, rows = _labels(N), _rows(N)
    three, of_three = _labels(N, 3), _rows(N, 3)
    tiny = np.where(np.arange(N) % 2, 1e-300, 1e99)
    chosen = {
        "one positive": np.eye(N)[7],
        "one positive, 1e-300": np.eye(N)[7] * 1e-300,
        "two positive": np.eye(N)[7] + np.eye(N)[9],
        "1e-100": np.full(N, 1e-100),
        "1e-200": np.full(N, 1e-200),
        "1e-300": np.full(N, 1e-300),
        "5e-324": np.full(N, LEAST),
        "1e99": np.full(N, 1e99),
        "1e100": np.full(N, 1e100),
        "1e-300 and 1e99": tiny,
        "one 1e99 among 1e-300": np.where(np.arange(N) == 3, 1e99, 1e-300),
        "one 1 among 1e-300": np.where(np.arange(N) == 3, 1.0, 1e-300),
        "one 1 among 5e-324": np.where(np.arange(N) == 3, 1.0, LEAST),
        "geometric": np.geomspace(1e-300, 1e99, N),
        "softmax": np.exp(-np.arange(N) * 12.0),
    }
    cases = [Case(f"weights {n}", labels, rows, {"weights": w}) for n, w in chosen.items()]
    cases += [
        Case(f"weights {n}, three classes", three, of_three, {"weights": w})
        for n, w in chosen.items()
    ]
    cases += [
        Case(f"weights {n}, soft truth", of_three[::-1], of_three, {"weights": w})
        for n, w in chosen.items()
    ]
    cases += [
        Case("weights 1e-300, denormal", labels, [[1.0, LEAST]] * N, {"weights": [1e-300] * N}),
        Case("weights 1e-300, sure", [0] * N, [[1.0, 1e-30]] * N, {"weights": [1e-300] * N}),
        Case(
            "weights 1e-300, clusters",
            labels,
            rows,
            {"weights": [1e-300] * N, "cluster": np.arange(N) // 3},
        ),
        Case(
            "weights 1e100 of surprisals of 1e300",
            labels,
            us.Logits(np.outer(np.sin(np.arange(N)), [1e300, -1e300])),
            {"weights": [1e100] * N},
        ),
        Case(
            "weights 1e-300, slices",
            labels,
            rows,
            {"weights": [1e-300] * N, "by": {"odd": np.arange(N) % 2}},
        ),
        Case(
            "a slice of weight 0",
            labels,
            rows,
            {"weights": np.arange(N) % 2, "by": {"odd": np.arange(N) % 2}},
        ),
        Case(
            "slices of 1e-300 and 1e99",
            labels,
            rows,
            {"weights": tiny, "by": {"odd": np.arange(N) % 2}},
        ),
    ]
    return cases


def truths() -> list[Case]:
    """Soft truths, votes and smoothing at their ends."""
    rows = _rows(N, 3)
    return [
        Case("votes of 2^53", us.Counts(np.array([[2**53, 1, 0]] * N)), rows),
        Case("votes of 1e300", us.Counts(np.array([[1e300, 1.0, 0.0]] * N)), rows),
        Case("votes of 1e308", us.Counts(np.array([[1e308, 1e308, 1e308]] * N)), rows),
        Case("votes of 5e-324", us.Counts(np.array([[LEAST, LEAST, 0.0]] * N)), rows),
        Case("votes of 1e-300 and 1e300", us.Counts(np.array([[1e300, 1e-300, 0.0]] * N)), rows),
        Case("soft denormal", np.array([[1.0, LEAST, 0.0]] * N), rows),
        Case("soft of certain models", rows, np.eye(3)[_labels(N, 3)]),
        Case("soft and the same", rows, rows),
        Case("soft logits", us.Logits(np.array([[-1e308, 1e308, 0.0]] * N)), rows),
        Case("smoothing 1", us.Labels(_labels(N, 3), smoothing=1.0, classes=3), rows),
        Case("smoothing 5e-324", us.Labels(_labels(N, 3), smoothing=LEAST, classes=3), rows),
        Case("smoothing 2^-53", us.Labels(_labels(N, 3), smoothing=2.0**-53, classes=3), rows),
        Case("many yes or no", _labels(2 * N).reshape(N, 2), np.tile([[LEAST, BELOW_ONE]], (N, 1)),
             {"multilabel": True}),
    ]  # fmt: skip


def places() -> list[Case]:
    """Ids, clusters, slices and options at their ends."""
    labels, rows = _labels(N), _rows(N)
    top, bottom = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    each = np.arange(N)

    def case(name: str, **options: Any) -> Case:
        return Case(name, labels, rows, options)

    return [
        case("ids at both ends", ids=np.where(each % 2, top - each, bottom + each)),
        case("ids all the same", ids=np.zeros(N, np.int64)),
        case("ids of uint64", ids=each.astype(np.uint64) + np.uint64(2**62)),
        case("one cluster", cluster=np.zeros(N, np.int64)),
        case("each its own cluster", cluster=each),
        case("clusters at both ends", cluster=np.where(each % 2, top, bottom)),
        case("each its own slice", by={"row": each.astype(str)}),
        case("one slice", by={"row": ["a"] * N}),
        case("constant numbers", by={"x": np.full(N, 1e308)}),
        case("numbers at both ends", by={"x": np.where(each % 2, BIG, -BIG)}),
        case("denormal numbers", by={"x": each * LEAST}),
        case("infinite numbers", by={"x": np.where(each % 2, np.inf, -np.inf)}),
        case("NaN numbers", by={"x": np.full(N, np.nan)}),
        case("numbers from end to end", by={"x": np.geomspace(1e-320, 1e308, N)}),
        case("integers at both ends", by={"x": np.where(each % 2, top, bottom)}),
        case("numbers of uint64", by={"x": each.astype(np.uint64) + np.uint64(2**63)}),
        case("tolerance 0", tolerance=0.0),
        case("tolerance 1e300", tolerance=1e300),
        case("base just above 1", base=1 + 1e-15),
        case("base 1e300", base=1e300),
        case("base just below 1", base=1 - 1e-15),
        case("base 5e-324", base=LEAST),
        case("top 0", top=0),
        case("batches of one row", batch_rows=1),
        Case("infinite, sliced", labels, np.eye(2)[1 - labels], {"by": {"odd": each % 2}}),
        Case("sums of 1e300", labels, rows * 1e300, {"normalize": True}),
        Case("sums of 1e-300", labels, rows * 1e-300, {"normalize": True}),
        Case("sums that overflow", labels, np.full((N, 2), 1e308), {"normalize": True}),
        Case("sums of denormals", labels, np.full((N, 2), LEAST), {"normalize": True}),
    ]


CASES = [*probabilities(), *scores(), *weights(), *truths(), *places()]

#: What cannot be answered, by a word of the error that says so.
REFUSED = {
    "one class is there": "nothing to say",
    "logits ±1e308, three": "sum no float holds",
    "log-probabilities of −1e308": "sum no float holds",
    "votes of 1e308": "too large",
    "votes of 5e-324": "votes that add up to",
    "weights 5e-324": "lost their digits",
    "weights 5e-324, three classes": "lost their digits",
    "weights 5e-324, soft truth": "lost their digits",
    "weights 1e-300, denormal": "lost their digits",
    "weights 1e-300, sure": "lost their digits",
    "weights 1e100 of surprisals of 1e300": "whose product no float holds",
    "tolerance 0": "sum to 0.9999999999999999 ",
    "base just below 1": "base of a logarithm",
    "base 5e-324": "base of a logarithm",
    "sums that overflow": "too large",
}
ANSWERED = [case for case in CASES if case.name not in REFUSED]
