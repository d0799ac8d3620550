"""One language model against another, from what both left behind: ``fidelity``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import CallError
from unsurprised.float_errors import own_float_errors
from unsurprised.language_models.agreement import Opened, Pairing, TokenPair
from unsurprised.language_models.artefacts import AnyOpened, opened
from unsurprised.language_models.artefacts.kld import KldFile
from unsurprised.language_models.artefacts.whole import WholeRows
from unsurprised.language_models.figures import fidelity_of
from unsurprised.language_models.given import tokens_that_count
from unsurprised.language_models.id_wording import IdWording
from unsurprised.language_models.list_facts import refuse_other_tokens
from unsurprised.language_models.list_measure import both_lists, list_fidelity, list_meter
from unsurprised.language_models.meter import FidelityMeter
from unsurprised.language_models.mixed_measure import mixed_meter
from unsurprised.language_models.narrowing import narrowed
from unsurprised.language_models.noise import noise_floor
from unsurprised.language_models.pairs import RowFaultError
from unsurprised.language_models.placing import PlacedTokens, Placing
from unsurprised.language_models.result import Fidelity
from unsurprised.language_models.tokens import PairedTokens
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.language_models.wording import Wording
from unsurprised.units import checked_base

__all__ = ["Measured", "Placing", "Progress", "fidelity", "measured"]

Progress = Callable[[int], None]


@own_float_errors
def fidelity(
    base: Any,
    other: Any,
    *,
    targets: Any = None,
    document: Any = None,
    by: Mapping[str, Any] | None = None,
    position: Any = None,
    vocabulary: int | None = None,
    mask: Any = None,
    text: Any = None,
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
    by : mapping of str to sequence, optional
        Slices: names, numbers (cut by quantiles where there are many) or booleans by what they are
        called, one a row or one a document.
    position : array of int, optional
        The place of each row's token in its document; else they are counted.
    vocabulary : int, optional
        Compare the first so many tokens of each row, where one model's rows are padded.
    mask : array of 0 and 1, optional
        Which tokens count (1), as an attention or a loss mask says it: those of 0, such as padding
        or a prompt's, are left out, and counted.
    text : path, tokenizer, list of lists of str, or mapping of str to these, optional
        The tokens' own text, in which the worst ones are shown: token strings of each document, as
        JSON lines, as llama.cpp's ``llama-tokenize`` writes them, or a token a line in a ``.txt``;
        or a model's tokenizer, or its ``tokenizer.json``, which has the text of each id.
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
    given = Placing(
        targets, document, position, vocabulary, ignore_index, by=by, mask=mask, text=text
    )
    names = _named(base, "base"), _named(other, "other")
    found = measured(sides[0], sides[1], given, names, top=top, unit=unit)
    if second is None:
        return found.result
    beside = measured(sides[0], second, given, (names[0], _named(noise, "noise")), top=0, unit=unit)
    return replace(found.result, noise=noise_floor(found.meter, beside.meter, beside.result, unit))


def _named(given: Any, said: str) -> str:
    return os.fspath(given) if isinstance(given, (str, os.PathLike)) else said


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
        return _of_lists(lists, given, names, top=top, unit=unit, progress=progress, rows=rows)
    if isinstance(base, TopLogProbs) or isinstance(other, TopLogProbs):
        pairing = Pairing(base, other, given.targets_beside(base, other), given.vocabulary)
        return _mixed(pairing, given, names, top=top, unit=unit, progress=progress, rows=rows)
    stated = next((side.said for side in (base, other) if isinstance(side, KldFile)), None)
    targets = given.targets(_tokens_for_targets(base, other), _width(base, other, given), stated)
    pairing = Pairing(base, other, targets, given.vocabulary)
    documents = _Documents.of(pairing)
    beside = given.beside(pairing.names, documents.which)
    wording = given.wording(
        beside, documents.lengths, placed=documents.placed, vocabulary=pairing.vocabulary
    )
    meter = FidelityMeter(top=top, bins=beside.bins)
    for pair in pairing.pairs(rows):
        whole = _placed(pair, pairing, beside)
        if wording is not None:
            wording.note(whole)
        counts = beside.counts(slice(pair.first, pair.first + len(whole)))
        kept, left_out, masked = tokens_that_count(whole.targets, counts, given.ignore_index)
        meter.leave_out(left_out, masked)
        numbers = np.arange(len(whole)) if kept is None else kept
        _add(meter, pairing, whole if kept is None else whole.taken(kept), pair.first + numbers)
        if progress is not None:
            progress(len(pair.documents))
    refuse_none(meter, pairing.tokens)
    found = fidelity_of(meter, names, unit)
    found = replace(found, missing={**found.missing, **pairing.notes})
    return Measured(meter, found if wording is None else wording.of(found))


def _mixed(
    pairing: Pairing,
    given: Placing,
    names: tuple[str, str],
    *,
    top: int,
    unit: float,
    progress: Progress | None,
    rows: int | None,
) -> Measured:
    """The same of lists beside whole rows, whose documents and positions are the lists'."""
    sides = pairing.base, pairing.other
    lists = next(side for side in sides if isinstance(side, TopLogProbs))
    beside, wording = _beside_lists(lists, given, pairing.vocabulary)
    meter, most = mixed_meter(
        pairing, beside, given.ignore_index, top=top, rows=rows, wording=wording, progress=progress
    )
    refuse_none(meter, pairing.tokens)
    found = list_fidelity(meter, most, sides, names, unit)
    return Measured(meter, found if wording is None else wording.of(found))


