"""What rows that are matched have to have in common, and the errors where they do not.

Each row has one truth, one weight and one cluster, whichever model predicts it; what is said of
pairs rests on those of the base.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.comparison.scored import ScoredRows
from unsurprised.errors import InputError, quoted_id, shortened

#: By how much weights may differ, relatively: more than those of single precision do.
_OF_WEIGHTS = 1e-6
#: The same of the entropies of truths, in bits as well.
_OF_ENTROPIES = 1e-6
#: Characters of a value and of a model's name, which is cut further beside an id that is as long:
#: a message has room for all, and for the number of rows.
_MOST_OF_VALUE, _MOST_OF_NAME, _MOST_BESIDE_LONG, _LONG = 18, 25, 16, 44

#: What a row has in the base, and in the other model, in words.
Told = Callable[[int], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Common:
    """Something that a row has one of, as errors call it."""

    name: str
    differ: str
    #: What to do where rows have ids, and where they do not.
    named: str
    unnamed: str


_WEIGHTS = "write the same weights to both, or name a column that holds them (--weight COLUMN)"
_CLUSTERS = (
    "write the same clusters to both, of one type, or name a column that holds them "
    "(--cluster COLUMN)"
)
#: All of it, in the order in which it is told.
COMMON = (
    _Common(
        "truth",
        "the truth differs",
        "see whether --label and --id name the same columns in both, or bind labels by class names "
        "(--classes)",
        "match rows by id (--id COLUMN), or bind labels by class names (--classes)",
    ),
    _Common(
        "weights", "the weights differ", _WEIGHTS, f"match rows by id (--id COLUMN), {_WEIGHTS}"
    ),
    _Common(
        "clusters",
        "the clusters differ",
        _CLUSTERS,
        f"match rows by id (--id COLUMN), {_CLUSTERS}",
    ),
)


def differing(
    base: ScoredRows, new: ScoredRows, classes: Sequence[str]
) -> Iterator[tuple[str, NDArray[np.bool_], Told | None]]:
    """What is other in the new model, in which rows, and what it is there, if that is known.

    Rows that have the weight 0 in both count nothing, and may differ.
    """
    counting: NDArray[np.bool_] | bool = True
    if base.weights is not None and new.weights is not None:
        counting = (base.weights > 0) | (new.weights > 0)
        apart = np.abs(base.weights - new.weights)
        other = apart > _OF_WEIGHTS * np.maximum(base.weights, new.weights)
        yield "weights", other, _told(base.weights, new.weights, "{:.9g}".format)
    elif base.weights is not None or new.weights is not None:
        yield "weights", np.ones(len(base), dtype=np.bool_), None
    if base.labels is not None and new.labels is not None:

        def label(index: int) -> str:
            known = 0 <= index < len(classes)
            return shortened(repr(classes[index]), _MOST_OF_VALUE) if known else f"class {index}"

        yield "truth", (base.labels != new.labels) & counting, _told(base.labels, new.labels, label)
    elif base.truth_entropy is not None and new.truth_entropy is not None:
        pair = base.truth_entropy, new.truth_entropy
        same = np.isclose(*pair, rtol=_OF_ENTROPIES, atol=_OF_ENTROPIES)
        yield "truth", ~same & counting, _told(*pair, "entropy {:.9g}".format)
    if base.clusters is not None and new.clusters is not None:
        yield "clusters", (base.clusters != new.clusters) & counting, None
    elif base.clusters is not None or new.clusters is not None:
        yield "clusters", np.ones(len(base), dtype=np.bool_), None


def _told(base: Values | NDArray[np.int64], new: Any, words: Callable[[Any], str]) -> Told:
    return lambda row: (words(base[row].item()), words(new[row].item()))


def refused(
    common: _Common, base: str, new: str, rows: int, first: Sequence[Any], *, named: bool
) -> InputError:
    """The error where so many rows differ, the first of them told by its place, name and values."""
    _, name, *values = first
    called = quoted_id(name)
    first_row = f"the first has id {called}" if named else f"the first is row {called}"
    if values:
        most = _MOST_OF_NAME if len(called) < _LONG else _MOST_BESIDE_LONG
        models = (_short(model, most) for model in (base, new))
        told = zip(values, models, strict=True)
        first_row += ": " + ", ".join(f"{value} in {model}" for value, model in told)
    pair = " and ".join(_short(model, 2 * _MOST_OF_NAME) for model in (base, new))
    return InputError(
        f"{common.differ} between {pair} in {rows:,} {'row' if rows == 1 else 'rows'}",
        note=first_row,
        expected=f"the same {common.name} in both",
        remedy=common.named if named else common.unnamed,
    )


def _short(model: str, most: int) -> str:
    """A model's name with its end, where files differ."""
    return shortened(model, most, tail=most // 2)
