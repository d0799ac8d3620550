"""The product of states merges, is written and is read as its states are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from unsurprised import StateError
from unsurprised.states import Extremes, Histogram, Product


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
    with pytest.raises(StateError, match="'x' is a Product, which this release does not know"):
        Product.from_bytes(bad)


def test_extremes_know_infinities_and_nothing():
    state = Extremes().update("a", -math.inf, 0.0)
    assert Extremes.from_bytes(state.to_bytes()).result() == {"a": (-math.inf, 0.0)}
    assert state["b"] == (math.inf, -math.inf)
