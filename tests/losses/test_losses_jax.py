"""JAX's losses: the reference's values, optax's, and derivatives of both orders."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from losses_cases import LABELS, LOGITS, SAMPLE_WEIGHT, TARGETS, WEIGHT, some_combinations
from numpy.testing import assert_allclose

from unsurprised.errors import CallError, InputError
from unsurprised.losses import numpy as reference

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
import jax.numpy as jnp  # noqa: E402
from jax.experimental import checkify  # noqa: E402
from jax.test_util import check_grads  # noqa: E402

from unsurprised.losses.jax import (  # noqa: E402
    LinearTeacher,
    TopK,
    cross_entropy_loss,
    distill_loss,
    kl_loss,
    linear_cross_entropy_loss,
    linear_distill_loss,
)

OTHERS = np.random.default_rng(7).normal(size=LOGITS.shape) * 3


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("options", some_combinations(389), ids=str)
def test_the_references_loss_and_gradient(options, kind):
    target = TARGETS[kind]

    def loss(x):
        return cross_entropy_loss(x, jnp.asarray(target), **options)

    expected, by = reference.cross_entropy_loss(LOGITS, target, **options)
    value, gradient = jax.jit(jax.value_and_grad(loss))(jnp.asarray(LOGITS))
    assert_allclose(value, expected, rtol=1e-12)
    assert_allclose(gradient, by, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("options", some_combinations(701), ids=str)
def test_derivatives_of_both_orders(options, kind):
    def loss(x):
        return cross_entropy_loss(x, jnp.asarray(TARGETS[kind]), **options)

    check_grads(jax.jit(loss), (jnp.asarray(LOGITS),), order=2, modes=["rev"])


def test_the_target_and_the_rows_weights_have_derivatives_too():
    def loss(y, s):
        return cross_entropy_loss(
            jnp.asarray(LOGITS), jax.nn.softmax(y), sample_weight=s, label_smoothing=0.1
        )

    check_grads(
        jax.jit(loss), (jnp.asarray(OTHERS), jnp.asarray(SAMPLE_WEIGHT + 0.1)), 1, modes=["rev"]
    )


def test_details():
    def total(x):
        found = cross_entropy_loss(x, jnp.asarray(LABELS), details=True)
        return found.loss + found.entropy.sum() + (found.log_sum_exp**2).sum() + found.losses.sum()

    check_grads(jax.jit(total), (jnp.asarray(LOGITS),), order=2, modes=["rev"])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_optax(smoothing):
    labels = LABELS.clip(min=0)
    one_hot = optax.smooth_labels(jax.nn.one_hot(labels, 5), smoothing)
    expected = optax.softmax_cross_entropy(jnp.asarray(LOGITS), one_hot)
    options = {"reduction": "none", "label_smoothing": smoothing}
    found = cross_entropy_loss(jnp.asarray(LOGITS), jnp.asarray(labels), **options)
    assert_allclose(found, expected, rtol=1e-12)
    integers = optax.softmax_cross_entropy_with_integer_labels(jnp.asarray(LOGITS), labels)
    plain = cross_entropy_loss(jnp.asarray(LOGITS), jnp.asarray(labels), reduction="none")
    assert_allclose(plain, integers, rtol=1e-12)
    p = jax.nn.softmax(OTHERS)
    divergence = optax.kl_divergence(jax.nn.log_softmax(LOGITS), p)
    assert_allclose(kl_loss(LOGITS, p, reduction="none"), divergence, rtol=1e-10)


def test_masked_classes_have_no_gradient_that_is_none():
    """optax#1786: a where around the logarithm still gave NaN."""
    x = jnp.asarray(np.concatenate([LOGITS, np.full((6, 2), -np.inf)], 1))
    for options in ({}, {"entropy_bonus": 0.1}, {"softcap": 4.0}):
        by = jax.grad(lambda x, o=options: cross_entropy_loss(x, jnp.asarray(LABELS), **o))(x)
        assert np.isfinite(by).all()
        assert (by[:, 5:] == 0).all()


