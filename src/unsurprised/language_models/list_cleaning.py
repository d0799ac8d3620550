"""What lists hold that is no log-probability: it is taken out, counted, and never scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.copies import Record
from unsurprised.errors import InputError
from unsurprised.language_models._completion import row_sums
from unsurprised.language_models.top_lists import TopLists

#: What servers write where JSON has no −∞, or where nothing is known.
DEFAULT_UNKNOWN = -9999.0


@dataclass(frozen=True, slots=True)
class RawLists:
    """Lists as they were found, one after the other; NaN is a number that is missing."""

    starts: NDArray[np.int64]
    tokens: NDArray[np.int64]
    logprobs: Values
    #: Which entries are among the k likely ones; ``None``: all.
    ranked: NDArray[np.bool_] | None = None
    #: The token that came, −1 where nobody says; and its log-probability, which the list may lack.
    targets: NDArray[np.int64] | None = None
    target_logprobs: Values | None = None
    #: Rows whose list lacks an entry that it should have.
    lost: NDArray[np.bool_] | None = None
    #: Whether there are no lists, but one number a token, which is taken for that of what came.
    scored: bool = False


@dataclass(frozen=True, slots=True)
class Left(Record):
    """How much of the lists is no log-probability, or of no certain token.

    Examples
    --------
    >>> Left(ambiguous=2, ambiguous_mass=0.25).notes()
    ('2 entries of the lists have a text that another token has too (0.25 of probability in all): \
they count as not listed',)
    """

    #: Entries, and tokens that came, without a number (null, NaN).
    nulls: int = 0
    null_targets: int = 0
    #: Those that hold the value that means "not known", and which that is.
    unknown: int = 0
    unknown_targets: int = 0
    unknown_value: float | None = None
    #: Those above 0, and the first of them with its document and position.
    above_zero: int = 0
    above_zero_targets: int = 0
    first_above: tuple[float, str, int] | None = None
    #: Entries of tokens whose text another one of the same list has too, and their probability.
    ambiguous: int = 0
    ambiguous_mass: float = 0.0
    #: Lists that lack an entry: two tokens had one text, and one of them was lost.
    lost: int = 0
    #: Whether there are no lists, but a number a token alone.
    scored: bool = False

    def notes(self) -> tuple[str, ...]:
        """The same in words, of what there is."""
        value = self.unknown_value
        told = [
            _note(self.nulls, self.null_targets, "no number"),
            _note(self.unknown, self.unknown_targets, f"{value!r}, which means not known,"),
        ]
        if self.first_above is not None:
            number, document, position = self.first_above
            told.append(
                _note(
                    self.above_zero,
                    self.above_zero_targets,
                    f"a log-probability above 0 (the first, {number:.6g}, at position {position} "
                    f"of document {document!r:.60})",
                )
            )
        if self.ambiguous:
            told.append(
                f"{_counted(self.ambiguous, 'entry', 'entries')} of the lists "
                f"{'has' if self.ambiguous == 1 else 'have'} a text that another token has too "
                f"({self.ambiguous_mass:.4g} of probability in all): they count as not listed"
            )
        if self.lost:
            told.append(
                f"{_counted(self.lost, 'list lacks', 'lists lack')} an entry, as two tokens of one "
                "text are one key; nothing is known of what they don't list"
            )
        if self.scored:
            told.append(
                "one log-probability a token, without ranks: taken for those of the tokens that "
                "came; what else is likely isn't known"
            )
        return tuple(line for line in told if line)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Lists of log-probabilities alone; that of each token that came, NaN if unknown; the rest."""

    lists: TopLists
    target_logprobs: Values
    left: Left


def cleaned(
    raw: RawLists,
    *,
    unknown: float | None,
    tolerance: float,
    place: Callable[[int], tuple[str, int]],
) -> Cleaned:
    """Lists of log-probabilities alone, and what was left out of them.

    An entry whose number isn't known may be as likely as any, so nothing bounds what its list lacks
    any more; one that holds ``unknown`` is at most as likely as the others. Tokens of one text are
    left to what isn't listed, and bound it.
    """
    size = len(raw.starts) - 1
    came = _Faults.of(_target_numbers(raw, size), unknown)
    entries = _with_targets(raw, came)
    faults = _Faults.of(entries.logs, unknown)
    twice = _twice(entries.rows, entries.tokens) & faults.none
    kept = faults.none & ~twice
    caps = _caps(entries, faults, twice, raw.lost, size)
    counts = np.bincount(entries.rows[kept], minlength=size)
    lists = TopLists(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        entries.tokens[kept],
        entries.logs[kept],
        caps,
        ranked=None if entries.ranked[kept].all() else entries.ranked[kept],
    )
    _refuse_excess(lists, tolerance, place)
    left = Left(
        nulls=int(faults.null.sum()),
        null_targets=int(came.null.sum()) if raw.target_logprobs is not None else 0,
        unknown=int(faults.unknown.sum()),
        unknown_targets=int(came.unknown.sum()),
        unknown_value=unknown,
        above_zero=int(faults.above.sum()),
        above_zero_targets=int(came.above.sum()),
        first_above=_first_above(entries, faults, came, place),
        ambiguous=int(twice.sum()),
        ambiguous_mass=float(portable.exp(entries.logs[twice]).sum()),
        lost=0 if raw.lost is None else int(raw.lost.sum()),
        scored=raw.scored,
    )
    return Cleaned(lists, _known_targets(raw, entries, kept, came), left)


