"""The first line of a CSV file: the names of the columns, or something else."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from unsurprised.errors import InputError, Place
from unsurprised.sources.limits import COLUMNS, HEADER, LINE, NAME
from unsurprised.sources.table import refuse_twice
from unsurprised.sources.text import opened_text

_BLOCK = HEADER.most
_LITTLE = 1 << 16
_SEPARATOR = re.compile(r"sep=(.)")


@dataclass(frozen=True, slots=True)
class Head:
    """What the beginning of a CSV file tells."""

    #: The names of the columns.
    names: list[str]
    #: Size of the blocks to read it by: a row must fit into one.
    block: int
    #: How many empty lines are no values, but stand before the names of a single column.
    blank_lines: int
    #: The byte that the first row begins at, where it is plain to see and rows can be read plainly.
    first_row: int | None


def head_of(file: str, delimiter: str, kind: str) -> Head:
    """The names of the columns, and how the rows are to be read; ``kind`` is for errors."""
    with opened_text(file) as stream:
        head = stream.read(_BLOCK)
    # A row must fit into a block; rows of numbers are seldom far longer than their names. Arrow
    # takes a row that begins in one block and ends in the next: at most two blocks of text.
    block = min(max(_BLOCK, 64 * len(_line(head.lstrip()))), LINE.most // 2)
    if b"\x00" in head:
        raise InputError("found NUL bytes", expected=f"{kind} in UTF-8 text", place=Place(file))
    try:
        text, names, second = _first_two(head, delimiter)
    except csv.Error:  # of a field beyond the module's own limit, which is larger
        raise NAME.exceeded("a longer one in the first line", Place(file)) from None
    if names is None:
        raise InputError(
            "the file is empty",
            expected="a first line with the names of the columns",
            place=Place(file),
        )
    if second is None and len(head) == _BLOCK:
        raise HEADER.exceeded("a longer one", Place(file))
    COLUMNS.check(len(names), Place(file))
    refuse_twice(names, names, file)
    # Arrow passes over empty lines only where they are no values.
    blank = _blank_lines(text) if len(names) == 1 else 0
    check_header(file, names, second or (), text, delimiter)
    return Head(names, block, blank, _first_row(head, names, delimiter))


def _first_row(head: bytes, names: list[str], delimiter: str) -> int | None:
    """The byte after the line of names; None where lines may begin or end elsewhere too."""
    if len(names) < 2:  # an empty line is a value
        return None
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    line = _line(bare)
    if len(line) == len(bare) or b"\r" in line.removesuffix(b"\r"):
        return None
    text = line.decode(errors="replace")
    try:
        found = next(csv.reader([text], delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None
    return len(head) - len(bare) + len(line) + 1 if found == names else None


def _line(text: bytes) -> bytes:
    """What stands before the first end of a line."""
    end = text.find(b"\n")
    return text if end < 0 else text[:end]


def _first_two(head: bytes, delimiter: str) -> tuple[str, list[str] | None, list[str] | None]:
    """A file's beginning as text, and its first two rows, of little of it where that tells both."""
    for size in (_LITTLE, len(head)):
        text = head[:size].decode("utf-8-sig", errors="replace")
        stream = io.StringIO(text, newline="")
        rows = csv.reader(stream, delimiter=delimiter)
        names = next((row for row in rows if row), None)
        second = None if names is None else _next(rows)
        if stream.tell() < len(text):  # else there may be more of the second
            break
    return text, names, second


def _next(rows: Iterator[list[str]]) -> list[str] | None:
    """The next row; an empty one if it has cells too long for the module ``csv``."""
    try:
        return next(rows, None)
    except csv.Error:
        return []


def _blank_lines(text: str) -> int:
    """How many empty lines a file begins with."""
    return text[: len(text) - len(text.lstrip("\r\n"))].count("\n")


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