def _beside_lists(
    lists: TopLogProbs, given: Placing, vocabulary: int | None
) -> tuple[PlacedTokens, Wording | IdWording | None]:
    """What the caller says of the tokens of lists."""
    beside = given.beside(lists.names, lists.documents)
    longest = np.zeros(len(lists.names), dtype=np.int64)
    np.maximum.at(longest, lists.documents, lists.positions + 1)
    told = given.wording(beside, longest.tolist(), placed=True, vocabulary=vocabulary)
    return beside, told


def _of_lists(
    lists: tuple[TopLogProbs, TopLogProbs],
    given: Placing,
    names: tuple[str, str],
    *,
    top: int,
    unit: float,
    progress: Progress | None,
    rows: int | None,
) -> Measured:
    """The same of two artefacts of lists."""
    base = lists[0]
    given.refuse_for_lists(base)
    refuse_other_tokens(*lists)
    beside, wording = _beside_lists(base, given, base.vocabulary)
    meter, most = list_meter(*lists, beside, top=top, rows=rows, wording=wording)
    if progress is not None:
        progress(base.tokens)
    refuse_none(meter, base.tokens)
    found = list_fidelity(meter, most, lists, names, unit)
    return Measured(meter, found if wording is None else wording.of(found))


def refuse_none(meter: FidelityMeter, tokens: int) -> None:
    """Raise where no token is left to be measured."""
    if meter.left_out + meter.masked == tokens:
        raise CallError(
            f"of {tokens:,} tokens a mask leaves out {meter.masked:,}, and targets "
            f"{meter.left_out:,}; expected one or more that count (1 in a mask)"
        )


class _Documents(NamedTuple):
    """The documents of two artefacts that agree."""

    #: Of each token which document is its own.
    which: NDArray[np.int64]
    #: How long each is, up to the last token that is predicted.
    lengths: list[int]
    #: Whether an artefact says the places itself.
    placed: bool

    @classmethod
    def of(cls, pairing: Pairing) -> _Documents:
        """Those of both, sizes of which are the same."""
        for side in (pairing.base, pairing.other):
            if isinstance(side, KldFile):
                which = np.arange(side.tokens) // side.layout.rows
                return cls(which, [side.layout.context] * len(side.names), placed=True)
        lead = pairing.lead
        assert isinstance(lead, WholeRows)
        which, _ = lead.places()
        lengths = [int(one.places(one.rows - 1, 1)[0]) + 1 for one in lead.documents]
        return cls(which, lengths, placed=lead.placed)


def _placed(pair: TokenPair, pairing: Pairing, beside: PlacedTokens) -> PairedTokens:
    """Tokens with all that is said of them, cut to one vocabulary."""
    rows = slice(pair.first, pair.first + len(pair.documents))
    base, base_cut = narrowed(pair.base, pairing.vocabulary)
    other, other_cut = narrowed(pair.other, pairing.vocabulary)
    return PairedTokens(
        base,
        other,
        pair.targets,
        beside.names,
        beside.which[rows],
        pair.positions if beside.positions is None else beside.positions[rows],
        (base_cut, other_cut),
        beside.slices(rows),
    )


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
