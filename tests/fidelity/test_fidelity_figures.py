"""Every figure against its definition, at high precision or by plain NumPy."""

from __future__ import annotations

import math
import operator

import mpmath
import numpy as np
import pytest
from fidelity_data import log_softmax, models

import unsurprised as us
from unsurprised.language_models.columns import CONFIDENCES

NATS = math.log(2)


def exact(base: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """The divergences of two rows of logits, at 60 digits."""
    with mpmath.workdps(60):
        p, q = (_shares([mpmath.mpf(float(x)) for x in row]) for row in (base, other))
        bits = mpmath.log(2)
        middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]

        def kl(a: list, b: list) -> mpmath.mpf:
            return mpmath.fsum(x * mpmath.log(x / y) for x, y in zip(a, b, strict=True)) / bits

        return {
            "kl_divergence": float(kl(p, q)),
            "reverse_kl_divergence": float(kl(q, p)),
            "js_divergence": float((kl(p, middle) + kl(q, middle)) / 2),
            "total_variation": float(mpmath.fsum(map(abs, map(operator.sub, p, q))) / 2),
        }  # fmt: skip


def _shares(row: list) -> list:
    raised = [mpmath.e**x for x in row]
    total = mpmath.fsum(raised)
    return [x / total for x in raised]


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("noise", [1e-6, 1e-3, 0.3, 3.0])
@pytest.mark.parametrize("vocabulary", [5, 80])
def test_divergences_keep_their_digits(kind, noise, vocabulary):
    base, other, _ = models(1, 6, vocabulary, noise)
    base, other = (2 * base / 3).astype(kind), (2 * other / 3).astype(kind)
    found = us.fidelity(base, other)
    rows = [exact(*pair) for pair in zip(base[0], other[0], strict=True)]
    for name in rows[0]:
        expected = math.fsum(row[name] for row in rows) / 6
        value = getattr(found, name).value
        assert value >= 0
        assert value == pytest.approx(expected, rel=2e-6, abs=0), name


def test_cross_entropies_and_what_follows():
    base, other, targets = models(15, 30, 50, 0.5)
    found = us.fidelity(base, other, targets=targets)
    p, q = log_softmax(base), log_softmax(other)
    at = [np.take_along_axis(side, targets[..., None], -1)[..., 0] for side in (p, q)]
    surprisals = [-side / NATS for side in at]
    difference = surprisals[1] - surprisals[0]
    assert found.base.cross_entropy.value == pytest.approx(surprisals[0].mean(), rel=1e-6)
    assert found.other.cross_entropy.value == pytest.approx(surprisals[1].mean(), rel=1e-6)
    assert found.cross_entropy_difference.value == pytest.approx(difference.mean(), abs=1e-6)
    assert found.perplexity_ratio.value == pytest.approx(2 ** difference.mean(), rel=1e-6)
    assert found.base.perplexity.value == pytest.approx(2 ** surprisals[0].mean(), rel=1e-5)
    tops = p.argmax(-1), q.argmax(-1)
    assert found.top_agreement.value == (tops[0] == tops[1]).mean()
    assert found.base.accuracy.value == (tops[0] == targets).mean()
    entropy = -(np.exp(q) * q).sum(-1).mean() / NATS
    assert found.other.entropy.value == pytest.approx(entropy, rel=1e-6)
    change = np.exp(at[1]) - np.exp(at[0])
    assert found.target_shift.mean.value == pytest.approx(change.mean(), abs=1e-9)
    assert found.target_shift.rms.value == pytest.approx(np.sqrt((change**2).mean()), rel=1e-5)
    for one in found.target_shift.quantiles:
        expected = np.quantile(change, one.level, method="inverted_cdf")
        assert one.value.value == pytest.approx(expected, rel=0.005, abs=1e-12)
    assert (found.targets, found.censored_targets, found.left_out) == (450, 0, 0)


