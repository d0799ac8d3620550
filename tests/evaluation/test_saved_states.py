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

from unsurprised import Counts, Evaluator, Logits

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


STATES = {"labelled-1.bin": labelled, "voted-1.bin": voted}


@pytest.mark.parametrize("name", STATES)
def test_a_saved_state_is_read_and_made_again_to_the_bit(name):
    bytes_of_then = (SAVED / name).read_bytes()
    fresh = STATES[name]()
    assert json_of_rows(Evaluator.from_bytes(bytes_of_then).result()) == json_of_rows(
        fresh.result()
    )
    assert fresh.to_bytes() == bytes_of_then


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_bytes(STATES[path.name]().to_bytes())
