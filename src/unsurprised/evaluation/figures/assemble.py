"""From states to the answer: every reported mean is a function of the exact sums."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.errors import InputError
from unsurprised.evaluation.figures.frequencies import of_classes, of_rows
from unsurprised.evaluation.figures.quantiles import NO_INTERVAL, quantiles
from unsurprised.evaluation.figures.sample import Sampled, sampled_of
from unsurprised.evaluation.figures.slices import sliced_by, slices_of
from unsurprised.evaluation.figures.swapped import swapped
from unsurprised.evaluation.figures.text import reason as text_reason
from unsurprised.evaluation.figures.text import text_of
from unsurprised.evaluation.figures.written_out import bars_of, of_the_classes
from unsurprised.evaluation.records import Annotators, ClassProbability, WorstRow
from unsurprised.evaluation.result import (
    OF_THE_SAMPLE,
    Evaluation,
    asked_for,
    computing,
)
from unsurprised.evaluation.states import MOST_CONFUSION_CLASSES, States
from unsurprised.forms import Counts
from unsurprised.later import Later
from unsurprised.measures import entropy
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.in_unit import InUnit, two_to
from unsurprised.statistics.jackknife import Spread, plug_in, too_few_clusters, within
from unsurprised.statistics.totals import RowTotals, Totals, totals_of

_TAKING_LONG = tuple(name for name in OF_THE_SAMPLE if name not in ("sampled_rows", "missing"))


def assemble(
    states: States, rows: int, skipped: int, base: float, *, ledger: bool = True
) -> tuple[Evaluation, tuple[Later, ...]]:
    """The evaluation that the states tell, in the unit of ``base``, and what it computes later.

    Before the states change, that has to be found.
    """
    assembly = _Assembly(states, rows, base)
    frequencies = Later(assembly.of_the_frequencies)

    def others() -> dict[str, Any]:
        missing = {}
        if not ledger:
            reasons = dict.fromkeys(_TAKING_LONG, "ledger=False was asked for")
            missing = {**reasons, **assembly.missing()}
        written = of_the_classes(states, assembly.class_totals[0])
        evaluation = assembly.evaluation(skipped, missing)
        return {"evaluation": asked_for(evaluation, written, frequencies)}

    def of_the_sample() -> dict[str, Any]:
        whole: Evaluation = rest.found()["evaluation"]
        frequencies.found()  # or it would keep the rows
        return assembly.of_the_sample(whole.truth_entropy, whole.kl_divergence)

    rest, later = Later(others), Later(of_the_sample) if ledger else None
    laters = (rest, frequencies) if later is None else (rest, frequencies, later)
    return computing(assembly.known(skipped), later, rest), laters


class _Assembly:
    """The totals, and each part of the answer as a function of them."""

    def __init__(self, states: States, rows: int, base: float) -> None:
        self.states, self.rows, self.base = states, rows, base
        self.scaled = InUnit(base)
        self.unit, self.per_bit = self.scaled.unit, self.scaled.per_bit
        self.clusters = None if states.clusters is None else states.clusters.result()
        self.refused = too_few_clusters(self.clusters) is not None
        self.all = totals_of(states.sums, states.moments, refused=self.refused)
        self.totals, self.infinite = self.all.totals, self.all.infinite
        if not self.totals["weight"] > 0:
            raise InputError(
                "found weights that are all 0",
                expected="at least one row of positive weight",
                remedy="leave the weights out to count every row once",
            )
        self.all.refuse_blurred("surprisal", "expected", "truth_entropy", "kl")
        self.plain = not (states.settings.weighted or states.settings.clustered)

    @cached_property
    def uniform(self) -> float:
        """The entropy of the uniform distribution."""
        classes = self.states.settings.classes
        return math.inf if classes is None else float(portable.log2(len(classes)))

    @cached_property
    def bins(self) -> tuple[Values, Values, Values]:
        """The bins of the surprisal that hold anything."""
        return self.states.histogram.bins()

    @cached_property
    def cross_entropy(self) -> Estimate:
        """In bits."""
        return self.all.mean_surprisal()

    @cached_property
    def class_totals(self) -> tuple[Values, Values]:
        """The weight of each class that happened, and the same without each group."""
        counts = self.states.class_counts
        return (np.zeros(0), np.zeros((0, 0))) if counts is None else counts.totals()

    @cached_property
    def sampled(self) -> Sampled | None:
        """The rows of the sample, measured."""
        return sampled_of(self.states, refused=self.refused)

    def known(self, skipped: int) -> dict[str, Any]:
        """What most ask for, by field."""
        said, cross_entropy = self.states.settings, self.cross_entropy
        return {
            "rows": self.rows,
            "skipped_rows": skipped,
            "weight": self.totals["weight"],
            "weighted": said.weighted,
            "unit": self.unit,
            "base": float(self.base),
            "cross_entropy": self.scaled(cross_entropy),
            "cross_entropy_nats": cross_entropy.scaled(math.log(2), "nats"),
            "infinite_rows": int(self.totals["infinite_rows"]),
            "reading": None,
        }

    def evaluation(self, skipped: int, missing: dict[str, str]) -> Evaluation:
        """All but what comes later."""
        states, said = self.states, self.states.settings
        bits = self.scaled
        truth_entropy, kl, annotators = self.against_distribution()
        expected = self.all.mean("expected", most=self.uniform)
        return Evaluation(
            **self.known(skipped),
            classes=None,
            finite_cross_entropy=bits(self.all.finite_mean()),
            perplexity=two_to(self.cross_entropy),
            label_entropy=None,
            information_gained=None,
            information_gained_share=None,
            expected_surprisal=bits(expected),
            confidence_gap=self.confidence_gap(),
            truth_entropy=truth_entropy,
            kl_divergence=kl,
            annotators=annotators,
            accuracy=self.all.share("correct"),
            worse_than_uniform=self.all.share("worse"),
            quantiles=self.quantiles(),
            histogram=bars_of(self.bins, self.per_bit),
            worst_rows=self.worst_rows(),
            confusion=None,
            class_frequencies=None,
            largest_sum_deviation=states.extremes["deviation"][1] if said.sums else None,
            sliced_by=sliced_by(states),
            slices=slices_of(states, self.all, self.scaled, self.refused),
            clusters=self.clusters,
            missing=missing,
            text=text_of(states, self.rows, skipped, self.scaled),
        )

    def of_the_frequencies(self) -> dict[str, Any]:
        """What the model knows beyond the class frequencies, by field."""
        label_entropy, gained, share = self.against_frequencies()
        return {
            "label_entropy": self.scaled(label_entropy),
            "information_gained": self.scaled(gained),
            "information_gained_share": share,
        }

    def of_the_sample(
        self, truth_entropy: Estimate | None, kl_divergence: Estimate | None
    ) -> dict[str, Any]:
        """What is computed on the sample, by field."""
        rows = self.sampled
        if rows is None:
            return {"missing": self.missing()}
        # Whoever asks for no ledger does not wait for what only it needs.
        from unsurprised.evaluation.figures.calibration_curves import calibration_of, why_no_brier
        from unsurprised.evaluation.figures.confidence import (
            bits_between_classes,
            gaps_by_band,
            gaps_by_class,
        )
        from unsurprised.evaluation.figures.decomposition import ledger_of

        few = len(rows.classes) <= MOST_CONFUSION_CLASSES
        bits = bits_between_classes(rows) if few else None
        calibration = calibration_of(rows)
        account = ledger_of(rows, self.scaled, truth_entropy, kl_divergence)
        return {
            "sampled_rows": rows.size,
            "ledger": account.ledger,
            "gaps_by_confidence": gaps_by_band(rows, self.scaled),
            "gaps_by_class": gaps_by_class(rows, self.scaled) if few else (),
            "confusion_bits": None if bits is None else _table(bits * self.per_bit),
            "calibration": calibration.curves,
            "brier": calibration.brier,
            "missing": {
                **({"brier": why_no_brier(rows)} if calibration.brier is None else {}),
                **self.missing(),
                **account.reasons,
            },
            "notes": swapped(rows, self.per_bit, self.unit),
        }

    def confidence_gap(self) -> Estimate | None:
        if "expected" not in self.totals:
            return None
        return self.scaled(self.all.mean_surprisal(less="expected"))

    def against_frequencies(self) -> tuple[Estimate | None, Estimate | None, Estimate | None]:
        """Entropy of the class frequencies, what the model knows beyond them, and its share."""
        if self.states.class_counts is None:
            return None, None, None
        totals, without = self.class_totals
        whole = float(_entropy_bits(totals[None, :])[0])
        cost = self.totals["surprisal"] / self.totals["weight"]
        if isinstance(self.all, RowTotals):
            by_entropy, by_gained, by_share = self.of_rows(self.all, totals, whole, cost)
        else:
            by_entropy, by_gained, by_share = self.of_groups(self.all, without, whole, cost)
        seen = int(np.count_nonzero(totals))

        def estimate(value: float, spread: Spread | None, unit: str) -> Estimate:
            return plug_in(value, spread, unit, self.rows, classes=seen)

        label_entropy = within(estimate(whole, by_entropy, "bits"), 0.0, self.uniform)
        if self.infinite:
            lost = -math.inf
            gained = Estimate(lost, lost, lost, "bits", self.rows)
            return label_entropy, gained, Estimate(lost, lost, lost, "", self.rows)
        gained = within(estimate(whole - cost, by_gained, "bits"), -math.inf, self.uniform)
        if whole == 0:  # one class only: there is nothing to gain, and a share of it has no meaning
            return label_entropy, gained, None
        share = estimate(1 - cost / whole, by_share, "")
        return label_entropy, gained, within(share, -math.inf, 1.0)

    def of_rows(
        self, part: RowTotals, totals: Values, whole: float, cost: float
    ) -> tuple[Spread | None, Spread | None, Spread | None]:
        """How the entropy, what is gained and its share differ where rows are independent."""
        weights = part.powers.weights
        if self.states.class_moments is not None:
            moments = self.states.class_moments
            found = of_classes(totals, moments, weights, self.totals["surprisal"])
        elif self.sampled is not None:
            complete = self.sampled.drawn == self.rows
            found = of_rows(self.sampled, totals, None if complete else weights.effective)
        else:
            return None, None, None
        share = found.share(whole, cost) if whole > 0 and math.isfinite(cost) else None
        return found.entropy(), found.gained(), share

    def of_groups(
        self, part: Totals, without: Values, whole: float, cost: float
    ) -> tuple[Spread | None, Spread | None, Spread | None]:
        """The same by the jackknife."""
        entropies = _entropy_bits(without[part.groups])
        costs = part.without["surprisal"] / part.without["weight"]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            shares = 1 - costs / entropies
        return (
            Spread.of(whole, entropies, part.sizes),
            Spread.of(whole - cost, entropies - costs, part.sizes),
            Spread.of(1 - cost / whole, shares, part.sizes) if whole > 0 else None,
        )

    def against_distribution(self) -> tuple[Estimate | None, Estimate | None, Annotators | None]:
        """With a distribution as truth: its entropy, KL from it, and how sure its votes are."""
        entropy, kl = self.all.mean("truth_entropy", most=self.uniform), self.all.mean("kl")
        if entropy is None or kl is None:
            return None, None, None
        if self.infinite:
            kl = Estimate(math.inf, math.inf, math.inf, "bits", self.rows)
        votes, bias = self.all.mean("votes", ""), self.all.mean("entropy_bias")
        annotators = None
        if votes is not None and bias is not None:
            annotators = Annotators(
                self.states.extremes["votes"][0], votes.value, self.scaled(bias)
            )
        return self.scaled(entropy), self.scaled(kl), annotators

    def quantiles(self) -> dict[float, Estimate]:
        # Rows that are on their own need no sample for that.
        sampled = None if self.plain else self.sampled
        found = quantiles(self.bins, self.all, sampled, plain=self.plain)
        return {level: self.scaled(each) for level, each in found.items()}

    def worst_rows(self) -> tuple[WorstRow, ...]:
        classes = self.states.settings.classes

        def name(index: int | None) -> str | None:
            return None if index is None or classes is None else classes[index]

        entries = self.states.worst.result()
        if self.infinite:
            # Rows that alone make the mean infinite come first, the worst of the others after.
            entries = [entry for entry in entries if math.isinf(entry.value)]
            entries += self.states.worst_finite.result()
        return tuple(
            WorstRow(
                id=entry.id,
                file=entry.file,
                label=name(entry.label),
                predicted=name(entry.top),
                confidence=None
                if entry.top_surprisal is None
                else float(portable.exp2(-entry.top_surprisal)),
                surprisal=entry.value * self.per_bit,
                leaders=tuple(
                    ClassProbability(str(name(index)), float(portable.exp2(-bits)))
                    for index, bits in entry.leaders
                ),
            )
            for entry in entries
        )

    def missing(self) -> dict[str, str]:
        """Why fields are empty, where that is not for a want of a cause."""
        said = self.states.settings
        reasons = {}
        if (why := too_few_clusters(self.clusters)) is not None:
            reasons["intervals"] = why
        if (why := text_reason(self.states, self.rows)) is not None:
            reasons["text_intervals"] = why
        if not self.plain and self.sampled is None:
            reasons["quantile_intervals"] = NO_INTERVAL
        if said.truth == "logprob":
            why = "needs the model's numbers for every class; only that of what happened is known"
            for field in ("label_entropy", "information_gained", "information_gained_share",
                          "expected_surprisal", "confidence_gap", "accuracy", "worse_than_uniform",
                          "confusion", "class_frequencies", "largest_sum_deviation",
                          *_TAKING_LONG):  # fmt: skip
                reasons[field] = why
        elif said.truth != "labels":
            why = "needs one class a row; the truth is a distribution"
            reasons["confusion"] = reasons["confusion_bits"] = why
        elif said.classes is not None and len(said.classes) > MOST_CONFUSION_CLASSES:
            why = f"kept up to {MOST_CONFUSION_CLASSES:,} classes"
            reasons["confusion"] = reasons["confusion_bits"] = reasons["gaps_by_class"] = why
        if said.truth not in ("probs", "counts"):
            why = "needs a distribution as truth (soft labels or annotators' counts)"
            reasons["truth_entropy"] = reasons["kl_divergence"] = why
        if said.truth != "logprob" and not said.sums:
            reasons["largest_sum_deviation"] = "logits have no sum to be checked"
        return reasons


def _table(values: Values) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, values.tolist()))


def _entropy_bits(weights: Values) -> Values:
    """Entropy of rows of weights that may hold zeros."""
    return np.asarray(entropy(Counts(weights)), dtype=np.float64)
