"""Two models on the same rows: the difference, its parts, its slices, and what does not match."""

from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

import unsurprised as us
from unsurprised import CallError, InputError
from unsurprised.cli import FINE, WRONG, run


def drawn(rows=1500, classes=3, seed=0, power=2.0):
    """Labels, an over-confident model and the truth that they come from."""
    random = np.random.default_rng(seed)
    honest = random.dirichlet(np.ones(classes), size=rows)
    labels = (random.random((rows, 1)) > honest.cumsum(axis=1)).sum(axis=1).clip(max=classes - 1)
    sure = honest**power
    return labels, sure / sure.sum(axis=1, keepdims=True), honest


def bits(probs, labels):
    return -np.log2(probs[np.arange(len(labels)), labels])


def test_the_difference_is_the_mean_of_the_rows_differences():
    labels, sure, honest = drawn()
    result = us.compare(labels, sure, honest)
    expected = math.fsum(bits(honest, labels) - bits(sure, labels)) / len(labels)
    assert math.isclose(result.difference.value, expected, rel_tol=1e-12)
    base, new = result.models
    assert math.isclose(new.cross_entropy.value - base.cross_entropy.value, expected, rel_tol=1e-9)


def test_the_paired_interval_is_narrower_than_both_and_right():
    labels, sure, honest = drawn()
    result = us.compare(labels, sure, honest)
    pair, base = result.differences[0], result.models[0]
    width = pair.difference.high - pair.difference.low
    assert width < base.cross_entropy.high - base.cross_entropy.low
    spread = np.std(bits(honest, labels) - bits(sure, labels), ddof=1) / math.sqrt(len(labels))
    assert 0.6 < width / (2 * 1.96 * spread) < 1.6
    assert pair.p_value < 0.01


@pytest.mark.parametrize("count", [60, pytest.param(200, marks=pytest.mark.thorough)])
def test_the_interval_covers_the_true_difference(count):
    """Of ``count`` data sets: the share of intervals that miss is about 5 %."""
    missed = 0
    for seed in range(count):
        labels, sure, honest = drawn(rows=300, seed=seed)
        truth = us.kl_divergence(honest, sure).mean()
        expected = truth  # on these predictions, over the labels that might have been drawn
        found = us.compare(labels, honest, sure, top=0).difference
        missed += not found.low <= expected <= found.high
    assert missed <= stats.binom(count, 0.05).ppf(0.999)


def test_a_model_against_itself_differs_by_nothing():
    labels, sure, _ = drawn()
    pair = us.compare(labels, sure, sure).differences[0]
    assert pair.difference.value == pair.difference.low == pair.difference.high == 0
    assert pair.p_value == 1.0
    assert pair.miscalibration.value == pair.discrimination.value == 0
    assert pair.most_worse == pair.most_better == ()


def test_the_parts_add_up_and_tell_calibration_from_knowledge():
    labels, sure, honest = drawn()
    pair = us.compare(labels, sure, honest).differences[0]
    total = pair.miscalibration.value - pair.discrimination.value
    assert math.isclose(total, pair.difference.value, rel_tol=1e-9)
    assert pair.miscalibration.high < 0
    assert abs(pair.discrimination.value) < 0.01
    blind = np.full_like(honest, 1 / 3)
    pair = us.compare(labels, honest, blind).differences[0]
    assert pair.discrimination.high < 0


def test_two_classes_are_split_by_isotonic_regression():
    random = np.random.default_rng(1)
    p = random.random(800)
    labels = (random.random(800) < p).astype(int)
    pair = us.compare(labels, p, p**2).differences[0]
    assert pair.family == "isotonic regression"
    assert pair.miscalibration.low > 0
    # The same order is the same knowledge, but between rows that it has seen a curve is drawn in
    # the model's own probabilities.
    assert abs(pair.discrimination.value) < 1e-3


