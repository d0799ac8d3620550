"""Bad input of the losses: the whole message."""

from __future__ import annotations

import re

import numpy as np
import pytest

from unsurprised.errors import CallError, InputError
from unsurprised.losses import numpy as for_numpy

X = np.zeros((2, 3))
Y = np.array([0, 2])

WRONG = [
    ((X.astype(int), Y), {}, CallError,
     "logits of type int64; expected scores of a floating type: convert them, or pass what comes "
     "before the argmax"),
    ((X, Y[:1]), {}, CallError,
     "logits of shape (2, 3) and a target of shape (1,) and type int64; expected integers of shape "
     "(2,), one label a row, or floats of the logits' shape, one probability a class"),
    ((X, Y * 1.0), {}, CallError,
     "logits of shape (2, 3) and a target of shape (2,) and type float64; expected integers of "
     "shape (2,), one label a row, or floats of the logits' shape, one probability a class"),
    ((X, np.array([0, 3])), {}, InputError,
     "target, row 1: found the label 3; expected 0 to 2, the index of one of 3 classes; "
     "ignore_index= names the label of rows that do not count"),
    ((X, np.full((2, 3), 0.5)), {}, InputError,
     "target, row 0: found probabilities that sum to 1.5; expected a row of numbers of at least 0 "
     "that sum to 1; divide each row by its sum if that is what is meant"),
    ((X, np.array([[1, 0, 0], [1.5, -0.5, 0]])), {}, InputError,
     "target, row 1: found -0.5 among probabilities; expected a row of numbers of at least 0 that "
     "sum to 1"),
    ((X, Y), {"weight": [1.0, 2.0]}, CallError,
     "weight of shape (2,) for logits of 3 classes; expected (3,), a number for each class"),
    ((X, Y), {"weight": [1.0, 2.0, np.inf]}, InputError,
     "weight, row 2: found inf; expected finite weights"),
    ((X, Y), {"sample_weight": [1.0]}, CallError,
     "sample_weight of shape (1,) for rows of shape (2,); expected a number for each row"),
    ((X[:, :0], Y), {}, CallError, "logits of shape (2, 0) has no class along axis 1"),
    ((X, Y), {"axis": 2}, CallError,
     "axis=2 does not exist in an array of shape (2, 3); expected -2 to 1"),
    ((1.0, 0), {}, CallError, "logits is a single number; expected rows, one score per class"),
    ((X, Y), {"label_smoothing": 1.5}, CallError,
     "label_smoothing=1.5; expected a number from 0 to 1"),
    ((X, Y), {"smoothing_weights": "row"}, CallError,
     "smoothing_weights='row'; expected 'class' or 'label'"),
    ((X, Y), {"temperature": 0}, CallError, "temperature=0; expected a finite number above 0"),
    ((X, Y), {"softcap": -1}, CallError, "softcap=-1; expected a finite number above 0"),
    ((X, Y), {"focal_gamma": -1}, CallError,
     "focal_gamma=-1; expected a finite number of at least 0"),
    ((X, Y), {"z_loss": np.nan}, CallError, "z_loss=nan; expected a finite number"),
    ((X, Y), {"reduction": "avg"}, CallError,
     "reduction='avg'; expected 'mean', 'sum' or 'none'"),
    ((X, Y), {"empty": None}, CallError, "empty=None; expected 'nan' or 'zero'"),
    ((X, Y), {"normalizer": "tokens"}, CallError,
     "normalizer='tokens'; expected 'weight' or 'rows'"),
    ((X, Y), {"normalizer": 0}, CallError, "normalizer=0; expected a finite number above 0"),
    ((X, Y), {"normalizer": np.ones(2)}, CallError,
     "normalizer is an array of shape (2,); expected 'weight', 'rows' or one number"),
    ((X, Y), {"normalizer": 3, "reduction": "sum"}, CallError,
     "normalizer=3 with reduction='sum': only a mean is divided; leave it out, or ask for "
     "reduction='mean'"),
    ((X, Y), {"base": 1}, CallError,
     "base=1 is no base of a logarithm; expected a finite number above 1: 2 for bits, math.e for "
     "nats, 10 for hartleys"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "message"), WRONG, ids=lambda x: str(x)[:30]
)
def test_what_is_said(arguments, options, kind, message):
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        for_numpy.cross_entropy_loss(*arguments, **options)


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "message"), WRONG, ids=lambda x: str(x)[:30]
)
def test_pytorch_says_the_same(arguments, options, kind, message):
    torch = pytest.importorskip("torch")
    from unsurprised.losses.torch import cross_entropy_loss

    given = [torch.as_tensor(a) for a in arguments]
    named = {
        k: torch.as_tensor(v) if isinstance(v, (list, np.ndarray)) else v
        for k, v in options.items()
    }
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        cross_entropy_loss(*given, **named)


def test_the_row_of_images_is_told_by_its_index():
    labels = np.zeros((2, 4, 5), dtype=int)
    labels[1, 2, 3] = 9
    with pytest.raises(InputError, match=r"^target, row \(1, 2, 3\): found the label 9; "):
        for_numpy.cross_entropy_loss(np.zeros((2, 7, 4, 5)), labels, axis=1)


def test_what_is_pytorchs_alone():
    torch = pytest.importorskip("torch")
    from unsurprised.losses.torch import cross_entropy_loss

    x, y = torch.zeros(2, 3), torch.tensor([0, 2])
    with pytest.raises(
        CallError, match=r"^target is a list; expected a tensor: torch.as_tensor\(target\)$"
    ):
        cross_entropy_loss(x, [0, 2])
    elsewhere = torch.zeros(2, dtype=torch.long, device="meta")
    with pytest.raises(
        CallError,
        match=r"^logits on cpu and target on meta; expected both on one device: target\.to",
    ):
        cross_entropy_loss(x, elsewhere)
    weight = torch.ones(3, requires_grad=True)
    with pytest.raises(
        CallError,
        match=r"^weight requires a gradient, which the loss does not give; detach it: ",
    ):
        cross_entropy_loss(x, y, weight=weight)


def test_a_label_out_of_range_in_traced_code():
    """Values cannot be looked at there: the loss is NaN, or with check=True an assertion."""
    torch = pytest.importorskip("torch")
    from unsurprised.losses.torch import cross_entropy_loss

    x, y = torch.zeros(2, 3), torch.tensor([0, 5])
    for check in (None, False):
        loss = torch.compile(
            lambda x, y, check=check: cross_entropy_loss(x, y, reduction="none", check=check),
            fullgraph=True,
            backend="aot_eager",
        )
        assert loss(x, y).isnan().tolist() == [False, True]
    loss = torch.compile(
        lambda x, y: cross_entropy_loss(x, y, check=True), fullgraph=True, backend="aot_eager"
    )
    with pytest.raises(RuntimeError, match="a label is out of range"):
        loss(x, y)
    assert cross_entropy_loss(x, y, check=False).isnan()
