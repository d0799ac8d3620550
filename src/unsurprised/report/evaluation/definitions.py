"""What each figure of an evaluation is, and what others call it: every page takes it from here."""

from __future__ import annotations

from unsurprised.report.pages.parts import Definition

#: By the attribute that holds the figure, or what it is called within the ledger.
DEFINITIONS: dict[str, Definition] = {
    one.key: one
    for one in (
        Definition(
            "cross_entropy",
            "cross-entropy",
            "The mean of −log q(y) over the rows, q(y) the probability that the model gave to what "
            "happened: the observed surprisal. It is label entropy − discrimination + "
            "miscalibration.",
            "log loss, negative log-likelihood (NLL), logarithmic score",
        ),
        Definition(
            "cross_entropy_nats",
            "cross-entropy in nats",
            "The same with the natural logarithm: 1 bit is 0.6931 nats.",
            "log_loss of scikit-learn, CrossEntropyLoss of PyTorch",
        ),
        Definition(
            "finite_cross_entropy",
            "cross-entropy of the finite rows",
            "The same without the rows whose outcome the model gave 0.",
        ),
        Definition(
            "label_entropy",
            "label entropy",
            "−Σ f log f over the frequencies f of the classes among these rows: the surprise a row "
            "of someone who knows those and nothing else.",
            "entropy of the base rates, uncertainty (of a score decomposition)",
        ),
        Definition(
            "information_gained",
            "information gained",
            "Label entropy − cross-entropy: what the model tells of each row beyond the class "
            "frequencies.",
            "reduction of the log loss",
        ),
        Definition(
            "information_gained_share",
            "information gained as a share",
            "1 − cross-entropy / label entropy: 1 is perfect, 0 no better than the frequencies.",
            "D², McFadden’s pseudo-R², skill score",
        ),
        Definition(
            "discrimination",
            "discrimination",
            "Label entropy − cross-entropy of the recalibrated model: what the predictions tell of "
            "each row once they are read at their best.",
            "resolution (DSC); label entropy less it is the refinement loss",
        ),
        Definition(
            "miscalibration",
            "miscalibration",
            "Cross-entropy − cross-entropy of the recalibrated model. Recalibration is fitted to "
            "some rows and judged on others (five folds), so it can be below 0: then it would do "
            "harm.",
            "calibration loss, reliability (of a decomposition, MCB)",
        ),
        Definition(
            "expected_surprisal",
            "expected surprisal",
            "The mean entropy of the predictions, −Σ q log q: what the model would pay on average "
            "if what it says were true.",
            "mean predictive entropy",
        ),
        Definition(
            "confidence_gap",
            "confidence gap",
            "Observed − expected surprisal. Above 0 the model is over-confident, below 0 "
            "under-confident.",
            "over-confidence, entropy calibration",
        ),
        Definition(
            "truth_entropy",
            "truth entropy",
            "The mean entropy of the true distributions: noise that no model could predict.",
            "aleatoric uncertainty, Bayes risk of the log loss",
        ),
        Definition(
            "kl_divergence",
            "KL divergence",
            "Cross-entropy − truth entropy: the model’s own share of the surprise.",
            "relative entropy, excess risk of the log loss",
        ),
        Definition(
            "perplexity",
            "perplexity",
            "2 to the cross-entropy in bits: as unsure as among that many equally likely classes.",
            "PPL",
        ),
        Definition(
            "accuracy",
            "accuracy",
            "The share of rows whose top class is what happened.",
            "1 − error rate, top-1 accuracy",
        ),
        Definition(
            "worse_than_uniform",
            "worse than a uniform guess",
            "The share of rows whose surprisal is above log K, K the number of classes: to give "
            "1/K to each would have cost less.",
        ),
        Definition(
            "calibration_error",
            "expected calibration error",
            "Mean |predicted − observed| over the bins of the top class’s reliability diagram, by "
            "weight. It is above 0 by chance alone, which is said beside it.",
            "ECE, top-label calibration error",
        ),
        Definition(
            "brier",
            "Brier score",
            "Mean squared error of the probabilities; of more than two classes summed over them. "
            "Its parts are those of an isotonic fit of each class, in sample (Dimitriadis, "
            "Gneiting and Jordan, 2021).",
            "quadratic score, mean squared error",
        ),
        Definition(
            "quantiles",
            "quantiles of surprisal",
            "So much or less the given share of the rows cost; intervals are from order statistics "
            "(binomial bounds).",
            "percentiles of the log loss by row",
        ),
        Definition(
            "largest_sum_deviation",
            "largest deviation of a row’s sum from 1",
            "The largest |Σ q − 1| of a row as it came in, before it was normalized.",
        ),
    )
}


def definition_of(key: str) -> Definition | None:
    """The definition of a line of the figures, by its key.

    >>> definition_of("miscalibration/temperature scaling").name
    'miscalibration'
    """
    return DEFINITIONS.get(key.partition("/")[0])


def anchor_of(key: str) -> str:
    """Where a figure is defined on the page; nothing where it is not."""
    found = definition_of(key)
    return "" if found is None else found.anchor


def terms(*keys: str) -> tuple[tuple[str, str], ...]:
    """Names and definitions of figures, for the section that they stand in."""
    return tuple((DEFINITIONS[key].name, DEFINITIONS[key].text) for key in keys)
