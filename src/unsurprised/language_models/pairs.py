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
from unsurprised.language_models.floored import floored_facts
from unsurprised.language_models.tokens import TokenScores
from unsurprised.measures._faults import fault_of
from unsurprised.measures._numpy_engine import kernel_rows
from unsurprised.threads import get_num_threads

_BITS = 1.0
#: What the kernel finds of each row, in its order.
_OF_KERNEL = (
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

    def put(self, row: int, facts: dict[str, Any]) -> None:
        """Fill in what is known of a row."""
        for name, value in facts.items():
            getattr(self, name)[row] = value


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
        _refuse_faults(base, other)
        facts = PairFacts.empty(len(base))
        for row, found in enumerate(floored_facts(base, other, known)):
            facts.put(row, found)
        return facts
    return _whole_facts(base, other, known)


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
    forms = [Logits(side.values) for side in (base, other)]
    rows = [form.rows(-1).values for form in forms]
    p, q = (kernel_rows(form, side) for form, side in zip(forms, rows, strict=True))
    values = np.empty((10, len(base)))
    tops = np.empty((2, len(base)), dtype=np.int32)
    both = _kernels.pair_facts(p, q, targets, _BITS, values, tops, get_num_threads())
    for side, found in enumerate(both):
        _refuse(side, forms[side], found, targets)
    facts = PairFacts.empty(len(base))
    for name, column in zip(_OF_KERNEL, values, strict=True):
        setattr(facts, name, column)
    facts.base_top[:], facts.other_top[:] = tops
    return facts
