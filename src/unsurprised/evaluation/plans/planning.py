"""A plan: the splits of some files, and all that whoever evaluates one of them has to know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from unsurprised.copies import Record
from unsurprised.engines.plan_texts import (
    PREDICTIONS,
    digest_of_plan,
    refuse_altered,
    refuse_columns_alone,
    said_in_plan,
    text_of_plan,
)
from unsurprised.engines.running import SplitJob
from unsurprised.engines.seen import HasLayout
from unsurprised.engines.splits import PlannedSplit, checked_numbers, intervals_of, part_of
from unsurprised.engines.tasks import text_of
from unsurprised.errors import StateError
from unsurprised.evaluation.bins import Bins
from unsurprised.evaluation.engine import Progress, first_look, refuse_no_rows
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.plans.planned import PlannedEvaluator
from unsurprised.evaluation.plans.share import PlanFacts, RowFacts, Share
from unsurprised.evaluation.plans.work import Work, counted_in_some, files_of, layout_in
from unsurprised.float_errors import own_float_errors
from unsurprised.sources.options import Options
from unsurprised.sources.reading import Reading
from unsurprised.sources.recipes import SourceRecipe
from unsurprised.states.serial import sensible


@dataclass(frozen=True, repr=False)
class Plan(HasLayout, Record):
    r"""How some files are evaluated in parts, on any machines, to the same bytes as on one.

    It is made by :func:`unsurprised.plan`. What columns mean, the classes, the bins of slices and
    the files, with what tells each from another, stand in it, and no more: no row, no key of a
    store, no open file. It is pickled, and :meth:`to_json` is the same on all machines.

    Examples
    --------
    >>> import tempfile, pathlib, unsurprised as us
    >>> folder = tempfile.TemporaryDirectory()
    >>> for name in "ab":
    ...     text = "label,p_cat,p_dog\ncat,0.75,0.25\n"
    ...     _ = pathlib.Path(folder.name, f"{name}.csv").write_text(text)
    >>> plan = us.plan(folder.name)
    >>> states = [plan.evaluate([split]).to_bytes() for split in plan.splits]
    >>> us.merge(states).result().rows
    2
    >>> folder.cleanup()
    """

    work: Work
    facts: PlanFacts
    #: How many rows all files have; None where only reading them tells.
    rows: int | None
    #: What its source was called: files, globs and folders, as they were given.
    source: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        reading: Reading,
        options: Options,
        *,
        top: int = 10,
        sampled: bool = True,
        expect: int | None = None,
        source: Sequence[str] = (),
    ) -> Plan:
        """The plan of a source that was opened with ``options``."""
        splits, bins = dict(enumerate(reading.plan())), first_look(reading)
        if not splits:
            refuse_no_rows(Evaluator(), reading.files)
        files = files_of(reading.tables, splits.values())
        expected = (reading.rows or 0) if expect is None else expect
        recipe = SourceRecipe.of(reading, options)
        work = Work(recipe, bins, top, sampled, expected, files, splits)
        layout = layout_in(reading.files, splits.values())
        choices, unsaid = dict(reading.choices), reading.unsaid_start()
        facts = PlanFacts("", layout, expected, reading.interpretation, choices, unsaid)
        return cls(work, facts, reading.rows, tuple(source))._named()

    @property
    def files_read(self) -> tuple[str, ...]:
        """The files, and those of a truth beside them."""
        truth = self.work.recipe.truth
        return self.files if truth is None else (*self.files, *truth.files)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Names of the classes in the order of the predictions."""
        return self.work.recipe.classes.shown

    @property
    def kind(self) -> str:
        """What the predictions are, one of "probs", "logits" and "logprobs"."""
        return self.work.recipe.roles.kind

    @property
    def bins(self) -> Mapping[str, Bins]:
        """Where numbers to slice by are cut, by the name of the column."""
        return self.work.bins

    @cached_property
    def _sizes(self) -> list[int]:
        return self.work.sizes(by_rows=self.rows is not None)

    @property
    def job(self) -> SplitJob:
        """The splits as what an engine runs tasks of."""
        work = self.work
        return SplitJob(self.splits, self._sizes, lambda group: text_of(work.only(group).said()))

    def part(self, part: int, parts: int) -> tuple[PlannedSplit, ...]:
        """The splits of one of some parts of about the same size, which count from 1.

        Examples
        --------
        ``plan.evaluate(plan.part(3, 40))`` is what ``unsurprised evaluate --part 3/40`` does.
        """
        return tuple(self.splits[number] for number in part_of(self._sizes, part, parts))

    @own_float_errors
    def evaluate(
        self,
        splits: Iterable[int | PlannedSplit] | None = None,
        *,
        progress: Progress | None = None,
    ) -> PlannedEvaluator:
        """Evaluate some splits, by default all, in threads of this process.

        Parameters
        ----------
        splits : iterable of int or PlannedSplit, optional
            Which of :attr:`splits`; none of them gives a state without rows, which merges.
        progress : callable, optional
            Is given a number of rows whenever some were read.

        Returns
        -------
        Evaluator
            Of these rows. It merges with others of this plan.

        Raises
        ------
        InputError
            For the first wrong row of these splits, and for a file that is not as it was planned.
        """
        asked = range(len(self.splits)) if splits is None else splits
        numbers = checked_numbers(asked, len(self.splits))
        with counted_in_some(whole=len(numbers) == len(self.splits)):
            found, rows = self.work.only(numbers).evaluate(progress)
        return PlannedEvaluator.of(found, self.share(numbers, rows))

    def refuse_other(self, evaluator: Evaluator) -> PlannedEvaluator:
        """An evaluator that holds splits of this plan; an error for any other."""
        if not isinstance(evaluator, PlannedEvaluator) or evaluator.plan_id != self.id:
            theirs = getattr(evaluator, "plan_id", None)
            said = "no plan" if theirs is None else f"plan {theirs[:8]}"
            raise StateError(
                f"the states are of {said}; expected those of plan {self.id[:8]}: evaluate the "
                "parts of this plan file"
            )
        return evaluator

    def share(self, numbers: Iterable[int], rows: RowFacts) -> Share:
        """What a state knows that has seen some splits."""
        return Share(self.facts, intervals_of(numbers), rows, self.work.recipe.truth)

    def expecting(self, rows: int) -> Plan:
        """The same plan with so many rows expected, which changes no result."""
        work = replace(self.work, expected=rows)
        return replace(self, work=work, facts=replace(self.facts, expected=rows))._named()

    def to_json(self, *, indent: int | None = None) -> str:
        """The plan as JSON, for :meth:`from_json` of the same release, on any machine."""
        return text_of_plan(PREDICTIONS, self._said(), indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> Plan:
        """The plan that :meth:`to_json` wrote.

        Raises
        ------
        StateError
            It is none, it was altered, or another release wrote it.
        """
        said = said_in_plan(text)
        refuse_columns_alone(said)
        with sensible():
            facts = PlanFacts.of_said(said["facts"])
            source = tuple(map(str, said["source"]))
            plan = cls(Work.of_said(said["work"]), facts, said["rows"], source)
            refuse_altered(facts.id, plan._named().id)
        return plan

    def __repr__(self) -> str:
        rows = "" if self.rows is None else f", rows {self.rows:,}"
        return f"<Plan {self.id[:8]}: splits {len(self.splits):,}, files {len(self.files):,}{rows}>"

    def _said(self) -> dict[str, Any]:
        from unsurprised import __version__

        return {
            "unsurprised": __version__,
            "rows": self.rows,
            "source": list(self.source),
            "facts": self.facts.said(),
            "work": self.work.said(),
        }

    def _named(self) -> Plan:
        """The plan with its digest."""
        return replace(self, facts=replace(self.facts, id=digest_of_plan(self._said())))
