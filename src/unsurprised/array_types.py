"""Array types for annotations."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: NumPy's numbers, one a row or a class.
Values = NDArray[np.float64]
#: An array of whatever library.
Array = Any
