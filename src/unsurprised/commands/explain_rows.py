"""Rows as they are written on a command line: numbers, or the row of a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import Counts, DistributionForm, Labels, Logits, LogProbs, Probs

if TYPE_CHECKING:
    from unsurprised.batches import Batch
    from unsurprised.sources import Options, Reading

_FORMS: dict[str, Any] = {"probs": Probs, "logits": Logits, "logprobs": LogProbs, "counts": Counts}
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_ENTRY = re.compile(rf"({_NUMBER}|[+-]?inf|nan)(?:\s*/\s*({_NUMBER})|\s*(%))?", re.IGNORECASE)
_FILE = re.compile(r"(.+):(-?\d+)", re.DOTALL)
_EXPECTED = "numbers with commas between them (0.25, 1/4, 25%, 2.5e-1), or FILE:ROW"


@dataclass(frozen=True)
class WrittenRow:
    """One argument: its numbers, or else the file and the number of the row."""

    text: str
    numbers: tuple[float, ...] = ()
    file: str = ""
    row: int = 0


@dataclass(frozen=True)
class FileRow:
    """One row of a file: the prediction, the truth where it was asked for, and what was taken."""

    file: str
    row: int
    model: DistributionForm
    truth: Labels | DistributionForm | None
    names: tuple[str, ...] | None
    choices: dict[str, str]

    @property
    def files(self) -> tuple[str, ...]:
        """What was read."""
        return (self.file,)


def written(text: str) -> WrittenRow:
    """What an argument is.

    Examples
    --------
    >>> written("1/4, 25%, .5").numbers
    (0.25, 0.25, 0.5)
    >>> written("p.parquet:17").file
    'p.parquet'
    """
    plain = text.replace("−", "-").strip().strip("[]()").strip()
    entries = [entry.strip() for entry in (plain.split(",") if "," in plain else plain.split())]
    numbers = [_number(entry) for entry in entries]
    known = tuple(number for number in numbers if number is not None)
    if known and len(known) == len(numbers):
        return WrittenRow(text, numbers=known)
    reference = _FILE.fullmatch(text)
    if reference:
        return WrittenRow(text, file=reference[1], row=int(reference[2]))
    if Path(text).exists():
        raise CallError(f"{text}: which of its rows? Say {text}:0 for the first")
    wrong = next((e for e, n in zip(entries, numbers, strict=True) if n is None), "")
    found = f"{wrong!r} is no number" if wrong else "an entry is empty"
    where = "" if wrong == text else f"{text!r}: "
    raise CallError(f"{where}{found}; expected {_EXPECTED}")


def _number(entry: str) -> float | None:
    match = _ENTRY.fullmatch(entry)
    if match is None or (match[2] and not float(match[2])):
        return None
    value = float(match[1])
    return value / float(match[2]) if match[2] else value / 100 if match[3] else value


def kinds_of(text: str | None, rows: int) -> list[str | None]:
    """One kind for each row."""
    if text is None:
        return [None] * rows
    kinds = [kind.strip() for kind in text.split(",")]
    unknown = [kind for kind in kinds if kind not in _FORMS]
    if unknown or len(kinds) not in (1, rows):
        raise CallError(
            f"--kind {text}: expected one of {', '.join(_FORMS)}, or one for each row with a "
            "comma between them"
        )
    return [kinds[min(row, len(kinds) - 1)] for row in range(rows)]


def row_of(row: WrittenRow, kind: str | None, *, normalize: bool, tolerance: float) -> Any:
    """Numbers as the form that they are said to be."""
    if len(row.numbers) == 1 and kind in (None, "probs") and row.numbers != (1.0,):
        raise CallError(
            f"{row.text} is one number; expected one for each outcome, with commas between them, "
            "such as 0.99,0.01"
        )
    values = np.array(row.numbers)
    if kind in ("logits", "counts"):
        return _FORMS[kind](values)
    return _FORMS[kind or "probs"](values, normalize=normalize, tolerance=tolerance)


def row_of_file(row: WrittenRow, options: Options) -> FileRow:
    """The row that an argument names."""
    from unsurprised.sources import open_predictions  # pyarrow is slow

    reading = open_predictions(row.file, options)
    if len(reading.files) > 1:
        raise CallError(
            f"{row.text}: {row.file} is {len(reading.files)} files; expected one, whose rows have "
            "numbers of their own"
        )
    batch, index = _found(reading, row)
    model, truth = batch.model, batch.truth
    assert model is not None  # there is no logprob among the options
    if isinstance(truth, Labels):
        truth = _of_row(int(truth.indices()[index]), truth, reading.classes)
    elif truth is not None:
        truth = truth.with_array(truth.array[index])
    return FileRow(
        row.file,
        row.row,
        model.with_array(model.array[index]),
        truth,
        reading.classes,
        {name: said for name, said in reading.choices.items() if name != "id"},
    )


def _of_row(index: int, truth: Labels, names: tuple[str, ...] | None) -> Labels:
    """What happened, by its name where classes have any: a number there is a name, no place."""
    if names is None:
        return Labels(index, classes=truth.classes)
    return Labels(names[index], classes=names)


def _found(reading: Reading, row: WrittenRow) -> tuple[Batch, int]:
    """The batch that holds the row, and where it does."""
    seen = 0
    for split in reading.plan():
        first, rows = split.part.first_row, split.part.rows
        if row.row < first:
            break
        if rows is not None and row.row >= first + rows:
            seen = first + rows
            continue
        for batch in reading.batches(split):
            here = np.flatnonzero(batch.numbers() == row.row)
            if here.size:
                return batch, int(here[0])
            seen = batch.first_row + batch.size + batch.skipped
            if batch.first_row <= row.row < seen:
                raise InputError(
                    "holds a null",
                    expected="a row that is whole",
                    place=Place(row.file, row=row.row),
                )
    if row.row < 0:
        seen = reading.rows or seen
    expected = f"0 to {seen - 1:,}, as rows are counted from 0" if seen else "rows in the file"
    raise InputError(f"found no row {row.row}", expected=expected, place=Place(row.file))
