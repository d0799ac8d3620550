"""What is asked of a data set whose columns are ranked."""

from __future__ import annotations

from dataclasses import dataclass

from unsurprised.copies import Record
from unsurprised.errors import CallError
from unsurprised.estimate.permutations import checked_count
from unsurprised.estimate.settings import number_settings
from unsurprised.statistics.jackknife import checked_rate
from unsurprised.units import checked_base

SAMPLE = 20_000


@dataclass(frozen=True)
class MiSettings(Record):
    """What is asked of a data set."""

    y: str
    given: str | None = None
    numbers: tuple[str, ...] = ()
    fdr: float = 0.05
    permutations: int | None = None
    sample: int = SAMPLE
    k: int = 3
    seed: int = 0
    base: float = 2.0
    redundancy: bool = False
    batch_rows: int | None = None

    def __post_init__(self) -> None:
        checked_rate(self.fdr)
        checked_base(self.base)
        number_settings("auto", self.k, None, "auto", checked_count(self.seed, "seed"))
        if self.permutations is not None and not checked_count(self.permutations, "permutations"):
            raise CallError(
                "permutations=0 (--permutations); expected some, which p-values rest on"
            )
        if checked_count(self.sample, "sample") < 2:
            raise CallError(f"sample={self.sample} (--sample); expected at least 2 rows")
        if not isinstance(self.y, str):
            raise CallError(
                f"y is a {type(self.y).__name__}; expected the name of a column of the source (--y)"
            )
        if self.y == self.given:
            raise CallError(f"given={self.given!r} is y itself; expected another column (--given)")
        if self.redundancy and self.given is not None:
            raise CallError(
                "redundancy (--redundancy) and given (--given); expected one of them: both say "
                "what is told beyond a column"
            )

    @property
    def options(self) -> list[tuple[str, str]]:
        """The columns that are named, with the option that names each."""
        known = [] if self.given is None else [(self.given, "given")]
        return [(self.y, "y"), *known, *((name, "numbers") for name in self.numbers)]
