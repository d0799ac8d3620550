"""Transfer entropy and active information storage: definitions, known truth, trials, gaps."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
from typing import Any

import numpy as np
import oracle_estimates
import oracle_neighbours
import oracle_series as oracle
import pytest

import unsurprised as us
from unsurprised.estimate import active_information_storage, mutual_information, transfer_entropy

Rows = np.ndarray[Any, Any]
NATS: dict[str, Any] = {"base": math.e}
BARE: dict[str, Any] = {"noise": 0, "scale": None, "base": math.e}


def coupled(times: int, seed: int = 0) -> tuple[Rows, Rows]:
    """x' = x/2 + e, y' = 0.6 y + 0.4 x + f."""
    e, f = np.random.default_rng(seed).normal(size=(2, times + 100))
    x, y = np.zeros(times + 100), np.zeros(times + 100)
    for t in range(1, times + 100):
        x[t], y[t] = 0.5 * x[t - 1] + e[t], 0.6 * y[t - 1] + 0.4 * x[t - 1] + f[t]
    return x[100:], y[100:]


def words(times: int, states: int = 3, seed: int = 0) -> tuple[Rows, Rows]:
    """A source of some states, and a target that repeats it, or itself, or neither."""
    random = np.random.default_rng(seed)
    x, y = random.integers(0, states, (2, times))
    chance = random.random(times)
    for t in range(1, times):
        if chance[t] < 0.7:
            y[t] = x[t - 1] if chance[t] < 0.4 else y[t - 1]
    return x, y


EMBEDDINGS: list[dict[str, int]] = [
    {"history": 1, "source_history": 1},
    {"history": 2, "source_history": 1, "delay": 2},
    {"history": 1, "source_history": 2, "delay": 3, "step": 2},
    {"history": 2, "source_history": 2, "step": 2, "source_step": 1},
    {"history": 3, "source_history": 2, "step": 1, "source_step": 3},
]


def by_hand(x: Any, y: Any, embedding: dict[str, int]) -> tuple[list[Any], list[Any], list[Any]]:
    full = {"source_step": embedding.get("step", 1), **embedding}
    return oracle.windows(x, y, **full)


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_categories_by_definition(embedding: dict[str, int]) -> None:
    x, y = words(120)
    rows = by_hand([x.tolist()], [y.tolist()], embedding)
    found = transfer_entropy(x, y, method="plugin", **embedding, **NATS)
    assert found.value == pytest.approx(float(oracle.plugin(*rows)), rel=1e-12)
    assert found.value == found.plugin
    assert found.bias == 0
    assert found.rows == len(rows[0])
    for name in ("miller_madow", "grassberger1988", "grassberger2003", "jackknife", "chao_shen"):
        truth = oracle.corrected(getattr(oracle_estimates, name), *rows)
        found = transfer_entropy(x, y, method=name, **embedding, **NATS)
        assert found.value == pytest.approx(float(truth), rel=1e-10, abs=1e-12)
        assert found.plugin == pytest.approx(float(oracle.plugin(*rows)), rel=1e-12)


@pytest.mark.parametrize("embedding", EMBEDDINGS)
@pytest.mark.parametrize("k", [1, 3, 4])
def test_numbers_by_definition(embedding: dict[str, int], k: int) -> None:
    x, y = coupled(60)
    past, now, known = by_hand([x.tolist()], [y.tolist()], embedding)
    truth = oracle_neighbours.conditional(past, [(value,) for value in now], known, k)
    found = transfer_entropy(x, y, k=k, **embedding, **BARE)
    assert found.value == pytest.approx(float(truth), rel=1e-12, abs=1e-13)
    assert math.isnan(found.plugin)
    of_columns = mutual_information(np.array(past), np.array(now), np.array(known), k=k, **BARE)
    assert found.value == of_columns.value


def test_numbers_beside_categories_by_definition() -> None:
    x, y = coupled(60)
    signs = (x > 0).astype(int)
    past, now, known = by_hand([signs.tolist()], [y.tolist()], EMBEDDINGS[1])
    # The oracle's categories are no tuples.
    truth = oracle_neighbours.conditional(
        [value for (value,) in past], [(value,) for value in now], known, 3
    )
    found = transfer_entropy(signs, y, **EMBEDDINGS[1], **BARE)
    assert found.value == pytest.approx(float(truth), rel=1e-12, abs=1e-13)
    assert found.method == "ross"


def test_given_by_definition() -> None:
    x, y = words(150)
    z = np.random.default_rng(5).integers(0, 2, 150)
    past, now, known = by_hand([x.tolist()], [y.tolist()], {"history": 2, "source_history": 1})
    beside = [(*word, z[t - 1], z[t - 2]) for t, word in enumerate(known, 2)]
    found = transfer_entropy(x, y, history=2, given=z, given_history=2, method="plugin", **NATS)
    assert found.value == pytest.approx(float(oracle.plugin(past, now, beside)), rel=1e-12)
    x, y = coupled(70)
    z = coupled(70, seed=3)[0]
    found = transfer_entropy(x, y, given=z, **BARE)
    pairs = np.stack([y[:-1], z[:-1]], axis=1)
    assert found.value == mutual_information(x[:-1], y[1:], pairs, **BARE).value
    found = transfer_entropy(x, y, given=(z > 0).astype(int), **BARE)
    # Of two categories that are far apart no row is near to one of the other.
    apart = [(c, 1e6 * (d > 0)) for c, d in zip(y[:-1].tolist(), z[:-1].tolist(), strict=True)]
    past, now = [(a,) for a in x[:-1].tolist()], [(b,) for b in y[1:].tolist()]
    truth = oracle_neighbours.conditional(past, now, apart, 3)
    assert found.value == pytest.approx(float(truth), rel=1e-12)


@pytest.mark.parametrize("history", [1, 2, 3])
def test_storage_by_definition(history: int) -> None:
    _, y = words(120)
    _, now, known = by_hand([y.tolist()], [y.tolist()], {"history": history, "source_history": 1})
    nothing = [()] * len(now)
    found = active_information_storage(y, history=history, method="plugin", **NATS)
    assert found.value == pytest.approx(float(oracle.plugin(known, now, nothing)), rel=1e-12)
    _, y = coupled(60)
    _, now, known = by_hand([y.tolist()], [y.tolist()], {"history": history, "source_history": 1})
    values = [(value,) for value in now]
    truth = oracle_neighbours.ksg1(known, values, 3)
    found = active_information_storage(y, history=history, **BARE)
    assert found.value == pytest.approx(float(truth), rel=1e-12)
    second = mutual_information(np.array(known), np.array(now), method="ksg2", **BARE)
    found = active_information_storage(y, history=history, method="ksg2", **BARE)
    assert found.value == second.value


def test_truth_of_gaussian_series() -> None:
    """By the covariance of the stationary state (Barnett, Barrett and Seth, 2009)."""
    a, b, c = 0.5, 0.6, 0.4
    variance = 1 / (1 - a * a)
    both = a * c * variance / (1 - a * b)
    of_y = (c * c * variance + 2 * b * c * both + 1) / (1 - b * b)
    truth = 0.5 * math.log(1 + c * c * (variance - both**2 / of_y))
    stored = -0.5 * math.log(1 - ((b * of_y + c * both) / of_y) ** 2)
    x, y = coupled(20_000)
    found, back = transfer_entropy(x, y, **NATS), transfer_entropy(y, x, **NATS)
    assert found.value == pytest.approx(truth, abs=0.015)
    assert found.low < truth < found.high
    assert abs(back.value) < 0.015
    assert back.low == 0 or back.value < 0
    storage = active_information_storage(y, **NATS)
    assert storage.value == pytest.approx(stored, abs=0.015)
    assert storage.low < stored < storage.high


def test_truth_of_a_chain() -> None:
    """A target that is its source's state in ½ of the times, and its own in ¼: by its shares."""
    random = np.random.default_rng(2)
    times = 40_000
    x = random.integers(0, 2, times)
    y = np.zeros(times, dtype=int)
    chance, new = random.random(times), random.integers(0, 2, times)
    for t in range(1, times):
        y[t] = x[t - 1] if chance[t] < 0.5 else y[t - 1] if chance[t] < 0.75 else new[t]

    # y' = x = y in half of the cases: 7/8; x ≠ y: y' = x in 5/8; by y alone: y' = y in 5/8.
    def coin(p: float) -> float:
        return -p * math.log2(p) - (1 - p) * math.log2(1 - p)

    truth = coin(5 / 8) - (coin(7 / 8) + coin(5 / 8)) / 2
    found = transfer_entropy(x, y)
    assert found.value == pytest.approx(truth, abs=0.01)
    assert found.low < truth < found.high
    assert active_information_storage(y).value == pytest.approx(1 - coin(5 / 8), abs=0.01)


