"""Columns of a table by what each tells of one of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from unsurprised.arrays.row_order import refuse_other_orders
from unsurprised.copies import Record
from unsurprised.errors import CallError, InputError
from unsurprised.estimate.entropy import entropy
from unsurprised.estimate.mutual_information import mutual_information
from unsurprised.estimate.result import SampleEstimate
from unsurprised.statistics.jackknife import q_values

#: What is said of a column of names, or of integers, that repeat nowhere.
IDENTIFIER = "another category in each row"


@dataclass(frozen=True, slots=True)
class RankedColumn(Record):
    """What a column tells of another.

    Parameters
    ----------
    name : str
        What the column is called.
    information : SampleEstimate or None
        The mutual information, with its interval and p-value; None where there is none.
    q_value : float
        The share of false discoveries among all columns with a p-value as low as this one's
        (Benjamini and Hochberg, 1995); NaN where there is none.
    share : float
        The information as a share of the entropy of y, where y are categories; NaN for others.
    reason : str
        Why there is no estimate.

    Examples
    --------
    >>> RankedColumn("age", None, reason="another category in each row")
    RankedColumn(age: another category in each row)
    """

    name: str
    information: SampleEstimate | None
    q_value: float = math.nan
    share: float = math.nan
    reason: str = ""

    def __repr__(self) -> str:
        if self.information is None:
            return f"RankedColumn({self.name}: {self.reason})"
        said = repr(self.information).removeprefix("SampleEstimate(").removesuffix(")")
        share = "" if math.isnan(self.share) else f", {100 * self.share:.3g} % of H(y)"
        return f"RankedColumn({self.name}: {said}, q = {self.q_value:.3g}{share})"


def rank_columns(
    frame: Any,
    y: str,
    given: str | None = None,
    *,
    permutations: int = 199,
    k: int = 3,
    seed: int = 0,
    base: float = 2.0,
) -> tuple[RankedColumn, ...]:
    """Columns by how much each tells of ``y``, from the one that tells most.

    Each by :func:`mutual_information`, whatever it holds. The p-values of so many tests are
    brought to a share of false discoveries, q.

    Parameters
    ----------
    frame : mapping of str to column, or a data frame of pandas, Polars or Arrow
        Columns of the same rows.
    y : str
        Which of them the others are to tell of.
    given : str, optional
        Which of them is known already: what others tell beyond it.
    permutations : int, default 199
        How many shuffles each p-value rests on.
    k, seed, base
        As of :func:`mutual_information`.

    Returns
    -------
    tuple of RankedColumn
        Those without an estimate, such as identifiers, come last, with the reason.

    Raises
    ------
    CallError
        A name that is none of the columns'; no other column; no permutations.

    References
    ----------
    Benjamini and Hochberg, "Controlling the False Discovery Rate", J. R. Statist. Soc. B 57 (1995).

    Examples
    --------
    >>> frame = {
    ...     "rain": ["yes", "no", "no", "yes"] * 10,
    ...     "umbrella": ["yes", "no", "no", "no"] * 10,
    ...     "weekday": ["mo", "mo", "tu", "tu", "we"] * 8,
    ...     "day": [str(day) for day in range(40)],
    ... }
    >>> for column in rank_columns(frame, "rain"):
    ...     print(column.name, column.reason or round(column.information.value, 2))
    umbrella 0.31
    weekday -0.04
    day another category in each row, which tells of nothing
    """
    columns = dict(_columns_of(frame))
    refuse_other_orders(columns)
    for name in (y, *([] if given is None else [given])):
        if name not in columns:
            raise CallError(f"{name!r} is no column; found {', '.join(columns)}")
    if permutations == 0:
        raise CallError("permutations=0; expected some, which ranks of columns need for their q")
    others = [name for name in columns if name not in (y, given)]
    if not others:
        raise CallError(f"there is no column beside {y!r}; expected at least one")
    known = None if given is None else columns[given]
    options: dict[str, Any] = {"permutations": permutations, "k": k, "seed": seed, "base": base}

    def estimate(name: str) -> SampleEstimate:
        return mutual_information(columns[name], columns[y], known, **options)

    return ranked(others, estimate, _entropy_of(columns[y], base))


def ranked(
    names: Iterable[str], estimate: Callable[[str], SampleEstimate], whole: float
) -> tuple[RankedColumn, ...]:
    """Columns by an estimate of each, with what stands in the way of one; ``whole`` is H(y)."""
    found = []
    for name in names:
        try:
            found.append(RankedColumn(name, estimate(name)))
        except CallError as error:
            found.append(RankedColumn(name, None, reason=_reason(error)))
        except InputError as error:
            if not str(error).startswith("x,"):  # of y or given: nothing can be told
                raise
            found.append(RankedColumn(name, None, reason=str(error).removeprefix("x, ")))
    return _in_order(found, whole)


def _columns_of(frame: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(frame, Mapping):
        yield from ((str(name), column) for name, column in frame.items())
    elif hasattr(frame, "column_names"):  # Arrow's
        yield from ((str(name), frame.column(name)) for name in frame.column_names)
    elif hasattr(frame, "columns") and hasattr(frame, "__getitem__"):
        yield from ((str(name), frame[name]) for name in frame.columns)
    else:
        raise CallError(
            f"frame is a {type(frame).__name__}; expected columns by name: a dictionary, or a data "
            "frame of pandas, Polars or Arrow"
        )


def _reason(error: CallError) -> str:
    told = str(error)
    if IDENTIFIER in told:
        return f"{IDENTIFIER}, which tells of nothing"
    return told.removeprefix("x ")


def _entropy_of(y: Any, base: float) -> float:
    """The entropy of categories; NaN of numbers, which have none."""
    try:
        return entropy(y, base=base).value
    except (CallError, InputError):
        return math.nan


def _in_order(found: list[RankedColumn], whole: float) -> tuple[RankedColumn, ...]:
    estimated = [column for column in found if column.information is not None]
    adjusted = q_values(np.array([_p(column) for column in estimated]))
    told = [
        RankedColumn(
            column.name, column.information, q, _bits(column) / whole if whole > 0 else math.nan
        )
        for column, q in zip(estimated, adjusted.tolist(), strict=True)
    ]
    told.sort(key=lambda column: -_bits(column))
    return (*told, *(column for column in found if column.information is None))


def _p(column: RankedColumn) -> float:
    found = column.information
    return math.nan if found is None or found.p_value is None else found.p_value


def _bits(column: RankedColumn) -> float:
    return math.nan if column.information is None else column.information.value
