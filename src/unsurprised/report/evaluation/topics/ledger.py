"""Where the bits go: the account from knowing nothing to what the model paid."""

from __future__ import annotations

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.palette import PAGE
from unsurprised.report.evaluation import sentences
from unsurprised.report.evaluation.topics import ledger_chart as ledger
from unsurprised.report.numbers import counted
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import Cell, Chart, Section, Table, named, ranged


def section(evaluation: Evaluation) -> Section | None:
    """The waterfall; what it needs is not there for every input."""
    says = sentences.notes(evaluation)
    steps = ledger.steps(evaluation)
    if not steps and not says:
        return None
    found = evaluation.ledger
    if found is not None and found.rows < evaluation.rows:
        says.append(f"The account is of a sample of {counted(found.rows, 'row')}.")
    return Section("ledger", "Where the bits go", says, _charts(evaluation, steps), terms=TERMS)


def _charts(evaluation: Evaluation, steps: list[ledger.Step]) -> list[Chart]:
    if not steps:
        return []
    rows = [
        [named(step.name), Cell(step.shown), ranged(step.estimate), Cell(step.definition)]
        for step in steps
    ]
    header = ["step", f"{evaluation.unit} a row", "95 % interval", ""]
    return [
        Chart(
            "ledger",
            f"From knowing nothing to the model, in {evaluation.unit} a row",
            spec(ledger.chart(evaluation, PAGE)),
            Table("The ledger", header, rows, words=1),
        )
    ]


TERMS = (
    ("knowing nothing", "log K: the surprisal of each of K classes where all are held equal."),
    (
        "label entropy",
        "−Σ f log f over the frequencies f of the classes among these rows: the surprise a row of "
        "someone who knows those and nothing else.",
    ),
    (
        "discrimination",
        "label entropy − cross-entropy of the recalibrated model: what the predictions tell of "
        "each row once they are read at their best.",
    ),
    (
        "miscalibration",
        "cross-entropy − cross-entropy of the recalibrated model. Recalibration is fitted to some "
        "rows and judged on others (five folds), so it can be below 0: then it would do harm.",
    ),
    (
        "cross-entropy",
        "The mean of −log q(y) over the rows, q(y) the probability that the model gave to what "
        "happened. In nats it is what others call log loss. It is label entropy − discrimination "
        "+ miscalibration.",
    ),
)