@pytest.mark.parametrize("kind", ["forward", "reverse", "jsd"])
def test_distillation(kind):
    options = {"kind": kind, "temperature": 2.0, "beta": 0.3}
    expected, by = reference.distill_loss(LOGITS, OTHERS, **options)
    value, gradient = jax.jit(jax.value_and_grad(lambda x: distill_loss(x, OTHERS, **options)))(
        LOGITS
    )
    assert_allclose(value, expected, rtol=1e-12)
    assert_allclose(gradient, by, rtol=1e-9, atol=1e-15)
    slope = jax.jit(jax.grad(lambda x: distill_loss(x, OTHERS, **options)))
    check_grads(slope, (jnp.asarray(LOGITS),), 1, modes=["rev"])
    log = jax.nn.log_softmax(OTHERS / 2.0)
    logs, indices = jax.lax.top_k(log, 3)
    expected, by = reference.distill_loss(LOGITS, reference.TopK(logs, indices), **options)
    value, gradient = jax.jit(
        jax.value_and_grad(lambda x: distill_loss(x, TopK(logs, indices), **options))
    )(LOGITS)
    assert_allclose(value, expected, rtol=1e-10)
    assert_allclose(gradient, by, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("kind", TARGETS)
def test_a_linear_layer_by_chunks(kind):
    generator = np.random.default_rng(3)
    hidden, layer, bias = (generator.normal(size=s) for s in ((6, 4), (5, 4), (5,)))
    target = jnp.asarray(TARGETS[kind])
    for options in (
        {"z_loss": 0.1, "entropy_bonus": 0.1, "label_smoothing": 0.1, "softcap": 3.0},
        {"class_weight": WEIGHT, "sample_weight": SAMPLE_WEIGHT, "focal_gamma": 1.0},
    ):
        plain = {"weight" if k == "class_weight" else k: v for k, v in options.items()}

        def whole(h, w, b, plain=plain):
            return cross_entropy_loss(h @ w.T + b, target, **plain)

        def chunked(h, w, b, chunk, options=options):
            return linear_cross_entropy_loss(h, w, target, bias=b, chunk=chunk, **options)

        expected, by = jax.jit(jax.value_and_grad(whole, (0, 1, 2)))(hidden, layer, bias)
        for chunk in ("auto", 4):
            slopes = jax.jit(jax.value_and_grad(partial(chunked, chunk=chunk), (0, 1, 2)))
            value, gradients = slopes(hidden, layer, bias)
            assert_allclose(value, expected, rtol=1e-12)
            for one, other in zip(gradients, by, strict=True):
                assert_allclose(one, other, rtol=1e-9, atol=1e-14)
    gradient = jax.jit(jax.grad(partial(chunked, chunk=4), (0, 1, 2)))
    check_grads(gradient, (hidden, layer, bias), order=1, modes=["rev"])


@pytest.mark.parametrize("kind", [jnp.float32, jnp.bfloat16, jnp.float16])
def test_sums_of_half_precision(kind):
    x = jnp.zeros((4, 3), kind)
    loss, by = jax.jit(jax.value_and_grad(cross_entropy_loss))(x, jnp.array([0, 1, 2, 0]))
    assert loss.dtype == jnp.float32
    assert by.dtype == kind
    layer = jnp.zeros((3, 2), kind)
    of_layer = jax.jit(jax.value_and_grad(linear_cross_entropy_loss, 1))
    loss, by = of_layer(x[:, :2], layer, jnp.array([0] * 4))
    assert loss.dtype == jnp.float32
    assert by.dtype == kind


def test_mapped():
    found = jax.vmap(lambda x, y: cross_entropy_loss(x, y, empty="zero"))(LOGITS, LABELS)
    assert_allclose(found, reference.cross_entropy_loss(LOGITS, LABELS, reduction="none").loss)


def test_labels_out_of_range():
    x, y = jnp.zeros((2, 3)), jnp.array([0, 5])
    with pytest.raises(InputError, match=r"^target, row 1: found the label 5; "):
        cross_entropy_loss(x, y)
    losses = jax.jit(lambda x, y: cross_entropy_loss(x, y, reduction="none"))(x, y)
    assert np.isnan(losses).tolist() == [False, True]
    checked = checkify.checkify(jax.jit(lambda x, y: cross_entropy_loss(x, y, check=True)))
    error, _ = checked(x, y)
    with pytest.raises(checkify.JaxRuntimeError, match="a label is out of range"):
        error.throw()


def test_what_is_said_of_a_layer():
    h, w, y = jnp.zeros((2, 4)), jnp.zeros((3, 4)), jnp.array([0, 1])
    with pytest.raises(CallError, match=r"^hidden of shape \(2, 4\) and weight of shape \(4, "):
        linear_cross_entropy_loss(h, w.T, y)
    with pytest.raises(CallError, match=r"^bias of shape \(2,\) for a weight of shape "):
        linear_cross_entropy_loss(h, w, y, bias=jnp.zeros(2))
    with pytest.raises(CallError, match=r"^hidden of type float64 and weight of type float32; "):
        linear_cross_entropy_loss(h, w.astype("float32"), y)
    with pytest.raises(CallError, match=r"^budget=5 bytes; one row of logits over 3 classes "):
        linear_cross_entropy_loss(h, w, y, budget=5)
    with pytest.raises(CallError, match=r"^logits of shape \(2, 3\) and a target of shape \(1,\) "):
        linear_cross_entropy_loss(h, w, y[:1])


def test_no_rows():
    h, w, y = jnp.zeros((0, 4)), jnp.zeros((3, 4)), jnp.zeros(0, int)
    assert np.isnan(linear_cross_entropy_loss(h, w, y))
    assert linear_cross_entropy_loss(h, w, y, empty="zero") == 0


@pytest.mark.parametrize("form", ["logits", "top k", "layer"])
def test_distilling_a_linear_layer(form):
    generator = np.random.default_rng(2)
    hidden, layer, bias, others = (
        jnp.asarray(generator.normal(size=shape)) for shape in ((6, 4), (5, 4), (5,), (6, 3))
    )
    teacher = {
        "logits": jnp.asarray(LOGITS),
        "top k": TopK(jnp.log(jnp.full((6, 2), 0.3)), jnp.tile(jnp.array([4, 1]), (6, 1))),
        "layer": LinearTeacher(others, layer[:, :3], bias),
    }[form]
    whole = others @ layer[:, :3].T + bias if form == "layer" else teacher
    options = {"kind": "jsd", "temperature": 2.0, "sample_weight": SAMPLE_WEIGHT}

    def expected(h, w, b):
        return distill_loss(h @ w.T + b, whole, **options)

    def chunked(h, w, b):
        return linear_distill_loss(h, w, teacher, bias=b, chunk=4, **options)

    value, gradients = jax.jit(jax.value_and_grad(chunked, (0, 1, 2)))(hidden, layer, bias)
    other, by = jax.jit(jax.value_and_grad(expected, (0, 1, 2)))(hidden, layer, bias)
    assert_allclose(value, other, rtol=1e-12)
    for one, two in zip(gradients, by, strict=True):
        assert_allclose(one, two, rtol=1e-9, atol=1e-14)
    if form == "layer":  # step by step, which compiles hundreds of functions of one operation
        assert_allclose(chunked(hidden, layer, bias), other, rtol=1e-12)
    wrong = LinearTeacher(others[:2], layer[:, :3])
    with pytest.raises(CallError, match=r"^a teacher of hidden \(2, 3\) and weight \(5, 3\) for "):
        linear_distill_loss(hidden, layer, wrong)


def test_forward_mode():
    """By itself, mapped, over and under reverse mode; through a jit within it JAX refuses."""
    x, y = jnp.asarray(LOGITS), jnp.asarray(LABELS)

    def loss(x):
        return cross_entropy_loss(x, y, label_smoothing=0.1)

    _, gradient = reference.cross_entropy_loss(LOGITS, LABELS, label_smoothing=0.1)
    assert_allclose(jax.jacfwd(loss)(x), gradient, rtol=1e-11, atol=1e-16)
    assert_allclose(jax.jvp(loss, (x,), (x,))[1], (gradient * LOGITS).sum(), rtol=1e-11)
    # Compiled whole, for step by step JAX compiles hundreds of functions of one operation.
    exact = jax.jit(jax.jacrev(jax.grad(loss)))(x)
    for second in (jax.hessian(loss), jax.hessian(jax.jit(loss)), jax.jacrev(jax.jacfwd(loss))):
        assert_allclose(jax.jit(second)(x), exact, rtol=1e-9, atol=1e-15)

    def mapped(x):
        return jax.vmap(lambda x, y: cross_entropy_loss(x, y, empty="zero"))(x, y).sum()

    forward, reverse = jax.jit(jax.jacfwd(mapped)), jax.jit(jax.grad(mapped))
    assert_allclose(forward(x), reverse(x), rtol=1e-11, atol=1e-16)
    with pytest.raises(TypeError, match="forward-mode"):
        jax.jvp(jax.jit(loss), (x,), (x,))


@pytest.mark.parametrize("kind", ["forward", "reverse", "jsd"])
def test_forward_mode_of_divergences(kind):
    layer = jnp.eye(5)
    for loss in (
        lambda x: distill_loss(x, OTHERS, kind=kind),
        lambda x: linear_distill_loss(x, layer, OTHERS, kind=kind, chunk=4),
    ):
        same_both_ways(loss)


def test_forward_mode_of_a_layer():
    def loss(x):
        return linear_cross_entropy_loss(x, jnp.eye(5), LABELS, chunk=4)

    same_both_ways(loss)
    assert jax.jit(jax.hessian(loss))(jnp.asarray(LOGITS)).shape == (6, 5, 6, 5)


def same_both_ways(loss):
    """A slope by forward mode is that of the gradient."""
    x = jnp.asarray(LOGITS)
    slope, gradient = jax.jit(lambda x: (jax.jvp(loss, (x,), (x,))[1], jax.grad(loss)(x)))(x)
    assert_allclose(slope, (gradient * x).sum(), rtol=1e-9)


def test_a_teachers_row_without_a_softmax():
    teacher = jnp.asarray(OTHERS).at[1].set(-jnp.inf)
    with pytest.raises(InputError, match=r"^teacher, row 1: a row of logits that is −inf only; "):
        distill_loss(LOGITS, teacher)
    losses = jax.jit(lambda t: distill_loss(LOGITS, t, reduction="none"))(teacher)
    assert np.isnan(losses).tolist() == [False, True, False, False, False, False]
    checked = checkify.checkify(jax.jit(lambda t: distill_loss(LOGITS, t, check=True)))
    with pytest.raises(checkify.JaxRuntimeError, match="a row of the teacher is no distribution"):
        checked(teacher)[0].throw()


def test_arrays_that_cannot_be_read():
    from jax.experimental import sparse

    with pytest.raises(CallError, match=r"^logits is a sparse BCOO; .*logits.todense\(\)"):
        cross_entropy_loss(sparse.BCOO.fromdense(jnp.asarray(LOGITS)), LABELS)
    with pytest.raises(CallError, match=r"^logits is a masked array; .*logits.filled"):
        cross_entropy_loss(np.ma.masked_array(LOGITS, LOGITS > 0), LABELS)
    cube = jnp.zeros((2, 5, 5))
    with pytest.raises(CallError, match=r"say which: axis=-1 or axis=1$"):
        cross_entropy_loss(cube, jnp.zeros((2, 5), int))
