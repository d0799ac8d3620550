"""What ``fidelity`` answers: immutable records, every mean an :class:`Estimate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from unsurprised.copies import Record
from unsurprised.reported import Reported
from unsurprised.statistics.estimate import Estimate

if TYPE_CHECKING:
    from unsurprised.report.fidelity.plot import Plots


@dataclass(frozen=True, slots=True)
class ModelFigures(Record):
    """One of the two models by itself, on the tokens that are compared."""

    name: str
    #: Mean surprisal at the token that came; None where targets are not known.
    cross_entropy: Estimate | None
    perplexity: Estimate | None
    #: Share of the tokens that came which the model held most likely.
    accuracy: Estimate | None
    #: Mean entropy of its rows.
    entropy: Estimate
    #: Targets at the floor of a ``.kld`` file, whose surprisal is "this or more".
    censored_targets: int = 0
    #: Targets that the model holds impossible.
    infinite_targets: int = 0
    #: Mean probability of the tokens that were cut off by ``vocabulary``; None if none were.
    cut_mass: Estimate | None = None


@dataclass(frozen=True, slots=True)
class FidelityQuantile(Record):
    """A value that a share ``level`` of the tokens does not exceed."""

    level: float
    value: Estimate


@dataclass(frozen=True, slots=True)
class KlExceedance(Record):
    """A KL, and the share of the tokens whose own is as large or larger."""

    kl_divergence: float
    share: Estimate


@dataclass(frozen=True, slots=True)
class ShiftRange(Record):
    """The tokens whose target became likelier by ``low`` to ``high``, and their share of all."""

    low: float
    high: float
    tokens: int
    share: Estimate


@dataclass(frozen=True, slots=True)
class TargetShift(Record):
    """By how much the probability of the token that came differs: other − base."""

    mean: Estimate
    #: Root of the mean square.
    rms: Estimate
    quantiles: tuple[FidelityQuantile, ...]
    #: How many tokens shifted by how much.
    histogram: tuple[ShiftRange, ...]


@dataclass(frozen=True, slots=True)
class TokenRange(Record):
    """The tokens within a range, from ``low`` on and below ``high``."""

    low: float
    high: float
    tokens: int
    #: These have an interval where the tokens are of ten documents or more.
    kl_divergence: Estimate
    top_agreement: Estimate
    #: Which part of the sum of the KL over all tokens is theirs.
    part: float
    #: Other − base, a token; None where targets are not known.
    cross_entropy_difference: Estimate | None = None


@dataclass(frozen=True, slots=True)
class TokenSlice(Record):
    """The tokens that have a value in a column; ``value`` is None for those without one."""

    column: str
    value: str | None
    tokens: int
    #: These have an interval where the tokens are of ten documents or more.
    kl_divergence: Estimate
    top_agreement: Estimate
    #: Which part of the sum of the KL over all tokens is theirs.
    part: float
    cross_entropy_difference: Estimate | None
    #: Mean KL of these tokens less that of all others; None where there are none.
    excess: Estimate | None
    p_value: float | None
    #: Whether the excess is not 0 at a false discovery rate of 5 % among all slices.
    stands_out: bool


@dataclass(frozen=True, slots=True)
class DocumentFidelity(Record):
    """A document by itself."""

    name: str
    tokens: int
    kl_divergence: float
    top_agreement: float
    #: Other − base, a token; None where targets are not known.
    cross_entropy_difference: float | None
    #: The position of the first token where the top tokens part; None where they never do.
    first_parting: int | None


@dataclass(frozen=True, slots=True)
class WorstToken(Record):
    """A token at which the models differ most; tokens are ids, None where texts alone are known."""

    document: str
    position: int
    kl_divergence: float
    base_top: int | None
    other_top: int | None
    base_top_surprisal: float
    other_top_surprisal: float
    #: The token that came.
    target: int | None = None
    base_surprisal: float | None = None
    other_surprisal: float | None = None
    #: How many tokens are likelier than the one that came, and itself; None where it isn't known.
    base_rank: int | None = None
    other_rank: int | None = None
    #: Texts of the token that came and of the tops, and those before and after it.
    text: str | None = None
    base_top_text: str | None = None
    other_top_text: str | None = None
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class NoiseFloor(Record):
    """A second run of the base beside the first: how far apart chance alone puts two runs."""

    name: str
    kl_divergence: Estimate
    top_agreement: Estimate
    #: KL of the other less KL of the second run, on the same tokens.
    excess: Estimate
    #: Whether the other is surely farther from the base than the second run is; None without an
    #: interval.
    above: bool | None


@dataclass(frozen=True, slots=True, repr=False)
class Fidelity(Reported):
    """One language model against another, token by token; KL is from the base to the other."""

    _kind: ClassVar[str] = "fidelity"

    if TYPE_CHECKING:

        @property
        def plot(self) -> Plots:
            """The charts of the report."""

    tokens: int
    documents: int
    vocabulary: int
    unit: str
    base: ModelFigures
    other: ModelFigures
    kl_divergence: Estimate
    reverse_kl_divergence: Estimate
    js_divergence: Estimate
    total_variation: Estimate
    top_agreement: Estimate
    #: Other − base, token by token: above 0 the other is more surprised.
    cross_entropy_difference: Estimate | None
    perplexity_ratio: Estimate | None
    #: Tokens whose target is known.
    targets: int
    #: Targets at the floor of either side.
    censored_targets: int
    #: Tokens where a side keeps no value below its floor: divergences are the least possible.
    floored_tokens: int
    #: Tokens with an infinite KL, and with an infinite KL the other way.
    infinite_tokens: int
    reverse_infinite_tokens: int
    #: Tokens that were left out by their targets, and those by a mask.
    left_out: int
    masked: int
    #: What the intervals rest on: "documents", "tokens" (as if independent), or "nothing".
    intervals: str
    #: Figures that are bounds: their names, and "at least" or "at most" or "censored".
    bounds: Mapping[str, str]
    kl_quantiles: tuple[FidelityQuantile, ...]
    #: The share of the tokens of each KL or more, from the smallest KL on.
    kl_survival: tuple[KlExceedance, ...]
    #: The smallest share of the tokens that holds half of the sum of the KL.
    half_of_kl: float
    target_shift: TargetShift | None
    by_confidence: tuple[TokenRange, ...]
    by_position: tuple[TokenRange, ...]
    by_document: tuple[DocumentFidelity, ...]
    #: What each value of the columns of ``by`` has.
    slices: tuple[TokenSlice, ...]
    worst_tokens: tuple[WorstToken, ...]
    noise: NoiseFloor | None = None
    #: Of figures that are "at least" the most that they can be, by their names, where there is one.
    at_most: Mapping[str, Estimate] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    #: Why intervals are lacking or weak: by the field that they are in, or "all".
    interval_notes: Mapping[str, str] = field(default_factory=dict)
