"""The objects of a JSON file: one a line, or the entries of one array, never held as a whole."""

from __future__ import annotations

import codecs
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from typing import IO, Any, NamedTuple, NoReturn, cast

from unsurprised.errors import InputError, Place
from unsurprised.sources.limits import LINE, NESTING
from unsurprised.sources.standard_input import is_kept, name_of
from unsurprised.sources.text import opened_text

Record = dict[str, Any]

_BOM = b"\xef\xbb\xbf"
_CHUNK = 1 << 20
_VALUE = json.JSONDecoder().raw_decode

#: A file is read as a whole only to say what is wrong with it, and up to this size.
_MOST_WHOLE = 1 << 26


class Written(NamedTuple):
    """An object of a file: its number, from 0, and how it is written there."""

    number: int
    record: Record
    text: str


def records_of(file: str) -> Iterator[Written]:
    """The objects of a file, one after the other."""
    with opened_records(file) as (stream, is_array):
        yield from _Array(file, stream).records() if is_array else lines_of(file, stream)


@contextmanager
def opened_records(file: str) -> Iterator[tuple[io.BufferedReader, bool]]:
    """A file's bytes, and whether they are one array; else they are objects, one a line."""
    with opened_text(file) as opened:
        stream = io.BufferedReader(opened, _CHUNK)
        head = stream.peek(_CHUNK)
        if head.startswith(_BOM):
            stream.read(len(_BOM))
            head = head.removeprefix(_BOM)
        inner = head.lstrip()
        yield stream, inner[:1] == b"[" and inner[1:].lstrip()[:1] in (b"{", b"]")


def lines_of(file: str, stream: IO[bytes], number: int = 0) -> Iterator[Written]:
    """The objects of lines, of which the first is number ``number`` of the file."""
    while line := stream.readline(LINE.most + 1):
        if len(line) > LINE.most:
            raise LINE.exceeded("a longer line", Place(file, number))
        if not line.isspace():
            text = _text(line, Place(file, number))
            yield Written(number, _record(text, Place(file, number)), text)
            number += 1


def _text(line: bytes, place: Place) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise _not_text(place) from None


def _record(line: str, place: Place) -> Record:
    try:
        record = _PARSER.decode(line)
    except json.JSONDecodeError as error:
        unfinished = place.row == 0 and error.pos >= len(line.rstrip())
        if unfinished:
            refuse_columns(place.file or "", _whole(place.file or ""))
        raise InputError(
            f"found no complete JSON ({error.msg.removesuffix(' at')} at character {error.pos})",
            expected="one JSON object a line",
            remedy="objects over several lines are read within one array, […]"
            if unfinished
            else None,
            place=place,
        ) from None
    except InputError as error:
        raise error.located(file=place.file, row=cast("int", place.row)) from None
    except RecursionError:
        raise NESTING.exceeded("more levels", place) from None
    except ValueError as error:
        raise InputError(f"found JSON that cannot be read ({error})", place=place) from None
    if not isinstance(record, dict):
        raise InputError(f"found {short(record)}", expected="one JSON object a line", place=place)
    return record


def _distinct(pairs: list[tuple[str, Any]]) -> Record:
    """An object by its keys; one that is there twice would hide a value."""
    record = dict(pairs)
    if len(record) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise InputError(
            f"found the key {twice!r} twice in one object",
            expected="each once",
            remedy="write the row anew: of two values nothing tells which counts",
        )
    return record


_PARSER = json.JSONDecoder(object_pairs_hook=_distinct)


