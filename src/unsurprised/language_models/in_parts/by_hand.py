"""A part of what ``fidelity`` reads, by whoever is told which: files and options say all else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unsurprised.engines.splits import intervals_of, part_of
from unsurprised.float_errors import own_float_errors
from unsurprised.language_models.files import Files
from unsurprised.language_models.in_parts.on_engine import read_on
from unsurprised.language_models.in_parts.planned import PlannedFidelity
from unsurprised.language_models.in_parts.share import PairsFacts, PairsShare
from unsurprised.language_models.in_parts.splits import Stretch, stretches_of
from unsurprised.language_models.in_parts.worst_texts import WorstTexts
from unsurprised.language_models.model_pair import ModelPair, result_of
from unsurprised.language_models.pair_meters import PairMeters, Progress
from unsurprised.language_models.placing import Placing
from unsurprised.sources.marks import Mark
from unsurprised.sources.unchanged import Stamp, unchanged


class PartsOfFiles:
    """Files of a base and of other models, of which a part is read.

    Parameters
    ----------
    files : Files
        Opened.
    given : Placing
        What is said of the tokens.
    top : int
        How many of the worst tokens to keep.
    read : sequence of str
        All files that are read, those of columns and texts too.
    options : mapping
        All that was said of them, as plain values.
    """

    def __init__(
        self,
        files: Files,
        given: Placing,
        *,
        top: int,
        read: Sequence[str],
        options: Mapping[str, Any],
    ) -> None:
        self._stamps = [stamp for stamp in map(Stamp.of, read) if stamp is not None]
        self._pairs, self._tops = files.pairs(given), files.tops(top)
        marks = map(Mark.of, self._stamps)
        noisy = files.second is not None
        self.facts = PairsFacts.of(self._pairs, marks, {**options, "top": top}, noisy=noisy)

    def part(self, part: int, parts: int) -> range:
        """The splits of one of some parts of about the same size, which count from 1."""
        return part_of([split.rows or 0 for split in self.facts.splits], part, parts)

    def rows(self, numbers: range) -> int:
        """How many pairs of rows some splits have."""
        return sum(self.facts.splits[number].rows or 0 for number in numbers)

    @own_float_errors
    def read(
        self, numbers: range, *, rows: int | None = None, progress: Progress | None = None
    ) -> PlannedFidelity:
        """What is measured of the splits of a part, which lie side by side.

        Raises
        ------
        InputError
            For the first wrong row of these splits, and for a file that changed meanwhile.
        """
        meters: dict[int, PairMeters] = {}
        with unchanged(self._stamps):
            for one in stretches_of(self.facts, numbers):
                meters[one.pair] = self._measured(one, rows, progress)
        return self._found(numbers, meters)

    @own_float_errors
    def read_on(
        self,
        engine: Any,
        *,
        partial: bool,
        rows: int | None = None,
        progress: Progress | None = None,
    ) -> PlannedFidelity:
        """The same of all splits, which an engine reads; ``partial`` as the files were opened."""
        with unchanged(self._stamps):
            read = read_on(
                engine, self._pairs, self._tops, partial=partial, rows=rows, progress=progress
            )
        return self._found(range(len(self.facts.splits)), dict(enumerate(read)))

    def _found(self, numbers: range, meters: Mapping[int, PairMeters]) -> PlannedFidelity:
        texts = {pair: _texts(self._pairs[pair], held) for pair, held in meters.items()}
        return PlannedFidelity(PairsShare(self.facts, intervals_of(numbers)), meters, texts)

    def _measured(self, one: Stretch, rows: int | None, progress: Progress | None) -> PairMeters:
        pair, top = self._pairs[one.pair], self._tops[one.pair]
        return pair.read(one.first, one.last, top=top, rows=rows, progress=progress)


def _texts(pair: ModelPair, meters: PairMeters) -> WorstTexts:
    """The texts of the worst tokens of some rows, none of which need count."""
    if not meters.meter.states["worst"].result():
        return WorstTexts({}, pair.said.by_text)
    plain = result_of(meters, pair.said, 2)
    return WorstTexts.of(plain, pair.worded(plain), by_text=pair.said.by_text)
