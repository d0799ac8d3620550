"""What ``mi`` answers: columns in the order of what they tell, and those that tell nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from unsurprised.column_ranking.dependence import Dependence
from unsurprised.column_ranking.redundancy import Redundancy
from unsurprised.estimate.ranking import RankedColumn
from unsurprised.estimate.result import SampleEstimate
from unsurprised.reported import Reported

if TYPE_CHECKING:
    from unsurprised.report.ranking.plot import Plots


@dataclass(frozen=True, slots=True, repr=False)
class InformationRanking(Reported):
    """The columns of a data set by the mutual information of each with one of them.

    Examples
    --------
    >>> import unsurprised as us
    >>> us.mi({"a": [1, 1, 2, 2] * 9, "b": [1, 2, 1, 2] * 9, "y": [0, 0, 1, 1] * 9}, y="y")
    <InformationRanking: 1 of 2 columns tells something of y (false discovery rate 5 %).>
    """

    _kind: ClassVar[str] = "ranking"

    if TYPE_CHECKING:

        @property
        def plot(self) -> Plots:
            """The charts of the report."""

    #: The column that the others are to tell of, and the one that is known already.
    y: str
    given: str | None
    #: How many rows there are, and of how many columns of numbers are judged; what else is counted
    #: in all rows, as ``.information.rows`` of a column says.
    rows: int
    sampled_rows: int
    #: The entropy of y where it holds categories, which shares are of.
    y_entropy: SampleEstimate | None
    #: The columns that have an estimate, from the one that tells most.
    columns: tuple[RankedColumn, ...]
    #: Those that have none, with the reason.
    apart: tuple[RankedColumn, ...]
    #: False discovery rate.
    fdr: float
    #: How many shuffles each p-value rests on.
    permutations: int
    unit: str = "bits"
    #: What a reader should know.
    notes: tuple[str, ...] = ()
    #: What the columns that tell something share with those above them, where that was asked for.
    redundancy: tuple[Redundancy, ...] = ()
    #: How y is spread over the values of the columns that tell most.
    pictures: tuple[Dependence, ...] = ()

    @property
    def informative(self) -> tuple[RankedColumn, ...]:
        """The columns with ``q_value`` up to the rate, which tell something."""
        return tuple(column for column in self.columns if column.q_value <= self.fdr)

    @property
    def sampled(self) -> tuple[RankedColumn, ...]:
        """The columns that are judged by the sample, where there are more rows."""
        return tuple(
            column
            for column in self.columns
            if column.information is not None and column.information.rows < self.rows
        )

    def __getitem__(self, name: str) -> RankedColumn:
        """The column of a name."""
        for column in (*self.columns, *self.apart):
            if column.name == name:
                return column
        raise KeyError(name)
