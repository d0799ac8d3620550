"""Small batches: how they wait for each other does not show in any byte, nor in any error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised.evaluation import evaluator as module

RNG = np.random.default_rng(23)


def rows(size: int, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.integers(0, classes, size), random.dirichlet(np.ones(classes), size)


def as_tensors(labels: np.ndarray, probs: np.ndarray) -> tuple[Any, Any]:
    torch = pytest.importorskip("torch")
    return torch.from_numpy(labels), torch.from_numpy(probs)


#: Ways to hand rows in: most are the plain one, some are another, and some are wrong.
WAYS = {
    "plain": lambda y, p: (y, p),
    "single precision": lambda y, p: (y, p.astype(np.float32)),
    "lists": lambda y, p: (y.tolist(), p.tolist()),
    "labels of 32 bits": lambda y, p: (y.astype(np.int32), p),
    "every other row": lambda y, p: (np.repeat(y, 2)[::2], np.repeat(p, 2, axis=0)[::2]),
    "other byte order": lambda y, p: (y.astype(">i8"), p.astype(">f8")),
    "columns first": lambda y, p: (y, np.asfortranarray(p)),
    "tensors": as_tensors,
    "form": lambda y, p: (y, us.Probs(p)),
    "form with a tolerance": lambda y, p: (y, us.Probs(p, tolerance=1e-2)),
    "logits": lambda y, p: (y, us.Logits(np.log(p))),
    "labels of a form": lambda y, p: (us.Labels(y), p),
    "a label out of range": lambda y, p: (y + 1, p),
    "a label below 0": lambda y, p: (y - 1, p),
    "a sum that is off": lambda y, p: (y, p * 1.5),
    "a sum that is off a little": lambda y, p: (y, p * (1 + 5e-4)),
    "NaN": lambda y, p: (y, np.where(p == p.max(initial=0), np.nan, p)),
    "impossible": lambda y, p: (y, np.eye(3)[(y + 1) % 3]),
    "too few labels": lambda y, p: (y[1:], p),
    "one class more": lambda y, p: (y, np.column_stack([p, 0 * y])),
    "one-hot": lambda y, p: (np.eye(3)[y], p),
}


def told(evaluator: us.Evaluator, way: str, size: int, seed: int, weights: bool) -> str | None:
    """The error of an update, if there is one."""
    labels, probs = rows(size, seed=seed)
    y_true, y_pred = WAYS[way](labels, probs)
    try:
        evaluator.update(y_true, y_pred, **({"weights": np.ones(len(labels))} if weights else {}))
    except us.UnsurprisedError as error:
        return f"{type(error).__name__}: {error}"
    return None


@settings(max_examples=40, deadline=None)
@given(
    batches=st.lists(
        st.tuples(
            st.one_of(st.just("plain"), st.just("plain"), st.sampled_from(sorted(WAYS))),
            st.sampled_from([0, 1, 2, 7, 64, 300, 512, 513, 5000]),
            st.integers(0, 5),
            st.sampled_from([False] * 9 + [True]),
            st.sampled_from(["", "", "", "bytes", "result", "sample", "merge"]),
        ),
        min_size=1,
        max_size=12,
    ),
    said=st.sampled_from(
        [{}, {}, {"classes": ["0", "1", "2"]}, {"classes": ["c", "a", "b"]},
         {"classes": ["2", "0", "1"]}, {"normalize": True}, {"tolerance": 1e-4},
         {"ignore_index": 1}, {"classes": [1, 2, 3]}, {"top": 0, "sample_rows": 5}]
    ),
)  # fmt: skip
def test_waiting_shows_in_nothing(batches, said):
    at_once, waits = us.Evaluator(**said), us.Evaluator(**said)
    results: list[list[Any]] = [[], []]
    for way, size, seed, weights, then in batches:
        given = way, size, seed, weights
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "may_wait", lambda batch: False)
            error = told(at_once, *given)
        assert told(waits, *given) == error
        assert at_once.rows == waits.rows
        for found, one in zip(results, (at_once, waits), strict=True):
            if then == "bytes":
                found.append(one.to_bytes())
            elif then == "result" and one.rows:
                found.append(one.result(ledger=False).to_json())
            elif then == "sample" and one.rows:
                found.append(one.sample()["model"].tobytes())
            elif then == "merge" and not weights:
                found.append(told(one.merge(us.Evaluator(**said)), "plain", 3, 1, False))
    assert at_once.to_bytes() == waits.to_bytes()
    for one, other in zip(*results, strict=True):
        assert one == other


def test_a_batch_like_the_last_one_is_not_looked_at_again(monkeypatch):
    calls = []
    whole = module.batch_from_arrays
    monkeypatch.setattr(
        module,
        "batch_from_arrays",
        lambda *given, **named: calls.append(1) or whole(*given, **named),
    )
    evaluator = us.Evaluator()
    for seed in range(200):
        evaluator.update(*rows(64, seed=seed))
    assert calls == [1]
    assert evaluator.rows == 12_800 and evaluator.result().rows == 12_800


def test_what_the_caller_does_to_his_arrays_afterwards_is_not_seen():
    labels, probs = rows(64)
    one, other = us.Evaluator(), us.Evaluator().update(labels.copy(), probs.copy())
    one.update(labels, probs)
    found = us.evaluate(labels, probs)
    labels[:], probs[:] = 0, 1 / 3
    assert one.to_bytes() == other.to_bytes()
    assert found.to_json() == us.evaluate(*rows(64)).to_json()


def test_rows_that_were_refused_leave_nothing_behind():
    evaluator = us.Evaluator()
    evaluator.update(*rows(64))
    with pytest.raises(us.InputError, match="row 67"):
        labels, probs = rows(64, seed=1)
        probs[3] *= 1.0009  # within the tolerance of a thousandth, but for one that is not
        probs[3, 0] += 0.5
        evaluator.update(labels, probs)
    with pytest.raises(us.StateError):
        labels, probs = rows(64, seed=1)
        evaluator.update(labels, us.Logits(np.log(probs)))
    alone = us.Evaluator().update(*rows(64))
    assert evaluator.to_bytes() == alone.to_bytes()
    assert evaluator.result().largest_sum_deviation == alone.result().largest_sum_deviation


@pytest.mark.parametrize("kind", ["float16", "float32", "bfloat16"])
def test_logits_of_a_model_in_training(kind):
    torch = pytest.importorskip("torch")
    one, other = us.Evaluator(), us.Evaluator()
    scores = torch.from_numpy(RNG.normal(size=(640, 5))).to(getattr(torch, kind))
    labels = torch.from_numpy(RNG.integers(0, 5, 640))
    for at in range(0, 640, 64):
        one.update(labels[at : at + 64], us.Logits(scores[at : at + 64]))
    assert one.to_bytes() == other.update(labels, us.Logits(scores)).to_bytes()
