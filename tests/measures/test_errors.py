"""Every bad input is refused with a diagnosis: where, what was found, expected, and the remedy."""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unsurprised as us
from unsurprised.errors import CallError, InputError, Place, SumsOffError, UnsurprisedError

INF, NAN = math.inf, math.nan
HALF = [0.5, 0.5]
GOOD = [HALF, HALF]


def probs(*rows: Any, **options: Any) -> us.Probs:
    return us.Probs(list(rows), **options)


def unnormalised(*rows: Any) -> us.Probs:
    return us.Probs(list(rows), normalize=True)


Bad = tuple[Callable[[], Any], str]

MEND = "; mend it where the row was made, or leave the row out"
GENERAL = (
    "; to take each row as row / sum pass normalize=True, to a measure Probs(…, normalize=True) "
    "(--normalize), to accept larger deviations raise tolerance (--tolerance)"
)
EACH_ITS_OWN = (
    "; if each entry is a probability of its own (one against the rest, a sigmoid a class), no row "
    "is a distribution until it is divided by its sum"
)

#: What is wrong with a row: a call, and the whole message.
ROWS: dict[str, Bad] = {
    "negative": (
        lambda: us.entropy([HALF, [-0.25, 1.25]]),
        "row 1: found -0.25 for class 0 in a row of probs; expected finite numbers of at least 0; "
        "if these are logits, say so: Logits(…) (--kind logits); "
        "a tiny negative from rounding must be set to 0 where it arises",
    ),
    "log-probabilities as probs": (
        lambda: us.entropy([[-1.0, -0.5]]),
        "row 0: found -1 for class 0 in a row of probs; expected finite numbers of at least 0; "
        "if these are log-probabilities, say so: LogProbs(…) (--kind logprobs); "
        "a tiny negative from rounding must be set to 0 where it arises",
    ),
    "NaN": (
        lambda: us.entropy([HALF, HALF, [0.5, NAN]]),
        "row 2: found NaN for class 1 in a row of probs; expected finite numbers of at least 0"
        + MEND,
    ),
    "infinite": (
        lambda: us.entropy([0.5, INF]),
        "found inf for class 1 in a row of probs; expected finite numbers of at least 0" + MEND,
    ),
    "no mass": (
        lambda: us.entropy(unnormalised(HALF, [0, 0])),
        "row 1: a row of probs that is 0 only; expected at least one class that is possible" + MEND,
    ),
    "no mass, sum checked": (
        lambda: us.entropy([HALF, [0, 0]]),
        "row 1: a row of probs that is 0 only; expected at least one class that is possible" + MEND,
    ),
    "a sum beyond the doubles": (
        lambda: us.entropy(unnormalised([1.7e308, 1.7e308])),
        "row 0: probs whose sum is too large for a float; expected a finite sum",
    ),
    "sums": (
        lambda: us.entropy([HALF, [0.5, 0.25], [0.5, 0.125]]),
        "row 1: found probabilities that sum to 0.75 (2 such rows, this is the first); "
        "expected 1 within 0.001" + EACH_ITS_OWN + GENERAL,
    ),
    "a sum under a tolerance of one's own": (
        lambda: us.entropy(probs([0.5, 0.4], tolerance=0.05)),
        "row 0: found probabilities that sum to 0.9 (1 such row, this is the first); "
        "expected 1 within 0.05" + EACH_ITS_OWN + GENERAL,
    ),
    "rounded sums": (
        lambda: us.entropy([0.33, 0.33, 0.33]),
        "found probabilities that sum to 0.99 (1 such row, this is the first); "
        "expected 1 within 0.001" + GENERAL,
    ),
    "percent": (
        lambda: us.entropy([[33, 33, 33], [70, 20, 10.0]]),
        "row 0: found probabilities that sum to 99 (2 such rows, this is the first); expected 1 "
        "within 0.001; these look like percent: normalize=True (--normalize) takes each row as "
        "row / sum; if they are counts or logits, say so: Counts(…), Logits(…) (--kind logits)",
    ),
    "predicted classes as probs": (
        lambda: us.entropy([[0, 1, 0], [1, 1, 0]]),
        "row 1: found probabilities that sum to 2 (1 such row, this is the first); expected 1 "
        "within 0.001; 0 and 1 alone are predicted classes, several in this row; pass what the "
        "model gave to each class before it chose, or say what they are: Counts(…) for votes, "
        "Labels(…)",
    ),
    "logits or counts as probs": (
        lambda: us.entropy([3.0, 2.0]),
        "found probabilities that sum to 5 (1 such row, this is the first); expected 1 within "
        "0.001; entries above 1 are no probabilities; if these are logits, say so: Logits(…) "
        "(--kind logits), if they are counts: Counts(…); to take each row as row / sum pass "
        "normalize=True, to a measure Probs(…, normalize=True) (--normalize), "
        "to accept larger deviations raise tolerance (--tolerance)",
    ),
    "probs as log-probabilities": (
        lambda: us.entropy(us.LogProbs([0.25, 0.75])),
        "found log-probabilities whose exponentials sum to 3.40103 (1 such row, this is the "
        "first); expected 1 within 0.001; these look like probabilities: Probs(…) (--kind probs)",
    ),
    "huge log-probabilities": (
        lambda: us.entropy(us.LogProbs([800.0, 0.0])),
        "found log-probabilities whose exponentials sum to inf (1 such row, this is the first); "
        "expected 1 within 0.001; if these are logits, say so: Logits(…) (--kind logits); "
        "to take each row as row / sum pass normalize=True, to a measure LogProbs(…, "
        "normalize=True) (--normalize), to accept larger deviations raise tolerance (--tolerance)",
    ),
    "NaN logit": (
        lambda: us.entropy(us.Logits([[0, 1], [NAN, 0]])),
        "row 1: found NaN for class 0 in a row of logits; "
        "expected finite numbers, or −inf for a probability of 0" + MEND,
    ),
    "infinite logit": (
        lambda: us.entropy(us.Logits([[0, INF]])),
        "row 0: found inf for class 1 in a row of logits; "
        "expected finite numbers, or −inf for a probability of 0" + MEND,
    ),
    "−inf only": (
        lambda: us.entropy(us.Logits([[0, 1], [-INF, -INF]])),
        "row 1: a row of logits that is −inf only; expected at least one class that is possible"
        + MEND,
    ),
    "negative count": (
        lambda: us.entropy(us.Counts([[1, 2], [3, -1]])),
        "row 1: found -1 for class 1 in a row of counts; expected finite numbers of at least 0"
        + MEND,
    ),
    "no count": (
        lambda: us.entropy(us.Counts([[0, 0]])),
        "row 0: a row of counts that is 0 only; expected at least one class that is possible"
        + MEND,
    ),
    "in p": (
        lambda: us.kl_divergence([HALF, [NAN, 1]], GOOD),
        "p, row 1: found NaN for class 0 in a row of probs; expected finite numbers of at least 0"
        + MEND,
    ),
    "in q, of several dimensions": (
        lambda: us.kl_divergence([HALF], [GOOD, [HALF, [1, NAN]]]),
        "q, row (1, 1): found NaN for class 1 in a row of probs; "
        "expected finite numbers of at least 0" + MEND,
    ),
    "label too large": (
        lambda: us.surprisal(GOOD, at=[1, 2]),
        "row 1: found the label 2; expected 0 to 1, the index of one of 2 classes",
    ),
    "negative label": (
        lambda: us.cross_entropy(us.Labels([[0, 1], [-1, 0]]), HALF),
        "row (1, 0): found the label -1; expected 0 to 1, the index of one of 2 classes",
    ),
    "label without its class": (
        lambda: us.entropy(us.Labels([0, 7], classes=3)),
        "row 1: found the label 7; expected 0 to 2, the index of one of 3 classes",
    ),
    "negative label beside labels": (
        lambda: us.cross_entropy(us.Labels([0, -1]), us.Labels([0, -1])),
        "row 1: found the label -1; expected at least 0, the index of a class",
    ),
    "unknown name": (
        lambda: us.surprisal(GOOD, at=us.Labels(["a", "z"], classes=["a", "b"])),
        "row 1: found the unknown class 'z'; expected one of 'a', 'b'",
    ),
    "event above 1": (
        lambda: us.surprisal([[0.5, 1.5]]),
        "row (0, 1): found 1.5 as the probability of an event; expected a number from 0 to 1; "
        "for rows of probabilities pass their outcomes too: surprisal(rows, at=…)",
    ),
}

