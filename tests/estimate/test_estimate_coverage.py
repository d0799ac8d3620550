"""The simulation of intervals runs, and counts what it should."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.coverage_estimates import ENTROPIES, TABLES, SampleScenario, coverage


@pytest.mark.parametrize("scenario", [*ENTROPIES, *TABLES], ids=lambda one: one.title)
def test_scenarios(scenario: SampleScenario) -> None:
    assert scenario.shares.sum() == pytest.approx(1)
    held = coverage(scenario, 4, ("auto", "plugin"))
    assert min(held["auto"], held["plugin"]) >= 0.5
    independent = np.linalg.matrix_rank(np.atleast_2d(scenario.shares)) == 1
    assert ("p <= 0.05" in held) == (scenario.shares.ndim == 2 and independent)


def test_what_is_never_held() -> None:
    """Rows of one category alone say nothing of a thousand others that are as likely."""
    lost = SampleScenario("one row in a thousand", np.full(1000, 1e-3), 2)
    assert coverage(lost, 20, ("plugin",))["plugin"] > 0.9  # without an upper end
    shares = np.append(0.5, np.full(100_000, 0.5 / 100_000))
    assert coverage(SampleScenario("a hidden half", shares, 6), 40, ("plugin",))["plugin"] < 0.9
