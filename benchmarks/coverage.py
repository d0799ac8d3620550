"""How often the 95 % intervals hold the truth, and how often calibrated models are rejected.

    python -m benchmarks.coverage [--runs 1000] [--test-runs 10000] [--only TITLE] [--seconds S]

It goes on where it was left, for as many data sets as are wanted.

Data sets are drawn from models whose true values are known, or found once from many more rows than
any data set has. Each is evaluated as a user would; counted is how often each interval holds the
truth. A share of n runs is off by about √(p (1 − p) / n), which is shown beside it.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import unsurprised as us
from benchmarks.machine import description
from unsurprised.evaluation.ledger import ledger_of
from unsurprised.evaluation.quantiles import LEVELS
from unsurprised.evaluation.sampled import Sampled, sampled_of

Values = NDArray[np.float64]
#: Rows from which the true values are found.
MANY = 4_000_000
#: What the project holds itself to.
LEAST_COVERAGE, MOST_REJECTIONS = 0.93, 0.06

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class DataSet:
    """Rows to evaluate."""

    labels: NDArray[np.int64]
    probs: Values
    weights: Values | None = None
    clusters: NDArray[np.int64] | None = None
    names: NDArray[Any] | None = None


Make = Callable[[np.random.Generator, int], DataSet]


@dataclass(frozen=True)
class Scenario:
    """Where data sets come from, and how large they are."""

    title: str
    make: Make
    rows: int
    #: The statistics that have no true value here, or one that is on the edge of what is possible.
    without: tuple[str, ...] = ()


def softmax(scores: Values) -> Values:
    probs = np.exp(scores - scores.max(axis=1, keepdims=True))
    return probs / probs.sum(axis=1, keepdims=True)


def drawn(generator: np.random.Generator, scores: Values) -> NDArray[np.int64]:
    return (scores + generator.gumbel(size=scores.shape)).argmax(axis=1)


def multiclass(sharpness: float, classes: int = 4, spread: float = 1.5) -> Make:
    """A model whose scores are too sharp by a factor."""

    def make(generator: np.random.Generator, rows: int) -> DataSet:
        scores = spread * generator.standard_normal((rows, classes))
        labels = drawn(generator, scores)
        names = np.where(generator.random(rows) < 0.3, "few", "many")
        return DataSet(labels, softmax(sharpness * scores), names=names)

    return make


def binary(sharpness: float, prior: float = 0.0, spread: float = 1.5) -> Make:
    """Two classes; odds that are too sharp by a factor."""

    def make(generator: np.random.Generator, rows: int) -> DataSet:
        odds = prior + spread * generator.standard_normal(rows)
        labels = (generator.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.int64)
        names = np.where(generator.random(rows) < 0.3, "few", "many")
        return DataSet(labels, 1 / (1 + np.exp(-sharpness * odds)), names=names)

    return make


def weighted(make: Make) -> Make:
    """The same with weights that know of the difficulty."""

    def heavier(generator: np.random.Generator, rows: int) -> DataSet:
        data = make(generator, rows)
        top = data.probs.max(axis=1) if data.probs.ndim == 2 else data.probs
        weights = generator.exponential(size=rows) * (0.3 + top)
        return DataSet(data.labels, data.probs, weights, names=data.names)

    return heavier


def clustered(size: int = 10, classes: int = 4, sharpness: float = 1.5) -> Make:
    """Rows of a cluster share a part of their scores that the model does not see."""

    def make(generator: np.random.Generator, rows: int) -> DataSet:
        clusters = np.repeat(np.arange(-(-rows // size)), size)[:rows]
        common = generator.standard_normal((clusters[-1] + 1, classes))[clusters]
        seen = 1.2 * generator.standard_normal((rows, classes))
        labels = drawn(generator, seen + common)
        names = np.where(clusters % 10 < 3, "few", "many")
        return DataSet(labels, softmax(sharpness * seen), clusters=clusters, names=names)

    return make


#: Of calibrated models the parts of the ledger lie on the edge of what is possible.
SCENARIOS = (
    Scenario("two classes, over-confident", binary(1.8), 1000),
    Scenario("two classes, one rare, over-confident", binary(1.6, prior=-2.5), 3000),
    Scenario("four classes, over-confident", multiclass(1.6), 1000),
    Scenario("four classes, over-confident, few rows", multiclass(1.8), 300),
    Scenario("ten classes, over-confident", multiclass(1.5, classes=10), 3000),
    Scenario("four classes, calibrated", multiclass(1.0), 1000, ("ledger",)),
    Scenario("four classes, weights", weighted(multiclass(1.6)), 1000),
    Scenario("four classes, 100 clusters of 10", clustered(), 1000),
)


def evaluated(data: DataSet, *, ledger: bool = True) -> us.Evaluation:
    return us.evaluate(
        data.labels,
        data.probs,
        weights=data.weights,
        cluster=data.clusters,
        by=None if data.names is None else {"name": data.names},
        ledger=ledger,
    )


def estimates(found: us.Evaluation) -> dict[str, us.Estimate]:
    """Every estimate of an evaluation that is reported, by a name."""
    names = (
        "cross_entropy", "perplexity", "label_entropy", "information_gained",
        "information_gained_share", "expected_surprisal", "confidence_gap", "accuracy",
        "worse_than_uniform",
    )  # fmt: skip
    listed = {name.replace("_", " "): getattr(found, name) for name in names}
    listed |= {f"quantile {level:g}": found.quantiles[level] for level in LEVELS}
    few = next(part for part in found.slices if part.value == "few")
    for name in ("cross_entropy", "contribution", "share", "confidence_gap", "accuracy", "excess"):
        listed[f"slice: {name.replace('_', ' ')}"] = getattr(few, name)
    if found.brier is not None:
        listed["Brier score"] = found.brier.score
    for gap in found.gaps_by_class[-1:]:
        for name in ("cross_entropy", "expected_surprisal", "gap", "accuracy", "confidence"):
            listed[f"top class: {name.replace('_', ' ')}"] = getattr(gap, name)
    if found.ledger is not None:
        for each in found.ledger.recalibrations:
            for part in ("discrimination", "miscalibration"):
                listed[f"ledger: {part}, {each.family}"] = getattr(each, part)
    return {name: each for name, each in listed.items() if each is not None}


def truth_of(scenario: Scenario) -> dict[str, float]:
    """The true values: of very many rows, and of the cross-fitted parts of the ledger two.

    What a recalibration saves that is fitted on four fifths of so few rows is what the
    cross-fitted value is an estimate of; its mean over data sets tells it. What the best one of
    all would save ("at best") is a bit more.
    """
    generator = np.random.default_rng(1)
    data = scenario.make(generator, MANY)
    truth = {name: each.value for name, each in estimates(evaluated(data, ledger=False)).items()}
    surprisals = us.surprisal(as_columns(data.probs), at=data.labels)
    order = np.argsort(surprisals)
    weights = np.ones(MANY) if data.weights is None else data.weights
    reached = np.cumsum(weights[order])
    for level in LEVELS:  # not of the histogram's bins
        at = np.searchsorted(reached, level * reached[-1])
        truth[f"quantile {level:g}"] = float(surprisals[order][at])
    large = _means(scenario, generator, 200_000, 6)
    truth |= {name: value for name, value in large.items() if name not in truth}
    small = _means(scenario, generator, scenario.rows, 250)
    for name in [name for name in truth if name.startswith("ledger: ")]:
        truth[f"{name}, at best"] = truth[name]
        truth[name] = small[name]
    return truth


def _means(
    scenario: Scenario, generator: np.random.Generator, rows: int, runs: int
) -> dict[str, float]:
    parts: dict[str, list[float]] = {}
    for _ in range(runs):
        for name, each in estimates(evaluated(scenario.make(generator, rows))).items():
            parts.setdefault(name, []).append(each.value)
    return {name: float(np.mean(values)) for name, values in parts.items()}


def as_columns(probs: Values) -> Values:
    return probs if probs.ndim == 2 else np.stack([1 - probs, probs], axis=1)


def cover(scenario: Scenario, record: dict[str, Any], runs: int, until: float) -> None:
    """Add data sets to a scenario's record, up to a number and for as long as there is time."""
    record.setdefault("rows", scenario.rows)
    if "truth" not in record:
        record["truth"] = truth_of(scenario)
    truth, counts = record["truth"], record.setdefault("counts", {})
    while record.setdefault("runs", 0) < runs and time.perf_counter() < until:
        generator = np.random.default_rng([7, record["runs"]])
        record["runs"] += 1
        found = estimates(evaluated(scenario.make(generator, scenario.rows)))
        parts = [name for name in found if name.startswith("ledger: ")]
        found |= {f"{name}, at best": found[name] for name in parts}
        for name, each in found.items():
            if name.startswith(scenario.without or ("no such",)):
                continue
            held = counts.setdefault(name, [0, 0])
            # A quantile is read from bins that are 0.8 % wide.
            slack = 0.008 * truth[name] if name.startswith("quantile") else 0.0
            held[0] += bool(each.low - slack <= truth[name] <= each.high + slack)
            held[1] += 1


