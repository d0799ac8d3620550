"""Calibration on an engine: both reads of the rows are maps over the splits of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from unsurprised.calibration.judge import Judge, Savings
from unsurprised.calibration.learning import learning_from
from unsurprised.calibration.result import Calibration, of_files
from unsurprised.calibration.trials import calibrated
from unsurprised.calibrators.saved import from_json
from unsurprised.engines.tasks import Done
from unsurprised.errors import InputError
from unsurprised.evaluation.engine import of_all
from unsurprised.evaluation.plans import plan
from unsurprised.evaluation.plans.on_engine import evaluated_on, states_on
from unsurprised.evaluation.plans.tasks import done_of_work
from unsurprised.evaluation.plans.work import Work


def calibrate_on(
    engine: Any,
    source: Any,
    options: Mapping[str, Any],
    *,
    methods: Sequence[str] | None,
    folds: int,
    base: float,
) -> Calibration:
    """Calibrate on the rows of files, which an engine reads."""
    made = plan(source, top=0, **options)
    try:
        evaluator = evaluated_on(made, engine)
        evaluator.refuse_wrong()

        def judge_rest(judge: Judge) -> Judge:
            told = None if judge.calibrator is None else judge.calibrator.to_json()
            work = partial(
                judge_splits,
                calibrator=told,
                beyond=judge.beyond,
                clustered=judge.clustered,
                weighted=judge.weighted,
            )
            for state in states_on(made, engine, work):
                judge.savings.merge(Savings.from_bytes(state))
            return judge

        classes = made.work.recipe.classes
        learning = learning_from(evaluator, classes.names, classes.binding.spoken_of)
        found = calibrated(learning, judge_rest, methods=methods, folds=folds, base=base)
    except InputError as error:
        raise of_all(error, made.files) from None
    return of_files(found, made.files)


def judge_splits(
    task: str, calibrator: str | None, beyond: int, clustered: bool, weighted: bool
) -> Done:
    """What a calibrator saves on the rows of a task that it was not fitted on."""

    def judged(work: Work) -> Done:
        held = None if calibrator is None else from_json(calibrator)
        judge, _ = work.collected(
            lambda: Judge(held, beyond, clustered=clustered, weighted=weighted)
        )
        return Done(tuple(work.splits), judge.savings.to_bytes())

    return done_of_work(task, judged)