@pytest.mark.parametrize("delay", [1, 4])
def test_a_copy_tells_all(delay: int) -> None:
    x = np.random.default_rng(1).integers(0, 4, 2000)
    y = np.roll(x, delay)
    y[:delay] = 0
    plugin = transfer_entropy(x, y, delay=delay, method="plugin")
    now, known = [(b,) for b in y[delay:]], [(c,) for c in y[delay - 1 : -1]]
    entropy = oracle.corrected(oracle_estimates.plugin, now, now, known) / math.log(2)
    assert plugin.value == pytest.approx(float(entropy), rel=1e-12)
    assert plugin.value == pytest.approx(2, abs=0.01)
    assert transfer_entropy(x, y, delay=delay + 1).value == pytest.approx(0, abs=0.01)
    numbers = np.random.default_rng(1).normal(size=2000)
    found = transfer_entropy(numbers, np.roll(numbers, delay), delay=delay)
    assert found.high == math.inf
    assert any("at least" in note for note in found.notes)


def test_trials_are_not_joined() -> None:
    x, y = words(160)
    cuts = [0, 30, 31, 90, 160]
    trials = [(x[a:b], y[a:b]) for a, b in itertools.pairwise(cuts)]
    sources, targets = ([part.tolist() for part in parts] for parts in zip(*trials, strict=True))
    rows = oracle.windows(sources, targets, 2, 1)
    found = transfer_entropy(
        [part for part, _ in trials], [part for _, part in trials], history=2, method="plugin",
        **NATS,
    )  # fmt: skip
    assert (found.rows, found.trials) == (len(rows[0]), 3)
    assert found.value == pytest.approx(float(oracle.plugin(*rows)), rel=1e-12)
    assert "1 of 4 trials are too short for a window" in found.notes
    as_lists = transfer_entropy(sources, targets, history=2, method="plugin", **NATS)
    assert as_lists == found


