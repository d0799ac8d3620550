"""JSON lines in: every key of every line out again, or an error; as lines, as tables, as arrays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from read_back import json_of

import unsurprised as us
from unsurprised.calibration.apply import apply_reading
from unsurprised.calibrators import TemperatureScaling
from unsurprised.cli import FINE, WRONG, run
from unsurprised.errors import InputError
from unsurprised.sources import Options, open_predictions

ROWS = np.array([[0.5, 0.2, 0.3], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.2, 0.6, 0.2]])


def calibrator(names: list[str] | None = None) -> TemperatureScaling:
    return TemperatureScaling().fit(ROWS, [0, 1, 2, 0], classes=names)


def applied(source: Any, out: Path, names: list[str] | None = None, **said: Any) -> Path:
    reading = open_predictions(source, Options(labelled=False, **said))
    apply_reading(calibrator(names), reading, out, out.name)
    return out


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


#: What no parser of Python's gives back as it was.
MEMBERS = [
    '"big": 123456789012345678901234567890',
    '"a": 1.0, "b": 1, "c": 1.10, "d": 1E5, "e": -0.0',
    '"huge": 1e400, "tiny": 1e-400',
    '"n": NaN, "i": -Infinity',
    '"nested": {"x": [1, {"y": null}], "probs": [9]}',
    r'"half": "\ud83d", "é": "\u00e9\u2028", "\u0041": 1',
    '"empty": {}, "none": null, "list": []',
    '"meta" :{ "spaced" : [ 1 ,2 ] }  ',
    "",
]


@pytest.mark.parametrize("array", [False, True])
def test_records_keep_their_text(tmp_path: Path, array: bool) -> None:
    probs = '"probs": [0.5, 0.2, 0.3]'
    texts = [f"{{{m}, {probs}}}" if m else f"{{{probs}}}" for m in MEMBERS]
    texts += [f"{{{probs}, {m}}}" if m else f"{{ {probs} }}" for m in MEMBERS]
    source = tmp_path / "in.jsonl"
    pretty = "[\n" + ",\n".join(text.replace(", ", ",\n  ") for text in texts) + "\n]"
    source.write_text(pretty if array else "\n".join(texts), encoding="utf-8")
    written = lines(applied(source, tmp_path / "out.jsonl"))
    new = json.dumps(calibrator().transform(ROWS[:1])[0].tolist())
    wanted = [text.replace("[0.5, 0.2, 0.3]", new) for text in texts]
    if array:
        written = [line.replace(",   ", ", ") for line in written]
    assert written == [text.strip() for text in wanted]


def test_a_key_that_comes_late_is_kept(tmp_path: Path) -> None:
    rows = ['{"label":0,"probs":[0.5,0.2,0.3]}'] * 1001
    rows.append('{"label":0,"probs":[0.5,0.2,0.3],"new":3}')
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(rows))
    written = list(map(json.loads, lines(applied(source, tmp_path / "out.jsonl"))))
    assert [row.get("new") for row in written] == [None] * 1001 + [3]
    assert "new" not in written[0]
    for suffix in (".parquet", ".arrow", ".csv"):
        out = applied(source, tmp_path / f"out{suffix}")
        assert us.evaluate(out).rows == 1002
        if suffix == ".parquet":
            assert pq.read_table(out)["new"].to_pylist() == [None] * 1001 + [3]


#: Values of a key, and the type that Parquet holds them by; None: as JSON.
VALUES: dict[str, tuple[list[Any], pa.DataType | None]] = {
    "integers": ([1, None, -(2**63)], pa.int64()),
    "large integers": ([1, 2**64 - 1], pa.uint64()),
    "larger integers": ([1, 2**64], None),
    "numbers": ([1, 2.5], pa.float64()),
    "numbers that no float holds": ([2**53 + 1, 2.5], None),
    "text": (["007", "", "é"], pa.string()),
    "booleans": ([True, None, False], pa.bool_()),
    "mixed": ([1, "1", True], None),
    "nothing": ([None], pa.null()),
    "lists": ([[1, 2], []], pa.list_(pa.int64())),
    "lists of numbers": ([[1], [0.5]], pa.list_(pa.float64())),
    "mixed lists": ([[1], ["a"]], None),
    "objects": ([{"a": 1}, {"a": None}], pa.struct([("a", pa.int64())])),
    "objects of nothing": ([{}], None),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_get_the_type_that_holds_all_of_them(name: str, tmp_path: Path) -> None:
    values, kind = VALUES[name]
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(json.dumps({"x": v, "probs": [0.5, 0.2, 0.3]}) for v in values))
    table = pq.read_table(applied(source, tmp_path / "out.parquet"))
    assert table.schema.field("x").type == (pa.string() if kind is None else kind)
    found = table["x"].to_pylist()
    assert (list(map(json.loads, found)) if kind is None else found) == values
    again = applied(tmp_path / "out.parquet", tmp_path / "again.jsonl")
    assert [json.loads(line)["x"] for line in lines(again)] == values


def test_labels_of_all_kinds_are_read_again(tmp_path: Path) -> None:
    layouts = {
        "names": (["a", "b", "c", "a"], dict),
        "integers": ([0, 1, 2, 0], list),
        "shares": (ROWS.tolist(), list),
    }
    for name, (labels, kind) in layouts.items():
        source = tmp_path / f"{name}.jsonl"
        probs = [
            dict(zip("abc", row, strict=True)) if kind is dict else row for row in ROWS.tolist()
        ]
        source.write_text(
            "\n".join(
                json.dumps({"label": y, "probs": p}) for y, p in zip(labels, probs, strict=True)
            )
        )
        classes = list("abc") if kind is dict else None
        right = us.evaluate(applied(source, tmp_path / f"{name}.out.jsonl", classes))
        for suffix in (".parquet", ".arrow", ".csv", ".tsv"):
            found = us.evaluate(applied(source, tmp_path / f"{name}{suffix}", classes))
            assert found.cross_entropy.value == pytest.approx(right.cross_entropy.value, rel=1e-14)


@pytest.mark.parametrize("pred", ["map", "pairs", "columns", "number", "logits"])
def test_layouts_keep_their_shape(pred: str, tmp_path: Path) -> None:
    names = list("abc") if pred != "number" else None
    rows = ROWS if pred != "number" else ROWS[:, :2] / ROWS[:, :2].sum(axis=1, keepdims=True)
    record = {
        "map": lambda row: {"probs": dict(zip("abc", row, strict=True))},
        "pairs": lambda row: {
            "probs": [{"label": k, "score": v} for k, v in zip("abc", row, strict=True)]
        },
        "columns": lambda row: {f"p_{k}": v for k, v in zip("abc", row, strict=True)},
        "number": lambda row: {"prob": row[1]},
        "logits": lambda row: {"logits": np.log(row).tolist()},
    }[pred]
    before = [{"k": index, **record(row), "z": []} for index, row in enumerate(rows.tolist())]
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(map(json.dumps, before)))
    fitted = TemperatureScaling().fit(
        rows, [0, 1, 1, 0] if pred == "number" else [0, 1, 2, 0],
        classes=names if pred != "logits" else None,
    )  # fmt: skip
    reading = open_predictions(source, Options(labelled=False))
    apply_reading(fitted, reading, tmp_path / "out.jsonl", "out.jsonl")
    after = list(map(json.loads, lines(tmp_path / "out.jsonl")))
    assert [shape(row) for row in after] == [shape(row) for row in before]
    wanted = [record(row) for row in fitted.transform(rows).tolist()]
    for row, new in zip(after, wanted, strict=True):
        assert flat({k: row[k] for k in new}) == pytest.approx(flat(new), rel=1e-13)


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else type(value)


def flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for item in value for number in flat(item)]
    return [] if isinstance(value, str) else [value]


def test_several_files_give_the_keys_of_all(tmp_path: Path) -> None:
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    first.write_text('{"probs": [0.5, 0.2, 0.3], "a": 1}')
    second.write_text('{"probs": [0.5, 0.2, 0.3], "a": 2.5, "b": "x"}')
    table = pq.read_table(applied([first, second], tmp_path / "out.parquet"))
    assert table["a"].to_pylist() == [1, 2.5]
    assert table["b"].to_pylist() == [None, "x"]
    written = list(map(json_of, lines(applied([first, second], tmp_path / "out.jsonl"))))
    assert [list(row) for row in written] == [["probs", "a"], ["probs", "a", "b"]]


def test_folders_names_are_added(tmp_path: Path) -> None:
    source = tmp_path / "day=3" / "in.jsonl"
    source.parent.mkdir()
    source.write_text('{"probs": [0.5, 0.2, 0.3], "a": 1.0}')
    (line,) = lines(applied(source, tmp_path / "out.jsonl"))
    assert line.endswith('"a": 1.0, "day": 3}')


@pytest.mark.parametrize(
    ("member", "words"),
    [(r'"x": "\ud800"', "surrogate"), ('"x": 1e400', "too large for a float")],
)
def test_what_a_table_cannot_hold_names_the_row(member: str, words: str, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    good = '{"probs": [0.5, 0.2, 0.3]}'
    source.write_text(f"{good}\n{good[:-1]}, {member}}}\n")
    with pytest.raises(InputError, match=f"in.jsonl, row 1.*{words}.*jsonl"):
        applied(source, tmp_path / "out.parquet")


def test_the_command_refuses_in_one_line_and_leaves_nothing(tmp_path: Path, capsys: Any) -> None:
    calibrator().save(tmp_path / "c.json")
    column = pa.nulls(4, pa.map_(pa.binary(), pa.int8()))
    pq.write_table(pa.table({"probs": ROWS.tolist(), "t": column}), tmp_path / "in.parquet")
    for suffix, code in ((".csv", WRONG), (".jsonl", WRONG), (".arrow", FINE)):
        out = tmp_path / f"out{suffix}"
        said = ["apply", str(tmp_path / "c.json"), str(tmp_path / "in.parquet"), "--out", str(out)]
        assert run(said) == code
        told = capsys.readouterr().err
        assert told.count("\n") == (code == WRONG)
        assert ("column 't'" in told and ".arrow" in told) == (code == WRONG)
        assert out.exists() == (code == FINE)
        assert not list(tmp_path.glob(".unsurprised*"))
