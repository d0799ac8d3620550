"""Calibration on a plan, by threads or an engine: both reads of its rows are maps over splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from unsurprised.calibration.judge import Judge, Savings
from unsurprised.calibration.learning import learning_from, no_predictions
from unsurprised.calibration.result import Calibration, of_files
from unsurprised.calibration.trials import calibrated
from unsurprised.calibrators.saved import from_json
from unsurprised.engines.tasks import Done
from unsurprised.errors import CallError, InputError
from unsurprised.evaluation.engine import Progress, of_all
from unsurprised.evaluation.plans import Plan, plan
from unsurprised.evaluation.plans.on_engine import evaluated_as_planned, evaluated_on, states_on
from unsurprised.evaluation.plans.planned import PlannedEvaluator
from unsurprised.evaluation.plans.tasks import done_of_work
from unsurprised.evaluation.plans.work import Work
from unsurprised.float_errors import own_float_errors


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
    return calibrate_files(engine, made, methods=methods, folds=folds, base=base)


def calibrate_planned(
    made: Plan,
    engine: Any,
    *,
    methods: Sequence[str] | None,
    folds: int,
    base: float,
    progress: Progress | None = None,
) -> Calibration:
    """Calibrate on all rows of a plan, which threads of this process read, or an engine."""

    def evaluated() -> PlannedEvaluator:
        if engine is None:
            return made.evaluate(progress=progress)
        return evaluated_as_planned(made, engine, progress=progress)

    return calibrate_plan(
        made, evaluated, engine, methods=methods, folds=folds, base=base, progress=progress
    )


def calibrate_files(
    engine: Any,
    made: Plan,
    *,
    methods: Sequence[str] | None,
    folds: int,
    base: float,
    progress: Progress | None = None,
) -> Calibration:
    """Calibrate on the files of a plan that was made for this alone."""

    def evaluated() -> PlannedEvaluator:
        return evaluated_on(made, engine, progress=progress)

    try:
        return calibrate_plan(
            made, evaluated, engine, methods=methods, folds=folds, base=base, progress=progress
        )
    except InputError as error:
        raise of_all(error, made.files) from None


@own_float_errors
def calibrate_plan(
    made: Plan,
    evaluated: Callable[[], PlannedEvaluator],
    engine: Any = None,
    *,
    methods: Sequence[str] | None,
    folds: int,
    base: float,
    progress: Progress | None = None,
) -> Calibration:
    """Calibrate on what an evaluator has seen of a plan, all of its splits.

    Above the size of the sample the plan's rows are read once more, by an engine or by threads of
    this process; below it what the evaluator brings along is all.
    """
    if not made.work.sampled:
        raise CallError(
            "the plan keeps no sample of rows, which calibrators are fitted on; plan again with "
            "ledger=True"
        )
    if made.work.recipe.roles.logprob is not None:
        raise no_predictions()
    evaluator = evaluated()
    evaluator.refuse_wrong()

    def judge_rest(judge: Judge) -> Judge:
        if engine is None:
            return made.work.collected(judge.another, progress)[0]
        told = None if judge.calibrator is None else judge.calibrator.to_json()
        work = partial(
            judge_splits,
            calibrator=told,
            beyond=judge.beyond,
            clustered=judge.clustered,
            weighted=judge.weighted,
        )
        for state in states_on(made, engine, work, progress=progress):
            judge.savings.merge(Savings.from_bytes(state))
        return judge

    classes = made.work.recipe.classes
    learning = learning_from(evaluator, classes.names, classes.binding.spoken_of)
    found = calibrated(learning, judge_rest, methods=methods, folds=folds, base=base)
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
