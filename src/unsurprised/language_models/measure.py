"""One language model against another, from what both left behind: ``fidelity``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import host_array
from unsurprised.errors import CallError, InputError, Place
from unsurprised.float_errors import own_float_errors
from unsurprised.language_models.agreement import Opened, Pairing, TokenPair
from unsurprised.language_models.artefacts import AnyOpened, opened
from unsurprised.language_models.artefacts.token_files import token_file
from unsurprised.language_models.figures import fidelity_of
from unsurprised.language_models.given import counted_within, token_ids
from unsurprised.language_models.list_measure import both_lists, list_fidelity, list_meter
from unsurprised.language_models.meter import FidelityMeter, narrowed
from unsurprised.language_models.mixed_measure import mixed_meter
from unsurprised.language_models.noise import noise_floor
from unsurprised.language_models.pairs import RowFaultError
from unsurprised.language_models.result import Fidelity
from unsurprised.language_models.tokens import PairedTokens, TokenScores
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.units import checked_base

Progress = Callable[[int], None]


@own_float_errors
def fidelity(
    base: Any,
    other: Any,
    *,
    targets: Any = None,
    document: Any = None,
    position: Any = None,
    vocabulary: int | None = None,
    noise: Any = None,
    partial: bool = False,
    ignore_index: int = -100,
    top: int = 10,
    unit: float = 2,
) -> Fidelity:
    """Measure how much of a language model's distribution another one keeps, token by token.

    Parameters
    ----------
    base, other : array, list of arrays, or path
        What the original and the model in question said of the same tokens: logits or
        log-probabilities of shape (tokens, V) or (document, position, V), or one array a document;
        or a file: npy, npz, safetensors, llama.cpp's ``.kld``, Parquet or Arrow with a column of
        rows, or a folder of one file a document.
        Or of one or both the likely tokens: :class:`TopLogProbs`, or what
        :func:`~unsurprised.read_top_logprobs` reads; divergences are then lower bounds, and
        ``at_most`` has the upper ones.
    targets : array of int or path, optional
        The token that came, one a row of scores; a ``.kld`` file says it itself.
    document : sequence, optional
        Which document each row is of, where the scores have the shape (tokens, V).
    position : array of int, optional
        The place of each row's token in its document; else they are counted.
    vocabulary : int, optional
        Compare the first so many tokens of each row, where one model's rows are padded.
    noise : array or path, optional
        A second run of the base: how far apart chance alone puts two runs.
    partial : bool, default False
        Take the whole rows of a ``.kld`` file that a killed run has left.
    ignore_index : int, default −100
        Tokens with this target are left out, and counted.
    top : int, default 10
        How many of the worst tokens to keep.
    unit : float, default 2
        The base of the logarithm: 2 for bits, ``math.e`` for nats.

    Returns
    -------
    Fidelity
        Every mean with its 95 % interval, which is one of documents where there are ten or more.

    Raises
    ------
    InputError
        A file that is damaged, rows that are no distributions, sides that do not agree.
    CallError
        Arguments that do not fit each other.

    Examples
    --------
    >>> import numpy as np
    >>> base = np.log([[0.5, 0.25, 0.25], [0.9, 0.05, 0.05]])
    >>> other = np.log([[0.25, 0.5, 0.25], [0.9, 0.05, 0.05]])
    >>> fidelity(base, other, targets=[0, 0]).kl_divergence.value
    0.125
    """
    sides = [
        opened(side, said, partial=partial) for side, said in ((base, "base"), (other, "other"))
    ]
    second = None if noise is None else opened(noise, "noise", partial=partial)
    given = Placing(targets, document, position, vocabulary, ignore_index)
    names = _named(base, "base"), _named(other, "other")
    found = measured(sides[0], sides[1], given, names, top=top, unit=unit)
    if second is None:
        return found.result
    beside = measured(sides[0], second, given, (names[0], _named(noise, "noise")), top=0, unit=unit)
    return replace(found.result, noise=noise_floor(found.meter, beside.meter, beside.result, unit))


def _named(given: Any, said: str) -> str:
    return os.fspath(given) if isinstance(given, (str, os.PathLike)) else said


class Placing:
    """What the caller says of tokens beside the scores."""

    def __init__(
        self,
        targets: Any = None,
        document: Any = None,
        position: Any = None,
        vocabulary: int | None = None,
        ignore_index: int = -100,
    ) -> None:
        if vocabulary is not None and (type(vocabulary) is not int or vocabulary < 1):
            raise CallError(f"vocabulary={vocabulary!r}; expected a whole number of tokens")
        self._targets, self._document, self._position = targets, document, position
        self.vocabulary, self.ignore_index = vocabulary, ignore_index

    def refuse_for_lists(self) -> None:
        """Raise for what lists of likely tokens say themselves."""
        told = {"targets": self._targets, "vocabulary": self.vocabulary}
        self._refuse({**told, **self._places})

    def targets_beside(self, base: AnyOpened, other: AnyOpened) -> NDArray[np.int64] | None:
        """The tokens that came, of lists beside whole rows; the lists say all other things."""
        self._refuse(self._places)
        lists, whole = (base, other) if isinstance(base, TopLogProbs) else (other, base)
        return self.targets(lists.tokens, self.vocabulary or whole.vocabulary or 1)

    @property
    def _places(self) -> dict[str, Any]:
        return {"document": self._document, "position": self._position}

    @staticmethod
    def _refuse(told: dict[str, Any]) -> None:
        given = [name for name, value in told.items() if value is not None]
        if given:
            raise CallError(
                f"{given[0]}=… beside lists of likely tokens, which say it themselves: "
                f"TopLogProbs(…, {given[0]}=…)"
            )

    def targets(self, tokens: int, vocabulary: int) -> NDArray[np.int64] | None:
        """The token that came, of all tokens."""
        if self._targets is None:
            return None
        given = self._targets
        if isinstance(given, (str, os.PathLike)):
            given = token_file(os.fspath(given))
        if np.size(given) != tokens:
            raise InputError(
                f"found {np.size(given):,} targets for {tokens:,} rows of scores",
                expected="the token that came, one a row",
                remedy="logits at position i predict token i + 1: tokens[1:] beside logits[:-1]",
                place=Place("targets"),
            )
        return token_ids(given, (tokens,), vocabulary, self.ignore_index)

    def documents(self, tokens: int) -> tuple[tuple[str, ...], NDArray[np.int64]] | None:
        """Names of the documents, and of each token which is its own, where the caller says."""
        if self._document is None:
            return None
        given = self._document
        values = given.tolist() if hasattr(given, "tolist") else list(given)
        if len(values) != tokens:
            raise CallError(f"document has {len(values):,} entries for {tokens:,} rows of scores")
        names: dict[str, int] = {}
        which = [names.setdefault(str(value), len(names)) for value in values]
        return tuple(names), np.array(which, dtype=np.int64)

    def positions(self, tokens: int) -> NDArray[np.int64] | None:
        """The place of each token in its document, where the caller says."""
        if self._position is None:
            return None
        array = host_array(self._position, "position")
        if array.kind not in "iu" or array.values.size != tokens or array.values.min() < 0:
            raise CallError(
                f"position has shape {array.shape} of {array.dtype}; expected {tokens:,} whole "
                "numbers of at least 0"
            )
        return array.values.reshape(-1).astype(np.int64)


class Measured:
    """A meter that has read two artefacts, and what it tells."""

    def __init__(self, meter: FidelityMeter, result: Fidelity) -> None:
        self.meter, self.result = meter, result


def measured(
    base: AnyOpened,
    other: AnyOpened,
    given: Placing,
    names: tuple[str, str],
    *,
    top: int = 10,
    unit: float = 2,
    progress: Progress | None = None,
    rows: int | None = None,
) -> Measured:
    """Read two artefacts side by side; ``rows`` at a time change nothing but the memory."""
    checked_base(unit)
    lists = both_lists(base, other)
    if lists is not None:
        given.refuse_for_lists()
        meter, most = list_meter(*lists, top=top, rows=rows)
        if progress is not None:
            progress(lists[0].tokens)
        return Measured(meter, list_fidelity(meter, most, lists, names, unit))
    if isinstance(base, TopLogProbs) or isinstance(other, TopLogProbs):
        mixed = Pairing(base, other, given.targets_beside(base, other), given.vocabulary)
        meter, most = mixed_meter(mixed, given.ignore_index, top=top, rows=rows, progress=progress)
        return Measured(meter, list_fidelity(meter, most, (base, other), names, unit))
    targets = given.targets(_tokens_for_targets(base, other), _width(base, other, given))
    pairing = Pairing(base, other, targets, given.vocabulary)
    documents = given.documents(pairing.tokens)
    positions = given.positions(pairing.tokens)
    if documents is not None and positions is None:
        positions = counted_within(documents[1])
    meter = FidelityMeter(top=top)
    for pair in pairing.pairs(rows):
        whole = _placed(pair, pairing, documents, positions)
        kept = _kept(whole.targets, given.ignore_index)
        meter.leave_out(0 if kept is None else len(whole) - len(kept))
        numbers = np.arange(len(whole)) if kept is None else kept
        _add(meter, pairing, _chosen(whole, kept), pair.first + numbers)
        if progress is not None:
            progress(len(pair.documents))
    found = fidelity_of(meter, names, unit)
    return Measured(meter, replace(found, missing={**found.missing, **pairing.notes}))


Names = tuple[tuple[str, ...], NDArray[np.int64]]


def _placed(
    pair: TokenPair, pairing: Pairing, documents: Names | None, positions: NDArray[np.int64] | None
) -> PairedTokens:
    """Tokens with the documents and positions that the caller gave, cut to one vocabulary."""
    rows = slice(pair.first, pair.first + len(pair.documents))
    names, which = pairing.names, pair.documents
    if documents is not None:
        names, which = documents[0], documents[1][rows]
    places = pair.positions if positions is None else positions[rows]
    base, base_cut = narrowed(pair.base, pairing.vocabulary)
    other, other_cut = narrowed(pair.other, pairing.vocabulary)
    return PairedTokens(base, other, pair.targets, names, which, places, (base_cut, other_cut))


def _tokens_for_targets(base: Opened, other: Opened) -> int:
    """How many tokens both sides will have: those of a file that places them, if there is one."""
    return other.tokens if other.placed and not base.placed else base.tokens


def _width(base: Opened, other: Opened, given: Placing) -> int:
    return given.vocabulary or min(base.vocabulary, other.vocabulary)


def _add(
    meter: FidelityMeter, pairing: Pairing, rows: PairedTokens, numbers: NDArray[np.int64]
) -> None:
    """Add tokens; a row that is no distribution is told with its number among all."""
    try:
        meter.add(rows)
    except RowFaultError as fault:
        number = fault.number
        name = rows.names[int(rows.documents[number])]
        where = f"position {int(rows.positions[number])} of document {name!r}"
        said = (pairing.base.said, pairing.other.said)[fault.side]
        raise fault.located(file=said, row=int(numbers[number])).noted(where) from None


def _kept(targets: NDArray[np.int64] | None, ignore_index: int) -> NDArray[np.int64] | None:
    """The tokens whose target is not the one of those that are left out; None: all."""
    if targets is None or not (targets == ignore_index).any():
        return None
    return np.flatnonzero(targets != ignore_index)


def _chosen(rows: PairedTokens, kept: NDArray[np.int64] | None) -> PairedTokens:
    if kept is None:
        return rows
    base_cut, other_cut = (None if mass is None else mass[kept] for mass in rows.cut)
    base, other = rows.base, rows.other
    assert isinstance(base, TokenScores) and isinstance(other, TokenScores)
    return PairedTokens(
        base.taken(kept),
        other.taken(kept),
        None if rows.targets is None else rows.targets[kept],
        rows.names,
        rows.documents[kept],
        rows.positions[kept],
        (base_cut, other_cut),
    )
