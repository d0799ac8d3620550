"""What a process of ``benchmarks.fidelity`` does with the two files of a folder, once or a few
times; prints the fastest wall clock with its CPU seconds, and the memory that it came to own."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Files = tuple[Path, Path]
#: Rows that are widened at a time, as PyTorch's users do to stay in memory.
CHUNK = 64


def make(files: Files, rows: int, vocabulary: int) -> None:
    """Logits of a model, and those of one that is a bit off, as float16."""
    random = np.random.default_rng(0)
    arrays = [
        np.lib.format.open_memmap(file, "w+", np.float16, (rows, vocabulary)) for file in files
    ]
    for at in range(0, rows, CHUNK):
        logits = 3 * random.standard_normal((min(CHUNK, rows - at), vocabulary), dtype=np.float32)
        noise = random.standard_normal(logits.shape, dtype=np.float32)
        arrays[0][at : at + CHUNK] = logits
        arrays[1][at : at + CHUNK] = logits + np.float32(0.1) * noise


def read(files: Files) -> None:
    """Every byte into memory, as ``np.load`` does."""
    for file in files:
        np.load(file)


def read_thrifty(files: Files) -> None:
    """Every byte, into one MiB that stays in cache: no reader is faster."""
    held = bytearray(1 << 20)
    for file in files:
        with file.open("rb", buffering=0) as stream:
            while stream.readinto(held):
                pass


def targets_of(files: Files) -> tuple[np.ndarray, np.ndarray]:
    """The tokens that came, and 40 documents."""
    rows, vocabulary = np.load(files[0], mmap_mode="r").shape
    targets = np.random.default_rng(1).integers(0, vocabulary, rows)
    return targets, np.arange(rows) * 40 // rows


def fidelity_of_files(files: Files) -> float:
    import unsurprised as us

    targets, documents = targets_of(files)
    found = us.fidelity(*map(str, files), targets=targets, document=documents)
    return found.kl_divergence.value


def fidelity_of_mapped(files: Files) -> float:
    import unsurprised as us

    targets, documents = targets_of(files)
    arrays = [np.load(file, mmap_mode="r") for file in files]
    found = us.fidelity(*arrays, targets=targets, document=documents)
    return found.kl_divergence.value


def torch_kl(files: Files) -> float:
    """KL alone, as it is written: float32, some rows at a time."""
    import torch
    from torch.nn.functional import kl_div, log_softmax

    base, other = (np.load(file, mmap_mode="r") for file in files)
    total = 0.0
    for at in range(0, len(base), CHUNK):
        p, q = (
            log_softmax(torch.from_numpy(np.array(side[at : at + CHUNK])).float(), dim=-1)
            for side in (base, other)
        )
        total += float(kl_div(q, p, reduction="sum", log_target=True))
    return total / len(base) / float(np.log(2))


WORKS: dict[str, Callable[[Files], Any]] = {
    each.__name__: each
    for each in (read, read_thrifty, fidelity_of_files, fidelity_of_mapped, torch_kl)
}


def own_memory() -> int:
    """Bytes that are no file's: mapped pages of files belong to the system."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("this benchmark reads /proc/self/status, as Linux has it")


def watched(work: Callable[[], Any]) -> tuple[Any, int]:
    """What work answers, and the most memory that it owned beyond what was owned before."""
    import threading

    before, most, done = own_memory(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.002):
            most[0] = max(most[0], own_memory() - before)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        answer = work()
    finally:
        done.set()
        thread.join()
    return answer, most[0]


def evict(files: Files) -> None:
    """Have the files read from the disk the next time."""
    for file in files:
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=[*WORKS, "make"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--vocabulary", type=int, default=0)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    files = options.folder / "base.npy", options.folder / "other.npy"
    if options.work == "make":
        return make(files, options.rows, options.vocabulary)
    work, runs = WORKS[options.work], []
    # Imports are no part of what is timed.
    if options.work.startswith("fidelity"):
        import unsurprised as us

        us.fidelity(np.zeros((1, 2)), np.zeros((1, 2)))
    elif options.work == "torch_kl":
        import torch

        torch.zeros(1).log_softmax(-1)
    for _ in range(options.times):
        if options.cold:
            evict(files)
        wall, cpu = time.perf_counter(), time.process_time()
        answer = work(files)
        runs.append((time.perf_counter() - wall, time.process_time() - cpu))
    seconds, cpu_seconds = min(runs)
    own = watched(lambda: work(files))[1] if not options.cold else 0
    print(json.dumps({"seconds": seconds, "cpu": cpu_seconds, "own": own, "answer": answer}))
    return None


if __name__ == "__main__":
    main()
