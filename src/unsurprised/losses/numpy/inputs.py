"""Validated inputs of the NumPy losses, as arrays of float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from unsurprised.losses._divergences import TopK
from unsurprised.losses._inputs import Inputs, check_dense, laid_out
from unsurprised.losses._pairs import Pairs, laid_out_pairs
from unsurprised.losses.numpy.names import refuse_other_names


def prepared(
    logits: ArrayLike, target: ArrayLike, *, weight: Any, sample_weight: Any, **options: Any
) -> Inputs:
    """The rows of a call, their values looked at."""
    refuse_other_names(logits=logits, target=target, sample_weight=sample_weight, weight=weight)
    return laid_out(
        np,
        widened(logits),
        widened(target),
        weight=None if weight is None else np.asarray(weight, dtype=np.float64),
        sample_weight=None if sample_weight is None else np.asarray(sample_weight),
        check=True,
        **options,
    )


def prepared_pairs(
    student: ArrayLike,
    teacher: ArrayLike | TopK | None,
    sample_weight: ArrayLike | None,
    axis: int,
    *,
    probabilities: bool = False,
) -> Pairs:
    """The rows of a call between two distributions, likewise; without a teacher who is a layer."""
    names = ("logits", "target") if probabilities else ("student", "teacher")
    check_dense(**{names[0]: student, names[1]: teacher, "sample_weight": sample_weight})
    listed = None if isinstance(teacher, TopK) else teacher
    sides = dict(zip(names, (student, listed), strict=True))
    refuse_other_names(**sides, sample_weight=sample_weight)
    given: Any = None
    if isinstance(teacher, TopK):
        given = TopK(widened(teacher.log_probs), np.asarray(teacher.indices))
    elif teacher is not None:
        given = widened(teacher)
    return laid_out_pairs(
        np,
        widened(student),
        given,
        sample_weight=None if sample_weight is None else np.asarray(sample_weight),
        axis=axis,
        check=True,
        probabilities=probabilities,
    )


def widened(values: ArrayLike) -> Any:
    """Floats as float64; what is no float stays, to be told of."""
    array = np.asarray(values)
    return array.astype(np.float64) if "float" in array.dtype.name else array