def test_gaps_are_not_crossed() -> None:
    x, y = words(160)
    gone = np.random.default_rng(8).random((2, 160)) < 0.1
    lists = [
        [None if is_gone else int(value) for value, is_gone in zip(series, lost, strict=True)]
        for series, lost in zip((x, y), gone, strict=True)
    ]
    rows = oracle.windows([lists[0]], [lists[1]], 2, 2)
    found = transfer_entropy(*lists, history=2, source_history=2, method="plugin", **NATS)
    assert found.rows == len(rows[0])
    assert found.value == pytest.approx(float(oracle.plugin(*rows)), rel=1e-12)
    assert f"source: {gone[0].sum()} times without a value; no window crosses them" in found.notes
    masked = [np.ma.masked_array(s, lost) for s, lost in zip((x, y), gone, strict=True)]
    assert (
        transfer_entropy(*masked, history=2, source_history=2, method="plugin", **NATS).value
        == found.value
    )
    x, y = coupled(160)
    rows = oracle.windows(
        [[None if lost else v for v, lost in zip(x, gone[0], strict=True)]], [y.tolist()], 1, 1
    )
    found = transfer_entropy(np.ma.masked_array(x, gone[0]), y, **BARE)
    truth = oracle_neighbours.conditional(rows[0], [(v,) for v in rows[1]], rows[2], 3)
    assert found.value == pytest.approx(float(truth), rel=1e-12, abs=1e-13)


def test_p_values() -> None:
    x, y = coupled(600)
    found = transfer_entropy(x, y, permutations=99)
    assert found.p_value == 0.01
    again = transfer_entropy(x, y, permutations=99)
    assert (again.value, again.low, again.p_value) == (found.value, found.low, found.p_value)
    assert transfer_entropy(x, y, permutations=19, surrogates="blocks").p_value == 0.05
    back = transfer_entropy(y, x, permutations=99)
    assert back.p_value is not None
    assert back.p_value > 0.05
    x, y = words(200)
    assert transfer_entropy(x, y, permutations=99).p_value == 0.01
    assert transfer_entropy(x, y).p_value is None
    assert active_information_storage(y, permutations=99).p_value == 0.01
    assert active_information_storage(x, permutations=99).p_value > 0.05  # type: ignore[operator]


