"""Measures every line under one setting; prints a JSON object a line of text.

Started by ``python -m benchmarks``, in the environment of its setting.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from benchmarks.machine import description
from benchmarks.processes import Summary
from benchmarks.speed.bandwidth import Reader
from benchmarks.speed.overhead import overhead
from benchmarks.speed.peers import Peer, peers
from benchmarks.speed.rows import Rows
from benchmarks.speed.timing import FULL, QUICK, Effort, Times, once, repeated
from benchmarks.speed.works import Line, lines
from unsurprised import _kernels

#: What takes too long for all the rows is given a quarter, which no cache holds either (but with
#: ``--quick``, where it may look better than it is).
PART = 4


def measured(line: Line, effort: Effort, reader: Reader, asked: Sequence[Peer]) -> dict[str, Any]:
    """Ours and its share of the read beside it, then each peer that has such a function."""
    rows = line.rows(effort.elements)
    reads: list[float] = []
    count, ours = _times(
        lambda rows: rows,
        line.work.call,
        rows,
        effort,
        lambda: reads.append(reader.rate()),
        whole=line.work.whole,
    )
    return {
        "title": line.work.title,
        "key": line.work.key,
        "classes": line.classes,
        "type": line.type_name,
        "aim": line.work.aim_for(line.type_name),
        "rows": len(rows),
        **_ours(rows.first(count), line.work.sides, ours, reads),
        "peers": dict(_beside(line, rows, count, effort, asked)),
    }


def _ours(rows: Rows, sides: int, ours: Times, reads: Sequence[float]) -> dict[str, Any]:
    size = rows.p.nbytes * sides
    # Each relative to the read just before it: what else the machine is doing slows down both.
    shares = [size / 1e9 / wall / read for wall, read in zip(ours.walls, reads, strict=True)]
    return {
        "given": len(rows.p),
        "bytes": size,
        "elements": rows.p.size,
        "seconds": asdict(ours.seconds),
        "cores": ours.cores,
        "read": asdict(Summary.of(reads)),
        "share": asdict(Summary.of(shares)),
    }


def _beside(
    line: Line, rows: Rows, count: int, effort: Effort, asked: Sequence[Peer]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What peers take, ours (on ``count`` rows) and theirs in turns; slow ones have fewer rows."""
    own = rows.first(count)
    for peer in asked:
        call = peer.calls.get(line.work.key)
        if call is None:
            continue
        ours: list[float] = []
        turn = partial(_note, ours, partial(line.work.call, own))
        given, times = _times(peer.take, call, rows, effort, turn, whole=line.work.whole)
        yield (
            peer.name,
            {
                "given": given,
                "seconds": asdict(times.seconds),
                "cores": times.cores,
                "ratio": times.seconds.median / given / (Summary.of(ours).median / count),
                "aim": peer.aim,
                "but": peer.but.get(line.work.key),
            },
        )


def _note(walls: list[float], call: Callable[[], object]) -> None:
    walls.append(once(call)[0])


def _times(
    take: Callable[[Rows], Any],
    call: Callable[[Any], object],
    rows: Rows,
    effort: Effort,
    before: Callable[[], object] = lambda: None,
    *,
    whole: bool = False,
) -> tuple[int, Times]:
    """How many rows were given, and what that took."""
    count = len(rows) if whole else max(1, len(rows) // PART)
    given = take(rows.first(count))
    call(given)  # compiles, starts threads
    if not whole and once(lambda: call(given))[0] * PART < effort.slow_seconds:
        count = len(rows)
        given = take(rows)
        call(given)
    return count, repeated(lambda: call(given), effort, before)


def head(reader: Reader, asked: Sequence[Peer]) -> dict[str, Any]:
    """What the process is like."""
    return {
        "instruction_set": _kernels.instruction_set(),
        "way": reader.way,
        "rates": reader.rates,
        "peers": [peer.name for peer in asked],
        "machine": description(("scipy", "scikit-learn", "torch", "jax")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    effort = QUICK if options.quick else FULL
    reader = Reader(effort.elements, options.threads)
    asked = list(peers(options.threads)) if options.peers else []
    _say("head", head(reader, asked))
    for line in lines(options.quick, options.only):
        if options.threads == 1 or line.work.threads:
            _say("line", measured(line, effort, reader, asked))
    if options.peers:
        _say("overhead", overhead(options.quick))


def _say(what: str, record: Any) -> None:
    print(json.dumps({what: record}), flush=True)


if __name__ == "__main__":
    main()
