"""The simulation of time series runs, and its truths are those of other ways to find them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmarks.coverage_series import (
    STORAGES,
    TRANSFERS,
    Autoregression,
    Chain,
    SeriesScenario,
    figures,
)
from benchmarks.estimators_peers import answers, cell, markdown, tasks


@pytest.mark.parametrize("scenario", [*TRANSFERS, *STORAGES], ids=lambda one: one.title)
def test_scenarios(scenario: SeriesScenario) -> None:
    short = SeriesScenario(
        scenario.title, scenario.draw, min(scenario.times, 240), scenario.truth, scenario.options
    )
    found = figures(short, 1)
    assert found["held"] in (0, 1)
    assert abs(found["bias"]) < 0.6
    assert ("p <= 0.05" in found) == (scenario.truth == 0)


def test_truths_by_hand() -> None:
    process = Autoregression(0.5, 0.6, 0.4)
    variance, both = 4 / 3, 0.5 * 0.4 * (4 / 3) / 0.7
    of_y = (0.16 * variance + 0.48 * both + 1) / 0.64
    assert process.covariance == pytest.approx(np.array([[variance, both], [both, of_y]]))
    assert process.transfer == pytest.approx(0.5 * math.log(1 + 0.16 * (variance - both**2 / of_y)))

    def coin(p: float) -> float:
        return -p * math.log(p) - (1 - p) * math.log(1 - p)

    chain = Chain(2, 0.25, 0.0, 0.5)
    # Where the two agree, y stays in 7/8 of the times, where not in 3/8.
    agree = chain.joint.sum(2)[0, 0] * 2
    stays = agree * 7 / 8 + (1 - agree) * 3 / 8
    truth = coin(stays) - agree * coin(7 / 8) - (1 - agree) * coin(5 / 8)
    assert chain.transfer == pytest.approx(truth)
    assert chain.storage == pytest.approx(math.log(2) - coin(stays))


def test_libraries_beside_each_other(tmp_path: object) -> None:
    truths = {title: truth for title, _, truth in tasks(1)}
    assert len(truths) == 15
    values = {"values": [0.5, 0.6], "seconds": 1.0, "rejected": 1}
    assert cell(values, 0.5) == "+0.0500 ± 0.0707, 1.00 s, p ≤ 0.05 in 1 of 2"
    assert cell({"values": [math.nan], "seconds": 1, "rejected": 0}, 0) == "NaN or ∞ in 1 of 1"
    told = markdown(2, {"ours": {next(iter(truths)): values}, "theirs": "gone"}, truths)
    assert "theirs: not there (gone)" in told
    assert isinstance(answers("nobody", "python3", tmp_path, None), str)  # type: ignore[arg-type]
