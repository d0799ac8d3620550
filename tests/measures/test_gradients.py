"""Derivatives on PyTorch, by every entry of the hardest rows, against mpmath's."""

from __future__ import annotations

import itertools
import math

import pytest
from derivatives import SMALL, check_slopes
from library_cases import CASES, Case
from library_rows import rows_with, stacked, table

every_case = pytest.mark.parametrize("case", CASES, ids=str)


@every_case
def test_torch(case: Case) -> None:
    torch = pytest.importorskip("torch")
    for kind in case.kinds:
        rows = rows_with(case.group, kind, *SMALL)
        given = [torch.tensor(side, requires_grad=True) for side in stacked(rows)]
        found = case(kind, *given)
        asked = torch.isfinite(found).to(found.dtype)
        gradients = torch.autograd.grad(found, given, asked, retain_graph=True)
        slopes = [gradient.numpy() for gradient in gradients]
        check_slopes(case, kind, rows, slopes, found.detach().numpy())
        unasked = torch.autograd.grad(found, given, torch.zeros_like(found))
        assert not any(gradient.any() for gradient in unasked)


@every_case
def test_a_share_of_next_to_nothing(case: Case) -> None:
    """1e-300 in double precision, 1e-34 in single: not NaN, and finite through logits."""
    torch = pytest.importorskip("torch")
    for kind, dtype in itertools.product(case.kinds, ("float64", "float32")):
        rows = table(case.group, kind, dtype)
        given = [torch.tensor(side, dtype=getattr(torch, dtype)) for side in stacked(rows)]
        given = [side.requires_grad_() for side in given]
        found = case(kind, *given)
        asked = torch.isfinite(found).to(found.dtype)
        for gradient in torch.autograd.grad(found, given, asked):
            assert not torch.isnan(gradient).any(), kind
            assert kind != "logits" or torch.isfinite(gradient).all()


@every_case
def test_second_derivatives_through_logits(case: Case) -> None:
    torch = pytest.importorskip("torch")
    if case.group == "events":
        return
    rows = rows_with(case.group, "logits", *SMALL)
    given = [torch.tensor(side, requires_grad=True) for side in stacked(rows)]
    found = case("logits", *given)
    asked = torch.isfinite(found).to(found.dtype)
    gradients = torch.autograd.grad(found, given, asked, create_graph=True)
    for gradient in gradients:
        assert torch.isfinite(gradient).all()
        if not gradient.requires_grad:  # a constant
            continue
        weights = torch.linspace(-1, 2, gradient[0].numel()).reshape(gradient[0].shape)
        again = torch.autograd.grad(
            (gradient * weights).sum(), given, retain_graph=True, materialize_grads=True
        )
        assert all(torch.isfinite(second).all() for second in again)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@every_case
def test_forward_mode_and_many_at_once(case: Case) -> None:
    torch = pytest.importorskip("torch")
    if case.name == "tsallis_divergence" and case.at["order"] == math.inf:
        return  # 0 or infinite
    for kind in case.kinds:
        rows = rows_with(case.group, kind, *SMALL)
        given = [torch.tensor(x, requires_grad=True) for x in next(iter(rows.values()))]
        if kind == "events":
            given = [torch.tensor([0.2, 0.4, 0.7], dtype=torch.float64, requires_grad=True)]
        assert torch.autograd.gradcheck(
            lambda *arrays, kind=kind: case(kind, *arrays),
            given,
            check_forward_ad=True,
            check_batched_grad=True,
            check_undefined_grad=False,
            atol=1e-6,
            rtol=1e-5,
        )
