"""The records that an evaluation holds besides its means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from unsurprised.copies import Record
from unsurprised.statistics.estimate import Estimate


@dataclass(frozen=True, slots=True)
class ClassProbability(Record):
    """A class and what the model gave to it."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class WorstRow(Record):
    """Row of largest surprisal."""

    #: The row's own id, or its number (in ``file``) where it has none.
    id: int | str
    file: str | None
    #: Name of the class that happened; ``None`` where the truth is a distribution or unknown.
    label: str | None
    #: Name of the model's top class and what the model gave to it; ``None`` with ``logprob``.
    predicted: str | None
    confidence: float | None
    surprisal: float
    #: The three classes that the model held most likely.
    leaders: tuple[ClassProbability, ...] = ()


@dataclass(frozen=True, slots=True)
class Annotators(Record):
    """Votes behind a truth that was given as counts, and the bias of so few.

    With few votes a row, the entropy of the votes is below the entropy of the opinion they sample,
    and KL is above by the same amount; ``entropy_bias`` estimates it (Miller and Madow, 1955).
    """

    fewest: float
    mean: float
    entropy_bias: Estimate


@dataclass(frozen=True, slots=True)
class UnitScore(Record):
    """What a unit of a text (a token, a word, a byte, a character) costs."""

    #: How many of them there are.
    amount: float
    #: Surprisal of all documents over units of all documents, by which long ones count for more.
    micro: Estimate
    #: The mean of the documents' own ratios, by which all count alike; ``None`` of more documents
    #: than are kept.
    macro: Estimate | None


@dataclass(frozen=True, slots=True)
class DocumentScore(Record):
    """A document: its tokens, its surprisal in all, and by unit, in the order of ``per_unit``."""

    name: str
    rows: int
    surprisal: float
    costs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TextScores(Record):
    """Log-probabilities of texts: what they cost in all, by unit, by document."""

    surprisal: float
    documents: int
    #: Tokens whose log-probability isn't known: their surprisal isn't in the sums.
    unknown_tokens: int
    per_unit: Mapping[str, UnitScore]
    #: At most 1,000 of those that are kept: the dearest by byte, else by the first unit, first.
    by_document: tuple[DocumentScore, ...] = ()


@dataclass(frozen=True, slots=True)
class HistogramBar(Record):
    """Rows (or their weight) whose surprisal lies in ``[low, high)``."""

    low: float
    high: float
    weight: float


@dataclass(frozen=True, slots=True)
class SlicedBy(Record):
    """A column whose values slice the rows."""

    column: str
    #: Where its numbers are cut, ascending; ``None`` where each value is a slice.
    edges: tuple[float, ...] | None
    #: How many rows a first look took that from; ``None`` for names and for edges that were given.
    looked: int | None


@dataclass(frozen=True, slots=True)
class Slice(Record):
    """Slice: the rows of one value (or range of numbers) of a column, and what they cost."""

    column: str
    #: The value, or the range; ``None``: the rows without a value.
    value: str | None
    rows: int
    weight: float
    infinite_rows: int
    cross_entropy: Estimate
    #: What the slice adds to the cross-entropy of all rows: those of a column add up to it.
    contribution: Estimate
    #: The contribution as a share of the cross-entropy; ``None`` where that is 0 or infinite.
    share: Estimate | None
    #: cross_entropy − expected surprisal, within the slice.
    confidence_gap: Estimate | None
    accuracy: Estimate | None
    #: Mean surprisal above that of the column's other rows, over rows where it is finite; ``None``
    #: where there are no others.
    excess: Estimate | None
    #: What the mean of all rows would lose if the slice were as the others: excess × its weight.
    saving: float | None
    #: Of the excess, by the jackknife; ``None`` where the slice holds too few rows to tell.
    p_value: float | None
    #: Whether it differs from the others at a false discovery rate of 5 % among all slices.
    stands_out: bool


@dataclass(frozen=True, slots=True)
class ConfidenceGap(Record):
    """Observed and expected surprisal of rows of one confidence, or of one top class.

    Of a calibrated model the gap is 0 in every one, for what defines them is the model's alone.
    """

    #: Name of the model's top class; ``None`` for a band of confidence.
    predicted: str | None
    #: The probability of the top class lies in ``[low, high)``; the last band holds 1.
    low: float
    high: float
    rows: int
    weight: float
    infinite_rows: int
    #: Mean probability of the top class, and how often that happened.
    confidence: Estimate
    accuracy: Estimate
    cross_entropy: Estimate
    expected_surprisal: Estimate
    #: cross_entropy − expected_surprisal; positive means over-confident.
    gap: Estimate


@dataclass(frozen=True, slots=True)
class CalibrationBin(Record):
    """Bin of a calibration curve: mean probability against observed frequency."""

    #: The least and the largest probability of a row in it.
    low: float
    high: float
    rows: int
    weight: float
    #: Mean probability that the model gave.
    predicted: float
    #: How often it happened.
    observed: Estimate
    #: Where ``observed`` lies 95 % of the time if the model is calibrated.
    band_low: float
    band_high: float


