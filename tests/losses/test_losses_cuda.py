"""The losses on every device that is at hand, beside float64 on the CPU.

What is said of the CPU elsewhere is said of a GPU here, where other kernels are at work; without a
GPU these tests hold the CPU to the same.
"""

from __future__ import annotations

import math
import re
import warnings

import pytest

from unsurprised.errors import CallError, InputError

torch = pytest.importorskip("torch")
from torch.nn import functional  # noqa: E402

from unsurprised.losses.torch import (  # noqa: E402
    LinearTeacher,
    TopK,
    cross_entropy_loss,
    distill_loss,
    kl_loss,
    linear_cross_entropy_loss,
    linear_distill_loss,
)

GPU = torch.cuda.is_available()
DEVICES = ["cpu", *(["cuda"] if GPU else [])]
TYPES = [torch.float32, torch.bfloat16, torch.float16]
on_each_device = pytest.mark.parametrize("device", DEVICES)
of_each_type = pytest.mark.parametrize("dtype", TYPES, ids=str)

ROWS, CLASSES = 7, 5003  # more than a tile of the kernels, and no multiple of anything
_GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(ROWS, CLASSES, generator=_GENERATOR) * 4
LABELS = torch.randint(CLASSES, (ROWS,), generator=_GENERATOR)
LABELS[2] = -100
SHARES = torch.softmax(torch.randn(ROWS, CLASSES, generator=_GENERATOR), -1)
SHARES[2] = -100
WEIGHT = torch.rand(CLASSES, generator=_GENERATOR) + 0.1
ROW_WEIGHT = torch.tensor([1.0, 0.0, 2.0, 0.5, 1.0, 3.0, 0.25])

OPTIONS = [
    {},
    {"label_smoothing": 0.1},
    {"weight": WEIGHT},
    {"weight": WEIGHT, "label_smoothing": 0.1},
    {"weight": WEIGHT, "label_smoothing": 0.1, "smoothing_weights": "label"},
    {"z_loss": 0.1, "sample_weight": ROW_WEIGHT},
    {"z_loss": 0.1, "label_smoothing": 0.2, "reduction": "sum"},
    {"entropy_bonus": 0.1},
    {"focal_gamma": 2.0},
    {"softcap": 10.0, "temperature": 2.0, "base": 2},
]


def moved(options, device, dtype=torch.float32):
    return {k: v.to(device, dtype) if torch.is_tensor(v) else v for k, v in options.items()}


def answers(loss, logits, *more, **options):
    """The value and the gradient, as float64 on the CPU."""
    leaf = logits.detach().requires_grad_()
    value = loss(leaf, *more, **options)
    value.sum().backward()
    return value.detach().double().cpu(), leaf.grad.double().cpu()


def assert_right(found, exact, dtype, room=1.0):
    """A value to float32's digits; a gradient to a few of them, and to its own type's last."""
    torch.testing.assert_close(found[0], exact[0], rtol=room * 1e-6, atol=0)
    for one, other in zip(found[1:], exact[1:], strict=True):
        digits = max(torch.finfo(dtype).eps, 4 * torch.finfo(torch.float32).eps)
        least = room * digits * other.abs().max().item()
        torch.testing.assert_close(one, other, rtol=0, atol=least)


@on_each_device
@of_each_type
@pytest.mark.parametrize("options", OPTIONS, ids="-".join)
@pytest.mark.parametrize("target", [LABELS, SHARES], ids=["labels", "shares"])
def test_losses_and_gradients(target, options, dtype, device):
    logits = LOGITS.to(dtype)
    exact = answers(cross_entropy_loss, logits.double(), target, **moved(options, "cpu"))
    found = answers(
        cross_entropy_loss, logits.to(device), target.to(device), **moved(options, device)
    )
    assert_right(found, exact, dtype)
    assert (found[1][2] == 0).all()


@on_each_device
@of_each_type
@pytest.mark.parametrize("classes", [1, 2, 1024, 40_000])
def test_every_number_of_classes(classes, dtype, device):
    generator = torch.Generator().manual_seed(classes)
    logits = (torch.randn(3, classes, generator=generator) * 4).to(dtype)
    labels = torch.randint(classes, (3,), generator=generator)
    options = {"label_smoothing": 0.1, "z_loss": 0.1}
    exact = answers(cross_entropy_loss, logits.double(), labels, **options)
    found = answers(cross_entropy_loss, logits.to(device), labels.to(device), **options)
    assert_right(found, exact, dtype)


