"""One calibrator after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unsurprised.array_types import Values
from unsurprised.calibrators._base import Calibrator, Parameters, Stage
from unsurprised.calibrators._rows import FittingRows
from unsurprised.errors import CallError


class Chain(Calibrator):
    """Calibrators one after the other, each fitted on what those before it make of the rows.

    Parameters
    ----------
    steps : sequence of Calibrator
        At least one, in the order in which they are applied.

    Examples
    --------
    >>> from unsurprised.calibrators import TemperatureScaling, UniformMixing
    >>> model = [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.2, 0.8]]
    >>> chain = Chain([UniformMixing(), TemperatureScaling()]).fit(model, [0, 0, 0, 1])
    >>> bool((chain.transform(model) > 0).all())  # a temperature alone would leave the zeros
    True
    """

    def __init__(self, steps: Sequence[Calibrator]) -> None:
        self.steps = steps

    @property
    def title(self) -> str:  # type: ignore[override]
        """The steps' titles."""
        return ", then ".join(step.title for step in self.steps)

    @property
    def keeps_ranking(self) -> bool:  # type: ignore[override]
        """Whether every step keeps the order of a row's scores."""
        return all(step.keeps_ranking for step in self.steps)

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        steps: Any = self.steps if isinstance(self.steps, list | tuple) else []
        if not steps or not all(isinstance(step, Calibrator) for step in steps):
            raise CallError(f"steps={self.steps!r}; expected a list of at least one calibrator")
        notes: tuple[str, ...] = ()
        for step in self.steps:
            step.fit_rows(rows)
            rows = rows.with_log(step.map_rows(rows.log))
            notes += step.notes_
        return {}, notes

    def near(self) -> Chain:
        """One whose steps' fits may begin where those of this one ended."""
        return Chain([step.near() for step in self.steps])

    def map_rows(self, log: Values) -> Values:
        """Natural log-probabilities (n, K) to calibrated ones."""
        self._check_fitted()
        for step in self.steps:
            log = step.map_rows(log)
        return log

    def stages(self) -> list[Stage]:
        """The steps' formulas and parameters."""
        self._check_fitted()
        return [stage for step in self.steps for stage in step.stages()]
