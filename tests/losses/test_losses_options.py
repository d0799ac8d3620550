"""Options that have a derivative, and weights of classes whose scale says nothing."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import oracle_losses as oracle
import pytest
from losses_cases import LABELS, LOGITS, SAMPLE_WEIGHT, SHARES, WEIGHT, for_oracle
from mpmath import mp, mpf
from numpy.testing import assert_allclose

from unsurprised.errors import CallError
from unsurprised.losses import numpy as for_numpy

OPTIONS = {
    "temperature": 2.0,
    "softcap": 3.0,
    "z_loss": 0.1,
    "entropy_bonus": 0.2,
    "label_smoothing": 0.1,
    "focal_gamma": 1.5,
}
EXTRAS = {"z_loss": 0.1, "entropy_bonus": 0.2}
KINDS = ("forward", "reverse", "jsd")
OTHERS = LOGITS[::-1] * 0.7 + 0.3


def slope_of(name, **more):
    """The derivative of the loss by one option."""

    def loss(value):
        options = OPTIONS | more | {name: value}
        return oracle.cross_entropy(oracle.exact(LOGITS), for_oracle(LABELS), **options)

    step = mpf(10) ** -20
    at = mpf(OPTIONS[name])
    return float((loss(at + step) - loss(at - step)) / (2 * step))


def slope_of_divergence(kind, by):
    """The derivative of the mean divergence by the temperature (1) or the share (0)."""

    def loss(beta, temperature):
        rows = zip(oracle.exact(LOGITS), oracle.exact(OTHERS), strict=True)
        return sum(oracle.divergence(s, t, kind, beta, temperature) for s, t in rows) / 6

    step, at = mpf(10) ** -20, [mpf(0.3), mpf(2)]
    above, below = ([x + sign * step * (i == by) for i, x in enumerate(at)] for sign in (1, -1))
    return float((loss(*above) - loss(*below)) / (2 * step))


@pytest.fixture
def torch_losses():
    pytest.importorskip("torch")
    from unsurprised.losses import torch as losses

    return losses


@pytest.fixture
def jax_losses():
    jax = pytest.importorskip("jax")
    from unsurprised.losses import jax as losses

    with jax.enable_x64(True):
        yield losses


def leaf(value):
    import torch

    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def by_torch(loss, *values):
    """The derivatives, eagerly one by one and all of a compiled function."""
    import torch

    def slopes(call, arguments):
        call(*arguments).backward()
        return [each.grad.item() for each in arguments if isinstance(each, torch.Tensor)]

    alone = [
        slopes(loss, [*values[:i], leaf(values[i]), *values[i + 1 :]])[0]
        for i in range(len(values))
    ]
    torch.compiler.reset()  # one function with many options is compiled anew only so often
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    return alone, slopes(compiled, [leaf(value) for value in values])


@pytest.mark.parametrize("layer", [False, True])
def test_options_that_require_a_gradient_get_it(layer, torch_losses):
    import torch

    x, y, weight = (torch.tensor(a) for a in (LOGITS, LABELS, WEIGHT))
    first = (x, torch.eye(5, dtype=torch.float64)) if layer else (x,)
    call = torch_losses.linear_cross_entropy_loss if layer else torch_losses.cross_entropy_loss
    more = {"class_weight" if layer else "weight": weight}

    def loss(*values):
        return call(*first, y, **dict(zip(OPTIONS, values, strict=True)), **more)

    expected = [slope_of(name, weight=WEIGHT) for name in OPTIONS]
    for found in by_torch(loss, *OPTIONS.values()):
        assert found == pytest.approx(expected, rel=1e-11)
    values = [torch.tensor(value, dtype=torch.float64) for value in OPTIONS.values()]
    found = torch.func.grad(loss, tuple(range(len(values))))(*values)
    assert [each.item() for each in found] == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("layer", [False, True])
def test_jax_differentiates_by_options(layer, jax_losses):
    """By each alone, but compiled as one, since a compilation takes seconds."""
    import jax

    call = jax_losses.linear_cross_entropy_loss if layer else jax_losses.cross_entropy_loss
    first = (LOGITS, np.eye(5)) if layer else (LOGITS,)
    more = {"class_weight" if layer else "weight": WEIGHT}
    more |= {"chunk": 4} if layer else {}

    def slopes(derivative, values):
        def of(name):
            def loss(option):
                first_arrays = tuple(jax.numpy.asarray(a) for a in first)
                return call(*first_arrays, LABELS, **OPTIONS | more | {name: option})

            return derivative(loss)(values[name])

        return {name: of(name) for name in values}

    expected = {name: slope_of(name, weight=WEIGHT) for name in OPTIONS}
    for derivative in (jax.jacfwd, jax.grad):
        found = jax.jit(partial(slopes, derivative))(OPTIONS)
        for name, slope in expected.items():
            assert_allclose(found[name], slope, rtol=1e-11, err_msg=name)
    # Step by step JAX compiles hundreds of functions of one operation: of one option only.
    found = slopes(jax.grad, {"temperature": OPTIONS["temperature"]})
    assert_allclose(found["temperature"], expected["temperature"], rtol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", [False, True])
def test_a_divergence_by_temperature_and_share(kind, layer, torch_losses):
    import torch

    x, other = torch.tensor(LOGITS), torch.tensor(OTHERS)
    call = torch_losses.linear_distill_loss if layer else torch_losses.distill_loss
    first = (x, torch.eye(5, dtype=torch.float64)) if layer else (x,)

    def loss(temperature, beta=0.3):
        return call(*first, other, kind=kind, beta=beta, temperature=temperature)

    values = (2.0, 0.3) if kind == "jsd" else (2.0,)
    expected = [slope_of_divergence(kind, by) for by in (1, 0)[: len(values)]]
    for found in by_torch(loss, *values):
        assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_jaxs_divergences_by_temperature(kind, jax_losses):
    import jax

    x, other, eye = (jax.numpy.asarray(a) for a in (LOGITS, OTHERS, np.eye(5)))
    options = {"kind": kind, "beta": 0.3}
    for loss in (
        lambda t: jax_losses.distill_loss(x, other, temperature=t, **options),
        lambda t: jax_losses.linear_distill_loss(x, eye, other, temperature=t, chunk=4, **options),
    ):
        both = jax.jit(lambda t, of=loss: (jax.grad(of)(t), jax.jacfwd(of)(t)))(2.0)
        assert_allclose(both, slope_of_divergence(kind, 1), rtol=1e-9)


def test_kl_by_its_temperature(torch_losses, jax_losses):
    """Of the logits alone; zeros of the target and impossible classes are no obstacle."""
    import jax
    import torch

    p, x = np.array([[0.5, 0.5, 0.0]]), np.array([[1.0, 3.0, -np.inf]])

    def loss(temperature):
        q = oracle.softmax(oracle.scores(oracle.exact(x)[0], temperature, None))
        return oracle.kl([mpf(a) for a in p[0]], q)

    expected = float(mp.diff(loss, 2))
    option = leaf(2.0)
    torch_losses.kl_loss(torch.tensor(x), torch.tensor(p), temperature=option).backward()
    assert option.grad.item() == pytest.approx(expected, rel=1e-11)
    by = jax.grad(lambda t: jax_losses.kl_loss(x, p, temperature=t))(2.0)
    assert_allclose(by, expected, rtol=1e-11)


def test_rows_that_are_nothing_stay_so_beside_an_option_with_a_derivative(torch_losses, jax_losses):
    import jax
    import torch

    logits = LOGITS.copy()
    logits[2] = np.nan  # the row that is ignored
    x, option = leaf(logits), leaf([2.0])  # a parameter of one entry
    torch_losses.cross_entropy_loss(x, torch.tensor(LABELS), temperature=option).backward()
    assert (x.grad[2] == 0).all()
    assert x.grad.isfinite().all() and option.grad.isfinite().all()
    by = jax.grad(lambda x, t: jax_losses.cross_entropy_loss(x, LABELS, temperature=t), (0, 1))
    of_logits, of_option = by(jax.numpy.asarray(logits), 2.0)
    assert_allclose(of_logits, x.grad, rtol=1e-12)
    assert_allclose(of_option, option.grad[0], rtol=1e-12)
    for name in EXTRAS:
        extra = leaf(0.1)
        torch_losses.cross_entropy_loss(x, torch.tensor(LABELS), **{name: extra}).backward()
        assert extra.grad.isfinite()


def test_smoothing_of_zero_has_a_derivative(torch_losses):
    import torch

    x, option = torch.tensor(LOGITS[:1]), leaf(0.0)
    torch_losses.cross_entropy_loss(x, torch.tensor([1]), label_smoothing=option).backward()
    costs = -torch.log_softmax(x, -1)[0]
    assert option.grad.item() == pytest.approx((costs.mean() - costs[1]).item(), rel=1e-12)


def test_a_share_of_zero_has_a_derivative(torch_losses, jax_losses):
    """That of PyTorch: what the class would cost."""
    import jax
    import torch

    shares = leaf([[0.0, 1.0, 0.0, 0.0, 0.0]])
    expected = -torch.log_softmax(torch.tensor(LOGITS[:1]), -1)
    torch_losses.cross_entropy_loss(torch.tensor(LOGITS[:1]), shares).backward()
    torch.testing.assert_close(shares.grad, expected)
    by = jax.grad(lambda y: jax_losses.cross_entropy_loss(LOGITS[:1], y))(
        jax.numpy.asarray(shares.detach().numpy())
    )
    assert_allclose(by, expected, rtol=1e-12)


@pytest.mark.parametrize("target", [LABELS, SHARES], ids=["labels", "shares"])
def test_jax_differentiates_by_weights_of_classes(target, jax_losses):
    import jax
    from jax.test_util import check_grads

    x = jax.numpy.asarray(
        np.where(np.arange(6)[:, None] == (2 if target is LABELS else 3), np.nan, LOGITS)
    )
    check_grads(
        jax.jit(lambda w: jax_losses.cross_entropy_loss(x, target, weight=w, **EXTRAS)),
        (WEIGHT,),
        1,
        ["rev"],
    )
    h, eye = jax.numpy.asarray(LOGITS), np.eye(5)
    layer = jax.jit(
        lambda w: jax_losses.linear_cross_entropy_loss(h, eye, target, class_weight=w, chunk=4)
    )
    check_grads(
        layer,
        (WEIGHT,),
        1,
        ["rev"],
    )


def test_what_is_said_of_an_option(torch_losses, jax_losses):
    import jax
    import torch

    x, y = torch.tensor(LOGITS), torch.tensor(LABELS)
    for options, message in (
        ({"temperature": torch.ones(2)}, r"temperature is an array of shape \(2,\); expected one "),
        ({"softcap": leaf(-1.0)}, "softcap=tensor.*; expected a finite number above 0"),
        ({"base": leaf(2.0)}, "base has a derivative, which the loss does not give, .*detach"),
    ):
        with pytest.raises(CallError, match=f"^{message}"):
            torch_losses.cross_entropy_loss(x, y, **options)
    # Where the value cannot be looked at, neither loss nor derivative is a number.
    value, by = jax.value_and_grad(
        lambda t: jax_losses.cross_entropy_loss(LOGITS, LABELS, temperature=t)
    )(-1.0)
    assert np.isnan(value) and np.isnan(by)
    with pytest.raises(CallError, match=r"^base has a derivative"):
        jax.grad(lambda b: jax_losses.cross_entropy_loss(LOGITS, LABELS, base=b))(2.0)


SCALED = [
    (LABELS, {}),
    (LABELS, {"normalizer": "weight"}),
    (SHARES, {"normalizer": "weight"}),
]


@pytest.mark.parametrize("scale", [0.01, 3.0])
@pytest.mark.parametrize(("target", "options"), SCALED, ids=["labels", "weight", "shares"])
@pytest.mark.parametrize("smoothing", ["class", "label"])
def test_the_scale_of_the_weights_says_nothing(scale, target, options, smoothing):
    """A mean of z-loss and bonus is one over rows, as in Liger-Kernel."""
    options = options | EXTRAS | {"label_smoothing": 0.1, "smoothing_weights": smoothing}
    options["sample_weight"] = SAMPLE_WEIGHT
    loss, gradient = for_numpy.cross_entropy_loss(LOGITS, target, weight=WEIGHT, **options)
    again, by = for_numpy.cross_entropy_loss(LOGITS, target, weight=WEIGHT * scale, **options)
    assert_allclose(again, loss, rtol=1e-13)
    assert_allclose(by, gradient, rtol=1e-11, atol=1e-16)
    extras = for_numpy.cross_entropy_loss(LOGITS, target, **options | {"label_smoothing": 0.0})
    plain = for_numpy.cross_entropy_loss(
        LOGITS, target, **options | {"label_smoothing": 0.0, "z_loss": 0.0, "entropy_bonus": 0.0}
    )
    weighted = for_numpy.cross_entropy_loss(
        LOGITS, target, weight=WEIGHT, **options | {"z_loss": 0.0, "entropy_bonus": 0.0}
    )
    assert_allclose(loss - weighted.loss, extras.loss - plain.loss, rtol=1e-12)


@pytest.mark.parametrize(("target", "options"), SCALED, ids=["labels", "weight", "shares"])
def test_in_pytorch_and_jax_too(target, options, torch_losses, jax_losses):
    import jax
    import torch

    options = options | EXTRAS
    expected, by = for_numpy.cross_entropy_loss(LOGITS, target, weight=WEIGHT, **options)
    eye = np.eye(5)
    for scale in (1.0, 0.01):
        weight = torch.tensor(WEIGHT * scale)
        x = leaf(LOGITS)
        loss = torch_losses.cross_entropy_loss(x, torch.tensor(target), weight=weight, **options)
        loss.backward()
        assert_allclose(loss.item(), expected, rtol=1e-12)
        assert_allclose(x.grad, by, rtol=1e-10, atol=1e-15)
        x = leaf(LOGITS)
        loss = torch_losses.linear_cross_entropy_loss(
            x, torch.tensor(eye), torch.tensor(target), class_weight=weight, chunk=4, **options
        )
        loss.backward()
        assert_allclose(loss.item(), expected, rtol=1e-12)
        assert_allclose(x.grad, by, rtol=1e-10, atol=1e-15)
        found = jax.value_and_grad(
            lambda x, w: jax_losses.cross_entropy_loss(x, target, weight=w, **options)
        )(jax.numpy.asarray(LOGITS), WEIGHT * scale)
        assert_allclose(found[0], expected, rtol=1e-12)
        assert_allclose(found[1], by, rtol=1e-10, atol=1e-15)


def test_the_rows_own_losses_are_those_of_no_reduction(torch_losses):
    import torch

    given = torch.tensor(LOGITS), torch.tensor(LABELS)
    options = EXTRAS | {"weight": torch.tensor(WEIGHT)}
    details = torch_losses.cross_entropy_loss(*given, details=True, **options)
    each = torch_losses.cross_entropy_loss(*given, reduction="none", **options)
    torch.testing.assert_close(details.losses, each)
    assert math.isclose(details.loss, torch_losses.cross_entropy_loss(*given, **options))
