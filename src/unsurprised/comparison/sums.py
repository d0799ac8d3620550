"""All that is summed over matched rows: exact, so that parts of them add up to the sums of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from unsurprised.comparison.blocks import Adds, Block, MeanColumn, Survey, add_all
from unsurprised.comparison.differences import PairSums, Slices
from unsurprised.comparison.result import ComparedModel
from unsurprised.evaluation.figures.calibration_curves import curves_of
from unsurprised.evaluation.figures.sample import Sampled
from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.later import Later, waiting
from unsurprised.statistics.in_unit import InUnit


class RowSums:
    """What is summed of the rows of all models, each by itself and beside the base.

    Parameters
    ----------
    survey : Survey
        What is known of the rows.
    models : int
        How many models there are.
    top : int
        How many rows are kept that differ most, each way.
    classes : tuple of str, optional
        Names of the classes.
    sliced : bool, default False
        Whether rows are summed by their class as well; else that is done when it is asked for.
    most : int, optional
        Keep the hashes of rows up to this one.
    """

    def __init__(
        self,
        survey: Survey,
        models: int,
        top: int,
        classes: tuple[str, ...] | None,
        *,
        sliced: bool = False,
        most: int | None = None,
    ) -> None:
        self._survey, self._classes, places = survey, classes, range(1, models)
        self.models = [ModelSums(survey, place) for place in range(models)]
        self.pairs = [PairSums(survey, place, top, classes) for place in places]
        self._by_class: dict[int, Slices | None] = {}
        if sliced:
            self._by_class = {place: Slices.by_class(survey, place, classes) for place in places}
        self.hashes = None if most is None else LeastHashes(most)

    @property
    def parts(self) -> list[Adds]:
        """All that adds rows, in an order that the survey tells."""
        of_models = [part for each in self.models for part in each.parts]
        of_pairs = [part for each in self.pairs for part in each.parts]
        slices = [each for each in self._by_class.values() if each is not None]
        return [*of_models, *of_pairs, *slices, *([] if self.hashes is None else [self.hashes])]

    def look(self, block: Block) -> None:
        """Look at the weights."""
        for part in self.parts:
            part.look(block)

    def add(self, block: Block) -> None:
        """Add rows, which were looked at."""
        for part in self.parts:
            part.add(block)

    def add_all(self, blocks: Callable[[], Iterable[Block]]) -> RowSums:
        """Add all rows."""
        add_all(blocks, self.parts, weighted=self._survey.weighted)
        return self

    def by_class(self, place: int, blocks: Callable[[], Iterable[Block]]) -> Slices | None:
        """The sums of a model by class; None where rows have none, or there are too many."""
        if place not in self._by_class:
            slices = Slices.by_class(self._survey, place, self._classes)
            self._by_class[place] = slices
            parts = [] if slices is None else [slices]
            add_all(blocks, parts, weighted=self._survey.weighted)
        return self._by_class[place]

    def looked(self) -> list[bytes]:
        """What each part has seen of the weights."""
        return [part.looked() for part in self.parts]

    def look_at(self, looked: Sequence[bytes]) -> RowSums:
        """Look at weights that others have seen."""
        for part, seen in zip(self.parts, looked, strict=True):
            part.look_at(seen)
        return self

    def summed(self) -> list[bytes]:
        """What each part has summed."""
        return [part.to_bytes() for part in self.parts]

    def merge(self, summed: Sequence[bytes]) -> RowSums:
        """Add what others have summed, who have looked at the same weights."""
        for part, data in zip(self.parts, summed, strict=True):
            part.merge(data)
        return self


class ModelSums:
    """What is summed of a model by itself."""

    def __init__(self, survey: Survey, place: int) -> None:
        self.surprisal = MeanColumn(survey, lambda block: block.models[place].surprisal)
        self.correct = None
        if place in survey.correct:
            self.correct = MeanColumn(survey, lambda block: np.asarray(block.models[place].correct))

    @property
    def parts(self) -> list[Adds]:
        """What adds the rows."""
        return [self.surprisal, *([] if self.correct is None else [self.correct])]

    def model(
        self,
        name: str,
        sample: Later,
        hashes: NDArray[np.uint64] | None,
        in_unit: InUnit,
        *,
        refused: bool,
    ) -> ComparedModel:
        """What is said of the model."""
        correct, surprisal = self.correct, self.surprisal.means
        known = {
            "name": name,
            "cross_entropy": in_unit(surprisal.mean(refused=refused)),
            "infinite_rows": int(surprisal.infinite.sum()),
            "accuracy": None if correct is None else correct.means.mean(unit="", refused=refused),
        }
        curves = Later(lambda: {"calibration": _reliability(hashes, sample.found()["sample"])})
        return waiting(ComparedModel, known, lambda field: curves.found()[field])


class LeastHashes:
    """The hashes of the rows up to the largest that a sample holds."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._hashes = [np.empty(0, dtype=np.uint64)]

    def look(self, block: Block) -> None:
        """Nothing."""

    def looked(self) -> bytes:
        """Nothing."""
        return b""

    def look_at(self, looked: bytes) -> None:
        """Nothing."""

    def add(self, block: Block) -> None:
        """Keep those of a block."""
        hashes = block.base.hashes
        self._hashes.append(hashes[hashes <= np.uint64(self.most)])

    def to_bytes(self) -> bytes:
        """All of them."""
        return self.found().astype("<u8").tobytes()

    def merge(self, data: bytes) -> None:
        """Keep those that another has kept."""
        self._hashes.append(np.frombuffer(data, dtype="<u8").astype(np.uint64))

    def found(self) -> NDArray[np.uint64]:
        """All of them."""
        return np.concatenate(self._hashes)


def _reliability(
    hashes: NDArray[np.uint64] | None, sample: Sampled | None
) -> tuple[CalibrationCurve, ...]:
    """The curves of the sample's rows that are compared: all of them without ``hashes``."""
    if sample is None or hashes is None:
        return () if sample is None else curves_of(sample)
    compared = np.flatnonzero(np.isin(sample.hashes, hashes))
    if not len(compared):
        return ()
    return curves_of(sample if len(compared) == sample.size else sample.take(compared))
