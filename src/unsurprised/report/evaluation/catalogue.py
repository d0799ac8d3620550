"""The names, units and one-line definitions of the figures: every report takes them from here."""

from __future__ import annotations

from dataclasses import dataclass

from unsurprised.report.numbers import Style


@dataclass(frozen=True, slots=True)
class Figure:
    """What one attribute of an evaluation is called and what it is made of.

    ``brief`` is the definition where a screen is narrow.
    """

    field: str
    name: str
    style: Style
    definition: str
    brief: str = ""


#: In the order of the reports: what was observed, what was expected, what is noise, other views.
GROUPS: tuple[tuple[Figure, ...], ...] = (
    (
        Figure(
            "cross_entropy",
            "cross-entropy",
            "information",
            "mean observed surprisal (log loss)",
            "observed (log loss)",
        ),
        Figure(
            "cross_entropy_nats",
            "  in nats",
            "nats",
            "the unit of scikit-learn's log_loss",
            "the unit of log_loss",
        ),
        Figure(
            "finite_cross_entropy",
            "  finite rows only",
            "information",
            "mean surprisal without the infinite rows",
            "without infinite rows",
        ),
        Figure(
            "label_entropy",
            "label entropy",
            "information",
            "what knowing the class frequencies costs",
            "class frequencies alone",
        ),
        Figure(
            "information_gained",
            "information gained",
            "information",
            "label entropy − cross-entropy",
            "over class frequencies",
        ),
        Figure(
            "information_gained_share",
            "  as a share",
            "share",
            "of the label entropy (D²)",
            "of label entropy (D²)",
        ),
    ),
    (
        Figure(
            "expected_surprisal",
            "expected surprisal",
            "information",
            "mean entropy of the predictions",
            "mean predicted entropy",
        ),
        Figure(
            "confidence_gap",
            "confidence gap",
            "information",
            "observed − expected; above 0: over-confident",
            "observed − expected",
        ),
    ),
    (
        Figure(
            "truth_entropy",
            "truth entropy",
            "information",
            "noise that no model could predict",
            "noise, for any model",
        ),
        Figure(
            "kl_divergence",
            "KL divergence",
            "information",
            "cross-entropy − that: the model's share",
            "the model's own share",
        ),
    ),
    (
        Figure(
            "perplexity",
            "perplexity",
            "number",
            "as if among as many equally likely classes",
            "equally likely classes",
        ),
        Figure(
            "accuracy",
            "accuracy",
            "share",
            "rows whose top class is what happened",
            "top class is right",
        ),
        Figure(
            "worse_than_uniform",
            "worse than guessing",
            "share",
            "rows that are worse than a uniform guess",
            "than a uniform guess",
        ),
    ),
)

QUANTILES = Figure("quantiles", "percentiles of surprisal", "information", "of rows lie below")

SUM_DEVIATION = Figure(
    "largest_sum_deviation",
    "row sum deviation",
    "number",
    "largest deviation of a row's sum from 1",
    "largest, from 1",
)

#: What the reports show in words or in tables of their own.
OTHERS: tuple[Figure, ...] = (
    Figure("rows", "rows", "other", "rows that were measured"),
    Figure("skipped_rows", "skipped rows", "other", "rows left out because of nulls"),
    Figure("weight", "weight", "other", "sum of the weights, or the rows without weights"),
    Figure("weighted", "weighted", "other", "whether the rows had weights"),
    Figure("unit", "unit", "other", "unit of the information where a figure names no other"),
    Figure("base", "base", "other", "base of the logarithm that the unit stands for"),
    Figure("classes", "classes", "other", "names of the classes, in the columns' order"),
    Figure("infinite_rows", "infinite rows", "other", "rows whose outcome the model gave 0"),
    Figure("annotators", "annotators", "other", "votes behind a truth that is counts"),
    QUANTILES,
    Figure("histogram", "histogram", "other", "rows, or their weight, by their surprisal"),
    Figure("worst_rows", "worst rows", "other", "rows with the largest surprisal, largest first"),
    Figure("confusion", "confusion", "other", "rows by class that happened, then by top class"),
    Figure("class_frequencies", "class frequencies", "other", "share of each class that happened"),
    SUM_DEVIATION,
    Figure("sliced_by", "sliced by", "other", "columns whose values slice the rows"),
    Figure("slices", "slices", "other", "what the rows of each value of those columns cost"),
    Figure("sampled_rows", "sampled rows", "other", "rows that the next six figures are of"),
    Figure(
        "ledger",
        "score decomposition (ledger)",
        "other",
        "where the cross-entropy comes from: label entropy − discrimination + miscalibration",
    ),
    Figure(
        "gaps_by_confidence", "gaps by confidence", "other", "observed, expected, by confidence"
    ),
    Figure("gaps_by_class", "gaps by class", "other", "observed, expected, by top class"),
    Figure(
        "confusion_bits",
        "confusion in bits",
        "other",
        "bits by class that happened, then top class",
    ),
    Figure("calibration", "calibration", "other", "curves of the top class and of each class"),
    Figure("brier", "Brier score", "other", "mean squared error of the probabilities, its parts"),
    Figure("clusters", "clusters", "other", "clusters that the rows belong to"),
    Figure("text", "text", "other", "what a token, word, byte or character of a text costs"),
    Figure("missing", "missing", "other", "what the input cannot tell, and why"),
    Figure("notes", "notes", "other", "what is noteworthy of the whole"),
    Figure("reading", "reading", "other", "what was taken for what"),
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
