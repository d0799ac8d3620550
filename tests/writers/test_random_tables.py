"""Random tables through every writer; more of them by a campaign."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from random_tables import SUFFIXES, check

CASES = 150


def test_random_tables_are_read_back_or_refused(tmp_path: Path) -> None:
    written: Counter[str] = Counter()
    for seed in range(CASES):
        written.update(suffix for suffix, done in check(seed, tmp_path).items() if done)
    assert written[".arrow"] > 0.9 * CASES
    assert all(written[suffix] > CASES // 4 for suffix in SUFFIXES)
