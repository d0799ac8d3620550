"""A file is as long as its model's cross-entropy, for any data and at any probability."""

from __future__ import annotations

import math
import pydoc_data.topics
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised import coding

EXAMPLES = Path(__file__).parents[2] / "examples"
TEXT = "\n".join(pydoc_data.topics.topics.values()).encode()

#: What the issue of this codec allows for 100,000 symbols and more.
SHARE, BITS = 1e-3, 64


def bits_by_hand(shares, symbols) -> float:
    """−Σ log₂ of what each symbol has, exactly summed."""
    shares = np.broadcast_to(shares, (len(symbols), np.shape(shares)[-1]))
    return -math.fsum(math.log2(row[symbol]) for row, symbol in zip(shares, symbols, strict=True))


def check(account, expected: float) -> None:
    assert account.cross_entropy == pytest.approx(expected, rel=1e-12, abs=1e-9)
    assert -BITS <= account.coded - expected <= BITS + SHARE * expected


def test_english_text_by_its_frequencies():
    account = coding.encode(TEXT).account
    counts = np.bincount(np.frombuffer(TEXT, "u1"), minlength=256)
    expected = math.fsum(n * -math.log2(n / len(TEXT)) for n in counts[counts > 0].tolist())
    check(account, expected)
    assert account.overhead <= 64


LEARNED = [
    (0, 4.75),
    pytest.param(1, 3.6, marks=pytest.mark.thorough),
    pytest.param(2, 2.65, marks=pytest.mark.thorough),
    (4, 1.9),
]


@pytest.mark.parametrize(("order", "most"), LEARNED)
def test_english_text_by_what_was_learned(order, most):
    account = coding.encode(TEXT, coding.Adaptive(order)).account
    assert account.coded / len(TEXT) <= most
    assert 0 <= account.overhead <= BITS + SHARE * account.cross_entropy
    assert account.kl is None


@pytest.mark.parametrize("name", ["digits.parquet", "digits_better.parquet"])
def test_labels_under_the_examples_predictions(name):
    table = pq.read_table(EXAMPLES / name)
    rows = np.array(table["probs"].to_pylist(), dtype=np.float32)
    labels = table["label"].to_numpy()
    account = coding.encode(labels, us.Probs(rows)).account
    reported = us.evaluate(EXAMPLES / name).cross_entropy.value * len(labels)
    check(account, bits_by_hand(rows / rows.astype("f8").sum(1, keepdims=True), labels))
    assert account.cross_entropy == pytest.approx(reported, rel=1e-12)


@pytest.mark.parametrize("classes", [2, 3, 10, 256, 5_000, 65_536])
def test_random_sources(classes):
    rng = np.random.default_rng(classes)
    shares = rng.dirichlet(np.full(classes, 0.3)) + 1e-15
    shares /= shares.sum()
    symbols = rng.choice(classes, 100_000, p=shares)
    check(coding.encode(symbols, us.Probs(shares)).account, bits_by_hand(shares, symbols))


EXTREME = {
    "nearly certain, and right": ([1 - 1e-12, 1e-12], [1, 0]),
    "nearly certain, and half wrong": ([1 - 1e-12, 1e-12], [0.5, 0.5]),
    "nearly certain, and always wrong": ([1 - 1e-12, 1e-12], [0, 1]),
    "below what integers of 24 bits hold": ([1.0, 1.4 * 2.0**-24, 3e-7], [0.2, 0.4, 0.4]),
    "below what floats hold beside one": ([1.0, 1e-30, 1e-200, 5e-324], [0.25] * 4),
    "one above a half of an integer": ([1.0, 1.5 * 2.0**-15, 1.5 * 2.0**-16], [0, 0.5, 0.5]),
    "all in the rare tail": ([0.9, *[0.1 / 1000] * 1000], [0, *[1 / 1000] * 1000]),
}


@pytest.mark.parametrize(("model", "truth"), EXTREME.values(), ids=EXTREME)
def test_data_that_the_model_does_not_expect(model, truth):
    symbols = np.random.default_rng(3).choice(len(model), 100_000, p=truth)
    exact = [value / math.fsum(model) for value in model]
    account = coding.encode(symbols, us.Probs(model, normalize=True)).account
    check(account, bits_by_hand(exact, symbols))
    some = symbols[: 100_000 if len(model) < 100 else 10_000]
    rows = us.Probs(np.tile(model, (len(some), 1)), normalize=True)
    check(coding.encode(some, rows).account, bits_by_hand(exact, some))


def test_a_vocabulary_with_few_likely_words():
    """Where every class keeps at least one of 2²⁴, a vocabulary costs more than this bound."""
    rng = np.random.default_rng(4)
    logits = rng.normal(size=(30, 131_072)) * 2
    likely = rng.integers(0, 131_072, 30)
    logits[np.arange(30), likely] += 22
    weights = np.exp(logits - logits.max(1, keepdims=True))
    shares = weights / weights.sum(1, keepdims=True)
    check(coding.encode(likely, us.Logits(logits)).account, bits_by_hand(shares, likely))
    again = np.full(20_000, likely[0])  # which is what adds up to the bound
    cost = bits_by_hand(shares[0], [likely[0]]) * len(again)
    check(coding.encode(again, us.Logits(logits[0])).account, cost)


def test_the_parts_of_the_account():
    truth, model = np.array([700, 200, 100]), [0.25, 0.25, 0.5]
    symbols = np.repeat([0, 1, 2], truth)
    account = coding.encode(symbols, model).account
    assert account.entropy == pytest.approx(1000 * us.entropy(us.Counts(truth)), rel=1e-14)
    assert account.kl == pytest.approx(1000 * us.kl_divergence(us.Counts(truth), model), rel=1e-14)
    assert account.cross_entropy == pytest.approx(account.entropy + account.kl, rel=1e-14)
    assert account.input == 8 * symbols.nbytes
    assert account.file == account.coded + account.table + account.header


def test_smoothing_costs_what_it_is_said_to_cost():
    symbols = np.zeros(1000, dtype=int)
    plain = coding.encode(symbols, [0.5, 0.5]).account.cross_entropy
    smoothed = coding.encode(symbols, [0.75, 0.25], smooth=0.5).account.cross_entropy
    assert plain == 1000
    assert smoothed == pytest.approx(1000 * -math.log2(0.625), rel=1e-13)
