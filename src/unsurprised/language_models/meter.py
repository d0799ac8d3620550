"""One language model against another, token by token, as a mergeable state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.alone import alone, beside
from unsurprised.errors import CallError, StateError
from unsurprised.evaluation.bins import Bins
from unsurprised.evaluation.slicing import cells_of, given_bins, refuse_many
from unsurprised.language_models.cell_documents import CellDocuments
from unsurprised.language_models.columns import (
    CONFIDENCES,
    PARTS,
    SHIFTS,
    TARGETS,
    TOKENS,
    confidence_of,
    distance_of,
    part_columns,
    shift_of,
    target_columns,
    token_columns,
)
from unsurprised.language_models.figures import COARSE_BITS, fidelity_of
from unsurprised.language_models.given import rows_given
from unsurprised.language_models.pairs import PairFacts, RowFaultError, pair_facts
from unsurprised.language_models.tokens import PairedTokens, TokenScores
from unsurprised.language_models.worst import entries_of
from unsurprised.states import (
    ClassCounts,
    Histogram,
    KeyedSums,
    Moments,
    Product,
    Sums,
    TopK,
)
from unsurprised.states.serial import ByBytes, must_match, pack, sensible, unpack, whole
from unsurprised.states.sums import Cell

if TYPE_CHECKING:
    from unsurprised.language_models.result import Fidelity

#: Leading bits of a KL, by which shares of tokens below a quantile are counted in each group.
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
    bins : mapping of str to sequence of float, optional
        Where numbers of a column of ``by`` are cut; else each number is a slice of its own.

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

    def __init__(
        self, *, top: int = 10, bins: Mapping[str, Sequence[float] | Bins] | None = None
    ) -> None:
        if type(top) is not int or not 0 <= top <= _MOST_TOP:
            raise CallError(f"top={top!r}; expected 0 to {_MOST_TOP:,} tokens")
        self.top, self.bins = top, given_bins(bins or {})
        self.vocabulary: int | None = None
        #: What the tokens are sliced by; None before there are any.
        self.by: tuple[str, ...] | None = None
        #: How many tokens a target, and how many a mask left out.
        self.left_out = self.masked = 0
        #: In how many documents the ranges and slices have tokens.
        self.cell_documents = CellDocuments()
        self._states = Product(
            {
                "tokens": Sums(TOKENS),
                "targets": Sums(TARGETS),
                "token_moments": Moments(TOKENS[2:]),
                "target_moments": Moments(TARGETS[2:]),
                "documents": KeyedSums(TOKENS),
                "document_targets": KeyedSums(TARGETS),
                "parts": Sums(PARTS),
                "slices": Sums(PARTS),
                "kl": Histogram(),
                "kl_groups": ClassCounts(_COARSE),
                "above": Histogram(),
                "below": Histogram(),
                "shifts": ClassCounts(len(SHIFTS) - 1),
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
        by: Mapping[str, Any] | None = None,
        mask: Any = None,
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
        by : mapping of str to sequence, optional
            Slices: names, numbers or booleans by what they are called, one a token or one a
            document; the same columns in all calls.
        mask : array of 0 and 1, optional
            Which tokens count (1): those of 0, such as padding or a prompt's, are left out, and
            counted.
        ignore_index : int, default −100
            Tokens with this target are left out, and counted.

        Raises
        ------
        InputError
            A row that is no distribution, a target outside of the vocabulary.
        CallError
            Arrays that do not fit each other.
        """
        given = rows_given(
            base,
            other,
            targets=targets,
            documents=documents,
            positions=positions,
            by=by,
            mask=mask,
            ignore_index=ignore_index,
        )
        try:
            self.add(given.rows)
        except RowFaultError as fault:
            side = ("base", "other")[fault.side]
            raise fault.located(file=side, row=int(given.numbers[fault.number])) from None
        self.leave_out(given.left_out, given.masked)
        return self

    def leave_out(self, by_target: int, by_mask: int) -> None:
        """Count tokens that are not measured."""
        self.left_out += by_target
        self.masked += by_mask

    @alone
    def add(self, rows: PairedTokens) -> FidelityMeter:
        """Add tokens that are known to agree."""
        base, other = rows.base, rows.other
        if not isinstance(base, TokenScores) or not isinstance(other, TokenScores):
            raise TypeError("lists come with their facts")
        self._same_vocabulary(base.vocabulary)
        self._same_columns(rows)
        if not len(rows):
            return self
        return self._add_facts(pair_facts(base, other, rows.targets), rows)

    @alone
    def add_facts(self, facts: PairFacts, rows: PairedTokens, vocabulary: int) -> FidelityMeter:
        """Add tokens whose facts are at hand; a vocabulary of 0 is one that nobody says."""
        self._same_vocabulary(vocabulary)
        self._same_columns(rows)
        return self._add_facts(facts, rows) if len(rows) else self

    def _same_vocabulary(self, vocabulary: int) -> None:
        if self.vocabulary is None:
            self.vocabulary = vocabulary
        if self.vocabulary != vocabulary:
            raise CallError(
                f"found a vocabulary of {vocabulary:,}, and {self.vocabulary:,} before; "
                "expected one vocabulary"
            )

    def _same_columns(self, rows: PairedTokens) -> None:
        if self.by is None:
            self.by = tuple(sorted(rows.by))
        if set(self.by) != set(rows.by):
            raise CallError(
                f"found slices by {', '.join(rows.by) or 'nothing'}, and by "
                f"{', '.join(self.by) or 'nothing'} before; expected the same columns in all calls"
            )

    def _add_facts(self, facts: PairFacts, rows: PairedTokens) -> FidelityMeter:
        groups = hashes_of_names(rows.names)[rows.documents]
        columns = token_columns(facts, rows.cut)
        cells = {name: cells_of(name, column, self.bins.get(name))
                 for name, column in rows.by.items()}  # fmt: skip
        refuse_many([*self._states["slices"].cells(), *self._fresh(cells)])
        self._add_tokens(facts, rows, groups, columns)
        at_targets, known = None, np.zeros(0, np.int64)
        if rows.targets is not None:
            at_targets, known = target_columns(facts, rows.targets)
            self._add_targets(at_targets, rows, known, groups)
        self._add_parts(facts, rows, groups, part_columns(columns, at_targets, known), cells)
        worst = self._states["worst"]
        worst.update(
            facts.kl, lambda chosen: entries_of(facts, rows, chosen, worst.result(), self.top)
        )
        return self

    def _fresh(self, cells: Mapping[str, tuple[Sequence[Cell], Any]]) -> list[Cell]:
        """The cells of slices that were not met yet."""
        met = set(self._states["slices"].cells())
        return [cell for found, _ in cells.values() for cell in {*found} - met]

    def _add_parts(
        self,
        facts: PairFacts,
        rows: PairedTokens,
        groups: NDArray[np.uint64],
        parts: dict[str, Any],
        slices: Mapping[str, tuple[Sequence[Cell], NDArray[np.int32]]],
    ) -> None:
        """Add to the ranges and slices that have tokens; the others are not made."""
        confidence = confidence_of(facts.base_top_surprisal)
        told = [
            ("parts", [("confidence", str(k)) for k in range(len(CONFIDENCES))], confidence),
            ("parts", [("position", str(k)) for k in range(64)], distance_of(rows.positions)),
            *(("slices", *found) for found in slices.values()),
        ]
        for name, cells, which in told:
            used, places = np.unique(which, return_inverse=True)
            chosen, places = [cells[int(k)] for k in used], places.astype(np.int32)
            self._states[name].update_cells(groups, parts, chosen, places)
            self.cell_documents.update([(name, *cell) for cell in chosen], places, groups)

    def _add_tokens(
        self,
        facts: PairFacts,
        rows: PairedTokens,
        groups: NDArray[np.uint64],
        columns: dict[str, Any],
    ) -> None:
        states = self._states
        parted = np.where(columns["agree"], -1, rows.positions)
        states["tokens"].update(groups, columns)
        states["token_moments"].update(
            {name: columns[name] for name in TOKENS[2:]}, rows=len(groups)
        )
        states["documents"].update(rows.names, rows.documents, columns, parted)
        states["kl"].update(facts.kl)
        finite = np.isfinite(facts.kl)
        keys = (facts.kl[finite] + 0.0).view(np.int64) >> (52 - COARSE_BITS)
        states["kl_groups"].update(np.ascontiguousarray(groups[finite]), keys)

    def _add_targets(
        self,
        columns: dict[str, Any],
        rows: PairedTokens,
        known: NDArray[np.int64],
        groups: NDArray[np.uint64],
    ) -> None:
        if not len(known):
            return
        states, own = self._states, np.ascontiguousarray(groups[known])
        states["targets"].update(own, columns)
        states["target_moments"].update(
            {name: columns[name] for name in TARGETS[2:]}, rows=len(known)
        )
        states["document_targets"].update(rows.names, rows.documents[known], columns)
        change = columns["delta_p"]
        states["shifts"].update(own, shift_of(change))
        states["above"].update(change[change > 0])
        states["below"].update(-change[change <= 0])

    @alone
    def merge(self, other: FidelityMeter) -> FidelityMeter:
        """Add another meter's tokens; associative and commutative to the bit."""
        must_match("FidelityMeter", self.settings(), other.settings())
        known = {size for size in (self.vocabulary, other.vocabulary) if size is not None}
        columns = [by for by in (self.by, other.by) if by is not None]
        if len(known) > 1:
            raise StateError(
                f"two meters do not merge: vocabularies of {' and '.join(map(str, sorted(known)))}"
            )
        if len({frozenset(by) for by in columns}) > 1:
            told = " and ".join(", ".join(by) or "nothing" for by in columns)
            raise StateError(f"two meters do not merge: slices by {told}")
        with beside(self, other):
            self._states.merge(other._states)
            self.vocabulary = next(iter(known), None)
            self.by = columns[0] if columns else None
            self.cell_documents.merge(other.cell_documents)
            self.leave_out(other.left_out, other.masked)
        return self

    def settings(self) -> dict[str, Any]:
        """What meters that are merged have in common."""
        return {"top": self.top, "bins": {name: cut.edges for name, cut in self.bins.items()}}

    @property
    def states(self) -> Product:
        """The states that the figures follow from."""
        return self._states

    def result(
        self,
        *,
        base: float = 2,
        names: tuple[str, str] = ("base", "other"),
        text: Any = None,
    ) -> Fidelity:
        """What the tokens tell.

        Parameters
        ----------
        base : float, default 2
            The unit: 2 for bits, ``math.e`` for nats.
        names : pair of str
            What the two models are called.
        text : path or tokenizer, optional
            The models' tokenizer, or its ``tokenizer.json``: the worst tokens are shown in their
            text. What stands around them no meter keeps.
        """
        found = fidelity_of(self, names, base)
        if text is None:
            return found
        from unsurprised.language_models.id_wording import worded_by_id

        return worded_by_id(found, text, self.vocabulary)

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal tokens in any order and any portions."""
        said = {
            **self.settings(),
            "vocabulary": self.vocabulary,
            "by": None if self.by is None else list(self.by),
            "left_out": self.left_out,
            "masked": self.masked,
            "cell_documents": self.cell_documents.said(),
        }
        return pack("FidelityMeter", said, [self._states.to_bytes()])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> FidelityMeter:
        """The state that :meth:`to_bytes` wrote."""
        settings, (part,) = unpack(data, "FidelityMeter")
        meter = cls(top=whole(settings["top"], "top", most=_MOST_TOP), bins=settings["bins"])
        if settings["vocabulary"] is not None:
            meter.vocabulary = whole(settings["vocabulary"], "vocabulary")
        if settings["by"] is not None:
            meter.by = tuple(str(name) for name in settings["by"])
        for name in ("left_out", "masked"):
            setattr(meter, name, whole(settings[name], name))
        meter.cell_documents = CellDocuments.of_said(settings["cell_documents"])
        states = Product.from_bytes(part)
        meter._states.merge(states)  # which refuses other names and settings
        return meter


def hashes_of_names(names: Sequence[str]) -> NDArray[np.uint64]:
    """A hash of each name."""
    encoded = [name.encode() for name in names]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    out = np.empty(len(encoded), dtype=np.uint64)
    _kernels.hash_strings(offsets, b"".join(encoded), out)
    return out
