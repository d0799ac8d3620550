"""What users of other libraries ran into, each with where it was told."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
from torch.nn import functional  # noqa: E402

from unsurprised.losses.torch import cross_entropy_loss  # noqa: E402


@pytest.fixture
def logits():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(8, 6, generator=generator, dtype=torch.float64).requires_grad_()


LABELS = torch.tensor([0, 1, 2, 3, 4, 5, 0, 1])
OPTIONS = [
    {},
    {"label_smoothing": 0.1},
    {"z_loss": 0.1, "entropy_bonus": 0.1},
    {"focal_gamma": 2.0, "weight": torch.arange(1.0, 7.0, dtype=torch.float64)},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("empty", ["nan", "zero"])
def test_all_rows_ignored(logits, options, empty):
    """pytorch#70348 asks for 0, #116349 was surprised by NaN, efficient_cross_entropy#6."""
    ignored = torch.full((8,), -100)
    loss = cross_entropy_loss(logits, ignored, empty=empty, **options)
    assert math.isnan(loss.item()) if empty == "nan" else loss == 0
    loss.backward()
    assert (logits.grad == 0).all()
    assert cross_entropy_loss(logits, ignored, reduction="sum", **options) == 0


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("index", [-100, 3, 255])
def test_ignored_rows_are_as_if_they_were_not_there(logits, options, index):
    """With smoothing and weights too: pytorch#73205, #72056 (it crashed), #69339."""
    labels = torch.where(LABELS == 3, index, LABELS)
    kept = labels != index
    with torch.no_grad():
        logits[3] = math.nan
    loss = cross_entropy_loss(logits, labels, ignore_index=index, **options)
    loss.backward()
    short = logits.detach()[kept].requires_grad_()
    expected = cross_entropy_loss(short, labels[kept], **options)
    expected.backward()
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(logits.grad[kept], short.grad)
    assert (logits.grad[3] == 0).all()


def test_an_ignored_class_stays_in_the_softmax_of_the_others(logits):
    """pytorch#63004: documented here, and −inf takes a class out."""
    loss = cross_entropy_loss(logits, LABELS, ignore_index=0)
    loss.backward()
    assert (logits.grad[LABELS != 0, 0] > 0).all()
    without = logits.detach().clone()
    without[:, 0] = -math.inf
    rows = LABELS != 0
    expected = functional.cross_entropy(without[rows][:, 1:], LABELS[rows] - 1)
    torch.testing.assert_close(cross_entropy_loss(without, LABELS, ignore_index=0), expected)


def test_weights_of_the_label_do_not_move_what_smoothing_asks_for():
    """pytorch#104776, #148884: with weights of the classes the best answer is another one."""
    weight = torch.tensor([0.1, 0.9], dtype=torch.float64)
    for definition, best in (("label", 0.95), ("class", 0.1 * 0.95 / (0.1 * 0.95 + 0.9 * 0.05))):
        logits = torch.tensor([[best, 1 - best]], dtype=torch.float64).log().requires_grad_()
        options = {"weight": weight, "label_smoothing": 0.1, "smoothing_weights": definition}
        cross_entropy_loss(logits, torch.tensor([0]), **options).backward()
        assert logits.grad.abs().max() < 1e-15


def test_smoothing_takes_labels_as_they_are(logits):
    """optax#1486: smoothing integer labels crashed."""
    for kind in (torch.int8, torch.uint8, torch.int16, torch.int32):
        loss = cross_entropy_loss(logits, LABELS.to(kind), label_smoothing=0.1)
        torch.testing.assert_close(
            loss, functional.cross_entropy(logits, LABELS, label_smoothing=0.1)
        )


def test_narrow_labels_beyond_their_type():
    """A label type that cannot hold ``ignore_index`` or the last class is compared all the same."""
    logits = torch.zeros(2, 300)
    loss = cross_entropy_loss(logits, torch.tensor([1, 255], dtype=torch.uint8))
    assert loss.item() == pytest.approx(math.log(300))


