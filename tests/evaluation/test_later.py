"""What an evaluation computes when it is asked for: once, and as if it had been there all along."""

from __future__ import annotations

import copy
import inspect
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

import unsurprised as us
from unsurprised.evaluation.figures import decomposition as ledger

RNG = np.random.default_rng(97)


def some_rows():
    probs = RNG.dirichlet([0.7, 1.0, 1.3], size=400)
    return (probs.cumsum(1) < RNG.random((400, 1))).sum(1), probs


def later_of(result):
    find = object.__getattribute__(result, "_find")
    return inspect.getclosurevars(find).nonlocals["of_the_sample"]


def test_what_takes_long_is_computed_once_when_it_is_asked_for(monkeypatch):
    calls = []
    whole = ledger.ledger_of
    monkeypatch.setattr(ledger, "ledger_of", lambda *given: calls.append(1) or whole(*given))
    result = us.evaluate(*some_rows())
    assert (result.cross_entropy.rows, result.accuracy.rows, calls) == (400, 400, [])
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda name: id(getattr(result, name)), ["ledger"] * 8))
    assert len(found) == 1 and calls == [1]
    assert result.sampled_rows == 400 and result.missing and calls == [1]


def test_what_is_computed_later_travels_and_compares():
    labels, probs = some_rows()
    result = us.evaluate(labels, probs)
    again = pickle.loads(pickle.dumps(us.evaluate(labels, probs)))
    assert again == result and copy.deepcopy(us.evaluate(labels, probs)) == result
    assert again.to_json() == us.evaluate(labels, probs).to_json()
    assert replace(us.evaluate(labels, probs), rows=5).ledger == result.ledger
    with pytest.raises(AttributeError, match="'Evaluation' object has no attribute 'ledgers'"):
        result.ledgers  # noqa: B018 - asking is the test
    with pytest.raises(FrozenInstanceError):
        result.ledger = None


def test_rows_that_come_after_a_result_do_not_change_it():
    labels, probs = some_rows()
    evaluator = us.Evaluator().update(labels, probs)
    before, other = evaluator.result(), us.Evaluator().update(labels[:50], probs[:50])
    evaluator.update(labels[::-1], probs)
    assert before.sampled_rows == 400
    assert before.to_json() == us.evaluate(labels, probs).to_json()
    middle = evaluator.result()
    evaluator.merge(other)
    assert middle.sampled_rows == 800 and evaluator.result().sampled_rows == 850


def test_rows_are_let_go_once_they_are_measured():
    result = us.evaluate(*some_rows())
    later = later_of(result)
    assert later._compute is not None
    later.found()
    assert later._compute is None


def test_ids_that_are_given_again_and_again_make_the_same_sample():
    """So many rows are passed over that the sample lacks some, and all rows are shown again."""
    rows = 500_000
    ids, labels = np.arange(rows) % 7, np.arange(rows) % 2
    share = np.linspace(0.2, 0.8, rows)
    probs = np.stack([share, 1 - share], axis=1)
    found = us.evaluate(labels, probs, ids=ids)
    plain = us.Evaluator().update(labels, probs, ids=ids).result()
    assert found.sampled_rows == plain.sampled_rows == 200_000
    assert found.to_json() == plain.to_json()
