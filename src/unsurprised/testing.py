"""Assertions about models, for pytest and other tests."""

from __future__ import annotations

from typing import Any

from unsurprised.comparison.check import check


def assert_no_worse(
    y_true: Any,
    base: Any,
    new: Any,
    *,
    max_worse: float = 0.01,
    allow_unsure: bool = False,
    **options: Any,
) -> None:
    """Raise an ``AssertionError`` unless a new model is surely no worse than the base.

    Parameters
    ----------
    y_true, base, new : array_like or form
        What happened, and the predictions of both models on the same rows.
    max_worse : float, default 0.01
        By how many bits a row the new model may be worse.
    allow_unsure : bool, default False
        Whether to pass where the rows do not suffice to tell.
    **options
        As for :func:`unsurprised.check`: ``weights``, ``ids``, ``by``, ``cluster``, ``classes``.

    Raises
    ------
    AssertionError
        With a paragraph that says by how much it is worse, or how many rows would tell.

    Examples
    --------
    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> p = random.random(4000)
    >>> happened = (random.random(4000) < p).astype(int)
    >>> assert_no_worse(happened, np.sqrt(p), p)
    >>> assert_no_worse(happened, p, np.sqrt(p))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
      ...
    AssertionError: FAILED: new is worse than base by 0.1083 bits a row (0.0903 to 0.1259) on ...
    """
    found = check(y_true, base, new, max_worse=max_worse, **options)
    if found.outcome == "failed" or (found.outcome == "unsure" and not allow_unsure):
        raise AssertionError(str(found))


def assert_max_bits(
    y_true: Any,
    y_pred: Any,
    max_bits: float,
    *,
    allow_unsure: bool = False,
    **options: Any,
) -> None:
    """Raise an ``AssertionError`` unless a model's cross-entropy is surely at most ``max_bits``.

    Examples
    --------
    >>> assert_max_bits([0, 1] * 50, [0.1, 0.9] * 50, 0.2)
    """
    found = check(y_true, y_pred, max_bits=max_bits, **options)
    if found.outcome == "failed" or (found.outcome == "unsure" and not allow_unsure):
        raise AssertionError(str(found))
