"""Which rows count: those of weight 0 are rows, and tell nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.batches import Batch


def counting_rows(batch: Batch) -> NDArray[np.bool_] | None:
    """Which rows have a weight above 0; None where all have, as in most batches."""
    if batch.weights is None or batch.weights.min(initial=np.inf) > 0:
        return None
    return batch.weights > 0


def some_of(values: Any, which: NDArray[np.bool_] | None) -> Any:
    """Values of some rows, or of all."""
    return values if which is None or values is None else values[which]
