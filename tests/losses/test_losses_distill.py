"""Divergences from a teacher: mpmath's values, their derivatives, and that they keep their sign."""

from __future__ import annotations

import math

import numpy as np
import oracle_losses as oracle
import pytest
from losses_cases import LOGITS, SAMPLE_WEIGHT
from mpmath import mp
from numpy.testing import assert_allclose

from unsurprised.errors import CallError, InputError
from unsurprised.losses import numpy as for_numpy
from unsurprised.losses.numpy import TopK

torch = pytest.importorskip("torch")
from unsurprised.losses.torch import distill_loss, kl_loss  # noqa: E402

KINDS = [("forward", 0.5), ("reverse", 0.5), ("jsd", 0.5), ("jsd", 0.1)]
OTHERS = np.random.default_rng(7).normal(size=LOGITS.shape) * 3


def top_k(logits, k=3):
    log = np.asarray(logits) - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    order = np.argsort(-log, axis=-1)[:, :k]
    return np.take_along_axis(log, order, -1), order


@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize("distance", [1.0, 1e-3, 1e-9])
@pytest.mark.parametrize(("kind", "beta"), KINDS)
def test_values_and_gradients(kind, beta, distance, temperature):
    """Accurate however close the student is."""
    teacher = LOGITS + distance * (OTHERS - LOGITS)
    options = {"kind": kind, "beta": beta, "temperature": temperature, "reduction": "sum"}
    loss, gradient = for_numpy.distill_loss(LOGITS, teacher, **options)
    truth = oracle.exact(teacher)

    def expected(rows):
        return sum(
            oracle.divergence(s, t, kind, beta, temperature)
            for s, t in zip(rows, truth, strict=True)
        )

    exact = oracle.gradient(expected, LOGITS)
    assert_allclose(loss, float(expected(oracle.exact(LOGITS))), rtol=1e-13)
    assert_allclose(gradient, exact, rtol=1e-12, atol=1e-15 * np.abs(exact).max())
    x = torch.tensor(LOGITS, requires_grad=True)
    found = distill_loss(x, torch.tensor(teacher), **options)
    found.backward()
    assert_allclose(found.item(), loss, rtol=1e-13)
    assert_allclose(x.grad, gradient, rtol=1e-12, atol=1e-15 * np.abs(exact).max())


@pytest.mark.parametrize("gap", [1.0, 5.0, 12.0, 16.0, 18.0, 35.0, 38.0, 80.0])
@pytest.mark.parametrize(("kind", "beta"), KINDS)
def test_rows_that_are_far_apart(kind, beta, gap):
    """A ratio of shares of which ``e^−d − 1`` is −1 to the last digit is no infinite one."""
    student, teacher = np.array([[0.0, gap, -1.0]]), np.array([[gap, 0.0, 1.0]])
    expected = float(oracle.divergence(*oracle.exact([student[0], teacher[0]]), kind, beta, 1.0))
    options = {"kind": kind, "beta": beta}
    assert_allclose(for_numpy.distill_loss(student, teacher, **options).loss, expected, rtol=1e-14)
    for dtype, room in ((torch.float64, 1e-14), (torch.float32, 1e-6)):
        rows = [torch.tensor(row, dtype=dtype) for row in (student, teacher)]
        assert_allclose(distill_loss(*rows, **options).item(), expected, rtol=room)
    if kind == "forward":
        shares = torch.softmax(torch.tensor(teacher), -1)
        assert_allclose(kl_loss(torch.tensor(student), shares).item(), expected, rtol=1e-13)


@pytest.mark.parametrize(("kind", "beta"), KINDS)
def test_first_and_second_derivatives(kind, beta):
    def loss(x):
        return distill_loss(x, torch.tensor(OTHERS), kind=kind, beta=beta, temperature=1.5)

    x = torch.tensor(LOGITS, requires_grad=True)
    assert torch.autograd.gradcheck(loss, x)
    assert torch.autograd.gradgradcheck(loss, x)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
