"""A linear layer and its loss in chunks: the loss of the logits, whatever the chunk."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from losses_cases import SAMPLE_WEIGHT, TARGETS, WEIGHT, some_combinations

from unsurprised.errors import CallError, InputError

torch = pytest.importorskip("torch")
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from unsurprised.losses.torch import (  # noqa: E402
    LinearTeacher,
    TopK,
    cross_entropy_loss,
    distill_loss,
    linear_cross_entropy_loss,
    linear_distill_loss,
)

_GENERATOR = torch.Generator().manual_seed(0)
HIDDEN, LAYER, BIAS, TEACHER = (
    torch.randn(shape, dtype=torch.float64, generator=_GENERATOR)
    for shape in ((6, 4), (5, 4), (5,), (6, 5))
)
LABELS = torch.tensor(TARGETS["labels"])


def leaves(*tensors):
    return [tensor.clone().requires_grad_() for tensor in tensors]


def as_tensors(options):
    return {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}


def compare(found, expected, ours, theirs, **room):
    torch.testing.assert_close(found, expected, **room)
    found.sum().backward()
    expected.sum().backward()
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.grad, other.grad, **room)


@pytest.mark.parametrize("chunk", ["auto", 1, 4, 100])
@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("options", some_combinations(293), ids=str)
def test_the_loss_of_the_logits(options, kind, chunk):
    options, target = as_tensors(options), torch.tensor(TARGETS[kind])
    ours, theirs = leaves(HIDDEN, LAYER, BIAS), leaves(HIDDEN, LAYER, BIAS)
    named = {"class_weight" if k == "weight" else k: v for k, v in options.items()}
    found = linear_cross_entropy_loss(*ours[:2], target, bias=ours[2], chunk=chunk, **named)
    logits = torch.nn.functional.linear(*theirs)
    compare(
        found, cross_entropy_loss(logits, target, **options), ours, theirs, rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("chunk", [2, "auto"])
def test_rows_of_their_own_and_details(chunk):
    ours, theirs = leaves(HIDDEN, LAYER), leaves(HIDDEN, LAYER)
    logits = torch.nn.functional.linear(*theirs)
    options = {"reduction": "none", "entropy_bonus": 0.1, "z_loss": 0.1}
    found = linear_cross_entropy_loss(*ours, LABELS, chunk=chunk, **options)
    compare(found, cross_entropy_loss(logits, LABELS, **options), ours, theirs)
    found = linear_cross_entropy_loss(*ours, LABELS, chunk=chunk, details=True)
    expected = cross_entropy_loss(torch.nn.functional.linear(*theirs), LABELS, details=True)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
    total = found.loss + found.entropy.mean() + found.log_sum_exp.square().sum()
    other = expected.loss + expected.entropy.mean() + expected.log_sum_exp.square().sum()
    compare(total, other, ours, theirs)


def test_weights_of_rows_have_derivatives():
    s, t = leaves(*(torch.tensor(SAMPLE_WEIGHT) + 0.1,) * 2)
    ours, theirs = leaves(HIDDEN, LAYER), leaves(HIDDEN, LAYER)
    found = linear_cross_entropy_loss(*ours, LABELS, sample_weight=s, chunk=4)
    logits = torch.nn.functional.linear(*theirs)
    expected = cross_entropy_loss(logits, LABELS, sample_weight=t)
    compare(found, expected, [*ours, s], [*theirs, t])


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_first_and_second_derivatives(reduction):
    def loss(hidden, layer, bias):
        return linear_cross_entropy_loss(
            hidden, layer, LABELS, bias=bias, chunk=4, z_loss=0.1, reduction=reduction
        )

    inputs = leaves(HIDDEN, LAYER, BIAS)
    assert torch.autograd.gradcheck(loss, inputs)
    assert torch.autograd.gradgradcheck(loss, inputs)


def test_a_gradient_is_given_away_once():
    """Liger#343, #1251: what a first backward pass handed out is not written to by a second."""
    hidden, layer = leaves(HIDDEN, LAYER)
    loss = linear_cross_entropy_loss(hidden, layer, LABELS, chunk=4)
    above = torch.tensor(3.0, dtype=torch.float64)
    first = torch.autograd.grad(loss, (hidden, layer), above, retain_graph=True)
    kept = [each.clone() for each in first]
    second = torch.autograd.grad(loss, (hidden, layer), above * 2, retain_graph=True)
    third = torch.autograd.grad(loss, (hidden, layer), above)
    for once, twice, thrice, copy in zip(first, second, third, kept, strict=True):
        assert torch.equal(once, copy)
        torch.testing.assert_close(twice, 2 * once)
        torch.testing.assert_close(thrice, once)