def test_slices_add_up_to_the_difference():
    labels, sure, honest = drawn()
    site = np.random.default_rng(2).choice(["a", "b", "c"], len(labels))
    mixed = np.where((site == "b")[:, None], honest, sure)
    pair = us.compare(labels, sure, mixed, by={"site": site}).differences[0]
    assert math.isclose(
        math.fsum(part.contribution for part in pair.slices), pair.difference.value, rel_tol=1e-9
    )
    assert [part.value for part in pair.slices if part.stands_out] == ["b"]
    assert sum(part.rows for part in pair.slices) == len(labels)


def test_several_models_are_each_held_against_the_base():
    labels, sure, honest = drawn()
    result = us.compare(labels, {"old": sure, "good": honest, "same": sure})
    assert [(pair.base, pair.new) for pair in result.differences] == [
        ("old", "good"), ("old", "same")]  # fmt: skip
    assert result.differences[1].difference.value == 0


def test_rows_that_differ_most_are_told_both_ways():
    labels, sure, honest = drawn(rows=50)
    ids = np.array([f"row-{k}" for k in range(50)])
    pair = us.compare(labels, sure, honest, ids=ids, top=3).differences[0]
    change = bits(honest, labels) - bits(sure, labels)
    assert pair.most_worse[0].id == ids[change.argmax()]
    assert pair.most_better[0].id == ids[change.argmin()]
    assert math.isclose(pair.most_better[0].difference, change.min(), rel_tol=1e-9)


def test_infinite_rows():
    labels, _, honest = drawn(rows=100)
    broken = honest.copy()
    broken[0] = np.eye(3)[(labels[0] + 1) % 3]
    worse = us.compare(labels, honest, broken)
    assert worse.difference.value == math.inf
    assert worse.differences[0].finite_difference.value == 0
    assert "it is infinitely worse" in str(worse)
    assert us.compare(labels, broken, honest).difference.value == -math.inf
    assert us.compare(labels, broken, broken).difference.value == 0


def test_weights_clusters_and_units():
    labels, sure, honest = drawn(rows=400)
    weights = np.arange(400) % 3 + 1.0
    result = us.compare(labels, sure, honest, weights=weights, log_base=math.e)
    change = (bits(honest, labels) - bits(sure, labels)) * math.log(2)
    assert math.isclose(result.difference.value, np.average(change, weights=weights), rel_tol=1e-9)
    assert result.unit == "nats"
    few = us.compare(labels, sure, honest, cluster=np.arange(400) % 5)
    assert math.isnan(few.difference.low)
    assert "clusters" in few.missing["intervals"]


