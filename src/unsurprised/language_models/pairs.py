"""What two rows of scores say of each other: the one place where pairs of whole rows are read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.array_types import Values
from unsurprised.errors import InputError
from unsurprised.forms import Logits
from unsurprised.language_models.tokens import TokenScores
from unsurprised.measures._faults import fault_of
from unsurprised.measures._numpy_engine import kernel_rows
from unsurprised.threads import get_num_threads

_BITS = 1.0
#: What the kernels find of each row, in their order.
_OF_KERNELS = (
    "base_surprisal", "base_entropy", "base_top_surprisal",
    "other_surprisal", "other_entropy", "other_top_surprisal",
    "kl", "reverse_kl", "js", "tv",
)  # fmt: skip


@dataclass(slots=True)
class PairFacts:
    """One number a token of each, in bits where there is a unit.

    Where a side is floored, divergences are the least that its rows allow.
    """

    kl: Values
    reverse_kl: Values
    js: Values
    tv: Values
    base_entropy: Values
    other_entropy: Values
    base_top: NDArray[np.int64]
    other_top: NDArray[np.int64]
    base_top_surprisal: Values
    other_top_surprisal: Values
    #: Of the token that came; of tokens that are not known (below 0) they mean nothing.
    base_surprisal: Values
    other_surprisal: Values
    #: Whether these are "this or more".
    base_censored: NDArray[np.bool_]
    other_censored: NDArray[np.bool_]
    #: Whether the divergences are "this or more".
    floored: NDArray[np.bool_]

    @classmethod
    def empty(cls, size: int) -> PairFacts:
        """Arrays of any content."""
        kinds = {"NDArray[np.int64]": np.int64, "NDArray[np.bool_]": np.bool_}
        made: dict[str, Any] = {
            field.name: np.zeros(size, dtype=kinds.get(str(field.type), np.float64))
            for field in fields(cls)
        }
        return cls(**made)


class RowFaultError(InputError):
    """A row that is no distribution; ``side`` is 0 for the base's, 1 for the other's."""

    side = 0

    @property
    def number(self) -> int:
        """The number of the row among those that were measured."""
        row = self.place.row
        return row[0] if isinstance(row, tuple) else row or 0


@np.errstate(invalid="ignore")  # signalling NaN, which files may hold, is found by the kernels
def pair_facts(
    base: TokenScores, other: TokenScores, targets: NDArray[np.int64] | None
) -> PairFacts:
    """The facts of each pair of rows; targets below 0 are not known.

    Raises
    ------
    InputError
        For the first row that is no distribution; its place holds the number of the row here, and
        ``side`` says whose it is.
    """
    known = np.zeros(len(base), dtype=np.int64) if targets is None else np.maximum(targets, 0)
    if base.floored is not None or other.floored is not None:
        return _floored_facts(base, other, known)
    return _whole_facts(base, other, known)


def _floored_facts(base: TokenScores, other: TokenScores, targets: NDArray[np.int64]) -> PairFacts:
    """Where a side keeps no value below its floor: the least that the two differ.

    An entry at the floor is a probability from 0 to the cap that the floor is. What it adds to a
    divergence, of terms that are never negative (``p log(p/q) + q − p``), is at least that of the
    two nearest values that both sides allow. Where one side is known as a whole, all that is below
    the other's floor may be taken for one event too, whose mass there is what the listed entries
    leave, as far as their steps let it be known. Both are lower bounds, and the larger one is
    taken. Of two rows that are the same both are 0, whatever is below the floor.
    """
    _refuse_faults(base, other)
    p, q = (kernel_rows(form, form.rows(-1).values) for form in map(_form, (base, other)))
    values = np.empty((10, len(base)))
    tops = np.empty((2, len(base)), dtype=np.int32)
    censored = np.empty((2, len(base)), dtype=bool)
    floors = (base.floored, other.floored)
    _kernels.floored_facts(p, q, *floors, targets, values, tops, censored, get_num_threads())
    facts = _of_kernel(values, tops)
    facts.base_censored, facts.other_censored = censored
    for floored in floors:
        if floored is not None:
            facts.floored |= floored
    return facts


def _refuse_faults(*sides: TokenScores) -> None:
    """Raise for the first whole row that is no distribution."""
    for number, side in enumerate(sides):
        if side.floored is None:
            form, unused = Logits(side.values), np.empty(len(side))
            rows = form.rows(-1).values
            given = kernel_rows(form, rows)
            found, _ = _kernels.measure("entropy", given, None, None, _BITS, unused, 1)
            _refuse(number, form, found, None)


def _refuse(
    side: int, form: Logits, found: tuple[int, int, int, float], targets: NDArray[np.int64] | None
) -> None:
    if found[0] >= 0:
        fault = fault_of(form, form.rows(-1).values, found, targets)
        raised = RowFaultError(**fault._fields())
        raised.side = side
        raise raised


def _whole_facts(base: TokenScores, other: TokenScores, targets: NDArray[np.int64]) -> PairFacts:
    forms = [_form(side) for side in (base, other)]
    p, q = (kernel_rows(form, form.rows(-1).values) for form in forms)
    values = np.empty((10, len(base)))
    tops = np.empty((2, len(base)), dtype=np.int32)
    both = _kernels.pair_facts(p, q, targets, _BITS, values, tops, get_num_threads())
    for side, found in enumerate(both):
        _refuse(side, forms[side], found, targets)
    return _of_kernel(values, tops)


def _form(side: TokenScores) -> Logits:
    return Logits(side.values)


def _of_kernel(values: Values, tops: NDArray[np.int32]) -> PairFacts:
    facts = PairFacts.empty(values.shape[1])
    for name, column in zip(_OF_KERNELS, values, strict=True):
        setattr(facts, name, column)
    facts.base_top[:], facts.other_top[:] = tops
    return facts