def test_what_asks_for_no_gradient_gets_none():
    for wanted in ([0], [1], [0, 2], []):
        inputs = [HIDDEN.clone(), LAYER.clone(), BIAS.clone()]
        for i in wanted:
            inputs[i].requires_grad_()
        loss = linear_cross_entropy_loss(*inputs[:2], LABELS, bias=inputs[2], chunk=4)
        assert loss.requires_grad == bool(wanted)
        if wanted:
            loss.backward()
        assert [i for i in range(3) if inputs[i].grad is not None] == wanted


@pytest.mark.parametrize("bias", [None, BIAS])
def test_compiled_whole(bias):
    def loss(hidden, layer, target):
        return linear_cross_entropy_loss(
            hidden, layer, target, bias=bias, chunk=4, label_smoothing=0.1, softcap=5.0
        )

    ours, theirs = leaves(HIDDEN, LAYER), leaves(HIDDEN, LAYER)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    compare(compiled(*ours, LABELS), loss(*theirs, LABELS), ours, theirs)
    weighted = torch.compile(
        lambda h, w, y, c: linear_cross_entropy_loss(h, w, y, class_weight=c),
        fullgraph=True,
        backend="aot_eager",
    )
    classes = torch.tensor(WEIGHT)
    expected = linear_cross_entropy_loss(*theirs, LABELS, class_weight=classes)
    torch.testing.assert_close(weighted(*ours, LABELS, classes), expected)


def test_operators_are_registered_soundly():
    from unsurprised.losses._options import Recipe, Scores
    from unsurprised.losses.torch import layer_rows as ops
    from unsurprised.losses.torch.jobs import CrossEntropyJob

    recipe = Recipe(0.0, "class", 0.0, Scores())
    name, given, numbers = CrossEntropyJob(LABELS.clamp(min=0), None, recipe, True).told()
    call = (HIDDEN, LAYER, BIAS, name, given, numbers, 4)
    torch.library.opcheck(ops.rows_op, (*call, 3))
    torch.library.opcheck(ops.gradient_op, (*call, [torch.ones(6, dtype=torch.float64)] * 3))


def test_function_transforms():
    by = torch.func.grad(lambda h: linear_cross_entropy_loss(h, LAYER, LABELS, chunk=2))(HIDDEN)
    (hidden,) = leaves(HIDDEN)
    cross_entropy_loss(hidden @ LAYER.T, LABELS).backward()
    torch.testing.assert_close(by, hidden.grad)


def test_under_autocast():
    hidden, layer = leaves(HIDDEN.float(), LAYER.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = linear_cross_entropy_loss(hidden, layer, LABELS)
        expected = cross_entropy_loss(torch.nn.functional.linear(hidden, layer), LABELS)
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert hidden.grad.dtype == layer.grad.dtype == torch.float32


class Largest(TorchDispatchMode):
    """The size of the largest tensor that an operation makes, of the parameters' own aside."""

    def __init__(self, *known):
        super().__init__()
        self.bytes, self._known = 0, {tuple(tensor.shape) for tensor in known}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else [result]:
            if torch.is_tensor(tensor) and tuple(tensor.shape) not in self._known:
                storage = tensor.untyped_storage().nbytes()
                self.bytes = max(self.bytes, storage)
        return result


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"reduction": "none"}], ids=str)
def test_no_array_is_larger_than_the_budget(options):
    hidden, layer = torch.randn(300, 8).requires_grad_(), torch.randn(2000, 8).requires_grad_()
    labels = torch.randint(2000, (300,))
    budget = 1 << 18
    with Largest(hidden, layer) as largest:
        linear_cross_entropy_loss(hidden, layer, labels, budget=budget, **options).sum().backward()
    assert 8 * budget < 300 * 2000 * 4
    assert budget / 2 < largest.bytes <= budget


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_errors_are_no_larger_than_pytorchs(dtype):
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn(200, 32, generator=generator).to(dtype)
    layer = torch.randn(3000, 32, generator=generator).to(dtype)
    labels = torch.randint(3000, (200,), generator=generator)

    def answers(loss, kind):
        h, w = leaves(hidden.to(kind), layer.to(kind))
        value = loss(h, w)
        value.backward()
        return [x.double() for x in (value.detach(), h.grad, w.grad)]

    def theirs(h, w):
        return torch.nn.functional.linear_cross_entropy(h, w, labels)

    right, peer = answers(theirs, torch.float64), answers(theirs, dtype)
    for chunk in ("auto", 7, 64):

        def chunked(h, w, chunk=chunk):
            return linear_cross_entropy_loss(h, w, labels, chunk=chunk)

        for exact, other, own in zip(right, peer, answers(chunked, dtype), strict=True):
            errors = [(x - exact).square().mean().sqrt() for x in (own, other)]
            if exact.dim() == 0:  # a rounding to float32 is nobody's fault
                errors[1] += torch.finfo(torch.float32).eps * exact
            # What is added up in many parts is rounded as often.
            assert errors[0] <= errors[1] * (1.25 if chunk == 7 else 1.01)


