"""From models whose rows are scored to what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.calibration.learning import measured_sample
from unsurprised.comparison.blocks import Survey
from unsurprised.comparison.differences import difference_of
from unsurprised.comparison.matching import (
    MatchedRows,
    matched,
    matched_blocks,
    refuse_other_naming,
)
from unsurprised.comparison.result import Comparison, Difference
from unsurprised.comparison.scored import Scoring, no_rows
from unsurprised.comparison.split import split_of
from unsurprised.comparison.spool import Spool
from unsurprised.comparison.sums import RowSums
from unsurprised.evaluation.evaluator import Evaluator
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
    rows = matched([scoring.rows() for scoring in scorings], asked.names, asked.join, classes)
    found = ComparedRows(
        asked, [scoring.evaluator for scoring in scorings], classes, rows, Survey(rows.blocks())
    )
    hashes = [block.base.hashes for block in rows.blocks()] if rows.left_out else None
    sums = found.empty_sums().add_all(rows.blocks)
    return found.comparison(sums, None if hashes is None else np.concatenate(hashes))


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
    refuse_unlike([(spool.rows, spool.named) for spool in spools], asked.names)
    rows = matched_blocks(
        lambda: spools[0].blocks_with(spools[1:], most_rows),
        asked.names,
        asked.join,
        classes,
        of_parts=of_parts,
    )
    found = ComparedRows(asked, evaluators, classes, rows, Survey(rows.blocks()), lacking=lacking)
    return found.of_stored(found.empty_sums(stored=True).add_all(rows.blocks))


def refuse_unlike(models: Sequence[tuple[int, bool]], names: Sequence[str]) -> None:
    """Raise unless all models have rows, whose number and naming go together."""
    if not all(rows for rows, _ in models):
        raise no_rows()
    refuse_other_naming(models, names)


class ComparedRows:
    """Matched rows of models, each of which is evaluated, and what follows from their sums."""

    def __init__(
        self,
        asked: ComparisonAsked,
        evaluators: Sequence[Evaluator],
        classes: tuple[str, ...] | None,
        rows: MatchedRows,
        survey: Survey,
        *,
        lacking: str | None = None,
    ) -> None:
        survey.refuse_beyond(classes)
        self.asked, self.classes, self.rows, self.survey = asked, classes, rows, survey
        self.lacking = lacking
        self.clusters = evaluators[0].clusters
        if survey.clustered and rows.left_out:
            self.clusters = survey.clusters.result()
        self.few = too_few_clusters(self.clusters)
        self.samples = [Later(partial(_sampled, evaluator)) for evaluator in evaluators]

    def empty_sums(self, *, stored: bool = False) -> RowSums:
        """Sums of no rows; of those that are ``stored``, all is summed that may be asked for."""
        sliced, most = stored and self.asked.split, None
        if sliced and self.rows.left_out:
            held = [sample.found()["sample"] for sample in self.samples]
            most = max((int(one.last_hash) for one in held if one is not None), default=0)
        models, top = len(self.samples), self.asked.top
        return RowSums(self.survey, models, top, self.classes, sliced=sliced, most=most)

    def of_stored(self, sums: RowSums) -> Comparison:
        """What is said of the sums of stored rows."""
        return self.comparison(sums, None if sums.hashes is None else sums.hashes.found())

    def comparison(self, sums: RowSums, hashes: NDArray[np.uint64] | None) -> Comparison:
        """What is said; ``hashes`` are those of the rows that are compared, where some are not."""
        in_unit, refused = InUnit(self.asked.base), self.few is not None
        places = range(1, len(self.samples))
        pairs = [self._difference(sums, place, hashes, in_unit) for place in places]
        known = {
            "rows": self.rows.rows,
            "unmatched_rows": self.rows.left_out,
            "weighted": self.survey.weighted,
            "clusters": self.clusters,
            "unit": in_unit.unit,
            "base": float(self.asked.base),
            "models": tuple(
                each.model(name, sample, hashes, in_unit, refused=refused)
                for name, each, sample in zip(
                    self.asked.names, sums.models, self.samples, strict=True
                )
            ),
            "differences": tuple(pairs),
        }
        few, lacking = self.few, self.lacking
        return waiting(Comparison, known, lambda _: _missing(few, pairs, lacking))

    def _difference(
        self, sums: RowSums, place: int, hashes: NDArray[np.uint64] | None, in_unit: InUnit
    ) -> Difference:
        refused, names = self.few is not None, self.asked.names
        base, new = self.samples[0], self.samples[place]

        def parts() -> dict[str, Any]:
            """What recalibrations tell of a difference, by field."""
            samples = base.found()["sample"], new.found()["sample"]
            return split_of(*samples, hashes, refused=refused).fields(in_unit)

        def by_class() -> dict[str, Any]:
            return {"by_class": self._by_class(sums, place, in_unit)}

        return difference_of(
            sums.pairs[place - 1],
            (names[0], names[place]),
            in_unit,
            Later(parts),
            Later(by_class),
            refused=refused,
        )

    def _by_class(self, sums: RowSums, place: int, in_unit: InUnit) -> tuple[Any, ...]:
        slices = sums.by_class(place, self.rows.blocks) if self.asked.split else None
        if slices is None:
            return ()
        whole = sums.pairs[place - 1].difference.means
        return slices.judged(whole, in_unit, refused=self.few is not None)


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
