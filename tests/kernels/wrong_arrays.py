"""Arrays that are not what the extension asks for."""

from __future__ import annotations

import numpy as np

REFUSED = (TypeError, ValueError, BufferError, RuntimeError)

# What stands in the place of an array of three doubles (or of three integers of 64 bits).
NOT_THREE = {
    "too short": np.zeros(2),
    "too long": np.zeros(4),
    "empty": np.zeros(0),
    "narrower": np.zeros(3, dtype=np.float32),
    "as many bytes, otherwise cut": np.zeros(6, dtype=np.float32),
    "bytes": np.zeros(24, dtype=np.uint8),
    "times": np.zeros(3, dtype="M8[s]"),
    "in the other byte order": np.zeros(3, dtype=">f8"),
    "every second": np.zeros(6)[::2],
    "reversed": np.zeros(3)[::-1],
    "repeated": np.broadcast_to(np.zeros(1), (3,)),
    "a list": [0.0, 0.0, 0.0],
    "a number": 1.0,
    "text": "abc",
    "objects": np.array([None, None, None]),
}
#: None means something of its own only where labels and weights are optional.
FILLED = {**NOT_THREE, "none": None, "read-only": np.frombuffer(bytes(24))}
