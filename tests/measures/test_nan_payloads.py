"""A NaN is one whatever its other bits hold, which arithmetic on the bits of floats would read."""

from __future__ import annotations

import numpy as np
import pytest

import unsurprised as us

#: Quiet and signalling, of both signs, with bits that reach the lowest.
NANS = [0x7FC00000, 0x7F800001, 0xFFC000FF, 0x7FC12345]
OF_TWO = [
    "kl_divergence",
    "js_divergence",
    "jeffreys_divergence",
    "cross_entropy",
    "total_variation",
    "hellinger_distance",
    "bhattacharyya_distance",
]


def rows(form, classes, seed):
    scores = np.random.default_rng(seed).normal(size=(3, classes)).astype(np.float32)
    if form is us.Probs:
        scores = np.exp(scores)
        scores /= scores.sum(axis=1, keepdims=True)
    return scores


@pytest.mark.parametrize("bits", NANS, ids=hex)
@pytest.mark.parametrize("classes", [2, 3, 10, 64, 300, 1500])
@pytest.mark.parametrize("form", [us.Probs, us.Logits])
def test_every_nan_is_found(form, classes, bits):
    sides = [rows(form, classes, seed) for seed in (0, 1)]
    spoilt = sides[1].copy()
    spoilt.view(np.uint32)[1, classes // 2] = bits
    named = f"row 1: found NaN for class {classes // 2}"
    with pytest.raises(us.InputError, match=named):
        us.entropy(form(spoilt))
    with pytest.raises(us.InputError, match=named):
        us.surprisal(form(spoilt), at=[0, 0, 0])
    for name in OF_TWO:
        for pair in ((sides[0], spoilt), (spoilt, sides[0])):
            with pytest.raises(us.InputError, match=named):
                getattr(us, name)(*map(form, pair))
