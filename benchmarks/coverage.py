"""How often the 95 % intervals hold the truth, and how often calibrated models are rejected.

    python -m benchmarks.coverage [--runs 1000] [--plain-runs 4000] [--test-runs 10000]
                                  [--fidelity-runs 2000] [--only TITLE] [--seconds S]

It goes on where it was left, for as many data sets as are wanted, on all cores.

Data sets are drawn from models whose true values are known, or found once from many more rows than
any data set has. Each is evaluated as a user would; counted is how often each interval holds the
truth. A share of n runs is off by about √(p (1 − p) / n), which is shown beside it. The ledger
takes most of the time: of the data sets from ``--runs`` on, all else is counted.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import unsurprised as us
from benchmarks import coverage_fidelity
from benchmarks.coverage_data import SCENARIOS, DataSet, Scenario
from benchmarks.machine import description, in_words
from unsurprised.evaluation.figures.calibration_curves import calibration_of
from unsurprised.evaluation.figures.confidence import gaps_by_class
from unsurprised.evaluation.figures.decomposition import ledger_of
from unsurprised.evaluation.figures.quantiles import LEVELS
from unsurprised.evaluation.figures.sample import Sampled, sampled_of

Values = NDArray[np.float64]
#: For each name, how often the interval held the truth, and of how many.
Counts = dict[str, list[int]]

#: Rows from which the true values are found.
MANY = 4_000_000
#: What the project holds itself to.
LEAST_COVERAGE, MOST_REJECTIONS = 0.93, 0.06
#: Data sets that a process takes at once.
CHUNK, TEST_CHUNK = 25, 250
#: Classes and rows of the calibrated models.
CALIBRATED = ((2, 300), (3, 300))

RESULTS = Path(__file__).parent / "results"


def evaluator_of(data: DataSet) -> us.Evaluator:
    by = None if data.names is None else {"name": data.names}
    return us.Evaluator().update(
        data.labels, data.probs, weights=data.weights, cluster=data.clusters, by=by
    )


def estimates(
    data: DataSet, *, sampled: bool = True, ledger: bool = True
) -> dict[str, us.Estimate]:
    """Every estimate of an evaluation that is reported, by a name."""
    evaluator = evaluator_of(data)
    found = evaluator.result(ledger=False)
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
    if sampled:
        listed |= _of_the_sample(sample_of(evaluator), ledger=ledger)
    return {name: each for name, each in listed.items() if each is not None}


def _of_the_sample(rows: Sampled, *, ledger: bool) -> dict[str, us.Estimate]:
    listed = {"Brier score": calibration_of(rows).brier.score}
    gap = gaps_by_class(rows, _same)[-1]
    for name in ("cross_entropy", "expected_surprisal", "gap", "accuracy", "confidence"):
        listed[f"top class: {name.replace('_', ' ')}"] = getattr(gap, name)
    account = ledger_of(rows, _same).ledger if ledger else None
    for each in () if account is None else account.recalibrations:
        for part in ("discrimination", "miscalibration"):
            listed[f"ledger: {part}, {each.family}"] = getattr(each, part)
    return listed


def _same(estimate: Any) -> Any:
    return estimate


def sample_of(evaluator: us.Evaluator) -> Sampled:
    """The sample of an evaluator's rows, measured."""
    states = evaluator._states
    assert states is not None
    found = sampled_of(states, refused=False)
    assert found is not None
    return found


def truth_of(index: int) -> dict[str, float]:
    """The true values: of very many rows, and of the cross-fitted parts of the ledger two.

    What a recalibration saves that is fitted on four fifths of so few rows is what the
    cross-fitted value is an estimate of; its mean over data sets tells it. What the best one of
    all would save ("at best") is a bit more.
    """
    scenario, generator = SCENARIOS[index], np.random.default_rng(1)
    data = scenario.make(generator, MANY)
    truth = {name: each.value for name, each in estimates(data, sampled=False).items()}
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
        for name, each in estimates(scenario.make(generator, rows)).items():
            parts.setdefault(name, []).append(each.value)
    return {name: float(np.mean(values)) for name, values in parts.items()}


def as_columns(probs: Values) -> Values:
    return probs if probs.ndim == 2 else np.stack([1 - probs, probs], axis=1)


def cover(index: int, truth: dict[str, float], runs: range, ledger: bool) -> Counts:
    """How often the intervals of some data sets of a scenario hold the truth."""
    us.set_num_threads(1)
    scenario, counts = SCENARIOS[index], {}
    for run in runs:
        data = scenario.make(np.random.default_rng([7, run]), scenario.rows)
        found = estimates(data, ledger=ledger)
        parts = [name for name in found if name.startswith("ledger: ")]
        found |= {f"{name}, at best": found[name] for name in parts}
        for name, each in found.items():
            if name.startswith(scenario.without or ("no such",)):
                continue
            # A quantile is read from bins that are 0.8 % wide.
            slack = 0.008 * truth[name] if name.startswith("quantile") else 0.0
            held = each.low - slack <= truth[name] <= each.high + slack
            _count(counts, name, held, 1)
    return counts


