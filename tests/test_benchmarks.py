"""What benchmarks say of their numbers; nothing here looks at a clock."""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import coverage
from benchmarks.against import table
from benchmarks.calibrators.table import markdown as calibrators_markdown
from benchmarks.growth_plot import plot
from benchmarks.speed import judge
from benchmarks.speed.rows import logits, probs
from benchmarks.speed.settings import AVX2, ONE, TWO
from benchmarks.speed.table import markdown
from benchmarks.speed.works import WORKS, exact_sum, lines
from numpy.testing import assert_allclose

import unsurprised as us

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"


def same(value: float) -> dict[str, float]:
    return {"median": value, "low": value, "high": value}


def line(share: float, ratio: float, read: float = 20.0, **more: Any) -> dict[str, Any]:
    """A line of 2 GB that took as long as its share says."""
    seconds = 2.0 / (share * 20.0)
    peer = {
        "given": 16,
        "seconds": same(1.0),
        "cores": 1.0,
        "ratio": ratio,
        "aim": 4.0,
        "but": None,
    }
    return {
        "title": "entropy from logits",
        "key": "entropy",
        "classes": 1000,
        "type": "float32",
        "aim": 0.45,
        "rows": 16,
        "given": 16,
        "bytes": 2_000_000_000,
        "elements": 500_000_000,
        "seconds": same(seconds),
        "cores": 1.0,
        "read": same(read),
        "share": same(share),
        "peers": {"torch": peer},
        **more,
    }


def report(one: dict[str, Any], two: dict[str, Any], older: dict[str, Any]) -> dict[str, Any]:
    head = {"way": "or of integers", "rates": {"or of integers": 20.0}}
    settings = {ONE.name: one, TWO.name: two, AVX2.name: older}
    call = {"call": "entropy([0.5, 0.5])", "aim": 5.0, "ours": same(6.0), "scipy": None}
    return {
        "machine": {"processor": "a thinking one"},
        "elements": 1 << 26,
        "runs": 9,
        "overhead": [call],
        "settings": {name: {"head": head, "lines": [found]} for name, found in settings.items()},
    }


def test_a_page_says_what_is_reached() -> None:
    page = markdown(report(line(0.5, 6.0), line(0.9, 1.0, read=30.0), line(0.3, 1.0)))
    assert "| entropy from logits | 1,000 | float32 | 10.00 | 50.0 % (50.0 to 50.0) | 45 % " in page
    assert "| 1.80 × | 30.0 % | 6.0 × |" in page
    assert "1 of 1 shares are reached." in page
    assert "No peer is ahead in any line." in page
    assert "**6.0 (6.0 to 6.0)**" in page  # µs of a call that is to take 5


def test_a_page_says_what_is_missed_and_who_is_ahead() -> None:
    page = markdown(report(line(0.4, 0.5), line(0.5, 1.0, read=30.0), line(0.2, 1.0)))
    assert "**40.0 % (40.0 to 40.0)**" in page
    assert "| **1.25 ×** | **20.0 %** | **0.5 ×** |" in page
    assert "0 of 1 shares are reached; not: entropy from logits." in page
    assert "**A peer is ahead**: torch at entropy from logits." in page
    assert "torch takes 0.5 × ours. 0 of 1 lines are at least 4 × as fast" in page


def test_a_page_says_which_of_several_lines_are_missed() -> None:
    found = report(line(0.5, 6.0), line(0.9, 1.0, read=30.0), line(0.3, 1.0))
    found["settings"][ONE.name]["lines"].append(line(0.4, 6.0, type="float64", cores=0.5))
    page = markdown(found)
    assert "1 of 2 shares are reached; not: entropy from logits (1,000 float64)." in page
    assert "in 1 of 2 lines ours had less than 0.9 of a core, 0.50 at the least." in page


def test_two_threads_are_held_to_what_memory_allows() -> None:
    # 12 GB/s of one thread; two threads read 20 GB/s, so nine tenths of that is 1.5 times as fast.
    gained, aim = judge.gain(line(0.6, 1.0), line(0.8, 1.0, read=20.0))
    assert_allclose([gained, aim], [0.8 / 0.6, 1.5])


def test_a_line_is_told_as_it_comes() -> None:
    assert judge.sentence(line(0.4, 0.5)) == (
        "entropy from logits, K = 1,000, float32: 8.00 GB/s, 40.0 % of the read's 20.0 (aim 45 %): "
        "MISSED; 0.5 × torch — torch is ahead"
    )


@pytest.mark.parametrize("work", WORKS, ids=lambda work: f"{work.title}, {work.classes[0]}")
def test_every_work_runs(work: Any) -> None:
    found = [one for one in lines(quick=not work.whole) if one.work is work]
    assert found
    for one in found:
        rows = one.rows(2 * one.classes)
        assert work.call(rows) is not None


def test_an_exact_sum_is_exact() -> None:
    [one] = [one for one in lines(quick=True) if one.work.key == "sum"]
    rows = one.rows(1000)
    assert exact_sum(rows) == math.fsum(rows.p)


def test_rows_are_legal() -> None:
    assert us.entropy(probs(1000, 10).q).shape == (100,)
    assert logits(1000, 10, "bfloat16").p.dtype.name == "bfloat16"


