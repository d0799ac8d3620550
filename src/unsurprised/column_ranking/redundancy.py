"""What ranked columns share with those above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unsurprised.copies import Record
from unsurprised.estimate.mutual_information import mutual_information
from unsurprised.estimate.result import SampleEstimate


@dataclass(frozen=True, slots=True)
class Redundancy(Record):
    """What a column shares with the one of those above it that it shares most with.

    Parameters
    ----------
    name, other : str
        The column, and the one above it.
    shared : SampleEstimate
        Their mutual information.
    beyond : SampleEstimate
        What the column tells of y beyond the other: I(X; Y | other).
    """

    name: str
    other: str
    shared: SampleEstimate
    beyond: SampleEstimate


def redundancies(
    columns: Mapping[str, Any], ranked: Sequence[str], y: str, options: Mapping[str, Any]
) -> tuple[Redundancy, ...]:
    """Of each ranked column but the first; as many estimates as there are pairs."""
    found = []
    for place, name in enumerate(ranked[1:], 1):
        shared = {
            other: mutual_information(columns[name], columns[other], **options)
            for other in ranked[:place]
        }
        most = max(shared, key=lambda other: shared[other].value)
        beyond = mutual_information(columns[name], columns[y], columns[most], **options)
        found.append(Redundancy(name, most, shared[most], beyond))
    return tuple(found)
