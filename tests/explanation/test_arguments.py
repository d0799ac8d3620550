"""What ``explain`` takes, and what it says of what it does not take."""

from __future__ import annotations

import math

import numpy as np
import pytest

import unsurprised as us
from unsurprised.errors import CallError, InputError
from unsurprised.explanation import explain

NAMES = ["cat", "dog"]


@pytest.mark.parametrize(
    "outcome",
    [
        1,
        True,
        "1",
        np.int32(1),
        np.array(1),
        us.Labels(1),
        us.Labels([1]),
        us.Labels("1", classes=["0", "1"]),
    ],
)
def test_what_happened_may_be_said_in_many_ways(outcome):
    explanation = explain(outcome, [0.99, 0.01])
    assert (explanation.explains, explanation.happened) == ("surprisal", 1)
    assert explanation.cross_entropy == us.surprisal(us.Probs([0.99, 0.01]), at=1)
    assert explanation.entropy == 0
    assert explanation.reverse_kl_divergence is None


@pytest.mark.parametrize("outcome", ["dog", us.Labels("dog", classes=NAMES), us.Labels(["dog"])])
def test_names_of_what_happened(outcome):
    explanation = explain(outcome, us.Counts([99, 1]), names=NAMES)
    assert explanation.happened == 1
    assert explanation.meaning == (
        "The model gave 1 % to what happened, 'dog': 6.6439 bits of surprise."
    )


def test_labels_bring_their_names():
    assert [o.name for o in explain(us.Labels(0, classes=NAMES), [0.5, 0.5]).outcomes] == NAMES


def test_smoothed_labels_are_a_distribution():
    explanation = explain(us.Labels(1, smoothing=0.1, classes=2), [0.5, 0.5])
    assert explanation.explains == "divergence"
    assert [o.p for o in explanation.outcomes] == pytest.approx([0.05, 0.95])


def test_a_label_may_be_the_belief():
    explanation = explain([0.5, 0.5], us.Labels(0))
    assert [o.q for o in explanation.outcomes] == [1.0, 0.0]
    assert explanation.kl_divergence == math.inf


def test_what_the_model_ruled_out():
    explanation = explain(0, [0.0, 1.0])
    assert explanation.cross_entropy == math.inf
    assert explanation.meaning == (
        "The model gave 0 to what happened, '0': its surprise is infinite."
    )


def test_forms_may_differ():
    logits = us.Logits([math.log(0.1), math.log(0.9)])
    assert explain(us.Counts([1, 1]), logits).kl_divergence == pytest.approx(0.736965594166206)
    log_probs = us.LogProbs(np.log([0.1, 0.9]))
    assert explain([[0.5, 0.5]], log_probs).kl_divergence == pytest.approx(0.736965594166206)


def test_half_precision_is_read_as_it_is():
    row = np.array([0.1, 0.9], dtype=np.float16)
    assert explain(row).entropy == us.entropy(row)


@pytest.mark.parametrize("library", ["torch", "jax.numpy"])
def test_arrays_of_other_libraries(library):
    xp = pytest.importorskip(library)
    row = xp.asarray([0.25, 0.75])
    explanation = explain([0.5, 0.5], row)
    assert explanation.kl_divergence == us.kl_divergence([0.5, 0.5], [0.25, 0.75])
    assert explain(xp.asarray(1), row).happened == 1
    assert explain(us.Labels(xp.asarray([1])), row).happened == 1


def test_a_tensor_with_a_gradient_and_an_array_of_another_library():
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax.numpy")
    scores = torch.tensor([0.0, 1.0], requires_grad=True)
    explanation = explain(jax.asarray([0.5, 0.5]), us.Logits(scores))
    assert explanation.kl_divergence == us.kl_divergence([0.5, 0.5], us.Logits([0.0, 1.0]))


def test_what_is_traced_is_refused():
    jax = pytest.importorskip("jax")
    with pytest.raises(CallError, match="what is traced has no values yet to explain"):
        jax.jit(explain)(jax.numpy.asarray([0.5, 0.5]))


