"""What commands read: standard input among it, which files, how many rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from unsurprised.errors import STANDARD_INPUT, CallError

if TYPE_CHECKING:
    from unsurprised.report.progress import RowProgress
    from unsurprised.sources import Reading


def keep_standard_input(context: typer.Context, *files: str | None) -> None:
    """Take standard input for one of the files, if it is among them, until the command ends."""
    from unsurprised.sources.standard_input import standard_input

    form, count = context.params.get("form"), files.count(STANDARD_INPUT)
    if count > 1:
        raise CallError("- (standard input) is given twice; expected once")
    if form is not None and not count:
        raise CallError(f"--format {form}: it says what standard input holds; expected - as a file")
    if count:
        context.with_resource(standard_input(form and str(form)))


def files_read(
    *readings: Reading, truth: str | None = None, classes: str | None = None
) -> list[str]:
    """All files that a command reads, which its outputs must not be."""
    from unsurprised.sources.paths import expanded

    files = [file for reading in readings for file in reading.files]
    files += [] if truth is None else expanded([truth])[0]
    return [*files, *class_files(classes)]


def class_files(classes: str | None) -> list[str]:
    """The file that ``--classes @FILE`` names."""
    return [classes[1:]] if classes and classes.startswith("@") else []


def row_progress(*readings: Reading, quiet: bool) -> RowProgress:
    """Progress over all rows of some sources."""
    from unsurprised.report.progress import RowProgress

    known = [reading.rows for reading in readings if reading.rows is not None]
    if len(known) == len(readings):
        return RowProgress(sum(known), quiet=quiet)
    return RowProgress(None, quiet=quiet, estimate=lambda: _about_rows(readings))


def _about_rows(readings: Sequence[Reading]) -> int | None:
    """About how many rows there are; None where the size of a file does not tell."""
    from unsurprised.sources.text import about_rows

    total = 0
    for reading in readings:
        if reading.rows is None and not reading.files:
            return None
        files = [reading.rows] if reading.rows is not None else map(about_rows, reading.files)
        for rows in files:
            if rows is None:
                return None
            total += rows
    return total