def test_the_interval_is_that_of_documents():
    base, other, _ = models(40, 25, 50, 0.3)
    other += np.linspace(-0.5, 0.5, 40, dtype=np.float32)[:, None, None] * (
        np.arange(50, dtype=np.float32) % 7
    )
    found = us.fidelity(base, other)
    p, q = log_softmax(base), log_softmax(other)
    kl = (np.exp(p) * (p - q)).sum(-1) / NATS
    means = kl.mean(axis=1)
    half = 2.0227 * means.std(ddof=1) / math.sqrt(40)
    assert found.intervals == "documents"
    width = found.kl_divergence.high - found.kl_divergence.low
    assert width == pytest.approx(2 * half, rel=0.1)
    assert width > 2 * (4 * kl.std() / math.sqrt(kl.size)) / 4 * 1.5  # i.i.d. would be narrower
    quantile = next(one for one in found.kl_quantiles if one.level == 0.5).value
    assert quantile.value == pytest.approx(np.median(kl), rel=0.01)
    assert quantile.low < quantile.value < quantile.high
    assert quantile.high - quantile.low > 3 * np.median(kl) / math.sqrt(kl.size)


@pytest.mark.parametrize(
    ("documents", "ground"), [(1, "tokens"), (9, "nothing"), (10, "documents")]
)
def test_what_intervals_rest_on_is_said(documents, ground):
    base, other, targets = models(documents)
    found = us.fidelity(base, other, targets=targets)
    assert found.intervals == ground
    assert math.isnan(found.kl_divergence.low) == (ground == "nothing")
    if ground == "nothing":
        assert "at least 10 documents" in found.missing["intervals"]
    if ground == "tokens":
        assert "independent" in found.missing["intervals by document"]
        p, q = log_softmax(base), log_softmax(other)
        kl = (np.exp(p) * (p - q)).sum(-1).ravel() / NATS
        width = found.kl_divergence.high - found.kl_divergence.low
        assert width == pytest.approx(2 * 2.093 * kl.std(ddof=1) / math.sqrt(20), rel=0.2)


