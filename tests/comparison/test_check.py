"""Checks: passed, failed or not enough rows; the exit code; JUnit; the assertions for tests."""

from __future__ import annotations

import json
import math
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised import CallError
from unsurprised.cli import FINE, WRONG, run
from unsurprised.evaluation.figures.recalibration import Recalibrations
from unsurprised.testing import assert_max_bits, assert_no_worse

FAILED = 1


def two_models(rows=4000, seed=0):
    random = np.random.default_rng(seed)
    p = random.random(rows)
    return (random.random(rows) < p).astype(int), p, np.sqrt(p)


def test_a_worse_model_fails_and_a_better_one_passes():
    labels, good, bad = two_models()
    assert us.check(labels, good, bad).outcome == "failed"
    found = us.check(labels, bad, good)
    assert found.outcome == "passed"
    assert found.passed
    assert str(found).startswith("PASSED: new is better than base by 0.")


def test_too_few_rows_are_an_outcome_of_their_own_with_how_many_would_tell():
    labels, good, _ = two_models(rows=200)
    slightly = np.clip(good + 0.05, 0, 0.999)
    found = us.check(labels, good, slightly, max_worse=0.01)
    assert found.outcome == "unsure"
    needed = found.findings[0].rows_needed
    estimate = found.findings[0].estimate
    assert estimate.value > 0.01
    below = estimate.value - estimate.low
    assert needed == math.ceil(200 * (below / (estimate.value - 0.01)) ** 2)
    assert "200 rows do not suffice to tell: about" in " ".join(str(found).split())


def test_the_rows_that_would_tell_are_more_than_there_are():
    """Also where the interval is skewed, and its longer side holds the limit."""
    random = np.random.default_rng(0)
    p = random.dirichlet([1, 1, 1], 2000)
    labels = (random.random((2000, 1)) > p.cumsum(axis=1)).sum(axis=1)
    blunt = p**0.8 / (p**0.8).sum(axis=1, keepdims=True)
    value = us.compare(labels, p, blunt).difference
    for end in (value.low, value.high):
        limit = end + 1e-6 * (value.value - end)
        found = us.check(labels, p, blunt, max_worse=limit).findings[0]
        assert found.outcome == "unsure"
        assert 2000 < found.rows_needed < 2010


def test_the_rows_that_would_tell_do_tell():
    """So many rows decide most of the time: the value stays, the interval shrinks."""
    labels, good, _ = two_models(rows=120, seed=3)
    found = us.check(labels, good, good**1.15, max_worse=0.0)
    if found.outcome == "unsure" and found.findings[0].rows_needed < 200_000:
        labels, good, _ = two_models(rows=4 * found.findings[0].rows_needed, seed=4)
        assert us.check(labels, good, good**1.15, max_worse=0.0).outcome == "failed"


def test_a_slice_that_got_worse_fails_though_the_whole_passes():
    labels, good, bad = two_models(rows=20_000)
    site = np.where(np.arange(20_000) % 20 == 0, "small", "large")
    mixed = np.where(site == "small", bad, good)
    found = us.check(labels, good, mixed, by={"site": site}, max_worse=0.02)
    assert found.outcome == "failed"
    assert [f.where for f in found.findings if f.outcome == "failed"] == ["site=small"]
    assert found.findings[0].outcome == "passed"
    assert "of site=small" in str(found)


def test_many_equal_slices_raise_few_false_alarms():
    alarms = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        labels, good, _ = two_models(rows=3000, seed=seed)
        noisy = np.clip(good + random.normal(0, 0.02, 3000), 1e-6, 1 - 1e-6)
        sites = random.integers(0, 20, 3000).astype(str)
        found = us.check(labels, good, noisy, by={"site": sites}, max_worse=0.02)
        alarms += any(f.outcome == "failed" for f in found.findings[1:])
    assert alarms <= 4


def test_the_largest_cross_entropy():
    labels, good, _ = two_models()
    met = us.evaluate(labels, good).cross_entropy
    assert us.check(labels, good, max_bits=met.high + 1e-9).outcome == "passed"
    assert us.check(labels, good, max_bits=met.value).outcome == "unsure"
    assert us.check(labels, good, max_bits=met.low - 1e-9).outcome == "failed"


def test_an_infinite_surprise_fails_whatever_the_limit():
    found = us.check([0, 1] * 50, [0.5, 0.5] * 50, [0.5, 0.5] * 49 + [0.5, 0.0], max_worse=1e9)
    assert found.outcome == "failed"


