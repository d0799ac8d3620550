"""Two data sets with what drifts, and what does not, planted in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

#: What a comparison must find, by the name of the column.
DRIFTED = ("shifted behind an outlier", "more nulls", "new category", "vanished category",
           "wider", "flag", "new code", "decimal", "no more zeros")  # fmt: skip
STILL = ("normal", "heavy", "hundred", "outlier in both", "count", "day", "nulls as before")
APART = {
    "row id": "identifier",
    "uuid": "identifier",
    "always one": "constant",
    "always null": "empty",
    "now text": "type changed",
    "list": "nested",
    "seen at": "clock",
    "gone": "only in base",
    "fresh": "only in new",
}


def planted(rows: int, *, is_new: bool, seed: int = 2) -> pa.Table:
    """The base, or the new data."""
    random = np.random.default_rng([seed, is_new])
    normal = random.normal(size=rows)
    shifted = random.normal(0.5 * is_new, 1, rows)
    shifted[0] = 1e9 if is_new else shifted[0]
    letters = np.array(list("abcdef"))
    fresh = np.where(random.random(rows) < 0.04 * is_new, "zebra", random.choice(letters, rows))
    vanished = random.choice(letters[: 6 - is_new], rows)
    outlier = random.normal(size=rows)
    outlier[1] = 1e12
    first = 10_000 * is_new
    columns: dict[str, Any] = {
        "shifted behind an outlier": shifted,
        "more nulls": pa.array(normal, mask=random.random(rows) < (0.2 if is_new else 0.02)),
        "new category": fresh,
        "vanished category": vanished,
        "wider": random.normal(0, 1.4 if is_new else 1, rows),
        "flag": random.random(rows) < (0.3 if is_new else 0.2),
        "new code": np.where(random.random(rows) < 0.04 * is_new, 17, random.integers(0, 9, rows)),
        "decimal": pa.array(np.round(random.gamma(2 + is_new, 1, rows), 2)).cast(
            pa.decimal128(12, 2)
        ),
        "no more zeros": np.where(
            random.random(rows) < (0.0 if is_new else 0.1), 0.0, random.gamma(3, 1, rows)
        ),
        "normal": normal,
        "heavy": random.standard_cauchy(rows),
        "hundred": pa.array(
            [f"category {k}" for k in random.integers(0, 100, rows)]
        ).dictionary_encode(),
        "outlier in both": outlier,
        "count": random.poisson(3, rows),
        "day": pa.array(random.integers(19000, 19030, rows).astype(np.int32)).cast(pa.date32()),
        "nulls as before": pa.array(random.normal(size=rows), mask=random.random(rows) < 0.1),
        "row id": np.arange(first, first + rows),
        "uuid": [f"{k:032x}" for k in random.integers(0, 1 << 62, rows).tolist()],
        "always one": np.ones(rows),
        "always null": pa.nulls(rows),
        "now text": random.integers(0, 5, rows).astype(str)
        if is_new
        else random.integers(0, 5, rows),
        "list": [[1, 2]] * rows,
        "seen at": pa.array(np.arange(first, first + rows), pa.timestamp("s")),
        ("fresh" if is_new else "gone"): normal,
    }
    return pa.table(columns)
