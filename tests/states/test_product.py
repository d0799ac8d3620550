"""The product of states merges, is written and is read as its states are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from unsurprised import Evaluator, StateError
from unsurprised.states import (
    ClassCounts,
    Confusion,
    Extremes,
    Histogram,
    Moments,
    Product,
    Sample,
    Sums,
    TopK,
)
from unsurprised.states.serial import pack


def product_of(values):
    product = Product({"spread": Histogram(), "ends": Extremes()})
    product["spread"].update(np.array(values))
    product["ends"].update("value", min(values), max(values))
    return product


def test_a_product_merges_name_by_name_to_the_bit():
    whole = product_of([0.5, 2.0, 8.0]).to_bytes()
    first, second = product_of([8.0]), product_of([2.0, 0.5])
    assert Product.from_bytes(first.to_bytes()).merge(second).to_bytes() == whole
    assert second.merge(first).to_bytes() == whole
    assert second.result()["ends"] == {"value": (0.5, 8.0)}


def test_products_of_other_states_do_not_merge():
    with pytest.raises(StateError, match="do not merge"):
        product_of([1.0]).merge(Product({"ends": Extremes()}))


def test_a_state_that_this_release_does_not_know_is_named():
    bad = Product({"x": Product({})}).to_bytes()
    with pytest.raises(StateError, match="'x' is a 'Product', which this release does not know"):
        Product.from_bytes(bad)


@pytest.mark.parametrize(
    ("kind", "settings", "parts"),
    [
        (Sums, {}, []),
        (Moments, {}, []),
        (Moments, {"columns": ["a"], "weighted": 1, "groups": 1, "cells": []}, []),
        (Moments, {"columns": ["a"], "weighted": True, "groups": 0, "cells": []}, []),
        (Moments, {"columns": [1], "weighted": True, "groups": 1, "cells": []}, []),
        (Moments, {"columns": ["a"], "weighted": True, "groups": 1, "cells": [[1]]}, [b""]),
        (Sums, {"columns": 3, "unweighted": 0, "groups": 32, "cells": []}, []),
        (Sums, {"columns": ["a"], "unweighted": 0, "groups": 32, "cells": [["x"]]}, []),
        (Histogram, {"unknown": 1}, [b""]),
        (Histogram, {}, [b"\0" * 8]),
        (Confusion, {"classes": 10**9}, [b""]),
        (Confusion, {"classes": "x"}, [b""]),
        (ClassCounts, {"classes": 2, "groups": -1}, [b""]),
        (TopK, {"size": 1, "entries": [{"value": "0x1p0"}]}, []),
        (Sample, {"classes": 2, "truth_width": 1, "size": 10**15}, [b""]),
        (Extremes, {"ends": {"a": ["no number", "0x0p0"]}}, []),
        (Product, {"names": ["a"]}, [b"garbage"]),
        (Evaluator, {"rows": 1}, []),
    ],
)
def test_bytes_with_a_right_checksum_that_make_no_sense_are_refused(kind, settings, parts):
    with pytest.raises(StateError):
        kind.from_bytes(pack(kind.__name__, settings, parts))


def test_extremes_know_infinities_and_nothing():
    state = Extremes().update("a", -math.inf, 0.0)
    assert Extremes.from_bytes(state.to_bytes()).result() == {"a": (-math.inf, 0.0)}
    assert state["b"] == (math.inf, -math.inf)
