"""The most common call in main memory: it says what the general way says."""

from __future__ import annotations

import math

import pytest

from unsurprised.errors import InputError

torch = pytest.importorskip("torch")
from unsurprised.losses.torch import cross_entropy_loss, ways  # noqa: E402

TYPES = [torch.float32, torch.bfloat16]


def drawn(rows, classes, kind, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = (torch.randn(rows, classes, generator=generator) * 6).to(kind)
    labels = torch.randint(0, classes, (rows,), generator=generator)
    return logits.requires_grad_(), labels


@pytest.fixture
def calls(monkeypatch):
    """What the quick way answers, call by call."""
    answers = []
    whole = ways.total

    def noted(*given, **named):
        answers.append(whole(*given, **named))
        return answers[-1]

    monkeypatch.setattr(ways, "total", noted)
    return answers


@pytest.fixture
def generally(monkeypatch):
    """The same loss and gradient without the quick way."""

    def both(logits, labels, above=1.0, **options):
        with monkeypatch.context() as patch:
            patch.setattr(ways, "total", lambda *_, **__: None)
            loss = cross_entropy_loss(logits, labels, **options)
        (gradient,) = torch.autograd.grad(loss * above, logits)
        return loss, gradient

    return both


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(("rows", "classes"), [(1, 1), (5, 2), (64, 10), (7, 1000), (300, 2000)])
@pytest.mark.parametrize(
    "options",
    [{}, {"reduction": "sum"}, {"base": 2}, {"ignore_index": 0}, {"ignore_index": 1, "base": 10}],
)
def test_as_the_general_way(kind, rows, classes, options, calls, generally):
    logits, labels = drawn(rows, classes, kind)
    labels[0] = classes - 1  # a row that counts, but with one class
    loss = cross_entropy_loss(logits, labels, **options)
    expected, slope = generally(logits, labels, 3.0, **options)
    if classes > 1 or options.get("ignore_index") != 0:
        assert calls[0] is loss
    (gradient,) = torch.autograd.grad(loss * 3.0, logits)
    assert loss.dtype == expected.dtype and gradient.dtype == kind
    assert torch.allclose(loss, expected, rtol=3e-7, atol=0, equal_nan=True)
    tolerance = 5e-7 if kind == torch.float32 else 2**-7
    assert torch.allclose(gradient, slope, rtol=tolerance, atol=1e-12)


def test_what_is_impossible_or_certain(calls):
    logits = torch.tensor([[0.0, -math.inf], [400.0, 0.0]], requires_grad=True)
    loss = cross_entropy_loss(logits, torch.tensor([0, 0]))
    assert loss is calls[0] and loss.item() == 0
    loss = cross_entropy_loss(logits, torch.tensor([1, 1]), reduction="sum")
    assert loss is calls[1] and loss.item() == math.inf
    loss.backward()
    assert logits.grad.tolist() == [[1.0, -1.0], [1.0, -1.0]]


@pytest.mark.parametrize("label", [-1, 3, -100])
def test_labels_that_are_none(label, calls):
    logits, labels = drawn(4, 3, torch.float32)
    labels[2] = label
    if label == -100:
        assert torch.isfinite(cross_entropy_loss(logits, labels))
        return
    with pytest.raises(InputError, match=f"row 2.*{label}"):
        cross_entropy_loss(logits, labels)
    assert calls == [None]
    assert torch.isnan(cross_entropy_loss(logits, labels, check=False, reduction="none")[2])


def test_nothing_that_counts_and_rows_that_are_not_legal_go_the_general_way(calls):
    logits, labels = drawn(4, 3, torch.float32)
    assert torch.isnan(cross_entropy_loss(logits, torch.full((4,), -100)))
    assert cross_entropy_loss(logits, torch.full((4,), -100), empty="zero") == 0
    with torch.no_grad():
        logits[1] = math.nan
    labels[1] = -100
    loss = cross_entropy_loss(logits, labels)
    assert torch.isfinite(loss) and calls == [None] * 3
    loss.backward()
    assert (logits.grad[1] == 0).all()
    labels[1] = 0
    assert torch.isnan(cross_entropy_loss(logits, labels))


def test_derivatives_again_and_again(calls):
    logits, labels = drawn(5, 4, torch.float32)
    loss = cross_entropy_loss(logits, labels)
    first = torch.autograd.grad(loss, logits, retain_graph=True)[0]
    assert torch.equal(torch.autograd.grad(loss, logits, retain_graph=True)[0], first)
    (slope,) = torch.autograd.grad(loss, logits, create_graph=True)
    (second,) = torch.autograd.grad(slope[:, 0].sum(), logits)
    shares = torch.softmax(logits.detach().double(), 1)
    expected = -shares * shares[:, :1]
    expected[:, 0] += shares[:, 0]
    assert torch.allclose(second.double(), expected / 5, rtol=1e-5, atol=1e-8)
    assert len(calls) == 1
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation"):
        changed = logits * 1
        loss = cross_entropy_loss(changed, labels)
        changed.add_(1)
        loss.backward()


class Marked(torch.Tensor):
    """A kind of tensor of its own."""


def test_what_the_quick_way_leaves_to_the_general(calls):
    logits, labels = drawn(6, 4, torch.float32)
    expected = cross_entropy_loss(logits, labels)
    for given, target in (
        (logits.detach().as_subclass(Marked), labels),
        (logits.double(), labels),
        (logits.t().contiguous().t(), labels),
        (logits, labels.int()),
    ):
        assert torch.allclose(cross_entropy_loss(given, target).float(), expected)
    assert calls[1:] == [None] * 4
    calls.clear()
    cross_entropy_loss(logits, labels, label_smoothing=0.1)
    cross_entropy_loss(logits, labels, z_loss=0.1)
    assert calls == [None, None]


def test_rows_for_several_threads(calls, generally):
    logits, labels = drawn(500, 2500, torch.float32)
    loss = cross_entropy_loss(logits, labels)
    assert calls[0] is loss
    expected, slope = generally(logits, labels)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert torch.allclose(loss, expected, rtol=1e-6)
    assert torch.allclose(gradient, slope, rtol=1e-6, atol=1e-12)
