"""Models that are files, or plans of these: compared by this process's threads, or on an engine."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from unsurprised.comparison.compared import ComparisonAsked
from unsurprised.comparison.on_engine import refuse_no_exchange, scored_on
from unsurprised.comparison.opening import (
    OpenedModel,
    names_of_files,
    numbered_names,
    opened_models,
)
from unsurprised.comparison.planned import PlannedModels, names_of_plans
from unsurprised.comparison.readings import compare_readings, refuse_other_join
from unsurprised.comparison.result import Comparison
from unsurprised.comparison.state import PlannedComparison, ScoredModels
from unsurprised.errors import CallError
from unsurprised.evaluation.engine import evaluate_reading
from unsurprised.evaluation.evaluate import beside_plan, is_plan
from unsurprised.evaluation.plans import Plan
from unsurprised.evaluation.plans.making import refuse_unknown
from unsurprised.evaluation.plans.on_engine import evaluate_on, evaluated_on
from unsurprised.evaluation.result import Evaluation
from unsurprised.sources import Reading, open_predictions, open_source
from unsurprised.sources.recipes import refuse_no_files


@dataclass(frozen=True, slots=True)
class FileModels:
    """The sources of models, the base first, and what was said of them, and of how to read them.

    Parameters
    ----------
    call : str
        What was called, for errors.
    sources : sequence of path, sequence of paths, Query or Plan
        All plans, or none.
    options : mapping
        Those of :class:`unsurprised.sources.Options` that were said.
    names : sequence of str, optional
        What the models are called.
    engine : optional
        What reads their rows.
    exchange : optional
        The folder through which it matches them, too.
    """

    call: str
    sources: Sequence[Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    names: Sequence[str] | None = None
    engine: Any = None
    exchange: Any = None

    def __post_init__(self) -> None:
        if self.call == "compare" and len(self.sources) < 2:
            raise CallError("compare(BASE) lacks the new model; expected its file, or its plan")
        refuse_no_exchange(self.exchange, self.engine, len(self.sources))
        plans = sum(map(is_plan, self.sources))
        if plans and plans < len(self.sources):
            raise CallError(f"{self.call} found plans and files; expected one kind for all models")
        refuse_unknown(self.call, self.options)
        if plans and self.options:
            raise beside_plan(self.call, next(iter(self.options)))
        if self.names is not None and (
            len(self.names) != len(self.sources) or len(set(self.names)) < len(self.names)
        ):
            raise CallError(
                f"names={list(self.names)}; expected {len(self.sources)} distinct names"
            )

    def compared(
        self, join: str, *, base: float = 2, top: int = 10, memory: int | str | None = None
    ) -> Comparison:
        """All models on the same rows."""
        asked = self._asked(join, base, top)
        if self._are_read_here:
            readings = [each.reading for each in self._opened(join)]
            return compare_readings(
                readings, asked.names, join=join, base=base, top=top, memory=memory
            )
        with self._scored(asked) as found:
            return found.result(base=base, memory=memory)

    def for_check(self, join: str, *, evaluated: bool) -> tuple[Comparison, Evaluation | None]:
        """What a check holds against limits: of both models, and of the new one by itself."""
        asked, alone = self._asked(join, 2, 0, split=False), None
        if self._are_read_here:
            opened = self._opened(join)
            readings = [each.reading for each in opened]
            found = compare_readings(readings, asked.names, join=join, top=0, split=False)
            if evaluated:
                alone = evaluate_reading(self._sliced(opened[-1]), top=0)
            return found, alone
        with self._scored(asked, sliced=evaluated) as state:
            if evaluated:
                alone = state.evaluators[-1].result(ledger=False)
            return state.result(), alone

    def evaluated(self) -> Evaluation:
        """The only model by itself."""
        (source,), options = self.sources, dict(self.options)
        if is_plan(source):
            if self.engine is not None:
                return evaluated_on(source, self.engine).result(ledger=False)
            plan: Plan = source
            return plan.evaluate().result(ledger=False)
        if self.engine is not None:
            return evaluate_on(self.engine, source, options, base=2, top=0, ledger=False)
        return evaluate_reading(open_source(source, options, call=self.call), top=0)

    @property
    def _are_read_here(self) -> bool:
        """Whether nothing is planned: files are read by the threads of this process."""
        return self.engine is None and not is_plan(self.sources[0])

    def _asked(self, join: str, base: float, top: int, *, split: bool = True) -> ComparisonAsked:
        refuse_other_join(join)
        return ComparisonAsked(self._called(), join, base, top, split)

    def _called(self) -> list[str]:
        """What the models are called: as was said, else as their files."""
        if self.names is not None:
            return list(map(str, self.names))
        if is_plan(self.sources[0]):
            return names_of_plans(self.sources)
        if all(isinstance(source, str | os.PathLike) for source in self.sources):
            return names_of_files([os.fspath(source) for source in self.sources])
        return numbered_names(len(self.sources))

    def _opened(self, join: str, *, sliced: bool = False) -> list[OpenedModel]:
        options = {**self.options, "join": join if "truth" in self.options else "exact"}
        columns = [options.pop("pred", None)] * len(self.sources)
        return opened_models(self.sources, columns, options, sliced=sliced)

    def _sliced(self, model: OpenedModel) -> Reading:
        """A model's source with the columns that the base is sliced by."""
        if not self.options.get("by"):
            return model.reading
        return open_predictions(model.source, replace(model.options, by=self.options["by"]))

    def _scored(self, asked: ComparisonAsked, *, sliced: bool = False) -> ScoredModels:
        """The rows of all models, which were planned, or are now."""
        if is_plan(self.sources[0]):
            models = PlannedModels(tuple(self.sources), asked)
        else:
            models = self._planned(asked, sliced=sliced)
        if self.engine is None:
            return PlannedComparison.scored(models, models.all())
        return scored_on(models, self.engine, exchange=self.exchange)

    def _planned(self, asked: ComparisonAsked, *, sliced: bool) -> PlannedModels:
        for source in self.sources:
            refuse_no_files(source)
        refuse_no_files(self.options.get("truth"), "truth")
        return PlannedModels.of(self._opened(asked.join, sliced=sliced), asked)
