"""The page's tables, made from the record alone."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.machine import in_words
from benchmarks.speed.judge import (
    OLDER,
    Record,
    adds,
    by_place,
    gain,
    percent,
    place,
    rate,
    reached,
)
from benchmarks.speed.settings import AVX2, ONE, TWO
from benchmarks.speed.verdicts import verdicts
from benchmarks.speed.works import SUM_AIM

PEERS = ("torch", "JAX", "SciPy")
HEADER = [
    "work", "K", "type", "GB/s", "share of the read", "aim", "two threads", "AVX2", *PEERS, "other",
]  # fmt: skip

INTRODUCTION = """\
One thread, on arrays that no cache holds ({size} each as float32, as many elements in other types).
A *share* is of the rate at which the same process reads such an array, measured just before each
run in the quickest of several ways (here: {way}, {read:.1f} GB/s); median (smallest to largest) of
up to {runs} runs. *Two threads*: how many times as fast two are. *AVX2*: the share without newer
instructions, to be {older:g} of the aim. The last columns say how many times as long a peer takes,
with one thread and on the same arrays; what is slow is given a quarter of the rows ({parts}).
**Bold**: below the aim, or a peer is ahead."""


def markdown(report: Record) -> str:
    """Everything that ``docs/performance.md`` shows of a run."""
    machine = in_words(report["machine"])
    return "\n".join(
        [
            "## The measures beside memory and beside others",
            "",
            introduction(report),
            "",
            f"Measured on: {machine}",
            "",
            *_table(HEADER, rows(report)),
            "",
            *(f"- {text}" for text in verdicts(report)),
            "",
            "## What a call costs",
            "",
            "Microseconds of a call with next to nothing to compute; median (smallest to largest).",
            "",
            *_table(["call", "unsurprised", "aim", "SciPy's `entropy`"], calls(report)),
            "",
        ]
    )


def introduction(report: Record) -> str:
    """How the numbers came about."""
    one = report["settings"][ONE.name]
    parts = {
        name
        for line in one["lines"]
        for name, found in {"unsurprised": line, **line["peers"]}.items()
        if found["given"] < line["rows"]
    }
    text = INTRODUCTION.format(
        size=f"{4 * report['elements'] / 1e6:.0f} MB",
        way=one["head"]["way"],
        read=one["head"]["rates"][one["head"]["way"]],
        runs=report["runs"],
        older=OLDER,
        parts=", ".join(sorted(parts)) or "here nothing was",
    )
    return " ".join(text.split("\n"))


def rows(report: Record) -> list[list[str]]:
    """One a line of the one-thread setting, with what the other settings say of it."""
    one, two, older = (by_place(report["settings"], setting) for setting in (ONE, TWO, AVX2))
    return [
        [
            *_what(line),
            *_speed(line),
            _gain(line, two.get(place(line))),
            _older(older.get(place(line))),
            *_peers(line),
        ]
        for line in one.values()
    ]


def calls(report: Record) -> list[list[str]]:
    """What calls on next to nothing cost."""
    return [
        [
            f"`{call['call']}`",
            _bold(_span(call["ours"], "{:.1f}"), call["ours"]["median"] > call["aim"]),
            f"{call['aim']:g}",
            _span(call["scipy"], "{:.1f}") if call["scipy"] else "–",
        ]
        for call in report["overhead"]
    ]


def _what(line: Record) -> list[str]:
    classes = "–" if line["key"] == "sum" else f"{line['classes']:,}"
    return [line["title"], classes, line["type"]]


def _speed(line: Record) -> list[str]:
    speed = f"{rate(line) / 1e9:.2f}"
    missed = not reached(line)
    if line["key"] == "sum":
        found = f"{adds(line) / 1e6:,.0f} M adds/s"
        return [speed, _bold(found, missed), f"{SUM_AIM / 1e6:,.0f} M adds/s"]
    share = {name: 100 * value for name, value in line["share"].items()}
    return [speed, _bold(_span(share, "{:.1f} %", "{:.1f}"), missed), percent(line["aim"])]


def _gain(one: Record, two: Record | None) -> str:
    if two is None:
        return "–"
    got, aim = gain(one, two)
    return _bold(f"{got:.2f} ×", got < aim)


def _older(line: Record | None) -> str:
    if line is None:
        return "–"
    missed = not reached(line, OLDER)
    if line["key"] == "sum":
        return _bold(f"{adds(line) / 1e6:,.0f} M adds/s", missed)
    return _bold(percent(line["share"]["median"], 1), missed)


def _peers(line: Record) -> list[str]:
    def cell(peer: str, label: str = "") -> str:
        found = line["peers"][peer]
        below = found["ratio"] < (found["aim"] or 1)
        return _bold(f"{found['ratio']:.1f} ×{label}", below)

    known = [cell(peer) if peer in line["peers"] else "–" for peer in PEERS]
    others = [cell(peer, f" {peer}") for peer in line["peers"] if peer not in PEERS]
    return [*known, ", ".join(others) or "–"]


def _span(summary: Record, first: str, rest: str = "") -> str:
    rest = rest or first
    low, high = (rest.format(summary[end]) for end in ("low", "high"))
    return f"{first.format(summary['median'])} ({low} to {high})"


def _bold(text: str, yes: bool) -> str:
    return f"**{text}**" if yes else text


def _table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in [header, ["---"] * len(header), *lines]]