@on_each_device
@of_each_type
def test_errors_are_no_larger_than_pytorchs(dtype, device):
    """Both beside float64 at the rounded logits, in the worst entry."""
    generator = torch.Generator().manual_seed(1)
    logits = (torch.randn(64, 20_000, generator=generator) * 4).to(dtype)
    labels = torch.randint(20_000, (64,), generator=generator)
    exact = answers(functional.cross_entropy, logits.double(), labels)
    logits, labels = logits.to(device), labels.to(device)
    theirs = answers(functional.cross_entropy, logits, labels)
    ours = answers(cross_entropy_loss, logits, labels)
    for right, peer, own in zip(exact, theirs, ours, strict=True):
        kind = torch.float32 if right.dim() == 0 else dtype
        room = torch.finfo(kind).eps * right.abs().max() / 2  # the answer's own rounding
        assert (own - right).abs().max() <= (peer - right).abs().max() + room


@on_each_device
@of_each_type
def test_the_details(dtype, device):
    logits = LOGITS.to(dtype)
    exact = cross_entropy_loss(logits.double(), LABELS, details=True)
    found = cross_entropy_loss(logits.to(device), LABELS.to(device), details=True)
    for one, other in zip(found, exact, strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one.double().cpu(), other, rtol=1e-6, atol=0)


@on_each_device
def test_a_certain_answer_keeps_its_digits(device):
    """Also where the runner-up is met in the same lane of a kernel: 1 would swallow it."""
    logits = torch.full((4, 12_288), -math.inf)
    logits[:, 0] = 80.0
    for row, place in enumerate((1, 1024, 2048, 8192)):
        logits[row, place] = 0.5
    labels = torch.zeros(4, dtype=torch.long, device=device)
    losses = cross_entropy_loss(logits.to(device), labels, reduction="none")
    expected = torch.full((4,), math.exp(-79.5), dtype=torch.float64)
    torch.testing.assert_close(losses.double().cpu(), expected, rtol=1e-5, atol=0)
    _, gradient = answers(cross_entropy_loss, logits.to(device), labels, reduction="sum")
    torch.testing.assert_close(gradient[:, 0], -expected, rtol=1e-5, atol=0)


@on_each_device
def test_equal_logits_however_large(device):
    for size in (0.0, 2.0**24, -(2.0**24), torch.finfo(torch.float32).min):
        logits = torch.full((2, 3000), size, device=device)
        loss, gradient = answers(cross_entropy_loss, logits, torch.tensor([0, 2999], device=device))
        assert loss.item() == pytest.approx(math.log(3000), rel=1e-6)
        assert gradient[0, 1].item() == pytest.approx(1 / 6000, rel=1e-6)


@on_each_device
@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize(
    "row",
    [
        [math.inf, 0.0, 1.0],
        [math.inf, math.inf, 0.0],
        [math.nan, 0.0, 1.0],
        [-math.inf, -math.inf, -math.inf],
        [0.0, -math.inf, 1.0],
    ],
    ids=str,
)
def test_numbers_that_are_none(row, label, device):
    """The same NaN and infinities as the formula in float64."""
    row = row * 1000  # the same in every lane
    labels = torch.tensor([label, -100])
    logits = torch.tensor([row, [math.nan] * len(row)])
    exact = answers(cross_entropy_loss, logits.double(), labels)
    found = answers(cross_entropy_loss, logits.to(device), labels.to(device))
    for one, other in zip(found, exact, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9, equal_nan=True)


@on_each_device
def test_rows_and_strides_as_they_come(device):
    """A view of other memory, classes apart, a row for all, no row at all."""
    wide = torch.randn(12, 3, 50, generator=_GENERATOR)
    labels = torch.arange(12)
    for view, axis in ((wide[:, 1], -1), (wide[:, :, 7], 1), (wide[:1, 0].expand(12, 50), -1)):
        size = view.shape[axis]
        exact = answers(cross_entropy_loss, view.double(), labels % size, axis=axis)
        given = (
            view.to(device)
            if view.is_contiguous()
            else wide.to(device).as_strided(view.shape, view.stride(), view.storage_offset())
        )
        found = answers(cross_entropy_loss, given, labels.to(device) % size, axis=axis)
        assert_right(found, exact, torch.float32)
    empty = torch.empty(0, 5, device=device, requires_grad=True)
    loss = cross_entropy_loss(empty, torch.empty(0, dtype=torch.long, device=device), empty="zero")
    loss.backward()
    assert loss == 0
    assert empty.grad.shape == (0, 5)


