"""How a shell asks for completions; known before anything is imported that takes time."""

from __future__ import annotations

import os

#: By which a shell asks; Typer's scripts set it.
VARIABLE = "_UNSURPRISED_COMPLETE"


def is_asked() -> bool:
    """Whether a shell asks for completions, rather than a person for a command."""
    return bool(os.environ.get(VARIABLE))
