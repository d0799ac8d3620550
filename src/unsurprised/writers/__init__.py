"""Files of rows in the formats that predictions are read from: Parquet, Arrow, CSV, JSON lines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from unsurprised.addresses import named
from unsurprised.errors import CallError

if TYPE_CHECKING:
    from unsurprised.writers.writer import Writer

#: The format for each ending of a name.
FORMS = {
    ".parquet": "Parquet",
    ".pq": "Parquet",
    ".arrow": "Arrow",
    ".feather": "Arrow",
    ".ipc": "Arrow",
    ".csv": "CSV",
    ".tsv": "TSV",
    ".jsonl": "JSON lines",
    ".ndjson": "JSON lines",
}


def check_format(name: str) -> str:
    """The format that the ending of a name says.

    Raises
    ------
    CallError
        Where it says none that can be written.

    Examples
    --------
    >>> check_format("calibrated.pq")
    'Parquet'
    """
    form = FORMS.get(Path(named(name)).suffix.lower())
    if form is None:
        raise CallError(
            f"--out {name}: its ending names no format that can be written; expected .parquet, "
            ".arrow, .csv, .tsv or .jsonl"
        )
    return form


def writer_of(form: str) -> type[Writer]:
    """What writes a format."""
    from unsurprised.writers import columnar, json_lines

    return {
        "Parquet": columnar.ParquetWriter,
        "Arrow": columnar.ArrowWriter,
        "CSV": columnar.CsvWriter,
        "TSV": columnar.TsvWriter,
        "JSON lines": json_lines.JsonLinesWriter,
    }[form]