def reject(classes: int, rows: int, runs: range) -> Counts:
    """How many calibrated models the test against calibration rejects, by family."""
    us.set_num_threads(1)
    counts: Counts = {}
    for run in runs:
        generator = np.random.default_rng([11, classes, run])
        probs = generator.dirichlet(np.full(classes, 0.7), size=rows)
        labels = (probs.cumsum(axis=1) < generator.random((rows, 1))).sum(axis=1)
        labels = np.minimum(labels, classes - 1)
        account = ledger_of(sample_of(us.Evaluator().update(labels, probs)), _same).ledger
        for each in () if account is None else account.recalibrations:
            rejected = each.if_calibrated is not None and each.if_calibrated.exceeded
            _count(counts, f"{classes} classes, {rows} rows: {each.family}", rejected, 1)
    return counts


def _count(counts: Counts, name: str, hits: int, runs: int) -> None:
    held = counts.setdefault(name, [0, 0])
    held[0] += int(hits)
    held[1] += runs


def percent(hits: int, runs: int) -> str:
    share = hits / runs
    return f"{100 * share:.1f} ± {100 * math.sqrt(max(share * (1 - share), 1e-4) / runs):.1f}"


def markdown(record: dict[str, Any]) -> str:
    """Tables of the record."""
    machine = in_words(record["machine"])
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
    runs = _span(each["runs"] for each in scenarios.values())
    more = _span(each["plain_runs"] for each in scenarios.values())
    about = (
        "for what the best recalibration saves; the line above: for one fitted on 4/5 of the rows"
    )
    lines += ["", f"Data sets a scenario: {runs} for the ledger, {more} for all else. "
              f"*At best*: {about}.", ""]  # fmt: skip
    lines += _fidelity_table(record)
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


def _fidelity_table(record: dict[str, Any]) -> list[str]:
    """Of ``fidelity``, whose documents differ; an interval that is not given holds nothing."""
    scenarios = {title: each for title, each in record.get("fidelity", {}).items() if each["runs"]}
    if not scenarios:
        return []
    names = list(dict.fromkeys(name for each in scenarios.values() for name in each["counts"]))
    lines = [
        "## How often the intervals of fidelity hold the truth",
        "",
        "Percent of simulated sets of documents, of those that have the interval; in brackets how "
        f"many have it, where it is not all. The aim is at least {100 * LEAST_COVERAGE:.0f} %.",
        "",
        "| | " + " | ".join(scenarios) + " |",
        "|---|" + "---|" * len(scenarios),
    ]
    for name in names:
        cells = []
        for each in scenarios.values():
            hits, given = each["counts"][name]
            share = given / each["runs"]
            few = f" ({math.floor(100 * share)} %)" if given < each["runs"] else ""
            cells.append(percent(hits, given) + few if given else "none given")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    runs = _span(each["runs"] for each in scenarios.values())
    return [*lines, "", f"Sets of documents a scenario: {runs}. {coverage_fidelity.LIMITS}", ""]


def _span(counts: Iterable[int]) -> str:
    return " or ".join(f"{count:,}" for count in sorted(set(counts)))


def verdict(record: dict[str, Any]) -> list[str]:
    """What falls short of the aims, by more than the simulation's own error explains."""
    short = []
    for title, each in record["coverage"].items():
        for name, (hits, runs) in each.get("counts", {}).items():
            if hits / runs < LEAST_COVERAGE:
                short.append(f"{title}: {name} {percent(hits, runs)} %")
    for title, each in record.get("fidelity", {}).items():
        for name, (hits, given) in each["counts"].items():
            if hits < LEAST_COVERAGE * given:
                short.append(f"fidelity, {title}: {name} {percent(hits, given)} %")
    for name, (hits, runs) in record["rejections"].items():
        if hits / runs > MOST_REJECTIONS:
            short.append(f"rejected: {name} {percent(hits, runs)} %")
    return short


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--plain-runs", type=int, default=4000)
    parser.add_argument("--test-runs", type=int, default=10_000)
    parser.add_argument("--fidelity-runs", type=int, default=2000)
    only = "scenarios whose title holds this; or 'test', or 'fidelity'"
    parser.add_argument("--only", default="", help=only)
    parser.add_argument("--seconds", type=float, default=math.inf, help="go on another time")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    path = options.results / "coverage.json"
    record = json.loads(path.read_text()) if path.exists() else {}
    record = {"coverage": {}, "fidelity": {}, "rejections": {}, **record, "machine": description()}
    until = time.perf_counter() + options.seconds
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        _truths(pool, record, options.only)
        for _ in _side_by_side(pool, _jobs(record, options), until):
            _save(record, options.results)
    print(*verdict(record), sep="\n")


