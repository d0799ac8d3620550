"""A trainer's and an engine's log-probabilities in a loop: one state, whatever the portions."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised import CallError, StateError


def batch(seed: int, sequences: int = 12, length: int = 9) -> tuple[Any, Any, Any]:
    """Log-probabilities of two models that are alike, and which tokens count."""
    random = np.random.default_rng(seed)
    rollout = -random.exponential(size=(sequences, length))
    trainer = np.minimum(rollout + 0.1 * random.normal(size=rollout.shape), 0.0)
    mask = np.arange(length) < random.integers(1, length + 1, size=(sequences, 1))
    return rollout, trainer, mask.astype(np.int64)


def test_figures_are_those_of_their_definitions() -> None:
    rollout, trainer, mask = batch(0)
    found = us.SampledKLMeter().update(rollout, trainer, mask).result(unit=np.e)
    kept = mask.astype(bool)
    with mpmath.workdps(40):
        deltas = [
            mpmath.mpf(float(p)) - mpmath.mpf(float(q))
            for p, q in zip(rollout[kept], trainer[kept], strict=True)
        ]
        ratios = [mpmath.exp(-delta) for delta in deltas]
        n = len(deltas)
        expected = {
            "k1": sum(deltas) / n,
            "k3": sum(r - 1 + d for r, d in zip(ratios, deltas, strict=True)) / n,
            "effective_sample": sum(ratios) ** 2 / (n * sum(r * r for r in ratios)),
        }
    for name, value in expected.items():
        assert getattr(found, name).value == pytest.approx(float(value), rel=1e-13), name
    for band in (0.001, 0.01, 0.05, 0.2):
        share = sum(abs(r - 1) <= band for r in ratios) / n
        assert found.ratios_within[band].value == pytest.approx(share), band
    assert found.largest_log_ratio == pytest.approx(float(max(map(abs, deltas))))
    assert (found.tokens, found.masked, found.documents) == (n, mask.size - n, 12)


def test_as_of_all_at_once() -> None:
    rollout, trainer, mask = batch(1)
    meter = us.SampledKLMeter()
    for row in range(12):
        meter.update(rollout[row : row + 1], trainer[row : row + 1], mask[row : row + 1])
    whole = us.SampledKLMeter().update(rollout, trainer, mask)
    assert meter.to_bytes() == whole.to_bytes()
    kept = mask.astype(bool)
    documents = np.repeat(np.arange(12), 9).reshape(12, 9)[kept]
    flat = us.sampled_kl(rollout[kept], trainer[kept], document=documents)
    found = whole.result()
    for name in ("k1", "k3", "ratios_within", "effective_sample"):
        assert getattr(found, name) == getattr(flat, name), name


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 12), max_size=3), seed=st.integers(0, 9))
def test_merged(cuts: list[int], seed: int) -> None:
    """Any portions on any machines: the same bytes but for who counted how many sequences."""
    rollout, trainer, mask = batch(seed)
    ends = sorted({0, 12, *cuts})
    names = np.array([f"s{k}" for k in range(12)])
    parts = [
        us.SampledKLMeter().update(
            rollout[a:b], trainer[a:b], mask[a:b], documents=names[a:b].tolist()
        )
        for a, b in pairwise(ends)
    ]
    merged = us.SampledKLMeter()
    for part in reversed(parts):
        merged.merge(us.SampledKLMeter.from_bytes(part.to_bytes()))
    whole = us.SampledKLMeter().update(rollout, trainer, mask, documents=names.tolist())
    assert merged.to_bytes() == whole.to_bytes()
    assert copy.deepcopy(merged).to_bytes() == whole.to_bytes()


def test_sequences_of_two_processes_are_not_one() -> None:
    rollout, trainer, _ = batch(2)
    one, other = (us.SampledKLMeter().update(rollout, trainer) for _ in range(2))
    with pytest.raises(StateError, match=r"two meters number their sequences ''0, 1, …"):
        one.merge(other)
    ranks = [us.SampledKLMeter(name=f"{rank}/").update(rollout, trainer) for rank in range(2)]
    assert ranks[0].merge(ranks[1]).result().documents == 24


def test_what_is_no_log_probability_is_counted() -> None:
    rollout = [[-1.0, np.nan, -1.0, 0.001, -1.0]]
    trainer = [[-1.0, -1.0, -9999.0, -1.0, -np.inf]]
    found = us.SampledKLMeter().update(rollout, trainer).result()
    assert (found.tokens, found.unknown_tokens, found.above_zero) == (2, 3, 1)
    assert (found.k1.value, found.infinite_tokens, found.largest_log_ratio) == (np.inf, 1, np.inf)
    far = us.SampledKLMeter().update([[-800.0, -1.0]], [[0.0, -1.0]]).result()
    assert far.effective_sample.value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (([[-1.0]], [[-1.0, -2.0]]), r"other has shape \(1, 2\) and base \(1, 1\)"),
        (([[-1.0]], [[-1.0]], [1]), r"mask has shape \(1,\) and base \(1, 1\)"),
        (([[-1.0]], [[-1.0]], [[0.5]]), r"mask holds 0\.5; expected 0 and 1"),
        (([[[-1.0]]], [[[-1.0]]]), r"expected \(sequence, token\) or \(token,\)"),
        ((["a"], ["b"]), "expected numbers"),
    ],
)
def test_calls_that_are_none(given: Any, told: str) -> None:
    with pytest.raises(CallError, match=told):
        us.SampledKLMeter().update(*given)


def test_nothing_and_names() -> None:
    with pytest.raises(CallError, match="no token has a log-probability under both"):
        us.SampledKLMeter().result()
    with pytest.raises(CallError, match="found 2 documents for 1 sequences"):
        us.SampledKLMeter().update([[-1.0]], [[-1.0]], documents=["a", "b"])


@pytest.mark.parametrize("kind", ["float32", "bfloat16", "float16"])
def test_tensors(kind: str) -> None:
    """Of any precision, in a graph or not; a copy is what is taken."""
    torch = pytest.importorskip("torch")
    rollout, trainer, mask = batch(3)
    tensors = [torch.tensor(side).to(getattr(torch, kind)) for side in (rollout, trainer)]
    wide = [tensor.double().numpy() for tensor in tensors]
    meter = us.SampledKLMeter().update(
        tensors[0], tensors[1].requires_grad_(True), torch.tensor(mask).bool()
    )
    tensors[0].zero_()
    assert meter.to_bytes() == us.SampledKLMeter().update(*wide, mask).to_bytes()


def test_a_device_is_not_waited_for() -> None:
    """Tensors without values, of the meta device, fail wherever one is asked for."""
    torch = pytest.importorskip("torch")
    meter = us.SampledKLMeter()
    rows = torch.zeros(4, 5, device="meta")
    for _ in range(3):
        meter.update(rows, rows, torch.ones(4, 5, dtype=torch.bool, device="meta"))
    with pytest.raises(NotImplementedError, match="meta"):
        meter.result()
