"""PyTorch's losses: the reference's values, PyTorch's own, and every kind of derivative."""

from __future__ import annotations

import numpy as np
import pytest
from losses_cases import (
    LABELS,
    LOGITS,
    SAMPLE_WEIGHT,
    SHARES,
    TARGETS,
    THREES,
    WEIGHT,
    some_combinations,
)
from numpy.testing import assert_allclose

from unsurprised.losses.numpy import cross_entropy_loss as reference

torch = pytest.importorskip("torch")
from torch.nn import functional  # noqa: E402

from unsurprised.losses.torch import cross_entropy_loss  # noqa: E402


def tensors(options):
    return {
        name: torch.tensor(value) if isinstance(value, np.ndarray) else value
        for name, value in options.items()
    }


def leaf(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype, requires_grad=True)


def loss_and_gradient(logits, target, **options):
    x = leaf(logits)
    loss = cross_entropy_loss(x, torch.tensor(target), **tensors(options))
    loss.sum().backward()
    return loss.detach().numpy(), x.grad.numpy()


ALL = [
    pytest.param(THREES, id="every three choices"),
    pytest.param(1, id="all", marks=pytest.mark.thorough),
]


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("step", ALL)
def test_combinations_are_the_references(kind, step):
    for options in some_combinations(step):
        loss, gradient = loss_and_gradient(LOGITS, TARGETS[kind], **options)
        expected, by = reference(LOGITS, TARGETS[kind], **options)
        assert_allclose(loss, expected, rtol=1e-13, err_msg=str(options))
        assert_allclose(gradient, by, rtol=1e-11, atol=1e-16, err_msg=str(options))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_same_call_of_pytorch(reduction, weight, smoothing):
    options = tensors({"weight": weight, "label_smoothing": smoothing, "reduction": reduction})
    whole = np.where(SHARES == -100, 0.2, SHARES)  # PyTorch ignores no row of distributions
    for target in (torch.tensor(LABELS), torch.tensor(whole)):
        ours, theirs = leaf(LOGITS), leaf(LOGITS)
        loss = cross_entropy_loss(ours, target, **options)
        expected = functional.cross_entropy(theirs, target, **options)
        torch.testing.assert_close(loss, expected, rtol=1e-13, atol=0)
        loss.sum().backward()
        expected.sum().backward()
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-11, atol=1e-16)


