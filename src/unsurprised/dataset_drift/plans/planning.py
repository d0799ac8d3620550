"""A plan of all columns: the splits of a data set, for whoever counts some of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from unsurprised.copies import Record
from unsurprised.dataset_drift.agreement import agreed
from unsurprised.dataset_drift.base import DriftBase
from unsurprised.dataset_drift.counting import ColumnCounter
from unsurprised.dataset_drift.model_state import ModelState
from unsurprised.dataset_drift.plans.on_engine import columns_on, model_on
from unsurprised.dataset_drift.plans.work import ColumnsWork, surveyed_files
from unsurprised.dataset_drift.share import DriftFacts, DriftShare
from unsurprised.engines.plan_texts import (
    COLUMNS,
    PREDICTIONS,
    digest_of_plan,
    refuse_altered,
    said_in_plan,
    text_of_plan,
)
from unsurprised.engines.seen import HasLayout
from unsurprised.engines.splits import PlannedSplit, checked_numbers, intervals_of, part_of
from unsurprised.errors import CallError, InputError, Place
from unsurprised.evaluation.engine import Progress
from unsurprised.evaluation.plans.planning import Plan
from unsurprised.evaluation.plans.work import Work, counted_in_some, layout_in
from unsurprised.float_errors import own_float_errors
from unsurprised.sources.opening import open_predictions
from unsurprised.sources.options import Options
from unsurprised.sources.whole_tables import rows_of
from unsurprised.states.serial import sensible


@dataclass(frozen=True, repr=False)
class DriftPlan(HasLayout, Record):
    r"""How the rows of a data set are counted in parts, on any machines, for :func:`drift`.

    It is made by :meth:`of`, and by ``unsurprised plan --drift``. Files, with what tells each from
    another, and the types of columns of text stand in it, and no rows. Whoever has it makes the
    :meth:`state` of some splits; the states of all merge to that of the whole, and :func:`drift`
    takes them, or their files, in the place of a data set.

    Examples
    --------
    >>> import tempfile, pathlib, unsurprised as us
    >>> folder = tempfile.TemporaryDirectory()
    >>> for name in "ab":
    ...     _ = pathlib.Path(folder.name, f"{name}.csv").write_text("size,kind\n1,x\n2,y\n")
    >>> plan = us.DriftPlan.of(folder.name)
    >>> parts = [plan.state(plan.part(part, 2)) for part in (2, 1)]
    >>> parts[0].merge(parts[1]).rows
    4
    >>> folder.cleanup()
    """

    columns: ColumnsWork
    #: Whose predictions are read too, if any are.
    predictions: Work | None
    label: str
    facts: DriftFacts
    #: How many rows all files have; None where only reading them tells.
    rows: int | None

    @classmethod
    @own_float_errors
    def of(
        cls,
        source: Any,
        label: str | None = None,
        pred: Any = None,
        *,
        kind: str | None = None,
        batch_rows: int | None = None,
    ) -> DriftPlan:
        """Plan how the columns of some files are counted in parts.

        Parameters
        ----------
        source : path, or sequence of paths
            Files, globs and folders. Of text (CSV, JSON lines) all rows are looked at, for the
            types of the columns.
        label, pred, kind
            As for :func:`drift`; the label is for predictions, and goes with ``pred``.
        batch_rows : int, optional
            Rows that are read at a time; the states do not depend on it.

        Returns
        -------
        DriftPlan
            With ``.splits``, ``.files``, ``.rows``, ``.id``.

        Raises
        ------
        InputError
            Files that cannot be read, have no rows, or do not agree in their columns.
        CallError
            Options that do not go together; a source that others cannot open, as a data frame.
        """
        if pred is None and (label is not None or kind is not None):
            raise CallError(
                "label and kind (--label, --kind) go with pred (--pred) in a plan for drift, which "
                "counts all columns; say label to drift itself"
            )
        source, tables, types = surveyed_files(source)
        files = [table.file or "" for table in tables]
        found = agreed(tables, types)
        if found.error is not None:
            raise found.error
        places = [place for place, _, _ in found.tables]
        columns = ColumnsWork.of(tables, places, found.names, types, batch_rows)
        if not columns.splits:
            raise InputError(
                "found no rows", expected="at least one", place=Place(", ".join(files) or None)
            )
        facts = DriftFacts("", layout_in(files, columns.splits.values()))
        made = cls(columns, None, "", facts, rows_of(tables))
        if pred is None:
            return made._named()
        options = Options(label=label, pred=pred, kind=kind, labelled=label is not None)
        plan = Plan.of(open_predictions(source, options), options, top=0, sampled=False)
        return made._with(plan, label or "")._named()

    @classmethod
    def of_predictions(cls, plan: Plan) -> DriftPlan:
        """The same of a plan of predictions, as whose states those of all columns are known."""
        work, roles = plan.work, plan.work.recipe.roles
        if work.recipe.truth is not None:
            raise CallError(
                "the plan takes its labels from another file (--truth), and drift counts the "
                "columns of one; plan for drift: unsurprised plan --drift (us.DriftPlan)"
            )
        columns = ColumnsWork(
            (), None, work.recipe.integers, work.recipe.options.batch_rows, work.files, work.splits
        )
        facts = DriftFacts(plan.id, plan.facts.layout, plan.facts.unsaid_start)
        made = cls(columns, None, "", facts, plan.rows)
        return made._with(plan, roles.label or "") if roles.pred else made

    def _with(self, plan: Plan, label: str) -> DriftPlan:
        """The plan with the predictions of the same splits."""
        if plan.work.splits != self.columns.splits:
            raise CallError(
                "the predictions lie in other parts of the files than their rows; expected files "
                "whose rows hold all of it: write them as Parquet"
            )
        facts = replace(self.facts, unsaid_start=plan.facts.unsaid_start)
        return replace(self, predictions=plan.work, label=label, facts=facts)

    def part(self, part: int, parts: int) -> tuple[PlannedSplit, ...]:
        """The splits of one of some parts of about the same size, which count from 1."""
        sizes = self.columns.sizes(by_rows=self.rows is not None)
        return tuple(self.splits[number] for number in part_of(sizes, part, parts))

    @own_float_errors
    def state(
        self,
        splits: Iterable[int | PlannedSplit] | None = None,
        *,
        engine: Any = None,
        progress: Progress | None = None,
    ) -> DriftBase:
        """The state of some splits, by default of all.

        Parameters
        ----------
        splits : iterable of int or PlannedSplit, optional
            Which of :attr:`splits`; none of them gives a state without rows, which merges.
        engine : Executor, Client, SparkSession or "ray", optional
            What reads the files, as for :func:`drift`: all splits, to the same bytes; by default
            threads of this process.
        progress : callable, optional
            Is given a number of rows whenever some were read; predictions are read after columns.

        Returns
        -------
        DriftBase
            Of these rows. It merges with others of this plan alone, each split once.

        Raises
        ------
        InputError
            For the first wrong row of these splits, and for a file that is not as it was planned.
        CallError
            Some splits and an engine, which reads all.
        StateError
            The engine lost a task.
        """
        if splits is not None and engine is not None:
            raise CallError("splits and engine, which reads all of them; expected one")
        asked = range(len(self.splits)) if splits is None else splits
        numbers = checked_numbers(asked, len(self.splits))
        state, zero_seen = self._counted(numbers, engine, progress), False
        if self.predictions is not None:
            state.model, zero_seen = self._model(self.predictions, numbers, engine, progress)
        state.share = DriftShare(self.facts, intervals_of(numbers), zero_seen)
        return state

    def _counted(
        self, numbers: Collection[int], engine: Any, progress: Progress | None
    ) -> DriftBase:
        """The counts of all columns of some splits; an engine reads all."""
        make = partial(ColumnCounter, self.columns.names)
        if engine is None:
            return self.columns.only(numbers).collected(make, progress).state
        if not self.columns.names:  # tasks of one file each would not see that they differ
            self.columns.opened()
        return columns_on(engine, self.columns, self.files, make, progress).state

    def _model(
        self, work: Work, numbers: Collection[int], engine: Any, progress: Progress | None
    ) -> tuple[ModelState, bool]:
        """What the predictions of some splits say of themselves, and whether a label is 0."""
        make = partial(ModelState, self.label, ", ".join(work.recipe.roles.pred))
        if engine is not None:
            return model_on(engine, work, self.files, make, progress)
        with counted_in_some(whole=len(numbers) == len(self.splits)):
            state, rows = work.only(numbers).collected(make, progress)
        return state, rows.zero_seen

    def to_json(self, *, indent: int | None = None) -> str:
        """The plan as JSON, for :meth:`from_json` of the same release, on any machine."""
        return text_of_plan(COLUMNS, self._said(), indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> DriftPlan:
        """The plan that :meth:`to_json` wrote, or ``to_json`` of a plan of predictions.

        Raises
        ------
        StateError
            It is none, it was altered, or another release wrote it.
        """
        said = said_in_plan(text)
        if said["schema"] == PREDICTIONS:
            return cls.of_predictions(Plan.from_json(text))
        with sensible():
            work = said["predictions"]
            plan = cls(
                ColumnsWork.of_said(said["columns"]),
                None if work is None else Work.of_said(work),
                str(said["label"]),
                DriftFacts.of_said(said["facts"]),
                said["rows"],
            )
            refuse_altered(plan.id, plan._named().id)
        return plan

    def __repr__(self) -> str:
        rows = "" if self.rows is None else f", rows {self.rows:,}"
        return (
            f"<DriftPlan {self.id[:8]}: splits {len(self.splits):,}, files {len(self.files):,}"
            f"{rows}>"
        )

    def _said(self) -> dict[str, Any]:
        from unsurprised import __version__

        return {
            "unsurprised": __version__,
            "rows": self.rows,
            "label": self.label,
            "facts": self.facts.said(),
            "columns": self.columns.said(),
            "predictions": None if self.predictions is None else self.predictions.said(),
        }

    def _named(self) -> DriftPlan:
        """The plan with its digest."""
        return replace(self, facts=replace(self.facts, id=digest_of_plan(self._said())))