@pytest.mark.parametrize("options", [*OPTIONS, {"reduction": "sum"}], ids=str)
def test_nothing_is_written_into_what_others_hold(logits, options):
    """Liger#343, #1251: gradients in place corrupted the logits or the second backward."""
    before = logits.detach().clone()
    loss = cross_entropy_loss(logits, LABELS, **options)
    first, second = (torch.autograd.grad(loss, logits, retain_graph=True)[0] for _ in "12")
    scaled = torch.autograd.grad(loss, logits, torch.tensor(3.0, dtype=torch.float64))[0]
    assert torch.equal(first, second)
    torch.testing.assert_close(scaled, 3 * first)
    assert torch.equal(logits.detach(), before)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_gradients_from_above_differ_row_by_row(logits, options):
    """Liger#968, #678, #1298: reduction="none" took one number for all rows."""
    above = torch.linspace(-1, 2, 8, dtype=torch.float64)
    losses = cross_entropy_loss(logits, LABELS, reduction="none", **options)
    by = torch.autograd.grad(losses, logits, above)[0]
    for row in range(8):
        x = logits.detach()[row : row + 1].requires_grad_()
        one = cross_entropy_loss(x, LABELS[row : row + 1], reduction="sum", **options)
        torch.testing.assert_close(by[row : row + 1], above[row] * torch.autograd.grad(one, x)[0])


def test_gradients_from_above_of_stride_zero(logits):
    losses = cross_entropy_loss(logits, LABELS, reduction="none")
    by = torch.autograd.grad(losses, logits, torch.ones((), dtype=torch.float64).expand(8))[0]
    expected = torch.autograd.grad(
        functional.cross_entropy(logits, LABELS, reduction="sum"), logits
    )
    torch.testing.assert_close(by, expected[0])


@pytest.mark.parametrize("offset", [2.0**24, -(2.0**24)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.5}, {"focal_gamma": 0.0}], ids=str)
def test_equal_logits_give_the_logarithm_of_their_number(offset, dtype, options):
    x = torch.full((3, 7), offset, dtype=dtype, requires_grad=True)
    loss = cross_entropy_loss(x, torch.tensor([0, 3, 6]), **options)
    assert loss.item() == pytest.approx(math.log(7), rel=1e-6)
    loss.backward()
    expected = (1 / 7 - options.get("label_smoothing", 0) / 7) / 3
    assert x.grad[0, 1].item() == pytest.approx(
        expected, rel=1e-2 if dtype == torch.bfloat16 else 1e-6
    )


def test_a_certain_answer_keeps_its_gradient():
    x = torch.tensor([[60.0, 0.0, 0.5]], requires_grad=True)
    loss = cross_entropy_loss(x, torch.tensor([0]))
    loss.backward()
    rest = math.exp(-60) + math.exp(-59.5)
    assert loss.item() == pytest.approx(rest, rel=1e-5)
    assert x.grad[0, 0].item() == pytest.approx(-rest, rel=1e-5)


