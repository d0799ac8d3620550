"""Conditions on which drift fails a job, such as ``bits>0.05``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from unsurprised.copies import Record
from unsurprised.dataset_drift.result import ColumnDrift, Drift
from unsurprised.errors import CallError

Outcome = Literal["passed", "failed", "unsure"]

_CONDITION = re.compile(r"\s*([a-z]+)\s*>\s*([^\s>]+)\s*")


@dataclass(frozen=True, slots=True)
class DriftFinding(Record):
    """A column, or all of them, held against a condition."""

    condition: str
    #: A column's name, or "all columns".
    where: str
    #: "failed" where the interval lies above the limit, "unsure" where the limit is within it.
    outcome: Outcome
    #: What was found, in words.
    said: str


def findings_of(drift: Drift, conditions: Sequence[str]) -> tuple[DriftFinding, ...]:
    """What conditions say of a comparison; of each at least one finding.

    ``bits`` and ``psi`` ask about every column that drifted: one that did not, passes. ``drifted``,
    ``changed`` (types) and ``missing`` (columns of the base) are numbers of columns.

    Examples
    --------
    >>> checked_conditions(["bits>0.05", "drifted > 3"])
    [('bits', 0.05), ('drifted', 3.0)]
    """
    found: list[DriftFinding] = []
    for text, (quantity, limit) in zip(conditions, checked_conditions(conditions), strict=True):
        found += _QUANTITIES[quantity](drift, limit, " ".join(text.split()))
    return tuple(found)


def checked_conditions(conditions: Sequence[str]) -> list[tuple[str, float]]:
    """The quantity and the limit of each; an error for what is no condition."""
    checked = []
    for text in conditions:
        match = _CONDITION.fullmatch(text)
        try:
            limit = float(match[2]) if match else math.nan
        except ValueError:
            limit = math.nan
        if match is None or match[1] not in _QUANTITIES or not limit >= 0:
            names = ", ".join(_QUANTITIES)
            raise CallError(
                f"--fail-if {text!r}: no condition; expected QUANTITY>NUMBER, such as 'bits>0.05', "
                f"of one of {names}"
            )
        checked.append((match[1], limit))
    return checked


def outcome_of(findings: Sequence[DriftFinding]) -> Outcome:
    """The worst of what was found."""
    outcomes = {finding.outcome for finding in findings}
    return "failed" if "failed" in outcomes else "unsure" if "unsure" in outcomes else "passed"


def _bits(drift: Drift, limit: float, text: str) -> list[DriftFinding]:
    def judged(column: ColumnDrift) -> DriftFinding:
        found = column.drift
        outcome: Outcome = (
            "failed" if found.low > limit else "passed" if found.high <= limit else "unsure"
        )
        said = f"{found.value:.4g} bits ({found.low:.4g} to {found.high:.4g}); {limit:g} is allowed"
        return DriftFinding(text, column.name, outcome, said)

    return _of_columns(drift, limit, text, judged)


def _psi(drift: Drift, limit: float, text: str) -> list[DriftFinding]:
    def judged(column: ColumnDrift) -> DriftFinding:
        said = f"a stability index of {column.psi:.4g}; {limit:g} is allowed"
        return DriftFinding(text, column.name, "failed" if column.psi > limit else "passed", said)

    return _of_columns(drift, limit, text, judged)


def _of_columns(
    drift: Drift, limit: float, text: str, judged: Callable[[ColumnDrift], DriftFinding]
) -> list[DriftFinding]:
    found = [judged(column) for column in drift.drifted]
    if found:
        return found
    return [DriftFinding(text, "all columns", "passed", f"none drifted; {limit:g} is allowed")]


def _counted(
    names: Callable[[Drift], list[str]], what: str
) -> Callable[[Drift, float, str], list[DriftFinding]]:
    def found(drift: Drift, limit: float, text: str) -> list[DriftFinding]:
        which = names(drift)
        listed = f" ({', '.join(which[:6])}{', …' if len(which) > 6 else ''})" if which else ""
        outcome: Outcome = "failed" if len(which) > limit else "passed"
        said = f"{len(which)} {what}{listed}; {limit:g} is allowed"
        return [DriftFinding(text, "all columns", outcome, said)]

    return found


def _apart(reason: str) -> Callable[[Drift], list[str]]:
    return lambda drift: [column.name for column in drift.apart if column.reason == reason]


_QUANTITIES: dict[str, Callable[[Drift, float, str], list[DriftFinding]]] = {
    "bits": _bits,
    "psi": _psi,
    "drifted": _counted(lambda drift: [column.name for column in drift.drifted], "columns drifted"),
    "changed": _counted(_apart("type changed"), "columns of another type"),
    "missing": _counted(_apart("only in base"), "columns of the base are missing"),
}
