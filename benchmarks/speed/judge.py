"""What the numbers say: which aims are reached, how far ahead of whom, and who is ahead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.speed.settings import AVX2, ONE, TWO
from benchmarks.speed.works import SUM_AIM

#: What two threads are to gain, wherever memory allows.
GAIN = 1.8
#: Of what memory allows two threads: 1.8 is nine tenths of two.
OF_MEMORY = 0.9
#: Of the aims, where the instruction set is an older one.
OLDER = 0.5

Record = Mapping[str, Any]


def name(line: Record) -> str:
    """What a line is called in sentences."""
    if line["key"] == "sum":
        return f"{line['title']}, {line['type']}"
    return f"{line['title']}, K = {line['classes']:,}, {line['type']}"


def place(line: Record) -> tuple[str, int, str]:
    """What makes it the same line under another setting."""
    return line["title"], line["classes"], line["type"]


def rate(line: Record) -> float:
    """Bytes a second."""
    return line["bytes"] / line["seconds"]["median"]


def adds(line: Record) -> float:
    """Additions a second."""
    return line["elements"] / line["seconds"]["median"]


def reached(line: Record, part: float = 1.0) -> bool:
    """Whether the share is what it is to be, or that part of it."""
    if line["key"] == "sum":
        return adds(line) >= part * SUM_AIM
    return line["share"]["median"] >= part * line["aim"]


def speed(line: Record) -> str:
    """The share beside its aim, or what stands for it."""
    if line["key"] == "sum":
        return f"{adds(line) / 1e6:,.0f} M adds/s (aim {SUM_AIM / 1e6:,.0f})"
    return (
        f"{rate(line) / 1e9:.2f} GB/s, {line['share']['median']:.1%} of the read's "
        f"{line['read']['median']:.1f} (aim {line['aim']:.0%})"
    )


def sentence(line: Record, part: float = 1.0) -> str:
    """One line's verdict; ``part`` of the aim is what its setting asks for."""
    ratios = [f"{one['ratio']:.1f} × {peer}" for peer, one in line["peers"].items()]
    verdict = "reached" if reached(line, part) else "MISSED"
    asked = f", {part:g} of it here" if part != 1 else ""
    ahead = "".join(
        f" — {peer} is ahead" for peer, one in line["peers"].items() if one["ratio"] < 1
    )
    return f"{name(line)}: {speed(line)}{asked}: {verdict}; {', '.join(ratios)}{ahead}".rstrip("; ")


def gain(one: Record, two: Record) -> tuple[float, float]:
    """What the second thread gains, and what it is to gain: what memory allows, at most 1.8."""
    allowed = OF_MEMORY * 1e9 * two["read"]["median"] / rate(one)
    return rate(two) / rate(one), min(GAIN, allowed)


def gain_sentence(one: Record, two: Record) -> str:
    """A line's verdict where two threads are asked for."""
    got, aim = gain(one, two)
    verdict = "reached" if got >= aim else "MISSED"
    return (
        f"{name(two)}: {rate(two) / 1e9:.2f} GB/s, {got:.2f} × one thread (aim {aim:.2f}; two read "
        f"{two['read']['median']:.1f} GB/s): {verdict}"
    )


def by_place(report: Record, setting: str) -> dict[tuple[str, int, str], Record]:
    """The lines of a setting; none if it wasn't measured."""
    lines = report["settings"].get(setting, {"lines": []})["lines"]
    return {place(line): line for line in lines}


def verdicts(report: Record) -> list[str]:
    """The sentences under the table, made from its numbers alone."""
    one, two, older = (by_place(report, setting.name) for setting in (ONE, TWO, AVX2))
    gains = {at: gain(one[at], line) for at, line in two.items() if at in one}
    found = [
        _count("shares of the read are reached", [(name(x), reached(x)) for x in one.values()]),
        _count(
            "lines gain with two threads what memory allows them",
            [(name(one[at]), got >= aim) for at, (got, aim) in gains.items()],
        ),
        _count(
            f"lines reach {OLDER:g} of their aim with AVX2",
            [(name(line), reached(line, OLDER)) for line in older.values()],
        ),
        *_ratios(list(one.values())),
        _calls(report["overhead"]),
        _ahead(list(one.values())),
        *_buts(list(one.values())),
    ]
    return [text for text in found if text]


def _count(what: str, lines: Sequence[tuple[str, bool]]) -> str:
    missed = [title for title, good in lines if not good]
    if not lines:
        return ""
    text = f"{len(lines) - len(missed)} of {len(lines)} {what}"
    return text + (f"; not: {_listed(missed)}." if missed else ".")


def _ratios(lines: Sequence[Record]) -> Iterator[str]:
    aims = {peer: one["aim"] for line in lines for peer, one in line["peers"].items()}
    for peer, aim in aims.items():
        ratios = [
            (name(line), line["peers"][peer]["ratio"]) for line in lines if peer in line["peers"]
        ]
        span = f"{min(r for _, r in ratios):.1f} to {max(r for _, r in ratios):.1f} × {peer}"
        if aim is None:
            yield f"Ours is {span} (no aim)."
            continue
        what = f"lines are at least {aim:g} × {peer} (ours is {span})"
        yield _count(what, [(title, ratio >= aim) for title, ratio in ratios])


def _calls(calls: Sequence[Record]) -> str:
    return _count(
        "calls with next to nothing to compute are as short as they are to be",
        [(f"`{call['call']}`", call["ours"]["median"] <= call["aim"]) for call in calls],
    )


def _ahead(lines: Sequence[Record]) -> str:
    ahead = [
        f"{peer} at {name(line)} ({1 / one['ratio']:.1f} × ours)"
        for line in lines
        for peer, one in line["peers"].items()
        if one["ratio"] < 1
    ]
    if not ahead:
        return "No peer is ahead in any line."
    return f"**A peer is ahead**: {_listed(ahead)}."


def _buts(lines: Sequence[Record]) -> Iterator[str]:
    for line in lines:
        for peer, one in line["peers"].items():
            if one["but"]:
                yield f"{peer} at {name(line)}: {one['but']}."


def _listed(items: Sequence[str]) -> str:
    return "; ".join(items)
