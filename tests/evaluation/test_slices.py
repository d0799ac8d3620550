"""Slices of the rows: what each costs, what stands out, and what cannot be sliced by."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows_alone import json_of_rows
from scipy import stats

import unsurprised as us
from unsurprised import CallError, Evaluator, InputError, StateError
from unsurprised.evaluation.bins import Bins, NumberLook
from unsurprised.statistics.jackknife import benjamini_hochberg

RNG = np.random.default_rng(71)
ROWS = 997


def predictions(rows=ROWS, classes=3):
    probs = RNG.dirichlet(np.ones(classes), size=rows)
    labels = np.array([RNG.choice(classes, p=p) for p in probs])
    return labels, probs


@pytest.fixture(name="table")
def make_table() -> pa.Table:
    labels, probs = predictions()
    probs[17], labels[17] = [1.0, 0.0, 0.0], 1
    countries = np.array(["de", "fr", "it", "p\ntü"])[RNG.integers(0, 4, ROWS)].tolist()
    countries[5] = None
    ages = RNG.normal(40, 10, ROWS).tolist()
    ages[6], ages[7] = None, math.nan
    return pa.table(
        {
            "key": [f"k{i:04}" for i in RNG.permutation(ROWS)],
            "label": labels,
            "probs": pa.array(list(probs), type=pa.list_(pa.float64())),
            "w": RNG.exponential(size=ROWS),
            "country": countries,
            "age": ages,
            "stars": RNG.integers(1, 6, ROWS),
            "new": RNG.random(ROWS) < 0.5,
        }
    )


BY = ("country", "age", "stars", "new")


@pytest.mark.parametrize("weighted", [False, True])
def test_contributions_add_up_to_the_total(weighted):
    labels, probs = predictions()
    weights = RNG.exponential(size=ROWS) if weighted else None
    names = np.array(list("abcdefg"))[RNG.integers(0, 7, ROWS)]
    numbers = RNG.normal(size=ROWS)
    found = us.evaluate(labels, probs, weights=weights, by={"name": names, "number": numbers})
    surprisals = [Fraction(x) for x in us.surprisal(probs, at=labels).tolist()]
    given = [Fraction(x) for x in ([1.0] * ROWS if weights is None else weights.tolist())]
    for column in ("name", "number"):
        parts = [part for part in found.slices if part.column == column]
        assert sum(part.rows for part in parts) == ROWS
        assert math.fsum(part.weight for part in parts) == pytest.approx(found.weight, rel=1e-15)
        total = math.fsum(part.contribution.value for part in parts)
        assert abs(total - found.cross_entropy.value) <= 2 * math.ulp(total)
        assert math.fsum(part.share.value for part in parts) == pytest.approx(1, abs=4e-16)
    for part in (part for part in found.slices if part.column == "name"):
        rows = np.flatnonzero(names == part.value).tolist()
        exact = sum(surprisals[row] * given[row] for row in rows)
        # The double nearest to each sum, then one division.
        assert part.contribution.value == float(exact) / found.weight
        assert part.cross_entropy.value == float(exact) / part.weight
        assert part.weight == float(sum(given[row] for row in rows))


def test_the_states_of_slices_add_up_exactly():
    labels, probs = predictions(200)
    names = np.array(list("abcde"))[RNG.integers(0, 5, 200)]
    evaluator = Evaluator().update(
        labels, probs, weights=RNG.exponential(size=200), by={"n": names}
    )
    sums = evaluator._states.sums
    merged = us.states.Sums(sums.columns, unweighted=sums.unweighted, groups=sums.groups)
    for cell in sums.cells():
        if cell:
            merged._table(()).merge(sums._cells[cell])
    assert merged._cells[()].to_bytes() == sums._cells[()].to_bytes()


def test_a_slice_is_what_its_rows_alone_would_be():
    labels, probs = predictions()
    names = np.array(list("ab"))[RNG.integers(0, 2, ROWS)]
    ids = np.arange(ROWS)
    found = us.evaluate(labels, probs, ids=ids, by={"name": names})
    for part in found.slices:
        alone = names == part.value
        expected = us.evaluate(labels[alone], probs[alone], ids=ids[alone])
        assert part.cross_entropy == expected.cross_entropy
        assert part.confidence_gap == expected.confidence_gap
        assert part.accuracy == expected.accuracy


def test_the_json_depends_on_the_rows_alone(table, tmp_path, monkeypatch):
    orders = {"a": np.arange(ROWS), "b": RNG.permutation(ROWS)}
    answers = set()
    # Every order, number of threads and size of batches meets every other one.
    for turn, (name, order) in enumerate(orders.items()):
        path = tmp_path / f"{name}.parquet"
        pq.write_table(table.take(order), path, row_group_size=101)
        for other, rows in enumerate((1, 7, 65536)):
            monkeypatch.setenv("UNSURPRISED_NUM_THREADS", ("1", "3")[(turn + other) % 2])
            found = us.evaluate(path, id="key", weight="w", by=BY, batch_rows=rows)
            answers.add(found.to_json())
    answers.add(us.evaluate(table, id="key", weight="w", by=BY).to_json())
    assert len(answers) == 1


def test_files_and_arrays_say_the_same(table, tmp_path):
    kept = table.drop_columns(["country", "age"])
    by = ["stars", "new"]
    from_arrays = us.evaluate(
        kept["label"].to_numpy(),
        np.stack(kept["probs"].to_numpy()),
        ids=kept["key"].to_pylist(),
        by={name: kept[name].to_numpy() for name in by},
    )
    pq.write_table(kept, tmp_path / "a.parquet")
    from_file = us.evaluate(tmp_path / "a.parquet", id="key", by=by)
    assert json_of_rows(from_file) == json_of_rows(from_arrays)


def test_rows_without_a_value_and_those_that_are_no_number_are_slices(table):
    found = us.evaluate(table, by=BY)
    values = {(part.column, part.value): part.rows for part in found.slices}
    assert values["country", None] == values["age", None] == values["age", "NaN"] == 1
    assert sum(rows for (column, _), rows in values.items() if column == "age") == ROWS
    assert {value for column, value in values if column == "new"} == {"false", "true"}
    assert [part.value for part in found.slices if part.column == "stars"] == list("12345")
    cut = next(column for column in found.sliced_by if column.column == "age")
    assert (len(cut.edges), cut.looked) == (9, ROWS - 2)
    # NaN is passed over by the look, and a null is none.
    bins = [part.rows for part in found.slices if part.column == "age"][:10]
    assert all(abs(rows - ROWS / 10) < 0.05 * ROWS for rows in bins)
    stars = next(column for column in found.sliced_by if column.column == "stars")
    assert (stars.edges, stars.looked) == (None, ROWS)


def test_infinite_rows_make_their_slice_infinite_and_no_other(table):
    found = us.evaluate(table, by="new")
    new = table["new"][17].as_py()
    for part in found.slices:
        infinite = part.value == str(new).lower()
        assert part.infinite_rows == infinite
        assert math.isinf(part.cross_entropy.value) == infinite
        assert math.isinf(part.contribution.value) == infinite
        assert part.share is None
        assert math.isfinite(part.excess.value)


def test_the_slice_that_was_made_worse_stands_out():
    labels, probs = predictions(4000)
    names = np.array(list("abcdefgh"))[RNG.integers(0, 8, 4000)]
    spoilt = names == "c"
    labels[spoilt] = RNG.integers(0, 3, spoilt.sum())
    found = us.evaluate(labels, probs, by={"name": names})
    first = found.outstanding_slices[0]
    assert first.value == found.slices[0].value == "c"
    assert first.stands_out and first.p_value < 1e-6 and first.excess.low > 0
    assert first.saving == pytest.approx(first.excess.value * spoilt.mean(), rel=1e-12)
    # As the others, the mean of all would be theirs.
    others = us.evaluate(labels[~spoilt], probs[~spoilt]).cross_entropy.value
    assert found.cross_entropy.value - first.saving == pytest.approx(others, rel=1e-12)


def test_of_slices_that_do_not_differ_few_stand_out():
    """Each run finds nothing with 95 % at least; of 40 runs, six or more finds have 1.4 %."""
    finds = 0
    for _ in range(40):
        probs = RNG.dirichlet(np.ones(2), size=1000)
        labels = (RNG.random(1000) < probs[:, 1]).astype(int)
        by = {"name": RNG.integers(0, 15, 1000).astype(str)}
        finds += any(part.stands_out for part in us.evaluate(labels, probs, by=by).slices)
    assert finds < 6


def test_slices_of_few_rows_are_not_tested():
    labels, probs = predictions(100)
    names = ["rare"] * 9 + ["common"] * 91
    found = us.evaluate(labels, probs, by={"name": names})
    rare, common = sorted(found.slices, key=lambda part: part.rows)
    assert rare.p_value is None and not rare.stands_out
    assert common.p_value is not None


def test_one_slice_has_no_others():
    found = us.evaluate([0, 1], [[0.5, 0.5]] * 2, by={"name": ["x", "x"]})
    (part,) = found.slices
    assert (part.excess, part.saving, part.p_value, part.stands_out) == (None, None, None, False)
    assert part.share.value == 1


@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from("abc"), st.integers(-3, 40)), min_size=1),
    st.integers(0, 30),
    st.booleans(),
)
def test_update_of_all_is_the_merge_of_the_parts(rows, cut, clustered):
    ids = np.arange(len(rows))

    def evaluator(part):
        made = Evaluator(bins={"number": [0, 10.5, 20]}, sample_rows=9)
        if not len(part):
            return made
        chosen = [rows[i] for i in part]
        return made.update(
            [row[0] for row in chosen],
            [[0.25, 0.75]] * len(part),
            ids=ids[part],
            by={"name": [row[1] for row in chosen], "number": [row[2] for row in chosen]},
            cluster=[row[1] for row in chosen] if clustered else None,
        )

    whole = evaluator(ids).to_bytes()
    first, second = evaluator(ids[cut:]), evaluator(ids[:cut])
    assert first.merge(second).to_bytes() == whole
    assert Evaluator.from_bytes(whole).to_bytes() == whole
    assert json_of_rows(Evaluator.from_bytes(whole).result()) == json_of_rows(first.result())


def test_the_first_batch_says_where_later_numbers_are_cut():
    evaluator = Evaluator().update([0] * 100, [[0.5, 0.5]] * 100, by={"n": np.arange(100.0)})
    evaluator.update([1], [[0.25, 0.75]], by={"n": [1e9]})
    found = evaluator.result()
    assert found.sliced_by[0].looked == 100
    assert found.slices[-1].rows == sum(np.arange(100) >= found.sliced_by[0].edges[-1]) + 1
    other = Evaluator().update([0] * 100, [[0.5, 0.5]] * 100, by={"n": np.arange(100.0) + 7})
    with pytest.raises(StateError, match="slices"):
        evaluator.merge(other)
    again = Evaluator.from_bytes(evaluator.to_bytes())
    assert again.update([1], [[0.25, 0.75]], by={"n": [-5.0]}).result().rows == 102


def test_more_than_a_thousand_values(tmp_path, monkeypatch):
    labels = np.zeros(3003, dtype=int)
    names = (
        np.arange(3003).astype(str) if False else np.array([f"u{i % 1001}" for i in range(3003)])
    )
    probs = np.full((3003, 2), 0.5)
    message = "column 'user': found more than 1,000 values; expected at most 1,000 slices"
    with pytest.raises(InputError, match=message):
        us.evaluate(labels, probs, by={"user": names}, batch_rows=100)
    table = pa.table({"label": labels, "probs": list(probs), "user": names})
    path = tmp_path / "users.parquet"
    pq.write_table(table, path, row_group_size=500)
    for threads in ("1", "2"):
        monkeypatch.setenv("UNSURPRISED_NUM_THREADS", threads)
        with pytest.raises(InputError, match=f"users.parquet, {message}.*coarser"):
            us.evaluate(path, by="user")
    assert len(us.evaluate(path.parent / path.name, by="label").slices) == 1
    kept = names != "u1000"
    found = us.evaluate(labels[kept], probs[kept], by={"user": names[kept]})
    assert len(found.slices) == 1000


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (["a"], "names no arrays; expected {name: values}"),
        ({"a": [1]}, r"by\['a'\] holds 1 values for 2 rows"),
        ({"a": [1j, 2j]}, r"by\['a'\] holds complex128; expected names, numbers or booleans"),
    ],
)
def test_what_arrays_cannot_be_sliced_by(by, message):
    with pytest.raises(CallError, match=message):
        us.evaluate([0, 1], [[0.5, 0.5]] * 2, by=by)


def test_what_a_source_cannot_be_sliced_by():
    table = pa.table(
        {"label": [0], "probs": [[0.5, 0.5]], "when": pa.array([0], pa.timestamp("s"))}
    )
    with pytest.raises(InputError, match=r"row 0, column 'when': found timestamp.*cast it to text"):
        us.evaluate(table, by="when")
    with pytest.raises(InputError, match=r"no column 'wen'.*did you mean 'when'"):
        us.evaluate(table, by="wen")
    with pytest.raises(CallError, match="holds arrays; expected the names of columns"):
        us.evaluate(table, by={"when": [1]})


def test_columns_in_a_csv_and_in_json_lines(tmp_path):
    rows = [(0, 0.25, "x", 1.5, 3), (1, 0.75, "", 2.5, 4), (1, 0.5, "NA", -1.0, 3)]
    csv = "label,p,group,size,stars\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    (tmp_path / "a.csv").write_text(csv)
    names = ("label", "p", "group", "size", "stars")
    records = [dict(zip(names, row, strict=True)) | {"group": row[2] or None} for row in rows]
    jsonl = "".join(json.dumps(record) + "\n" for record in records)
    (tmp_path / "a.jsonl").write_text(jsonl)
    answers = {
        us.evaluate(tmp_path / name, pred="p", by=["group", "size", "stars"]).to_json()
        for name in ("a.csv", "a.jsonl")
    }
    assert len({answer.replace("a.jsonl", "a.csv") for answer in answers}) == 1
    found = us.evaluate(tmp_path / "a.csv", pred="p", by="group")
    assert {part.value for part in found.slices} == {"x", None, "NA"}


def test_a_stream_that_is_read_once_is_looked_at_by_its_first_rows():
    rows = 1000
    table = pa.table(
        {"label": [0] * rows, "probs": [[0.5, 0.5]] * rows, "n": np.arange(rows) * 1.0}
    )
    found = us.evaluate(table.to_reader(max_chunksize=100), by="n")
    assert found.rows == sum(part.rows for part in found.slices) == rows
    assert found.sliced_by[0].looked == rows


def test_numbers_are_cut_whatever_their_order_and_sign():
    values = np.concatenate(
        [RNG.normal(size=500) * 10.0 ** RNG.integers(-300, 300, 500), [0.0, -0.0]]
    )
    looks = []
    for order in (np.arange(502), RNG.permutation(502)):
        look = NumberLook()
        for part in np.array_split(values[order], 7):
            look.add(part)
        looks.append(look.bins())
    assert looks[0] == looks[1]
    held = np.bincount(np.searchsorted(looks[0].edges, values, side="right"))
    assert len(held) == 10 and held.min() > 35 and held.max() < 65


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (np.arange(-500, 500) // 10, ["< -40", "-40 to < -30"]),
        (np.full(100, 7.0), None),
        (np.array([math.nan] * 3), ["all"]),
        (np.repeat([0.0, 1.0], [990, 10]), None),
        (np.concatenate([np.zeros(900), np.arange(1, 101)]), ["< 1", "≥ 1"]),
    ],
)
def test_bins_of_special_numbers(values, names):
    look = NumberLook()
    look.add(values)
    bins = look.bins()
    if names is None:
        assert bins.edges is None
    else:
        assert bins.names()[:2] == names


def test_edges_that_are_close_keep_apart():
    assert Bins((1e9, 1e9 + 1)).names()[1] == "1000000000 to < 1000000001"


@pytest.mark.parametrize("edges", [[], [2, 1], [1, 1], [math.nan]])
def test_edges_that_are_none(edges):
    with pytest.raises(CallError, match=r"bins\['n'\].*each larger"):
        Evaluator(bins={"n": edges})


@given(st.lists(st.floats(0, 1), max_size=30))
def test_benjamini_and_hochberg_as_scipy_adjusts(values):
    found = benjamini_hochberg(np.array(values), 0.05)
    if values:
        adjusted = stats.false_discovery_control(values)
        near = np.abs(adjusted - 0.05) < 1e-12
        assert ((adjusted <= 0.05) == found)[~near].all()
    else:
        assert not len(found)
