"""The page ``docs/reference/measures-table.md``, from the record of a run and from the docstrings.

Nothing is stated twice: formula and reference are those of the docstring, range and unit those of
the registry, figures those of ``benchmarks/results/accuracy.json``.
"""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.accuracy.cases import MANY
from benchmarks.accuracy.conditions import CONDITIONS
from benchmarks.accuracy.peers import NAMES
from unsurprised.measures.registry import MEASURES, Measure

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "benchmarks" / "results" / "accuracy.json"
TABLE = ROOT / "docs" / "reference" / "measures-table.md"
COMMAND = "python -m benchmarks.accuracy"
SELF = "unsurprised"
NO_BREAK = "\N{NO-BREAK SPACE}"

SECTIONS = {
    "Of one event": ("events",),
    "Of one distribution": ("one",),
    "Between two distributions": ("two",),
    "Of a joint table": ("joint",),
    "Of two labellings": ("labels",),
}
#: Other answers than a number with an error, as the table says them.
FAULTS = {
    "NaN": "NaN",
    "negative": "negative",
    "infinite where finite": "false ∞",
    "finite where infinite": "missed ∞",
    "not 0 where it is 0": "not 0",
    "refused": "refused",
}
NOTES = {
    "f_divergence": "of a generator of one's own, here (u − 1)². It is handed the ratio P / Q as a "
    "float, so it cannot keep digits where the two are close, and its square can overflow.",
    "interaction_information": "a difference of others: the error is a share of the table's "
    "entropy.",
    "pointwise_mutual_information": "of each cell; an error of 2⁻¹⁰⁰ is forgiven, as two floats "
    "cannot tell a smaller one from zero.",
    "adjusted_mutual_information": "a difference of others: the error is a share of 1.",
}

Record = Mapping[str, Any]


def page(record: Record) -> str:
    """The whole page."""
    parts = [_head(record)]
    for title, families in SECTIONS.items():
        measures = [measure for measure in MEASURES.values() if measure.family in families]
        parts.append(f"## {title}\n\n" + _table(record, measures))
    parts += [_ahead(record), _conditions(), _calls(record)]
    return "\n\n".join(parts) + "\n"


def _head(record: Record) -> str:
    peers = [f"{name} {version}" for name, version in record["peers"].items()]
    missing = [name for name in NAMES if name not in record["peers"]]
    absent = f" Not installed there, and left out: {', '.join(missing)}." if missing else ""
    machine = record["machine"]
    asked = sum(findings[SELF]["asked"] for findings in record["measures"].values())
    return f"""<!-- Written by {COMMAND}: not by hand. -->

# Every measure and its error

For each measure: its name, formula and reference; its range (K is the number of classes, or of the
cells of a table) and unit (*bits* stands for any `base`); then the **worst relative error** that
was found, against mpmath, on rows chosen to be hard, beside other libraries on those of the same
rows that they take (– where one lacks the measure). Below an error stands which rows it was found
on. An error of 1 says that no digit is right. What has no relative error is counted: *NaN*,
*negative* where that is impossible, *false ∞* for a finite value, *missed ∞* where it is infinite,
*not 0* where it is 0, *refused* with an error.

`{COMMAND}` puts {asked:,} questions to unsurprised {machine["unsurprised"]} and writes this page;
the figures by condition are in `benchmarks/results/accuracy.json`. It ran with
NumPy {machine["numpy"]}, {", ".join(peers)}, on Python {machine["python"]},
{machine["system"]} ({machine["processor"]}).{absent}"""


def _table(record: Record, measures: list[Measure]) -> str:
    peers = [
        name
        for name in record["peers"]
        if any(name in record["measures"][measure.name] for measure in measures)
    ]
    columns = ["measure", "range and unit", SELF, *peers]
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    for measure in measures:
        findings = record["measures"][measure.name]
        cells = [_name(measure), f"{_range(measure)}<br>{_unit(measure)}"]
        cells += [_figure(findings.get(library)) for library in (SELF, *peers)]
        lines.append(" | ".join(cells))
    notes = [f"`{m.name}`: {NOTES[m.name]}" for m in measures if m.name in NOTES]
    return "\n\n".join(["\n".join(f"| {line} |" for line in lines), *notes])


def _name(measure: Measure) -> str:
    name = measure.name
    formulas = [f"$\\displaystyle {part}$" for part in formula(measure)]
    link = f"{{py:func}}`{name} <unsurprised.{name}>`"
    return "<br>".join([link, *formulas, f"<small>{reference(measure)}</small>"])


def _range(measure: Measure) -> str:
    low = "−∞" if math.isinf(measure.low) else f"{measure.low:g}"
    if isinstance(measure.high, str):
        return f"{low} to " + measure.high.replace(" ", NO_BREAK)
    return f"{low} to " + ("∞" if math.isinf(measure.high) else f"{measure.high:g}")


