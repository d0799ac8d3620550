"""Scores in frames and labelled arrays: tokens of the vocabulary meet by the names of columns.

Columns called 0, 1, … are ids. Rows are tokens of a text, whose order is that of the text: the same
rows in another order are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unsurprised.arrays.containers import Names, refuse_missing, taken_apart
from unsurprised.arrays.host import HostArray, host_array
from unsurprised.arrays.row_order import NamedRows, refuse_other_orders
from unsurprised.class_names.names import (
    differences,
    integer_of,
    key_of,
    listed,
    places_of,
    repeated,
    same_names,
)
from unsurprised.errors import CallError
from unsurprised.forms import Form
from unsurprised.language_models.top_logprobs import TopLogProbs

#: What holds no names, or documents.
_NO_ARRAY_WITH_NAMES = (str, bytes, list, tuple, Mapping, np.ndarray, HostArray, TopLogProbs)


@dataclass(frozen=True)
class _NamedScores:
    """An array of scores that came with names of its columns or rows."""

    said: str
    given: HostArray | Form
    columns: Names | None
    index: Any

    @classmethod
    def of(cls, given: Any, said: str) -> _NamedScores | None:
        """Of what was handed in; None of arrays without names and all that is no array."""
        if isinstance(given, Form):
            if given.names is None and given.index is None:
                return None
            return cls(said, given, given.names, given.index)
        if isinstance(given, _NO_ARRAY_WITH_NAMES):
            return None
        parts = taken_apart(given, said)
        if parts is None or (parts.columns is None and parts.index is None):
            return None
        refuse_missing(parts, said)
        # The index of a series of rows names these, and no column.
        columns = None if type(given).__name__ == "Series" else parts.columns
        return cls(said, host_array(parts.values, said), columns, parts.index)

    def ordered(self, order: Sequence[int]) -> HostArray | Form:
        """The scores with their columns in this order."""
        array = self.given.array if isinstance(self.given, Form) else self.given
        turned = HostArray(array.values[..., list(order)], array.dtype)
        return self.given.with_array(turned) if isinstance(self.given, Form) else turned


def by_name(
    sides: Mapping[str, Any],
    *,
    targets: Any = None,
    vocabulary: int | None = None,
) -> list[Any]:
    """The sides with tokens of the vocabulary in one order, where their columns have names.

    Parameters
    ----------
    sides : mapping of str to what was handed in
        The scores of each model, by the argument's name.
    targets : array of int, optional
        The ids of the tokens that came.
    vocabulary : int, optional
        How many of the columns are compared, where that was said.
    """
    found = {said: dict(_scores(given, said)) for said, given in sides.items()}
    _refuse_other_rows(list(found.values()))
    named = [one for each in found.values() for one in each.values() if one.columns is not None]
    if not named:
        return list(sides.values())
    first = _kept(named[0], vocabulary)
    wanted = _wanted(first)
    orders = {one.said: _order(one, wanted, named[0].said, vocabulary) for one in named}
    moved = [one for one in named if orders[one.said] is not None]
    if wanted != first:
        _refuse_unnamed(sides, found, named[0])
    if targets is not None:
        _refuse_targets(wanted, named[0], moved)
    return [_turned(given, found[said], orders) for said, given in sides.items()]


def _scores(given: Any, said: str) -> Iterator[tuple[Any, _NamedScores]]:
    """The arrays with names among what was handed in, by the document that each is."""
    whole = _NamedScores.of(given, said)
    if whole is not None:
        yield None, whole
        return
    documents: Any = ()
    if isinstance(given, Mapping):
        documents = given.items()
    elif isinstance(given, list | tuple) and given and hasattr(given[0], "shape"):
        documents = enumerate(given)
    for key, value in documents:
        one = _NamedScores.of(value, f"{said}[{key!r}]")
        if one is not None:
            yield key, one


def _turned(given: Any, found: Mapping[Any, _NamedScores], orders: Mapping[str, Any]) -> Any:
    """What was handed in, with the columns of its arrays in their order."""
    plain = {
        key: one.given if orders.get(one.said) is None else one.ordered(orders[one.said])
        for key, one in found.items()
    }
    if not plain:
        return given
    if None in plain:
        return plain[None]
    if isinstance(given, Mapping):
        return {key: plain.get(key, value) for key, value in given.items()}
    turned = [plain.get(key, value) for key, value in enumerate(given)]
    return tuple(turned) if isinstance(given, tuple) else turned


def _kept(scores: _NamedScores, vocabulary: int | None) -> Names:
    """The names of the columns that are compared."""
    columns = scores.columns or ()
    return columns[:vocabulary] if vocabulary else columns


def _wanted(names: Names) -> Names:
    """The order of all: that of ids where columns are called so, else that of the first."""
    if names == tuple(map(str, range(len(names)))):
        return names
    ids = [integer_of(name) for name in names]
    known = [number for number in ids if number is not None]
    if sorted(known) != list(range(len(names))):
        return names
    return tuple(names[place] for place in np.argsort(known))


def _order(
    scores: _NamedScores, wanted: Names, first: str, vocabulary: int | None
) -> list[int] | None:
    """Where each token stands among the columns; None where they are in order."""
    own = _kept(scores, vocabulary)
    if own == wanted or list(map(key_of, own)) == list(map(key_of, wanted)):
        return None
    if not same_names(own, wanted):
        raise CallError(
            f"the columns of {scores.said} are not those of {first} ({differences(own, wanted)}); "
            "expected the same names in both, in any order, or plain arrays, which are compared by "
            f"position: {scores.said}.to_numpy()"
        )
    places = places_of(own)
    if len(places) < len(own) or len(places) < len(wanted):
        twice = key_of(repeated(own if len(places) < len(own) else wanted))
        raise CallError(
            f"two columns of scores are called {twice!r} in {scores.said} or {first}; expected "
            f"distinct names, or plain arrays, which are compared by position: "
            f"{scores.said}.to_numpy()"
        )
    rest = range(len(own), len(scores.columns or ()))
    return [*(places[key_of(name)] for name in wanted), *rest]


def _refuse_unnamed(
    sides: Mapping[str, Any], found: Mapping[str, Mapping[Any, _NamedScores]], first: _NamedScores
) -> None:
    """Raise for scores without names beside ids that are out of order."""
    for said, given in sides.items():
        has_names = any(one.columns is not None for one in found[said].values())
        if not has_names and not isinstance(given, TopLogProbs):
            raise CallError(
                f"{said} has no names beside {first.said}, whose columns are ids in another order, "
                f"{listed(first.columns or (), 4)}: does it stand as these columns do, or by ids? "
                f"Expected one reading: {first.said}.to_numpy() for the first, {first.said} with "
                "its columns in the order of ids for the second"
            )


def _refuse_targets(wanted: Names, first: _NamedScores, moved: Sequence[_NamedScores]) -> None:
    """Raise where ids of targets may be places among columns, or their names."""
    ids = [integer_of(name) for name in wanted]
    if ids == list(range(len(wanted))):
        return
    if all(number is not None for number in ids):
        raise CallError(
            f"targets beside columns called {listed(wanted, 4)}: ids of tokens are these names, or "
            f"places from 0? Expected columns 0 to {len(wanted) - 1}, or plain arrays, whose "
            f"places are ids: {first.said}.to_numpy()"
        )
    if moved:
        raise CallError(
            f"targets are places among the columns, which stand in another order in "
            f"{moved[0].said} than in {first.said}; expected one order: "
            f"{moved[0].said}[{first.said}.columns] (or the reverse) with targets that are places "
            "there"
        )


def _refuse_other_rows(sides: Sequence[Mapping[Any, _NamedScores]]) -> None:
    """Refuse rows of a document that are called alike and stand in another order."""
    for key in dict.fromkeys(key for each in sides for key in each):
        held = [each[key] for each in sides if key in each]
        refuse_other_orders(
            {one.said: NamedRows(one.index) for one in held if one.index is not None}
        )
