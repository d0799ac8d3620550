"""llama.cpp's file: what its rows say, what they cannot say, and what is left of a killed run."""

from __future__ import annotations

import struct

import mpmath
import numpy as np
import pytest
from fidelity_data import kld_bytes, log_softmax, models, written

import unsurprised as us
from unsurprised.language_models.artefacts.kld import KldFile


def zipf(chunks: int = 3, context: int = 20, vocabulary: int = 2000, seed: int = 1) -> np.ndarray:
    """Logits of which many lie more than 16 nats below the top."""
    random = np.random.default_rng(seed)
    ranks = np.log(
        1 + random.permuted(np.tile(np.arange(vocabulary), (chunks * context, 1)), axis=1)
    )
    noise = random.normal(size=ranks.shape)
    return (-3 * ranks + noise).reshape(chunks, context, vocabulary).astype(np.float32)


def drawn(logits: np.ndarray, seed: int = 2) -> np.ndarray:
    """A token at each position, uniformly, so that some are at the floor."""
    return np.random.default_rng(seed).integers(0, logits.shape[-1], size=logits.shape[:2])


def kl_bits(p: np.ndarray, q: np.ndarray) -> float:
    """KL of two rows of log-probabilities, at high precision."""
    with mpmath.workdps(40):
        terms = [mpmath.e**a * (mpmath.mpf(a) - b) for a, b in zip(p, q, strict=True)]
        return float(mpmath.fsum(terms) / mpmath.log(2))


