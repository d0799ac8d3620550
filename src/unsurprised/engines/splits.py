"""The splits of a plan: their names, and which of them a state has seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unsurprised.copies import Record
from unsurprised.errors import CallError

Intervals = tuple[tuple[int, int], ...]

#: So many are named in a message.
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class PlannedSplit(Record):
    """Rows of one file that are read by one task."""

    number: int
    file: str
    first_row: int
    #: ``None``: known only once they are read.
    rows: int | None

    def __str__(self) -> str:
        where = self.file
        if self.rows is not None:
            where += f", rows {self.first_row} to {self.first_row + self.rows - 1}"
        elif self.first_row:
            where += f", from row {self.first_row} on"
        return f"split {self.number} ({where})"


def intervals_of(numbers: Iterable[int]) -> Intervals:
    """Numbers as intervals from the first to before the last.

    Examples
    --------
    >>> intervals_of([5, 0, 1])
    ((0, 2), (5, 6))
    """
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number:
            found[-1] = (found[-1][0], number + 1)
        else:
            found.append((number, number + 1))
    return tuple(found)


def numbers_in(intervals: Intervals) -> list[int]:
    """The numbers of some intervals.

    Examples
    --------
    >>> numbers_in(((0, 2), (5, 6)))
    [0, 1, 5]
    """
    return [number for first, end in intervals for number in range(first, end)]


def united(one: Intervals, other: Intervals) -> tuple[Intervals, list[int]]:
    """The numbers of both, and those that are in both; each has its intervals in order.

    Examples
    --------
    >>> united(((0, 2), (5, 6)), ((1, 3), (6, 9)))
    (((0, 3), (5, 9)), [1])
    """
    found: list[tuple[int, int]] = []
    both: list[int] = []
    for first, end in sorted(one + other):
        if found and first <= (last := found[-1][1]):
            both += range(first, min(last, end))
            found[-1] = (found[-1][0], max(last, end))
        else:
            found.append((first, end))
    return tuple(found), both


def named(splits: Sequence[PlannedSplit], numbers: Sequence[int]) -> str:
    """Some splits in words, the first few of them by their files."""
    told = ", ".join(str(splits[number]) for number in numbers[:_MOST_NAMED])
    more = len(numbers) - _MOST_NAMED
    return told + (f" and {more:,} more" if more > 0 else "")


def checked_numbers(asked: Iterable[int | PlannedSplit], count: int) -> list[int]:
    """The numbers of the splits that are asked for, each of which is one of ``count``."""
    if not isinstance(asked, Iterable):
        raise CallError(f"splits={asked!r:.80}; expected numbers of splits, such as [0]")
    found = [each.number if isinstance(each, PlannedSplit) else each for each in asked]
    for number in found:
        if type(number) is not int or not 0 <= number < count:
            raise CallError(
                f"splits holds {number!r}; expected numbers of splits from 0 to {count - 1}, or "
                "some of plan.splits"
            )
    twice = next((number for number, times in Counter(found).items() if times > 1), None)
    if twice is not None:
        raise CallError(f"splits holds {twice} twice; expected each once")
    return found


def part_of(sizes: Sequence[int], part: int, parts: int) -> range:
    """The splits of one of some parts, which lie side by side and hold about as many rows each.

    Parts count from 1, as a job array does; where there are more than splits, some are empty, and
    else none is.

    Examples
    --------
    >>> [list(part_of([10, 10, 40, 10], k, 2)) for k in (1, 2)]
    [[0, 1], [2, 3]]
    >>> [list(part_of([1, 1], k, 4)) for k in (1, 2, 3, 4)]
    [[], [0], [], [1]]
    >>> [list(part_of([1, 8, 6, 7, 8], k, 5)) for k in (1, 2, 3, 4, 5)]
    [[0], [1], [2], [3], [4]]
    """
    if parts < 1 or not 1 <= part <= parts:
        raise CallError(
            f"part {part} of {parts}; expected parts that count from 1: 1/{max(parts, 1)} to "
            f"{max(parts, 1)}/{max(parts, 1)}"
        )
    ends = _parts_of(sizes if sum(sizes) else [1] * len(sizes), parts)
    mine = [number for number, place in enumerate(ends) if place == part - 1]
    return range(mine[0], mine[-1] + 1) if mine else range(0)


def _parts_of(sizes: Sequence[int], parts: int) -> list[int]:
    """The part of each split, from 0."""
    total, found, done = sum(sizes), list[int](), 0
    for number, size in enumerate(sizes):
        # A split goes to the part that its middle lies in,
        place = min(parts - 1, (2 * done + size) * parts // (2 * total))
        if parts <= len(sizes):
            # unless a part would have none: of those before it, or of those that are to come.
            first, last = parts - len(sizes) + number, (found[-1] + 1 if found else 0)
            place = min(max(place, first), last)
        found.append(place)
        done += size
    return found
