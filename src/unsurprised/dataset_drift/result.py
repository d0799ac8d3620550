"""What ``drift`` answers: immutable records, bits as :class:`Estimate`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from unsurprised.copies import Record
from unsurprised.reported import Reported
from unsurprised.statistics.estimate import Estimate

if TYPE_CHECKING:
    from unsurprised.report.drift.plot import Plots

#: Why a column is not compared in bits.
Reason = Literal[
    "type changed", "only in base", "only in new", "identifier", "constant", "empty", "clock",
    "nested",
]  # fmt: skip
#: The reasons, those first that a reader should see first.
REASONS: tuple[Reason, ...] = get_args(Reason)


@dataclass(frozen=True, slots=True)
class CellShift(Record):
    """A category, a number, or numbers from one to another: its rows in both data sets.

    Examples
    --------
    >>> CellShift("cat", "value", 10, 30, 0.01).name
    'cat'
    """

    name: str
    #: "value", "range", "null", or "others": all that is not kept by itself.
    kind: str
    base: int
    new: int
    #: What it adds to the divergence of the shares as they are, in bits.
    bits: float


@dataclass(frozen=True, slots=True)
class Parts(Record):
    """What the divergence of a column's shares is made of, in bits; their sum is ``plugin``."""

    nulls: float
    new: float
    vanished: float
    rest: float


@dataclass(frozen=True, slots=True)
class ColumnDrift(Record):
    """How far a column has moved.

    ``drift`` is the Jensen–Shannon divergence between the base's and the new data's shares, in
    bits, less its bias: what one row tells about which of the two it is from. 0 means nothing, 1
    that they have nothing in common; it may be below 0 where there is less than chance makes.
    """

    name: str
    #: "number", "category", "boolean" or "time".
    kind: str
    drift: Estimate
    #: Share of the permutations that part the data as much.
    p_value: float
    #: The false discovery rate at which the column would just be said to have drifted.
    q_value: float
    drifted: bool
    permutations: int
    #: Rows of both that are compared: all, or those that hold a value where nulls are left out.
    base_rows: int
    new_rows: int
    #: The divergence of the shares as they are, and what it is made of.
    plugin: float
    parts: Parts
    #: Share of the rows that hold a null or NaN.
    base_nulls: float
    new_nulls: float
    #: Categories (or single numbers) that only one of the two holds, most rows first.
    new_values: tuple[CellShift, ...]
    vanished_values: tuple[CellShift, ...]
    #: Population stability index over the same cells, in nats, half a row added to each; and what
    #: it is above in 5 % of comparisons without drift.
    psi: float
    psi_noise: float
    #: How many cells there are, and those with the most rows, in the order of their values.
    cell_count: int
    cells: tuple[CellShift, ...]
    #: What a reader should know.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnApart(Record):
    """A column that has no bits, and why."""

    name: str
    reason: Reason
    #: What was found, in words.
    said: str


@dataclass(frozen=True, slots=True)
class Moved(Record):
    """A figure of the labels or of the model in both data sets, and by how much it moved."""

    #: "entropy of the labels", "entropy of the predictions", "cross-entropy", "accuracy".
    name: str
    base: Estimate
    new: Estimate
    #: New − base.
    difference: Estimate
    p_value: float


@dataclass(frozen=True, slots=True)
class WindowColumn(Record):
    """A column within a span of time, against the base."""

    name: str
    drift: Estimate
    q_value: float
    drifted: bool


@dataclass(frozen=True, slots=True)
class TimeWindow(Record):
    """The new rows of a span of time against the base."""

    name: str
    rows: int
    #: How many columns drifted, at the false discovery rate within the window.
    drifted: int
    #: The columns that are compared, those with the most bits first.
    columns: tuple[WindowColumn, ...]

    def bits(self, name: str) -> Estimate | None:
        """The drift of a column; None where it is not compared in this window."""
        return next((column.drift for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True, repr=False)
class Drift(Reported):
    """How far new data have moved from a base, column by column.

    Examples
    --------
    >>> import unsurprised as us
    >>> us.drift({"a": ["x", "y"] * 99}, {"a": ["x", "x"] * 99})["a"].drift
    Estimate(0.3093 bits, 0.248 to 0.3768, 396 rows)
    """

    _kind: ClassVar[str] = "drift"

    if TYPE_CHECKING:

        @property
        def plot(self) -> Plots:
            """The charts of the report."""

    base_rows: int
    new_rows: int
    #: False discovery rate.
    fdr: float
    #: The columns that are compared, those that drifted first, most bits first.
    columns: tuple[ColumnDrift, ...]
    #: The columns that are not.
    apart: tuple[ColumnApart, ...]
    #: How the two data sets weigh in the divergence.
    weights: str = "equal"
    unit: str = "bits"
    #: What is done with nulls: "category" or "skip".
    nulls: str = "category"
    #: What the labels and the model's own surprise did.
    moved: tuple[Moved, ...] = ()
    #: The column that windows of time are cut by, and the windows.
    by: str | None = None
    windows: tuple[TimeWindow, ...] = field(default=())
    #: Which splits of the plans of states are missing.
    notes: tuple[str, ...] = ()

    @property
    def drifted(self) -> tuple[ColumnDrift, ...]:
        """The columns that drifted."""
        return tuple(column for column in self.columns if column.drifted)

    def __getitem__(self, name: str) -> ColumnDrift:
        """The column of a name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