def _whole(file: str) -> Record:
    """The one object of a file that is not large; empty if it holds anything else."""
    with opened_text(file) as stream:
        text = stream.read(_MOST_WHOLE)
    try:
        found = json.loads(text)
    except (RecursionError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class _Array:
    """An array of objects, decoded one after the other from a buffer that grows by need."""

    def __init__(self, file: str, stream: io.BufferedReader) -> None:
        self._file, self._stream = file, stream
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._parse = _PARSER.raw_decode
        self._text, self._at, self._ended = "", 0, False
        self._number = 0

    def records(self) -> Iterator[Written]:
        """The objects, one after the other."""
        self._take("[")
        if self._sign() != "]":
            while True:
                yield Written(self._number, *self._object())
                self._number += 1
                if self._sign() != ",":
                    break
                self._take(",")
        self._take("]")
        if self._sign():
            self._refuse("text after the array")

    def _object(self) -> tuple[Record, str]:
        """The next object and its text."""
        self._sign()
        while True:
            try:
                found, end = self._parse(self._text, self._at)
            except json.JSONDecodeError as error:
                # Whether an error that is not at the end would go away with more text: never,
                # but for strings, which are reported where they begin.
                cut = error.msg.startswith("Unterminated") or error.pos >= len(self._text) - 16
                if self._ended or not cut:
                    self._refuse(error.msg)
                if len(self._text) - self._at > LINE.most:
                    raise LINE.exceeded("a longer object", self._place) from None
                self._read()
                continue
            except InputError as error:
                raise error.located(file=self._file, row=self._number) from None
            except RecursionError:
                raise NESTING.exceeded("more levels", self._place) from None
            except ValueError as error:
                self._refuse(str(error))
            if not isinstance(found, dict):
                self._refuse(short(found))
            if end - self._at > LINE.most:
                raise LINE.exceeded("a longer object", self._place)
            text, self._at = self._text[self._at : end], end
            return found, text

    def _sign(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            text, at = self._text, self._at
            while at < len(text) and text[at] in " \t\r\n":
                at += 1
            self._at = at
            if at < len(text) or self._ended:
                return text[at : at + 1]
            self._read()

    def _take(self, sign: str) -> None:
        if self._sign() != sign:
            self._refuse(f"{self._sign()!r} instead of {sign!r}" if self._sign() else "the end")
        self._at += 1

    def _read(self) -> None:
        """More text: at least as much as is there, so that a long object is not parsed often."""
        data = self._stream.read(max(_CHUNK, len(self._text) - self._at))
        self._ended = not data
        try:
            more = self._decode(data, final=self._ended)
        except UnicodeDecodeError:
            raise _not_text(self._place) from None
        self._text, self._at = self._text[self._at :] + more, 0

    def _refuse(self, found: str) -> NoReturn:
        raise InputError(
            f"found no complete JSON ({found})",
            expected="one array of objects",
            place=self._place,
        ) from None

    @property
    def _place(self) -> Place:
        return Place(self._file, self._number)


def members_of(text: str) -> Iterator[tuple[str, int, int]]:
    """The keys of an object's text, and where the value of each begins and ends.

    Examples
    --------
    >>> list(members_of('{"a": 1.0, "b": [2]}'))
    [('a', 6, 9), ('b', 16, 19)]
    """
    at = _after_space(text, text.index("{") + 1)
    while text[at] != "}":
        name, at = _VALUE(text, at)
        start = _after_space(text, _after_space(text, at) + 1)
        _, end = _VALUE(text, start)
        yield name, start, end
        at = _after_space(text, end)
        if text[at] == ",":
            at = _after_space(text, at + 1)


def _after_space(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


def refuse_columns(file: str, record: Mapping[str, Any]) -> None:
    """Refuse a file whose only object holds the columns instead of a row."""
    call = _read_by_pandas(file, record)
    if call is not None:
        raise InputError(
            "found one object that holds columns",
            expected="one object a row",
            remedy=f'write it anew: python -c "import json, pandas; {call}'
            ".to_json('rows.jsonl', orient='records', lines=True)\"",
            place=Place(file),
        )


def _read_by_pandas(file: str, record: Mapping[str, Any]) -> str | None:
    values = list(record.values())
    file = "rows.json" if is_kept(file) else file
    for orient, keys in (("split", {"columns", "data"}), ("table", {"schema", "data"})):
        if keys <= record.keys():
            return f"pandas.read_json({file!r}, orient={orient!r})"
    if len(values) < 2:
        return None
    if all(isinstance(value, dict) for value in values):
        return f"pandas.read_json({file!r})"
    if not all(isinstance(value, list) for value in values) or len(set(map(len, values))) != 1:
        return None
    # A row may have two lists, its truth and its prediction; of numbers, and of nothing else.
    numbers = all(type(entry) in (int, float) for value in values for entry in value)
    lines = ".json" not in [suffix.lower() for suffix in PurePath(name_of(file)).suffixes]
    return None if numbers and lines else f"pandas.DataFrame(json.load(open({file!r})))"


def _not_text(place: Place) -> InputError:
    return InputError("found bytes that are not UTF-8 text", place=place)


def short(value: Any) -> str:
    """A value as JSON, for a message."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
