"""Files that an earlier release wrote are decoded for ever.

``python tests/coding/test_saved_files.py`` writes those that are missing; one that is there is
never written again, since it is the proof that files of its release still decode.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import unsurprised as us
from unsurprised import coding

SAVED = Path(__file__).parent / "saved"

TEXT = ("Entropy is the least number of bits that encode what happens. " * 40).encode()
#: Made of sums and remainders alone, so that every machine and every NumPy makes the same.
INDEX = np.arange(600)
SYMBOLS = INDEX * INDEX % 7
TOKENS = (INDEX * 7919 % 65_536 - 100).astype("i4").reshape(20, 30)
LOGITS = (INDEX[:, None] * 7 + np.arange(7) * 13) % 29 / 4 - 3
MANY = (np.arange(40)[:, None] * 31 + np.arange(300) * 17) % 101 / 8
RARE = np.array([1.0, 2.0**-16, 2.0**-30, 2.0**-60, 0.5, 0.25, 2.0**-9])

CASES = {
    "1-own-bytes": (TEXT, coding.Frequencies(), None, {}),
    "1-own-tokens": (TOKENS, coding.Frequencies(), None, {}),
    "1-adaptive-3": (TEXT, coding.Adaptive(3), None, {}),
    "1-adaptive-tokens": (TOKENS + 100, coding.Adaptive(1), None, {}),
    "1-given": (SYMBOLS, us.Probs(RARE, normalize=True), ..., {}),
    "1-given-smoothed": (SYMBOLS, us.Probs([1, 0, 0, 0, 0, 0, 0.0]), ..., {"smooth": 0.25}),
    "1-rows-of-probs": (SYMBOLS, us.Probs(LOGITS + 4, normalize=True), ..., {}),
    "1-rows-of-logits": (SYMBOLS, us.Logits(LOGITS), ..., {}),
    "1-rows-of-float32-logits": (SYMBOLS, us.Logits(LOGITS.astype("f4") * 9), ..., {}),
    "1-rows-of-300": (np.arange(40) * 7 % 300, us.Logits(MANY), ..., {}),
}


@pytest.mark.parametrize("name", CASES)
def test_saved_files_decode(name):
    symbols, model, given, _ = CASES[name]
    decoded = coding.decode((SAVED / f"{name}.us").read_bytes(), model if given is ... else None)
    assert np.array_equal(decoded, symbols)
    assert type(decoded) is type(symbols)


@pytest.mark.parametrize("name", [name for name in CASES if "own" not in name])
def test_today_writes_the_same_bytes(name):
    """Tables of own frequencies aside, which zlib packs, and other versions of it differently."""
    symbols, model, _, options = CASES[name]
    assert coding.encode(symbols, model, **options).data == (SAVED / f"{name}.us").read_bytes()


def test_every_saved_file_is_read():
    assert {path.stem for path in SAVED.glob("*.us")} == set(CASES)


if __name__ == "__main__":
    for name, (symbols, model, _, options) in CASES.items():
        path = SAVED / f"{name}.us"
        if not path.exists():
            path.write_bytes(coding.encode(symbols, model, **options).data)
            print(path, file=sys.stderr)
