"""A name that the field uses for something is answered with what it is called here."""

from __future__ import annotations

import traceback

import numpy as np
import pytest

import unsurprised as us
from unsurprised.other_names import _OTHERWISE, figure_suggestion, suggestion

MEANT = [
    ("psi", "'population_stability_index'"),
    ("jensen_shannon", "'js_divergence' or 'js_distance'"),
    ("kl", "'kl_divergence'"),
    ("KLDiv", "'kl_divergence'"),
    ("cross_entropy_score", "'evaluate(y_true, y_pred).cross_entropy'"),
    ("nll", "'evaluate(y_true, y_pred).cross_entropy' or 'surprisal(y_pred, at=y_true)'"),
    ("log_loss", "'evaluate(y_true, y_pred).cross_entropy' or 'surprisal(y_pred, at=y_true)'"),
    ("perplexity_score", "'evaluate(y_true, y_pred).perplexity'"),
    ("resolution", "'evaluate(y_true, y_pred).ledger.discrimination'"),
    ("reliability", "'evaluate(y_true, y_pred).ledger.miscalibration'"),
    ("over_confidence", "'evaluate(y_true, y_pred).confidence_gap'"),
    ("ece", "'evaluate(y_true, y_pred).calibration[0].error'"),
    ("probs", "'Probs' or 'LogProbs'"),
    ("entropi", "'entropy'"),
    ("calibrator", "'calibrators' or 'Calibration'"),
]


@pytest.mark.parametrize(("name", "meant"), MEANT)
def test_the_error_says_what_is_meant(name: str, meant: str) -> None:
    with pytest.raises(AttributeError) as error:
        getattr(us, name)
    said = f"module 'unsurprised' has no attribute {name!r}; did you mean {meant}?"
    assert str(error.value) == said


@pytest.mark.parametrize("name", ["pandas", "x", "_private", "__wrapped__"])
def test_nothing_is_made_up(name: str) -> None:
    with pytest.raises(AttributeError) as error:
        getattr(us, name)
    assert str(error.value) == f"module 'unsurprised' has no attribute {name!r}"
    assert not hasattr(us, name)


@pytest.mark.parametrize("expression", _OTHERWISE)
def test_every_answer_is_there(expression: str) -> None:
    y_true = [0, 1] * 20
    y_pred = np.array([[0.8, 0.2], [0.4, 0.6]] * 20)
    namespace = {name: getattr(us, name) for name in us.__all__}
    assert eval(expression, namespace, {"y_true": y_true, "y_pred": y_pred}) is not None


def test_python_adds_no_guess_of_its_own() -> None:
    with pytest.raises(AttributeError) as error:
        us.entropi  # noqa: B018 - looked up for its error
    last = traceback.format_exception(error.value)[-1]
    assert last.count("entropy") == 1


def test_no_other_name_is_a_public_one() -> None:
    names = {name for names in _OTHERWISE.values() for name in names.split()}
    assert not names & set(us.__all__)


FIGURES = [
    ("log_loss", "'cross_entropy'"),
    ("nll", "'cross_entropy'"),
    ("ece", "'calibration[0].error'"),
    ("d2", "'information_gained_share'"),
    ("acuracy", "'accuracy'"),
    ("worst_row", "'worst_rows'"),
]


@pytest.mark.parametrize(("name", "meant"), FIGURES)
def test_an_evaluation_says_which_figure_is_meant(name: str, meant: str) -> None:
    result = us.evaluate([0, 1], [[0.8, 0.2], [0.4, 0.6]])
    with pytest.raises(AttributeError) as error:
        getattr(result, name)
    said = f"'Evaluation' object has no attribute {name!r}; did you mean {meant}?"
    assert str(error.value) == said


def test_protocols_look_for_private_names_in_vain() -> None:
    assert suggestion("_entropy", ["entropy"]) == ""
    assert figure_suggestion("__accuracy__", ["accuracy"]) == ""


def test_spelling_makes_no_difference() -> None:
    assert suggestion("Jensen_Shannon", ()) == suggestion("jensenshannon", ())