def test_few_shifts_are_said() -> None:
    x, y = words(30)
    found = transfer_entropy(x, y, permutations=99)
    assert "there are 28 shifts: more permutations tell no more" in found.notes


def test_slow_series_are_not_coupled() -> None:
    """Shuffled values would call a quarter of such pairs coupled, shifted ones one in twenty."""
    rejected = 0
    for seed in range(40):
        e = np.random.default_rng(seed).normal(size=(2, 150))
        series = np.zeros((2, 150))
        for t in range(1, 150):
            series[:, t] = 0.95 * series[:, t - 1] + e[:, t]
        rejected += (transfer_entropy(*series, permutations=39).p_value or 1) <= 0.05
    assert rejected <= 6


def test_auto_finds_the_history() -> None:
    random = np.random.default_rng(3)
    x, wrong = random.integers(0, 2, 600), random.random(600) < 0.05
    for t in range(2, 600):
        x[t] = x[t - 1] ^ x[t - 2] ^ wrong[t]
    found = active_information_storage(x, history="auto")
    assert found.history == 2
    assert found.notes[0].startswith("series: history 2, step 1, of 5 that were tried")
    for t in range(3, 600):
        x[t] = x[t - 1] ^ x[t - 3] ^ wrong[t]
    found = active_information_storage(x, history="auto", step="auto")
    assert (found.history, found.step) == (2, 2)
    y = random.normal(size=500)
    found = active_information_storage(y, history="auto")
    assert found.history == 1
    coupling = transfer_entropy(y, np.roll(y, 1), history="auto", source_history="auto")
    assert coupling.source_history == 1


def test_a_constant_tells_nothing() -> None:
    x, _ = words(50)
    for pair in (([1] * 50, x), (x, [1] * 50), ([0.5] * 50, x * 1.0)):
        found = transfer_entropy(*pair, permutations=9)
        assert (found.value, found.low, found.high, found.p_value) == (0, 0, 0, 1)
    assert active_information_storage(["a"] * 9, permutations=9).p_value == 1


def test_one_window_has_no_interval() -> None:
    found = transfer_entropy([1, 2], [2, 1], method="plugin")
    assert (found.value, found.rows) == (0, 1)
    assert math.isnan(found.low)


def test_a_trial_without_values_is_left_out() -> None:
    x, y = words(50)
    found = transfer_entropy([[None] * 3, x], [[1, 2, 1], y])
    assert found.value == transfer_entropy(x, y).value
    assert "source: 3 times without a value; no window crosses them" in found.notes


def test_itself_tells_nothing_beyond_itself() -> None:
    x, _ = words(200)
    assert transfer_entropy(x, x, method="plugin").value == pytest.approx(0, abs=1e-15)
    numbers, _ = coupled(80)
    found = transfer_entropy(numbers, numbers)
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_scale_and_offset_change_nothing() -> None:
    x, y = coupled(300)
    found = transfer_entropy(x, y)
    assert transfer_entropy(1e6 * x + 2.0**30, -3 * y).value == pytest.approx(found.value, abs=1e-6)


def test_atoms_among_numbers() -> None:
    x, y = coupled(300)
    rain = np.maximum(y, 0)
    found = transfer_entropy(x, rain)
    assert found.kinds[1] == "atom at 0 and continuous"
    with pytest.raises(us.CallError, match="expected a history of 1 for such a mixture"):
        transfer_entropy(x, rain, history=2)
    assert transfer_entropy(x, rain, history=2, method="ksg1").method == "ksg1"
    assert active_information_storage(rain, history="auto").history == 1


def test_result() -> None:
    x, y = words(100)
    found = transfer_entropy(x, y, history=2, delay=3, source_step=2)
    assert isinstance(found, us.estimate.SampleEstimate)
    assert repr(found).startswith("SeriesEstimate(")
    assert (found.history, found.source_history, found.delay, found.source_step) == (2, 1, 3, 2)
    assert pickle.loads(pickle.dumps(found)) == found == copy.deepcopy(found)
    nats = transfer_entropy(x, y, history=2, delay=3, source_step=2, **NATS)
    assert nats.value == pytest.approx(found.value * math.log(2))
    assert nats.unit == "nats"


def test_without_a_past_of_the_target_it_is_mutual_information() -> None:
    x, y = coupled(100)
    found = transfer_entropy(x, y, history=0, **BARE)
    assert found.value == mutual_information(x[:-1], y[1:], **BARE).value