@on_each_device
def test_bad_input_is_said(device):
    """One line, as on the CPU, and the device goes on working."""
    logits = torch.zeros(2, 3, device=device)
    message = (
        "target, row 1: found the label 3; expected 0 to 2, the index of one of 3 classes; "
        "ignore_index= names the label of rows that do not count"
    )
    bad = torch.tensor([0, 3], device=device)
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        cross_entropy_loss(logits, bad)
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        linear_cross_entropy_loss(logits, torch.zeros(3, 3, device=device), bad)
    with pytest.raises(InputError, match="sum to 1"):
        cross_entropy_loss(logits, torch.ones(2, 3, device=device))
    with pytest.raises(InputError, match=r"^weight, row 2: found inf; expected finite weights$"):
        weight = torch.tensor([1, 1, math.inf], device=device)
        cross_entropy_loss(logits, bad % 3, weight=weight)
    unchecked = cross_entropy_loss(logits, bad, check=False, reduction="none")
    assert unchecked[0].item() == pytest.approx(math.log(3))
    assert unchecked[1].isnan()
    other = torch.zeros(2, dtype=torch.long, device="meta")
    with pytest.raises(CallError, match="and target on meta; expected both on one device"):
        cross_entropy_loss(logits, other)


@on_each_device
def test_second_derivatives(device):
    """What the kernels found is differentiated again by the formula."""
    target = LABELS.to(device)

    def twice(logits):
        leaf = logits.detach().requires_grad_()
        loss = cross_entropy_loss(leaf, target.to(leaf.device), label_smoothing=0.1)
        (first,) = torch.autograd.grad(loss, leaf, create_graph=True)
        first.square().sum().backward()
        return leaf.grad.double().cpu()

    exact, found = twice(LOGITS.double()), twice(LOGITS.to(device))
    torch.testing.assert_close(found, exact, rtol=0, atol=1e-5 * exact.abs().max().item())
    leaf = LOGITS[:3, :5].to(device, torch.float64).requires_grad_()
    short = torch.tensor([0, 4, -100], device=device)
    assert torch.autograd.gradgradcheck(lambda x: cross_entropy_loss(x, short, z_loss=0.1), leaf)


@on_each_device
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}], ids=str)
def test_compiled_whole(options, device):
    def loss(x, y):
        return cross_entropy_loss(x, y, **options)

    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    exact = answers(loss, LOGITS.double(), LABELS)
    assert_right(answers(compiled, LOGITS.to(device), LABELS.to(device)), exact, torch.float32)


HIDDEN = torch.randn(ROWS, 32, generator=_GENERATOR)
LAYER = torch.randn(900, 32, generator=_GENERATOR) / 4
BIAS = torch.randn(900, generator=_GENERATOR)


def assert_close_to_float64(call, device, dtype):
    """The layer rounded to ``dtype``, in float64: half precision's products are what differs."""
    rounded = [t.to(dtype).double() for t in (HIDDEN, LAYER, BIAS)]
    exact_leaves = [t.requires_grad_() for t in rounded]
    exact = call(*exact_leaves)
    exact.backward()
    leaves = [t.detach().to(device, dtype).requires_grad_() for t in rounded]
    found = call(*leaves)
    found.backward()
    eps = torch.finfo(dtype).eps
    torch.testing.assert_close(
        found.detach().double().cpu(), exact.detach(), rtol=max(2e-6, eps), atol=eps / 100
    )
    for one, other in zip(leaves, exact_leaves, strict=True):
        assert one.grad.dtype == dtype
        room = max(4 * eps, 1e-5) * other.grad.abs().max().item()
        torch.testing.assert_close(one.grad.double().cpu(), other.grad, rtol=0, atol=room)


@on_each_device
@of_each_type
@pytest.mark.parametrize("chunk", [3, "auto"])
def test_a_linear_layer(chunk, dtype, device):
    labels = torch.where(LABELS < 0, LABELS, LABELS % 900)

    def call(hidden, weight, bias):
        options = {"bias": bias, "chunk": chunk, "z_loss": 0.01, "label_smoothing": 0.1}
        return linear_cross_entropy_loss(hidden, weight, labels.to(hidden.device), **options)

    assert_close_to_float64(call, device, dtype)


