"""The panels that ``--help`` sorts options into, by purpose, and examples of their options."""

from __future__ import annotations

HOLDS = "What the file holds"
MEANS = "What its numbers mean"
MEASURES = "What to measure"
WRITES = "Where to write"
SHOWS = "How to run and show"

#: In the order of a help text. Of the examples a command shows those whose option it has.
EXAMPLES: dict[str, tuple[str, ...]] = {
    HOLDS: ("--label y", "--pred score_", "--id key"),
    MEANS: ("--kind logits", "--classes cat,dog"),
    MEASURES: (
        "--by country",
        "--by prompts.csv:language",
        "--by month",
        "--max-bits 0.35",
        "--method temperature",
        "--model adaptive:4",
    ),
    WRITES: ("--json result.json", "--html report.html", "--out calibrated.csv", "-o book.us"),
    SHOWS: ("--base e", "--top 20", "--batch-rows 4096", "--memory 1GB", "--quiet"),
}

#: What the value of an option is called where an example is of it; others go with any.
VALUES = {
    "--by country": "COLUMN",
    "--by prompts.csv:language": "FILE:COLUMN",
    "--by month": "SPAN",
}
