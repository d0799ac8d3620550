"""Tables as texts, terminals and notebooks show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from unsurprised.report.screen import Line, cut, joined, padded, titled, wide, wrapped

_GAP, _INDENT = 2, 2
#: Letters that a name keeps before columns are left out, and after.
_NAMES, _FEWEST = 16, 8


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table with its title and, below it, what must be said of it."""

    title: str
    header: list[str]
    rows: list[list[str]]
    note: str = ""
    #: How many columns, from the first, are names.
    names: int = 1
    #: Columns that a narrow screen leaves out, the first of them first.
    least: tuple[int, ...] = ()
    #: Whether names may be cut.
    cuts_names: bool = True

    def aligned_right(self, index: int) -> bool:
        """Whether a column holds numbers: those behind the names, save for one without a title."""
        return index >= self.names and bool(self.header[index])

    def without(self, gone: int) -> TextTable:
        """The table without a column."""
        kept = [index for index in range(len(self.header)) if index != gone]
        return replace(
            self,
            header=[self.header[index] for index in kept],
            rows=[[row[index] for index in kept] for row in self.rows],
            names=self.names - (gone < self.names),
            least=tuple(each - (each > gone) for each in self.least if each != gone),
        )

    def widths(self) -> list[int]:
        """How wide each column is."""
        return [max(map(wide, column)) for column in zip(self.header, *self.rows, strict=True)]


def described(table: TextTable, definitions: Sequence[Sequence[str]], width: int) -> TextTable:
    """A table with a last column of what each row is: the first of its wordings that fits."""
    room = width - sum(table.widths()) - _GAP * len(table.header)
    texts = [next((text for text in each if wide(text) <= room), "") for each in definitions]
    # What stands alone says nothing without its definition.
    left = [
        f"{row[0].strip()}: {each[-1]}"
        for row, each, text in zip(table.rows, definitions, texts, strict=True)
        if each[-1] and not text and not row[-1]
    ]
    rows = [[*row, text] for row, text in zip(table.rows, texts, strict=True)]
    return replace(table, header=[*table.header, ""], rows=rows, note="; ".join(left))


def laid_out(table: TextTable, width: int, styles: Sequence[str] = ()) -> list[Line]:
    """A table under its title: a grid where there is room for one, else a paragraph a row.

    Where it is too wide names are cut, then columns are left out and named; no number is cut.
    """
    if not table.rows:
        return []
    fitted, gone = _fitted(table, width - _INDENT * bool(table.title))
    body = _paragraphs(table, width) if fitted is None else _grid(fitted, styles)
    note = table.note
    if fitted is not None and gone:
        note = f"{note} Not shown for want of room: {', '.join(gone)}.".lstrip()
    indent = " " * _INDENT
    if note:
        body += wrapped(note, width, "dim", first=indent, rest=indent)
    return titled(table.title, body, width) if table.title else body


def _fitted(table: TextTable, room: int) -> tuple[TextTable | None, list[str]]:
    """The table as it fits, and which columns are not in it; None where it does not."""
    gone: list[str] = []
    least = _NAMES
    while True:
        shrunk = _shrunk(table, room, least)
        if shrunk is not None:
            return shrunk, gone
        if table.least:
            gone.append(table.header[table.least[0]])
            table = table.without(table.least[0])
        elif least == _NAMES:
            least = _FEWEST
        else:
            return None, gone


def _shrunk(table: TextTable, room: int, least: int) -> TextTable | None:
    """The table with names cut until it fits."""
    widths = table.widths()
    over = sum(widths) + _GAP * (len(widths) - 1) - room
    floors = [
        max([least, *(wide(cell) for cell in column if any(map(str.isdecimal, cell)))])
        for column in zip(table.header, *table.rows, strict=True)
    ]
    while over > 0:
        cut_columns = range(table.names * table.cuts_names)
        spares = [(widths[at] - floors[at], at) for at in cut_columns]
        spare, index = max(spares, default=(0, 0))
        if spare <= 0:
            return None
        widths[index] -= 1
        over -= 1
    rows = [[cut(cell, width) for cell, width in zip(row, widths, strict=True)]
            for row in [table.header, *table.rows]]  # fmt: skip
    names, short = ({tuple(row[: table.names]) for row in each} for each in (table.rows, rows[1:]))
    if len(short) < len(names):  # cut to the same
        return None
    return replace(table, header=rows[0], rows=rows[1:])


def _grid(table: TextTable, styles: Sequence[str]) -> list[Line]:
    widths, gap = table.widths(), " " * _GAP
    looks = [*styles, *("" for _ in widths[len(styles) :])]
    lines = []
    for row in [table.header, *table.rows]:
        is_header = row is table.header
        pieces = [(" " * _INDENT, "")] if table.title else []
        for index, (cell, width) in enumerate(zip(row, widths, strict=True)):
            right = table.aligned_right(index)
            text = " " * (width - wide(cell)) + cell if right else padded(cell, width)
            pieces.append((text, "dim" if is_header else looks[index]))
            pieces.append((gap, ""))
        lines.append(Line(tuple(pieces)))
    return lines if any(table.header) else lines[1:]


def _paragraphs(table: TextTable, width: int) -> list[Line]:
    """A paragraph a row: its names, then each number behind what it is."""
    lines: list[Line] = []
    for row in table.rows:
        parts = [
            f"{name} {cell}" if name and index >= table.names else cell.strip()
            for index, (name, cell) in enumerate(zip(table.header, row, strict=True))
            if cell.strip()
        ]
        first = " " * _INDENT * bool(table.title)
        lines += joined(parts, width, first=first, rest=first + " " * _INDENT)
    return lines