def test_where_and_when():
    base, other, _ = models(11, 37, 40, 0.6)
    found = us.fidelity(base, other)
    p, q = log_softmax(base), log_softmax(other)
    kl = (np.exp(p) * (p - q)).sum(-1) / NATS
    sure = np.exp(p.max(-1))
    edges = [*CONFIDENCES, 1.0 + 1e-9]
    for part in found.by_confidence:
        k = CONFIDENCES.index(part.low)
        rows = (sure >= edges[k]) & (sure < edges[k + 1])
        assert part.tokens == rows.sum()
        assert part.kl_divergence.value == pytest.approx(kl[rows].mean(), rel=1e-6)
        assert part.part == pytest.approx(kl[rows].sum() / kl.sum(), rel=1e-6)
    assert sum(part.tokens for part in found.by_confidence) == kl.size
    places = [(part.low, part.high, part.tokens) for part in found.by_position]
    assert places == [(0, 1, 11), (1, 2, 11), (2, 4, 22), (4, 8, 44), (8, 16, 88), (16, 32, 176),
                      (32, 64, 55)]  # fmt: skip
    assert found.by_position[-1].kl_divergence.value == pytest.approx(kl[:, 32:].mean(), rel=1e-6)
    parts = p.argmax(-1) != q.argmax(-1)
    for one in found.by_document:
        k = int(one.name)
        assert one.kl_divergence == pytest.approx(kl[k].mean(), rel=1e-6)
        assert one.first_parting == (int(np.argmax(parts[k])) if parts[k].any() else None)
    order = np.argsort(-kl.ravel())[:10]
    assert [(one.document, one.position) for one in found.worst_tokens] == [
        (str(k // 37), k % 37) for k in order
    ]
    ranked = np.sort(kl.ravel())[::-1]
    half = np.searchsorted(ranked.cumsum(), kl.sum() / 2) / kl.size
    assert found.half_of_kl == pytest.approx(half, abs=0.01)
    for one in found.kl_quantiles:
        expected = np.quantile(kl, one.level, method="inverted_cdf")
        assert one.value.value == pytest.approx(expected, rel=0.005)


def test_a_model_beside_itself_has_no_difference():
    base, _, targets = models(12)
    found = us.fidelity(base, base, targets=targets)
    assert found.kl_divergence.value == found.js_divergence.value == 0
    assert found.total_variation.value == found.cross_entropy_difference.value == 0
    assert found.top_agreement.value == found.perplexity_ratio.value == 1
    assert "no token of 240 tells them apart" in str(found)
    assert all(one.first_parting is None for one in found.by_document)
    shifted = us.fidelity(base, base + np.float32(0.5))  # a constant says nothing
    assert shifted.kl_divergence.value < 1e-10


def test_what_the_other_rules_out_is_infinite_and_told():
    base, other, targets = models(12)
    other[2, 3, :250] = -np.inf
    targets[2, 3] = 7
    found = us.fidelity(base, other, targets=targets)
    assert found.kl_divergence.value == math.inf
    assert found.infinite_tokens == 1
    assert math.isfinite(found.reverse_kl_divergence.value)
    assert math.isfinite(found.js_divergence.value)
    assert found.other.infinite_targets == 1
    assert found.cross_entropy_difference.value == found.perplexity_ratio.value == math.inf
    assert found.worst_tokens[0].position == 3
    assert "top-k" in str(found)
    back = us.fidelity(other, base, targets=targets)
    assert math.isfinite(back.kl_divergence.value)
    assert back.cross_entropy_difference.value == -math.inf
    assert back.perplexity_ratio.value == 0


def test_nats_are_bits_by_log_two():
    base, other, targets = models(12)
    bits = us.fidelity(base, other, targets=targets)
    nats = us.fidelity(base, other, targets=targets, unit=math.e)
    for name in ("kl_divergence", "js_divergence", "cross_entropy_difference"):
        one, two = getattr(bits, name), getattr(nats, name)
        assert two.value == pytest.approx(one.value * NATS, rel=1e-14)
        assert two.unit == "nats"
    assert nats.perplexity_ratio == bits.perplexity_ratio
    assert nats.total_variation == bits.total_variation
    first = nats.worst_tokens[0].kl_divergence
    assert first == pytest.approx(bits.worst_tokens[0].kl_divergence * NATS, rel=1e-14)


@pytest.mark.parametrize(("scale", "above"), [(1.0, False), (2.0, True)])
def test_a_second_run_tells_noise_from_loss(scale, above):
    base, other, _ = models(30, 20, 60, 0.05)
    noise = np.random.default_rng(9).normal(size=base.shape).astype(np.float32)
    second = base + np.float32(0.05) * noise
    other = base + np.float32(scale) * (other - base)
    found = us.fidelity(base, other, noise=second)
    plain = us.fidelity(base, second)
    assert found.noise.above is above
    assert found.noise.kl_divergence == plain.kl_divergence
    excess = found.kl_divergence.value - plain.kl_divergence.value
    assert found.noise.excess.value == pytest.approx(excess, rel=1e-9)
    assert ("Not above the noise" in str(found)) is not above
    few = us.fidelity(base[:3], other[:3], noise=second[:3])
    assert few.noise.above is None
    assert "cannot be told of fewer than 10 documents" in str(few)


def test_tokens_without_a_target_are_left_out():
    base, other, targets = models(12)
    targets[:, :4] = -100
    found = us.fidelity(base, other, targets=targets)
    plain = us.fidelity(base[:, 4:], other[:, 4:], targets=targets[:, 4:])
    assert (found.tokens, found.left_out) == (192, 48)
    assert found.kl_divergence == plain.kl_divergence
    assert found.by_position[0].low == 4


def test_a_quantile_that_few_tokens_tell_of_has_no_interval():
    base, other, _ = models(12, 20, 50, 0.3)
    fidelity = us.fidelity(base, other)
    assert "99.9 %" in fidelity.interval_notes["kl_quantiles"]
    found = {one.level: one.value for one in fidelity.kl_quantiles}
    assert math.isnan(found[0.999].low)
    assert math.isnan(found[0.999].high)
    assert found[0.5].low < found[0.5].value < found[0.5].high