@pytest.mark.parametrize("options", [*OPTIONS, {"softcap": 5.0}], ids=str)
def test_strided_and_expanded(options):
    """What does not lie in memory row by row."""
    base = torch.randn(6, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    labels = torch.arange(16)[::2] % 6
    wide = torch.randn(8, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    for x in (base.t(), wide[:, ::2], base[:, :1].t().expand(8, 6)):
        for y in (labels, torch.tensor([2]).expand(8)):
            strided, plain = x.detach().requires_grad_(), x.detach().clone().contiguous()
            plain.requires_grad_()
            given = cross_entropy_loss(strided, y, **options)
            expected = cross_entropy_loss(plain, y.contiguous(), **options)
            torch.testing.assert_close(given, expected)
            pair = (torch.autograd.grad(given, strided), torch.autograd.grad(expected, plain))
            torch.testing.assert_close(pair[0], pair[1])


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_empty_batches(options):
    options = {k: v[:4] if torch.is_tensor(v) else v for k, v in options.items()}
    x = torch.zeros(0, 4, dtype=torch.float64, requires_grad=True)
    y = torch.zeros(0, dtype=torch.long)
    assert math.isnan(cross_entropy_loss(x, y, **options).item())
    loss = cross_entropy_loss(x, y, empty="zero", **options)
    assert loss == 0
    loss.backward()
    assert x.grad.shape == (0, 4)
    assert cross_entropy_loss(x, y, reduction="none", **options).shape == (0,)


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.3}, {"focal_gamma": 0.5}], ids=str)
def test_one_class_is_never_a_surprise(options):
    x = torch.randn(3, 1, requires_grad=True)
    loss = cross_entropy_loss(x, torch.zeros(3, dtype=torch.long), **options)
    assert loss.item() == 0
    assert math.copysign(1, loss.item()) == 1
    loss.backward()
    assert (x.grad == 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_vocabulary_of_262_145(dtype):
    x = (torch.randn(3, 2**18 + 1, generator=torch.Generator().manual_seed(4)) * 3).to(dtype)
    x.requires_grad_()
    y = torch.tensor([0, 2**18, 77])
    loss = cross_entropy_loss(x, y)
    loss.backward()
    exact = x.detach().double().requires_grad_()
    expected = functional.cross_entropy(exact, y)
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    room = torch.finfo(dtype).eps
    torch.testing.assert_close(x.grad.double(), exact.grad, rtol=10 * room, atol=1e-3 * room)


def test_more_elements_than_32_bits_count():
    """pytorch#85786, #190139: addressed by a stride of 0, so that no memory is needed."""
    row = torch.zeros(1, 2**18 + 1)
    row[0, 5] = 3.0
    rows = 2**31 // (2**18 + 1) + 2
    assert rows * row.numel() > 2**31
    labels = torch.full((rows,), 7)
    labels[-1] = 5
    losses = cross_entropy_loss(row.expand(rows, -1), labels, reduction="none")
    expected = math.log(2**18 + math.exp(3))
    assert losses[0].item() == pytest.approx(expected, rel=1e-6)
    assert losses[-2].item() == pytest.approx(expected, rel=1e-6)
    assert losses[-1].item() == pytest.approx(expected - 3, rel=1e-6)


def test_a_mean_of_many_rows_of_half_precision():
    """pytorch#61523: sums in half precision stop growing."""
    x = torch.zeros(70_000, 3, dtype=torch.float16)
    loss = cross_entropy_loss(x, torch.zeros(70_000, dtype=torch.long), reduction="sum")
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(70_000 * math.log(3), rel=1e-6)


def test_a_padded_vocabulary():
    """Padding with 0 adds exp(0) to the normaliser; with −inf it is nothing, nor its gradient."""
    x = torch.randn(4, 5, generator=torch.Generator().manual_seed(5))
    padded = torch.cat([x, torch.full((4, 3), -math.inf)], 1).requires_grad_()
    y = torch.tensor([0, 1, 2, 3])
    for options in ({}, {"softcap": 2.0}, {"entropy_bonus": 0.1, "z_loss": 0.1}):
        padded.grad = None
        loss = cross_entropy_loss(padded, y, **options)
        loss.backward()
        torch.testing.assert_close(loss, cross_entropy_loss(x, y, **options))
        assert (padded.grad[:, 5:] == 0).all()


def test_numbers_that_are_none_reach_the_trainer():
    """A scaler of mixed precision waits for NaN and infinity; they are no error here."""
    for value in (math.nan, math.inf):
        x = torch.tensor([[0.0, value, 1.0], [0.0, 1.0, 2.0]], requires_grad=True)
        loss = cross_entropy_loss(x, torch.tensor([0, 1]))
        assert not math.isfinite(loss.item())
        loss.backward()
        assert x.grad[0].isnan().any()
        assert x.grad[1].isfinite().all()


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"focal_gamma": 1.0}], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_of_another_type(dtype, options):
    """Weights are often doubles from NumPy, rows' weights a mask; the loss keeps its type."""
    x = torch.randn(8, 6, generator=torch.Generator().manual_seed(0)).to(dtype)
    weight, mask = torch.arange(1, 7) / 3.0, torch.arange(8) % 3 > 0
    results = []
    for given in (weight.double(), weight.float(), weight.bfloat16().float()):
        for rows in (mask, mask.double(), mask.int()):
            leaf = x.clone().requires_grad_()
            named = {"weight": given, "sample_weight": rows, **options}
            loss = cross_entropy_loss(leaf, LABELS, **named)
            loss.backward()
            assert loss.dtype == torch.float32
            assert leaf.grad.dtype == dtype
            results.append(loss.detach())
    torch.testing.assert_close(results[0], results[5])