#: What is wrong with a call: the call, and a piece of the message.
CALLS: dict[str, Bad] = {
    "classes": (lambda: us.kl_divergence(HALF, [1, 0, 0]), "different numbers of classes along"),
    "shapes": (lambda: us.kl_divergence(GOOD, [HALF] * 3), "rows do not broadcast: (2,) and (3,)"),
    "labels' shape": (lambda: us.surprisal(GOOD, at=[0, 1, 1]), "(2,) and (3,)"),
    "labels beside labels": (
        lambda: us.cross_entropy(us.Labels([0, 1, 0]), us.Labels([0, 1])),
        "(3,) and (2,)",
    ),
    "axis": (lambda: us.entropy(GOOD, axis=2), "axis=2 does not exist in an array of shape (2, 2)"),
    "axis, negative": (lambda: us.entropy(HALF, axis=-2), "expected -1 to 0"),
    "axis, a float": (lambda: us.entropy(HALF, axis=0.0), "axis=0.0; expected an integer"),
    "axis, a name": (lambda: us.entropy(HALF, axis="x"), "axis='x'; expected an integer"),
    "axis, several": (lambda: us.entropy(GOOD, axis=(0, 1)), "axis=(0, 1); expected an integer"),
    "ragged": (lambda: us.entropy([HALF, [1]]), "rows of equal length"),
    "ragged labels": (lambda: us.Labels([[0], [0, 1]]), "rows of equal length"),
    "objects": (lambda: us.entropy([0.5, None]), "masked entries or nulls, the first at 1"),
    "nothing": (lambda: us.entropy(None), "holds Python objects"),
    "a generator": (lambda: us.entropy(x for x in HALF), "holds Python objects"),
    "a dict": (lambda: us.entropy({"a": [0.5], "b": [0.5, 0.5]}), "one number for every class"),
    "an empty dict": (lambda: us.entropy({}), "expected a number for every class"),
    "complex": (lambda: us.entropy([1 + 0j, 0]), "holds complex128"),
    "text": (lambda: us.entropy(["0.5", "0.5"]), "expected float16"),
    "dates": (lambda: us.entropy(np.array(["2020"], "M8[Y]")), "expected float16"),
    "records": (lambda: us.entropy(np.zeros(2, "f8,f8")), "expected float16"),
    "masked": (lambda: us.entropy(np.ma.array(HALF, mask=[0, 1])), "has masked entries"),
    "dimensions": (lambda: us.entropy(np.ones((1,) * 40)), "at most 31 dimensions"),
    "a number": (lambda: us.entropy(0.5), "Probs(…) is a single number"),
    "no class": (lambda: us.entropy(np.ones((3, 0))), "has no class along axis -1"),
    "no entries": (lambda: us.entropy([]), "has no class"),
    "a form in a form": (lambda: us.Probs(us.Probs(HALF)), "an array has one meaning"),
    "labels in logits": (lambda: us.Logits(us.Labels([1])), "an array has one meaning"),
    "base 1": (lambda: us.entropy(HALF, base=1), "base=1 is no base of a logarithm"),
    "base 0": (lambda: us.surprisal(0.5, base=0), "base=0 is no"),
    "base below 1": (lambda: us.cross_entropy(HALF, HALF, base=0.5), "base=0.5 is no"),
    "base NaN": (lambda: us.kl_divergence(HALF, HALF, base=NAN), "base=nan is no"),
    "base infinite": (lambda: us.entropy(HALF, base=INF), "base=inf is no"),
    "base a string": (lambda: us.entropy(HALF, base="2"), "base='2' is no"),
    "base missing": (lambda: us.entropy(HALF, base=None), "base=None is no"),
    "smoothing": (lambda: us.Labels([0], smoothing=1.5), "smoothing=1.5; expected a share"),
    "smoothing NaN": (lambda: us.Labels([0], smoothing=NAN), "smoothing=nan; expected a share"),
    "smoothing text": (lambda: us.Labels([0], smoothing="0.1"), "smoothing='0.1'"),
    "smoothing, K unknown": (lambda: us.entropy(us.Labels([0], smoothing=0.1)), "needs classes"),
    "smoothing, K unknown, twice": (
        lambda: us.kl_divergence(us.Labels([0], smoothing=0.1), us.Labels([0])),
        "needs classes",
    ),
    "smoothed outcome": (
        lambda: us.surprisal(HALF, at=us.Labels(0, smoothing=0.1)),
        "for smoothed targets use cross_entropy",
    ),
    "tolerance": (lambda: us.Probs(HALF, tolerance=-1), "tolerance=-1; expected a finite"),
    "tolerance text": (lambda: us.Probs(HALF, tolerance="x"), "tolerance='x'; expected a finite"),
    "tolerance infinite": (lambda: us.Probs(HALF, tolerance=INF), "tolerance=inf"),
    "names, no order": (lambda: us.surprisal(HALF, at="a"), "the order of the columns"),
    "names twice": (lambda: us.Labels(["a"], classes=["a", "a"]), "names 'a' twice"),
    "classes as text": (lambda: us.Labels(["a"], classes="ab"), "classes='ab'; expected"),
    "classes, a float": (lambda: us.Labels([0], classes=2.0), "classes=2.0; expected"),
    "classes, a truth value": (lambda: us.Labels([0], classes=True), "classes=True; expected"),
    "classes, none at all": (lambda: us.Labels([0], classes=0), "at least one class"),
    "classes, negative": (lambda: us.Labels([0], classes=-1), "classes=-1; expected"),
    "more classes than columns": (
        lambda: us.cross_entropy(us.Labels([0], classes=3), HALF),
        "Labels(…, classes=3) for rows of 2 classes; expected as many",
    ),
    "names in another order": (
        lambda: us.kl_divergence(
            us.Labels(["a"], classes=["a", "b"]), us.Labels(["a"], classes=["b", "a"])
        ),
        "the classes of p, ['a', 'b'], are not those of q, ['b', 'a']",
    ),
    "classes that differ": (
        lambda: us.kl_divergence(us.Labels([0], classes=2), us.Labels([0], classes=3)),
        "p has 2 classes, q has 3",
    ),
    "float labels": (lambda: us.surprisal(HALF, at=0.5), "a row of probabilities is Probs"),
    "labels above 2^63": (lambda: us.surprisal(HALF, at=np.uint64(2**63)), "above 2⁶³ − 1"),
    "labels above 2^64": (lambda: us.surprisal(HALF, at=2**64), "holds Python objects"),
    "rows, no outcome": (lambda: us.surprisal(us.Logits(HALF)), "need their outcomes, at=labels"),
    "labels, no rows": (lambda: us.surprisal(us.Labels([0])), "need their outcomes"),
    "labels for rows": (lambda: us.surprisal(us.Labels([0]), at=[0]), "q is Labels"),
    "event as text": (lambda: us.surprisal("half"), "q holds"),
    "complex event": (lambda: us.surprisal(0.5 + 0j), "q holds complex128; expected numbers"),
}