@pytest.mark.parametrize(("context", "vocabulary"), [(8, 11), (9, 12), (3, 5)])
def test_what_is_there_is_what_the_layout_says(context, vocabulary, tmp_path):
    logits = models(2, context, vocabulary)[0]
    tokens = drawn(logits)
    file = KldFile(written(tmp_path / "a.kld", kld_bytes(logits, tokens)))
    rows = context - 1 - context // 2
    assert (file.tokens, file.vocabulary, file.names) == (2 * rows, vocabulary, ("0", "1"))
    (batch,) = file.batches(1000)
    positions = np.arange(context // 2 + 1, context)
    assert batch.positions.tolist() == [*positions, *positions]
    assert batch.targets.tolist() == tokens[:, positions].ravel().tolist()
    expected = log_softmax(logits)[:, context // 2 : -1].reshape(2 * rows, vocabulary)
    assert np.abs(batch.scores.values.values - expected).max() < 1.3e-4
    assert not batch.scores.floored.any()
    parts = [part.scores.values.values for part in file.batches(3)]
    assert (np.concatenate(parts) == batch.scores.values.values).all()


def test_a_model_beside_itself_is_itself_though_targets_are_censored(tmp_path):
    logits = zipf()
    tokens = drawn(logits)
    file = written(tmp_path / "base.kld", kld_bytes(logits, tokens))
    found = us.fidelity(file, logits)
    assert found.floored_tokens == found.tokens == 27
    predicted = log_softmax(logits)[:, 10:-1].reshape(27, -1)
    at = predicted[np.arange(27), tokens[:, 11:].ravel()]
    below = predicted.max(axis=1) - at > 16
    assert found.censored_targets == found.base.censored_targets == below.sum() > 3
    assert 0 <= found.kl_divergence.value < 1e-8
    assert 0 <= found.reverse_kl_divergence.value < 1e-8
    assert abs(found.cross_entropy_difference.value) < 1e-5
    assert found.perplexity_ratio.value == pytest.approx(1, abs=1e-5)
    assert found.bounds["base.cross_entropy"] == "at least"
    assert found.bounds["kl_divergence"] == "at least"
    true = -at.mean() / np.log(2)
    assert found.other.cross_entropy.value == pytest.approx(true, rel=1e-6)
    assert found.base.cross_entropy.value < true
    assert "at least" in str(found)
    both = us.fidelity(file, file)
    assert both.kl_divergence.value == both.cross_entropy_difference.value == 0
    assert both.top_agreement.value == 1


@pytest.mark.parametrize("noise", [0.05, 0.5, 2.0])
def test_without_a_floor_the_kl_is_that_of_the_models(noise, tmp_path):
    base, other, tokens = models(2, 12, 60, noise)
    base, other = base / 2, other / 2
    file = written(tmp_path / "base.kld", kld_bytes(base, tokens))
    found = us.fidelity(file, other)
    p, q = (log_softmax(side)[:, 6:-1].reshape(10, -1) for side in (base, other))
    expected = np.mean([kl_bits(*rows) for rows in zip(p, q, strict=True)])
    assert found.kl_divergence.value == pytest.approx(expected, rel=2e-3, abs=1e-7)
    assert found.bounds == {}
    back = us.fidelity(other, file)
    expected = np.mean([kl_bits(*rows) for rows in zip(q, p, strict=True)])
    assert back.kl_divergence.value == pytest.approx(expected, rel=2e-3, abs=1e-7)
    assert back.by_document[0].first_parting in (None, *range(7, 12))


@pytest.mark.parametrize("shift", [0.02, 0.3, 3.0])
@pytest.mark.parametrize("where", ["everywhere", "in the tail"])
def test_with_a_floor_it_is_never_more_and_hardly_less(shift, where, tmp_path):
    base = zipf(2, 8)
    random = np.random.default_rng(5)
    other = base + shift * random.normal(size=base.shape).astype(np.float32)
    if where == "in the tail":  # mass where the base's row says nothing
        order = np.argsort(base, axis=-1)
        tail = np.take_along_axis(other, order[..., :50], -1) + 4 + 4 * np.float32(shift)
        other = base.copy()
        np.put_along_axis(other, order[..., :50], tail, -1)
    file = written(tmp_path / "base.kld", kld_bytes(base, drawn(base)))
    found = us.fidelity(file, other)
    p, q = (log_softmax(side)[:, 4:-1].reshape(6, -1) for side in (base, other))
    kl = np.exp(p) * (p - q)
    expected = kl.sum(axis=1).mean() / np.log(2)
    assert found.kl_divergence.value <= expected + 1e-6
    assert found.kl_divergence.value >= 0.9 * expected - 3e-4
    tv = np.abs(np.exp(p) - np.exp(q)).sum(axis=1).mean() / 2
    assert tv - 2e-4 - 0.1 * tv <= found.total_variation.value <= tv + 1e-4


def test_a_uniform_row_is_one(tmp_path):
    logits = np.zeros((1, 6, 8), np.float32)
    file = written(tmp_path / "flat.kld", kld_bytes(logits, np.zeros((1, 6), int)))
    found = us.fidelity(file, logits)
    assert found.floored_tokens == 0
    assert found.base.cross_entropy.value == pytest.approx(3, abs=1e-6)
    assert found.kl_divergence.value < 1e-12


def test_scores_of_whole_contexts_or_of_second_halves_alone_go_beside_it(tmp_path):
    base, other, tokens = models(3, 12, 50)
    file = written(tmp_path / "base.kld", kld_bytes(base, tokens))
    whole = us.fidelity(file, other)
    halves = us.fidelity(file, other[:, 6:-1])
    flat = us.fidelity(file, other[:, 6:-1].reshape(15, 50))
    assert whole.as_dict() == halves.as_dict() == flat.as_dict()
    assert [one.name for one in sorted(whole.by_document, key=lambda one: one.name)] == [*"012"]
    with pytest.raises(
        us.InputError, match=r"found 33 rows of scores, and 15 in .*3 whole contexts"
    ):
        us.fidelity(file, other[:, 1:])


def test_targets_that_part_are_told_with_their_place(tmp_path):
    base, other, tokens = models(2, 12, 50)
    one = written(tmp_path / "one.kld", kld_bytes(base, tokens))
    changed = tokens.copy()
    changed[1, 9] = (changed[1, 9] + 1) % 50
    two = written(tmp_path / "two.kld", kld_bytes(other, changed))
    with pytest.raises(us.InputError, match="position 9 of document '1'"):
        us.fidelity(one, two)


def test_a_killed_run_says_how_many_whole_rows_there_are(tmp_path):
    base, other, tokens = models(3, 12, 50)
    data = kld_bytes(base, tokens)
    row = 2 * (2 * 25 + 4)
    cut = written(tmp_path / "cut.kld", data[: len(data) - 4 * row - 5])
    with pytest.raises(us.InputError, match=r"10 whole rows of 15 are there.*--partial"):
        us.fidelity(cut, other)
    found = us.fidelity(cut, other[:, 6:-1].reshape(15, 50)[:10], partial=True)
    assert (found.tokens, found.documents) == (10, 2)
    expected = us.fidelity(
        written(tmp_path / "whole.kld", kld_bytes(base[:2], tokens[:2])), other[:2]
    )
    assert found.kl_divergence.value == expected.kl_divergence.value


def header(context: int, vocabulary: int, chunks: int) -> bytes:
    return struct.pack("<8siii", b"_logits_", context, vocabulary, chunks)


def spoilt(at: int, value: bytes) -> bytes:
    base, _, tokens = models(1, 6, 8)
    data = bytearray(kld_bytes(base, tokens))
    data[at : at + len(value)] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"_logits_", "8 bytes are there; expected a header of 20"),
        (b"_logitsX" + bytes(100), "found the first bytes"),
        (header(-1, 8, 1), "states a context of -1"),
        (header(6, 0, 1), "a vocabulary of 0"),
        (header(6, 8, 0), "0 chunks"),
        (header(1 << 30, 8, 1 << 30), "are there"),
        (header(6, 1 << 30, 1) + bytes(24), "a vocabulary of 1,073,741,824"),
        (header(6, 8, 1) + bytes(24), "0 whole rows of 2"),
        (spoilt(0, b"") + b"x", "1 bytes follow the 2 rows"),
        (spoilt(20, struct.pack("<i", 8)), "found the token 8 at position 0 of chunk 0"),
        (spoilt(44, struct.pack("<f", -1.0)), "row 0: found the scale -1"),
        (spoilt(44, struct.pack("<f", float("nan"))), "row 0: found the scale nan"),
        (spoilt(44, struct.pack("<f", 1.0)), "row 0: found the scale 1"),
        (spoilt(48, struct.pack("<f", 3.0)), "least log-probability 3"),
    ],
)
def test_a_damaged_file_says_where(data, said, tmp_path):
    file = written(tmp_path / "a.kld", data)
    with pytest.raises(us.InputError, match=said) as error:
        us.fidelity(file, models(1, 2, 8)[1])
    assert "a.kld" in str(error.value)
    assert "\n" not in str(error.value)


def test_its_rows_cannot_be_cut(tmp_path):
    base, other, tokens = models(1, 6, 8)
    file = written(tmp_path / "a.kld", kld_bytes(base, tokens))
    with pytest.raises(us.InputError, match="vocabulary=7"):
        us.fidelity(file, other, vocabulary=7)
    padded = np.concatenate([other, np.zeros((1, 6, 2), np.float32)], axis=-1)
    assert us.fidelity(file, padded, vocabulary=8).other.cut_mass is not None