@pytest.mark.parametrize("module", ["benchmarks", "benchmarks.growth", "benchmarks.speed.worker"])
def test_help_is_given_without_any_peer(module: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--quick" in shown.stdout


def test_the_page_is_that_of_the_last_run() -> None:
    record = json.loads((RESULTS / "speed.json").read_text(encoding="utf-8"))
    assert markdown(record) == (RESULTS / "speed.md").read_text(encoding="utf-8")


def test_a_plot_shows_every_work() -> None:
    record = json.loads((RESULTS / "growth.json").read_text(encoding="utf-8"))
    drawn = plot(record)
    assert drawn.startswith("<svg")
    for one in record["by_classes"]:
        assert one["work"] in drawn


def test_the_table_of_calibrators() -> None:
    """The least bits of a column are bold, what failed is said, ours are set beside the peers'."""
    one = {"name": "rows", "rows": 1000, "classes": 3, "bare": 1.0, "calibrators": []}
    for library, name, bits in (
        ("unsurprised", "TemperatureScaling", 0.5),
        ("scikit-learn", "temperature", 0.50001),
        ("netcal", "IsotonicRegression", math.inf),
        ("probmetrics", "sms", None),
    ):
        one["calibrators"].append({"library": library, "name": name, "bits": bits})
    report = {
        "machine": {"cores": "2"},
        "missing": ["netcal"],
        "bits": [one],
        "times": {"temperature": {"ours": 0.5, "scikit-learn: temperature": 1.25}},
    }
    lines = calibrators_markdown(report).splitlines()
    assert "| | rows (1,000 × 3) |" in lines
    assert "| as they are | 1.0000 |" in lines
    assert "| unsurprised: TemperatureScaling | **0.5000** |" in lines
    assert "| scikit-learn: temperature | **0.5000** |" in lines
    assert "| netcal: IsotonicRegression | inf |" in lines
    assert "| probmetrics: sms | error |" in lines
    assert "| temperature | 0.50 | scikit-learn: temperature 1.25 (2.5 ×) |" in lines
    assert lines[-1] == "Not installed, and so left out: netcal."


def coverage_record(hits: int, rejected: int) -> dict[str, Any]:
    counts = {"cross entropy": [hits, 1000]}
    return {
        "machine": {"cores": 2},
        "coverage": {
            "two classes": {"rows": 300, "runs": 1000, "plain_runs": 4000, "counts": counts}
        },
        "rejections": {"2 classes, 300 rows: isotonic regression": [rejected, 10_000]},
    }


def test_the_simulation_tells_what_falls_short_and_its_own_error() -> None:
    assert coverage.verdict(coverage_record(930, 600)) == []
    assert coverage.verdict(coverage_record(929, 601)) == [
        "two classes: cross entropy 92.9 ± 0.8 %",
        "rejected: 2 classes, 300 rows: isotonic regression 6.0 ± 0.2 %",
    ]
    table = coverage.markdown(coverage_record(950, 500))
    assert "| cross entropy | 95.0 ± 0.7 |" in table
    assert "| 2 classes, 300 rows: isotonic regression | 10,000 | 5.0 ± 0.2 |" in table


def test_the_simulation_counts_intervals_that_hold_the_truth() -> None:
    index = next(i for i, each in enumerate(coverage.SCENARIOS) if each.rows == 300)
    data = coverage.SCENARIOS[index].make(np.random.default_rng(1), 300)
    found = coverage.estimates(data)
    assert len(found) > 25
    truth = dict.fromkeys(found, math.inf)
    truth |= {f"{name}, at best": 0.0 for name in found}
    truth["accuracy"] = 0.6
    counts = coverage.cover(index, truth, range(3), True)
    assert counts["cross entropy"] == [0, 3] and counts["accuracy"][0] > 0
    ledger = {name for name in counts if name.startswith("ledger: ")}
    assert ledger and set(coverage.cover(index, truth, range(1), False)) == set(counts) - ledger
    rejections = coverage.reject(2, 40, range(4))
    assert rejections["2 classes, 40 rows: isotonic regression"][1] == 4


def test_the_simulation_goes_on_where_it_was_left() -> None:
    """Each data set is counted once, for the ledger only where it was counted without."""
    title = coverage.SCENARIOS[0].title
    of = {"truth": {}, "counts": {}, "runs": 50, "plain_runs": 75}
    record = {"coverage": {title: of}, "rejections": {"2 classes, 300 rows: x": [1, 250]}}
    options = argparse.Namespace(only=title, runs=100, plain_runs=125, test_runs=0)
    jobs = list(coverage._jobs(record, options))
    assert [(job[1][2], job[1][3]) for job in jobs] == [
        (range(50, 75), True),
        (range(75, 100), True),
        (range(100, 125), False),
    ]
    for job in jobs:
        job[2]({"accuracy": [1, 25], "ledger: miscalibration": [1, 25]})
    assert of["counts"] == {"ledger: miscalibration": [3, 75], "accuracy": [2, 50]}
    assert (of["runs"], of["plain_runs"]) == (100, 125)
    options = argparse.Namespace(only="test", runs=0, plain_runs=0, test_runs=500)
    assert [job[1] for job in coverage._jobs(record, options)] == [
        (2, 300, range(250, 500)),
        (3, 300, range(250)),
        (3, 300, range(250, 500)),
    ]


def test_what_users_wait_for_is_timed_and_set_beside_a_commit():
    asked = ["--only", "Evaluator.update, 64 × 10$", "--seconds", "0"]
    command = [sys.executable, "benchmarks/waits.py", *asked]
    said = subprocess.check_output(command, cwd=RESULTS.parents[1], text=True)
    [(name, seconds)] = json.loads(said).items()
    assert name == "Evaluator.update, 64 × 10"
    assert 0 < seconds < 10
    then = [{"a": 2.0}, {"a": 4.0}, {"a": 2.0}]
    now = [{"a": 1.0, "torch: a": 0.5, "new": 0.5}] * 3
    assert table(then, now).splitlines()[2:] == [
        "| a | 2 s | 1 s | 0.50 (0.25 to 0.50) | torch 500 ms (ours 2.00 ×) |",
        "| new | – | 500 ms | – | – |",
    ]