@pytest.mark.parametrize("fault", ROWS)
def test_a_bad_row(fault: str) -> None:
    call, message = ROWS[fault]
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, SumsOffError) is ("sum to" in message)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is type(caught.value) and str(again) == message


@pytest.mark.parametrize("fault", CALLS)
def test_a_bad_call(fault: str) -> None:
    call, message = CALLS[fault]
    with pytest.raises(CallError, match=re.escape(message)) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_the_parts_of_an_error_can_be_asked_for() -> None:
    with pytest.raises(UnsurprisedError) as caught:
        us.kl_divergence(GOOD, [HALF, [0.5, 0.75]])
    error = caught.value
    assert isinstance(error, SumsOffError)
    assert error.place == Place(file="q", row=(1,))
    assert error.found == "found probabilities that sum to 1.25"
    assert error.expected == "1 within 0.001"
    assert "normalize=True" in (error.remedy or "")
    assert error.note == "1 such row, this is the first"


@pytest.mark.parametrize("event", [-5e-324, math.nextafter(1, 2), INF, -INF, NAN])
def test_what_is_no_probability_of_an_event(event: float) -> None:
    with pytest.raises(InputError, match="expected a number from 0 to 1"):
        us.surprisal(event)


@pytest.mark.parametrize("classes", [2, 63, 64, 5000])
@pytest.mark.parametrize("bad", [-1e-300, NAN, INF, -INF])
@pytest.mark.parametrize("normalize", [False, True])
def test_one_bad_entry_anywhere(classes: int, bad: float, normalize: bool) -> None:
    for where in {0, classes // 2, classes - 1}:
        rows = np.full((40, classes), 1 / classes)
        rows[17, where] = rows[31, 0] = bad
        with pytest.raises(InputError, match=rf"^row 17: found .* for class {where} "):
            us.entropy(us.Probs(rows, normalize=normalize))
        with pytest.raises(InputError, match=rf"^q, row 17: found .* for class {where} "):
            us.kl_divergence(np.eye(classes)[0], us.Probs(rows, normalize=normalize))


@pytest.mark.parametrize("threads", ["1", "3"])
def test_the_first_bad_row_whatever_the_threads(
    threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNSURPRISED_NUM_THREADS", threads)
    rows = np.full((300_000, 4), 0.25)
    rows[150_001::7, 0] = 0.5
    rows[299_999, 0] = NAN
    with pytest.raises(InputError) as caught:
        us.entropy(rows)
    assert caught.value.place == Place(row=(150_001,))
    assert caught.value.note == "21,429 such rows, this is the first"
    rows[5, 1] = -1
    with pytest.raises(InputError, match=r"^row 5: found -1 for class 1"):
        us.entropy(rows)


def test_a_fault_of_a_broadcast_row_is_where_it_is_first_met() -> None:
    with pytest.raises(InputError) as caught:
        us.kl_divergence(np.full((2, 3, 2), 0.5), [HALF, [0.5, NAN], HALF])
    assert caught.value.place == Place(file="q", row=(0, 1))


def test_the_tolerance_is_met_exactly() -> None:
    assert us.entropy(us.Probs([0.5, 0.75], tolerance=0.25)) > 0
    with pytest.raises(SumsOffError):
        us.entropy(us.Probs([0.5, 0.75], tolerance=math.nextafter(0.25, 0)))
    assert us.entropy(us.Probs([0.5, 0.5], tolerance=0)) == 1
    assert us.entropy(np.array([1 / 3] * 3, np.float16)) == pytest.approx(math.log2(3))
    assert us.entropy(us.LogProbs(np.log([0.5, 0.5]))) == 1
