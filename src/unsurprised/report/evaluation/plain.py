"""The numbers of an evaluation for experiment trackers."""

from __future__ import annotations

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.json import flat_fields, flatten, tracked


def flat(evaluation: Evaluation) -> dict[str, float]:
    """The figures, the ledger's sums and what each recalibration saves, the errors of the curve."""
    found = flat_fields(evaluation, without=("base", "ledger"))
    ledger = evaluation.ledger
    if ledger is not None:
        for name in ("rows", "label_entropy", "discrimination", "miscalibration", "cross_entropy"):
            flatten(found, f"ledger/{name}", getattr(ledger, name))
        names = tracked(each.family for each in ledger.recalibrations)
        for name, each in zip(names, ledger.recalibrations, strict=True):
            flatten(found, f"ledger/{name}", each)
    if evaluation.calibration:
        top = evaluation.calibration[0]
        for name in ("error", "error_debiased", "error_if_calibrated"):
            flatten(found, f"calibration/{name}", getattr(top, name))
    return found
