"""Rows of frames that lie in engines, and what one machine says of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from planned_sources import table

import unsurprised as us

#: What all engines are asked.
ASKED: dict[str, Any] = {"pred": "probs", "by": ["age", "land"], "cluster": "user", "id": "row_id"}


def rows() -> pa.Table:
    """Rows with lists, names, numbers and nulls, in some order."""
    whole = pa.concat_tables([table(seed) for seed in range(4)]).drop_columns(["z", "lp"])
    return whole.take(pa.array(np.random.default_rng(0).permutation(whole.num_rows)))


def wrong() -> pa.Table:
    """The same, of which three rows are wrong; of these r1-14 is the smallest id."""
    whole = rows()
    labels = whole["label"].to_pylist()
    for name in ("r1-14", "r3-2", "r2-77"):
        labels[whole["row_id"].to_pylist().index(name)] = 9
    return whole.set_column(1, "label", pa.array(labels))


def json_here(table: pa.Table, **asked: Any) -> str:
    """What one machine says."""
    return us.evaluate(table, **asked).to_json()


def refused(
    call: Callable[..., Any],
    *given: Any,
    error: type[us.UnsurprisedError] = us.InputError,
    **named: Any,
) -> str:
    """What an error says."""
    with pytest.raises(error) as raised:
        call(*given, **named)
    return str(raised.value)


#: What is said of the wrong rows, however they are cut up.
WRONG = "the row with id r1-14, column 'label': found label 9; expected an index from 0 to 2, as "


def killing(flag: str) -> Callable[[Any], Any]:
    """What ends its process in the middle, the first time that it is called."""

    def once(rows: Any) -> Any:
        import os
        import signal

        try:
            os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return rows
        os.kill(os.getpid(), signal.SIGKILL)
        return rows

    return once
