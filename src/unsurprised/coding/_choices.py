"""How a choice among classes becomes integers: at any probability, for any data.

An entropy coder works with integer frequencies of a fixed total, here 2²⁴. Rounding probabilities
to such frequencies is where codecs lose bits, and lose them unboundedly where a class below 2⁻²⁴
happens (or gain them, which is no better: the file no longer says what the model costs). So
what is rare is coded in **stages**: first a choice among the classes that have at least 2⁻¹⁵ (their
frequencies are off by at most 0.2 %, which is 0.02 % of such a class's code length) and an
*escape*; then, where the escape was taken, a choice among the others, their probabilities divided
by the frequency that the escape really had. What a stage has left over goes to an entry that
nothing ever takes. Of many classes a block is chosen first, then a class of the block.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unsurprised.coding._coders import TOTAL, Choices, Coder, Model, damaged
from unsurprised.coding._floats import Floats, total

#: Classes below this share wait for the next stage.
_RARE = 2.0**-15
#: More classes than these are cut into blocks: of a table that all symbols share, and of a row that
#: one symbol has for itself.
_WIDEST_TABLE, _WIDEST_ROW = 4096, 64
#: The entries after a stage's classes: the way to the next stage, and what nothing takes.
_EXTRA = 2


class ChoiceTable:
    """One distribution for many choices; every class has a share above 0."""

    def __init__(self, shares: Floats) -> None:
        self.classes = len(shares)
        if self.classes <= _WIDEST_TABLE:
            self._stages = list(_stages(shares))
            return
        size = -(-self.classes // -(-self.classes // _WIDEST_TABLE))
        blocks = [shares[at : at + size] for at in range(0, self.classes, size)]
        sums = [total(block) for block in blocks]
        self._size, self._blocks = size, ChoiceTable(np.concatenate(sums))
        self._inner = [ChoiceTable(block / own) for block, own in zip(blocks, sums, strict=True)]

    def code(self, coder: Coder, count: int, choices: Choices | None = None) -> Choices:
        """Code ``count`` choices: write them if they are given, else read them."""
        if self.classes == 1:
            return np.zeros(count, dtype=np.int32)
        if self.classes <= _WIDEST_TABLE:
            return self._code_stages(coder, count, choices)
        block = self._blocks.code(coder, count, None if choices is None else choices // self._size)
        coded = block * np.int32(self._size)
        order = np.argsort(block, kind="stable")
        ends = np.searchsorted(block[order], np.arange(len(self._inner) + 1))
        for index, table in enumerate(self._inner):
            where = order[ends[index] : ends[index + 1]]
            inner = None if choices is None else choices[where] % np.int32(self._size)
            coded[where] += table.code(coder, len(where), inner)
        return coded

    def _code_stages(self, coder: Coder, count: int, choices: Choices | None) -> Choices:
        coded, waiting = self._stages[0].code(coder, count, choices)
        for stage in self._stages[1:]:
            if not len(waiting):
                break
            wanted = None if choices is None else choices[waiting]
            found, escaped = stage.code(coder, len(waiting), wanted)
            if choices is None:
                coded[waiting] = found
            waiting = waiting[escaped]
        if len(waiting):
            raise damaged()
        return coded


class _Stage:
    """Some classes of a table, and the way to the next stage."""

    def __init__(self, classes: NDArray[np.intp], of: int, weights: Floats) -> None:
        self._model, self._escape = Model(weights), len(classes)
        #: From classes to entries of the stage, and back; none where they are the same.
        self._entries: Choices | None = None
        if len(classes) < of:
            self._entries = np.full(of, self._escape, dtype=np.int32)
            self._entries[classes] = np.arange(len(classes), dtype=np.int32)
        self._classes = np.append(classes, [-1] * _EXTRA).astype(np.int32)

    def code(
        self, coder: Coder, count: int, choices: Choices | None
    ) -> tuple[Choices, NDArray[np.intp]]:
        """The choices, and the indices of those that are left to the next stage."""
        entries = choices
        if choices is not None and self._entries is not None:
            entries = self._entries[choices]
        entries = coder.code(self._model, count, entries)
        escaped = np.flatnonzero(entries >= self._escape)
        if choices is not None:
            return choices, escaped
        if len(escaped) and entries.max() > self._escape:
            raise damaged()
        return (entries if self._entries is None else self._classes[entries]), escaped


def _stages(shares: Floats) -> Iterator[_Stage]:
    classes, count = np.arange(len(shares)), len(shares)
    while len(classes):
        direct = shares >= _RARE
        rare = np.zeros(1) if direct.all() else total(shares[~direct])
        weights, escape = _weights(shares[direct], direct[direct], rare)
        yield _Stage(classes[direct], count, weights)
        classes, shares = classes[~direct], shares[~direct] * (TOTAL / escape)


def code_rows(coder: Coder, shares: Floats, choices: Choices | None = None) -> Choices:
    """Code one choice for each row of shares: write them if they are given, else read them."""
    rows, classes = shares.shape
    if classes == 1:
        return np.zeros(rows, dtype=np.int32)
    if classes <= _WIDEST_ROW:
        return _code_row_stages(coder, shares, choices)
    size = _WIDEST_ROW
    while size * _WIDEST_ROW < classes:
        size *= _WIDEST_ROW
    padded = np.pad(shares, ((0, 0), (0, -classes % size))).reshape(rows, -1, size)
    sums = total(padded)[..., 0]
    block = code_rows(coder, sums, None if choices is None else choices // np.int32(size))
    each = np.arange(rows)
    inner = padded[each, block] / sums[each, block, None]
    inside = code_rows(coder, inner, None if choices is None else choices % np.int32(size))
    return block * np.int32(size) + inside


def _code_row_stages(coder: Coder, shares: Floats, choices: Choices | None) -> Choices:
    rows, classes = shares.shape
    coded = np.empty(rows, dtype=np.int32)
    waiting = np.arange(rows)
    while len(waiting):
        direct = shares >= _RARE
        rare = total(np.where(direct, 0.0, shares))
        weights, escape = _weights(shares, direct, rare)
        entries = None
        if choices is not None:
            wanted = choices[waiting]
            is_direct = direct[np.arange(len(waiting)), wanted]
            entries = np.where(is_direct, wanted, np.int32(classes))
        entries = coder.code(Model(weights), len(waiting), entries)
        known = np.append(direct, rare > 0, axis=-1)
        if entries.max() > classes or not known[np.arange(len(waiting)), entries].all():
            raise damaged()
        escaped = entries == classes
        coded[waiting[~escaped]] = entries[~escaped]
        waiting = waiting[escaped]
        shares = np.where(direct, 0.0, shares)[escaped] * (TOTAL / escape[escaped])
    return coded


def _weights(shares: Floats, direct: NDArray[np.bool_], rare: Floats) -> tuple[Floats, Floats]:
    """Frequencies less one, for the classes, the escape and what nothing takes; the escape's own.

    Classes that are not ``direct`` keep the one that every entry has, and are never taken here.
    """
    entries = shares.shape[-1] + _EXTRA
    escape = np.maximum(1.0, np.ceil(rare * TOTAL))
    known = np.where(direct, shares, 0.0)
    nothing = np.maximum(0.0, 1.0 - (total(known) if entries > _EXTRA else 0.0) - rare)
    # The one that every entry has is taken off first, lest it be given twice.
    wanted = np.maximum(0.0, np.concatenate([known, nothing], axis=-1) * TOTAL - 1.0)
    reached = np.add.accumulate(wanted, axis=-1)
    room = TOTAL - entries - (escape - 1.0)
    ends = np.rint(reached / reached[..., -1:] * room)
    weights = np.diff(ends, axis=-1, prepend=0.0)
    return np.concatenate([weights[..., :-1], escape - 1.0, weights[..., -1:]], axis=-1), escape
