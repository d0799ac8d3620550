"""What two rows of scores say of each other: the one place where pairs of whole rows are read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.array_types import Values
from unsurprised.errors import InputError, Place
from unsurprised.forms import Logits
from unsurprised.language_models.artefacts.slabs import RowsInFile
from unsurprised.language_models.tokens import TokenScores
from unsurprised.measures._faults import fault_of
from unsurprised.measures._numpy_engine import kernel_rows
from unsurprised.threads import get_num_threads

_BITS = 1.0
#: By how much rounding may move the sum of a row of steps.
_ROUNDING = 2e-3
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
    sides = [side.in_memory() for side in (base, other)]
    forms = [Logits(side.values) for side in sides]
    p, q = (kernel_rows(form, form.rows(-1).values) for form in forms)
    values, sums = np.empty((10, len(base))), np.empty((2, len(base)))
    tops = np.empty((2, len(base)), dtype=np.int32)
    censored = np.empty((2, len(base)), dtype=bool)
    floors = (base.floored, other.floored)
    _kernels.floored_facts(p, q, *floors, targets, values, tops, censored, sums, get_num_threads())
    for number, (side, form, summed) in enumerate(zip(sides, forms, sums, strict=True)):
        if side.floored is None and np.isnan(summed).any():
            _refuse_faults(number, side, form)
    facts = _of_kernel(values, tops)
    facts.base_censored, facts.other_censored = censored
    for number, (side, summed) in enumerate(zip(sides, sums, strict=True)):
        if side.floored is not None:
            facts.floored |= side.floored
            refuse_no_rows(number, summed, side.vocabulary)
    return facts


def _refuse_faults(number: int, side: TokenScores, form: Logits) -> None:
    """Raise for the first row of scores that is no distribution."""
    given, unused = kernel_rows(form, form.rows(-1).values), np.empty(len(side))
    found, _ = _kernels.measure("entropy", given, None, None, _BITS, unused, get_num_threads())
    _refuse(number, side, found, None)


def refuse_no_rows(number: int, sums: Values, vocabulary: int) -> None:
    """Raise for the first row of steps whose probabilities are no distribution's.

    Steps round them by 1e-4; entries at a floor are too large, by e⁻¹⁶ of the top at most.
    """
    most = 1 + _ROUNDING + vocabulary * float(portable.exp(-16.0))
    wrong = ~((sums >= 1 - _ROUNDING) & (sums <= most))
    if wrong.any():
        row = int(np.argmax(wrong))
        raised = RowFaultError(
            f"found a row whose probabilities sum to {sums[row]:.6g}",
            expected="1, within their rounding",
            remedy="the file seems to be damaged; write it again",
            place=Place(row=(row,)),
        )
        raised.side = number
        raise raised


def _refuse(
    number: int,
    side: TokenScores,
    found: tuple[int, int, int, float],
    targets: NDArray[np.int64] | None,
) -> None:
    """Raise for what is wrong with a row, of which alone the scores are looked at."""
    row, *fault = found
    if row >= 0:
        form = Logits(side.part(slice(row, row + 1)).values)
        label = None if targets is None else targets[row : row + 1]
        told = fault_of(form, form.rows(-1).values, (0, *fault), label)  # type: ignore[arg-type]
        raised = RowFaultError(**{**told._fields(), "place": Place(row=(row,))})
        raised.side = number
        raise raised


def _whole_facts(base: TokenScores, other: TokenScores, targets: NDArray[np.int64]) -> PairFacts:
    values = np.empty((10, len(base)))
    tops = np.empty((2, len(base)), dtype=np.int32)
    told = targets, _BITS, values, tops, get_num_threads()
    if isinstance(base.held, RowsInFile) and isinstance(other.held, RowsInFile):
        both = _read_by_threads(base.held, other.held, told)
    else:
        forms = [Logits(side.values) for side in (base, other)]
        p, q = (kernel_rows(form, form.rows(-1).values) for form in forms)
        both = _kernels.pair_facts(p, q, *told)
    for number, (side, found) in enumerate(zip((base, other), both, strict=True)):
        _refuse(number, side, found, targets)
    return _of_kernel(values, tops)


def _read_by_threads(base: RowsInFile, other: RowsInFile, told: tuple[Any, ...]) -> Any:
    """The same of rows of files, which each thread reads into its own cache and measures there."""
    with base.opened() as stream, other.opened() as second:
        try:
            return _kernels.pair_facts_of_files(
                base.scores_of(stream), other.scores_of(second), *told
            )
        except EOFError:
            for rows, file in ((base, stream), (other, second)):
                rows.refuse_shorter(file)
            raise


def _of_kernel(values: Values, tops: NDArray[np.int32]) -> PairFacts:
    facts = PairFacts.empty(values.shape[1])
    for name, column in zip(_OF_KERNELS, values, strict=True):
        setattr(facts, name, column)
    facts.base_top[:], facts.other_top[:] = tops
    return facts
