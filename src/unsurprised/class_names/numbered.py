"""Names of classes that have none: their places, written out when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload


class Numbered(Sequence[str]):
    """The names "0", "1", … of so many classes: a vocabulary's would take longer than its rows.

    Examples
    --------
    >>> names = Numbered(3)
    >>> names[-1], names[:2], len(names), names == ("0", "1", "2")
    ('2', ('0', '1'), 3, True)
    """

    __slots__ = ("_places",)

    def __init__(self, count: int) -> None:
        self._places = range(count)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(map(str, self._places[index]))
        return str(self._places[index])

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return map(str, self._places)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Numbered):
            return len(self) == len(other)
        if isinstance(other, tuple):
            return len(self) == len(other) and all(map(str.__eq__, self, other))
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))