@pytest.mark.parametrize(("kind", "beta"), KINDS)
def test_a_teacher_of_whom_the_top_is_known(kind, beta, temperature):
    """All others are one class, of both."""
    log_probs, indices = top_k(OTHERS / temperature)
    teacher = TopK(log_probs, indices)
    options = {"kind": kind, "beta": beta, "reduction": "none", "temperature": temperature}
    losses, gradient = for_numpy.distill_loss(LOGITS, teacher, **options)
    for row, (logs, at) in enumerate(zip(log_probs, indices, strict=True)):
        q = oracle.softmax(oracle.scores(oracle.exact(LOGITS)[row], temperature, None))
        p = [mp.exp(x) for x in oracle.exact([logs])[0]]
        p.append(1 - sum(p))
        q = [*(q[i] for i in at), sum(q[i] for i in range(5) if i not in at)]
        logs_of = [[mp.log(x) for x in side] for side in (q, p)]
        assert_allclose(losses[row], float(oracle.divergence(*logs_of, kind, beta, 1.0)), rtol=1e-9)
    x = torch.tensor(LOGITS, requires_grad=True)
    tensors = TopK(torch.tensor(log_probs), torch.tensor(indices))
    assert torch.autograd.gradcheck(lambda x: distill_loss(x, tensors, **options), x)
    assert torch.autograd.gradgradcheck(lambda x: distill_loss(x, tensors, **options), x)
    distill_loss(x, tensors, **options).sum().backward()
    assert_allclose(x.grad, gradient, rtol=1e-10, atol=1e-14)
    whole = for_numpy.distill_loss(LOGITS, OTHERS, **options).loss
    assert (losses <= whole * (1 + 1e-9)).all()  # data processing


def test_all_classes_known_is_the_whole_teacher():
    log_probs, indices = top_k(OTHERS, 5)
    log_probs = np.minimum(log_probs, 0)
    loss, gradient = for_numpy.distill_loss(LOGITS, TopK(log_probs, indices))
    expected, by = for_numpy.distill_loss(LOGITS, OTHERS)
    assert_allclose(loss, expected, rtol=1e-7)
    assert_allclose(gradient, by, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("kind", "beta"), KINDS)
def test_never_negative(dtype, kind, beta):
    """pytorch#32520 and many more: a negative KL of two that nearly agree."""
    generator = torch.Generator().manual_seed(0)
    student = (torch.randn(2000, 50, generator=generator) * 5).to(dtype)
    for scale in (0.0, 1e-6, 1e-3, 10.0):
        teacher = student.float() + scale * torch.randn(2000, 50, generator=generator)
        teacher += torch.randn(2000, 1, generator=generator) * 30
        losses = distill_loss(student, teacher, kind=kind, beta=beta, reduction="none")
        assert (losses >= 0).all()
        if scale == 0:
            assert losses.max() < 1e-10


def test_close_students_in_float32():
    """Relative accuracy of what is lost when two logarithms are subtracted."""
    generator = torch.Generator().manual_seed(1)
    student = torch.randn(20, 1000, generator=generator) * 3
    teacher = student + 0.01 * torch.randn(20, 1000, generator=generator)
    exact = distill_loss(student.double(), teacher.double(), reduction="none")
    ours = distill_loss(student, teacher, reduction="none").double()
    logs = [torch.log_softmax(x, -1) for x in (student, teacher)]
    theirs = torch.nn.functional.kl_div(*logs, reduction="none", log_target=True).sum(-1).double()
    assert (ours / exact - 1).abs().max() < 3e-6
    assert (theirs / exact - 1).abs().max() > 1e-4  # what it is beside


