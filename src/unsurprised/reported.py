"""The face that all results have, and the one seam through which they reach their reports.

A result is computed below and shown above. It names its kind, and what it says of itself stands in
``unsurprised.report`` in the folder of that kind, which is loaded when somebody looks: nothing here
imports a report, and no result does.
"""

from __future__ import annotations

import json
import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from unsurprised.copies import Record
from unsurprised.float_errors import own_float_errors

if TYPE_CHECKING:
    from unsurprised.report.faces import Faces

#: The modules that hold the report of each kind of result, as ``FACES``.
REPORTS = {
    "account": "unsurprised.report.account.faces",
    "calibration": "unsurprised.report.calibration.faces",
    "check": "unsurprised.report.check.faces",
    "comparison": "unsurprised.report.comparison.faces",
    "drift": "unsurprised.report.drift.faces",
    "evaluation": "unsurprised.report.evaluation.faces",
    "explanation": "unsurprised.report.explanation.faces",
    "fidelity": "unsurprised.report.fidelity.faces",
    "ranking": "unsurprised.report.ranking.faces",
}


class Reported(Record):
    """Base of results: frozen dataclasses that can be printed, drawn, saved and logged.

    A subclass says its kind, of ``REPORTS``, and the version of its JSON, which is raised when
    a key changes its meaning or goes.

    Examples
    --------
    >>> import unsurprised as us
    >>> us.explain("b", [0.5, 0.5], names=["a", "b"])
    <Explanation: The model gave 50 % to what happened, 'b': 1 bit of surprise.>
    """

    __slots__ = ()

    _kind: ClassVar[str]
    _version: ClassVar[int] = 1

    @own_float_errors
    def as_dict(self, *, flat: bool = False) -> dict[str, Any]:
        """The fields as plain dictionaries, lists and numbers, in the order of the class.

        Infinities are the strings ``"inf"`` and ``"-inf"``, and NaN is None. The name and the
        version of the schema come first.

        Parameters
        ----------
        flat : bool, default False
            Give one dictionary of numbers, as ``mlflow.log_metrics`` and ``wandb.log`` take it:
            ``cross_entropy``, ``cross_entropy_low``, ``ledger/miscalibration``, …; what is missing
            or not a number is left out, and so are rows, slices, bins and tables. Infinities are
            ``float("inf")``.
        """
        faces = faces_of(self)
        if flat:
            return dict(faces.flat(self))
        return {"schema": self.schema_name(), **faces.fields(self)}

    def to_json(self, *, indent: int | None = 2) -> str:
        """The fields as JSON; infinities are the strings ``"inf"`` and ``"-inf"``, NaN is null."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    @classmethod
    def schema_name(cls) -> str:
        """Name and version of the JSON, as it says itself under ``schema``."""
        return f"unsurprised.{cls._kind}/{cls._version}"

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON Schema of :meth:`to_json`."""
        return _report(cls).schema()

    @own_float_errors
    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write the report as a page that holds all it needs: charts, tables, definitions.

        It opens from disk and loads nothing; text from the data cannot run in it.

        Parameters
        ----------
        path : path
            A new file, or a page that is replaced.

        Raises
        ------
        CallError
            Nothing can be written there, or what stands there is no page.
        """
        faces_of(self).write_page(self, path)

    @property
    def plot(self) -> Any:
        """The charts of the report for notebooks, each made by a method of this."""
        return faces_of(self).charts(self)

    @own_float_errors
    def to_text(self, *, full: bool = False, width: int = 80) -> str:
        """Write the report as plain text, as ``print`` and the command line show it.

        Parameters
        ----------
        full : bool, default False
            Say everything, rather than what fits a screen of 40 lines.
        width : int, default 80
            The longest line. Tables leave out columns, and say which, before a number is cut.

        Examples
        --------
        >>> import unsurprised as us
        >>> us.explain([0.5, 0.5]).to_text().splitlines()[0]
        'Learning what happened takes 1 bit on average, as if it were one of 2 equally'
        """
        return faces_of(self).written(self, full=full, width=width)

    def __str__(self) -> str:
        """The report as text of 40 lines at most where it has more; see :meth:`to_text`."""
        return self.to_text()

    @own_float_errors
    def __repr__(self) -> str:
        """The headline of the report."""
        return f"<{type(self).__name__}: {faces_of(self).headline(self)}>"

    @own_float_errors
    def _repr_html_(self) -> str:
        return faces_of(self).notebook(self)


def faces_of(result: Reported) -> Faces:
    """Representations of a result."""
    return _report(type(result))


def part_of_report(result: Reported, module: str) -> Any:
    """A module beside the report of a result, for what no other kind has."""
    return import_module(f"{REPORTS[result._kind].rpartition('.')[0]}.{module}")


def _report(kind: type[Reported]) -> Faces:
    found: Faces = import_module(REPORTS[kind._kind]).FACES
    return found
