"""The straight way to a kernel answers as the general way does."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import unsurprised as us
from unsurprised.arrays.libraries import memory_of
from unsurprised.measures import _dispatch, _events

RNG = np.random.default_rng(5)
P, Q = RNG.dirichlet(np.ones(4), (2, 6))
LABELS = np.array([0, 3, 2, 1, 1, 0])

MEASURES = {
    "entropy": lambda p, q, **more: us.entropy(p, **more),
    "cross-entropy": us.cross_entropy,
    "KL": us.kl_divergence,
    "JS": us.js_divergence,
}


def log(rows: Any) -> Any:
    return rows.log() if hasattr(rows, "log") else np.log(rows)


FORMS = {
    "plain": lambda rows: rows,
    "probs": partial(us.Probs, normalize=True),
    "logits": lambda rows: us.Logits(log(rows)),
    "one row": lambda rows: rows[0],
    "no row": lambda rows: rows[:0],
    "tables of rows": lambda rows: rows.reshape(2, 3, 4),
    "strided": lambda rows: rows[::2],
    "a row that is off": lambda rows: rows * 1.5,
    "a row that is negative": lambda rows: -rows,
}


def numpy_kinds(name: str) -> Any:
    return [P.astype(name), Q.astype(name)]


def tensors(name: str) -> Any:
    torch = pytest.importorskip("torch")
    return [torch.from_numpy(rows).to(getattr(torch, name)) for rows in (P, Q)]


def said(call: Any) -> Any:
    """An answer, and all that its holder can tell of it; or the error."""
    try:
        found = call()
    except us.UnsurprisedError as error:
        return type(error).__name__, str(error)
    if isinstance(found, float):
        return found
    return type(found), str(found.dtype), tuple(found.shape), np.asarray(found).tobytes()


@pytest.mark.parametrize("base", [2, 10])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("library", "kind"),
    [
        *((numpy_kinds, kind) for kind in ("float16", "float32", "float64")),
        *((tensors, kind) for kind in ("float16", "float32", "float64", "bfloat16")),
    ],
)
def test_both_ways_say_the_same(library, kind, measure, form, base, monkeypatch):
    call = partial(MEASURES[measure], *map(FORMS[form], library(kind)), base=base)
    found = said(call)
    monkeypatch.setattr(_dispatch, "straight", lambda *given, **named: None)
    assert found == said(call)


@pytest.mark.parametrize("labels", [LABELS, LABELS + 3, LABELS.astype(np.int32), LABELS[:2]])
@pytest.mark.parametrize("library", [numpy_kinds, tensors])
def test_both_ways_say_the_same_of_labels(library, labels, monkeypatch):
    rows = library("float32")[0]
    at = labels if library is numpy_kinds else pytest.importorskip("torch").from_numpy(labels)
    calls = [
        lambda: us.surprisal(us.Logits(log(rows)), at=at),
        lambda: us.cross_entropy(us.Labels(at), rows),
        lambda: us.cross_entropy(us.Labels(at, classes=4), rows),
        lambda: us.kl_divergence(us.Labels(at, classes=5), rows),
    ]
    found = [said(call) for call in calls]
    monkeypatch.setattr(_events, "straight", lambda *given, **named: None)
    assert found == [said(call) for call in calls]


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # of forward mode itself
def test_what_is_not_plain_is_not_seen():
    torch = pytest.importorskip("torch")
    p = torch.from_numpy(P)
    assert memory_of(p) is not None and memory_of(P) is P
    live = p.clone().requires_grad_()
    assert memory_of(live) is None and memory_of(P.tolist()) is None
    assert memory_of(p.to(torch.bfloat16)) is None
    assert memory_of(torch._neg_view(p)) is None
    assert memory_of(p.to("meta")) is None and memory_of(p.to_sparse()) is None
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(p, p)
        assert memory_of(dual) is None and memory_of(p) is not None
        assert us.entropy(dual).shape == (6,)
    seen = []
    torch.vmap(lambda row: seen.append(memory_of(row)) or row.sum())(p)
    assert seen == [None]
    with torch.no_grad():  # whose derivative nobody asks for
        assert torch.equal(us.entropy(live), us.entropy(p))


def test_what_is_negated_when_it_is_looked_at():
    torch = pytest.importorskip("torch")
    negated = torch._neg_view(torch.from_numpy(-P))
    assert torch.equal(us.entropy(negated), us.entropy(torch.from_numpy(P)))
    assert us.entropy(np.asarray(P, dtype=">f8")).tolist() == us.entropy(P).tolist()


def test_a_number_that_no_float_holds_is_infinite():
    torch = pytest.importorskip("torch")
    scores = torch.tensor([[3e38, -3e38], [0.0, 0.0]])
    with np.errstate(all="raise"):
        found = us.surprisal(us.Logits(scores), at=torch.tensor([1, 0]))
    assert found.dtype == torch.float32 and found.tolist() == [np.inf, 1.0]