def _unit(measure: Measure) -> str:
    if not measure.unit:
        return "no unit"
    return "√bits" if str(measure.high).startswith("√") else "bits"


def formula(measure: Measure) -> list[str]:
    """The first ``.. math::`` of the docstring, cut where it leaves wide spaces.

    It is rid of bars, which would end a cell of a table.
    """
    lines = _docstring(measure).splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith(".. math::")), None)
    if start is None:
        raise ValueError(f"the docstring of {measure.name} has no '.. math::'")
    block = [lines[start].removeprefix(".. math::")]
    for line in lines[start + 1 :]:
        if line and not line.startswith(" "):
            break
        block.append(line)
    text = " ".join(" ".join(block).split())
    text = text.replace(r"\left|", r"\left\vert ").replace(r"\right|", r"\right\vert ")
    text = text.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
    return [part.strip() for part in re.split(r"\\q?quad", text)]


def reference(measure: Measure) -> str:
    """The docstring's References in one line."""
    found = re.search(r"^References\n-+\n(.*?)(?:\n\n|\Z)", _docstring(measure), re.M | re.S)
    if found is None:
        raise ValueError(f"the docstring of {measure.name} has no References")
    return " ".join(found[1].split())


def _docstring(measure: Measure) -> str:
    return inspect.getdoc(measure.function) or ""


def _figure(finding: Record | None) -> str:
    if finding is None:
        return "–"
    faults = ", ".join(
        f"{count} {FAULTS[fault]}".replace(" ", NO_BREAK)
        for fault, count in finding["faults"].items()
    )
    counted = f"{faults} of{NO_BREAK}{finding['asked']}" if faults else ""
    errors = finding["errors"]
    where = max(errors, key=errors.__getitem__, default="")
    lines = [short(errors[where]), f"<small>{where}</small>"] if errors else []
    return "<br>".join(filter(None, [*lines, counted]))


def short(error: float) -> str:
    """One digit of it.

    >>> short(2.1e-16), short(0.0), short(0.318), short(1.0), short(271.0)
    ('2e-16', '0', '0.3', '1', '3e2')
    """
    digits, exponent = f"{error:.0e}".split("e")
    return (
        f"{float(error):.1g}" if error == 0 or 0.01 <= error < 9.5 else f"{digits}e{int(exponent)}"
    )


def _ahead(record: Record) -> str:
    """Where a peer did better on the rows that both were asked about."""
    better: dict[str, list[str]] = {}
    for name, findings in record["measures"].items():
        for peer in record["peers"]:
            theirs = findings.get(peer)
            if theirs is None or theirs["faults"] or theirs["worst"] is None:
                continue
            if theirs["worst"] < theirs["ours"]:
                figures = f"{theirs['worst']:g} against {theirs['ours']:g}"
                better.setdefault(peer, []).append(f"`{name}` ({figures})")
    if not better:
        return (
            "## Where another library is ahead\n\nNowhere, on the rows that both were asked about."
        )
    lines = [f"- **{peer}**: {', '.join(names)}" for peer, names in better.items()]
    return (
        "## Where another library is ahead\n\nOn the rows put to both, the worst error of another "
        "library is the smaller one, and none of its answers is NaN, negative or wrongly infinite, "
        "for\n\n" + "\n".join(lines)
    )


def _conditions() -> str:
    lines = [f"- *{name}*: {says}" for name, says in CONDITIONS.items()]
    return f"""## The rows

Seeded random numbers, the same on every machine: of 2, 3, 10 and 100 classes (once {MANY:,}),
tables of up to 100 cells, labellings of 120 rows. Measures with an order are asked for each of the
orders that the registry names, 1 ± 1e-9 among them. Rows of probabilities are multiples of 2⁻⁵² (or
pieces of a power of two) that sum to exactly one, so that no library is blamed for how it takes a
sum; those that floats cannot write so (marked †) are put only to libraries that divide by the sum
themselves. All are float64 but logits, which are float32: other libraries are handed those as
float64, except for the surprisal of an outcome, which they are asked for in float32, as models give
it. Rows of unlike forms (probabilities beside logits) are not among these:
[the design](../design.md#accuracy-by-condition) says how right those are.

""" + "\n".join(lines)


def _calls(record: Record) -> str:
    lines = []
    for peer, calls in record["calls"].items():
        by_call: dict[str, list[str]] = {}
        for measure, call in calls.items():
            by_call.setdefault(call, []).append(f"`{measure}`")
        asked = "; ".join(f"{', '.join(names)} by `{call}`" for call, names in by_call.items())
        lines.append(f"- **{peer}**: {asked}")
    return """## What was called

Of several ways that a library offers, the one that does best on these rows; in bits where the
measure has a unit. What a library leaves to its user to put together is not counted as its own.

""" + "\n".join(lines)


def main() -> None:
    """Write the page again from the record, where only docstrings changed."""
    TABLE.write_text(page(json.loads(RECORD.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
