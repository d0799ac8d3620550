"""Files, end to end: the same JSON for any batches, threads and order, and the same first error."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rows_alone import json_of_rows

import unsurprised as us
from unsurprised import InputError

CIFAR = Path(__file__).parents[3] / "shared/data/cifar10_vgg_probs.parquet"
needs_cifar = pytest.mark.skipif(not CIFAR.exists(), reason="needs ../shared, which is not here")

RNG = np.random.default_rng(3)
ROWS, CLASSES = 997, 3


@pytest.fixture(name="table")
def make_table() -> pa.Table:
    probs = RNG.dirichlet(np.ones(CLASSES), size=ROWS).astype(np.float32)
    probs[17] = [1.0, 0.0, 0.0]
    return pa.table(
        {
            "key": [f"k{i:04}" for i in RNG.permutation(ROWS)],
            "label": np.where(np.arange(ROWS) == 17, 1, RNG.integers(0, CLASSES, ROWS)),
            "probs": pa.array(list(probs), type=pa.list_(pa.float32())),
            "w": RNG.exponential(size=ROWS),
        }
    )


def test_the_json_depends_on_the_rows_alone(table, tmp_path, monkeypatch):
    orders = {"a": np.arange(ROWS), "b": RNG.permutation(ROWS), "c": np.arange(ROWS)[::-1]}
    answers = set()
    # Every order, number of threads and size of batches meets every other one.
    for turn, (name, order) in enumerate(orders.items()):
        path = tmp_path / f"{name}.parquet"
        pq.write_table(table.take(order), path, row_group_size=101)
        for other, threads in enumerate(("1", "2", "5")):
            monkeypatch.setenv("UNSURPRISED_NUM_THREADS", threads)
            rows = (1, 7, 65536)[(turn + other) % 3]
            found = us.evaluate(path, id="key", weight="w", batch_rows=rows)
            answers.add(found.to_json())
    parts = [tmp_path / "p0.parquet", tmp_path / "p1.parquet"]
    pq.write_table(table[500:], parts[0])
    pq.write_table(table[:500], parts[1])
    answers.add(us.evaluate(parts, id="key", weight="w").to_json())
    answers.add(us.evaluate(table, id="key", weight="w").to_json())
    assert len(answers) == 1


def test_without_ids_batches_and_threads_do_not_matter(table, tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, row_group_size=101)
    answers = set()
    for threads, rows in (("1", 7), ("1", 65536), ("2", 1), ("2", 65536)):
        monkeypatch.setenv("UNSURPRISED_NUM_THREADS", threads)
        answers.add(us.evaluate(path, batch_rows=rows).to_json())
    assert len(answers) == 1


def test_files_and_arrays_say_the_same(table, tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(table, path)
    probs = np.stack(table["probs"].to_numpy())
    from_file = us.evaluate(path, id="key", weight="w")
    from_arrays = us.evaluate(
        table["label"].to_numpy(),
        probs,
        weights=table["w"].to_numpy(),
        ids=table["key"].to_pylist(),
    )
    assert json_of_rows(from_file) == json_of_rows(from_arrays)
    assert from_file.infinite_rows == 1


@pytest.mark.parametrize("order", ["forward", "backward"])
@pytest.mark.parametrize("threads", ["1", "2", "4"])
@pytest.mark.parametrize("batch_rows", [1, 10, 65536])
def test_the_first_faulty_row_is_the_same_one(tmp_path, monkeypatch, order, threads, batch_rows):
    """Faults of every kind, found by different layers, in one file: the first row wins."""
    monkeypatch.setenv("UNSURPRISED_NUM_THREADS", threads)
    probs = [[0.5, 0.5] for _ in range(300)]
    labels = [0] * 300
    faults = {"negative": 70, "off": 120, "null": 180, "label": 250}
    if order == "backward":
        faults = {name: 300 - row for name, row in faults.items()}
    probs[faults["negative"]] = [1.5, -0.5]
    probs[faults["off"]] = [0.5, 0.6]
    labels[faults["null"]] = None
    labels[faults["label"]] = 2
    path = tmp_path / "faulty.parquet"
    pq.write_table(pa.table({"label": labels, "probs": probs}), path, row_group_size=37)
    first, row = min(faults.items(), key=lambda item: item[1])
    with pytest.raises(InputError, match=f"faulty.parquet, row {row}, column") as caught:
        us.evaluate(path, batch_rows=batch_rows)
    assert {"negative": "found -0.5", "label": "2"}[first] in str(caught.value)


@pytest.mark.parametrize("threads", ["1", "3"])
def test_sums_that_are_off_are_counted_over_the_file(tmp_path, monkeypatch, threads):
    monkeypatch.setenv("UNSURPRISED_NUM_THREADS", threads)
    probs = [[0.5, 0.5] for _ in range(300)]
    for row in (40, 41, 200, 299):
        probs[row] = [0.5, 0.6]
    path = tmp_path / "off.parquet"
    pq.write_table(pa.table({"label": [0] * 300, "probs": probs}), path, row_group_size=37)
    with pytest.raises(InputError, match=r"row 40, column 'probs': .*1\.1 \(4 such rows"):
        us.evaluate(path, batch_rows=16)
    assert us.evaluate(path, normalize=True).rows == 300
    assert us.evaluate(path, tolerance=0.2).largest_sum_deviation == pytest.approx(0.1)


@pytest.mark.parametrize("threads", ["1", "3"])
def test_sums_that_are_off_are_counted_up_to_a_worse_fault(tmp_path, monkeypatch, threads):
    monkeypatch.setenv("UNSURPRISED_NUM_THREADS", threads)
    probs = [[0.5, 0.5] for _ in range(100)]
    for row in (3, 40, 99):
        probs[row] = [0.5, 0.6]
    labels = [0] * 60 + [None] + [0] * 39
    path = tmp_path / "off.parquet"
    pq.write_table(pa.table({"label": labels, "probs": probs}), path)
    with pytest.raises(InputError, match=r"row 3, column 'probs': .*1\.1 \(2 such rows"):
        us.evaluate(path, batch_rows=16)


def test_sums_that_are_off_in_a_stream_that_is_read_once():
    table = pa.table({"label": [0, 0], "probs": [[0.5, 0.5], [0.5, 0.6]]})
    with pytest.raises(InputError, match=r"row 1, .*1\.1 \(the first such row\)"):
        us.evaluate(table.to_reader())


@pytest.mark.parametrize("batch_rows", [1, 7, 65536])
@pytest.mark.parametrize(("truth_row", "model_row"), [(20, 90), (90, 20)])
def test_the_first_faulty_row_of_two_distributions(tmp_path, batch_rows, truth_row, model_row):
    truth, model = ([[0.5, 0.5] for _ in range(100)] for _ in range(2))
    truth[truth_row], model[model_row] = [1.5, -0.5], [1.25, -0.25]
    path = tmp_path / "soft.parquet"
    pq.write_table(pa.table({"label": truth, "probs": model}), path)
    column = "label" if truth_row < model_row else "probs"
    with pytest.raises(InputError, match=f"row 20, column '{column}': found -0"):
        us.evaluate(path, batch_rows=batch_rows)


@pytest.mark.parametrize("column", ["label", "probs"])
def test_sums_that_are_off_are_counted_on_their_own_side(tmp_path, column):
    columns = {name: [[0.5, 0.5] for _ in range(100)] for name in ("label", "probs")}
    for row in (30, 60, 99):
        columns[column][row] = [0.5, 0.6]
    path = tmp_path / "soft.parquet"
    pq.write_table(pa.table(columns), path)
    expected = rf"row 30, column '{column}': .*1\.1 \(3 such rows"
    with pytest.raises(InputError, match=expected):
        us.evaluate(path, batch_rows=16)
    arrays = [np.array(columns[name]) for name in ("label", "probs")]
    with pytest.raises(InputError, match=r"row 30, .*1\.1 \(3 such rows"):
        us.evaluate(*arrays, batch_rows=16)


def test_log_probabilities_of_what_happened_suffice(tmp_path):
    logprobs = np.array([-0.5, -2.0, -math.inf, 0.0])
    path = tmp_path / "tokens.parquet"
    pq.write_table(pa.table({"lp": logprobs}), path)
    found = us.evaluate(path, logprob="lp")
    assert found.infinite_rows == 1
    assert found.finite_cross_entropy.value == pytest.approx(2.5 / 3 / math.log(2), rel=1e-14)
    assert found.accuracy is None
    assert "every class" in found.missing["accuracy"]
    assert found.worst_rows[0].id == 2
    assert found.worst_rows[0].file.endswith("tokens.parquet")


def test_nulls_may_be_skipped_and_are_counted(tmp_path):
    path = tmp_path / "nulls.parquet"
    table = pa.table(
        {"label": [0, None, 1], "probs": [[0.5, 0.5], [0.5, 0.5], None]},
        schema=pa.schema([("label", pa.int64()), ("probs", pa.list_(pa.float64()))]),
    )
    pq.write_table(table, path)
    found = us.evaluate(path, nulls="skip")
    assert (found.rows, found.skipped_rows) == (1, 2)


def test_no_rows(tmp_path):
    path = tmp_path / "empty.parquet"
    schema = pa.schema([("label", pa.int64()), ("probs", pa.list_(pa.float64()))])
    pq.write_table(schema.empty_table(), path)
    with pytest.raises(InputError, match=r"empty\.parquet: found no rows; expected at least one"):
        us.evaluate(path)


@needs_cifar
def test_the_published_predictions_of_a_vgg_network(tmp_path):
    found = us.evaluate(CIFAR, id="row_id")
    table = pq.read_table(CIFAR)
    assert found.rows == 10_000
    assert found.accuracy.value == 0.9359
    assert found.cross_entropy.value == pytest.approx(0.370866, abs=5e-7)
    assert found.expected_surprisal.value == pytest.approx(0.092762, abs=5e-7)
    probs = np.stack(table["probs"].to_numpy())
    labels = table["label"].to_numpy()
    rows = [
        -math.log2(Fraction(float(row[label])) / sum(map(Fraction, row.tolist())))
        for row, label in zip(probs, labels, strict=True)
    ]
    assert found.cross_entropy.value == pytest.approx(math.fsum(rows) / 10_000, rel=1e-13)
    shuffled = tmp_path / "shuffled.parquet"
    pq.write_table(table.take(np.random.default_rng(0).permutation(10_000)), shuffled)
    assert us.evaluate(shuffled, id="row_id").to_json() == found.to_json()


@pytest.mark.parametrize("case", ["rows without ids", "few ids", "many nulls"])
def test_the_sample_of_a_file_is_that_of_its_rows(case, tmp_path, monkeypatch):
    """However many rows the file claims: ids may be few, and rows be left out for nulls."""
    monkeypatch.setattr("unsurprised.states.sample.SAMPLE_ROWS", 50)
    rows = 3000
    labels = RNG.integers(0, CLASSES, rows)
    probs = RNG.dirichlet(np.ones(CLASSES), size=rows)
    table = pa.table(
        {
            "label": pa.array(labels, mask=(np.arange(rows) > 40) & (case == "many nulls")),
            "probs": pa.array(list(probs)),
            "key": np.arange(rows) % (3 if case == "few ids" else rows),
        }
    )
    path = tmp_path / "rows.parquet"
    pq.write_table(table, path, row_group_size=500)
    options = {} if case == "rows without ids" else {"id": "key"}
    found = us.evaluate(str(path), nulls="skip", **options)
    kept = np.flatnonzero(table["label"].is_valid())
    ids = None if case == "rows without ids" else table["key"].to_numpy()[kept]
    alone = us.evaluate(labels[kept], probs[kept], ids=ids)
    assert found.sampled_rows == alone.sampled_rows == min(50, len(kept))
    assert found.brier == alone.brier
