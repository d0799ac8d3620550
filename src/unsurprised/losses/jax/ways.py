"""Which way a call takes, of every loss and of a linear layer's.

===========================================  ===================================================
What a call is                               What finds its derivatives
===========================================  ===================================================
an option has a derivative, or no value yet  JAX's plain operations
forward mode is at work                      JAX's plain operations
else                                         a function whose derivative is the formula's own
===========================================  ===================================================

Devices are left to XLA.
"""

from __future__ import annotations

from typing import Any

from unsurprised.losses.jax.kinds import in_forward_mode


def is_plain(live: bool, *arrays: Any) -> bool:
    """Whether plain operations find the derivatives; ``live`` says whether an option has one."""
    return live or in_forward_mode(*arrays)