def test_impossible_classes():
    """p = 0 adds nothing; q = 0 < p is infinite; both 0 is nothing, nor its gradient."""
    inf = math.inf
    student = torch.tensor([[0.0, -inf, 1.0]], requires_grad=True)
    teacher = torch.tensor([[0.5, -inf, -inf]])
    for kind, value in (("forward", math.log(1 + math.e)), ("reverse", inf)):
        loss = distill_loss(student, teacher, kind=kind)
        assert loss.item() == pytest.approx(value)
    forward, jsd = (distill_loss(student, teacher, kind=kind) for kind in ("forward", "jsd"))
    for loss in (forward, jsd):
        by = torch.autograd.grad(loss, student)[0]
        assert by.isfinite().all()
        assert by[0, 1] == 0
    assert distill_loss(teacher, student.detach()).item() == inf
    assert 0 < jsd.item() < math.log(2)
    assert distill_loss(
        torch.tensor([[0.0, -inf]]), torch.tensor([[-inf, 0.0]]), kind="jsd", base=2
    ).item() == pytest.approx(1)


def test_a_mean_is_one_over_rows():
    """pytorch#2259, #14457: kl_div's "mean" divides by the classes too."""
    p = torch.softmax(torch.tensor(OTHERS), -1)
    x = torch.tensor(LOGITS)
    expected = torch.nn.functional.kl_div(torch.log_softmax(x, -1), p, reduction="batchmean")
    torch.testing.assert_close(kl_loss(x, p), expected)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_kl_is_cross_entropy_less_the_entropy_of_the_target(temperature):
    from unsurprised.losses.torch import cross_entropy_loss

    x = torch.tensor(LOGITS, requires_grad=True)
    p = torch.softmax(torch.tensor(OTHERS), -1)
    p[0] = torch.tensor([0, 1, 0, 0, 0])  # pytorch#34536: zeros of the target
    s = torch.tensor(SAMPLE_WEIGHT)
    loss = kl_loss(x, p, sample_weight=s, temperature=temperature)
    cross = cross_entropy_loss(x, p, sample_weight=s, temperature=temperature)
    entropy = -(torch.xlogy(p, p).sum(-1) * s).sum() / s.sum()
    torch.testing.assert_close(loss, cross - entropy)
    by = [torch.autograd.grad(each, x)[0] for each in (loss, cross)]
    torch.testing.assert_close(*by)
    value, gradient = for_numpy.kl_loss(
        LOGITS, p.numpy(), sample_weight=SAMPLE_WEIGHT, temperature=temperature
    )
    assert_allclose(value, loss.item())
    assert_allclose(gradient, by[0], atol=1e-15)


@pytest.mark.parametrize("empty", ["nan", "zero"])
def test_rows_that_do_not_count(empty):
    x = torch.tensor([[math.nan, 1.0], [0.0, 2.0]], requires_grad=True)
    t = torch.zeros(2, 2)
    loss = distill_loss(x, t, sample_weight=torch.tensor([0.0, 3.0]), normalizer="rows")
    torch.testing.assert_close(loss, 3 * distill_loss(x[1:], t[1:]))
    loss.backward()
    assert (x.grad[0] == 0).all()
    none = distill_loss(x, t, sample_weight=torch.zeros(2), empty=empty).item()
    assert math.isnan(none) if empty == "nan" else none == 0


@pytest.mark.parametrize("kind", ["forward", "jsd"])
def test_compiled_and_transformed(kind):
    x, t = torch.tensor(LOGITS), torch.tensor(OTHERS)
    expected, by = for_numpy.distill_loss(LOGITS, OTHERS, kind=kind)
    compiled = torch.compile(
        lambda x, t: distill_loss(x, t, kind=kind), fullgraph=True, backend="aot_eager"
    )
    leaf = x.clone().requires_grad_()
    loss = compiled(leaf, t)
    loss.backward()
    assert_allclose(loss.item(), expected)
    assert_allclose(leaf.grad, by, atol=1e-15)
    assert_allclose(torch.func.grad(lambda x: distill_loss(x, t, kind=kind))(x), by, atol=1e-15)


