"""Rows that belong together: intervals by cluster, and none where clusters are too few."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from rows_alone import json_of_rows

import unsurprised as us
from unsurprised import CallError, Estimate, InputError

RNG = np.random.default_rng(73)


def predictions(rows=600):
    probs = RNG.dirichlet(np.ones(2), size=rows)
    return (RNG.random(rows) < probs[:, 1]).astype(int), probs


def test_copies_of_a_row_are_no_news():
    """Each row ten times: by cluster the interval is that of the rows, without it far too small."""
    labels, probs = predictions(600)
    ids = np.arange(600)
    once = us.evaluate(labels, probs, cluster=ids)
    copied = np.repeat(ids, 10)
    ten = us.evaluate(labels[copied], probs[copied], cluster=copied)
    blind = us.evaluate(labels[copied], probs[copied])
    assert ten.clusters == 600
    for name in ("cross_entropy", "accuracy", "label_entropy", "confidence_gap"):
        alone, clustered, blinded = (getattr(found, name) for found in (once, ten, blind))
        assert clustered.value == pytest.approx(alone.value, rel=1e-14)
        # The same hash decides the groups, so all but the rounding is the same.
        assert clustered.low == pytest.approx(alone.low, rel=1e-9), name
        assert clustered.high == pytest.approx(alone.high, rel=1e-9), name
        assert blinded.high - blinded.low < 0.6 * (alone.high - alone.low)


def test_fewer_than_ten_clusters_have_no_interval():
    labels, probs = predictions()
    cluster = np.array([f"user {i % 9}" for i in range(600)])
    found = us.evaluate(labels, probs, cluster=cluster, by={"half": np.arange(600) % 2 == 0})
    plain = us.evaluate(labels, probs)
    assert found.clusters == 9
    assert found.missing["intervals"] == "need at least 10 clusters; found 9"
    estimates = [getattr(found, name) for name in found.__slots__]
    estimates += list(found.quantiles.values())
    estimates += [getattr(part, name) for part in found.slices for name in part.__slots__]
    estimates = [value for value in estimates if isinstance(value, Estimate)]
    assert len(estimates) > 20
    assert all(math.isnan(value.low) and math.isnan(value.high) for value in estimates)
    assert found.cross_entropy.value == plain.cross_entropy.value
    assert [part.p_value for part in found.slices] == [None, None]
    text = str(found)
    assert "600 rows in 9 clusters" in text
    assert "too few clusters to judge its confidence" in text.replace("\n", " ")
    assert "intervals: need at least 10 clusters; found 9" in text


def test_ten_clusters_have_one():
    labels, probs = predictions()
    found = us.evaluate(labels, probs, cluster=np.arange(600) % 10)
    assert found.clusters == 10 and "intervals" not in found.missing
    assert found.cross_entropy.low < found.cross_entropy.value < found.cross_entropy.high


def test_a_column_of_a_source(tmp_path):
    labels, probs = predictions()
    users = [f"u{i % 40}" for i in range(600)]
    table = pa.table({"label": labels, "probs": list(probs), "user": users})
    from_table = us.evaluate(table, cluster="user")
    assert json_of_rows(from_table) == json_of_rows(us.evaluate(labels, probs, cluster=users))
    with pytest.raises(InputError, match=r"no column 'users'.*did you mean 'user'"):
        us.evaluate(table, cluster="users")
    holed = table.set_column(2, "user", pa.array([None, *users[1:]]))
    with pytest.raises(InputError, match="row 0, column 'user': found null"):
        us.evaluate(holed, cluster="user")
    floats = table.set_column(2, "user", pa.array(np.arange(600.0)))
    with pytest.raises(InputError, match="column 'user': found double; expected integers or names"):
        us.evaluate(floats, cluster="user")


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        ("user", "is a name; expected an array"),
        ([1], "cluster are 1 values for 600 rows"),
        (np.arange(600.0), "cluster hold float64; expected integers or strings"),
    ],
)
def test_clusters_that_are_none(cluster, message):
    with pytest.raises(CallError, match=message):
        us.evaluate(*predictions(), cluster=cluster)


def test_an_array_is_no_column():
    with pytest.raises(CallError, match="expected the name of a column"):
        us.evaluate(pa.table({"label": [0], "probs": [[0.5, 0.5]]}), cluster=[1])