BAD_CALLS = [
    (([[0.5, 0.5], [0.1, 0.9]],), {}, "p is Probs(shape=(2, 2), dtype=float64), 2 rows; expected "
     "one row: pass one of them, such as p[0]"),
    (([0.5, 0.5], np.full((3, 2), 0.5)), {}, "q is Probs(shape=(3, 2), dtype=float64), 3 rows; "
     "expected one row: pass one of them, such as q[0]"),
    ((us.Labels([0, 1]), [0.5, 0.5]), {}, "p is Labels(shape=(2,), dtype=int64), 2 rows; expected "
     "one row: pass one of them, such as p[0]"),
    ((np.zeros((0, 2)),), {}, "p is Probs(shape=(0, 2), dtype=float64), 0 rows; expected one row: "
     "pass one of them, such as p[0]"),
    ((np.zeros(0),), {}, "p is Probs(shape=(0,), dtype=float64), without an outcome; expected at "
     "least one"),
    (([0.5, 0.5], [0.2, 0.3, 0.5]), {}, "p has 2 outcomes and q has 3; expected as many in both"),
    ((1,), {}, "a label alone is no distribution; expected the model's row too: explain(label, "
     "row), or explain(row)"),
    (([0.5, 0.5],), {"names": ["a"]}, "names holds 1 for 2 outcomes; expected one each (--names)"),
    (([0.5, 0.5],), {"names": ["a", "a"]}, "names has 'a' twice; expected distinct names "
     "(--names)"),
    (([0.5, 0.5],), {"names": "ab"}, "names='ab' is one text; expected a list of names"),
    ((us.Labels(0, classes=NAMES), [0.5, 0.5]), {"names": ["a", "b"]}, "the names of the classes "
     "differ; expected the same in the same order"),
    ((us.Labels(0, classes=3), [0.5, 0.5]), {},
     "Labels(…, classes=3) for a row of 2 outcomes; expected as many"),
    (([0.5, 0.5],), {"epsilon": 1.5}, "epsilon=1.5; expected a share from 0 to 1 (--smooth)"),
    (([0.5, 0.5],), {"epsilon": [0.1]}, "epsilon=[0.1]; expected a share from 0 to 1 (--smooth)"),
    (([0.5, 0.5],), {"base": 1}, "base=1 is no base of a logarithm; expected a finite number above "
     "1: 2 for bits, math.e for nats, 10 for hartleys"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "options", "said"), BAD_CALLS)
def test_bad_calls_are_refused_in_one_line(arguments, options, said):
    with pytest.raises(CallError) as refused:
        explain(*arguments, **options)
    assert str(refused.value) == said


BAD_INPUTS = [
    (([0.5, 0.6],), "found probabilities that sum to 1.1; expected 1 within 0.001; if each "
     "entry is a probability of its own (one against the rest, a sigmoid a class), no row is a "
     "distribution until it is divided by its sum; to take each row as row / sum pass "
     "normalize=True, to a measure Probs(…, normalize=True) (--normalize), "
     "to accept larger deviations raise "
     "tolerance (--tolerance)"),
    (([0.5, 0.5], [math.nan, 1.0]), "q: found NaN for class 0 in a row of probs; expected finite "
     "numbers of at least 0; mend it where the row was made, or leave the row out"),
    (([0.0, 0.0], [0.5, 0.5]), "p: a row of probs that is 0 only; expected at least one "
     "class that is possible; mend it where the row was made, or leave the row out"),
    ((2, [0.5, 0.5]), "found the label 2; expected 0 to 1, the index of one of 2 classes"),
    ((-1, [0.5, 0.5]), "found the label -1; expected 0 to 1, the index of one of 2 classes"),
    (("bird", [0.5, 0.5]), "found the unknown class 'bird'; expected one of '0', '1'"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), BAD_INPUTS)
def test_bad_rows_are_refused_in_one_line(arguments, said):
    with pytest.raises(InputError) as refused:
        explain(*arguments)
    assert str(refused.value) == said


def test_an_unknown_name_among_many_is_told_in_one_short_line():
    with pytest.raises(InputError, match=r"… \(1,000 in all\)$") as refused:
        explain("x", np.full(1000, 0.001))
    assert len(str(refused.value)) < 250