TEACHERS = {
    "logits": TEACHER,
    "top k": TopK(*torch.log_softmax(TEACHER, -1).topk(3)),
    "layer": LinearTeacher(
        TEACHER[:, :2], torch.randn(5, 2, dtype=torch.float64, generator=_GENERATOR)
    ),
    "layer with a bias": LinearTeacher(TEACHER[:, :4], LAYER.flip(0), BIAS),
}


@pytest.mark.parametrize("chunk", ["auto", 1, 4])
@pytest.mark.parametrize("kind", ["forward", "reverse", "jsd"])
@pytest.mark.parametrize("name", TEACHERS)
def test_distillation_by_chunks(name, kind, chunk):
    teacher = TEACHERS[name]
    logits = torch.nn.functional.linear(*teacher) if isinstance(teacher, LinearTeacher) else teacher
    for options in (
        {"temperature": 2.0},
        {"reduction": "none", "base": 2},
        {"sample_weight": torch.tensor(SAMPLE_WEIGHT), "normalizer": "rows"},
    ):
        ours, theirs = leaves(HIDDEN, LAYER, BIAS), leaves(HIDDEN, LAYER, BIAS)
        found = linear_distill_loss(
            *ours[:2], teacher, bias=ours[2], chunk=chunk, kind=kind, **options
        )
        expected = distill_loss(torch.nn.functional.linear(*theirs), logits, kind=kind, **options)
        compare(found, expected, ours, theirs, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("name", TEACHERS)
def test_distillation_compiled_and_differentiated_twice(name):
    def loss(h, w):
        return linear_distill_loss(h, w, TEACHERS[name], chunk=4, kind="jsd")

    ours, theirs = leaves(HIDDEN, LAYER), leaves(HIDDEN, LAYER)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    compare(compiled(*ours), loss(*theirs), ours, theirs)
    assert torch.autograd.gradgradcheck(loss, leaves(HIDDEN, LAYER))


WRONG = [
    ({"chunk": 0}, CallError, "chunk=0; expected 'auto' or how many rows, at least 1"),
    ({"budget": 0}, CallError, "budget=0; expected how many bytes, at least 1"),
    (
        {"budget": 39},
        CallError,
        "budget=39 bytes; one row of logits over 5 classes takes 40; expected at least that",
    ),
    (
        {"weight": LAYER[:, :3]},
        CallError,
        "hidden of shape (6, 4) and weight of shape (5, 3); expected (..., D) and (K, D)",
    ),
    (
        {"bias": BIAS[:3]},
        CallError,
        "bias of shape (3,) for a weight of shape (5, 4); expected (5,)",
    ),
    (
        {"weight": LAYER.float()},
        CallError,
        "hidden of type torch.float64 and weight of type torch.float32; expected one floating type",
    ),
    (
        {"target": LABELS + 3},
        InputError,
        "target, row 3: found the label 7; expected 0 to 4, the index of one of 5 classes; "
        "ignore_index= names the label of rows that do not count",
    ),
]


@pytest.mark.parametrize(("options", "error", "message"), WRONG, ids=lambda x: str(x)[:30])
def test_what_is_said(options, error, message):
    given = {"hidden": HIDDEN, "weight": LAYER, "target": LABELS.clamp(min=0)} | options
    if "target" in options:
        given["target"] = options["target"].where(LABELS >= 0, -100)
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        linear_cross_entropy_loss(**given)


def test_all_ignored_and_no_rows():
    hidden, layer = leaves(HIDDEN, LAYER)
    for rows, labels in ((hidden, torch.full((6,), -100)), (hidden[:0], LABELS[:0])):
        assert math.isnan(linear_cross_entropy_loss(rows, layer, labels).item())
        loss = linear_cross_entropy_loss(rows, layer, labels, empty="zero")
        assert loss.item() == 0
        loss.backward()
        assert (layer.grad == 0).all()
