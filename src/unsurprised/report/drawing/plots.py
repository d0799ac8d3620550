"""``result.plot``: what the charts of all kinds of results have in common."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from unsurprised.copies import Kept
from unsurprised.errors import CallError
from unsurprised.report.numbers import printable

Result = TypeVar("Result")


class Charts(Kept, Generic[Result]):
    """The charts of a result, each an Altair chart that holds its data.

    A chart is shown by a notebook as it is, saved by its ``save("chart.svg")`` (or ``.png``,
    ``.html``, ``.json``), and changed by Altair's own methods.
    """

    def __init__(self, result: Result) -> None:
        self._result = result

    def _need(self, name: str, data: Any, why: str) -> None:
        """Raise where there is nothing to draw."""
        if not data:
            raise CallError(f"plot.{name}(): nothing to draw: {printable(why)}")
