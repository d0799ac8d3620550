"""Derivatives of every measure: right, never NaN, infinite or zero where that is the truth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from family_cases import CASES, SEVERAL, hard, on_tables, ordinary, shown

import unsurprised as us
from unsurprised.measures.registry import MEASURES

torch = pytest.importorskip("torch")

At = Mapping[str, Any]
#: Steps and tops: their derivative is 0 or jumps, so that differences say nothing of it.
NOT_SMOOTH = {"hartley_entropy", "pointwise_mutual_information"}
SMOOTH = [
    (name, at)
    for name, at in CASES
    if name not in NOT_SMOOTH and at.get("order", 1) not in (0, math.inf)
]


def unchecked(values: Any) -> us.Probs:
    return us.Probs(values, normalize=True)


def tensors(arrays: Any) -> list[Any]:
    return [torch.tensor(np.asarray(x), dtype=torch.float64, requires_grad=True) for x in arrays]


def few(arrays: tuple[np.ndarray, ...]) -> list[Any]:
    return tensors([x[0] for x in arrays])


@pytest.mark.parametrize(("name", "at"), SMOOTH, ids=shown)
def test_against_finite_differences(name: str, at: At) -> None:
    """First and second derivatives, through logits and through a softmax."""
    measure = MEASURES[name]
    at = on_tables(measure, at)
    if measure.family == "events":
        scores = [torch.randn(3, dtype=torch.float64, requires_grad=True)]
        ways = [lambda z: measure.function(torch.sigmoid(z), **at)]
    elif measure.family == "joint":
        shape = (2, 2, 2) if name in SEVERAL else (2, 3)
        generator = torch.Generator().manual_seed(1)
        scores = [torch.randn(shape, dtype=torch.float64, generator=generator).requires_grad_()]

        def softmax(z: Any) -> Any:
            return measure.function(torch.softmax(z.flatten(), 0).reshape(z.shape), **at)

        ways = [lambda z: measure.function(us.Logits(z), **at), softmax]
    else:
        scores = [torch.log(x.detach()).requires_grad_() for x in few(ordinary(measure))]
        ways = [
            lambda *z: measure.function(*map(us.Logits, z), **at),
            lambda *z: measure.function(*(torch.softmax(x, -1) for x in z), **at),
        ]
    for way in ways:
        assert torch.autograd.gradcheck(way, scores, eps=1e-6, atol=1e-7, rtol=1e-5)
        assert torch.autograd.gradgradcheck(way, scores, fast_mode=True, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("kind", ["probs", "logits"])
@pytest.mark.parametrize(("name", "at"), CASES, ids=shown)
def test_never_nan(name: str, at: At, kind: str) -> None:
    measure = MEASURES[name]
    if measure.family == "events" and kind == "logits":
        return
    at = on_tables(measure, at)
    with np.errstate(divide="ignore"):
        arrays = [np.log(x) if kind == "logits" else x for x in hard(measure)]
    form: Any = us.Logits if kind == "logits" else unchecked
    form = (lambda x: x) if measure.family == "events" else form
    given = tensors(arrays)
    found = measure.function(*map(form, given), **at)
    assert not torch.isnan(found).any()
    gradients = torch.autograd.grad(found.sum(), given, retain_graph=True)
    for gradient in gradients:
        assert not torch.isnan(gradient).any()
        assert kind == "probs" or torch.isfinite(gradient).all()
    # A row that its caller leaves out has no derivative, even where its value is infinite.
    left_out = torch.autograd.grad(found, given, torch.zeros_like(found), allow_unused=True)
    assert not any(gradient.any() for gradient in left_out)


WIDE = [
    ([0.0, -50, -100], [0.0, -140, -100]),
    ([0.0, -88, -100], [0.0, 0, -103]),
    ([0.0, -200, -1000], [0.0, -300, 0]),
    ([0.0, 1e4, -1e4], [1e4, 0.0, 3e4]),
    ([0.0, -math.inf, -1000], [0.0, -300, -math.inf]),
    ([-1e30, 0.0, 1], [1e30, 0.0, 1.0]),
    ([3e38, -3e38, 0.0], [-3e38, 3e38, 1.0]),
]


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize(
    ("name", "at"), [one for one in CASES if MEASURES[one[0]].family in ("one", "two")], ids=shown
)
def test_logits_however_far_apart(name: str, at: At, kind: str) -> None:
    measure = MEASURES[name]
    count = 2 if measure.family == "two" else 1
    for pair in WIDE:
        given = [torch.tensor(x, dtype=getattr(torch, kind), requires_grad=True) for x in pair]
        found = measure.function(*map(us.Logits, given[:count]), **at)
        assert not torch.isnan(found)
        for gradient in torch.autograd.grad(found, given[:count]):
            assert torch.isfinite(gradient).all()


def gradient_of(function: Any, *rows: Any) -> list[list[float]]:
    given = tensors(rows)
    found = torch.autograd.grad(function(*given).sum(), given)
    return [gradient.tolist() for gradient in found]


def test_infinite_where_the_derivative_is_infinite() -> None:
    p, q = [0.5, 0.0, 0.5], [0.2, 0.5, 0.3]
    rising = [us.entropy, us.perplexity, us.efficiency]
    rising += [lambda p: us.renyi_entropy(p, 0.5), lambda p: us.tsallis_entropy(p, 1)]
    for function in rising:
        (found,) = gradient_of(function, p)
        assert found[1] == math.inf
        assert np.isfinite([found[0], found[2]]).all()
    falling = [us.kl_divergence, us.jeffreys_divergence, us.js_divergence, us.hellinger_distance]
    falling += [us.js_distance, lambda p, q: us.renyi_divergence(p, q, 0.5)]
    for function in falling:
        found = gradient_of(function, p, q)
        assert found[0][1] == -math.inf
        assert np.isfinite([found[0][0], found[0][2], *found[1]]).all()
    (found,) = gradient_of(us.binary_entropy, [0.0, 0.5, 1.0])
    assert found == [math.inf, 0.0, -math.inf]
    (found,) = gradient_of(us.surprisal, [0.0, 0.5])
    assert found[0] == -math.inf
    for function in (us.chi_squared_divergence, us.total_variation, us.gini_impurity):
        rows = (p, q) if function is not us.gini_impurity else (p,)
        assert np.isfinite(gradient_of(function, *rows)).all()


def test_zero_at_a_kink() -> None:
    p = [0.2, 0.5, 0.3]
    for function in (us.js_distance, us.hellinger_distance, us.total_variation):
        assert gradient_of(function, p, p) == [[0.0] * 3] * 2


def test_what_training_needs_of_cross_entropy() -> None:
    """The derivative by the logits is softmax − truth, also where the model is certain."""
    z = torch.tensor([[80.0, 0, 0.5], [-3, 2, 1]], dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0, 1])
    (found,) = torch.autograd.grad(
        us.cross_entropy(us.Labels(labels), us.Logits(z), base=math.e).sum(), z
    )
    expected = torch.softmax(z.detach(), -1) - torch.nn.functional.one_hot(labels, 3)
    torch.testing.assert_close(found[1], expected[1], rtol=1e-12, atol=0)
    tail = math.exp(-80) + math.exp(-79.5)
    assert found[0, 0] == pytest.approx(-tail, rel=1e-12, abs=0)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_forward_mode() -> None:
    p, q = torch.tensor([0.2, 0.5, 0.3]).double(), torch.tensor([0.1, 0.6, 0.3]).double()
    step = torch.tensor([0.1, -0.2, 0.1]).double()
    _, forward = torch.func.jvp(lambda x: us.js_divergence(x, q), (p,), (step,))
    backward = torch.func.grad(lambda x: us.js_divergence(x, q))(p) @ step
    torch.testing.assert_close(forward, backward)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(p, step)
        tangent = torch.autograd.forward_ad.unpack_dual(us.js_divergence(dual, q)).tangent
    torch.testing.assert_close(tangent, forward)
