"""A plan: the splits of some files, and all that whoever evaluates one of them has to know."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from unsurprised.copies import Record
from unsurprised.engines.running import SplitJob
from unsurprised.engines.splits import PlannedSplit, checked_numbers, intervals_of, part_of
from unsurprised.engines.tasks import text_of
from unsurprised.errors import StateError, SumsOffError
from unsurprised.evaluation.bins import Bins
from unsurprised.evaluation.engine import Progress, first_look, refuse_no_rows
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.plans.planned import PlannedEvaluator
from unsurprised.evaluation.plans.share import PlanFacts, RowFacts, Share
from unsurprised.evaluation.plans.work import PlannedFile, Work
from unsurprised.float_errors import own_float_errors
from unsurprised.sources.marks import Mark
from unsurprised.sources.options import Options
from unsurprised.sources.reading import Reading
from unsurprised.sources.recipes import SourceRecipe
from unsurprised.sources.unchanged import refuse_changed
from unsurprised.states.serial import sensible, written

#: Name and version of a plan's JSON.
SCHEMA = "unsurprised.plan/1"


@dataclass(frozen=True, repr=False)
class Plan(Record):
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

    @classmethod
    def of(
        cls,
        reading: Reading,
        options: Options,
        *,
        top: int = 10,
        sampled: bool = True,
        expect: int | None = None,
    ) -> Plan:
        """The plan of a source that was opened with ``options``."""
        splits, bins = dict(enumerate(reading.plan())), first_look(reading)
        if not splits:
            refuse_no_rows(Evaluator(), reading.files)
        places = sorted({split.file_index for split in splits.values()})
        files = {
            place: PlannedFile(table.file or "", tuple(map(Mark.of, table.stamps)))
            for place, table in ((place, reading.tables[place]) for place in places)
        }
        # A file that was written since it was opened would have other ends.
        refuse_changed(stamp for place in places for stamp in reading.tables[place].stamps)
        expected = (reading.rows or 0) if expect is None else expect
        recipe = SourceRecipe.of(reading, options)
        work = Work(recipe, bins, top, sampled, expected, files, splits)
        sizes: dict[int, list[int | None]] = {place: [] for place in range(len(reading.files))}
        for split in splits.values():
            sizes[split.file_index].append(split.part.rows)
        layout = tuple((reading.files[place], tuple(rows)) for place, rows in sizes.items())
        choices, unsaid = dict(reading.choices), reading.unsaid_start()
        facts = PlanFacts("", layout, expected, reading.interpretation, choices, unsaid)
        return cls(work, facts, reading.rows)._named()

    @property
    def id(self) -> str:
        """A digest of all that the plan says, by which states of one plan know each other."""
        return self.facts.id

    @property
    def splits(self) -> tuple[PlannedSplit, ...]:
        """What is read apart from each other, in the order of the rows."""
        return self.facts.splits

    @property
    def files(self) -> tuple[str, ...]:
        """The files, in the order of their rows."""
        return self.facts.files

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
        """How much work each split is: its rows, or the bytes of its file."""
        return [
            sum(mark.size for mark in self.work.files[split.file_index].marks)
            if self.rows is None
            else split.part.rows or 0
            for split in self.work.splits.values()
        ]

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
        try:
            found, rows = self.work.only(numbers).evaluate(progress)
        except SumsOffError as error:
            if len(numbers) == len(self.splits):
                raise
            raise error.noted(f"{error.note}, in the splits that were asked for") from None
        return PlannedEvaluator.of(found, self.share(numbers, rows))

    def refuse_other(self, evaluator: Evaluator) -> Evaluator:
        """An evaluator that holds splits of this plan; an error for any other."""
        theirs = getattr(evaluator, "plan_id", None)
        if theirs != self.id:
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
        return Plan(work, replace(self.facts, expected=rows), self.rows)._named()

    def to_json(self, *, indent: int | None = None) -> str:
        """The plan as JSON, for :meth:`from_json` of the same release, on any machine."""
        said = {"schema": SCHEMA, **self._said()}
        return json.dumps(said, indent=indent, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Plan:
        """The plan that :meth:`to_json` wrote.

        Raises
        ------
        StateError
            It is none, it was altered, or another release wrote it.
        """
        from unsurprised import __version__

        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            raise StateError(
                "this is no plan: it is no JSON; expected what to_json wrote"
            ) from None
        if not isinstance(said, dict) or not str(said.get("schema")).startswith(
            "unsurprised.plan/"
        ):
            raise StateError("this is no plan; expected what to_json (unsurprised plan) wrote")
        if said["schema"] != SCHEMA or said.get("unsurprised") != __version__:
            raise StateError(
                f"the plan was written by unsurprised {said.get('unsurprised')}, and this is "
                f"unsurprised {__version__}; plan and evaluate with one release on all machines"
            )
        with sensible():
            facts = PlanFacts.of_said(said["facts"])
            plan = cls(Work.of_said(said["work"]), facts, said["rows"])
            if plan._named().id != facts.id:
                raise StateError("the plan was altered: its digest is wrong; make it again")
        return plan

    def __repr__(self) -> str:
        rows = "" if self.rows is None else f", rows {self.rows:,}"
        return f"<Plan {self.id[:8]}: splits {len(self.splits):,}, files {len(self.files):,}{rows}>"

    def _said(self) -> dict[str, Any]:
        from unsurprised import __version__

        return {
            "unsurprised": __version__,
            "rows": self.rows,
            "facts": self.facts.said(),
            "work": self.work.said(),
        }

    def _named(self) -> Plan:
        """The plan with its digest."""
        said = self._said()
        del said["facts"]["id"]
        digest = hashlib.sha256(written(said).encode()).hexdigest()
        return Plan(self.work, replace(self.facts, id=digest), self.rows)
