"""Size of the chunks of logits."""

from __future__ import annotations

from typing import Any

from unsurprised.errors import CallError

#: By default, what the chunks of logits may take, in bytes.
BUDGET = 1 << 28


def chunk_rows(chunk: Any, budget: Any, *, rows: int, classes: int, entry: int) -> int:
    """How many rows to take at a time; ``entry`` is what one logit takes, in bytes.

    >>> chunk_rows("auto", 1000, rows=7, classes=50, entry=4)  # five would fit: four and three
    4
    """
    if chunk != "auto":
        if not isinstance(chunk, int) or isinstance(chunk, bool) or chunk < 1:
            raise CallError(f"chunk={chunk!r}; expected 'auto' or how many rows, at least 1")
        return min(chunk, max(1, rows))
    if not isinstance(budget, int) or isinstance(budget, bool) or budget < 1:
        raise CallError(f"budget={budget!r}; expected how many bytes, at least 1")
    each = classes * entry
    if each > budget:
        raise CallError(
            f"budget={budget:,} bytes; one row of logits over {classes:,} classes takes {each:,}; "
            "expected at least that"
        )
    chunks = max(1, -(-rows // (budget // each)))
    return max(1, -(-rows // chunks))


def entry_bytes(narrow: int, arrays: int = 1) -> int:
    """What a logit takes that is made in its own type, and kept in float32 at least."""
    return arrays * (narrow + 4 if narrow < 4 else narrow)
