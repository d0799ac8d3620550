"""What is given to a loss of NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]


def widened(values: ArrayLike) -> Any:
    """Floats as float64; what is no float stays, to be told of."""
    array = np.asarray(values)
    return array.astype(np.float64) if "float" in array.dtype.name else array