@dataclass(frozen=True, slots=True)
class CalibrationCurve(Record):
    """Calibration curve (reliability diagram) of a class, in bins of equal weight.

    Rows of equal probability are never parted, so that there may be fewer bins.
    """

    #: Name of the class; ``None``: the model's top class, whichever that is.
    predicted: str | None
    bins: tuple[CalibrationBin, ...]
    #: Expected calibration error: mean ``|observed − predicted|`` over the bins, by weight.
    error: float
    #: The same, less what the noise of the observed frequencies adds (Kumar, Liang and Ma, 2019).
    error_debiased: float
    #: What the error would be on average if the model were calibrated.
    error_if_calibrated: float


@dataclass(frozen=True, slots=True)
class Brier(Record):
    """Brier score and its parts: score = uncertainty − discrimination + miscalibration.

    Of two classes ``(p − y)²`` of class 1; of more, summed over the classes. The parts are those of
    an isotonic fit of each class (Dimitriadis, Gneiting and Jordan, *PNAS* 118, 2021), in sample:
    miscalibration is above 0 even of a calibrated model.
    """

    score: Estimate
    uncertainty: float
    discrimination: float
    miscalibration: float


@dataclass(frozen=True, slots=True)
class IfCalibrated(Record):
    """Null distribution of miscalibration, simulated from the model's own predictions.

    It is above 0, for the recalibration follows the noise of the labels too.
    """

    mean: float
    #: 95 % of it lies below.
    high: float
    #: How often a calibrated model looks at least as miscalibrated as this one.
    p_value: float
    #: Whether that is at most 5 %.
    exceeded: bool
    simulations: int


@dataclass(frozen=True, slots=True)
class Recalibration(Record):
    """Parts of the cross-entropy by the best recalibration of one family.

    cross-entropy = label entropy − discrimination + miscalibration, in sample (fitted and judged on
    the same rows, so that no part is below 0) as well as cross-fitted (judged on rows that were
    left out of the fit, so that of a calibrated model miscalibration is about 0, or less).
    """

    #: "isotonic regression", "temperature scaling", "vector scaling"; "uniform mixing, then …".
    family: str
    #: How many numbers are fitted; ``None`` where that depends on the rows.
    parameters: int | None
    #: Cross-fitted: what the model knows beyond the class frequencies once it is recalibrated, and
    #: what recalibration saves.
    discrimination: Estimate
    miscalibration: Estimate
    discrimination_in_sample: Estimate
    miscalibration_in_sample: Estimate
    #: ``None`` where it cannot be told; ``Evaluation.missing["if_calibrated"]`` says why.
    if_calibrated: IfCalibrated | None


@dataclass(frozen=True, slots=True)
class Mixed(Record):
    """Finite cross-entropy after mixing in a little of the uniform distribution.

    The predictions become ``(1 − epsilon) q + epsilon / K``, with the best epsilon for these rows.
    """

    epsilon: float
    cross_entropy: Estimate
    #: What the richest recalibration saves beyond that, in sample.
    miscalibration: Estimate


@dataclass(frozen=True, slots=True)
class Ledger(Record):
    """Score decomposition: cross-entropy = label entropy − discrimination + miscalibration.

    Two classes: isotonic regression (the CORP decomposition of Dimitriadis, Gneiting and Jordan,
    *PNAS* 118, 2021, for the log score). More classes: temperature scaling and, where there are
    enough rows of each class, vector scaling.
    """

    rows: int
    folds: int
    label_entropy: Estimate
    cross_entropy: Estimate
    #: From the simplest family to the richest.
    recalibrations: tuple[Recalibration, ...]
    #: Only where the cross-entropy is infinite.
    mixed: Mixed | None = None
    #: With a distribution as truth: cross_entropy = truth_entropy + kl_divergence.
    truth_entropy: Estimate | None = None
    kl_divergence: Estimate | None = None
    #: Families that were not tried, and why.
    left_out: Mapping[str, str] = field(default_factory=dict)
    #: The family that is taken: the simplest within one standard error of the best, on rows that
    #: were left out of the fit. ``None`` of an older release, which took the richest.
    taken: str | None = None

    @property
    def recalibration(self) -> Recalibration:
        """That of the family that is taken."""
        found = [each for each in self.recalibrations if each.family == self.taken]
        return (found or self.recalibrations)[-1]

    @property
    def family(self) -> str:
        """The family that is taken; ``calibrate`` tries more than those that take a moment."""
        return self.recalibration.family

    @property
    def discrimination(self) -> Estimate:
        """What the model knows beyond class frequencies; cross-fitted, of the family taken."""
        return self.recalibration.discrimination

    @property
    def miscalibration(self) -> Estimate:
        """What recalibration saves; cross-fitted, of the family taken."""
        return self.recalibration.miscalibration