def test_soft_truths():
    random = np.random.default_rng(3)
    p, q = random.dirichlet([1, 1, 1], size=(2, 200))
    result = us.compare(us.Probs(p), q, p)
    assert math.isclose(result.difference.value, -us.kl_divergence(p, q).mean(), rel_tol=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: us.compare([0, 1], [0.5, 0.5]), "lacks the new model"),
        (lambda: us.compare([0, 1], {"a": [0.5, 0.5]}), "at least two"),
        (lambda: us.compare([0, 1], [0.5, 0.5], [0.5, 0.5], names=["a"]), "2 distinct names"),
        (lambda: us.compare([0, 1], [0.5, 0.5], [0.5, 7.0]), "new, row 1"),
    ],
)
def test_wrong_calls_are_one_clear_line(call, words):
    with pytest.raises((CallError, InputError), match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


# Files.


@pytest.fixture
def files(tmp_path):
    """Base and new: the same rows, the new ones in another order."""
    labels, sure, honest = drawn(rows=300)
    order = np.random.default_rng(4).permutation(300)
    ids = np.array([f"id{k}" for k in range(300)])
    site = np.random.default_rng(5).choice(["a", "b"], 300)

    def table(probs, rows):
        return pa.table(
            {"key": ids[rows], "label": labels[rows], "probs": probs[rows].tolist(),
             "site": site[rows]}
        )  # fmt: skip

    def write(name, probs, rows):
        pq.write_table(table(probs, rows), tmp_path / name)
        return str(tmp_path / name)

    expected = us.compare(labels, sure, honest).difference.value
    return write, sure, honest, order, expected


def test_files_are_matched_by_id(files, capsys):
    write, sure, honest, order, expected = files
    base, new = write("base.parquet", sure, np.arange(300)), write("new.parquet", honest, order)
    assert run(["compare", base, new, "--id", "key", "--by", "site", "--json", "-"]) == FINE
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "unsurprised.comparison/1"
    pair = said["differences"][0]
    assert math.isclose(pair["difference"]["value"], expected, rel_tol=1e-9)
    assert (pair["base"], pair["new"]) == ("base.parquet", "new.parquet")
    assert {part["value"] for part in pair["slices"]} == {"a", "b"}
    assert pair["miscalibration"] is not None


def test_log_probabilities_of_what_happened_suffice(tmp_path, capsys):
    paths = []
    for name, gained in (("base", 0.0), ("new", 0.1)):
        logprob = np.log([0.5, 0.2, 0.7] * 30) + gained * np.resize([1, 2], 90)
        paths.append(str(tmp_path / f"{name}.parquet"))
        pq.write_table(pa.table({"logprob": logprob}), paths[-1])
    assert run(["compare", *paths, "--logprob", "logprob", "--json", "-"]) == FINE
    said = json.loads(capsys.readouterr().out)
    assert math.isclose(said["differences"][0]["difference"]["value"], -0.15 / math.log(2))
    assert "predictions for every class" in said["missing"]["miscalibration"]
    assert run(["check", *paths, "--logprob", "logprob"]) == FINE


def test_one_file_with_two_predictions(tmp_path, capsys):
    labels, sure, honest = drawn(rows=200)
    path = str(tmp_path / "both.parquet")
    pq.write_table(
        pa.table({"label": labels, "old": sure.tolist(), "newer": honest.tolist()}), path
    )
    assert run(["compare", path, "--pred", "old", "--pred", "newer"]) == FINE
    printed = capsys.readouterr().out
    assert "newer is better than old" in printed


def test_ids_that_do_not_match_are_said_and_can_be_left_out(files, capsys):
    write, sure, honest, order, _ = files
    base = write("base.parquet", sure, np.arange(300))
    new = write("new.parquet", honest, order[order >= 10])
    assert run(["compare", base, new, "--id", "key"]) == WRONG
    said = capsys.readouterr().err
    assert "10 of base.parquet are not in new.parquet" in said
    assert "'id0'" in said
    assert "--join inner" in said
    assert run(["compare", base, new, "--id", "key", "--join", "inner"]) == FINE
    assert "290 rows · 10 rows that are not in all, left out" in capsys.readouterr().out


def test_what_is_left_out_counts_nowhere(files, capsys):
    """Of rows that all models have, everything is as if there had been no others."""
    write, sure, honest, _, _ = files
    kept = np.arange(20, 290)
    sides = {"base": np.arange(290), "new": np.arange(20, 300), "other": np.arange(10, 295)}
    whole = [write(f"{name}.parquet", honest if name == "new" else sure, rows)
             for name, rows in sides.items()]  # fmt: skip
    assert run(["compare", *whole, "--id", "key", "--join", "inner", "--json", "-"]) == FINE
    found = json.loads(capsys.readouterr().out)
    part = [write(f"{name}.parquet", honest if name == "new" else sure, kept) for name in sides]
    assert run(["compare", *part, "--id", "key", "--json", "-"]) == FINE
    expected = json.loads(capsys.readouterr().out)
    assert (found["rows"], found.pop("unmatched_rows")) == (270, 30)
    assert expected.pop("unmatched_rows") == 0
    assert found == expected
    assert found["differences"][0]["miscalibration"] is not None


def test_models_that_share_no_row(files, capsys):
    write, sure, *_ = files
    paths = [write(f"{n}.parquet", sure, np.arange(n, n + 150)) for n in (0, 100, 150)]
    assert run(["compare", *paths, "--id", "key", "--join", "inner"]) == WRONG
    said = capsys.readouterr().err
    assert "150 of 0.parquet are not in 150.parquet" in said and "whether --id names" in said
    paths = [write(f"{n}.parquet", sure, rows) for n, rows in
             (("a", np.r_[0:200]), ("b", np.r_[0:100]), ("c", np.r_[100:200]))]  # fmt: skip
    assert run(["compare", *paths, "--id", "key", "--join", "inner"]) == WRONG
    assert "no row is in all of a.parquet, b.parquet, c.parquet" in capsys.readouterr().err


def test_repeated_ids_are_said(files, capsys):
    write, sure, honest, _, _ = files
    base = write("base.parquet", sure, np.arange(300))
    new = write("new.parquet", honest, np.r_[np.arange(300), [7, 7]])
    assert run(["compare", base, new, "--id", "key"]) == WRONG
    said = capsys.readouterr().err
    assert "2 rows have an id that occurred before in new.parquet ('id7', 'id7')" in said


def test_other_labels_and_other_counts_are_said(files, capsys):
    write, sure, honest, order, _ = files
    base = write("base.parquet", sure, np.arange(300))
    new, short = write("new.parquet", honest, order), write("s.parquet", honest, np.arange(9))
    assert run(["compare", base, new]) == WRONG
    assert "--id COLUMN" in capsys.readouterr().err
    assert run(["compare", base, short]) == WRONG
    assert "300 rows in base.parquet and 9 in s.parquet" in capsys.readouterr().err
    assert run(["compare", base]) == WRONG
    assert "BASE NEW" in capsys.readouterr().err
    assert run(["compare", base, base]) == WRONG
    assert "twice" in capsys.readouterr().err


def test_each_model_has_the_reliability_that_its_evaluation_has():
    labels, sure, honest = drawn()
    result = us.compare(labels, sure, honest)
    for model, probs in zip(result.models, (sure, honest), strict=True):
        assert model.calibration == us.evaluate(labels, probs).calibration
    only = us.compare(labels, us.LogProbs(np.log(sure)), us.LogProbs(np.log(honest)))
    assert [curve.predicted for curve in only.models[0].calibration] == [None, "0", "1", "2"]


def test_classes_that_moved_are_the_slices_of_the_label():
    labels, sure, honest = drawn()
    (pair,) = us.compare(labels, sure, honest, by={"label": labels}).differences
    by_class = {part.value: part for part in pair.by_class}
    assert by_class == {str(part.value): part for part in pair.slices}
    total = math.fsum(part.contribution for part in pair.by_class)
    assert math.isclose(total, pair.difference.value, rel_tol=1e-9)
    nats = us.compare(labels, sure, honest, log_base=math.e).differences[0].by_class
    for one, other in zip(nats, pair.by_class, strict=True):
        assert math.isclose(one.difference.value, other.difference.value * math.log(2))
        assert math.isclose(one.contribution, other.contribution * math.log(2))


def test_no_class_moves_where_the_truth_is_a_distribution():
    _, sure, honest = drawn(200)
    result = us.compare(us.Probs(honest), sure, honest)
    assert result.differences[0].by_class == ()
    assert result.models[0].calibration == us.evaluate(us.Probs(honest), sure).calibration


@pytest.mark.parametrize("top", [-1, 2.5, True, "all"])
def test_a_top_that_is_no_number_of_rows(top, tmp_path):
    labels, *models = drawn(rows=20)
    files = [tmp_path / "old.csv", tmp_path / "new.csv"]
    for file in files:
        file.write_text("label,p_cat,p_dog\ncat,0.5,0.5\ndog,0.5,0.5\n")
    calls = [
        lambda: us.compare(labels, *models, top=top),
        lambda: us.compare(*files, top=top),
        lambda: us.evaluate(labels, models[0], top=top),
        lambda: us.evaluate(files[0], top=top),
        lambda: us.plan(files[0], top=top),
    ]
    for call in calls:
        with pytest.raises(CallError, match=f"top={top!r}; expected 0 or more rows"):
            call()
