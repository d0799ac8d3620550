"""From models whose rows are scored to what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.calibration.learning import measured_sample
from unsurprised.comparison.blocks import Adds, Block, MeanColumn, Survey, add_all
from unsurprised.comparison.differences import PairSums, Slices, difference_of
from unsurprised.comparison.matching import (
    MatchedRows,
    matched,
    matched_blocks,
    refuse_other_naming,
)
from unsurprised.comparison.result import ComparedModel, Comparison, Difference
from unsurprised.comparison.scored import Scoring, no_rows
from unsurprised.comparison.split import split_of
from unsurprised.comparison.spool import Spool
from unsurprised.errors import StateError
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.figures.calibration_curves import curves_of
from unsurprised.evaluation.figures.sample import Sampled
from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.later import Later, waiting
from unsurprised.statistics.in_unit import InUnit
from unsurprised.statistics.jackknife import too_few_clusters
from unsurprised.units import checked_top


@dataclass(frozen=True, slots=True)
class ComparisonAsked:
    """What is asked of models.

    Without ``split`` it is no more than what a check holds against its limits: the differences
    and their slices.
    """

    names: Sequence[str]
    join: str
    base: float
    top: int
    split: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "top", checked_top(self.top))


def compared(
    asked: ComparisonAsked, scorings: Sequence[Scoring], classes: tuple[str, ...] | None
) -> Comparison:
    """The comparison of models whose scored rows are in memory."""
    rows = matched([scoring.rows() for scoring in scorings], asked.names, asked.join)
    sums = _Sums(asked, [scoring.evaluator for scoring in scorings], classes, rows)
    sums.add(sums.always)
    hashes = [block.base.hashes for block in rows.blocks()] if rows.left_out else None
    return sums.comparison(None if hashes is None else np.concatenate(hashes))


def compared_stored(
    asked: ComparisonAsked,
    evaluators: Sequence[Evaluator],
    classes: tuple[str, ...] | None,
    spools: Sequence[Spool],
    most_rows: int,
    *,
    lacking: str | None = None,
    of_parts: bool = False,
) -> Comparison:
    """The same of models whose rows are on the disk, of which it needs nothing afterwards.

    ``lacking`` is said of the rows where not all of them are there; ``of_parts`` tells that they
    came as states, which were made with their join.
    """
    if not all(spool.rows for spool in spools):
        raise no_rows()
    refuse_other_naming([(spool.rows, spool.named) for spool in spools], asked.names)
    rows = matched_blocks(
        lambda: spools[0].blocks_with(spools[1:], most_rows),
        asked.names,
        asked.join,
        of_parts=of_parts,
    )
    sums = _Sums(asked, evaluators, classes, rows, lacking)
    hashes = _SampledHashes(sums.samples) if rows.left_out and asked.split else None
    sums.add([*sums.always, *sums.of_classes(), *([] if hashes is None else [hashes])])
    return sums.comparison(None if hashes is None else hashes.found())


class _Sums:
    """All that is summed over the rows of models, and what follows from it."""

    def __init__(
        self,
        asked: ComparisonAsked,
        evaluators: Sequence[Evaluator],
        classes: tuple[str, ...] | None,
        rows: MatchedRows,
        lacking: str | None = None,
    ) -> None:
        self.asked, self.names, self.rows, self.in_unit = asked, classes, rows, InUnit(asked.base)
        self.lacking = lacking
        self.survey = Survey(rows.blocks())
        if classes is not None and self.survey.classes > len(classes):
            raise StateError("the bytes of the state make no sense: a label is of no class")
        self.clusters = evaluators[0].clusters
        if self.survey.clustered and rows.left_out:
            self.clusters = self.survey.clusters.result()
        self.few = too_few_clusters(self.clusters)
        self.samples = [Later(partial(_sampled, evaluator)) for evaluator in evaluators]
        places = range(len(evaluators))
        self.models = [_ModelSums(self.survey, place) for place in places]
        self.pairs = [PairSums(self.survey, place, asked.top, classes) for place in places[1:]]
        self.classes: dict[int, Slices | None] = {}

    @property
    def always(self) -> list[Adds]:
        """What is summed at once."""
        of_models = [part for each in self.models for part in each.parts]
        return [*of_models, *(part for each in self.pairs for part in each.parts)]

    def of_classes(self) -> list[Adds]:
        """What is summed of each class, for all pairs, if it is asked for."""
        if self.asked.split:
            self.classes = {
                place: Slices.by_class(self.survey, place, self.names)
                for place in range(1, len(self.models))
            }
        return [slices for slices in self.classes.values() if slices is not None]

    def add(self, parts: Sequence[Adds]) -> None:
        """Add all rows."""
        add_all(self.rows.blocks, parts, weighted=self.survey.weighted)

    def comparison(self, hashes: NDArray[np.uint64] | None) -> Comparison:
        """What is said; ``hashes`` are those of the rows that are compared, where some are not."""
        in_unit, refused = self.in_unit, self.few is not None
        pairs = [self._difference(place, hashes) for place in range(1, len(self.models))]
        known = {
            "rows": self.rows.rows,
            "unmatched_rows": self.rows.left_out,
            "weighted": self.survey.weighted,
            "clusters": self.clusters,
            "unit": in_unit.unit,
            "base": float(self.asked.base),
            "models": tuple(
                sums.model(name, sample, hashes, in_unit, refused=refused)
                for name, sums, sample in zip(
                    self.asked.names, self.models, self.samples, strict=True
                )
            ),
            "differences": tuple(pairs),
        }
        few, lacking = self.few, self.lacking
        return waiting(Comparison, known, lambda _: _missing(few, pairs, lacking))

    def _difference(self, place: int, hashes: NDArray[np.uint64] | None) -> Difference:
        refused, names = self.few is not None, self.asked.names
        base, new = self.samples[0], self.samples[place]

        def parts() -> dict[str, Any]:
            """What recalibrations tell of a difference, by field."""
            samples = base.found()["sample"], new.found()["sample"]
            return split_of(*samples, hashes, refused=refused).fields(self.in_unit)

        return difference_of(
            self.pairs[place - 1],
            (names[0], names[place]),
            self.in_unit,
            Later(parts),
            Later(lambda: {"by_class": self._by_class(place)}),
            refused=refused,
        )

    def _by_class(self, place: int) -> tuple[Any, ...]:
        if not self.asked.split:
            return ()
        if place not in self.classes:
            slices = Slices.by_class(self.survey, place, self.names)
            self.add([] if slices is None else [slices])
        else:
            slices = self.classes[place]
        if slices is None:
            return ()
        whole = self.pairs[place - 1].difference.means
        return slices.judged(whole, self.in_unit, refused=self.few is not None)


class _ModelSums:
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


class _SampledHashes:
    """The hashes of the compared rows up to the largest that a sample holds."""

    def __init__(self, samples: Sequence[Later]) -> None:
        held = [sample.found()["sample"] for sample in samples]
        self._most = max((int(one.last_hash) for one in held if one is not None), default=0)
        self._hashes = [np.empty(0, dtype=np.uint64)]

    def look(self, block: Block) -> None:
        """Nothing."""

    def add(self, block: Block) -> None:
        """Keep those of a block."""
        hashes = block.base.hashes
        self._hashes.append(hashes[hashes <= np.uint64(self._most)])

    def found(self) -> NDArray[np.uint64]:
        """All of them."""
        return np.concatenate(self._hashes)


def _sampled(evaluator: Evaluator) -> dict[str, Any]:
    return {"sample": measured_sample(evaluator)}


def _missing(
    few: str | None, pairs: Sequence[Difference], lacking: str | None = None
) -> dict[str, str]:
    """Why what has no value has none, by field."""
    told = {"rows": lacking, "intervals": few}
    missing = {name: why for name, why in told.items() if why is not None}
    if any(pair.miscalibration is None for pair in pairs):
        missing["miscalibration"] = missing["discrimination"] = (
            "needs predictions for every class, and rows enough to recalibrate them"
        )
    return missing


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
