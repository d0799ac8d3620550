"""Measures every line under one setting; prints a JSON object a line of text.

Started by ``python -m benchmarks``, in the environment of its setting.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.machine import description
from benchmarks.processes import Summary
from benchmarks.speed.bandwidth import Reader
from benchmarks.speed.overhead import overhead
from benchmarks.speed.peers import Peer, peers
from benchmarks.speed.rows import Rows
from benchmarks.speed.timing import FULL, QUICK, Effort, once, repeated
from benchmarks.speed.works import Line, lines
from unsurprised import _kernels

#: The share of the rows that a slow peer is given.
PART = 16


def measured(line: Line, effort: Effort, reader: Reader, asked: Sequence[Peer]) -> dict[str, Any]:
    """Ours and its share of the read beside it, then each peer that has such a function."""
    rows = line.rows(effort.elements)
    size = rows.p.nbytes * line.work.sides
    reads: list[float] = []
    ours = repeated(lambda: line.work.call(rows), effort, lambda: reads.append(reader.rate()))
    read = Summary.of(reads)
    seconds = ours.seconds
    return {
        "title": line.work.title,
        "key": line.work.key,
        "classes": line.classes,
        "type": line.type_name,
        "aim": line.work.aim_for(line.type_name),
        "rows": len(rows),
        "bytes": size,
        "elements": rows.p.size,
        "seconds": asdict(seconds),
        "cores": ours.cores,
        "read": asdict(read),
        # Of the read beside it: what else the machine is doing slows down both.
        "share": asdict(
            Summary(
                *(size / 1e9 / s / read.median for s in (seconds.median, seconds.high, seconds.low))
            )
        ),
        "peers": dict(_beside(line, rows, effort, asked, seconds.median)),
    }


def _beside(
    line: Line, rows: Rows, effort: Effort, asked: Sequence[Peer], ours: float
) -> Iterator[tuple[str, dict[str, Any]]]:
    for peer in asked:
        call = peer.calls.get(line.work.key)
        if call is None:
            continue
        count, times = _peer_times(peer, call, rows, effort)
        share = count / len(rows.p)
        yield (
            peer.name,
            {
                "rows": count,
                "seconds": asdict(times.seconds),
                "cores": times.cores,
                # By the time an element: a slow peer is given a part of the rows.
                "ratio": times.seconds.median / share / ours,
                "aim": peer.aim,
                "but": peer.but.get(line.work.key),
            },
        )


def _peer_times(peer: Peer, call: Callable[[Any], object], rows: Rows, effort: Effort) -> Any:
    part = max(1, len(rows.p) // PART)
    given = peer.take(rows.first(part))
    call(given)  # compiles, starts threads
    if once(lambda: call(given))[0] * PART < effort.peer_seconds:
        part = len(rows.p)
        given = peer.take(rows)
    return part, repeated(lambda: call(given), effort)


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
    options = parser.parse_args()
    effort = QUICK if options.quick else FULL
    reader = Reader(effort.elements, options.threads)
    asked = list(peers(options.threads)) if options.peers else []
    _say("head", head(reader, asked))
    for line in lines(options.quick):
        if options.threads == 1 or line.work.threads:
            _say("line", measured(line, effort, reader, asked))
    if options.peers:
        _say("overhead", overhead(options.quick))


def _say(what: str, record: Any) -> None:
    print(json.dumps({what: record}), flush=True)


if __name__ == "__main__":
    main()
