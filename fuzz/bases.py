"""Saved bases of drift: JSON that says how often each value of each column was seen."""

from __future__ import annotations

import json
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa

from fuzz import mutations, structures
from fuzz.case import Case, Target, one_line, same


def _frames() -> list[dict[str, Any]]:
    rows = np.arange(12)
    times = [datetime(2026, 1, 1) + timedelta(days=int(row)) for row in rows]
    return [
        {"a": rows % 3, "b": list("xyyxzzxxyyxz"), "c": rows / 7 - 0.5},
        {"t": times, "u": rows % 2 == 0, "v": pa.array(rows % 4, mask=rows % 5 == 0)},
        {"n": [None] * 12, "l": [[1]] * 12, "big": rows + 2**60},
        {"inf": np.where(rows, 0.5, np.inf), "one": ["x"] * 12},
        {"label": rows % 2, "pred": [[0.25, 0.75]] * 12, "a": rows.astype(float)},
        {"nan": np.where(rows % 2, np.nan, 1.5)},
    ]  # fmt: skip


def _seeds() -> list[Case]:
    from unsurprised.dataset_drift.base import DriftBase
    from unsurprised.dataset_drift.model_state import ModelState
    from unsurprised.dataset_drift.share import DriftFacts, DriftShare
    from unsurprised.errors import InputError

    bases = [DriftBase(list(frame)).update(pa.record_batch(frame)) for frame in _frames()]
    bases[-1].model = ModelState("label", "pred")
    facts = DriftFacts("a", (("a.csv", (7, 5)), ("b.csv", (None,))), InputError("no 0"))
    bases[0].share = DriftShare(facts, ((0, 1), (2, 3)), zero_seen=True)
    bases.append(DriftBase(["many"]).update(pa.record_batch({"many": np.arange(3000) / 7})))
    return [Case(0, base.to_bytes()) for base in bases]


_NUMBERS = (0, 1, -1, 2, 0.5, -0.0, 1e300, -1e-320, 2**53 + 1, 2**64, float("nan"), True, "a", None)


def column_changed(random: Random, data: bytes, other: bytes) -> bytes:
    """A column with other values, counts or kind, whose rows are as many as those of its base."""
    try:
        base = json.loads(data)
        column = random.choice(base["columns"])
        for _ in range(random.randint(1, 3)):
            _change(random, column)
        column["counted"] = sum(column.get("counts", []))
        held = column["counted"] + sum(column.get("infinite", []))
        base["columns"] = [column]
        base["rows"] = column["rows"] = held + column["nulls"] + column["nans"]
        return json.dumps(base).encode(errors="surrogatepass")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return mutations.flipped(random, data, other)


def _change(random: Random, column: dict[str, Any]) -> None:
    """One of the parts of a column."""
    values, counts = column.setdefault("values", []), column.setdefault("counts", [])
    what = random.randrange(7)
    if what == 0 and values:
        values[random.randrange(len(values))] = random.choice(_NUMBERS)
    elif what == 1 and counts:
        counts[random.randrange(len(counts))] = random.choice((0, 1, 7, 1000, 2**31, -1))
    elif what == 2:
        column["kind"] = random.choice(("number", "category", "boolean", "time", "empty", "nested"))
        column |= {"dropped": 0, "infinite": [0, 0], "fractions": False}
    elif what == 3:
        column[random.choice(("nulls", "nans"))] = random.choice((0, 1, 10**6, -1, 2**49))
    elif what == 4:
        column["dropped"] = random.choice((0, 1, 2, 11, 40, 52, 64))
        column["sample"] = {"hashes": [1, 2**63], "counts": [1, random.choice((1, 0, 5))]}
    elif what == 5:
        column["clock"] = random.choice(("", "local", "UTC", "of day", "duration", "x"))
    elif values and counts:
        at = random.randrange(len(values))
        del values[at], counts[at]


def load(data: bytes, variant: int, folder: Path) -> str:
    """Read a base; what is accepted writes equal bytes, merges, and is compared."""
    del variant, folder
    import unsurprised as us
    from unsurprised.dataset_drift.base import DriftBase
    from unsurprised.errors import UnsurprisedError

    try:
        base = DriftBase.from_bytes(data)
        again = base.to_bytes()
        same(DriftBase.from_bytes(again).to_bytes(), again, "a base, read and written again")
        both = DriftBase.from_bytes(again).merge(base)
        same(both.rows, 2 * base.rows, "the rows of a base merged with itself")
        found = us.drift(base, both)
        return f"{base.rows} rows {zlib.crc32(again)} {zlib.crc32(found.to_json().encode())}"
    except UnsurprisedError as error:
        return one_line(error)


def targets() -> list[Target]:
    """One: bases are of one format."""
    trees = [column_changed] * 20 + [structures.json_tree] * 10 + [*mutations.TEXT]
    return [Target("bases", load, _seeds, trees)]