@on_each_device
@of_each_type
@pytest.mark.parametrize("form", ["logits", "top_k", "linear"])
@pytest.mark.parametrize("kind", ["forward", "reverse", "jsd"])
def test_a_linear_layer_and_its_teacher(kind, form, dtype, device):
    generator = torch.Generator().manual_seed(3)
    layer = torch.randn(900, 32, generator=generator).to(dtype).double() / 4
    hidden = torch.randn(ROWS, 32, generator=generator).to(dtype).double()
    scores = torch.log_softmax(hidden @ layer.T, -1)
    best = torch.topk(scores, 20)

    def call(student, weight, bias):
        place, kind_of = student.device, student.dtype
        given = scores.to(place)
        if form == "top_k":
            given = TopK(best.values.to(place), best.indices.to(place))
        if form == "linear":
            given = LinearTeacher(hidden.to(place, kind_of), layer.to(place, kind_of))
        return linear_distill_loss(student, weight, given, bias=bias, kind=kind, chunk=4)

    assert_close_to_float64(call, device, dtype)


@on_each_device
@of_each_type
@pytest.mark.parametrize("kind", ["forward", "reverse", "jsd"])
def test_divergences(kind, dtype, device):
    teacher = (LOGITS.flip(0) / 2).to(dtype)
    student = LOGITS.to(dtype)
    exact = answers(distill_loss, student.double(), teacher.double(), kind=kind, temperature=2.0)
    found = answers(
        distill_loss, student.to(device), teacher.to(device), kind=kind, temperature=2.0
    )
    assert_right(found, exact, dtype, room=4)
    same = distill_loss(student.to(device), student.to(device), kind=kind)
    assert same == 0
    shares = torch.softmax(teacher.double(), -1)
    exact = answers(kl_loss, student.double(), shares)
    found = answers(kl_loss, student.to(device), shares.float().to(device))
    assert_right(found, exact, dtype, room=4)


@on_each_device
def test_under_autocast(device):
    """Mixed precision: products in bfloat16, sums in float32, gradients of the leaves' type."""
    labels = LABELS.clamp(min=0) % 900
    exact = functional.cross_entropy(HIDDEN.double() @ LAYER.double().T, labels)
    hidden, weight = (t.to(device, copy=True).requires_grad_() for t in (HIDDEN, LAYER))
    with torch.autocast(device, torch.bfloat16):
        whole = cross_entropy_loss(hidden @ weight.T, labels.to(device))
        chunks = linear_cross_entropy_loss(hidden, weight, labels.to(device), chunk=3)
    for loss in (whole, chunks):
        assert loss.dtype == torch.float32
        assert loss.item() == pytest.approx(exact.item(), rel=0.01)
        hidden.grad = weight.grad = None
        loss.backward()
        assert hidden.grad.dtype == weight.grad.dtype == torch.float32


def synchronisations(call):
    """Where the host waits for the GPU."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        if GPU:
            torch.cuda.set_sync_debug_mode("warn")
        try:
            call()
        finally:
            if GPU:
                torch.cuda.set_sync_debug_mode("default")
    return [
        f"{each.filename}:{each.lineno}: {each.message}"
        for each in seen
        if "synchronizing CUDA operation" in str(each.message)
    ]


@on_each_device
def test_how_often_the_host_waits(device):
    """Once for the values of labels and weights together; of the common call for a copy of them."""
    logits, hidden, layer = (
        each.to(device, copy=True).requires_grad_() for each in (LOGITS, HIDDEN, LAYER)
    )
    labels, shares = LABELS.to(device), SHARES.to(device)
    weights = {"weight": WEIGHT.to(device), "sample_weight": ROW_WEIGHT.to(device)}
    teacher = LOGITS.flip(0).to(device)
    calls = [
        lambda check: cross_entropy_loss(logits, labels, check=check),
        lambda check: cross_entropy_loss(logits, labels, check=check, **weights),
        lambda check: cross_entropy_loss(logits, shares, check=check, label_smoothing=0.1),
        lambda check: linear_cross_entropy_loss(hidden, layer, labels % 900, check=check),
        lambda check: distill_loss(logits, teacher, check=check),
    ]
    for call in calls:
        call(None).backward()
    expected = [0, 1, 1, 1, 0] if device == "cuda" else [0] * len(calls)
    for check, waits in ((False, [0] * len(calls)), (True, expected)):
        places = [synchronisations(lambda call=call: call(check).backward()) for call in calls]  # noqa: B023
        assert [len(each) for each in places] == waits, places