def test_operators_are_registered_soundly():
    from unsurprised.losses.torch import divergences as ops

    x, t, ones = torch.tensor(LOGITS), torch.tensor(OTHERS), torch.ones(6, dtype=torch.float64)
    torch.library.opcheck(ops.rows_op, (x, t, None, "jsd", 0.5, 1.0))
    torch.library.opcheck(ops.gradient_op, (x, t, None, ones, "jsd", 0.5, 1.0))


def test_axes():
    x, t = np.stack([LOGITS, OTHERS]), np.stack([OTHERS, LOGITS])
    loss, gradient = for_numpy.distill_loss(x, t)
    moved = [np.moveaxis(a, -1, 1) for a in (x, t)]
    other, by = for_numpy.distill_loss(*moved, axis=1)
    assert_allclose(other, loss)
    assert_allclose(by, np.moveaxis(gradient, -1, 1))
    assert_allclose(distill_loss(*map(torch.tensor, moved), axis=1).item(), loss)


WRONG = [
    ({"kind": "kl"}, CallError, "kind='kl'; expected 'forward', 'reverse' or 'jsd'"),
    (
        {"kind": "jsd", "beta": 0},
        CallError,
        "beta=0; expected a number between 0 and 1, the teacher's share of the mixture (at the "
        "ends the divergence is 0 of any two: ask for kind='forward' or 'reverse')",
    ),
    (
        {"teacher": np.zeros((2, 3))},
        CallError,
        "student of shape (6, 5) and teacher of shape (2, 3) and type float64; expected floats of "
        "the same shape, or TopK(log_probs, indices)",
    ),
    (
        {"teacher": TopK(np.zeros((6, 6)), np.zeros((6, 6), int))},
        CallError,
        "TopK of shapes (6, 6) and (6, 6) for a student of shape (6, 5); expected (6, k) for both, "
        "with k from 1 to 5",
    ),
    (
        {"teacher": TopK(np.full((6, 1), -1.0), np.zeros((6, 1)))},
        CallError,
        "TopK of types float64 and float64; expected logarithms of a floating type and integers",
    ),
    (
        {"teacher": TopK(np.full((6, 1), -1.0), np.full((6, 1), 5))},
        InputError,
        "teacher, row 0: found the indices [5]; expected 0 to 4, the indices of 5 classes",
    ),
    (
        {"teacher": TopK(np.full((6, 2), -1.0), np.full((6, 2), 1))},
        InputError,
        "teacher, row 0: found the indices [1, 1]; expected each class once",
    ),
    (
        {"teacher": TopK(np.zeros((6, 2)), np.tile([0, 1], (6, 1)))},
        InputError,
        "teacher, row 0: found log-probabilities of a total probability of 2; expected natural "
        "logarithms of probabilities that sum to at most 1; take the log-softmax over all classes "
        "before the top k",
    ),
]


@pytest.mark.parametrize(("options", "error", "message"), WRONG, ids=lambda x: str(x)[:30])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_what_is_said(library, options, error, message):
    options = dict(options)
    teacher = options.pop("teacher", OTHERS)
    with pytest.raises(error) as raised:
        if library == "numpy":
            for_numpy.distill_loss(LOGITS, teacher, **options)
        elif isinstance(teacher, TopK):
            distill_loss(torch.tensor(LOGITS), TopK(*map(torch.tensor, teacher)), **options)
        else:
            distill_loss(torch.tensor(LOGITS), torch.tensor(teacher), **options)
    assert str(raised.value) == message


def test_a_target_that_is_no_distribution():
    with pytest.raises(InputError, match=r"^target, row 0: found probabilities that sum to 2; "):
        for_numpy.kl_loss(LOGITS, np.full((6, 5), 0.4))
    with pytest.raises(CallError, match=r"^logits of shape \(6, 5\) and target of shape \(6,\) "):
        kl_loss(torch.tensor(LOGITS), torch.zeros(6))
