"""Targets that fail in every way, so that ``test_fuzz`` sees each being found: kind and place."""

from __future__ import annotations

import os
import random
import signal
import time
import warnings
from pathlib import Path

from fuzz import mutations
from fuzz.case import Case, Failure, Target
from fuzz.child import batch
from fuzz.reached import Blocks
from fuzz.reduce import reduced

import unsurprised  # noqa: F401 - once, not in each child

BLOCKS = Blocks("unsurprised", [""])  # nothing of it is run


_held: list[bytearray] = []
_answers = iter(range(10**6))


def _fail(data: bytes, folder: Path, what: str) -> str:
    match what:
        case "exception":
            raise ZeroDivisionError
        case "warning":
            warnings.warn("deprecated", DeprecationWarning, stacklevel=1)
        case "promise":
            raise Failure("kept nothing")
        case "file":
            (folder / "left").write_bytes(data)
        case "answer":
            return str(next(_answers))
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            time.sleep(60)
        case "memory":
            _held.append(bytearray(b"x") * (600 << 20))
    return ""


def _target(what: str) -> Target:
    def run(data: bytes, variant: int, folder: Path) -> str:
        del variant
        wrong = b"!" in data or what == "answer"
        return _fail(data, folder, what) if wrong else "fine"

    return Target(
        what,
        run,
        lambda: [Case(0, b"...!...")],
        mutations.TEXT,
        seconds=0.5 if what == "hang" else 10,
    )


def main() -> None:
    for what in ("exception", "warning", "promise", "file", "answer", "crash", "hang", "memory"):
        target = _target(what)
        pool = list(target.seeds())
        run, _, failures, _ = batch(target, pool, random.Random(1), 40, 20, BLOCKS)
        smaller = failures[0] if what in ("hang", "memory") else reduced(target, failures[0])
        print(what, "|", smaller.kind, "|", run, "|", smaller.case.data)
    one, two = (_cases(_target("exception")) for _ in "12")
    print("same seed |", "same cases" if one == two else "others")


def _cases(target: Target) -> list[bytes]:
    failures = batch(target, list(target.seeds()), random.Random(5), 40, 20, BLOCKS)[2]
    return [one.case.data for one in failures]


if __name__ == "__main__":
    main()
