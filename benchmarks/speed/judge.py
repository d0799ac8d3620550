"""What a line's numbers say: whether an aim is reached, how far ahead of whom ours is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.speed.settings import Setting
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
    return float(line["bytes"] / line["seconds"]["median"])


def adds(line: Record) -> float:
    """Additions a second."""
    return float(line["elements"] / line["seconds"]["median"])


def percent(share: float, digits: int = 0) -> str:
    """As it is written on the pages."""
    return f"{100 * share:.{digits}f} %"


def reached(line: Record, part: float = 1.0) -> bool:
    """Whether the share is what it is to be, or that part of it."""
    if line["key"] == "sum":
        return adds(line) >= part * SUM_AIM
    return bool(line["share"]["median"] >= part * line["aim"])


def speed(line: Record) -> str:
    """The share beside its aim, or what stands for it."""
    if line["key"] == "sum":
        return f"{adds(line) / 1e6:,.0f} M adds/s (aim {SUM_AIM / 1e6:,.0f})"
    return (
        f"{rate(line) / 1e9:.2f} GB/s, {percent(line['share']['median'], 1)} of the "
        f"read's {line['read']['median']:.1f} (aim {percent(line['aim'])})"
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


def by_place(settings: Record, setting: Setting) -> dict[tuple[str, int, str], Record]:
    """The lines of a setting; none if it wasn't measured."""
    lines = settings.get(setting.name, {"lines": []})["lines"]
    return {place(line): line for line in lines}
