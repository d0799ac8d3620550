"""How much memory a comparison may take, said or found, and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unsurprised.comparison.spool import Spool
from unsurprised.errors import CallError
from unsurprised.threads import get_num_threads

#: Bytes that a row of a model takes in memory, with what is made of it for a while.
ROW_BYTES = 200
#: What Python, Arrow and NumPy take before any row, and a sample of the rows with its figures.
LEAST = 256 * 10**6
#: The part of the memory that a block of rows may take, and what threads keep before they write.
_BLOCK, _KEPT = 8, 32
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12,
          "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40}  # fmt: skip
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([kmgt]?i?)b?")


@dataclass(frozen=True, slots=True)
class Bound:
    """How many rows are in memory at once, and how many bytes a thread keeps."""

    block_rows: int
    kept: int

    @classmethod
    def of(cls, memory: int) -> Bound:
        """Those of so many bytes in all."""
        rows = memory // _BLOCK // ROW_BYTES
        return cls(max(1, rows), memory // _KEPT // get_num_threads())

    @contextmanager
    def spools(self, models: int) -> Iterator[list[Spool]]:
        """A file for the scored rows of each model, gone at the end."""
        with ExitStack() as stack:
            yield [stack.enter_context(Spool(self.kept)) for _ in range(models)]


def bytes_of(memory: Any) -> int:
    """A size as a number of bytes: 1000000000, "1GB", "800 MB", "1GiB".

    Examples
    --------
    >>> bytes_of("1GB"), bytes_of("1.5 GiB"), bytes_of(300_000_000)
    (1000000000, 1610612736, 300000000)
    >>> bytes_of("much")
    Traceback (most recent call last):
    unsurprised.errors.CallError: memory='much'; expected a size such as 1GB or 800MB (--memory)
    """
    found = None
    if isinstance(memory, str):
        match = _SIZE.fullmatch(memory.strip().lower())
        if match is not None and match[2] in _UNITS:
            found = int(float(match[1]) * _UNITS[match[2]])
    elif isinstance(memory, int) and not isinstance(memory, bool):
        found = memory
    if found is None:
        raise CallError(f"memory={memory!r}; expected a size such as 1GB or 800MB (--memory)")
    if found < LEAST:
        raise CallError(
            f"memory={memory!r} is {found:,} bytes; expected at least {LEAST // 10**6}MB, which a "
            "batch of rows and the sample take anyway (--memory)"
        )
    return found


def bound_of(memory: Any, readings: Sequence[Any] = ()) -> Bound | None:
    """The bound that somebody said; else that of the memory there is, where rows need more."""
    if isinstance(memory, Bound):
        return memory
    if memory is not None:
        return Bound.of(bytes_of(memory))
    rows = sum(reading.rows or 0 for reading in readings)
    free = available()
    if free is None or rows * ROW_BYTES + LEAST <= free // 4 * 3:
        return None
    return Bound.of(max(LEAST, free // 2))


def block_rows_of(memory: Any) -> int:
    """How many stored rows are in memory at once, by what somebody said, or by what there is."""
    held = bytes_of(memory) if memory is not None else max(LEAST, (available() or 0) // 2)
    return Bound.of(held).block_rows


def available() -> int | None:
    """How many bytes of memory can be had without others giving theirs; None if unknown."""
    told = (_of_machine(), _of_group(), _of_process())
    found = [size for size in told if size is not None]
    return min(found, default=None)


def _of_machine() -> int | None:
    try:
        told = Path("/proc/meminfo").read_text(encoding="ascii")
    except (OSError, ValueError):  # no Linux
        return None
    match = re.search(r"^MemAvailable:\s+([0-9]+) kB", told, re.MULTILINE)
    return None if match is None else int(match[1]) << 10


def _of_process() -> int | None:
    """What is left of a limited address space (``ulimit -v``)."""
    try:
        import resource  # of Unix

        held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError, ValueError):
        return None
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    if most == resource.RLIM_INFINITY:
        return None
    return max(0, most - held * resource.getpagesize())


def _of_group() -> int | None:
    """What a container may still take."""
    folder = Path("/sys/fs/cgroup")
    try:
        most = (folder / "memory.max").read_text(encoding="ascii").strip()
        held = (folder / "memory.current").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return max(0, int(most) - int(held)) if most.isdecimal() and held.isdecimal() else None
