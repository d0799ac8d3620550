"""A meter's state: any portions, any order, any merges, one and the same bytes."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from fidelity_data import models

import unsurprised as us
from unsurprised.states import KeyedSums


def whole() -> tuple[us.FidelityMeter, tuple]:
    base, other, targets = models(14, 9, 70, 0.4)
    given = (base, other, targets, [f"document {k}" for k in range(14)])
    return us.FidelityMeter().update(*given[:3], documents=given[3]), given


def test_portions_order_and_merges_leave_no_trace():
    meter, (base, other, targets, names) = whole()
    expected = meter.to_bytes()
    random = np.random.default_rng(3)
    flat = [side.reshape(126, -1) for side in (base, other)]
    ids = targets.ravel()
    which, places = np.repeat(names, 9), np.tile(np.arange(9), 14)
    parts = np.array_split(random.permutation(126), 40)
    meters = []
    for rows in parts:
        one = us.FidelityMeter()
        one.update(flat[0][rows], flat[1][rows], ids[rows], documents=which[rows],
                   positions=places[rows])  # fmt: skip
        meters.append(us.FidelityMeter.from_bytes(one.to_bytes()))
    merged = us.FidelityMeter()
    for k in random.permutation(40):
        merged.merge(meters[k])
    assert merged.to_bytes() == expected
    assert merged.result().to_json() == meter.result().to_json()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_leave_no_trace(threads):
    expected = whole()[0].to_bytes()
    us.set_num_threads(threads)
    try:
        assert whole()[0].to_bytes() == expected
    finally:
        us.set_num_threads(None)


def test_it_tells_what_the_function_tells():
    meter, (base, other, targets, names) = whole()
    named = dict(zip(names, base, strict=True)), dict(zip(names, other, strict=True))
    assert meter.result().to_json() == us.fidelity(*named, targets=targets).to_json()


def test_copies_go_on_by_themselves():
    meter, given = whole()
    before = meter.to_bytes()
    for made in (copy.deepcopy(meter), pickle.loads(pickle.dumps(meter))):
        made.update(*given[:3], documents=given[3])
        assert made.to_bytes() != before
    assert meter.to_bytes() == before


def test_what_does_not_fit_is_refused():
    meter, (base, other, targets, _) = whole()
    with pytest.raises(us.CallError, match="vocabulary of 60, and 70 before"):
        meter.update(base[..., :60], other[..., :60])
    with pytest.raises(us.CallError, match="base has shape"):
        meter.update(base, other[:3])
    with pytest.raises(us.CallError, match="pass tokens"):
        meter.update(base, other, targets[:, :-1])
    with pytest.raises(us.InputError, match="targets, row 0: found the token -3"):
        meter.update(base, other, np.full_like(targets, -3))
    with pytest.raises(us.StateError, match="vocabularies of 60 and 70"):
        meter.merge(us.FidelityMeter().update(base[..., :60], other[..., :60]))
    with pytest.raises(us.StateError, match="do not merge"):
        meter.merge(us.FidelityMeter(top=3))
    with pytest.raises(us.CallError, match="no tokens"):
        us.FidelityMeter().result()
    with pytest.raises(us.StateError, match="cut"):
        us.FidelityMeter.from_bytes(meter.to_bytes()[:-1])


def test_a_row_that_is_none_is_named_by_its_number_in_the_call():
    base, other, targets = models(2, 5, 70)
    other[1, 3, 7] = np.nan
    targets[0, 0] = -100
    with pytest.raises(us.InputError, match="other, row 8: found NaN for class 7"):
        us.FidelityMeter().update(base, other, targets)


def test_libraries_arrays_are_taken():
    torch = pytest.importorskip("torch")
    base, other, targets = models(2, 5, 70)
    expected = us.FidelityMeter().update(base, other, targets).to_bytes()
    given = [torch.tensor(one) for one in (base, other, targets)]
    assert us.FidelityMeter().update(*given).to_bytes() == expected
    half = [one.bfloat16() for one in given[:2]]
    wide = [one.float().numpy() for one in half]
    found = us.FidelityMeter().update(*half).result().kl_divergence.value
    assert found == pytest.approx(
        us.FidelityMeter().update(*wide).result().kl_divergence.value, rel=1e-6
    )


def test_of_too_many_names_those_of_the_smallest_hashes_stay_whatever_the_order():
    random = np.random.default_rng(0)
    names = [f"n{k}" for k in range(50)]
    which, values = random.integers(0, 50, 400), random.random(400)
    marks = random.integers(-1, 90, 400)

    def of(rows: np.ndarray) -> KeyedSums:
        return KeyedSums(["x"], size=8).update(names, which[rows], {"x": values[rows]}, marks[rows])

    expected = of(np.arange(400)).to_bytes()
    for seed in range(5):
        parts = np.array_split(np.random.default_rng(seed).permutation(400), 13)
        merged = KeyedSums(["x"], size=8)
        for rows in parts:
            merged.merge(KeyedSums.from_bytes(of(rows).to_bytes()))
        assert merged.to_bytes() == expected
        stepwise = KeyedSums(["x"], size=8)
        for rows in parts:
            stepwise.update(names, which[rows], {"x": values[rows]}, marks[rows])
        assert stepwise.to_bytes() == expected
    kept = KeyedSums.from_bytes(expected)
    for name, total in zip(kept.names(), kept.totals()["x"], strict=True):
        assert total == pytest.approx(values[which == int(name[1:])].sum(), rel=1e-15)
    assert not kept.complete
    assert 10 < kept.count() < 250
