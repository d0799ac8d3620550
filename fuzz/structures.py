"""Changes of what bytes mean: JSON trees, cells, members of archives, headers of arrays."""

from __future__ import annotations

import ast
import csv
import io
import json
import struct
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

from fuzz import mutations
from fuzz.case import Mutation

#: What may stand anywhere in a tree.
_VALUES: Sequence[Any] = (
    *(None, True, False, 0, 1, -1, 2, 0.5, 1e-320, 1e308, -1e308, 2**31, 2**53 + 1, 2**63, 2**64),
    *(10**30, -(2**63), "", "a", "0", "1", "nan", "inf", "-inf", "é", "\ud800", "\0", "a" * 300),
    *([], {}, [1, 0], [0.5, 0.5], [[0.5, 0.5]], [None], {"a": 1}, {"a": 0.5, "b": 0.5}),
    *(float("nan"), float("inf"), ["a", "b"], [0] * 50, 10**300, 5e-324),
)


def json_tree(random: Random, data: bytes, other: bytes) -> bytes:
    """A document of JSON, or one line of many, with some node changed."""
    lines = data.split(b"\n")
    at = random.randrange(len(lines))
    whole = _loaded(data)
    found = _loaded(lines[at]) if whole is None else whole
    if found is None:
        return mutations.flipped(random, data, other)
    text = _dumped(random, _changed(random, found))
    if whole is not None:
        return text
    lines[at] = text
    return b"\n".join(lines)


def _loaded(data: bytes) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(data)
    return None


def _dumped(random: Random, value: Any) -> bytes:
    with suppress(RecursionError):
        text = json.dumps(value, ensure_ascii=random.random() < 0.5)
        if random.random() < 0.1 and ":" in text:  # a key that stands there twice
            begin = text.index('"')
            pair = text[begin : text.index(":", begin)] + ": 1, "
            text = text[:begin] + pair + text[begin:]
        return text.encode(errors="surrogatepass")
    return b"{}"


def _changed(random: Random, value: Any, depth: int = 0) -> Any:
    """The tree with a node changed; each level is as likely as the one below."""
    if isinstance(value, dict | list) and value and random.random() < 0.75 and depth < 50:
        copy: Any = dict(value) if isinstance(value, dict) else list(value)
        key = random.choice(list(copy) if isinstance(copy, dict) else range(len(copy)))
        what = random.random()
        if what < 0.6:
            copy[key] = _changed(random, copy[key], depth + 1)
        elif what < 0.7:
            del copy[key]
        elif what < 0.85 and isinstance(copy, dict):
            copy[random.choice(("a", "", "label", "probs", "__proto__", "é", key + "x"))] = copy[
                key
            ]
        elif isinstance(copy, list):
            copy.insert(key, random.choice((copy[key], random.choice(_VALUES))))
        else:
            copy[key] = random.choice(_VALUES)
        return copy
    what = random.random()
    if what < 0.1:
        return [value]
    if what < 0.15:
        return {"a": value}
    if what < 0.3 and isinstance(value, int | float) and abs(value) < 10**18:
        return random.choice((-value, value * 2, value + 1, str(value), value / 3))
    if what < 0.17 and isinstance(value, str):
        return value * 2
    return random.choice(_VALUES)


CELLS = (
    *mutations.NUMBERS,
    *("", " ", "null", "NA", "None", "true", "FALSE", "a", "b", "cat", "é", "\0", '"', "a b"),
    *("[0.5, 0.5]", "[]", "[1, null]", "{'a': 1}", '{"a": 0.5}', "1;0", "\ufeff", "x" * 500),
    *("2020-01-01", "=1+1", "[[1]]", "0.3 0.7", "nan nan", "\n", ",", "\t", "#", "-"),
)


def csv_cells(random: Random, data: bytes, other: bytes) -> bytes:
    """A table of text with some cell, row or column changed."""
    text = data.decode("utf-8", errors="surrogateescape")
    delimiter = "\t" if "\t" in text else ","
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        return mutations.flipped(random, data, other)
    rows = [row for row in rows if row] or [["label"]]
    _change_rows(random, rows)
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=delimiter,
        lineterminator=random.choice(("\n", "\n", "\r\n", "\r")),
        quoting=random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    )
    with suppress(csv.Error):
        writer.writerows(rows)
    return out.getvalue().encode("utf-8", errors="surrogateescape")