def test_both_limits_at_once():
    labels, good, bad = two_models()
    found = us.check(labels, bad, good, max_bits=0.1)
    assert [f.outcome for f in found.findings] == ["passed", "failed"]
    assert found.outcome == "failed"
    assert str(found).index("the cross-entropy is") < str(found).index("better")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: us.check([0, 1], [0.5, 0.5]), "nothing to check"),
        (lambda: us.check([0, 1], [0.5, 0.5], max_worse=0.1), "needs a base"),
        (lambda: us.check([0, 1]), "got 0 predictions"),
        (lambda: us.check([0, 1], [0.5, 0.5], max_bits=-1), "max_bits=-1"),
        (lambda: us.check([0, 1], [0.5, 0.5], max_bits=math.nan), "max_bits=nan"),
    ],
)
def test_wrong_calls_are_one_clear_line(call, words):
    with pytest.raises(CallError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_the_assertions_say_the_paragraph():
    labels, good, bad = two_models()
    assert_no_worse(labels, bad, good)
    with pytest.raises(AssertionError, match="FAILED: new is worse than base by"):
        assert_no_worse(labels, good, bad)
    few = slice(0, 60)
    with pytest.raises(AssertionError, match="UNSURE"):
        assert_no_worse(labels[few], good[few], np.clip(good[few] + 0.02, 0, 0.99))
    assert_no_worse(labels[few], good[few], np.clip(good[few] + 0.02, 0, 0.99), allow_unsure=True)
    with pytest.raises(AssertionError, match="the cross-entropy is"):
        assert_max_bits(labels, good, 0.1)


@pytest.fixture
def files(tmp_path):
    labels, good, bad = two_models()

    def write(name, p):
        path = tmp_path / name
        pq.write_table(pa.table({"label": labels, "prob": p, "site": labels.astype(str)}), path)
        return str(path)

    return write("good.parquet", good), write("bad.parquet", bad)


def test_exit_codes(files, capsys):
    good, bad = files
    assert run(["check", bad, good]) == FINE
    assert run(["check", good, bad]) == FAILED
    assert run(["check", good, "--max-bits", "2"]) == FINE
    assert run(["check", good, "--max-bits", "0.1"]) == FAILED
    met = us.evaluate(good).cross_entropy.value
    assert run(["check", good, "--max-bits", str(met)]) == FAILED
    assert "UNSURE" in capsys.readouterr().out
    assert run(["check", good, "--max-bits", str(met), "--allow-unsure"]) == FINE
    capsys.readouterr()
    assert run(["check", good]) == WRONG
    assert "nothing to check" in capsys.readouterr().err
    assert run(["check", good, bad, good]) == WRONG
    assert run(["check", good, good + "x", "--max-bits", "1"]) == WRONG


def test_a_check_recalibrates_nothing(files, monkeypatch):
    """How much of a difference could be recalibrated takes most of a comparison's time."""

    def never(*_):
        raise AssertionError("a model was recalibrated")

    monkeypatch.setattr(Recalibrations, "of", never)
    labels, good, bad = two_models()
    assert us.check(labels, bad, good).outcome == "passed"
    assert run(["check", *files]) == FAILED
    compared = us.compare(labels, bad, good)
    assert compared.difference.high < 0
    with pytest.raises(AssertionError, match="recalibrated"):
        _ = compared.differences[0].miscalibration


def test_json_and_junit(files, tmp_path, capsys):
    good, bad = files
    xml = tmp_path / "check.xml"
    assert run(["check", good, bad, "--by", "site", "--json", "-", "--junit", str(xml)]) == FAILED
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "unsurprised.check/1"
    assert said["outcome"] == "failed"
    suite = ElementTree.parse(xml).getroot()
    assert int(suite.get("failures")) == len(suite.findall("testcase/failure")) > 0
    assert int(suite.get("tests")) == len(suite.findall("testcase")) == len(said["findings"])
    there = tmp_path / "data.parquet"
    there.write_bytes(b"PAR1")
    assert run(["check", good, bad, "--junit", str(there)]) == WRONG
    assert there.read_bytes() == b"PAR1"


def test_hostile_names_stay_text(tmp_path):
    labels, good, bad = two_models(rows=400)
    name = "<script>&\x1b[2J"
    found = us.check(labels, good, bad, by={"site": np.repeat([name, "b"], 200)})
    suite = ElementTree.fromstring(found.to_junit().encode())
    assert suite.tag == "testsuite"
    assert "\x1b" not in str(found)
    assert "\x1b" not in found.to_junit()


def _frames():
    table = pa.table({"row_id": [1, 2], "label": ["a", "b"], "p_a": [0.5, 0.4], "p_b": [0.5, 0.6]})
    dask = pytest.importorskip("dask.dataframe")
    return [table, table.to_pandas(), dask.from_pandas(table.to_pandas(), npartitions=1)]


def test_frames_in_the_place_of_files_are_told_what_to_do():
    for frame in _frames():
        calls = [
            lambda frame=frame: us.compare(frame, frame, id="row_id"),
            lambda frame=frame: us.compare(frame, frame),
            lambda frame=frame: us.compare({"old": frame, "new": frame}, label="label"),
            lambda frame=frame: us.check(frame, max_bits=3, id="row_id"),
            lambda frame=frame: us.check(frame, max_bits=3),
        ]
        for call in calls:
            with pytest.raises(CallError, match=r"its columns as arrays: .* files: write it as"):
                call()


def test_frames_of_predictions_are_arrays():
    _, frame, _ = _frames()
    probs = frame[["p_a", "p_b"]].set_axis(["a", "b"], axis=1)
    assert us.check(frame["label"], probs, max_bits=30).outcome in ("passed", "unsure")
    one_hot = pd.DataFrame({"a": [1.0, 0.0], "b": [0.0, 1.0]})
    assert us.compare(one_hot, probs, probs).difference.value == 0
