"""The result of an evaluation: an immutable record, every mean an :class:`Estimate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from unsurprised.evaluation.records import (
    Annotators,
    Brier,
    CalibrationCurve,
    ConfidenceGap,
    HistogramBar,
    Ledger,
    Slice,
    SlicedBy,
    TextScores,
    WorstRow,
)
from unsurprised.interpretation import Interpretation
from unsurprised.later import FoundLater, Later, waiting
from unsurprised.reported import Reported
from unsurprised.statistics.estimate import Estimate

if TYPE_CHECKING:
    from unsurprised.report.evaluation.plot import Plots

#: What is computed on the sample of rows, when it is first asked for.
OF_THE_SAMPLE = (
    "sampled_rows",
    "ledger",
    "gaps_by_confidence",
    "gaps_by_class",
    "confusion_bits",
    "calibration",
    "brier",
    "missing",
    "notes",
)


#: What grows with the classes, or with their pairs, and takes longer to write out than to find.
OF_THE_CLASSES = ("classes", "class_frequencies", "confusion")
#: What asks for a logarithm of each class.
OF_THE_FREQUENCIES = ("label_entropy", "information_gained", "information_gained_share")


@dataclass(frozen=True, slots=True, repr=False)
class Evaluation(FoundLater, Reported):
    """Scores of a model on rows, in ``unit`` (bits unless another base was asked for).

    Fields that the input cannot tell are ``None``; ``missing`` says why, by field. Those that are
    ``of the sample`` are computed when one of them is first asked for, which takes a second at
    most, and so are the others but the cross-entropy: whoever wants that only does not wait.
    """

    _kind: ClassVar[str] = "evaluation"

    if TYPE_CHECKING:

        @property
        def plot(self) -> Plots:
            """The charts of the report."""

    #: Rows that were measured, those of weight 0 included.
    rows: int
    #: Rows left out because of nulls (``--nulls skip``).
    skipped_rows: int
    #: Sum of the weights; equals ``rows`` without weights.
    weight: float
    weighted: bool
    unit: str
    base: float
    classes: tuple[str, ...] | None

    #: Mean surprisal of what happened (log loss); infinite where the model gave 0 to what happened.
    cross_entropy: Estimate
    cross_entropy_nats: Estimate
    #: Rows where the model gave 0 to what happened (those of weight 0 don't count), and the mean
    #: over the others.
    infinite_rows: int
    finite_cross_entropy: Estimate | None
    perplexity: Estimate

    #: Entropy of the class frequencies: what knowing only those costs.
    label_entropy: Estimate | None
    #: label_entropy − cross_entropy, and its share of label_entropy (D², scikit-learn's
    #: ``d2_log_loss_score``).
    information_gained: Estimate | None
    information_gained_share: Estimate | None

    #: Mean entropy of the predictions: the surprise that the model itself expected.
    expected_surprisal: Estimate | None
    #: cross_entropy − expected_surprisal; positive means over-confident.
    confidence_gap: Estimate | None

    #: With a distribution as truth: cross_entropy = truth_entropy + kl_divergence.
    truth_entropy: Estimate | None
    kl_divergence: Estimate | None
    annotators: Annotators | None

    accuracy: Estimate | None
    #: Share of rows on which the model was more surprised than by a uniform guess.
    worse_than_uniform: Estimate | None
    #: Quantiles of the surprisal: 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, keyed by level.
    quantiles: Mapping[float, Estimate]
    histogram: tuple[HistogramBar, ...]
    worst_rows: tuple[WorstRow, ...]
    #: Rows by (class that happened, top class); ``None`` above 1,000 classes.
    confusion: tuple[tuple[int, ...], ...] | None
    #: Rows and weight share of each class that happened, in the order of ``classes``.
    class_frequencies: tuple[float, ...] | None

    #: Largest ``|Σrow − 1|`` among the predictions; ``None`` for logits.
    largest_sum_deviation: float | None
    #: Columns whose values slice the rows, and the slices of each.
    sliced_by: tuple[SlicedBy, ...] = ()
    slices: tuple[Slice, ...] = ()
    #: The figures from here to ``brier`` are of the sample, of so many rows: all of them, or some
    #: where there are more.
    sampled_rows: int = 0
    #: Where the cross-entropy comes from: label entropy − discrimination + miscalibration.
    ledger: Ledger | None = None
    #: Surprisal observed and expected, along the model's confidence and by its top class.
    gaps_by_confidence: tuple[ConfidenceGap, ...] = ()
    gaps_by_class: tuple[ConfidenceGap, ...] = ()
    #: Bits a row by (class that happened, top class); they add up to the cross-entropy.
    confusion_bits: tuple[tuple[float, ...], ...] | None = None
    #: The calibration curve of the top class, then that of each class.
    calibration: tuple[CalibrationCurve, ...] = ()
    brier: Brier | None = None
    #: How many clusters the rows belong to (about, above 1,024); ``None`` where they are on their
    #: own.
    clusters: int | None = None
    #: Of token log-probabilities with units: what a token, word, byte or character costs.
    text: TextScores | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    #: What is noteworthy of the whole, such as two classes that may be swapped.
    notes: tuple[str, ...] = ()
    #: What was taken for what, by name or by position, and what was left aside.
    reading: Interpretation | None = field(default=None, compare=False)

    @property
    def outstanding_slices(self) -> tuple[Slice, ...]:
        """The slices that stand out, by what they could save, largest first."""
        found = [part for part in self.slices if part.stands_out]
        return tuple(sorted(found, key=lambda part: -(part.saving or 0.0)))


def computing(known: Mapping[str, Any], of_the_sample: Later | None, others: Later) -> Evaluation:
    """An evaluation of which these fields are known.

    Those of the sample are found by the one, and all others, as an evaluation of their own, by the
    other.
    """

    def find(name: str) -> Any:
        found = {}
        if of_the_sample is not None and name in OF_THE_SAMPLE:
            found = of_the_sample.found()
        return found[name] if name in found else getattr(others.found()["evaluation"], name)

    return waiting(Evaluation, known, find)


def asked_for(evaluation: Evaluation, classes: Later, frequencies: Later) -> Evaluation:
    """The same, whose fields of the classes and of their frequencies come from these."""
    laters = dict.fromkeys(OF_THE_CLASSES, classes)
    laters |= dict.fromkeys(OF_THE_FREQUENCIES, frequencies)
    for name in laters:
        object.__delattr__(evaluation, name)
    object.__setattr__(evaluation, "_find", lambda name: laters[name].found()[name])
    return evaluation


def interpreted(evaluation: Evaluation, reading: Interpretation) -> Evaluation:
    """The same, with what was taken for what; for who has just made it."""
    object.__setattr__(evaluation, "reading", reading)
    return evaluation
