"""The names, units and one-line definitions of the figures: every report takes them from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: information: in the evaluation's unit · nats · share: shown in percent · number: no unit ·
#: other: not one number.
Style = Literal["information", "nats", "share", "number", "other"]


@dataclass(frozen=True, slots=True)
class Figure:
    """What one attribute of an evaluation is called and what it is made of."""

    field: str
    name: str
    definition: str
    style: Style = "other"


#: In the order of the reports: what was met, what was expected, what is noise, other views.
GROUPS: tuple[tuple[Figure, ...], ...] = (
    (
        Figure("cross_entropy", "cross-entropy", "mean surprisal of what happened", "information"),
        Figure("cross_entropy_nats", "  in nats", "as scikit-learn's log_loss counts", "nats"),
        Figure(
            "finite_cross_entropy", "  finite rows only", "the mean without them", "information"
        ),
        Figure("label_entropy", "label entropy", "cost of class frequencies alone", "information"),
        Figure(
            "information_gained",
            "information gained",
            "label entropy − cross-entropy",
            "information",
        ),
        Figure("information_gained_share", "  as a share", "of the label entropy (D²)", "share"),
    ),
    (
        Figure(
            "expected_surprisal",
            "expected surprisal",
            "mean entropy of the predictions",
            "information",
        ),
        Figure("confidence_gap", "confidence gap", "cross-entropy − expected", "information"),
    ),
    (
        Figure("truth_entropy", "truth entropy", "noise no model can predict", "information"),
        Figure("kl_divergence", "KL divergence", "the rest: the model's own share", "information"),
    ),
    (
        Figure("perplexity", "perplexity", "as unsure as among so many", "number"),
        Figure("accuracy", "accuracy", "top class is what happened", "share"),
        Figure(
            "worse_than_uniform", "worse than uniform", "more surprised than equal odds", "share"
        ),
    ),
)

QUANTILES = Figure("quantiles", "surprisal quantiles", "this share surprised less or as much")

SUM_DEVIATION = Figure("largest_sum_deviation", "largest |sum − 1|", "of a predicted row", "number")

#: What the reports show in words or in tables of their own.
OTHERS: tuple[Figure, ...] = (
    Figure("rows", "rows", "rows that were measured"),
    Figure("skipped_rows", "skipped rows", "rows left out because of nulls"),
    Figure("weight", "weight", "sum of the weights; the number of rows without weights"),
    Figure("weighted", "weighted", "whether the rows had weights"),
    Figure("unit", "unit", "unit of every figure of information that names no other"),
    Figure("base", "base", "base of the logarithm that the unit stands for"),
    Figure("classes", "classes", "names of the classes in the order of the columns"),
    Figure("infinite_rows", "infinite rows", "rows where the model gave 0 to what happened"),
    Figure("annotators", "annotators", "votes behind a truth of counts, and what few votes bias"),
    QUANTILES,
    Figure("histogram", "histogram", "rows, or their weight, by surprisal in [low, high)"),
    Figure("worst_rows", "worst rows", "the rows with the largest surprisal, largest first"),
    Figure("confusion", "confusion", "rows by class that happened, then by top class"),
    Figure("class_frequencies", "class frequencies", "share of each class that happened"),
    SUM_DEVIATION,
    Figure("missing", "missing", "what the input cannot tell, and why"),
)

#: Every figure by the attribute that holds it.
FIGURES: dict[str, Figure] = {
    figure.field: figure for group in (*GROUPS, OTHERS) for figure in group
}


def name_of(field: str) -> str:
    """How reports call an attribute of an evaluation.

    >>> name_of("label_entropy"), name_of("information_gained_share")
    ('label entropy', 'information gained share')
    """
    figure = FIGURES.get(field)
    plain = figure is None or figure.name.startswith(" ")
    return field.replace("_", " ") if figure is None or plain else figure.name
