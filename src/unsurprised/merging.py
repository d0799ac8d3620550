"""``merge``: states in, an evaluator of all their rows out."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from unsurprised.errors import CallError, StateError, UnsurprisedError
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.plans.planned import NAME, PlannedEvaluator
from unsurprised.states.serial import name_of

#: What the bytes of a plan's states are read by, by the name that stands in them.
_OF_PLANS: Mapping[str, type[PlannedEvaluator]] = MappingProxyType({NAME: PlannedEvaluator})


def merge(states: Iterable[Evaluator | bytes], *, partial: bool = False) -> Evaluator:
    """Merge evaluators, or their bytes, into one: exactly, in any order, each row once.

    Parameters
    ----------
    states : iterable of Evaluator or bytes
        Of one plan, each of its splits in one of them; or of evaluators that know no plan, for
        which nothing tells whether rows are missing, or there twice. They stay as they are.
    partial : bool, default False
        Whether splits of the plan may be missing; the result then says which.

    Returns
    -------
    Evaluator
        Its ``result()`` is that of :func:`unsurprised.evaluate` on all files, to the last bit.

    Raises
    ------
    StateError
        A split is there twice or missing, states are of different plans or settings, or bytes are
        no state.

    Examples
    --------
    >>> parts = [Evaluator().update([0], [[0.5, 0.5]]), Evaluator().update([1], [[0.5, 0.5]])]
    >>> merge(part.to_bytes() for part in parts).result().cross_entropy.value
    1.0
    """
    if isinstance(states, bytes | Evaluator):
        raise CallError("merge(states) is one state; expected several: merge([one, another])")
    return merged_of(((f"states[{place}]", state) for place, state in enumerate(states)), partial)


def merged_of(states: Iterable[tuple[str, Any]], partial: bool = False) -> Evaluator:
    """The same of states that have names, by which errors call them."""
    merged: Evaluator | None = None
    for name, state in states:
        try:
            evaluator = _evaluator_of(state)
            merged = evaluator if merged is None else merged.merge(evaluator)
        except UnsurprisedError as error:
            raise StateError(f"{name}: {error}") from None
    if merged is None:
        raise CallError("merge has no states; expected one or more")
    if not partial and isinstance(merged, PlannedEvaluator):
        merged.share.refuse_missing()
        merged.refuse_wrong()
    return merged


def _evaluator_of(state: Any) -> Evaluator:
    """An evaluator that is no one else's."""
    if isinstance(state, Evaluator):
        return copy.copy(state)
    if not isinstance(state, bytes | bytearray | memoryview):
        raise CallError(f"found a {type(state).__name__}; expected an Evaluator or its bytes")
    data = bytes(state)
    return _OF_PLANS.get(name_of(data), Evaluator).from_bytes(data)
