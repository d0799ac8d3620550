"""Plain rows of text are read by a kernel: the same values or the same error as otherwise."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised.errors import UnsurprisedError
from unsurprised.sources import Options, open_predictions, text_rows
from unsurprised.sources.text_rows import TextRows, csv_rows, json_rows

NAMES = ("label", "p_a", "p_b", "note")
TYPES = {"label": pa.int64(), "p_a": pa.float64(), "p_b": pa.float64()}


@contextmanager
def carefully() -> Iterator[None]:
    """Without the kernel."""
    patch = pytest.MonkeyPatch()
    patch.setattr(TextRows, "rows", lambda self, _: text_rows.PlainRows(self._nothing, 0))
    with patch.context():
        yield
    patch.undo()


def told(path: Path, **options: Any) -> tuple[Any, ...]:
    """All that a file holds, or the error."""
    try:
        reading = open_predictions(path, Options(**options))
        rows = []
        for split in reading.plan():
            for batch in reading.batches(split):
                model = None if batch.model is None else batch.model.array.values.tobytes()
                truth = None if batch.truth is None else batch.truth.array.values.tobytes()
                ids = None if batch.ids.values is None else pa.array(batch.ids.values).to_pylist()
                rows.append((batch.first_row, batch.size, batch.skipped, model, truth, ids))
        state = us.evaluate(path, ledger=False, **options).to_json()
    except UnsurprisedError as error:
        return type(error), str(error), getattr(error, "place", None)
    sizes = sum(row[1] for row in rows), sum(row[2] for row in rows)
    parts = [b"".join(row[at] or b"" for row in rows) for at in (3, 4)]
    return (*sizes, *parts, [name for row in rows for name in row[5] or ()], state)


def alike(path: Path, text: bytes, **options: Any) -> None:
    """By the kernel and without it, a file tells the same.

    But where Arrow does not give the rows before one that it refuses, and the kernel has found one
    among them that is wrong.
    """
    path.write_bytes(text)
    plainly = told(path, **options)
    with carefully():
        otherwise = told(path, **options)
    if path.suffix == ".csv" and len(plainly) == len(otherwise) == 3:
        rows = [error[2] and error[2].row for error in (plainly, otherwise)]
        if None not in rows and rows[0] < rows[1]:
            return
    assert plainly == otherwise


def is_plain(text: str, names: Any = NAMES, types: Any = TYPES) -> list[dict[str, Any]] | None:
    """The rows of JSON lines, if the kernel reads all of them."""
    reader = json_rows(names, types)
    assert reader is not None
    block = bytearray(text.encode())
    rows = reader.rows(block)
    return rows.batch.to_pylist() if rows.consumed == len(block) else None


ROW = '{"label": 1, "p_a": 0.25, "p_b": 0.75, "note": null}'


@pytest.mark.parametrize(
    "line",
    [
        ROW,
        ROW.replace(" ", ""),
        ROW.replace(" ", " \t ") + " \r",
        '{"p_b": 0.75, "note": {"x": [1, {"y": "\\u00e9"}], "z": true}, "p_a": 2.5E-1, "label": 1}',
        '{"p_b": 0.75, "p_a": 0.25, "label": 1}',
        "\n \r\n" + ROW + "\n\n",
    ],
)
def test_plain_json(line: str) -> None:
    for text in (line, line + "\n", line + "\n" + line):
        rows = is_plain(text)
        assert rows == [{"label": 1, "p_a": 0.25, "p_b": 0.75}] * len(rows or ())
        assert rows


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "[]",
        "null",
        ROW[:-1],
        ROW + ROW,
        ROW + ",",
        ROW.replace("}", ",}"),
        ROW.replace("0.25", "null"),
        ROW.replace("0.25", "NaN"),
        ROW.replace("0.25", "-Infinity"),
        ROW.replace("0.25", "1e400"),
        ROW.replace("0.25", "1e-400"),
        ROW.replace("0.25", "00.25"),
        ROW.replace("0.25", "-00.25"),
        ROW.replace("0.25", ".25"),
        ROW.replace("0.25", "+0.25"),
        ROW.replace("0.25", "0."),
        ROW.replace("0.25", "0.25e"),
        ROW.replace("0.25", "0x1p-2"),
        ROW.replace("0.25", "true"),
        ROW.replace("0.25", '"0.25"'),
        ROW.replace("0.25", "9007199254740993"),
        ROW.replace(": 1,", ": 1.0,"),
        ROW.replace(": 1,", ": 01,"),
        ROW.replace(": 1,", ": 9223372036854775808,"),
        ROW.replace('"p_a"', '"p_c"'),
        ROW.replace('"p_a"', '"p_\\u0061"'),
        ROW.replace('"p_b"', '"p_a"'),
        ROW.replace('"note"', '"p_a"'),
        ROW.replace("null", "nul"),
        ROW.replace("null", "Infinity"),
        ROW.replace("null", '{"x": 1, "x": 2}'),
        ROW.replace("null", '"\\x"'),
        ROW.replace("null", '"\\u12"'),
        ROW.replace("null", '"\t"'),
        ROW.replace("null", '"\0"'),
        ROW.replace("null", "[1,]"),
        ROW.replace("null", "[1"),
        ROW.replace("null", "[" * 1000 + "]" * 1000),
        ROW.replace("null", "1" * 5000),
        ROW.replace("null", "-"),
        ROW.replace(", ", ",\n"),
        "\f" + ROW,
    ],
)
def test_what_is_left_to_the_reader_of_json(line: str) -> None:
    """And the rows before it are read."""
    reader = json_rows(NAMES, TYPES)
    assert reader is not None
    before = (ROW + "\n") * 3
    rows = reader.rows(bytearray((before + line + "\n" + ROW).encode()))
    assert (rows.batch.num_rows, rows.consumed) == (3, len(before))


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb"])
def test_keys_that_json_escapes(name: str) -> None:
    assert json_rows([name, "p"], {"p": pa.float64()}) is None


def test_bytes_that_are_no_text() -> None:
    reader = json_rows(NAMES, TYPES)
    assert reader is not None
    text = ROW.replace("null", '"é"')
    assert reader.rows(bytearray(text, "utf-8")).batch.num_rows == 1
    assert reader.rows(bytearray(text, "latin-1")).batch.num_rows == 0


def test_every_type() -> None:
    types = {
        "t": pa.string(),
        "b": pa.bool_(),
        "l": pa.list_(pa.float64()),
        "k": pa.list_(pa.int64()),
        "m": pa.struct([("x", pa.float64()), ("y", pa.float64())]),
    }
    rows = [
        {"t": "é", "b": True, "l": [0.5, 1.0], "k": [1, 2, 3], "m": {"x": 0.5, "y": 1.0}},
        {"t": "", "b": False, "l": [], "k": [], "m": {"x": -0.0, "y": 0.0}},
    ]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    found = is_plain(text, list(types), types)
    assert found == rows
    assert math.copysign(1, found[1]["m"]["x"]) == -1


HARD = [
    "0.1",
    "-0.0",
    "1e23",
    "8.41e21",
    "9007199254740993.0",
    "5e-324",
    "2.4703282292062327208e-324",
    "2.2250738585072011e-308",
    "1.7976931348623157e308",
    "0.500000000000000166533453693773481063544750213623046875",
    "0.50000000000000016653345369377348106354475021362304687500000000000000000000000000000000001",
    "179769313486231580793728971405301e276",
    "123456789012345678901234567890.0e-29",
]
floats = st.one_of(
    st.sampled_from(HARD),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.from_regex(r"-?(0|[1-9][0-9]{0,25})\.[0-9]{1,30}([eE][-+]?[0-9]{1,3})?", fullmatch=True),
)


@given(number=floats)
def test_floats_are_those_of_python(number: str) -> None:
    """To the bit, or left to the reader."""
    found = is_plain(f'{{"x": {number}}}', ["x"], {"x": pa.float64()})
    if found is not None:
        assert struct.pack("d", found[0]["x"]) == struct.pack("d", float(json.loads(number)))
    cells = csv_rows(["x", "y"], {"x": pa.float64()}, ",")
    for row in cells.rows(bytearray(f"{number},\n", "utf-8")).batch.to_pylist():
        assert struct.pack("d", row["x"]) == struct.pack("d", float(number))


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([2**53 + 1, -(2**63), 2**63, 10**400, 0.5, -0.0, 1e300, math.inf, math.nan]),
    st.sampled_from(["", "a", "2", "2.0", "é", "\ud800", "\U0001f600", 'a"b', "a\\b", "a\nb"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner),
    max_leaves=4,
)
shares = st.sampled_from([[0.25, 0.75], [1, 0], [0.0, 1.0], [0.5, 0.5], [-0.0, 1]])
dumps = st.sampled_from(
    [
        {},
        {"separators": (",", ":")},
        {"ensure_ascii": False},
        {"indent": 1},
        {"sort_keys": True},
    ]
)
odd = st.sampled_from(
    [
        b"",
        b"\n",
        b" \t\r\n",
        b"\r\n",
        b"\xff",
        b"{",
        b"}",
        b"\x00",
        b"[]\n",
        b"\xef\xbb\xbf",
        b"\f\n",
    ]
)


@st.composite
def lines(draw: st.DrawFn, layout: str) -> bytes:
    """JSON lines that are mostly plain."""
    names = draw(st.sampled_from([(0, 1), ("0", "1"), (0.0, 1.0), ("2", "x"), (False, True)]))
    note = draw(st.sampled_from([None, 1, 0.5, "x", ["x"], {"x": 1}]))
    text = b""
    for _ in range(draw(st.integers(1, 5))):
        probs = draw(shares)
        row: dict[str, Any] = {"label": draw(st.sampled_from(names)), "note": note}
        if layout == "columns":
            row |= dict(zip(("p_0", "p_1"), probs, strict=True))
        else:
            row["probs"] = probs if layout == "list" else dict(zip("01", probs, strict=True))
        if draw(st.integers(0, 9)) == 0:
            row[draw(st.sampled_from([*row, "more"]))] = draw(values)
        if draw(st.integers(0, 9)) == 0:
            del row[draw(st.sampled_from(list(row)))]
        if draw(st.integers(0, 9)) == 0:
            row = dict(draw(st.permutations(list(row.items()))))
        written = json.dumps(row, **draw(dumps)).encode("utf-8", "surrogatepass")
        if draw(st.integers(0, 19)) == 0:
            written = written.replace(b'"note"', b'"label"')
        end = draw(odd) if draw(st.integers(0, 9)) == 0 else b"\n"
        text += written + end
    return text


often = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("layout", ["columns", "list", "map"])
@often
@given(data=st.data())
def test_json_lines_tell_the_same(tmp_path: Path, layout: str, data: st.DataObject) -> None:
    nulls = data.draw(st.sampled_from(["error", "skip"]))
    alike(tmp_path / "a.jsonl", data.draw(lines(layout)), nulls=nulls)


@pytest.mark.parametrize(
    ("column", "first", "second", "said"),
    [
        ("label", '"0"', "false", "found false; expected one type of values; the first 1000 rows"),
        ("p_0", "0.25", "[]", "found []; expected one type of values; the first 1000 rows"),
        ("p_0", "0.25", '"0.25"', 'found "0.25"; expected one type of values'),
        ("p_0", "0.25", "true", "found true; expected one type of values"),
        ("p_0", "0.25", '[["\\ud800"]]', "expected one type of values"),
        ("label", '"0"', '"\\ud800"', "found half of a surrogate pair"),
    ],
)
@pytest.mark.parametrize("batch_rows", [1, 100])
def test_values_of_another_type_are_refused_wherever_they_stand(
    tmp_path: Path, column: str, first: str, second: str, said: str, batch_rows: int
) -> None:
    """One alone would be converted, where beside others it is not."""
    names = {"label": "0", "p_0": "0.25", "p_1": "0.75"}
    rows = [names | {column: value} for value in (first, second)]
    text = "\n".join(
        "{" + ", ".join(f'"{name}": {value}' for name, value in row.items()) + "}" for row in rows
    )
    path = tmp_path / "a.jsonl"
    path.write_text(text + "\n")
    with pytest.raises(us.InputError) as raised:
        us.evaluate(path, classes=["0", "1"], batch_rows=batch_rows)
    assert raised.value.place.row == 1 and raised.value.place.column == column
    assert said in str(raised.value)


@pytest.mark.parametrize("batch_rows", [1, 2000])
def test_a_boolean_within_a_map_of_numbers_is_none(tmp_path: Path, batch_rows: int) -> None:
    path = tmp_path / "a.jsonl"
    rows = ['{"a": 0.25, "b": 0.75}'] * 1000 + ['{"a": false, "b": true}']  # beyond the sample
    path.write_text("".join(f'{{"label": "a", "probs": {row}}}\n' for row in rows))
    with pytest.raises(us.InputError, match=r"row 1000, column 'probs': found \{\"a\": false"):
        us.evaluate(path, batch_rows=batch_rows)


cell = st.sampled_from(
    ["0.5", "1", "0", "-0", "1e-3", ".5", "1.", "0.5 ", "", "NA", "nan", "inf", "00.5", "+1", "x",
     '"0.5"', '"a"', '"a,b"', '"a""b"', '"a\nb"', 'a"b', '"a"b', "'", "1e400", "1e-400", "é", "007",
     "9007199254740993", "1234567890123456789012"]
)  # fmt: skip
line_end = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", "\r", "\n \n"])


@st.composite
def cells(draw: st.DrawFn) -> str:
    """CSV that is mostly plain."""
    quote = draw(st.sampled_from(["", '"']))
    names = draw(st.sampled_from([("0", "1"), ("x", "0"), ("true", "false"), ("1.0", "0.0")]))
    text = draw(st.sampled_from(["", "", "\n", "\r\n"]))
    text += draw(st.sampled_from(["label,p_0,p_1,note", '"label","p_0","p_1","note"']))
    text += draw(st.sampled_from(["\n", "\n", "\r\n"]))
    for _ in range(draw(st.integers(1, 5))):
        label = f"{quote}{draw(st.sampled_from(names))}{quote}"
        row = [label, *map(str, draw(shares)), draw(st.sampled_from(["x", '"x"', "1", ""]))]
        if draw(st.integers(0, 7)) == 0:
            row[draw(st.integers(0, 3))] = draw(cell)
        if draw(st.integers(0, 19)) == 0:
            row = row[: draw(st.integers(0, 4))] or [*row, "y"]
        text += ",".join(row) + draw(line_end)
    return text if draw(st.booleans()) else text.rstrip("\r\n")


@often
@given(text=cells(), nulls=st.sampled_from(["error", "skip"]))
@example("label,p_0,p_1,note\n0,0.5,0.5,x\n0,0.5", "error")
@example('label,p_0,p_1,note\n0,0.5,0.5,"x', "error")
@example("label,p_0,p_1,note\n0,0.5,0.5,x\n1,0.5,q,x", "error")
@example("label,p_0,p_1,note\n0,0,1,x\n1234567890123456789012,0,1,", "error")
def test_csv_tells_the_same(tmp_path: Path, text: str, nulls: str) -> None:
    alike(tmp_path / "a.csv", text.encode(), nulls=nulls)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_blocks(tmp_path: Path, name: str, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a file is cut, and wherever a row is not plain, it tells the same."""
    for size in ("_FIRST", "_USUAL", "_MOST"):
        monkeypatch.setattr(text_rows, size, 100)
    random = np.random.default_rng(0)
    written = []
    for row in range(200):
        share = random.random()
        label = int(random.random() < share)
        one: dict[str, Any] = {"label": label, "p_0": 1 - share, "p_1": share, "note": "x" * row}
        written.append(one)
    if name.endswith("jsonl"):
        texts = [json.dumps(one) for one in written]
        oddly = json.dumps(written[150] | {"more": 1})
        before = ""
    else:
        texts = [",".join(map(str, one.values())) for one in written]
        oddly = texts[150] + ' "x"'
        before = "label,p_0,p_1,note\n"
    us.set_num_threads(threads)
    try:
        alike(tmp_path / name, (before + "\n".join(texts)).encode())
        texts[150] = oddly
        alike(tmp_path / name, (before + "\n".join(texts) + "\n").encode())
        texts[180] = texts[180].replace(str(written[180]["p_0"]), "2.5")
        alike(tmp_path / name, (before + "\n".join(texts) + "\n").encode())
        texts[120] = "?"
        alike(tmp_path / name, (before + "\n".join(texts) + "\n").encode())
    finally:
        us.set_num_threads(None)
