"""Tokens of documents under two models whose fidelity is known, for ``benchmarks.coverage``.

How far the models are apart, and how hard the text is, differs from document to document. What a
kernel finds of a token is drawn at once, without the rows that it would be found of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import unsurprised as us
from unsurprised.arrays.host import host_array
from unsurprised.language_models.figures import fidelity_of
from unsurprised.language_models.meter import FidelityMeter
from unsurprised.language_models.pairs import PairFacts
from unsurprised.language_models.tokens import PairedTokens, TokenScores

Values = NDArray[np.float64]
Generator = np.random.Generator

DOCUMENTS = 30
#: Documents from which the true values are found.
MANY = 20_000
VOCABULARY = 1000


@dataclass(frozen=True)
class FidelityScenario:
    """How much documents differ (the spread of the logarithm of their KL), and their lengths."""

    title: str
    effect: float
    shortest: int
    longest: int
    #: Of the logarithm of a token's KL, in its document.
    noise: Callable[[Generator, int], Values]


def normal(generator: Generator, tokens: int) -> Values:
    return 1.5 * generator.standard_normal(tokens)


def exponential(generator: Generator, tokens: int) -> Values:
    return np.log(generator.exponential(size=tokens))


SCENARIOS = (
    FidelityScenario("30 documents of 50 to 150 tokens", 0.5, 50, 150, normal),
    FidelityScenario("30 documents of 100 to 300, which differ much", 0.8, 100, 300, normal),
    FidelityScenario("30 documents of 20 to 400, light tail", 0.5, 20, 400, exponential),
)


def facts_of(
    scenario: FidelityScenario, generator: Generator, documents: int
) -> tuple[PairFacts, NDArray[np.int64]]:
    """What is found of the tokens of some documents, and which one each is of."""
    sizes = generator.integers(scenario.shortest, scenario.longest + 1, documents)
    of = np.repeat(np.arange(documents), sizes)
    tokens = len(of)
    own = generator.standard_normal((4, documents))[:, of]  # of each document
    facts = PairFacts.empty(tokens)
    facts.kl = 0.02 * np.exp(scenario.effect * own[0] + scenario.noise(generator, tokens))
    facts.reverse_kl = facts.kl * np.exp(0.2 * generator.standard_normal(tokens))
    facts.js = np.minimum(facts.kl / 4, 1.0)
    facts.tv = np.minimum(np.sqrt(facts.kl / 3), 1.0)
    facts.base_entropy = facts.base_surprisal = generator.exponential(2 * np.exp(0.3 * own[1]))
    shift = 0.01 * np.exp(scenario.effect * own[0]) + 0.02 * own[2]
    moved = shift + np.sqrt(2 * facts.kl) * generator.standard_normal(tokens)
    facts.other_surprisal = np.maximum(facts.base_surprisal + moved, 0.0)
    facts.other_entropy = facts.base_entropy
    facts.base_top_surprisal = facts.other_top_surprisal = facts.base_surprisal / 2
    differs = generator.random(tokens) < 1 / (1 + np.exp(3 - scenario.effect * own[3]))
    facts.other_top = differs.astype(np.int64)
    return facts, of


def estimates(
    scenario: FidelityScenario, generator: Generator, documents: int = DOCUMENTS
) -> dict[str, us.Estimate]:
    """Every mean and quantile that has an interval, by a name."""
    facts, of = facts_of(scenario, generator, documents)
    names = [f"{k}" for k in range(documents)]
    positions = np.zeros(len(of), dtype=np.int64)
    nothing = TokenScores(host_array(np.zeros((0, VOCABULARY)), "scores"))
    rows = PairedTokens(nothing, nothing, positions, names, of, positions)
    # No worst tokens, for there are no rows to count ranks in.
    meter = FidelityMeter(top=0).add_facts(facts, rows, VOCABULARY)
    found = fidelity_of(meter, ("base", "other"))
    listed: dict[str, Any] = {
        name.replace("_", " "): getattr(found, name)
        for name in ("kl_divergence", "reverse_kl_divergence", "js_divergence", "total_variation",
                     "top_agreement", "cross_entropy_difference", "perplexity_ratio")
    }  # fmt: skip
    listed["cross-entropy of the base"] = found.base.cross_entropy
    listed["cross-entropy of the other"] = found.other.cross_entropy
    assert found.target_shift is not None
    listed["shift of the target's probability"] = found.target_shift.mean
    listed |= {f"quantile {each.level:g} of KL": each.value for each in found.kl_quantiles}
    return listed


def truth_of(index: int) -> dict[str, float]:
    """The true values, of very many documents; a document counts by its tokens."""
    scenario = SCENARIOS[index]
    found = estimates(scenario, np.random.default_rng(1), MANY)
    return {name: each.value for name, each in found.items()}


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
