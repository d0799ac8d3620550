"""Room in a limited address space, asked for before code is run that ends the process without."""

from __future__ import annotations

import numpy as np


def is_limited() -> bool:
    """Whether the process may only have so much address space (``ulimit -v``)."""
    try:
        import resource
    except ImportError:  # not a Unix
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def require_room(size: int) -> None:
    """Raise a ``MemoryError`` where so many bytes cannot be had; none of them is touched."""
    if is_limited():
        np.empty(size, dtype=np.uint8)
