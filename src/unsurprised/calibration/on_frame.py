"""Calibration of a frame that lies in an engine: both reads are maps over its partitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from unsurprised.calibration.judge import Judge, Savings
from unsurprised.calibration.learning import learning_from
from unsurprised.calibration.result import Calibration, of_files
from unsurprised.calibration.trials import calibrated
from unsurprised.calibrators.saved import from_json
from unsurprised.engines.frames.partitioned import EngineFrame
from unsurprised.engines.tasks import Done
from unsurprised.evaluation.frames.opened import open_frame
from unsurprised.evaluation.frames.tasks import done_with
from unsurprised.evaluation.frames.work import FrameWork


def calibrate_frame(
    frame: EngineFrame,
    options: Mapping[str, Any],
    *,
    methods: Sequence[str] | None,
    folds: int,
    base: float,
) -> Calibration:
    """Calibrate on the rows of a frame that lies in an engine."""
    opened = open_frame(frame, options, top=0, sampled=True)
    evaluator = opened.evaluated()

    def judge_rest(judge: Judge) -> Judge:
        work = partial(
            judge_rows,
            task=opened.work.task,
            calibrator=None if judge.calibrator is None else judge.calibrator.to_json(),
            beyond=judge.beyond,
            clustered=judge.clustered,
            weighted=judge.weighted,
        )
        for done in opened.states(work):
            judge.savings.merge(Savings.from_bytes(done.state))
        return judge

    classes = opened.work.recipe.classes
    learning = learning_from(evaluator, classes.names, classes.binding.spoken_of)
    found = calibrated(learning, judge_rest, methods=methods, folds=folds, base=base)
    return of_files(found, ())


def judge_rows(
    batches: Iterator[pa.RecordBatch],
    *,
    task: str,
    calibrator: str | None,
    beyond: int,
    clustered: bool,
    weighted: bool,
) -> bytes:
    """What a calibrator saves on the rows of a partition that it was not fitted on."""
    held = None if calibrator is None else from_json(calibrator)

    def judged(work: FrameWork) -> Done:
        return work.collected(
            batches,
            lambda: Judge(held, beyond, clustered=clustered, weighted=weighted),
            lambda judge: judge.savings.to_bytes(),
        )

    return done_with(task, judged)
