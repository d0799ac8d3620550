"""What recalibration would save, family by family, and how much of it chance would show."""

from __future__ import annotations

from unsurprised.evaluation.records import Ledger, Recalibration
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.numbers import ABSENT, number, p_value, printable
from unsurprised.report.pages.parts import (
    Cell,
    HtmlTable,
    Section,
    amount,
    counting,
    named,
    ranged,
)


def section(evaluation: Evaluation) -> Section | None:
    """A row for each family of recalibrations."""
    ledger = evaluation.ledger
    if ledger is None:
        return None
    header = ["family", "saves on unseen rows", "95 % interval", "in sample",
              "in sample if calibrated", "p-value", "parameters"]  # fmt: skip
    table = HtmlTable(
        f"What recalibration would save, in {evaluation.unit} a row",
        header,
        [_row(each) for each in ledger.recalibrations],
        " ".join(f"Not tried: {name}: {printable(why)}." for name, why in ledger.left_out.items()),
        keeps=2,
    )
    return Section(
        "recalibration",
        "What would recalibration save?",
        _says(ledger, evaluation),
        tables=[table],
        advice=_advice(ledger),
        terms=TERMS,
    )


def _row(each: Recalibration) -> list[Cell]:
    known = each.if_calibrated
    return [
        named(each.family),
        amount(each.miscalibration.value),
        ranged(each.miscalibration),
        amount(each.miscalibration_in_sample.value),
        amount(None if known is None else known.mean),
        Cell(ABSENT if known is None else p_value(known.p_value)),
        Cell(ABSENT) if each.parameters is None else counting(each.parameters),
    ]


def _says(ledger: Ledger, evaluation: Evaluation) -> list[str]:
    last = ledger.recalibrations[-1]
    known, unit = last.if_calibrated, evaluation.unit
    if known is None:
        why = evaluation.missing.get("if_calibrated")
        return (
            [f"What a calibrated model would show is not known: {printable(why)}."] if why else []
        )
    return [
        f"On the rows that it is fitted to, {last.family} saves "
        f"{number(last.miscalibration_in_sample.value)} {unit} a row. Of a calibrated model it "
        f"would seem to save {number(known.mean)} on average, and more than {number(known.high)} "
        "in one case of twenty."
    ]


def _advice(ledger: Ledger) -> str:
    saved, known = ledger.miscalibration, ledger.recalibrations[-1].if_calibrated
    if ledger.mixed is not None:
        return (
            "Mix in some of the uniform distribution before all else: a probability of 0 cannot be "
            "mended by any number of right answers. “unsurprised calibrate --method mixing” says "
            "how much."
        )
    if saved.low > 0 and (known is None or known.exceeded):
        return (
            "Save it: “unsurprised calibrate held-out.parquet --save calibrator.json” fits a "
            "calibrator to rows that the model was not trained on, and “unsurprised apply” sends "
            "predictions through it. The rest is discrimination: better features, more data, a "
            "better model."
        )
    if known is not None and known.exceeded:
        return (
            "It is miscalibrated, but by too little for these families to be sure to save "
            "anything. “unsurprised calibrate” tries more, and says whether one of them helps."
        )
    return (
        "Leave the calibration as it is. What remains to be gained is discrimination: better "
        "features, more data, a better model."
    )


TERMS = (
    (
        "saves on unseen rows",
        "Miscalibration, cross-fitted: cross-entropy before − after recalibration, on rows that "
        "were left out of the fit.",
    ),
    (
        "in sample if calibrated",
        "The same on the rows of the fit is above 0 even of a perfect model, for it follows the "
        "noise of the labels. Here labels are drawn from the predictions themselves, many times, "
        "and the mean is shown.",
    ),
    (
        "p-value",
        "How often a calibrated model would look at least as miscalibrated, in sample, as this.",
    ),
)
