"""``merge``: states in, an evaluator of all their rows out."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any, overload

from unsurprised.comparison.state import (
    WORK_OF,
    PlannedComparison,
    StateFile,
    is_comparison,
    merged_comparison,
    refuse_other_work,
)
from unsurprised.errors import CallError, StateError, UnsurprisedError
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.plans.planned import NAME as PLANNED_EVALUATOR
from unsurprised.evaluation.plans.planned import PlannedEvaluator
from unsurprised.language_models.in_parts.planned import NAME as PLANNED_FIDELITY
from unsurprised.language_models.in_parts.planned import PlannedFidelity
from unsurprised.states.serial import name_of

#: What the bytes of a plan's states are read by, by the name that stands in them.
_OF_PLANS: Mapping[str, type[Any]] = MappingProxyType(
    {PLANNED_EVALUATOR: PlannedEvaluator, PLANNED_FIDELITY: PlannedFidelity}
)
_KINDS = (Evaluator, PlannedFidelity)
_BYTES = (bytes, bytearray, memoryview)


@overload
def merge(states: Iterable[Evaluator], *, partial: bool = False) -> Evaluator: ...
@overload
def merge(states: Iterable[PlannedComparison], *, partial: bool = False) -> PlannedComparison: ...
@overload
def merge(states: Iterable[PlannedFidelity], *, partial: bool = False) -> PlannedFidelity: ...
@overload
def merge(states: Iterable[Any], *, partial: bool = False) -> Any: ...
def merge(states: Iterable[Any], *, partial: bool = False) -> Any:
    """Merge evaluators, or their bytes, into one: exactly, in any order, each row once.

    Parameters
    ----------
    states : iterable of Evaluator or bytes
        Of one plan, each of its splits in one of them; or of evaluators that know no plan, for
        which nothing tells whether rows are missing, or there twice. They stay as they are. Or
        states of one ``unsurprised compare --plan`` or ``fidelity``, by their bytes, each of its
        splits in one of them.
    partial : bool, default False
        Whether splits of the plan may be missing; the result then says which.

    Returns
    -------
    Evaluator
        Its ``result()`` is that of :func:`unsurprised.evaluate` on all files, to the last bit; or
        of states of a comparison, that of :func:`unsurprised.compare`.

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
    if isinstance(states, (bytes, *_KINDS, PlannedComparison)):
        raise CallError("merge(states) is one state; expected several: merge([one, another])")
    return merged_of(((f"states[{place}]", state) for place, state in enumerate(states)), partial)


def merged_of(
    states: Iterable[tuple[str, Any]], partial: bool = False, *, whole: bool = False
) -> Any:
    """The same of states that have names, by which errors call them; files of them are read.

    ``whole`` is for callers that never take some splits alone, which errors then do not advise.
    """
    states = iter(states)
    first = next(states, None)
    if first is None:
        raise CallError("merge has no states; expected one or more")
    states = chain([first], states)
    if is_comparison(first[1]):
        return merged_comparison(states, partial, whole=whole)
    merged: Any = None
    for name, state in states:
        held = _read(state)
        try:
            if merged is not None:
                refuse_other_work(WORK_OF.get(_name_in(merged)), _name_in(held))
            found = _found_in(held)
            merged = found if merged is None else merged.merge(found)
        except UnsurprisedError as error:
            raise StateError(f"{name}: {error}") from None
    if not partial and isinstance(merged, PlannedEvaluator | PlannedFidelity):
        merged.share.refuse_missing(whole=whole)
        merged.refuse_wrong()
    return merged


def _name_in(state: Any) -> str:
    """How the bytes of a state are called."""
    return name_of(bytes(state)) if isinstance(state, _BYTES) else type(state).__name__


def _read(state: Any) -> Any:
    """A state, or the bytes of its file."""
    if not isinstance(state, StateFile):
        return state
    with state.opened() as stream:
        return stream.read()


def _found_in(state: Any) -> Any:
    """What a state holds, which is no one else's."""
    if isinstance(state, _KINDS):
        return copy.copy(state)
    if not isinstance(state, _BYTES):
        raise CallError(f"found a {type(state).__name__}; expected an Evaluator or its bytes")
    data = bytes(state)
    return _OF_PLANS.get(name_of(data), Evaluator).from_bytes(data)
