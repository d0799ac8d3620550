"""The report of the calibrators' benchmark as Markdown."""

from __future__ import annotations

from typing import Any

LIBRARIES = ("unsurprised", "scikit-learn", "netcal", "probmetrics")


def markdown(report: dict[str, Any]) -> str:
    """Tables of held-out bits and of times, and what they were measured on."""
    parts = ["<!-- Written by `python -m benchmarks.calibrators`. -->", ""]
    if "bits" in report:
        parts += [*_bits(report["bits"]), ""]
    if "times" in report:
        parts += [*_times(report["times"]), ""]
    machine = report["machine"]
    parts.append("Measured with " + ", ".join(f"{k} {v}" for k, v in machine.items()) + ".")
    if report["missing"]:
        parts.append(f"Not installed, and so left out: {', '.join(report['missing'])}.")
    return "\n".join(parts) + "\n"


def best(predictions: dict[str, Any], library: str) -> dict[str, Any] | None:
    """A library's calibrator of least held-out bits."""
    known = [
        one
        for one in predictions["calibrators"]
        if one["library"] == library and one["bits"] is not None
    ]
    return min(known, key=lambda one: one["bits"], default=None)


def _bits(bits: list[dict[str, Any]]) -> list[str]:
    names = list(dict.fromkeys((c["library"], c["name"]) for p in bits for c in p["calibrators"]))
    lines = [
        "Bits a row on rows that were not fitted (five folds); the lowest of a column is bold.",
        "",
        "| | " + " | ".join(f"{p['name']} ({p['rows']:,} × {p['classes']})" for p in bits) + " |",
        "|---|" + "---|" * len(bits),
        "| as they are | " + " | ".join(f"{p['bare']:.4f}" for p in bits) + " |",
    ]
    for library, name in names:
        cells = [_cell(p, library, name) for p in bits]
        lines.append(f"| {library}: {name} | " + " | ".join(cells) + " |")
    return lines


def _cell(predictions: dict[str, Any], library: str, name: str) -> str:
    for one in predictions["calibrators"]:
        if (one["library"], one["name"]) == (library, name):
            if one["bits"] is None:
                return "error"
            least = min(c["bits"] for c in predictions["calibrators"] if c["bits"] is not None)
            text = f"{one['bits']:.4f}"
            return f"**{text}**" if text == f"{least:.4f}" else text
    return "–"


def _times(times: dict[str, dict[str, float]]) -> list[str]:
    lines = [
        "Seconds of a fit of 50,000 rows of 100 classes, and how many times as long as ours.",
        "",
        "| method | unsurprised | peers |",
        "|---|---|---|",
    ]
    for family, seconds in times.items():
        (_, ours), *peers = seconds.items()
        said = [f"{name} {value:.2f} ({value / ours:.1f} ×)" for name, value in peers]
        lines.append(f"| {family} | {ours:.2f} | {', '.join(said) or 'none is installed'} |")
    return lines
