"""The numbers of a check for experiment trackers."""

from __future__ import annotations

from unsurprised.comparison.check import Check
from unsurprised.report.json import flatten, tracked


def flat(check: Check) -> dict[str, float]:
    """How many limits passed, failed and are unsure; what was measured, and the limit, of each."""
    found: dict[str, float] = {}
    for outcome in ("passed", "failed", "unsure"):
        found[outcome] = sum(finding.outcome == outcome for finding in check.findings)
    names = tracked(f"{finding.quantity} {finding.where}" for finding in check.findings)
    for name, finding in zip(names, check.findings, strict=True):
        flatten(found, f"findings/{name}", finding)
    return found