def _truths(pool: ProcessPoolExecutor, record: dict[str, Any], only: str) -> None:
    lacking = [index for index, scenario in enumerate(SCENARIOS)
               if only in scenario.title and scenario.title not in record["coverage"]]  # fmt: skip
    for index, truth in zip(lacking, pool.map(truth_of, lacking), strict=True):
        record["coverage"][SCENARIOS[index].title] = {
            "rows": SCENARIOS[index].rows, "truth": truth, "counts": {}, "runs": 0, "plain_runs": 0,
        }  # fmt: skip


Job = tuple[Callable[..., Counts], tuple[Any, ...], Callable[[Counts], None]]


def _jobs(record: dict[str, Any], options: argparse.Namespace) -> Iterator[Job]:
    """What is left to count: the function, its arguments, and who takes the counts in."""
    for index, scenario in enumerate(SCENARIOS):
        if options.only not in scenario.title:
            continue
        of = record["coverage"][scenario.title]
        for ledger, kind, wanted in (
            (True, "runs", options.runs),
            (False, "plain_runs", options.plain_runs),
        ):
            first = of[kind] if ledger else max(of["plain_runs"], options.runs)
            for at in range(first, wanted, CHUNK):
                runs = range(at, min(at + CHUNK, wanted))
                yield cover, (index, of["truth"], runs, ledger), _adding(of, runs, ledger)
    if options.only in ("", "fidelity"):
        yield from _fidelity_jobs(record["fidelity"], options.fidelity_runs)
    if options.only in ("", "test"):
        for classes, rows in CALIBRATED:
            of = record["rejections"]
            title = f"{classes} classes, {rows} rows"
            done = max((n for name, (_, n) in of.items() if name.startswith(title)), default=0)
            for at in range(done, options.test_runs, TEST_CHUNK):
                runs = range(at, min(at + TEST_CHUNK, options.test_runs))
                yield reject, (classes, rows, runs), lambda counts, of=of: _add(of, counts)


def _fidelity_jobs(record: dict[str, Any], wanted: int) -> Iterator[Job]:
    for index, scenario in enumerate(coverage_fidelity.SCENARIOS):
        of = record.setdefault(scenario.title, {"truth": {}, "counts": {}, "runs": 0})
        of["truth"] = of["truth"] or coverage_fidelity.truth_of(index)
        for at in range(of["runs"], wanted, CHUNK):
            runs = range(at, min(at + CHUNK, wanted))

            def add(counts: Counts, of: dict[str, Any] = of, runs: range = runs) -> None:
                _add(of["counts"], counts)
                of["runs"] = runs.stop

            yield coverage_fidelity.cover, (index, of["truth"], runs), add


def _adding(of: dict[str, Any], runs: range, ledger: bool) -> Callable[[Counts], None]:
    def add(counts: Counts) -> None:
        again = runs.stop <= of["plain_runs"]  # with more data sets for the ledger than before
        _add(
            of["counts"], {n: c for n, c in counts.items() if n.startswith("ledger: ") or not again}
        )
        of["plain_runs"] = max(of["plain_runs"], runs.stop)
        if ledger:
            of["runs"] = runs.stop

    return add


def _add(counts: Counts, more: Counts) -> None:
    for name, (hits, runs) in more.items():
        _count(counts, name, hits, runs)


def _side_by_side(pool: ProcessPoolExecutor, jobs: Iterator[Job], until: float) -> Iterator[None]:
    """Run jobs on all cores and take their counts in, in order, for as long as there is time."""
    waiting: list[tuple[Any, Callable[[Counts], None]]] = []
    left = True
    while left or waiting:
        while left and len(waiting) < 2 * (os.cpu_count() or 1):
            job = next(jobs, None) if time.perf_counter() < until else None
            left = job is not None
            if job is not None:
                waiting.append((pool.submit(job[0], *job[1]), job[2]))
        if waiting:
            future, take_in = waiting.pop(0)
            take_in(future.result())
            yield


def _save(record: dict[str, Any], results: Path) -> None:
    results.mkdir(parents=True, exist_ok=True)
    (results / "coverage.json").write_text(json.dumps(record, indent=1) + "\n")
    (results / "coverage.md").write_text(markdown(record), encoding="utf-8")


if __name__ == "__main__":
    main()
