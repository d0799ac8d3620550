"""Evaluations of a vocabulary: few rows of very many classes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import unsurprised as us
from unsurprised.class_names.numbered import Numbered
from unsurprised.evaluation.figures import calibration_curves
from unsurprised.evaluation.row_scores import makes_shares, row_scores
from unsurprised.inputs.in_memory import batch_from_arrays

RNG = np.random.default_rng(11)
NARROW = ("float16", "float32")
#: Above the input, with room for what an interpreter does meanwhile.
MOST_MEMORY = 64 << 20

MEASURED = """
import resource, sys
import numpy as np
import unsurprised as us

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

def logits(rows, classes, dtype, seed):
    made, random = np.empty((rows, classes), dtype), np.random.default_rng(seed)
    for row in made:
        row[:] = 3 * random.standard_normal(classes, dtype=np.float32)
    return us.Logits(made)

rows, classes, dtype, truth, ledger = sys.argv[1:]
rows, classes = int(rows), int(classes)
model = logits(rows, classes, dtype, 0)
labels = np.arange(rows) * 7919 % classes
truth = labels if truth == "labels" else logits(rows, classes, dtype, 1)
few = us.Logits(np.zeros((4, 70), dtype))
us.evaluate(us.Logits(np.ones((4, 70), dtype)), few, ledger=False).cross_entropy
us.evaluate(np.array([0, 1, 2, 3]), few, ledger=False).cross_entropy
before = peak()
us.evaluate(truth, model, ledger=ledger == "ledger").cross_entropy
print(peak() - before)
"""


def scores(rows: int, classes: int, dtype: str = "float64") -> np.ndarray:
    return (3 * RNG.standard_normal((rows, classes))).astype(dtype)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are told by Linux")
@pytest.mark.parametrize("ledger", ["ledger", "none"])
@pytest.mark.parametrize(
    ("rows", "classes", "dtype", "truth"),
    [(96, 128_256, "float16", "logits"), (48, 262_144, "float32", "labels")],
)
def test_what_is_held_beside_the_input_is_bounded(rows, classes, dtype, truth, ledger):
    """As float64, one copy of either input would be 98 MiB."""
    command = [sys.executable, "-c", MEASURED, str(rows), str(classes), dtype, truth, ledger]
    found = int(subprocess.check_output(command, text=True))
    assert found < MOST_MEMORY


@pytest.mark.parametrize("dtype", NARROW)
def test_distributions_by_narrow_logits_are_measured_as_by_wide_ones(dtype):
    p, q = scores(40, 500, dtype), scores(40, 500, dtype)
    p[3, :50], p[4], p[6, 10] = -np.inf, 6 * p[4], 300
    q[3, :20] = -np.inf
    weights, clusters = RNG.random(40), np.arange(40) // 3
    for given in ({}, {"weights": weights}, {"cluster": clusters}):
        found = us.evaluate(us.Logits(p), us.Logits(q), **given)
        wide = us.evaluate(us.Logits(p.astype(float)), us.Logits(q.astype(float)), **given)
        for name in ("cross_entropy", "kl_divergence", "truth_entropy", "label_entropy",
                     "information_gained", "accuracy"):  # fmt: skip
            assert getattr(found, name).value == pytest.approx(getattr(wide, name).value, rel=1e-6)
        assert found.class_frequencies == pytest.approx(wide.class_frequencies, rel=2e-6)
        assert found.cross_entropy.value == pytest.approx(
            found.truth_entropy.value + found.kl_divergence.value, rel=1e-12
        )


def test_shares_that_no_logit_has_count_nothing():
    p = np.full((1, 300), -np.inf, dtype=np.float32)
    p[0, :3] = 0.0, -80.0, -90.0
    found = us.evaluate(us.Logits(p), us.Logits(np.zeros((1, 300), np.float32)), ledger=False)
    assert found.class_frequencies[0] == pytest.approx(1.0)
    # A share is rounded to 2⁻⁸⁵, a millionth of the least that a sum of doubles tells beside one.
    assert found.class_frequencies[1] == 0.0
    assert found.class_frequencies[2:] == (0.0,) * 298


@pytest.mark.parametrize("dtype", NARROW)
def test_sums_of_shares_do_not_depend_on_batches(dtype):
    """Some doubles take so many rows; more of them are exact sums as well."""
    rows = 1_500
    p, q = scores(rows, 70, dtype), scores(rows, 70, dtype)
    whole = us.Evaluator().update(us.Logits(p), us.Logits(q))
    parts, first = us.Evaluator(), us.Evaluator().update(us.Logits(p[:700]), us.Logits(q[:700]))
    for at in range(0, rows, 400):
        parts.update(us.Logits(p[at : at + 400]), us.Logits(q[at : at + 400]))
        assert parts.result(ledger=False).class_frequencies is not None
    assert (
        parts.to_bytes() == whole.to_bytes() == us.Evaluator.from_bytes(whole.to_bytes()).to_bytes()
    )
    ids = np.arange(rows)
    one, other = (
        us.Evaluator().update(us.Logits(p[part]), us.Logits(q[part]), ids=ids[part])
        for part in (slice(0, 700), slice(700, rows))
    )
    again = us.Evaluator().update(us.Logits(p), us.Logits(q), ids=ids)
    assert other.merge(one).to_bytes() == again.to_bytes()
    early = first.result(ledger=False).class_frequencies
    assert early == us.evaluate(us.Logits(p[:700]), us.Logits(q[:700])).class_frequencies


def test_a_result_keeps_the_frequencies_of_its_rows():
    p, q = us.Logits(scores(9, 70, "float32")), us.Logits(scores(9, 70, "float32"))
    evaluator = us.Evaluator().update(p, q)
    before = evaluator.result(ledger=False)
    evaluator.update(q, p)
    alone = us.evaluate(p, q, ledger=False)
    assert before.class_frequencies == alone.class_frequencies
    assert before.label_entropy == us.evaluate(p, q).label_entropy


def test_shares_are_made_only_where_doubles_are_asked_for():
    p, q = scores(3, 80), scores(3, 80)
    narrow = us.Logits(p.astype("float32")), us.Logits(q.astype("float32"))
    assert not makes_shares(batch_from_arrays(*narrow))
    assert not makes_shares(batch_from_arrays([1, 2, 3], us.Logits(q)))
    assert makes_shares(batch_from_arrays(us.Logits(p), narrow[1]))
    assert makes_shares(batch_from_arrays(us.Logits(narrow[0].array.values[:, :63]),
                                          us.Logits(narrow[1].array.values[:, :63])))  # fmt: skip
    facts = row_scores(batch_from_arrays(*narrow))
    assert facts.shares is None
    assert facts.narrow_shares[:].sum(axis=1) == pytest.approx(np.ones(3), rel=1e-6)


def test_rows_of_many_classes_say_what_those_of_few_say():
    """Classes that never happen change no figure but those that count the classes."""
    probs = RNG.dirichlet(np.ones(30), size=200)
    labels = (probs.cumsum(1) < RNG.random((200, 1))).sum(1)
    places = np.sort(RNG.choice(9_000, 30, replace=False))
    wide = np.zeros((200, 9_000))
    wide[:, places] = probs
    for given in ({}, {"weights": RNG.random(200)}):
        few = us.evaluate(labels, us.Probs(probs, normalize=True), **given)
        many = us.evaluate(places[labels], us.Probs(wide, normalize=True), **given)
        for name in ("cross_entropy", "label_entropy", "information_gained"):
            ours, theirs = getattr(many, name), getattr(few, name)
            assert [ours.value, ours.low] == pytest.approx([theirs.value, theirs.low], rel=1e-12)
            # No entropy is above that of as many equally likely classes as there are.
            assert min(ours.high, np.log2(30)) == pytest.approx(theirs.high, rel=1e-12)
        assert np.array(many.class_frequencies)[places] == pytest.approx(few.class_frequencies)
        assert sum(many.class_frequencies) == pytest.approx(1.0)
        assert many.brier.score.value == pytest.approx(few.brier.score.value, rel=1e-12)
        assert many.brier.miscalibration == pytest.approx(few.brier.miscalibration, rel=1e-9)
        assert many.worst_rows[0].label == str(places[int(few.worst_rows[0].label)])


def test_too_many_fits_are_no_brier_score(monkeypatch):
    monkeypatch.setattr(calibration_curves, "_MOST_NUMBERS", 5_000)
    probs = RNG.dirichlet(np.ones(120), size=60)
    assert us.evaluate(RNG.integers(0, 50, 60), probs).brier is not None
    found = us.evaluate(us.Probs(probs), us.Probs(RNG.dirichlet(np.ones(120), size=60)))
    assert found.brier is None
    assert "fit of each class that happened; 120 of them in 60 rows" in found.missing["brier"]
    text = found.to_text(full=True, width=200)
    assert "calibration error" in text and "120 of them in 60 rows" in text
    assert "brier" not in us.evaluate([0, 1], [[0.5, 0.5], [0.5, 0.5]]).missing


def test_names_by_position_are_those_that_are_said():
    probs = RNG.dirichlet(np.ones(5), size=40)
    labels = RNG.integers(0, 5, 40)
    plain = us.Evaluator().update(labels, probs)
    named = us.Evaluator(classes=list("01234")).update(labels, probs)
    assert plain.to_bytes() == named.to_bytes()
    assert plain.result().classes == named.merge(plain).result().classes == tuple("01234")
    assert us.Evaluator.from_bytes(plain.to_bytes()).merge(plain).rows == 80
    assert Numbered(5) == Numbered(5) != Numbered(4)
    assert Numbered(3) != ("0", "2", "1") and Numbered(3) != ["0", "1", "2"]
    assert hash(Numbered(3)) == hash(("0", "1", "2")) and repr(Numbered(1)) == "('0',)"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("form", [us.Logits, us.Probs])
@pytest.mark.parametrize("classes", [2, 3, 70, 1_300])
def test_the_most_likely_classes_of_the_worst_rows(form, dtype, classes):
    values = np.abs(scores(12, classes)).astype(dtype)
    values[3, -1] = values[3].max()  # of equal ones the first
    values[5] = 0.5
    if form is us.Logits:
        values[6, 1:] = -np.inf
    model = form(values, normalize=True) if form is us.Probs else form(values)
    labels = np.argmin(values, axis=1)
    found = {row.id: row.leaders for row in us.evaluate(labels, model, top=12).worst_rows}
    order = np.argsort(-values.astype(float), axis=1, kind="stable")[:, :3]
    for row, leaders in found.items():
        assert [leader.name for leader in leaders] == [str(k) for k in order[row]]
        for leader, place in zip(leaders, order[row], strict=True):
            one = form(values[row], normalize=True) if form is us.Probs else form(values[row])
            share = 2.0 ** -us.surprisal(one, at=place)
            assert leader.probability == pytest.approx(share, rel=1e-12)
