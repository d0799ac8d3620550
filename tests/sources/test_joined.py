"""Labels by id: of whatever type ids are, and however many rows are read at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import unsurprised as us


@pytest.mark.parametrize("rows", [None, 1, 2])
@pytest.mark.parametrize("ids", [[10**15, 7, -3], ["1000000000000000", "7", "-3"]])
def test_floats_of_the_truth(rows: int | None, ids: list[Any]) -> None:
    """Whole ones are integers, beside others that are not, and none is taken for another."""
    labels = [0, 1, 0]
    sure = np.array([[0.9, 0.1], [0.2, 0.8]])[labels]
    truth = pa.table({"id": [np.inf, -3, 7, 1e15, 0.5, 1e22, 2e22], "label": [1, 0, 1, 0, 1, 1, 1]})
    predictions = pa.table({"id": ids, "probs": list(sure)})
    found = us.evaluate(predictions, truth=truth, id="id", join="inner", batch_rows=rows)
    assert (found.rows, found.skipped_rows) == (3, 0)
    assert found.cross_entropy.value == us.evaluate(labels, sure).cross_entropy.value
    with pytest.raises(us.InputError, match=r"4 rows have no .* has the id 'inf'"):
        us.evaluate(predictions, truth=truth, id="id", batch_rows=rows)
