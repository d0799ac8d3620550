"""A ``.kld`` file beside another model's logits: every figure of ``us.fidelity``, and llama.cpp's
own statistics, on one core each.

Part of ``benchmarks.fidelity``, which calls it with a copy of llama.cpp's
``tools/perplexity/perplexity.cpp``: the function that it sums rows by is cut out of that and
compiled alone, without reading and without its model.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.processes import run

#: What the project holds itself to.
LEAST_FASTER = 3.0

CONTEXT, CHUNKS, TURNS = 52, 40, 3
ROWS = CONTEXT - 1 - CONTEXT // 2
#: Of the source: where the sums begin, and what follows the function.
_SUMS, _BEYOND = "struct kl_divergence_result {", "static void process_logits("


def measure(folder: Path, source: Path, vocabulary: int) -> dict[str, Any]:
    """The fastest CPU seconds of either, taken in turns."""
    make(folder, vocabulary)
    program = compiled(folder, source)
    offset = np.load(folder / "other.npy", mmap_mode="r").offset  # type: ignore[attr-defined]
    files = [str(folder / name) for name in ("base.kld", "other.npy")]
    found: dict[str, list[dict[str, float]]] = {"ours": [], "llama": []}
    for _ in range(TURNS):
        ours = run(["-m", "benchmarks.fidelity_kld", *files])
        found["ours"].append(json.loads(ours.output))
        theirs = subprocess.run(
            [program, *files, str(offset), "2"], capture_output=True, text=True, check=True
        )
        found["llama"].append(json.loads(theirs.stdout))
    best = {name: min(each, key=lambda one: one["cpu"]) for name, each in found.items()}
    return {"rows": CHUNKS * ROWS, "vocabulary": vocabulary, **best}


def compiled(folder: Path, source: Path) -> str:
    """The program, of a function that is cut out of llama.cpp's source."""
    text = source.read_text(encoding="utf-8")
    begin = text.find(_SUMS)
    end = text.find(_BEYOND, begin)
    if begin < 0 or end < 0:
        raise SystemExit(
            f"{source}: no {_SUMS!r} followed by {_BEYOND!r}; llama.cpp's perplexity.cpp?"
        )
    (folder / "function.inc").write_text(text[begin:end], encoding="utf-8")
    program = folder / "llama"
    here = Path(__file__).with_suffix(".cpp")
    options = ["-std=c++17", "-O3", "-march=native", f"-I{folder}"]
    subprocess.run(["c++", *options, str(here), "-o", str(program)], check=True)
    return str(program)


def make(folder: Path, vocabulary: int) -> None:
    """Logits as unequal as a language model's, in llama.cpp's steps, and those of one a bit off."""
    random = np.random.default_rng(0)
    tokens = random.integers(0, vocabulary, (CHUNKS, CONTEXT), dtype=np.int32)
    other = np.lib.format.open_memmap(
        folder / "other.npy", "w+", np.float32, (CHUNKS * ROWS, vocabulary)
    )
    falling = -1.5 * np.log(np.arange(1, vocabulary + 1, dtype=np.float32))
    with (folder / "base.kld").open("wb") as stream:
        stream.write(b"_logits_" + struct.pack("<iii", CONTEXT, vocabulary, CHUNKS))
        stream.write(tokens.tobytes())
        for row in range(CHUNKS * ROWS):
            noise = random.standard_normal((2, vocabulary), dtype=np.float32)
            logits = random.permutation(falling) + 3 * noise[0]
            other[row] = logits + np.float32(0.1) * noise[1]
            stream.write(stated(logits))


def stated(logits: np.ndarray) -> bytes:
    """A row of a ``.kld`` file."""
    top = logits.max()
    floor = max(logits.min(), top - np.float32(16))
    scale = np.float32((top - floor) / 65535)
    log_sum = np.float32(np.log(np.exp(logits - top, dtype=np.float64).sum()))
    steps = np.maximum(np.rint((logits - floor) / scale), 0).astype("<u2")
    padding = b"\0\0" * (len(steps) % 2)
    return struct.pack("<ff", scale, floor - top - log_sum) + steps.tobytes() + padding


def ours(base: str, other: str) -> dict[str, float]:
    """CPU seconds of all figures, of one thread; the KL in nats, as llama.cpp has it."""
    import unsurprised as us

    us.set_num_threads(1)
    us.fidelity(np.zeros((1, 2)), np.zeros((1, 2)))
    seconds, value = [], 0.0
    for _ in range(2):
        before = time.process_time()
        value = us.fidelity(base, other).kl_divergence.value * float(np.log(2))
        seconds.append(time.process_time() - before)
    return {"cpu": min(seconds), "measuring": measuring(base, other), "answer": value}


def measuring(base: str, other: str) -> float:
    """CPU seconds of what is found of each row, once both are in memory."""
    from unsurprised.arrays.host import HostArray
    from unsurprised.language_models.artefacts.kld import KldFile
    from unsurprised.language_models.pairs import pair_facts
    from unsurprised.language_models.tokens import TokenScores

    logits, done, seconds = np.load(other, mmap_mode="r"), 0, 0.0
    for rows in KldFile(base).batches(50):
        values = np.array(logits[done : done + len(rows)])
        done += len(rows)
        assert isinstance(rows.scores, TokenScores)
        before = time.process_time()
        pair_facts(rows.scores, TokenScores(HostArray(values, "float32")), rows.targets)
        seconds += time.process_time() - before
    return seconds


def lines(found: dict[str, Any]) -> list[str]:
    """What the record says, as the page has it."""
    classes = found["rows"] * found["vocabulary"]
    ours, llama = found["ours"], found["llama"]
    whole, alone, theirs = (
        each / classes * 1e9 for each in (ours["cpu"], ours["measuring"], llama["cpu"])
    )
    return [
        f"A `.kld` file of {found['rows']:,} × {found['vocabulary']:,} beside float32 logits, one "
        f"core: llama.cpp's own statistics take {theirs:.2f} ns a class without reading, "
        f"{theirs / alone:.1f} × as long as ours ({alone:.2f}; aim: {LEAST_FASTER:.0f} ×), and "
        f"{theirs / whole:.1f} × as long as all of `us.fidelity` with reading ({whole:.2f}). Its "
        f"mean KL is {llama['answer']:.6f} nats, ours {ours['answer']:.6f} at least."
    ]


if __name__ == "__main__":
    print(json.dumps(ours(*sys.argv[1:])))
