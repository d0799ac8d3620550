"""Tables that are printed line by line, as simulations get to them, and kept where one asks."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path


def print_table(
    about: str | None,
    lines: Callable[[int], Iterable[str]],
    runs: int,
    results: Path,
    heading: str,
) -> None:
    """Print the ``lines`` of ``--runs``, and with ``--write`` put them below a heading."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--write", action="store_true", help=f"also into {results.name}")
    options = parser.parse_args()
    table = []
    for line in lines(options.runs):
        print(line, flush=True)
        table.append(f"{line}\n")
    if options.write:
        results.write_text(heading.format(options.runs) + "".join(table), encoding="utf-8")
