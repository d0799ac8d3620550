"""Which figures are not there, and why."""

from __future__ import annotations

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.evaluation import sentences
from unsurprised.report.pages.parts import Section


def section(evaluation: Evaluation) -> Section | None:
    """A sentence a reason."""
    lines = sentences.missing(evaluation)
    return Section("missing", "Not reported", lines) if lines else None
