"""What a file takes, beside the cross-entropy and beside zlib, bz2 and lzma; and how fast.

    python -m benchmarks.coding [--runs 7]

Sizes are exact and the same on every machine, but for what other versions of the compressors make.
"""

from __future__ import annotations

import argparse
import bz2
import lzma
import pydoc_data.topics
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

import unsurprised as us
from benchmarks.machine import description, in_words
from benchmarks.processes import Summary
from unsurprised import coding

RESULTS = Path(__file__).parent / "results"
EXAMPLES = Path(__file__).parents[1] / "examples"
#: What the project holds itself to, in millions of symbols a second of one thread.
LEAST_SPEED = 20.0

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": lambda data: zlib.compress(data, 9),
    "bz2": lambda data: bz2.compress(data, 9),
    "lzma": lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME),
}


def english() -> bytes:
    """The text of Python's built-in help."""
    return "\n".join(pydoc_data.topics.topics.values()).encode()


def random_bytes() -> tuple[bytes, us.Probs]:
    """A million independent draws, and the distribution that they are drawn from."""
    weights = 0.97 ** np.arange(256)
    shares = weights / weights.sum()
    draws = np.random.default_rng(1).choice(256, 1_000_000, p=shares)
    return draws.astype(np.uint8).tobytes(), us.Probs(shares)


def digits(name: str) -> tuple[np.ndarray, us.Probs]:
    """The labels of an example, and a model's predictions of them."""
    table = pq.read_table(EXAMPLES / name)
    rows = np.array(table["probs"].to_pylist(), dtype=np.float32)
    return table["label"].to_numpy().astype(np.uint8), us.Probs(rows)


def sizes() -> list[list[str]]:
    """One row for each source and model; what the compressors make of the same bytes."""
    text = english()
    noise, source = random_bytes()
    labels, good = digits("digits.parquet")
    _, better = digits("digits_better.parquet")
    half = text[: len(text) // 2]
    other = us.Counts(np.bincount(np.frombuffer(half, np.uint8), minlength=256))
    cases = [
        ("English text", "own frequencies", text, coding.Frequencies(), 0.0),
        ("", "its first half's, smoothed", text, other, 1e-6),
        ("", "adaptive, order 2", text, coding.Adaptive(2), 0.0),
        ("", "adaptive, order 6", text, coding.Adaptive(6), 0.0),
        ("1,000,000 random bytes", "the source", noise, source, 0.0),
        ("", "own frequencies", noise, coding.Frequencies(), 0.0),
        ("", "adaptive, order 0", noise, coding.Adaptive(0), 0.0),
        ("1,000 digits' labels", "own frequencies", labels, coding.Frequencies(), 0.0),
        ("", "naive Bayes", labels, good, 0.0),
        ("", "logistic regression", labels, better, 0.0),
    ]
    rows = []
    for name, model_name, symbols, model, epsilon in cases:
        account = coding.encode(symbols, model, smooth=epsilon).account
        plain = symbols if isinstance(symbols, bytes) else symbols.tobytes()
        others = [f"{len(pack(plain)):,}" for pack in COMPRESSORS.values()] if name else [""] * 3
        over = account.overhead / account.cross_entropy
        rows.append(
            [
                name,
                model_name,
                f"{account.entropy / 8:,.0f}",
                "" if account.kl is None else f"{account.kl / 8:,.0f}",
                f"{account.cross_entropy / 8:,.1f}",
                f"{account.coded // 8:,}",
                f"{account.overhead:.0f} bits ({100 * over:.3f} %)",
                f"{account.file // 8:,}",
                *others,
            ]
        )
    return rows


def speeds(runs: int) -> list[list[str]]:
    """Millions of symbols a second, everything included: counting, checks, digests."""
    text = english()
    long = text * (64_000_000 // len(text))
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(500_000, 10)).astype(np.float32) * 3
    labels = (logits + rng.gumbel(size=logits.shape)).argmax(1)
    rows = us.Logits(logits)
    cases = [
        ("bytes, own frequencies", long, coding.Frequencies(), None, runs),
        ("labels under rows of 10", labels, rows, rows, runs),
        ("bytes, adaptive, order 2", text, coding.Adaptive(2), None, 3),
    ]
    table = []
    for name, symbols, model, given, turns in cases:
        data = coding.encode(symbols, model).data
        count = len(symbols)
        write = timed(lambda s=symbols, m=model: coding.encode(s, m), count, turns)
        read = timed(lambda d=data, g=given: coding.decode(d, g), count, turns)
        table.append([name, f"{count:,}", str(write), str(read)])
    packed = zlib.compress(long, 6)
    table.append(
        [
            "the same bytes, zlib's level 6",
            f"{len(long):,}",
            str(timed(lambda: zlib.compress(long, 6), len(long), 1)),
            str(timed(lambda: zlib.decompress(packed), len(long), runs)),
        ]
    )
    return table


def timed(call: Callable[[], object], symbols: int, runs: int) -> Summary:
    """Millions of symbols a second, of some runs after one that is not counted."""
    found = []
    for turn in range(runs + 1):
        begin = time.perf_counter()
        call()
        if turn or runs == 1:
            found.append(symbols / 1e6 / (time.perf_counter() - begin))
    return Summary.of(found)


def markdown(runs: int) -> str:
    """Both tables, and what they were measured on."""
    machine = in_words(description())
    return "\n".join(
        [
            "## What encoded files take",
            "",
            "In bytes, but for the coder's own. *Coded* is what the entropy coder writes, *file* "
            "has the header and the model's description too. The general-purpose compressors see "
            "the same bytes (a label is one), each at its strongest setting.",
            "",
            *_table(
                [
                    "symbols", "model", "entropy", "KL", "cross-entropy", "coded",
                    "coder's own", "file", *COMPRESSORS,
                ],
                sizes(),
            ),
            "",
            "## How fast symbols are encoded",
            "",
            "Millions of symbols a second of one thread, counting, checks and digests included; "
            f"median (smallest to largest) of at most {runs} runs.",
            "",
            f"Measured on: {machine}",
            "",
            *_table(["", "symbols", "encode", "decode"], speeds(runs)),
            "",
            f"(`python -m benchmarks.coding`; aim for bytes by their frequencies: {LEAST_SPEED:g})",
            "",
        ]
    )  # fmt: skip


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    page = markdown(parser.parse_args().runs)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "coding.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