def test_images_by_axis():
    images = torch.randn(2, 5, 3, 4, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(24).reshape(2, 3, 4) % 5
    expected = functional.cross_entropy(images, labels)
    torch.testing.assert_close(cross_entropy_loss(images, labels, axis=1), expected)
    losses = cross_entropy_loss(images, labels, axis=1, reduction="none")
    assert losses.shape == (2, 3, 4)
    torch.testing.assert_close(losses, functional.cross_entropy(images, labels, reduction="none"))


@pytest.mark.parametrize("options", some_combinations(389), ids=str)
@pytest.mark.parametrize("kind", TARGETS)
def test_first_and_second_derivatives(kind, options):
    target = torch.tensor(TARGETS[kind])

    def loss(x):
        return cross_entropy_loss(x, target, **tensors(options))

    assert torch.autograd.gradcheck(loss, leaf(LOGITS))
    assert torch.autograd.gradgradcheck(loss, leaf(LOGITS))


def test_derivatives_of_the_details():
    """The losses, log-sum-exps and entropies of one pass, and of ignored rows no derivative."""

    def details(x):
        return cross_entropy_loss(x, torch.tensor(LABELS), details=True, base=2)

    assert torch.autograd.gradcheck(details, leaf(LOGITS))
    assert torch.autograd.gradgradcheck(details, leaf(LOGITS))
    x = leaf(LOGITS)
    found = details(x)
    log_softmax = torch.log_softmax(x.detach(), -1)
    entropy = -(log_softmax.exp() * log_softmax).sum(-1) / np.log(2)
    torch.testing.assert_close(found.entropy, entropy)
    torch.testing.assert_close(found.log_sum_exp, torch.logsumexp(x, -1))
    torch.testing.assert_close(found.losses.sum() / 5, found.loss)
    found.losses.sum().backward()
    assert (x.grad[2] == 0).all()


def test_the_target_and_the_rows_weights_have_derivatives_too():
    shares = torch.softmax(torch.tensor(LOGITS[::-1].copy()), -1)

    def loss(x, y, s):
        return cross_entropy_loss(
            x, torch.softmax(y, -1), sample_weight=s, label_smoothing=0.1, focal_gamma=1.0
        )

    inputs = (leaf(LOGITS), shares.log().requires_grad_(), leaf(SAMPLE_WEIGHT + 0.5))
    assert torch.autograd.gradcheck(loss, inputs)
    assert torch.autograd.gradgradcheck(loss, inputs)


OPTIONS = [
    {},
    {"weight": WEIGHT, "label_smoothing": 0.1},
    {"softcap": 5.0, "z_loss": 0.1, "entropy_bonus": 0.1, "focal_gamma": 1.0, "reduction": "sum"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("kind", TARGETS)
def test_compiled_whole(kind, options):
    target, options = torch.tensor(TARGETS[kind]), tensors(options)
    compiled = torch.compile(
        lambda x, y: cross_entropy_loss(x, y, **options), fullgraph=True, backend="aot_eager"
    )
    x = leaf(LOGITS)
    loss = compiled(x, target)
    loss.backward()
    expected, by = reference(
        LOGITS,
        TARGETS[kind],
        **{k: np.asarray(v) if torch.is_tensor(v) else v for k, v in options.items()},
    )
    assert_allclose(loss.item(), expected, rtol=1e-13)
    assert_allclose(x.grad, by, rtol=1e-11, atol=1e-16)


def test_operators_are_registered_soundly():
    from unsurprised.losses.torch import rows as ops

    x, y = torch.tensor(LOGITS), torch.tensor(LABELS).clamp(min=0)
    numbers = [0.1, 0.0, 1.0, 1.0, 0.0]
    torch.library.opcheck(ops.rows_op, (x, y, None, numbers, True))
    ones = torch.ones(6, dtype=torch.float64)
    torch.library.opcheck(ops.gradient_op, (x, y, None, ones, ones, ones, None, ones, numbers))


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_function_transforms():
    x, y = torch.tensor(LOGITS), torch.tensor(LABELS)
    _, expected = reference(LOGITS, LABELS)
    by = torch.func.grad(lambda x: cross_entropy_loss(x, y))(x)
    assert_allclose(by, expected, rtol=1e-11, atol=1e-16)
    each = torch.func.vmap(lambda x, y: cross_entropy_loss(x, y, empty="zero"))(x, y)
    assert_allclose(each, reference(LOGITS, LABELS, reduction="none").loss)
    _, slope = torch.func.jvp(lambda x: cross_entropy_loss(x, y), (x,), (torch.ones_like(x),))
    assert_allclose(slope, expected.sum(), atol=1e-15)
    second = torch.func.hessian(lambda x: cross_entropy_loss(x, y[:1]))(x[:1])[0, :, 0]
    p = torch.softmax(x[0], -1)
    assert_allclose(second, torch.diag(p) - torch.outer(p, p), atol=1e-15)


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"weight": WEIGHT}], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_errors_are_no_larger_than_pytorchs(dtype, options, kind):
    """Against float64 at the rounded logits, in the worst entry."""
    generator = torch.Generator().manual_seed(1)
    logits = (torch.randn(64, 3000, generator=generator) * 4).to(dtype)
    target = torch.randint(3000, (64,), generator=generator)
    if kind == "shares":
        target = torch.softmax(torch.randn(64, 3000, generator=generator), -1)
    weight = torch.rand(3000, generator=generator) if options.get("weight") is not None else None
    options = options | {"weight": weight}

    def answers(loss, x, kind):
        x = x.detach().to(kind).requires_grad_()
        given = {k: v.to(kind) if torch.is_tensor(v) else v for k, v in options.items()}
        y = target.to(kind) if target.is_floating_point() else target
        value = loss(x, y, **given)
        value.backward()
        return value.detach().double(), x.grad.double()

    if dtype != torch.float32 and target.is_floating_point():
        target = target.to(dtype).double()
        target = target / target.sum(-1, keepdim=True)
    if weight is not None:
        options["weight"] = weight.to(dtype).float()
    right = answers(functional.cross_entropy, logits, torch.float64)
    theirs = answers(functional.cross_entropy, logits, dtype)
    ours = answers(cross_entropy_loss, logits, dtype)
    for exact, peer, own in zip(right, theirs, ours, strict=True):
        # half a unit of the last place of the answer's own type is nobody's fault
        room = torch.finfo(torch.float32 if exact.dim() == 0 else dtype).eps * exact.abs().max() / 2
        assert (own - exact).abs().max() <= (peer - exact).abs().max() + room
