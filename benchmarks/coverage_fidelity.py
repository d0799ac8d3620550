"""Tokens of documents under two models whose fidelity is known, for ``benchmarks.coverage``.

How far the models are apart, how hard the text is, and how many of a document's tokens are of a
rare kind differ from document to document; ``coverage_fidelity_truths`` integrates what is true
of all documents. What a kernel finds of a token is drawn at once, without the rows that it would
be found of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import unsurprised as us
from benchmarks import coverage_fidelity_truths as truths
from unsurprised.arrays.host import host_array
from unsurprised.batches import SliceColumn
from unsurprised.language_models.figures import fidelity_of
from unsurprised.language_models.meter import FidelityMeter
from unsurprised.language_models.noise import noise_floor
from unsurprised.language_models.pairs import PairFacts
from unsurprised.language_models.result import Fidelity
from unsurprised.language_models.sampled_meter import SampledKLMeter
from unsurprised.language_models.tokens import PairedTokens, TokenScores

Values = NDArray[np.float64]
Generator = np.random.Generator

DOCUMENTS = 30
VOCABULARY = 1000
#: What is said of how they were chosen, and of what they cannot hold.
LIMITS = (
    "The rules were chosen on gamma and Weibull documents and tokens (`benchmarks.coverage_groups`,"
    " `benchmarks.coverage_parts`); these are lognormal, in one scenario exponential. The KL of "
    "tokens too few for its tail has no interval (most of all positions from 0, 1 and 2). What is "
    "not among the documents is in no interval that is made of them."
)


@dataclass(frozen=True, slots=True)
class FidelityScenario:
    """How much documents differ, and how long they are."""

    title: str
    model: truths.Model
    shortest: int
    longest: int
    #: Whether short documents are as many an octave as long ones; else as many a token.
    uneven: bool = False

    def sizes(self, generator: Generator, documents: int) -> NDArray[np.int64]:
        """How many tokens each document has."""
        if not self.uneven:
            return generator.integers(self.shortest, self.longest + 1, documents)
        ends = np.log(self.shortest), np.log(self.longest)
        return np.rint(np.exp(generator.uniform(*ends, documents))).astype(np.int64)


SCENARIOS = (
    FidelityScenario("30 documents of 50 to 150 tokens", truths.Model(0.5), 50, 150),
    FidelityScenario("30 of 100 to 300, which differ much", truths.Model(0.8), 100, 300),
    FidelityScenario("30 of 20 to 400, light tail", truths.Model(0.5, light=True), 20, 400),
    FidelityScenario(
        "30 of 20 to 700, short ones as many, which differ very much",
        truths.Model(1.0), 20, 700, uneven=True,
    ),
)  # fmt: skip


@dataclass(slots=True)
class Drawn:
    """The tokens of some documents."""

    facts: PairFacts
    #: Of a second run of the base.
    second: Values
    of: NDArray[np.int64]
    positions: NDArray[np.int64]
    #: Whether each token, and the document of each, is of the slice that is looked at.
    is_rare: NDArray[np.bool_]
    is_german: NDArray[np.bool_]
    #: The logarithm of the ratio of the two probabilities of a sampled token.
    log_ratio: Values


def drawn(scenario: FidelityScenario, generator: Generator, documents: int = DOCUMENTS) -> Drawn:
    """What is found of the tokens of some documents."""
    model, sizes = scenario.model, scenario.sizes(generator, documents)
    of = np.repeat(np.arange(documents), sizes)
    tokens = len(of)
    positions = np.arange(tokens) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    effects = generator.standard_normal((7, documents))
    own = effects[:, of]
    is_rare = generator.random(tokens) < truths.rare_share(own[0])
    unsure = generator.random(tokens) < truths.unsure_share(own[1])
    sure = generator.random(tokens) < truths.SURE_SHARE
    ranges = np.where(unsure, 0, np.where(sure, 2, 1))
    factor = np.array(truths.RANGE_FACTORS)[ranges] * np.where(is_rare, truths.RARE_FACTOR, 1.0)
    facts = PairFacts.empty(tokens)
    facts.kl = truths.KL * factor * np.exp(model.effect * own[2] + model.noise(generator, tokens))
    facts.reverse_kl = facts.kl * np.exp(truths.REVERSE * generator.standard_normal(tokens))
    facts.js, facts.tv = truths.js_of(facts.kl), truths.tv_of(facts.kl)
    mean = truths.HARD * np.exp(truths.HARDNESS * own[3])
    facts.base_entropy = facts.base_surprisal = generator.exponential(mean)
    change = model.shift + model.shift_effect * own[4]
    change += truths.SHIFT_NOISE * generator.standard_normal(tokens)
    facts.other_entropy = facts.other_surprisal = facts.base_surprisal * np.exp(change)
    facts.base_top_surprisal = -np.log2(np.array(truths.CONFIDENCES)[ranges])
    facts.other_top_surprisal = facts.base_top_surprisal
    facts.other_top[:] = generator.random(tokens) < model.differing_share(own[5])
    second = facts.kl * truths.SECOND * np.exp(truths.REVERSE * generator.standard_normal(tokens))
    log_ratio = truths.RATIO + model.ratio_effect * own[6]
    log_ratio += truths.RATIO_NOISE * generator.standard_normal(tokens)
    is_german = (generator.random(documents) < 0.5)[of]
    return Drawn(facts, second, of, positions, is_rare, is_german, log_ratio)


def estimates(
    scenario: FidelityScenario, generator: Generator, documents: int = DOCUMENTS
) -> dict[str, us.Estimate]:
    """Every estimate that has an interval, by a name."""
    tokens = drawn(scenario, generator, documents)
    names = [f"{k}" for k in range(documents)]
    by = {
        name: SliceColumn(codes=chosen.astype(np.int32), names=("no", "yes"))
        for name, chosen in (("rare", tokens.is_rare), ("german", tokens.is_german))
    }
    nothing = TokenScores(host_array(np.zeros((0, VOCABULARY)), "scores"))
    targets = np.zeros(len(tokens.of), dtype=np.int64)
    rows = PairedTokens(nothing, nothing, targets, names, tokens.of, tokens.positions, by=by)
    # No worst tokens, for there are no rows to count ranks in.
    meter = FidelityMeter(top=0).add_facts(tokens.facts, rows, VOCABULARY)
    found = fidelity_of(meter, ("base", "other"))
    facts = PairFacts.empty(len(tokens.of))
    facts.kl = tokens.second
    rows = PairedTokens(nothing, nothing, None, names, tokens.of, tokens.positions)
    second = FidelityMeter(top=0).add_facts(facts, rows, VOCABULARY)
    listed = _whole(found) | _parts(found) | _curves(scenario, found)
    # What is told beside the excess is not looked at.
    listed["KL less that of a second run"] = noise_floor(meter, second, found, 2).excess
    sampled = SampledKLMeter()
    before = np.full(len(tokens.of), -9.0)
    sampled.add_tokens(names, tokens.of, before, before + tokens.log_ratio)
    drawn_from = sampled.result()
    listed |= {"sampled: k1": drawn_from.k1, "sampled: k3": drawn_from.k3,
               "sampled: effective sample": drawn_from.effective_sample}  # fmt: skip
    for band, share in drawn_from.ratios_within.items():
        listed[f"sampled: ratio within {band:g}"] = share
    return listed


def _whole(found: Fidelity) -> dict[str, us.Estimate]:
    listed: dict[str, Any] = {
        name.replace("_", " "): getattr(found, name)
        for name in ("kl_divergence", "reverse_kl_divergence", "js_divergence", "total_variation",
                     "top_agreement", "cross_entropy_difference", "perplexity_ratio")
    }  # fmt: skip
    listed["cross-entropy of the base"] = found.base.cross_entropy
    listed["cross-entropy of the other"] = found.other.cross_entropy
    listed["perplexity of the other"] = found.other.perplexity
    listed["entropy of the base"] = found.base.entropy
    listed |= {f"quantile {each.level:g} of KL": each.value for each in found.kl_quantiles}
    return listed


def _parts(found: Fidelity) -> dict[str, us.Estimate]:
    listed: dict[str, Any] = {}
    held: list[tuple[str, Any]] = [
        (f"slice {one.column}: ", one) for one in found.slices if one.value == "yes"
    ]
    held += [(f"base's top at {100 * one.low:g} %: ", one) for one in found.by_confidence]
    held += [(f"positions from {one.low:g}: ", one) for one in found.by_position
             if one.low in truths.POSITIONS]  # fmt: skip
    for name, part in held:
        listed[name + "KL"] = part.kl_divergence
        listed[name + "top agreement"] = part.top_agreement
        listed[name + "other − base"] = part.cross_entropy_difference
        if hasattr(part, "excess"):
            listed[name + "excess"] = part.excess
    return listed


def _curves(scenario: FidelityScenario, found: Fidelity) -> dict[str, us.Estimate]:
    """Points of the survival curve by their share, and the change of the target's probability."""
    wanted = scenario.model.thresholds
    shares = {one.kl_divergence: one.share for one in found.kl_survival}
    listed = {
        f"survival curve, {100 * level:g} %": shares[at]
        for level, at in wanted.items()
        if at in shares
    }
    shift = found.target_shift
    assert shift is not None
    listed |= {"Δp: mean": shift.mean, "Δp: root mean square": shift.rms}
    for one in shift.histogram:
        listed[f"Δp from {one.low:g} to {one.high:g}"] = one.share
    return listed


def truth_of(index: int) -> dict[str, float]:
    """The true values, integrated; a document counts by its tokens."""
    return truths.of(SCENARIOS[index].model)


def cover(index: int, truth: dict[str, float], runs: range) -> dict[str, list[int]]:
    """How often the intervals of some sets of documents hold the truth, of those that are given."""
    us.set_num_threads(1)
    counts: dict[str, list[int]] = {}
    for run in runs:
        for name, each in estimates(SCENARIOS[index], np.random.default_rng([13, run])).items():
            held = counts.setdefault(name, [0, 0])
            if np.isnan(each.low):
                continue
            # A quantile is read from bins that are 0.8 % wide.
            slack = 0.008 * truth[name] if name.startswith("quantile") else 0.0
            held[0] += int(each.low - slack <= truth[name] <= each.high + slack)
            held[1] += 1
    return counts
