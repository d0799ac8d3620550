"""The table of calibrators: what is in it, and what it deems worth trying."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from calibrator_rows import overconfident

import unsurprised as us
from unsurprised import CallError, calibrators
from unsurprised.calibrators import Calibrator
from unsurprised.calibrators._rows import fitting_rows
from unsurprised.calibrators.crossfit import Contest
from unsurprised.calibrators.families import FAMILIES, KINDS, NAMES, candidates
from unsurprised.commands.calibrate import Method


def rows_of(count, width, weights=None):
    scores, labels = overconfident(count, width)
    return fitting_rows(us.Logits(scores), labels, weights)


def tried(rows, **options):
    return [one.title for one in candidates(rows, **options)[0]]


def test_every_calibrator_has_its_line():
    public = {getattr(calibrators, name) for name in calibrators.__all__ if name != "KINDS"}
    kinds = {one for one in public if inspect.isclass(one) and issubclass(one, Calibrator)}
    assert set(KINDS) == kinds - {Calibrator, calibrators.Chain}
    assert len(set(KINDS)) == len(FAMILIES)
    assert len({family.kind.title for family in FAMILIES if family.name}) == len(NAMES)


def test_the_command_line_knows_all_names():
    (option,) = Method.__metadata__
    assert f": {', '.join(NAMES)}." in option.help
    with pytest.raises(CallError, match=", ".join(map(repr, NAMES))):
        candidates(rows_of(50, 3), ["none"])


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.kind.__name__)
def test_what_takes_a_moment_is_tried_by_those_who_take_their_time(family):
    for width in (2, 3, 10, 101, 5000):
        assert width in family.classes or width not in family.quick
        if family.kind.two_classes_only:
            assert width == 2 or width not in family.classes


def test_what_is_tried():
    two, more = rows_of(500, 2), rows_of(500, 3)
    assert tried(two, quick=True) == ["isotonic regression"]
    assert tried(two) == [
        "temperature scaling", "uniform mixing", "Platt scaling", "beta calibration",
        "isotonic regression",
    ]  # fmt: skip
    assert tried(more, quick=True) == ["temperature scaling", "vector scaling"]
    assert tried(more) == [
        "temperature scaling", "uniform mixing", "vector scaling", "structured scaling",
        "matrix scaling", "isotonic regression",
    ]  # fmt: skip


@pytest.mark.parametrize("quick", [False, True])
def test_what_so_few_rows_are_not_worth(quick):
    name, why = "vector scaling", "its 6 parameters want 120 rows"
    enough, few = rows_of(120, 3), rows_of(119, 3)
    assert name in tried(enough, quick=quick)
    assert candidates(few, quick=quick)[1][name] == why
    uneven = rows_of(200, 3, np.r_[np.ones(60), np.full(140, 1e-3)])  # worth some 60 alike
    assert candidates(uneven, quick=quick)[1][name] == why
    labels = np.r_[np.arange(9) * 0 + 2, np.arange(491) % 2]
    rare = fitting_rows(us.Logits(overconfident(500, 3)[0]), labels)
    assert candidates(rare, quick=quick)[1][name] == (
        "wants 10 rows of each class; '2' happens less often"
    )


def test_what_so_many_classes_are_not_worth():
    rows = rows_of(4040, 101)
    rows = fitting_rows(us.Logits(rows.log), np.arange(4040) % 101)
    why = "its time grows with the square of the classes; tried up to 100"
    assert candidates(rows, quick=True)[1] == {"vector scaling": why}
    found, left_out = candidates(rows)
    assert "vector scaling" in [one.title for one in found]
    assert left_out == {"structured scaling": why, "matrix scaling": why}


def test_where_a_probability_is_0_a_little_is_mixed_in_first():
    scores, labels = overconfident(300, 3)
    probs = (
        us.calibrators.TemperatureScaling()
        .fit(us.Logits(scores), labels)
        .predict_proba(us.Logits(scores))
    )
    probs[0] = np.eye(3)[labels[0]]  # 0 for what did not happen
    unharmed = tried(fitting_rows(probs, labels))
    assert "temperature scaling" in unharmed
    assert "uniform mixing, then structured scaling" in unharmed
    probs[0] = np.eye(3)[(labels[0] + 1) % 3]
    harmed = tried(fitting_rows(probs, labels))
    assert "uniform mixing, then temperature scaling" in harmed
    assert {"uniform mixing", "isotonic regression"} <= set(harmed)


def test_of_several_the_simplest_that_is_not_surely_worse_is_taken():
    random = np.random.default_rng(0)
    groups = np.arange(2000, dtype=np.uint64)
    cost = random.exponential(size=2000)
    a_bit_better = cost - 0.001 + 0.2 * random.normal(size=2000)
    much_better = cost - 0.3 + 0.2 * random.normal(size=2000)
    assert Contest([cost, a_bit_better], groups, None).taken() == 0
    contest = Contest([cost, a_bit_better, much_better], groups, None)
    assert contest.taken() == 2
    assert contest.behind(2) == (0.0, 0.0)
    endless = np.full(2000, np.inf)
    assert Contest([endless, much_better], groups, None).taken() == 1
    weights = np.where(np.arange(2000) < 1000, 1.0, 1e-9)
    worse_where_it_counts = np.where(np.arange(2000) < 1000, cost + 1, cost - 5)
    assert Contest([worse_where_it_counts, cost], groups, weights).taken() == 1


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not calibrators.PriorShift])
def test_a_fit_nearby_finds_the_same_minimum(kind):
    width = 2 if kind.two_classes_only else 3
    rows = rows_of(900, width)
    part = rows.of(np.arange(900) % 5 != 0)
    near = kind().fit_rows(rows).near().learn_rows(part)
    far = kind().learn_rows(part)
    np.testing.assert_allclose(near.costs(part).sum(), far.costs(part).sum(), rtol=1e-11)
    assert not hasattr(near, "provenance_")
