"""The numbers of drift for experiment trackers."""

from __future__ import annotations

from unsurprised.dataset_drift.result import Drift
from unsurprised.report.json import flatten, tracked


def flat(drift: Drift) -> dict[str, float]:
    """How many columns drifted of how many; of each column the bits, p and q; what moved."""
    found: dict[str, float] = {
        "base_rows": drift.base_rows,
        "new_rows": drift.new_rows,
        "compared": len(drift.columns),
        "drifted": len(drift.drifted),
    }
    names = tracked(column.name for column in drift.columns)
    for name, column in zip(names, drift.columns, strict=True):
        flatten(found, f"columns/{name}/drift", column.drift)
        flatten(found, f"columns/{name}/p_value", column.p_value)
        flatten(found, f"columns/{name}/q_value", column.q_value)
        flatten(found, f"columns/{name}/psi", column.psi)
    for each in drift.moved:
        flatten(found, f"moved/{each.name.replace(' ', '_')}", each.difference)
    return found
