"""Validated inputs of the PyTorch losses."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from unsurprised.losses._divergences import TopK
from unsurprised.losses._inputs import Inputs, laid_out
from unsurprised.losses._pairs import Pairs, laid_out_pairs, sound_teacher
from unsurprised.losses.torch.kinds import check_alike, check_tensor, is_traced


def prepared(
    logits: Any,
    target: Any,
    *,
    weight: Any,
    sample_weight: Any,
    ignore_index: int,
    axis: int | None,
    check: bool | None,
) -> Inputs:
    """The rows of a call, their values looked at as ``check`` says."""
    for name, value in (("logits", logits), ("target", target)):
        check_tensor(name, value)
    for name, value in (("weight", weight), ("sample_weight", sample_weight)):
        check_tensor(name, value, optional=True)
    check_alike(logits=logits, target=target, weight=weight, sample_weight=sample_weight)
    traced = is_traced(logits, target)
    given = laid_out(
        torch,
        logits,
        target,
        weight=weight,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=axis,
        check=(check is None or check) and not traced,
    )
    if given.invalid is not None and check and traced:
        torch._assert_async(~given.invalid.any(), "a label is out of range")
    return given


def prepared_pairs(
    student: Tensor,
    teacher: Tensor | TopK,
    sample_weight: Tensor | None,
    axis: int,
    check: bool | None,
    *,
    probabilities: bool = False,
) -> Pairs:
    """The rows of a call between two distributions, looked at likewise."""
    parts = tuple(teacher) if isinstance(teacher, TopK) else (teacher,)
    names = ("logits", "target") if probabilities else ("student", "teacher")
    for name, value in ((names[0], student), *((names[1], part) for part in parts)):
        check_tensor(name, value)
    check_tensor("sample_weight", sample_weight, optional=True)
    check_alike(**{names[0]: student, names[1]: parts[0], "sample_weight": sample_weight})
    traced = is_traced(student, *parts)
    given = laid_out_pairs(
        torch,
        student,
        teacher,
        sample_weight=sample_weight,
        axis=axis,
        check=(check is None or check) and not traced,
        probabilities=probabilities,
    )
    if check and traced and given.indices is None and not probabilities:
        assert_teacher(given)
    return given


def assert_teacher(given: Pairs) -> None:
    """An assertion, where values cannot be looked at, that each row of the teacher is one."""
    sound = sound_teacher(torch, given.teacher, given.sample_weight)
    torch._assert_async(sound.all(), "a row of the teacher is no distribution")
