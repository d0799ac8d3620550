"""States saved by earlier releases are read for ever; equal rows give the bytes of then.

A file is written once, by the release whose format it has; ``python
tests/evaluation/test_saved_states.py FILE`` writes one of today.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from rows_alone import json_of_rows

from unsurprised import Counts, Evaluator, Logits, StateError

SAVED = Path(__file__).parent / "saved"


def labelled() -> Evaluator:
    probs = np.array([[0.5, 0.25, 0.25], [0.125, 0.5, 0.375], [0.0, 0.75, 0.25], [1, 0, 0]])
    evaluator = Evaluator(classes=["ant", "bee", "cat"], top=2)
    return evaluator.update(
        ["ant", "cat", "ant", "ant"], probs, weights=[1.0, 0.1, 3.0, 2.5], ids=["a", "b", "c", "d"]
    )


def voted() -> Evaluator:
    logits = np.array([[0.5, -1.0], [3.0, 2.0], [-8.0, 8.0]], dtype=np.float16)
    return Evaluator(top=3).update(Counts([[2, 1], [0, 3], [1, 4]]), Logits(logits), ids=[7, 9, 8])


def clustered() -> Evaluator:
    """Clusters rest on groups of them, as ever."""
    probs = np.linspace(0.05, 0.95, 36)
    labels, cluster = np.arange(36) % 3 // 2, np.arange(36) // 3
    return Evaluator(top=2).update(labels, probs, cluster=cluster, ids=np.arange(36)[::-1])


STATES = {"labelled-2.bin": labelled, "voted-2.bin": voted, "clustered-1.bin": clustered}
#: Of releases whose intervals rested on groups of rows by their ids.
GROUPED = {"labelled-1.bin": labelled, "voted-1.bin": voted}


@pytest.mark.parametrize("name", STATES)
def test_a_saved_state_is_read_and_made_again_to_the_bit(name):
    bytes_of_then = (SAVED / name).read_bytes()
    fresh = STATES[name]()
    assert json_of_rows(Evaluator.from_bytes(bytes_of_then).result()) == json_of_rows(
        fresh.result()
    )
    assert fresh.to_bytes() == bytes_of_then


@pytest.mark.parametrize("name", GROUPED)
def test_a_state_of_groups_is_read_written_and_goes_on_as_one(name):
    bytes_of_then, fresh = (SAVED / name).read_bytes(), GROUPED[name]()
    then = Evaluator.from_bytes(bytes_of_then)
    assert then.to_bytes() == bytes_of_then
    found, now = then.result(), fresh.result()
    assert found.cross_entropy.value == now.cross_entropy.value
    assert found.accuracy.value == now.accuracy.value
    again = Evaluator.from_bytes(bytes_of_then)
    twice = Evaluator().merge(then).merge(again)
    assert twice.rows == 2 * fresh.rows
    for one, other in ((then, fresh), (fresh, then)):
        with pytest.raises(StateError, match=r"groups of rows by their ids.*evaluate its rows"):
            one.merge(other)
    assert then.to_bytes() == bytes_of_then


def test_rows_are_added_to_a_state_of_groups():
    then = Evaluator.from_bytes((SAVED / "voted-1.bin").read_bytes())
    logits = np.array([[0.0, 1.0]], dtype=np.float16)
    then.update(Counts([[1, 1]]), Logits(logits), ids=[3])
    assert then.rows == 4
    assert Evaluator.from_bytes(then.to_bytes()).to_bytes() == then.to_bytes()


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_bytes(STATES[path.name]().to_bytes())
