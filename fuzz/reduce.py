"""A failing input made smaller, as long as it fails in the same way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from fuzz.case import Case, Target
from fuzz.child import Current, Found, Judge, Send, dead, in_child

_SECONDS = 20.0


def reduced(target: Target, found: Found) -> Found:
    """The smallest that was found in the time there is."""
    fatal = found.kind == "hang" or found.kind.startswith("SIG") or found.kind == "memory"
    if found.kind == "hang":
        return found  # each try would take as long
    smaller = _fatal(target, found) if fatal else _harmless(target, found)
    return smaller or found


def run_once(target: Target, case: Case) -> tuple[str, Found | None]:
    """A case in a process of its own."""
    current = Current()

    def work(send: Send) -> None:
        with Judge(target, current) as judge:
            send(judge.run(case))

    messages, number, said = in_child(work, 12 * target.seconds + 30)
    if number:
        return "", dead(target.name, case, number, said)
    answer, found = messages[0]
    return answer, found


def _fatal(target: Target, found: Found) -> Found | None:
    best: list[Found] = []

    def fails(data: bytes) -> bool:
        _, again = run_once(target, Case(found.case.variant, data))
        if again is not None and again.key == found.key:
            best.append(again)
            return True
        return False

    _shrink(found.case.data, target.separator, fails, time.monotonic() + _SECONDS)
    return best[-1] if best else None


def _harmless(target: Target, found: Found) -> Found | None:
    """All tries in one process."""

    def work(send: Send) -> None:
        with Judge(target) as judge:

            def fails(data: bytes) -> bool:
                _, again = judge.run(Case(found.case.variant, target.mended(data)))
                if again is not None and again.key == found.key:
                    send(again)
                    return True
                return False

            _shrink(found.case.data, target.separator, fails, time.monotonic() + _SECONDS)

    messages: list[Any] = in_child(work, _SECONDS + 12 * target.seconds)[0]
    return messages[-1] if messages else None


def _shrink(data: bytes, separator: bytes, fails: Callable[[bytes], bool], until: float) -> bytes:
    if separator:
        pieces = data.split(separator)
        data = separator.join(_without(pieces, lambda p: fails(separator.join(p)), until))
    letters = [data[at : at + 1] for at in range(len(data))]
    return b"".join(_without(letters, lambda p: fails(b"".join(p)), until))


def _without(
    pieces: list[bytes], fails: Callable[[list[bytes]], bool], until: float
) -> list[bytes]:
    """Fewer pieces: halves are left out, then quarters, and so on."""
    size = max(1, len(pieces) // 2)
    while time.monotonic() < until:
        at, before = 0, len(pieces)
        while at < len(pieces) and time.monotonic() < until:
            fewer = pieces[:at] + pieces[at + size :]
            if fails(fewer):
                pieces = fewer
            else:
                at += size
        if size == 1 and len(pieces) == before:
            break
        size = max(1, size // 2)
    return pieces
