"""The first line of a CSV file: the names of the columns, or something else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from unsurprised.errors import InputError, Place

_SEPARATOR = re.compile(r"sep=(.)")


def check_header(
    file: str, names: Sequence[str], second: Sequence[str], text: str, delimiter: str
) -> None:
    """Refuse a first line that names no columns, or names them in another way.

    ``second`` is the row after it, ``text`` the beginning of the file.
    """
    told = _SEPARATOR.fullmatch(text.split("\n", 1)[0].strip(" \r"))
    if told is not None:
        raise InputError(
            f"the first line, {told[0]!r}, is Excel's and names no column",
            expected="a first line with the names of the columns",
            remedy=_written_anew(file, told[1], text, ", skiprows=1"),
            place=Place(file),
        )
    _check_separator(file, names, text, delimiter)
    if _is_row(names, second):
        raise InputError(
            f"the first line, {delimiter.join(names)!r}, looks like a row",
            expected="a first line with the names of the columns",
            remedy="write one above it, such as "
            + delimiter.join(["label", *(f"p_{k}" for k in range(len(names) - 1))]),
            place=Place(file),
        )


def _check_separator(file: str, names: Sequence[str], text: str, delimiter: str) -> None:
    other = next((mark for mark in ";\t|," if len(names) == 1 and mark in names[0]), None)
    if other is not None:
        suffix = {"\t": ".tsv", ",": ".csv"}.get(other)
        raise InputError(
            f"the first line is one name, {names[0]!r}, that holds {other!r}",
            expected=f"names separated by {delimiter!r}",
            remedy=f"name the file {suffix}" if suffix else _written_anew(file, other, text),
            place=Place(file),
        )


def _written_anew(file: str, separator: str, text: str, more: str = "") -> str:
    lines = text.split("\n", 3)[1:3]
    comma = separator != "," and any(re.search(r"\d,\d", line) for line in lines)
    decimal = ", decimal=','" if comma else ""
    call = f"pandas.read_csv({file!r}, sep={separator!r}{decimal}{more})"
    return f"write it anew: python -c \"import pandas; {call}.to_csv('rows.csv', index=False)\""


def _is_row(names: Sequence[str], second: Sequence[str]) -> bool:
    """Whether numbers stand in the first line where they stand in the second, and sum to one."""
    numbers = [_number(name) for name in names]
    below = [_number(cell) for cell in second]
    shares = [number for number in numbers if number is not None and number % 1]
    if len(below) != len(numbers) or not shares:
        return False
    same = all((a is None) == (b is None) for a, b in zip(numbers, below, strict=True))
    return same and (None not in numbers or abs(sum(shares) - 1) < 0.02)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if "_" in text else number
