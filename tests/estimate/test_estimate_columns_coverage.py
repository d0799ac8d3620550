"""The simulation of columns of numbers runs, and the benchmark beside others."""

from __future__ import annotations

import pytest
from benchmarks.coverage_columns import SCENARIOS, ColumnsScenario, figures
from benchmarks.mutual_information import lines


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: f"{one.title}, {one.rows}")
def test_scenarios(scenario: ColumnsScenario) -> None:
    found = figures(scenario, 1)
    assert found["held"] in (0, 1)
    assert abs(found["bias"]) < 0.5
    assert ("p <= 0.05" in found) == (scenario.truth == 0)


def test_times_are_told() -> None:
    told = list(lines((300,), 1))
    assert told[0].startswith("300 rows: unsurprised 0.")
    assert "ms for each permutation" in told[1]
    assert told[2].startswith("30,000 pairs of categories: ")