def _change_rows(random: Random, rows: list[list[str]]) -> None:
    at, what = random.randrange(len(rows)), random.random()
    row = rows[at]
    place = random.randrange(len(row))
    if what < 0.6:
        row[place] = random.choice(CELLS)
    elif what < 0.7:
        for line in rows:  # a column that stands there twice
            line.insert(place, line[min(place, len(line) - 1)] if line else "")
    elif what < 0.75:
        for line in rows:
            del line[place : place + 1]
    elif what < 0.85:
        rows.insert(at, list(row))
    elif what < 0.9 and len(rows) > 1:
        del rows[at]
    elif what < 0.95:
        rows[0][place % len(rows[0])] = random.choice(
            ("label", "probs", "p_", "p_0", "logits", "weight", "id", "", "p_a", "y_true", "pred")
        )
    else:
        rows.extend([row] * random.choice((10, 1100)))


_DESCRS = (
    *("'<f8'", "'<f4'", "'<f2'", "'>f8'", "'<i8'", "'|i1'", "'|u1'", "'|b1'", "'<U3'", "'|S3'"),
    *("'|O'", "'<c16'", "'<M8[s]'", "'<m8[ns]'", "'|V4'", "'<f16'", "[('label', '<i8')]", "[]"),
    *(
        "[('label', '<i8'), ('probs', '<f8', (2,))]",
        "'<U0'",
        "'|S0'",
        "'f8'",
        "''",
        "None",
        "'|V0'",
    ),
    *("[('a', [('b', '<f8')])]", "[('label', '<i8'), ('label', '<f8')]", "'<U1000000000'", "{}"),
)


def npy_header(random: Random, data: bytes, other: bytes) -> bytes:
    """An array whose header says something else, as long as it says that it is."""
    if len(data) < 12 or not data.startswith(b"\x93NUMPY"):
        return mutations.flipped(random, data, other)
    length = struct.unpack("<H", data[8:10])[0]
    text, rest = data[10 : 10 + length].decode("latin1"), data[10 + length :]
    try:
        said: dict[str, Any] = dict(ast.literal_eval(text.strip()))
        parts = {key: repr(value) for key, value in said.items()}
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return mutations.flipped(random, data, other)
    key = random.choice(("descr", "shape", "fortran_order", "text"))
    if key == "descr":
        parts[key] = random.choice(_DESCRS)
    elif key == "shape":
        sizes = [random.choice((0, 1, 2, 3, 5, -1, 2**31, 2**62, 2**63, 10**30)) for _ in "12"]
        parts[key] = random.choice(
            (f"({sizes[0]},)", f"({sizes[0]}, {sizes[1]})", "()", "(1.5,)", "None", "(True,)")
        )
    elif key == "fortran_order":
        parts[key] = random.choice(("True", "False", "1", "None"))
    text = "{" + ", ".join(f"{key!r}: {value}" for key, value in parts.items()) + "}"
    header = text.encode("latin1", errors="replace")
    if random.random() < 0.3:
        header = random.choice(mutations.TEXT)(random, header, b"")
    header = header[:60000] + b" " * (-(len(header) + 11) % 64) + b"\n"
    return data[:8] + struct.pack("<H", len(header) & 0xFFFF) + header + rest


def zip_members(inner: Sequence[Mutation]) -> Mutation:
    """The mutation of an archive's members; checksums are right afterwards."""

    def changed(random: Random, data: bytes, other: bytes) -> bytes:
        members = _members(data)
        if not members:
            return mutations.flipped(random, data, other)
        at, what = random.randrange(len(members)), random.random()
        name, content = members[at]
        if what < 0.7:
            members[at] = name, random.choice(inner)(random, content, content)
        elif what < 0.8:
            names = (
                "probs.npy",
                "label.npy",
                "classes.npy",
                "../x.npy",
                "a/b.npy",
                "x",
                ".npy",
                "",
            )
            members[at] = random.choice((*names, name.upper(), "é.npy")), content
        elif what < 0.85:
            del members[at]
        elif what < 0.92:
            members.insert(at, (name, members[random.randrange(len(members))][1]))
        else:
            members += _members(other)
        return _zipped(random, members)

    return changed


def _members(data: bytes) -> list[tuple[str, bytes]]:
    with suppress(Exception), zipfile.ZipFile(io.BytesIO(data)) as archive:
        small = [one for one in archive.infolist() if one.file_size < 1 << 18]
        return [(one.filename, archive.read(one)) for one in small]
    return []


def _zipped(random: Random, members: list[tuple[str, bytes]]) -> bytes:
    import warnings

    out = io.BytesIO()
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")  # a name that stands there twice
        for name, content in members:
            one = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            archive.writestr(one, content, compress_type=random.choice(kinds))
    return out.getvalue()
