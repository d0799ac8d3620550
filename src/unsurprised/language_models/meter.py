"""One language model against another, token by token, as a mergeable state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.alone import alone, beside
from unsurprised.array_types import Values
from unsurprised.arrays.host import HostArray
from unsurprised.errors import CallError, StateError
from unsurprised.language_models.columns import (
    CONFIDENCES,
    PARTS,
    TARGETS,
    TOKENS,
    confidence_of,
    distance_of,
    part_columns,
    target_columns,
    token_columns,
)
from unsurprised.language_models.figures import fidelity_of
from unsurprised.language_models.given import rows_given
from unsurprised.language_models.pairs import PairFacts, RowFaultError, pair_facts
from unsurprised.language_models.tokens import PairedTokens, TokenScores
from unsurprised.states import (
    ClassCounts,
    Entry,
    Histogram,
    KeyedSums,
    Moments,
    Product,
    Sums,
    TopK,
)
from unsurprised.states.serial import ByBytes, must_match, pack, sensible, unpack, whole

if TYPE_CHECKING:
    from unsurprised.language_models.result import Fidelity

#: Leading bits of a KL, by which shares of tokens below a quantile are counted in each group.
COARSE_BITS = 3
_COARSE = 1 << (11 + COARSE_BITS)
_MOST_TOP = 10_000


class FidelityMeter(ByBytes):
    """Two models' rows of the same tokens, measured as they come.

    Tokens may come in any portions and any order, on any machines whose meters are merged: the
    bytes of the state are the same, and so is every number of the result.

    Parameters
    ----------
    top : int, default 10
        How many of the worst tokens are kept.

    Examples
    --------
    >>> import numpy as np
    >>> meter = FidelityMeter()
    >>> base = np.log([[0.5, 0.25, 0.25], [0.9, 0.05, 0.05]])
    >>> other = np.log([[0.25, 0.5, 0.25], [0.9, 0.05, 0.05]])
    >>> _ = meter.update(base, other, targets=[0, 0])
    >>> meter.result().kl_divergence.value
    0.125
    """

    def __init__(self, *, top: int = 10) -> None:
        if type(top) is not int or not 0 <= top <= _MOST_TOP:
            raise CallError(f"top={top!r}; expected 0 to {_MOST_TOP:,} tokens")
        self.top = top
        self.vocabulary: int | None = None
        self._left_out = 0
        self._states = Product(
            {
                "tokens": Sums(TOKENS),
                "targets": Sums(TARGETS),
                "token_moments": Moments(TOKENS[2:]),
                "target_moments": Moments(TARGETS[2:]),
                "documents": KeyedSums(TOKENS),
                "document_targets": KeyedSums(TARGETS),
                "parts": Sums(PARTS),
                "kl": Histogram(),
                "kl_groups": ClassCounts(_COARSE),
                "above": Histogram(),
                "below": Histogram(),
                "worst": TopK(top),
            }
        )

    def update(
        self,
        base: Any,
        other: Any,
        targets: Any = None,
        *,
        documents: Any = None,
        positions: Any = None,
        ignore_index: int = -100,
    ) -> FidelityMeter:
        """Add tokens.

        Parameters
        ----------
        base, other : array, shape (tokens, V) or (document, position, V)
            Logits or log-probabilities of the two models for the same tokens, in any library's
            array in main memory.
        targets : array of int, optional
            The token that came, one a row of scores.
        documents : str, or sequence of str, optional
            What the document is called, or each token's, or each of the documents'. Intervals are
            those of whole documents, so what belongs together has one name in all calls.
        positions : array of int, optional
            The place of each token within its document; else they are counted from 0 in each
            document of the call.
        ignore_index : int, default −100
            Tokens with this target are left out, and counted.

        Raises
        ------
        InputError
            A row that is no distribution, a target outside of the vocabulary.
        CallError
            Arrays that do not fit each other.
        """
        rows, numbers = rows_given(
            base,
            other,
            targets=targets,
            documents=documents,
            positions=positions,
            ignore_index=ignore_index,
        )
        try:
            self.add(rows)
        except RowFaultError as fault:
            side = ("base", "other")[fault.side]
            raise fault.located(file=side, row=int(numbers[fault.number])) from None
        self.leave_out(int(np.prod(np.shape(base)[:-1])) - len(numbers))
        return self

    def leave_out(self, tokens: int) -> None:
        """Count tokens that are not measured."""
        self._left_out += tokens

    @alone
    def add(self, rows: PairedTokens) -> FidelityMeter:
        """Add tokens that are known to agree."""
        base, other = rows.base, rows.other
        if not isinstance(base, TokenScores) or not isinstance(other, TokenScores):
            raise TypeError("lists come with their facts")
        self._same_vocabulary(base.vocabulary)
        if not len(rows):
            return self
        return self._add_facts(pair_facts(base, other, rows.targets), rows)

    @alone
    def add_facts(self, facts: PairFacts, rows: PairedTokens, vocabulary: int) -> FidelityMeter:
        """Add tokens whose facts are at hand; a vocabulary of 0 is one that nobody says."""
        self._same_vocabulary(vocabulary)
        return self._add_facts(facts, rows) if len(rows) else self

    def _same_vocabulary(self, vocabulary: int) -> None:
        if self.vocabulary is None:
            self.vocabulary = vocabulary
        if self.vocabulary != vocabulary:
            raise CallError(
                f"found a vocabulary of {vocabulary:,}, and {self.vocabulary:,} before; "
                "expected one vocabulary"
            )

    def _add_facts(self, facts: PairFacts, rows: PairedTokens) -> FidelityMeter:
        groups = hashes_of_names(rows.names)[rows.documents]
        self._add_tokens(facts, rows, groups)
        if rows.targets is not None:
            self._add_targets(facts, rows, rows.targets, groups)
        self._states["worst"].update(
            facts.kl, lambda chosen: [_entry(facts, rows, int(row)) for row in chosen]
        )
        return self

    def _add_tokens(self, facts: PairFacts, rows: PairedTokens, groups: NDArray[np.uint64]) -> None:
        states, columns = self._states, token_columns(facts, rows.cut)
        parted = np.where(columns["agree"], -1, rows.positions)
        states["tokens"].update(groups, columns)
        states["token_moments"].update(
            {name: columns[name] for name in TOKENS[2:]}, rows=len(groups)
        )
        states["documents"].update(rows.names, rows.documents, columns, parted)
        parts = part_columns(columns)
        cells = [("confidence", str(k)) for k in range(len(CONFIDENCES))]
        confidence = confidence_of(facts.base_top_surprisal)
        _add_to_used(states["parts"], groups, parts, cells, confidence)
        cells = [("position", str(k)) for k in range(64)]
        _add_to_used(states["parts"], groups, parts, cells, distance_of(rows.positions))
        states["kl"].update(facts.kl)
        finite = np.isfinite(facts.kl)
        keys = (facts.kl[finite] + 0.0).view(np.int64) >> (52 - COARSE_BITS)
        states["kl_groups"].update(np.ascontiguousarray(groups[finite]), keys)

    def _add_targets(
        self,
        facts: PairFacts,
        rows: PairedTokens,
        targets: NDArray[np.int64],
        groups: NDArray[np.uint64],
    ) -> None:
        columns, known = target_columns(facts, targets)
        if not len(known):
            return
        states = self._states
        states["targets"].update(np.ascontiguousarray(groups[known]), columns)
        states["target_moments"].update(
            {name: columns[name] for name in TARGETS[2:]}, rows=len(known)
        )
        states["document_targets"].update(rows.names, rows.documents[known], columns)
        change = columns["delta_p"]
        states["above"].update(change[change > 0])
        states["below"].update(-change[change <= 0])

    @alone
    def merge(self, other: FidelityMeter) -> FidelityMeter:
        """Add another meter's tokens; associative and commutative to the bit."""
        must_match("FidelityMeter", self.settings(), other.settings())
        known = {size for size in (self.vocabulary, other.vocabulary) if size is not None}
        if len(known) > 1:
            raise StateError(
                f"two meters do not merge: vocabularies of {' and '.join(map(str, sorted(known)))}"
            )
        with beside(self, other):
            self._states.merge(other._states)
            self.vocabulary = next(iter(known), None)
            self._left_out += other._left_out
        return self

    def settings(self) -> dict[str, Any]:
        """What meters that are merged have in common."""
        return {"top": self.top}

    @property
    def states(self) -> Product:
        """The states that the figures follow from."""
        return self._states

    @property
    def left_out(self) -> int:
        """How many tokens were left out by their targets."""
        return self._left_out

    def result(self, *, base: float = 2, names: tuple[str, str] = ("base", "other")) -> Fidelity:
        """What the tokens tell.

        Parameters
        ----------
        base : float, default 2
            The unit: 2 for bits, ``math.e`` for nats.
        names : pair of str
            What the two models are called.
        """
        return fidelity_of(self, names, base)

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal tokens in any order and any portions."""
        said = {**self.settings(), "vocabulary": self.vocabulary, "left_out": self._left_out}
        return pack("FidelityMeter", said, [self._states.to_bytes()])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> FidelityMeter:
        """The state that :meth:`to_bytes` wrote."""
        settings, (part,) = unpack(data, "FidelityMeter")
        meter = cls(top=whole(settings["top"], "top", most=_MOST_TOP))
        if settings["vocabulary"] is not None:
            meter.vocabulary = whole(settings["vocabulary"], "vocabulary")
        meter._left_out = whole(settings["left_out"], "left_out")
        states = Product.from_bytes(part)
        meter._states.merge(states)  # which refuses other names and settings
        return meter


def _add_to_used(
    sums: Sums,
    groups: NDArray[np.uint64],
    columns: dict[str, Any],
    cells: Sequence[tuple[str, ...]],
    which: NDArray[np.int32],
) -> None:
    """Add to the cells that have rows; the others are not made."""
    used, places = np.unique(which, return_inverse=True)
    chosen = [cells[int(k)] for k in used]
    sums.update_cells(groups, columns, chosen, places.astype(np.int32))


def hashes_of_names(names: Sequence[str]) -> NDArray[np.uint64]:
    """A hash of each name."""
    encoded = [name.encode() for name in names]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    out = np.empty(len(encoded), dtype=np.uint64)
    _kernels.hash_strings(offsets, b"".join(encoded), out)
    return out


def _entry(facts: PairFacts, rows: PairedTokens, row: int) -> Entry:
    """A token as one of the worst."""
    target = -1 if rows.targets is None else int(rows.targets[row])
    name, position = rows.names[int(rows.documents[row])], int(rows.positions[row])
    leaders = [
        (int(facts.base_top[row]), float(facts.base_top_surprisal[row])),
        (int(facts.other_top[row]), float(facts.other_top_surprisal[row])),
    ]
    if target >= 0:
        leaders += [
            (target, float(facts.base_surprisal[row])),
            (target, float(facts.other_surprisal[row])),
        ]
    return Entry(float(facts.kl[row]), position, file=name, leaders=tuple(leaders))


def narrowed(scores: TokenScores, vocabulary: int) -> tuple[TokenScores, Values | None]:
    """The first tokens of a vocabulary, and the mass of those that are cut off."""
    if scores.vocabulary == vocabulary:
        return scores, None
    array = scores.values
    kept = HostArray(array.values[:, :vocabulary], array.dtype)
    return TokenScores(kept), mass_beyond(array, vocabulary)


@np.errstate(invalid="ignore")  # a NaN is told when the row is measured
def mass_beyond(array: HostArray, vocabulary: int) -> Values:
    """The probability of the tokens from ``vocabulary`` on, one number a row."""
    found = np.empty(array.shape[0])
    for row in range(len(found)):
        scores = array[row : row + 1].as_float64()[0]
        top = scores.max()
        shares = portable.exp(scores - top) if math.isfinite(top) else np.zeros(len(scores))
        total = float(shares.sum())
        found[row] = float(shares[vocabulary:].sum()) / total if total > 0 else 0.0
    return found
