"""``jit``, ``vmap``, ``grad`` and ``compile`` over every measure of a shape known beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from family_cases import CASES, EXEMPT, hard, on_tables, ordinary, shown

import unsurprised as us
from unsurprised.arrays.libraries import to_numpy
from unsurprised.measures.registry import MEASURES

At = Mapping[str, Any]


def unchecked(values: Any) -> us.Probs:
    return us.Probs(values, normalize=True)


def measured(name: str, at: At, kind: str) -> Any:
    """The measure of plain arrays of a kind."""
    measure, at = MEASURES[name], on_tables(MEASURES[name], at)
    form: Any = us.Logits if kind == "logits" else unchecked
    if measure.family == "events":
        return lambda *arrays: measure.function(*arrays, **at)
    return lambda *arrays: measure.function(*map(form, arrays), **at)


def test_only_labellings_are_exempt() -> None:
    assert {name for name, measure in MEASURES.items() if not measure.traceable} == EXEMPT
    assert {name for name, _ in CASES} | EXEMPT == set(MEASURES)


#: Each measure once: a compilation takes seconds, and what cannot be traced shows under vmap too.
COMPILED = dict(reversed(CASES))


@pytest.mark.parametrize(("name", "at"), CASES, ids=shown)
def test_torch(name: str, at: At) -> None:
    torch = pytest.importorskip("torch")
    arrays = ordinary(MEASURES[name])
    function, given = measured(name, at, "probs"), [torch.tensor(x) for x in arrays]
    expected = function(*arrays)
    same = {"rtol": 1e-11, "atol": 1e-13}
    np.testing.assert_allclose(torch.func.vmap(function)(*given).numpy(), expected, **same)
    if at is COMPILED[name]:
        torch._dynamo.reset()
        compiled = torch.compile(function, fullgraph=True, backend="eager")
        np.testing.assert_allclose(compiled(*given).numpy(), expected, **same)
    one = [x[0] for x in given]
    slope = torch.func.grad(lambda *x: function(*x).sum())(*one)
    leaf = one[0].clone().requires_grad_()
    (plain,) = torch.autograd.grad(function(leaf, *one[1:]).sum(), leaf)
    torch.testing.assert_close(slope, plain, rtol=1e-10, atol=1e-12)


#: Compilations of what differs in its last line only, in which of the two is meant (α and 1 − α),
#: or in a number that chooses no other lines; PyTorch runs the same lines with all of them.
ALIKE: list[At] = [
    *({"normalization": name} for name in ("min", "max", "arithmetic", "joint")),
    *({"order": order} for order in (1 + 1e-9, 7.5)),
    *({"alpha": alpha} for alpha in (-1, 1e-9, 1, 3.5)),
]


def unlike() -> list[Any]:
    """Every case, of which those that say what others say wait for ``--thorough``."""
    return [
        pytest.param(name, at, marks=[pytest.mark.thorough] if at in ALIKE else [])
        for name, at in CASES
    ]


@pytest.mark.parametrize(("name", "at"), unlike(), ids=shown)
def test_jax_in_double_precision(name: str, at: At) -> None:
    """Values and derivatives of hard rows at once, as one compilation is dear."""
    jax = pytest.importorskip("jax")
    function, arrays = measured(name, at, "probs"), hard(MEASURES[name])

    def both(*row: Any) -> Any:
        value, back = jax.vjp(function, *row)
        return value, back(jax.numpy.ones_like(value))

    with jax.enable_x64(True):
        values, slopes = jax.jit(jax.vmap(both))(*map(jax.numpy.asarray, arrays))
        np.testing.assert_allclose(values, function(*arrays), rtol=1e-10, atol=1e-30)
        assert values.dtype == np.float64
        assert not any(np.isnan(slope).any() for slope in slopes)


@pytest.mark.parametrize("name", ["entropy", "kl_divergence", "js_distance", "renyi_entropy"])
def test_jax_as_it_comes(name: str) -> None:
    """In single precision, through logits, with second derivatives."""
    jax = pytest.importorskip("jax")
    at = {"order": 0.5} if name == "renyi_entropy" else {}
    function = measured(name, at, "logits")
    arrays = [np.log(x).astype(np.float32) for x in ordinary(MEASURES[name])]
    given = [jax.numpy.asarray(x) for x in arrays]
    assert isinstance(function(*given), jax.Array)
    values = jax.jit(function)(*given)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, function(*arrays), rtol=1e-5)
    one = [x[0] for x in given]
    slope = jax.grad(function)(*one)
    curve = jax.hessian(function)(*one)
    assert np.isfinite(slope).all() and np.isfinite(curve).all()
    assert abs(float(slope.sum())) < 1e-5  # a shift of logits changes nothing
    np.testing.assert_allclose(curve, curve.T, atol=1e-5)


def test_jax_labels() -> None:
    jax = pytest.importorskip("jax")
    z = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    labels = np.array([0, 2, 1, 1])

    def surprised(z: Any, labels: Any) -> Any:
        return us.surprisal(us.Logits(z), at=labels)

    expected = surprised(z, labels)
    np.testing.assert_allclose(jax.jit(surprised)(z, labels), expected, rtol=1e-5)
    np.testing.assert_allclose(jax.vmap(surprised)(z, labels), expected, rtol=1e-5)

    def smoothed(z: Any, labels: Any) -> Any:
        return us.cross_entropy(us.Labels(labels, smoothing=0.1), us.Logits(z))

    np.testing.assert_allclose(jax.jit(smoothed)(z, labels), smoothed(z, labels), rtol=1e-5)


def test_values_are_not_checked_in_traced_code() -> None:
    """There are none to look at; an illegal row must not end in somebody else's error."""
    jax, torch = pytest.importorskip("jax"), pytest.importorskip("torch")
    wrong = np.array([[0.5, 0.4], [-0.5, 1.5]], np.float32)
    for name in ("entropy", "min_entropy", "gini_impurity"):
        function = getattr(us, name)
        with pytest.raises(us.InputError):
            function(jax.numpy.asarray(wrong))
        assert jax.jit(function)(wrong).shape == (2,)
        torch._dynamo.reset()
        compiled = torch.compile(function, fullgraph=True, backend="eager")
        assert compiled(torch.tensor(wrong)).shape == (2,)
        assert torch.func.vmap(function)(torch.tensor(wrong)).shape == (2,)
    assert to_numpy(jax.jit(us.surprisal)(np.float32(0.25))) == 2