@dataclass(frozen=True, slots=True)
class _Faults:
    """Numbers that are no log-probability."""

    numbers: Values
    null: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    above: NDArray[np.bool_]

    @classmethod
    def of(cls, numbers: Values, unknown: float | None) -> _Faults:
        null = np.isnan(numbers)
        said = np.zeros(len(numbers), bool) if unknown is None else numbers == unknown
        with np.errstate(invalid="ignore"):
            return cls(numbers, null, said, (numbers > 0) & ~said)

    @property
    def none(self) -> NDArray[np.bool_]:
        """Where there is none."""
        return ~(self.null | self.unknown | self.above)


@dataclass(frozen=True, slots=True)
class _Entries:
    rows: NDArray[np.int64]
    tokens: NDArray[np.int64]
    logs: Values
    ranked: NDArray[np.bool_]


def _target_numbers(raw: RawLists, size: int) -> Values:
    """What was said of the tokens that came, beside the lists."""
    if raw.target_logprobs is None:
        return np.full(size, np.nan)
    return raw.target_logprobs


def _with_targets(raw: RawLists, came: _Faults) -> _Entries:
    """Entries of the lists, and the tokens that came where their lists lack them."""
    size = len(raw.starts) - 1
    rows = np.repeat(np.arange(size), np.diff(raw.starts))
    ranked = np.ones(len(rows), bool) if raw.ranked is None else raw.ranked
    if raw.targets is None:
        return _Entries(rows, raw.tokens, raw.logprobs, ranked)
    here = raw.tokens == raw.targets[rows]
    with np.errstate(invalid="ignore"):
        other = np.abs(raw.logprobs - came.numbers[rows]) > _SAME
    listed = np.zeros(size, bool)
    listed[rows[here & ~other]] = True
    # One of the same text and another number is another token.
    added = np.flatnonzero(came.none & (raw.targets >= 0) & ~listed)
    rows = np.concatenate([rows, added])
    order = np.argsort(rows, kind="stable")
    return _Entries(
        rows[order],
        np.concatenate([raw.tokens, raw.targets[added]])[order],
        np.concatenate([raw.logprobs, came.numbers[added]])[order],
        np.concatenate([ranked, np.zeros(len(added), bool)])[order],
    )


#: By how much two numbers of one token may differ, in nats: a rounding in a file.
_SAME = 1e-3


def _twice(rows: NDArray[np.int64], tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Entries whose token their list holds more than once."""
    found = np.zeros(len(rows), bool)
    order = np.lexsort((tokens, rows))
    same = (np.diff(rows[order]) == 0) & (np.diff(tokens[order]) == 0)
    found[order[1:][same]] = found[order[:-1][same]] = True
    return found


def _caps(
    entries: _Entries,
    faults: _Faults,
    twice: NDArray[np.bool_],
    lost: NDArray[np.bool_] | None,
    size: int,
) -> Values:
    """What nothing that a row doesn't list is above; 0 where that isn't known."""
    caps, known = np.full(size, np.inf), faults.none & entries.ranked
    np.minimum.at(caps, entries.rows[known], entries.logs[known])
    caps = np.where(np.isinf(caps) & (caps > 0), 0.0, caps)
    np.maximum.at(caps, entries.rows[twice], entries.logs[twice])
    caps[entries.rows[faults.null | faults.above]] = 0.0
    return caps if lost is None else np.where(lost, 0.0, caps)


def _known_targets(
    raw: RawLists, entries: _Entries, kept: NDArray[np.bool_], came: _Faults
) -> Values:
    """Log-probabilities of the tokens that came: as said beside the lists, else as listed."""
    found = np.where(came.none, came.numbers, np.nan)
    if raw.targets is not None and raw.target_logprobs is None:
        here = kept & (entries.tokens == raw.targets[entries.rows])
        found[entries.rows[here]] = entries.logs[here]
    return found


def _first_above(
    entries: _Entries, faults: _Faults, came: _Faults, place: Callable[[int], tuple[str, int]]
) -> tuple[float, str, int] | None:
    """The first number above 0, with its document and position."""
    found = [
        (int(rows[at]), float(side.numbers[at]))
        for rows, side in ((entries.rows, faults), (np.arange(len(came.above)), came))
        for at in np.flatnonzero(side.above)[:1]
    ]
    if not found:
        return None
    row, number = min(found)
    return (number, *place(row))


def _refuse_excess(
    lists: TopLists, tolerance: float, place: Callable[[int], tuple[str, int]]
) -> None:
    """Refuse lists whose probabilities sum to more than one."""
    total = row_sums(lists.rows, portable.exp(lists.logprobs), len(lists))
    over = total > 1 + tolerance
    if over.any():
        row = int(np.argmax(over))
        document, position = place(row)
        raise InputError(
            f"document {document!r:.60}, position {position}: found a list whose probabilities "
            f"sum to {total[row]:.6g}",
            note=f"{int(over.sum()):,} such lists, this is the first",
            expected=f"at most 1 within {tolerance:g}: natural logarithms of probabilities",
            remedy="logarithms to another base are divided by its log e; logits are not "
            "log-probabilities; values of several steps belong to several lists",
        )


def _note(entries: int, targets: int, what: str) -> str:
    """How many entries of lists, and how many tokens that came, hold what is no number."""
    told = []
    if entries:
        told.append(f"{_counted(entries, 'entry', 'entries')} of the lists")
    if targets:
        told.append(f"{_counted(targets, 'token that came', 'tokens that came')}")
    if not told:
        return ""
    one = entries + targets == 1
    return f"{' and '.join(told)} {'holds' if one else 'hold'} {what} and {_are(one)} not taken"


def _are(one: bool) -> str:
    return "is" if one else "are"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