def reject(classes: int, rows: int, record: dict[str, Any], runs: int, until: float) -> None:
    """Count how many calibrated models the test against calibration rejects, by family."""
    title = f"{classes} classes, {rows} rows"
    done = max((n for name, (_, n) in record.items() if name.startswith(title)), default=0)
    for run in range(done, runs):
        if time.perf_counter() > until:
            return
        generator = np.random.default_rng([11, classes, run])
        probs = generator.dirichlet(np.full(classes, 0.7), size=rows)
        labels = (probs.cumsum(axis=1) < generator.random((rows, 1))).sum(axis=1)
        rows_of_run = sampled(np.minimum(labels, classes - 1), probs)
        ledger = ledger_of(rows_of_run, lambda found: found).ledger
        for each in () if ledger is None else ledger.recalibrations:
            held = record.setdefault(f"{title}: {each.family}", [0, 0])
            held[0] += bool(each.if_calibrated is not None and each.if_calibrated.exceeded)
            held[1] += 1


def sampled(labels: NDArray[np.int64], probs: Values) -> Sampled:
    """The sample of some rows, from which the ledger is made."""
    states = us.Evaluator().update(labels, probs)._states
    assert states is not None
    found = sampled_of(states, refused=False)
    assert found is not None
    return found


def percent(hits: int, runs: int) -> str:
    share = hits / runs
    return f"{100 * share:.1f} ± {100 * math.sqrt(max(share * (1 - share), 1e-4) / runs):.1f}"


