"""Measures of arrays on a GPU, where there is one: there they stay, and there they are right."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

import unsurprised as us
from unsurprised.errors import CallError

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
on_each_device = pytest.mark.parametrize("device", DEVICES)

_RANDOM = np.random.default_rng(0)
P, Q = (_RANDOM.dirichlet(np.ones(300), 8) for _ in "pq")
Q[1] = P[1]
Q[2] = P[2] * (1 + 1e-4 * _RANDOM.normal(size=300))
P[3, :5] = 0
P, Q = (each / each.sum(-1, keepdims=True) for each in (P, Q))
A = _RANDOM.normal(size=(8, 300)) * 5
B = A + _RANDOM.normal(size=A.shape) * np.geomspace(1e-3, 10, 8)[:, None]
LABELS = _RANDOM.integers(300, size=8)

MEASURES = {
    "surprisal": lambda p, q, a, b, y: us.surprisal(us.Logits(a), at=y),
    "entropy": lambda p, q, a, b, y: us.entropy(p),
    "entropy of logits": lambda p, q, a, b, y: us.entropy(us.Logits(a)),
    "cross-entropy": lambda p, q, a, b, y: us.cross_entropy(p, q),
    "cross-entropy of labels": lambda p, q, a, b, y: us.cross_entropy(us.Labels(y), q),
    "KL": lambda p, q, a, b, y: us.kl_divergence(p, q),
    "KL of logits": lambda p, q, a, b, y: us.kl_divergence(us.Logits(a), us.Logits(b)),
    "KL of both": lambda p, q, a, b, y: us.kl_divergence(p, us.Logits(b)),
    "Jensen–Shannon": lambda p, q, a, b, y: us.js_divergence(p, q),
    "Hellinger": lambda p, q, a, b, y: us.hellinger_distance(p, q),
    "mutual information": lambda p, q, a, b, y: us.mutual_information(p / p.sum()),
}


@on_each_device
@pytest.mark.parametrize(("kind", "room"), [(np.float64, 1e-13), (np.float32, 5e-6)], ids=str)
@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_of_pytorch(measure, kind, room, device):
    """The numbers of NumPy's rows, which mpmath vouches for elsewhere."""
    rows = [each.astype(kind) for each in (P, Q, A, B)]
    expected = measure(*(each.astype(float) for each in rows), LABELS)
    found = measure(*(torch.tensor(each, device=device) for each in (*rows, LABELS)))
    assert found.device.type == device
    assert_allclose(found.cpu(), expected, rtol=room, atol=1e-300)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_of_jax(measure):
    """On the device that JAX takes by itself."""
    rows = [each.astype(np.float32) for each in (P, Q, A, B)]
    expected = measure(*(each.astype(float) for each in rows), LABELS)
    given = [jax.numpy.asarray(each) for each in rows]
    found = measure(*given, jax.numpy.asarray(LABELS))
    assert found.devices() == given[0].devices()
    assert_allclose(found, expected, rtol=5e-6)


def test_of_two_devices():
    with pytest.raises(CallError, match=r"^found arrays on cpu and meta; expected one device$"):
        us.kl_divergence(torch.tensor(P), torch.tensor(Q, device="meta"))


@pytest.mark.parametrize("device", ["meta", *DEVICES[1:]])
@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16], ids=str)
def test_evaluation_takes_what_is_in_main_memory(kind, device):
    """Its kernels are the CPU's; it fetches nothing silently."""
    predictions = torch.tensor(Q, dtype=kind, device=device)
    place = torch.empty(0, device=device).device
    message = f"y_pred is on {place}; expected an array in main memory, where .cpu() brings it"
    for call in (
        lambda: us.evaluate(LABELS, predictions),
        lambda: us.Evaluator().update(LABELS, predictions),
    ):
        with pytest.raises(CallError, match=f"^{re.escape(message)}$"):
            call()
