"""The small tables behind the pictures: rows by cell, against a plain loop."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import unsurprised as us
from unsurprised.column_ranking.dependence import Dependence
from unsurprised.errors import CallError

RANDOM = np.random.default_rng(12)
ROWS = 900
Y = RANDOM.choice(["no", "yes"], ROWS, p=[0.7, 0.3])
SHIFT = 2 * (Y == "yes")
DAYS = RANDOM.integers(0, 99, ROWS) + 90 * SHIFT
FRAME: dict[str, Any] = {
    "y": Y,
    "plan": np.where(RANDOM.random(ROWS) < 0.5, Y, "b"),
    "size": RANDOM.normal(size=ROWS) + SHIFT,
    "gaps": pa.array(RANDOM.normal(size=ROWS) + SHIFT, mask=RANDOM.random(ROWS) < 0.1),
    "visits": RANDOM.poisson(3 + 4 * SHIFT),
    "day": [date(2026, 1, 1) + timedelta(int(k)) for k in DAYS],
    "zeros": np.where(RANDOM.random(ROWS) < 0.6, 0.0, RANDOM.normal(size=ROWS) + SHIFT),
    "flag": (RANDOM.random(ROWS) < 0.3) ^ (Y == "yes"),
    "city": [f"c{k}" for k in RANDOM.zipf(1.5, ROWS) % 30 + 30 * SHIFT],
}  # fmt: skip


def pictures(frame: Any = FRAME, **options: Any) -> dict[str, Dependence]:
    return {each.name: each for each in us.mi(frame, "y", **options).pictures}


def test_cells_of_categories_are_counts() -> None:
    found = pictures()
    assert set(found) == {*FRAME} - {"y"}
    truth = Counter(zip(FRAME["plan"], Y, strict=True))
    plan = found["plan"]
    assert (plan.x, plan.y) == (("b", "no", "yes"), ("no", "yes"))
    assert plan.counts == tuple(tuple(truth[x, y] for y in plan.y) for x in plan.x)
    assert found["flag"].x == ("False", "True")
    city, rows = found["city"], Counter(FRAME["city"])
    assert city.x[-1] == f"{len(rows) - 10} others"
    assert len(city.x) == 11
    kept = [name for name, _ in sorted(rows.items(), key=lambda each: (-each[1], each[0]))[:10]]
    assert city.x[:-1] == tuple(sorted(kept))
    assert sum(city.counts[-1]) == ROWS - sum(rows[name] for name in kept)


def test_numbers_are_cut_into_parts_of_as_many_rows() -> None:
    found = pictures()
    for name in ("size", "gaps", "visits", "day", "zeros"):
        assert found[name].rows == ROWS
        assert len(found[name].x) <= 11
    assert [sum(counts) for counts in found["size"].counts] == [90] * 10
    assert found["gaps"].x[-1] == "null"
    assert sum(found["gaps"].counts[-1]) == FRAME["gaps"].null_count
    assert found["day"].x[0].startswith("2026-01-01 to 2026-0")
    at = next(k for k, cell in enumerate(found["zeros"].x) if cell.endswith(" to 0"))
    assert sum(found["zeros"].counts[at]) >= (FRAME["zeros"] == 0).sum()
    ends = [tuple(map(int, cell.split(" to "))) for cell in found["visits"].x]
    for cell, counts in zip(ends, found["visits"].counts, strict=True):
        within = (FRAME["visits"] >= cell[0]) & (FRAME["visits"] <= cell[-1])
        assert sum(counts) == within.sum()
    of_number = pictures({**FRAME, "y": FRAME["size"], "size": FRAME["flag"]})
    assert [sum(column) for column in zip(*of_number["plan"].counts, strict=True)] == [180] * 5


def test_all_rows_where_they_are_counted_else_the_sample() -> None:
    whole, found = pictures(), pictures(sample=200)
    for name in ("plan", "visits", "flag", "city"):
        assert found[name] == whole[name]
    assert found["size"].rows == 200
    given = us.mi(FRAME | {"known": RANDOM.integers(0, 2, ROWS)}, "y", "known", sample=200)
    assert {each.name: each for each in given.pictures}["plan"] == whole["plan"]


def test_pictures_on_the_page_and_in_notebooks(tmp_path: Path) -> None:
    hostile = "</script><b>\x1b[2J"
    frame = FRAME | {hostile: np.where(RANDOM.random(ROWS) < 0.5, Y, hostile)}
    found = us.mi(frame, "y")
    found.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "What do they tell?" in page
    assert page.count('id="chart-dependence-') == len(found.informative) == 9
    assert hostile not in page
    drawn = found.plot.dependence("visits").to_dict()
    assert f'"{pictures()["visits"].x[-1]}"' in json.dumps(drawn)
    first = found.plot.dependence(found.columns[0].name).to_dict()
    assert found.plot.dependence().to_dict() == first
    with pytest.raises(CallError, match="none of the columns that tell most"):
        found.plot.dependence("nothing")
