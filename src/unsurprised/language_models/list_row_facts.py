"""What a cut-off list and a whole row of each token say of each other, as pairs of rows do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.array_types import Values
from unsurprised.forms import Logits
from unsurprised.language_models._completion import row_sums
from unsurprised.language_models.list_beside_row import NAMES, CutList, KnownRow, ends
from unsurprised.language_models.list_facts import side_facts
from unsurprised.language_models.lists import SLACK, entropy_bounds, normalised
from unsurprised.language_models.pairs import PairFacts, RowFaultError, refuse_no_rows
from unsurprised.language_models.tokens import STEPS, TokenScores
from unsurprised.language_models.top_lists import TopLists
from unsurprised.measures._faults import fault_of
from unsurprised.measures._numpy_engine import kernel_rows
from unsurprised.threads import get_num_threads
from unsurprised.units import BITS_PER_NAT

#: Names of the most that each divergence can be, where the list is the base's, else the other's.
_TURNED = {"kl": "reverse_kl", "reverse_kl": "kl", "js": "js", "tv": "tv"}

Most = dict[str, Values]


@dataclass(frozen=True, slots=True)
class ListRowFacts:
    """Facts of each token, the most of each divergence in bits, and the mass not listed."""

    facts: PairFacts
    most: Most
    unlisted: Values


class NoRoomError(Exception):
    """A list that lacks more mass than the rest of the vocabulary can hold; ``row`` is its."""

    def __init__(self, row: int, missing: float, room: float) -> None:
        super().__init__(row)
        self.row, self.missing, self.room = row, missing, room


def list_row_facts(
    base: TokenScores | TopLists, other: TokenScores | TopLists, targets: NDArray[np.int64] | None
) -> ListRowFacts:
    """Facts of tokens of which one side has lists, and the other whole rows.

    Divergences are the least that the two allow. Targets below 0 are not known.
    """
    listed_base = isinstance(base, TopLists)
    lists, scores = (base, other) if listed_base else (other, base)
    assert isinstance(lists, TopLists) and isinstance(scores, TokenScores)
    names = ("base", "other") if listed_base else ("other", "base")
    lists = replace(lists, vocabulary=scores.vocabulary)
    known = np.full(len(scores), -1) if targets is None else targets
    facts = PairFacts.empty(len(scores))
    scores = scores.in_memory()
    tails = _row_side(facts, names[1], scores, np.maximum(known, 0))
    side_facts(facts, names[0], lists, lists.tokens, known)
    getattr(facts, f"{names[0]}_entropy")[:] = entropy_bounds(lists).low * BITS_PER_NAT
    floored = np.zeros(len(scores), bool) if scores.floored is None else scores.floored
    facts.floored[:] = ~lists.whole | floored
    most: Most = {name: np.empty(len(scores)) for name in NAMES}
    for number, (listed, row) in enumerate(_pairs(lists, scores, tails)):
        found = ends(listed, row)
        for name in NAMES:
            turned = name if listed_base else _TURNED[name]
            unit = 1.0 if name == "tv" else BITS_PER_NAT
            getattr(facts, turned)[number] = found.low[name] * unit
            most[turned][number] = found.high[name] * unit
    shares = row_sums(lists.rows, portable.exp(lists.logprobs), len(lists))
    return ListRowFacts(facts, most, np.where(lists.whole, 0.0, np.clip(1 - shares, 0, 1)))


def _pairs(
    lists: TopLists, scores: TokenScores, tails: Values | None
) -> Iterator[tuple[CutList, KnownRow]]:
    logs, _, _ = normalised(lists)
    total = row_sums(lists.rows, portable.exp(logs), len(lists))
    caps = portable.exp(lists.caps)
    for number in range(len(lists)):
        row, precision = _known_row(scores, number, tails)
        entries = slice(int(lists.starts[number]), int(lists.starts[number + 1]))
        tokens, values = lists.tokens[entries], logs[entries]
        if lists.whole[number]:
            yield CutList(tokens, values, 0.0, 0.0, 0.0), row
            continue
        missing, slack = 1 - float(total[number]), SLACK + precision
        most = max(missing, 0.0) + slack
        cap = min(float(caps[number]), most)
        room = cap * (len(row.shares) - len(tokens))
        if missing - slack > room:
            raise NoRoomError(number, missing, room)
        yield CutList(tokens, values, max(missing - slack, 0.0), most, cap), row


def _known_row(scores: TokenScores, number: int, tails: Values | None) -> tuple[KnownRow, float]:
    """A row of scores, and to what its probabilities are known."""
    values = scores.row(number)
    if scores.floored is None or tails is None:
        gaps = values - values.max()
        logs = gaps - float(portable.log(portable.exp(gaps).sum()))
        return KnownRow(portable.exp(logs), logs), 0.0
    shares, least = portable.exp(values), float(values.min())
    half = (float(values.max()) - least) / STEPS / 2
    if not scores.floored[number]:
        return KnownRow(shares, values), half
    return KnownRow(shares, values, values == least, *tails[number].tolist()), half


def _row_side(
    facts: PairFacts, name: str, scores: TokenScores, labels: NDArray[np.int64]
) -> Values | None:
    """What the whole rows say by themselves; of rows with floors, what is known of these."""
    rows = len(scores)
    told = np.empty((3, rows)), np.empty(rows, dtype=np.int32), np.zeros(rows, dtype=bool)
    side = 0 if name == "base" else 1
    tails = None
    if scores.floored is None:
        _score_facts(scores, labels, side, told)
    else:
        tails = _step_facts(scores, labels, side, told)
    for what, column in zip(("surprisal", "entropy", "top_surprisal"), told[0], strict=True):
        getattr(facts, f"{name}_{what}")[:] = column
    getattr(facts, f"{name}_top")[:] = told[1]
    getattr(facts, f"{name}_censored")[:] = told[2]
    return tails


_Told = tuple[Values, NDArray[np.int32], NDArray[np.bool_]]


def _score_facts(scores: TokenScores, labels: NDArray[np.int64], side: int, told: _Told) -> None:
    form = Logits(scores.values)
    rows = form.rows(-1).values
    given, (surprisals, entropies, top_surprisals) = kernel_rows(form, rows), told[0]
    found = _kernels.facts(
        given,
        labels,
        1.0,
        surprisals,
        entropies,
        top_surprisals,
        told[1],
        threads=get_num_threads(),
    )
    if found[0] >= 0:
        raised = RowFaultError(**fault_of(form, rows, found, labels)._fields())
        raised.side = side
        raise raised


def _step_facts(scores: TokenScores, labels: NDArray[np.int64], side: int, told: _Told) -> Values:
    """Of steps, which are taken as they are; answered are the cap and the ends of each tail."""
    form, rows = Logits(scores.values), len(scores)
    found = np.empty(7 * rows)
    _kernels.floored_rows(
        kernel_rows(form, form.rows(-1).values), scores.floored, labels, found, told[1], told[2],
        get_num_threads(),
    )  # fmt: skip
    told[0][:] = found[: 3 * rows].reshape(3, rows)
    refuse_no_rows(side, found[3 * rows : 4 * rows], scores.vocabulary)
    return found[4 * rows :].reshape(rows, 3)