def markdown(record: dict[str, Any]) -> str:
    """Tables of the record."""
    machine = ", ".join(f"{name} {value}" for name, value in record["machine"].items())
    lines = [
        "## How often the intervals hold the truth",
        "",
        "Percent of simulated data sets, with its own simulation error (one standard error). "
        f"The aim is at least {100 * LEAST_COVERAGE:.0f} %.",
        "",
        f"Measured on: {machine}",
        "",
    ]
    scenarios = {title: each for title, each in record["coverage"].items() if each.get("counts")}
    names = list(dict.fromkeys(name for each in scenarios.values() for name in each["counts"]))
    titles = [f"{title} ({each['rows']:,} rows)" for title, each in scenarios.items()]
    lines += ["| | " + " | ".join(titles) + " |", "|---|" + "---|" * len(titles)]
    for name in names:
        cells = [
            percent(*each["counts"][name]) if name in each["counts"] else "–"
            for each in scenarios.values()
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    runs = ", ".join(map(str, sorted({each["runs"] for each in scenarios.values()})))
    about = (
        "for what the best recalibration saves; the line above: for one fitted on 4/5 of the rows"
    )
    lines += ["", f"Data sets a scenario: {runs}. *At best*: {about}.", ""]
    lines += [
        "## How often calibrated models are rejected",
        "",
        f"At 5 %; the aim is at most {100 * MOST_REJECTIONS:.0f} %.",
        "",
        "| test | models | rejected, % |",
        "|---|---|---|",
    ]
    for name, (hits, count) in record["rejections"].items():
        lines.append(f"| {name} | {count:,} | {percent(hits, count)} |")
    return "\n".join(lines) + "\n"


def verdict(record: dict[str, Any]) -> list[str]:
    """What falls short of the aims, by more than the simulation's own error explains."""
    short = []
    for title, each in record["coverage"].items():
        for name, (hits, runs) in each.get("counts", {}).items():
            if hits / runs < LEAST_COVERAGE:
                short.append(f"{title}: {name} {percent(hits, runs)} %")
    for name, (hits, runs) in record["rejections"].items():
        if hits / runs > MOST_REJECTIONS:
            short.append(f"rejected: {name} {percent(hits, runs)} %")
    return short


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--test-runs", type=int, default=10_000)
    parser.add_argument("--only", default="", help="scenarios whose title holds this; or 'test'")
    parser.add_argument("--seconds", type=float, default=math.inf, help="go on another time")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    path = options.results / "coverage.json"
    record = json.loads(path.read_text()) if path.exists() else {}
    record = {"coverage": {}, "rejections": {}, **record, "machine": description()}
    until = time.perf_counter() + options.seconds
    for scenario in SCENARIOS:
        if options.only in scenario.title and time.perf_counter() < until:
            cover(scenario, record["coverage"].setdefault(scenario.title, {}), options.runs, until)
            _save(record, options.results)
    if options.only in ("", "test"):
        for classes, rows in ((2, 300), (3, 300)):
            reject(classes, rows, record["rejections"], options.test_runs, until)
            _save(record, options.results)
    print(*verdict(record), sep="\n")


def _save(record: dict[str, Any], results: Path) -> None:
    results.mkdir(parents=True, exist_ok=True)
    (results / "coverage.json").write_text(json.dumps(record, indent=1) + "\n")
    (results / "coverage.md").write_text(markdown(record), encoding="utf-8")


if __name__ == "__main__":
    main()
