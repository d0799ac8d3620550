"""A comparison in parts: a plan of each model's rows, and tasks that score some of their splits.

Rows are scored where they lie. What comes of that is a few bytes a row, however many classes there
are, and it is matched where all of it has come together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from unsurprised.comparison.compared import ComparisonAsked
from unsurprised.comparison.opening import OpenedModel, names_of_files, refuse_other_classes
from unsurprised.comparison.scored import Scoring
from unsurprised.comparison.spool import Spool
from unsurprised.engines.running import SplitJob
from unsurprised.engines.splits import PlannedSplit
from unsurprised.engines.tasks import Done, done_of, text_of
from unsurprised.errors import CallError, StateError
from unsurprised.evaluation.engine import Progress
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.plans import Plan
from unsurprised.evaluation.plans.making import planned
from unsurprised.evaluation.plans.share import RowFacts
from unsurprised.evaluation.plans.work import Work
from unsurprised.states.serial import pack

#: Rows a task scores at most, where splits are no larger: some tens of megabytes to its driver.
_ROWS_A_TASK = 1 << 19
#: Bytes of text that are taken for a row, whose number nobody knows.
_TEXT_A_ROW = 64
#: About how many bytes of scored rows a task holds before it writes them.
_AT_ONCE = 1 << 25
#: Characters of classes that an error lists.
_MOST_TOLD = 100
#: How the bytes of a task's rows are called.
ROWS = "ScoredRows"

#: Takes the rows that a task has scored, of some splits: what is said of them, and they as bytes.
Leave = Callable[[Spool, Sequence[int]], tuple[dict[str, Any], bytes]]


@dataclass(frozen=True, slots=True)
class ModelWork:
    """Splits of one model, and how their rows are scored."""

    #: Which of the models it is: rows are sliced by the columns of the base, the first.
    place: int
    work: Work
    #: Whether models are recalibrated, on a sample of the rows.
    split: bool

    def scored(self, spool: Spool, progress: Progress | None = None) -> tuple[Scoring, RowFacts]:
        """The rows, most of them in a spool, and what only those of all splits together tell."""
        work = self.work
        make = partial(
            Scoring,
            work.recipe.classes.shown,
            dict(work.bins),
            split=self.split,
            store=spool,
            apart=self.place > 0,
            expected=work.expected,
        )
        scoring, rows = work.collected(make, progress)
        return scoring.flush(), rows


@dataclass(frozen=True, slots=True)
class PlannedModels:
    """The plans of several models, the base's first, and what is asked of them."""

    plans: tuple[Plan, ...]
    asked: ComparisonAsked

    def __post_init__(self) -> None:
        names = self.asked.names
        if len({plan.id for plan in self.plans}) < len(self.plans):
            raise CallError("a model is given twice; expected different plans")
        for plan, name in zip(self.plans, names, strict=True):
            if not plan.work.recipe.options.labelled:
                raise CallError(
                    f"the plan of {name} is of rows without labels, for apply alone; plan again "
                    "without --no-label (labelled=False)"
                )
        known = ",".join(self.plans[0].classes or ())
        told = known if known and len(known) <= _MOST_TOLD else "A,B,…"
        remedy = f"say --classes {told} to unsurprised plan, for the other model"
        refuse_other_classes([plan.classes for plan in self.plans], names, remedy)
        self._refuse_other_columns()

    def refuse_unnamed(self) -> None:
        """Raise where rows have no ids, by whose hashes they are put together elsewhere."""
        if all(plan.work.recipe.options.id is None for plan in self.plans):
            raise CallError(
                "exchange=… (--exchange) puts rows together by their ids, and these have none; "
                "expected id=COLUMN (--id COLUMN), or no exchange: this machine matches them then"
            )

    def _refuse_other_columns(self) -> None:
        """Raise where plans count rows otherwise: matched rows have one weight and one cluster."""
        for option in ("cluster", "weight"):
            columns = [getattr(plan.work.recipe.options, option) for plan in self.plans]
            told = [f"--{option} {each}" if each else f"no --{option}" for each in columns]
            for column, name, its in zip(columns, self.asked.names, told, strict=True):
                if column != columns[0]:
                    raise CallError(
                        f"the plan of {self.asked.names[0]} was made with {told[0]}, that of "
                        f"{name} with {its}; expected the same of all: plan each with the same "
                        f"--{option} COLUMN ({option}=…)"
                    )

    @classmethod
    def of(cls, models: Sequence[OpenedModel], asked: ComparisonAsked) -> PlannedModels:
        """The plans of sources that are opened."""
        refuse_other_classes([each.reading.classes for each in models], asked.names)
        plans = (planned(each.reading, each.options, 0, source=each.source) for each in models)
        return cls(tuple(plans), asked)

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """Names of the classes, where they have names and are not only numbered."""
        return self.plans[0].work.recipe.classes.names

    @property
    def files(self) -> list[str]:
        """The files of all models, and those of truths beside them."""
        return [file for plan in self.plans for file in plan.files_read]

    def refuse_other(self, evaluators: Sequence[Evaluator]) -> None:
        """Raise unless evaluators are of these plans, in this order."""
        if len(evaluators) != len(self.plans):
            raise StateError(
                f"the states are of {len(evaluators)} models; expected {len(self.plans)}, as there "
                "are plans"
            )
        for plan, evaluator in zip(self.plans, evaluators, strict=True):
            plan.refuse_other(evaluator)

    @property
    def firsts(self) -> list[int]:
        """The number of each model's first split among all."""
        found, first = [], 0
        for plan in self.plans:
            found.append(first)
            first += len(plan.splits)
        return found

    @property
    def job(self) -> SplitJob:
        """The splits of all models, one model's after another's."""
        splits: list[PlannedSplit] = []
        sizes: list[int] = []
        for plan in self.plans:
            splits += (replace(each, number=len(splits) + k) for k, each in enumerate(plan.splits))
            unit = 1 if plan.rows is not None else _TEXT_A_ROW
            sizes += (size // unit for size in plan.job.sizes)
        return SplitJob(splits, sizes, lambda group: text_of(self.told(group)), _ROWS_A_TASK)

    def told(self, group: Sequence[int]) -> dict[str, Any]:
        """What a task is told of some splits."""
        models = []
        for place, (first, plan) in enumerate(zip(self.firsts, self.plans, strict=True)):
            mine = [number - first for number in group if 0 <= number - first < len(plan.splits)]
            if mine:
                models.append([place, first, plan.work.only(mine).said()])
        return {"split": self.asked.split, "models": models}

    def part(self, part: int, parts: int) -> list[Sequence[int]]:
        """The splits of each model that belong to a part, by their numbers in its plan."""
        return [[split.number for split in plan.part(part, parts)] for plan in self.plans]

    def all(self) -> list[Sequence[int]]:
        """All splits of each model."""
        return [range(len(plan.splits)) for plan in self.plans]

    def work_of(self, place: int, numbers: Sequence[int]) -> ModelWork:
        """Some splits of a model."""
        return ModelWork(place, self.plans[place].work.only(numbers), self.asked.split)

    def expecting(self, rows: int) -> PlannedModels:
        """The same with so many rows expected of each model, which changes no result."""
        return replace(self, plans=tuple(plan.expecting(rows) for plan in self.plans))


def names_of_plans(plans: Sequence[Plan]) -> list[str]:
    """What the models of plans are called: as files of theirs would be, or their columns."""
    sources = [_called(plan) for plan in plans]
    if len(set(sources)) > 1:
        return names_of_files(sources)
    columns = [plan.work.recipe.options.pred or plan.work.recipe.options.logprob for plan in plans]
    if all(isinstance(column, str) for column in columns) and len(set(columns)) == len(columns):
        return [str(column) for column in columns]
    return names_of_files(sources)


def _called(plan: Plan) -> str:
    names = plan.source or plan.files
    more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    return f"{names[0]}{more}" if names else "a plan"


def score(task: str) -> Done:
    """Score the splits of a task in one thread."""
    return done_of(task, models_in, partial(scored_rows, leave=_returned))


def _returned(spool: Spool, _: Sequence[int]) -> tuple[dict[str, Any], bytes]:
    return spool.said(), b"".join(spool.pieces())


def models_in(said: Mapping[str, Any]) -> list[tuple[int, ModelWork]]:
    """What a task is told of each model, and the number of its first split."""
    split = bool(said["split"])
    return [
        (first, ModelWork(place, Work.of_said(work), split))
        for place, first, work in said["models"]
    ]


def scored_rows(models: Sequence[tuple[int, ModelWork]], leave: Leave) -> Done:
    """Score the splits of some models, each with the number of its first."""
    numbers: list[int] = []
    parts: list[bytes] = []
    facts = []
    for first, model in models:
        mine = [first + number for number in model.work.splits]
        with Spool(_AT_ONCE) as spool:
            scoring, rows = model.scored(spool)
            said, pieces = leave(spool, mine)
            parts += (scoring.evaluator.to_bytes(), _written(said), pieces)
        facts.append(rows.said())
        numbers += mine
    places = [model.place for _, model in models]
    return Done(tuple(numbers), pack(ROWS, {"places": places}, parts), {"rows": facts})


def parts_of(evaluator: bytes, spool: Spool) -> Iterator[tuple[int, Iterable[bytes]]]:
    """A model's evaluator and rows as parts of a state: their sizes, and them."""
    said = _written(spool.said())
    yield len(evaluator), (evaluator,)
    yield len(said), (said,)
    yield spool.size, spool.pieces()


def _written(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode()
