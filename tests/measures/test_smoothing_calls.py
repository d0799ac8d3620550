"""Smoothing of other libraries' arrays, and what is wrong with a call."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unsurprised as us
from unsurprised.errors import CallError, InputError
from unsurprised.measures.smoothing import add_pseudocounts, smooth, smoothing_cost

INF, NAN = math.inf, math.nan
HALF = [0.5, 0.5]


@pytest.mark.parametrize("kind", ["float64", "float32", "bfloat16"])
def test_torch(kind: str) -> None:
    torch = pytest.importorskip("torch")
    scores = torch.tensor([[0.0, 2.0, -INF], [1.0, 1.0, 1.0]], dtype=getattr(torch, kind))
    wide = torch.float64 if kind == "float64" else torch.float32
    for grad in (False, True):
        scores.requires_grad_(grad)
        smoothed = smooth(us.Logits(scores), 0.25, towards=us.Counts([1, 1, 2]))
        assert smoothed.given.dtype == wide and smoothed.given.requires_grad is grad
        expected = smooth(us.Logits(scores.detach()), 0.25, towards=us.Counts([1, 1, 2]))
        torch.testing.assert_close(smoothed.given.detach(), expected.given)
    added = add_pseudocounts(torch.tensor([2, 0]), "jeffreys")
    assert added.given.tolist() == [2.5, 0.5]
    assert smoothing_cost(torch.tensor(0.5, dtype=torch.float64)).item() == 1.0
    with pytest.raises(CallError, match=re.escape("epsilon[1]=1.5; expected a share")):
        smooth(scores, torch.tensor([0.5, 1.5], requires_grad=True))
    with pytest.raises(InputError, match="p, row 1: found NaN for class 0"):
        smooth(us.Logits(torch.tensor([[0.0], [NAN]], requires_grad=True)), 0.5, towards=[1.0])


def test_torch_gradients() -> None:
    torch = pytest.importorskip("torch")
    scores = torch.tensor([[0.0, 2.0, -700.0]], dtype=torch.float64, requires_grad=True)
    mass = torch.tensor([[0.0, 0.25, 0.75]], dtype=torch.float64, requires_grad=True)
    epsilon = torch.tensor([0.25], dtype=torch.float64, requires_grad=True)
    by_scores = torch.autograd.gradcheck(
        lambda z, e: smooth(us.Logits(z), e).given, (scores, epsilon)
    )
    assert by_scores
    smooth(mass, epsilon).given[0, 0].backward()
    # (1 − ε) p / Σp + ε / 3 at p = 0, Σp = 1.
    np.testing.assert_allclose(mass.grad.numpy(), [[0.75, 0, 0]])
    np.testing.assert_allclose(epsilon.grad.numpy(), [1 / 3])
    smoothing_cost(epsilon, base=math.e).sum().backward()
    np.testing.assert_allclose(epsilon.grad.numpy(), [1 / 3 + 1 / 0.75])


def test_torch_compiles_and_maps() -> None:
    torch = pytest.importorskip("torch")
    scores, prior = torch.randn(3, 4, generator=torch.Generator().manual_seed(1)), torch.zeros(4)
    epsilons = torch.tensor([0.0, 0.25, 1.0])
    calls: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        "number": (lambda z: smooth(us.Logits(z), 0.1).given, (scores,)),
        "tensor": (lambda z, e: smooth(us.Logits(z), e, axis=-2).given, (scores.T, epsilons)),
        "prior": (
            lambda z, u: smooth(us.Logits(z), 0.1, towards=us.LogProbs(u)).given,
            (scores, torch.log_softmax(prior, -1)),
        ),
        "counts": (lambda n: add_pseudocounts(n, "jeffreys").given, (torch.arange(6.0),)),
        "cost": (smoothing_cost, (epsilons,)),
    }
    for call, arguments in calls.values():
        compiled = torch.compile(call, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(*arguments), call(*arguments))
    each = torch.func.vmap(lambda z, e: smooth(us.Logits(z), e, axis=0).given)(scores, epsilons)
    torch.testing.assert_close(each, smooth(us.Logits(scores), epsilons).given)


def test_jax() -> None:
    jax = pytest.importorskip("jax")
    scores = jax.numpy.array([[0.0, 2.0, -INF], [1.0, 1.0, 1.0]])
    plain = smooth(us.Logits(scores), 0.25).given
    traced = jax.jit(lambda z, e: smooth(us.Logits(z), e).given)(scores, 0.25)
    np.testing.assert_allclose(traced, plain, rtol=1e-6)
    each = jax.vmap(lambda z, e: smooth(us.Logits(z), e).given)(scores, jax.numpy.array([0.25] * 2))
    np.testing.assert_allclose(each, plain, rtol=1e-6)
    gradient = jax.grad(lambda z: smooth(us.Logits(z), 0.25).given[0, 1])(scores)
    assert np.isfinite(gradient).all() and gradient[0, 1] > 0
    counts = jax.jit(lambda n: add_pseudocounts(n, "laplace").given)(jax.numpy.array([1, 0]))
    assert counts.tolist() == [2, 1]
    assert jax.jit(smoothing_cost)(0.5) == 1.0


def test_array_api_strict() -> None:
    xp = pytest.importorskip("array_api_strict")
    smoothed = smooth(xp.asarray([[0.0, 1.0], [0.5, 0.5]]), xp.asarray([0.5, 0.25]))
    np.testing.assert_array_equal(np.from_dlpack(smoothed.given), [[0.25, 0.75], [0.5, 0.5]])
    logits = smooth(
        us.Logits(xp.asarray([0.0, 0.0, -INF])), 0.5, towards=xp.asarray([0.0, 0.0, 1.0])
    )
    assert np.from_dlpack(logits.given).tolist() == [0.25, 0.25, 0.5]
    assert np.from_dlpack(add_pseudocounts(xp.asarray([1, 0]), 1).given).tolist() == [2, 1]
    assert float(smoothing_cost(xp.asarray(0.5))) == 1.0


Bad = tuple[Callable[[], Any], str]

CALLS: dict[str, Bad] = {
    "above 1": (lambda: smooth(HALF, 1.5), "epsilon=1.5; expected a share from 0 to 1"),
    "below 0": (lambda: smooth(HALF, -5e-324), "epsilon=-4.94066e-324; expected a share"),
    "NaN": (lambda: smooth(HALF, NAN), "epsilon=nan; expected a share from 0 to 1"),
    "one of several": (
        lambda: smooth([HALF] * 2, [[0.5, 0.1], [0.1, 2]]),
        "epsilon[1, 1]=2; expected a share from 0 to 1",
    ),
    "an integer": (lambda: smooth(HALF, 2), "epsilon=2; expected a share from 0 to 1"),
    "a huge integer": (lambda: smooth(HALF, 10**400), "epsilon is ragged or holds Python objects"),
    "infinite": (lambda: smooth(HALF, INF), "epsilon=inf; expected a share from 0 to 1"),
    "text": (lambda: smooth(HALF, "0.1"), "epsilon holds str96; expected numbers"),
    "nothing": (lambda: smooth(HALF, None), "epsilon is ragged or holds Python objects"),
    "a cost above 1": (lambda: smoothing_cost(1.1), "epsilon=1.1; expected a share from 0 to 1"),
    "a cost below 0": (lambda: smoothing_cost([0, -1]), "epsilon[1]=-1; expected a share"),
    "base": (lambda: smoothing_cost(0.5, base=1), "base=1 is no base of a logarithm"),
    "classes": (
        lambda: smooth(HALF, 0.1, towards=[0.2, 0.3, 0.5]),
        "different numbers of classes along axis -1: Probs(shape=(2,), dtype=float64) has 2 and "
        "Probs(shape=(3,), dtype=float64) has 3",
    ),
    "rows": (
        lambda: smooth([HALF] * 2, 0.1, towards=[HALF] * 3),
        "rows do not broadcast: (2,) and (3,)",
    ),
    "epsilons": (
        lambda: smooth([HALF] * 2, [0.1] * 3),
        "epsilon of shape (3,) and rows of shape (2,) do not broadcast; expected one number, or "
        "one for each row",
    ),
    "axis": (lambda: smooth(HALF, 0.1, axis=1), "axis=1 does not exist in an array of shape (2,)"),
    "labels, K unknown": (
        lambda: smooth(us.Labels([0, 1]), 0.1),
        "smooth(Labels(…), …) needs classes=…, the number of classes or names",
    ),
    "labels as prior": (
        lambda: smooth(HALF, 0.1, towards=us.Labels(0)),
        "towards is Labels(shape=(), dtype=int64); expected rows with a number for every class",
    ),
    "unknown name": (
        lambda: add_pseudocounts([1, 2], "lidstone"),
        "pseudocount='lidstone'; expected a number, or one of 'laplace', 'jeffreys', "
        "'krichevsky-trofimov'",
    ),
    "negative pseudocount": (
        lambda: add_pseudocounts([1, 2], [1, -0.5]),
        "pseudocount[1]=-0.5; expected a finite number of at least 0",
    ),
    "infinite pseudocount": (lambda: add_pseudocounts([1, 2], INF), "pseudocount=inf; expected"),
    "pseudocounts of other classes": (
        lambda: add_pseudocounts([1, 2], [1, 1, 1]),
        "pseudocounts of shape (3,) and counts of shape (2,) do not broadcast; expected one "
        "number, or one for each class",
    ),
    "probabilities": (
        lambda: add_pseudocounts(us.Probs(HALF), 1),
        "counts is Probs(shape=(2,), dtype=float64); expected Counts: pseudocounts are added to "
        "counts, probabilities are mixed with others by smooth(p, epsilon)",
    ),
    "labels": (lambda: add_pseudocounts(us.Labels([0]), 1), "expected Counts"),
}

INPUTS: dict[str, Bad] = {
    "a sum": (
        lambda: smooth([0.5, 0.6], 0.1),
        "found probabilities that sum to 1.1 (1 such row, this is the first); expected 1 within",
    ),
    "in p": (
        lambda: smooth([HALF, [0.5, NAN]], 0.1, towards=HALF),
        "p, row 1: found NaN for class 1 in a row of probs; expected finite numbers of at least 0",
    ),
    "in towards": (
        lambda: smooth(HALF, 0.1, towards=us.Logits([0.0, INF])),
        "towards: found inf for class 1 in a row of logits",
    ),
    "no mass": (lambda: smooth(us.Counts([[0, 0]]), 0.1), "row 0: a row of counts that is 0 only"),
    "label": (
        lambda: smooth(us.Labels([0, 2], classes=2), 0.1),
        "row 1: found the label 2; expected 0 to 1",
    ),
    "negative count": (
        lambda: add_pseudocounts([[1, 2], [0, -3]], 5),
        "row 1: found -3 for class 1 in a row of counts; expected finite numbers of at least 0",
    ),
    "NaN count": (
        lambda: add_pseudocounts([1.0, NAN], 1),
        "found NaN for class 1 in a row of counts; expected finite numbers of at least 0",
    ),
}


@pytest.mark.parametrize("fault", CALLS)
def test_a_bad_call(fault: str) -> None:
    call, message = CALLS[fault]
    with pytest.raises(CallError, match=re.escape(message)) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fault", INPUTS)
def test_a_bad_row(fault: str) -> None:
    call, message = INPUTS[fault]
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value).startswith(message)
