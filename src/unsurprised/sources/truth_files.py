"""Labels in other files, which whoever reads some of the predictions opens by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from unsurprised.copies import Record
from unsurprised.errors import CallError, InputError
from unsurprised.sources.joined import Solution
from unsurprised.sources.marks import Mark
from unsurprised.sources.options import Options
from unsurprised.sources.standard_input import is_kept
from unsurprised.sources.unchanged import refuse_changed
from unsurprised.states.marked_rows import MOST_ROWS, MarkedRows
from unsurprised.states.serial import whole


@dataclass(frozen=True, slots=True)
class TruthFiles(Record):
    """Which files they are, as they were, and what was taken from them: no rows."""

    files: tuple[str, ...]
    marks: tuple[Mark, ...]
    #: Columns that their folders name and that hold integers.
    integers: tuple[str, ...]
    id: str
    #: The column of the labels, and what it is called among those of the predictions.
    label: str
    column: str
    join: str
    #: How many rows they have.
    rows: int

    @classmethod
    def of(cls, solution: Solution) -> Self:
        """Those of labels that were read; an error where others cannot read them."""
        files = [file for file in solution.files if file is not None and not is_kept(file)]
        if len(files) < len(solution.files):
            raise CallError(
                "the truth (--truth) of a plan is opened by others too; expected files, no data "
                "frame and no -"
            )
        marks = tuple(map(Mark.of, solution.stamps))
        refuse_changed(solution.stamps)  # a file that was written since would have other ends
        return cls(
            tuple(files),
            marks,
            tuple(sorted(solution.integers)),
            solution.id,
            solution.label,
            solution.column,
            solution.join,
            solution.rows,
        )

    @property
    def nothing_met(self) -> MarkedRows | None:
        """Its rows before any prediction is read, where each row must have one."""
        return MarkedRows.none(self.rows) if self.join == "exact" else None

    def opened(self) -> Solution:
        """The labels by id, of files that have not changed."""
        refuse_changed(self.marks)
        options = Options(id=self.id, label=self.label, truth=self.files, join=self.join)
        solution = Solution(self.files, options, self.integers)
        solution.column = self.column
        return solution

    def refuse_unmatched(self, met: MarkedRows) -> None:
        """Raise as :meth:`Solution.finish` does, once all predictions were read, by whomever."""
        if met.all:
            return
        try:
            solution = self.opened()
        except InputError as error:
            rows, first = met.rows - int(met.marked.sum()), int(met.marked.argmin())
            raise InputError(
                f"{rows:,} {'row of the truth has' if rows == 1 else 'rows of the truth have'} no "
                f"prediction, the first is row {first}, whose id cannot be told: {error}"
            ) from None
        solution.meet(met)
        solution.finish()

    def said(self) -> dict[str, Any]:
        """The files as dictionaries, lists and plain values."""
        return {
            **self._kept(),
            "files": list(self.files),
            "marks": [mark.said() for mark in self.marks],
            "integers": list(self.integers),
        }

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> Self:
        """What :meth:`said` told."""
        return cls(
            tuple(map(str, said["files"])),
            tuple(map(Mark.of_said, said["marks"])),
            tuple(map(str, said["integers"])),
            str(said["id"]),
            str(said["label"]),
            str(said["column"]),
            str(said["join"]),
            whole(said["rows"], "rows of the truth", 0, MOST_ROWS),
        )
