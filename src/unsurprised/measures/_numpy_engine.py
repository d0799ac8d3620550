"""Rows that NumPy can see: through a compiled kernel, or a formula in blocks that fit in caches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.array_types import Values
from unsurprised.arrays.host import HostArray
from unsurprised.arrays.libraries import NUMPY
from unsurprised.errors import CallError, InputError
from unsurprised.forms import DistributionForm
from unsurprised.measures._distribution import Side, total
from unsurprised.measures._faults import fault_of
from unsurprised.threads import get_num_threads
from unsurprised.units import units_per_bit

#: Below this many elements, waking a thread costs more than it saves: some 10 µs.
_ELEMENTS_PER_THREAD = 1 << 16

#: A formula makes dozens of arrays of a block's size; these stay in the second-level cache.
_ELEMENTS_PER_BLOCK = 1 << 14

#: From so many classes on the kernels go along a row, not across rows (kernels/rows.h).
_ALONG_FROM = 64

#: What NumPy broadcasts and the kernels walk.
MOST_DIMENSIONS = 31

_IS_LOG = {"probs": False, "counts": False, "logprobs": True, "logits": True}
_HAS_SUM = {"probs": True, "counts": False, "logprobs": True, "logits": False}

#: A sum off by this part of the tolerance is left to the kernel to judge, which sums better.
_SURELY_WITHIN = 0.9


def kernel_rows(
    form: DistributionForm, rows: NDArray[Any], dtype: str | None = None
) -> _kernels.Rows:
    """``rows`` (classes last) as the kernels take them, with what ``form`` says of them."""
    # Without a check of the sum the deviation is still reported, except where a sum has no meaning.
    tolerance = -1.0 if form.normalize else form.tolerance
    log, has_sum = _IS_LOG[form.kind], _HAS_SUM[form.kind]
    return _kernels.Rows(rows, dtype or form.array.dtype, log, has_sum, tolerance)


def by_kernel(
    name: str,
    forms: list[DistributionForm],
    *,
    labels: NDArray[Any] | None = None,
    base: float = 2,
    axis: int = -1,
) -> Values:
    """One number for each row, from the kernel called ``name``.

    The forms' classes are last; ``axis`` is where the caller had them, for messages.
    """
    shape = common_rows(forms, axis, labels)
    sides = [_spread(form.array, shape) for form in forms]
    at = None
    if labels is not None:
        spread = labels if labels.shape == shape else np.broadcast_to(labels, shape)
        at = np.ascontiguousarray(spread, dtype=np.int64)
    return _measured(name, forms, sides, at, base)


def _measured(
    name: str,
    forms: list[DistributionForm],
    sides: list[NDArray[Any]],
    labels: NDArray[Any] | None,
    base: float,
) -> Values:
    values = np.empty(sides[0].shape[:-1])
    p = kernel_rows(forms[0], sides[0])
    q = kernel_rows(forms[1], sides[1]) if len(forms) > 1 else None
    units, threads = units_per_bit(base), threads_for(sides[0].size)
    findings = _kernels.measure(name, p, q, labels, units, values, threads)
    if findings[0][0] < 0 and findings[1][0] < 0:
        return values
    names = ("p", "q") if q is not None else (None,)
    for argument, form, side, found in zip(names, forms, sides, findings, strict=False):
        if found[0] >= 0:
            raise fault_of(form, side, found, labels).located(file=argument)
    return values


def by_numpy(
    formula: Callable[[list[Side]], Any],
    forms: list[DistributionForm],
    *,
    axis: int = -1,
    each_class: bool = False,
) -> Values:
    """One number for each row (or each class of each row), from a formula in float64."""
    shape = common_rows(forms, axis)
    classes = forms[0].shape[-1]
    sides = [HostArray(_spread(form.array, shape), form.array.dtype) for form in forms]
    values = np.empty((*shape, classes) if each_class else shape, dtype=np.float64)
    with np.errstate(all="ignore"):
        for block in _blocks(shape, max(1, _ELEMENTS_PER_BLOCK // classes)):
            given = [
                Side(NUMPY, side[block].as_float64(), log=is_log(form), attached=False)
                for form, side in zip(forms, sides, strict=True)
            ]
            for form, side in zip(forms, given, strict=True):
                if looks_wrong(form, side):
                    refuse(forms, axis=axis)
            values[block] = formula(given)
    return values + 0.0  # no -0.0


def is_log(form: DistributionForm) -> bool:
    """Whether the form holds logarithms."""
    return _IS_LOG[form.kind]


def is_narrow_log(form: DistributionForm) -> bool:
    """Whether the kernels measure the form in single precision, row by row, as log scores."""
    narrow = form.array.dtype in ("float16", "bfloat16", "float32")
    return narrow and is_log(form) and form.shape[-1] >= _ALONG_FROM


def looks_wrong(form: DistributionForm, side: Side) -> bool:
    """Whether the rows may be illegal; only the kernels can tell, and say how."""
    xp, values = side.xp, side.values
    top = xp.max(values, axis=-1)
    if side.log:
        wrong = ~((top > -xp.inf) & (top < xp.inf))
    else:
        wrong = ~((top > 0) & (top < xp.inf)) | (xp.min(values, axis=-1) < 0)
    wrong = wrong | xp.any(xp.isnan(values), axis=-1)
    if not side.log:
        wrong = wrong | xp.isinf(xp.sum(values, axis=-1))
    if not form.normalize:
        sums = total(xp, xp.exp(values) if side.log else values)[..., 0]
        wrong = wrong | ~(xp.abs(sums - 1.0) <= _SURELY_WITHIN * form.tolerance)
    return bool(xp.any(wrong))


def refuse(forms: list[DistributionForm], *, axis: int = -1) -> None:
    """Raise the error that the kernels find in these rows, if they find one."""
    if len(forms) == 2:
        by_kernel("cross_entropy", forms, axis=axis)
        return
    for number, form in enumerate(forms):
        try:
            by_kernel("entropy", [form], axis=axis)
        except InputError as error:
            raise error.located(file=_argument(number, len(forms))) from None


def _argument(number: int, count: int) -> str | None:
    """How an error names a distribution: p, q, and the further ones by their number."""
    if count == 1:
        return None
    return "pq"[number] if number < 2 else f"distribution {number}"


def _spread(array: HostArray, shape: tuple[int, ...]) -> NDArray[Any]:
    if array.shape[:-1] == shape:
        return array.values
    return np.broadcast_to(array.values, (*shape, array.shape[-1]))


def _blocks(shape: tuple[int, ...], rows: int) -> Any:
    """Indices of about ``rows`` rows each that cover ``shape`` in order."""
    if not shape:
        yield ()
        return
    inner = int(np.prod(shape[1:], dtype=np.int64))
    if inner <= rows or len(shape) == 1:
        step = max(1, rows // max(1, inner))
        for begin in range(0, shape[0], step):
            yield (slice(begin, begin + step),)
        return
    for index in range(shape[0]):
        for rest in _blocks(shape[1:], rows):
            yield (index, *rest)


def threads_for(elements: int) -> int:
    """How many threads are worth waking for so many numbers."""
    most = elements // _ELEMENTS_PER_THREAD
    return 1 if most < 2 else min(most, get_num_threads())


def common_rows(forms: list[DistributionForm], axis: int, labels: Any = None) -> tuple[int, ...]:
    """The shape that the rows of all sides (classes last) broadcast to."""
    shapes = [form.shape[:-1] for form in forms]
    for form in forms[1:]:
        if form.shape[-1] != forms[0].shape[-1]:
            raise CallError(
                f"different numbers of classes along axis {axis}: "
                + " and ".join(f"{form!r} has {form.shape[-1]}" for form in forms)
            )
    if labels is not None:
        shapes.append(tuple(labels.shape))
    return common_shape(shapes, " beside the classes along axis {}", axis)


def common_shape(shapes: list[tuple[int, ...]], where: str = "", axis: int = -1) -> tuple[int, ...]:
    """The shape that rows of these shapes broadcast to; ``where`` and ``axis`` are for messages."""
    first = shapes[0]
    if len(first) <= MOST_DIMENSIONS and shapes.count(first) == len(shapes):
        return first  # as it is most often; NumPy's way to find out takes 3 µs
    if max(map(len, shapes)) > MOST_DIMENSIONS:
        raise CallError(f"expected at most {MOST_DIMENSIONS} dimensions beside the classes")
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise CallError(
            f"rows do not broadcast: {' and '.join(map(str, shapes))}{where.format(axis)}; "
            "expected equal shapes, or 1 where they differ"
        ) from None
