"""The sentences under the table, made from its numbers alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmarks.speed.judge import OLDER, Record, by_place, gain, name, reached
from benchmarks.speed.settings import AVX2, ONE, TWO

#: Below this share of a core, something else had it.
UNDISTURBED = 0.9

Judged = Sequence[tuple[Record, bool]]


def verdicts(report: Record) -> list[str]:
    """Which aims are reached and which are not, and where a peer is ahead."""
    one, two, older = (by_place(report["settings"], setting) for setting in (ONE, TWO, AVX2))
    gains = [(line, gain(one[at], line)) for at, line in two.items() if at in one]
    lines = list(one.values())
    found = [
        _count("shares are reached", [(line, reached(line)) for line in lines]),
        _count(
            "lines gain with two threads what memory allows them, at most 1.8",
            [(line, got >= aim) for line, (got, aim) in gains],
        ),
        _count(
            f"lines reach {OLDER:g} of their aim with AVX2",
            [(line, reached(line, OLDER)) for line in older.values()],
        ),
        *_ratios(lines),
        _calls(report["overhead"]),
        _ahead(lines),
        *_buts(lines),
        _disturbed(lines),
    ]
    return [text for text in found if text]


def _count(what: str, lines: Judged) -> str:
    if not lines:
        return ""
    missed = sum(not good for _, good in lines)
    text = f"{len(lines) - missed} of {len(lines)} {what}"
    return f"{text}; not: {_folded(lines)}." if missed else f"{text}."


def _folded(lines: Judged) -> str:
    """The lines that are not good, those of one title together."""
    titles: dict[str, list[tuple[Record, bool]]] = {}
    for line, good in lines:
        titles.setdefault(line["title"], []).append((line, good))
    return "; ".join(_of_title(title, found) for title, found in titles.items() if not _all(found))


def _all(lines: Judged) -> bool:
    return all(good for _, good in lines)


def _of_title(title: str, lines: Judged) -> str:
    missed = [line for line, good in lines if not good]
    if len(missed) == len(lines):
        return title
    return f"{title} ({', '.join(_shape(line) for line in missed)})"


def _shape(line: Record) -> str:
    return f"{line['classes']:,} {line['type']}"


def _ratios(lines: Sequence[Record]) -> Iterator[str]:
    aims = {peer: one["aim"] for line in lines for peer, one in line["peers"].items()}
    for peer, aim in aims.items():
        ratios = _ratios_to(peer, lines)
        span = f"{peer} takes {_span(ratio for _, ratio in ratios)} × ours"
        if aim is None:
            yield f"{span}."
            continue
        judged = [(line, ratio >= aim) for line, ratio in ratios]
        yield f"{span}. {_count(f'lines are at least {aim:g} × as fast', judged)}"


def _ratios_to(peer: str, lines: Sequence[Record]) -> list[tuple[Record, float]]:
    return [(line, line["peers"][peer]["ratio"]) for line in lines if peer in line["peers"]]


def _span(values: Iterable[float]) -> str:
    found = sorted(values)
    low, high = f"{found[0]:.2g}", f"{found[-1]:.2g}"
    return low if low == high else f"{low} to {high}"


def _calls(calls: Sequence[Mapping[str, object]]) -> str:
    missed = [f"`{call['call']}`" for call in calls if not _short(call)]
    text = f"{len(calls) - len(missed)} of {len(calls)} calls are as short as they are to be"
    return f"{text}; not: {', '.join(missed)}." if missed else f"{text}."


def _short(call: Record) -> bool:
    return bool(call["ours"]["median"] <= call["aim"])


def _ahead(lines: Sequence[Record]) -> str:
    peers = dict.fromkeys(peer for line in lines for peer in line["peers"])
    found = [
        f"{peer} at {_folded([(line, ratio >= 1) for line, ratio in _ratios_to(peer, lines)])}"
        for peer in peers
        if any(ratio < 1 for _, ratio in _ratios_to(peer, lines))
    ]
    return f"**A peer is ahead**: {'. '.join(found)}." if found else "No peer is ahead in any line."


def _buts(lines: Sequence[Record]) -> Iterator[str]:
    for line in lines:
        for peer, one in line["peers"].items():
            if one["but"]:
                yield f"{peer} at {name(line)}: {one['but']}."


def _disturbed(lines: Sequence[Record]) -> str:
    shares = [line["cores"] for line in lines if line["cores"] < UNDISTURBED]
    if not shares:
        return ""
    return (
        f"**The machine was busy with something else**: in {len(shares)} of {len(lines)} lines "
        f"ours had less than {UNDISTURBED:g} of a core, {min(shares):.2f} at the least."
    )
