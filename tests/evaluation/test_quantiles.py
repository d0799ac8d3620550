"""The intervals of quantiles where rows have weights or belong together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import unsurprised as us
from unsurprised.evaluation.figures.quantiles import LEVELS

RNG = np.random.default_rng(41)


def predictions(rows=800, generator=RNG):
    probs = generator.dirichlet(np.ones(3), size=rows)
    return (probs.cumsum(axis=1) < generator.random((rows, 1))).sum(axis=1), probs


def test_equal_weights_change_nothing():
    labels, probs = predictions()
    plain = us.evaluate(labels, probs).quantiles
    weighted = us.evaluate(labels, probs, weights=np.full(800, 0.3)).quantiles
    for level in LEVELS:
        one, other = plain[level], weighted[level]
        assert (other.low, other.value, other.high) == (one.low, one.value, one.high)


def test_copies_in_clusters_are_no_news():
    labels, probs = predictions()
    copied = np.repeat(np.arange(800), 10)
    once = us.evaluate(labels, probs).quantiles
    ten = us.evaluate(labels[copied], probs[copied], cluster=copied).quantiles
    for level in (0.05, 0.25, 0.5, 0.75, 0.95):
        # Rows of no copies have n − 1 for n, and there are bins.
        assert ten[level].low == pytest.approx(once[level].low, rel=0.03)
        assert ten[level].high == pytest.approx(once[level].high, rel=0.03)


@pytest.mark.parametrize("kind", ["weights", "clusters", "clusters, more than the sample"])
def test_intervals_hold_the_median(kind):
    generator = np.random.default_rng(5)

    def data(rows):
        cluster = np.arange(rows) // 10
        hard = np.where(generator.random(rows // 10) < 0.5, 0.3, 3.0)[cluster]
        scores = hard[:, None] * generator.standard_normal((rows, 3))
        labels = (scores + generator.gumbel(size=scores.shape)).argmax(axis=1)
        options = {"weights": 1 / hard**2} if kind == "weights" else {"cluster": cluster}
        return labels, us.Logits(scores), options

    labels, scores, options = data(400_000)
    surprisals, weights = us.surprisal(scores, at=labels), options.get("weights", np.ones(400_000))
    order = np.argsort(surprisals)
    reached = np.cumsum(weights[order])
    truth = surprisals[order][np.searchsorted(reached, reached[-1] / 2)]
    held = 0
    for _ in range(100):
        labels, scores, options = data(500)
        size = 250 if kind.endswith("sample") else None
        evaluator = us.Evaluator(sample_rows=size).update(labels, scores, **options)
        found = evaluator.result().quantiles[0.5]
        held += found.low * 0.99 <= truth <= found.high * 1.01
    assert held >= stats.binom(100, 0.95).ppf(0.002)


def test_without_a_sample_there_is_no_interval_but_a_reason(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("logprob,w\n" + "-0.5,1\n-0.7,2\n" * 40)
    found = us.evaluate(str(path), logprob="logprob", weight="w")
    assert math.isnan(found.quantiles[0.5].low)
    assert found.missing["quantile_intervals"].startswith("with weights or clusters needs")
    plain = us.evaluate(str(path), logprob="logprob")
    assert not math.isnan(plain.quantiles[0.5].low)
    assert "quantile_intervals" not in plain.missing
