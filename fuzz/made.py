"""Inputs made by choices: tables for ``apply``, files to encode, hard numbers, folders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fuzz import commands, mutations, readers
from fuzz.case import Case, Failure, Target, one_line, same
from fuzz.choices import Choices
from fuzz.made_tables import table as made_table

_INPUTS = ("in.parquet", "in.arrow", "in.arrows", "in.jsonl", "in.csv")
_OUTPUTS = ("o.parquet", "o.arrow", "o.csv", "o.tsv", "o.jsonl")


def _calibrator(classes: int) -> bytes:
    from unsurprised.calibrators import VectorScaling

    rows = np.full((4 * classes, classes), 0.5 / classes)
    labels = np.arange(4 * classes) % classes
    rows[np.arange(len(labels)), (labels + (labels > 1)) % classes] += 0.5
    names = [f"c{k}" for k in range(classes)]
    return VectorScaling().fit(rows, labels, classes=names).to_json().encode()


_CALIBRATORS: dict[int, bytes] = {}


def calibrators(made: dict[int, bytes] | None = None) -> dict[int, bytes]:
    """A calibrator for each number of classes, unless they were made before."""
    _CALIBRATORS.update(made or {})
    if not _CALIBRATORS:
        _CALIBRATORS.update((classes, _calibrator(classes)) for classes in (2, 3, 4))
    return _CALIBRATORS


def _written(table: pa.Table, name: str) -> bytes:
    if name.endswith("parquet"):
        return readers.parquet_of(table)
    if name.endswith("jsonl"):
        return readers.lines_of(table)
    if name.endswith("csv"):
        return readers.text_of(table, ",")
    return readers.ipc_of(table, stream=name.endswith("s"), compression=None)


def apply(data: bytes, variant: int, folder: Path) -> str:
    """``apply`` to a table of any columns: refused, or rows and other columns are there again."""
    choices = Choices(data)
    name, out = _INPUTS[variant % 5], _OUTPUTS[variant // 5]
    classes = 2 + choices.below(3)
    try:
        table, others = made_table(choices, classes)
        held = _written(table, name)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return "not made: such a table cannot be written"
    names = ",".join(f"c{k}" for k in range(classes))
    arguments = ["apply", "c.json", name, "--out", out, "--pred", "probs", "--classes", names]
    if "probs" not in table.column_names:
        arguments[6] = "p_"
    files = {name: held, "c.json": calibrators()[classes]}
    commands.put(folder, files)
    try:
        with commands.within(folder):
            code, _, said = commands.run(arguments)
            left = sorted(set(commands.contents(folder)) - set(files))
            if code == 2:
                same(left, [], "files after an error")
                return f"Error: {said}"
            same(left, [out], "files after success")
            _same_rows(table, others, name, out)
            return f"{code} {out}"
    finally:
        commands.put(folder, {})


def _same_rows(table: pa.Table, others: Sequence[str], name: str, out: str) -> None:
    """What was read is in what was written."""
    if out.endswith(("parquet", "arrow")) and not name.endswith(("jsonl", "csv")):
        table, written = _held(name), _held(out)  # not all types come back from a file
        same(written.column_names, table.column_names, "columns")
        for other in others:
            same(written[other].to_pylist().__repr__(), table[other].to_pylist().__repr__(), other)
    elif out.endswith("jsonl"):
        rows = [json.loads(line) for line in Path(out).read_text().splitlines()]
        same(len(rows), table.num_rows, "rows")
        if not name.endswith("csv"):
            for row in rows:
                lost = [one for one in others if one not in row and f"{one}_base64" not in row]
                same(lost, [], "columns that are lost")
    pred = "probs" if "probs" in table.column_names else "p_"
    found = readers.read(out, labelled=False, pred=pred)
    one_object = "one object that holds columns" in found  # a line of maps alone may be either
    if not found.startswith(f"{table.num_rows} rows") and not one_object:
        raise Failure(f"what was written from {name} cannot be read again: {found}")


def _held(path: str) -> pa.Table:
    """What another library reads in a file."""
    if path.endswith("parquet"):
        return pq.read_table(path, partitioning=None)
    with open(path, "rb") as stream:  # noqa: PTH123 - not mapped
        data = stream.read()
    opened = pa.ipc.open_stream if path.endswith("s") else pa.ipc.open_file
    return opened(data).read_all()


def encode(data: bytes, variant: int, folder: Path) -> str:
    """``encode`` and ``decode`` of a file: refused, or the same bytes again."""
    choices = Choices(data)
    model = choices.one_of(
        (*["frequencies", "frequencies:m", "distribution:d"] * 5, "adaptive:0", "adaptive:1")
    )
    smooth = choices.one_of(("0", "1e-6", "0.5", "1e-300", "0.999999"))
    held = choices.bytes(64) * choices.one_of((1, 1, 1, 7))
    files = {"in": held, "m": choices.bytes(50) or b"m", "d": b"1 " * 255 + b"1e-300"}
    if variant:
        kind = choices.one_of(("u1", "i1", "<u2", "<i4", "<i8", "<u8", "|b1", "<f8", ">i4"))
        whole = held[: len(held) // 8 * 8]
        files["in"] = readers.npy_of(np.frombuffer(whole, np.uint8).view(kind).tolist())
    more = ["--smooth", smooth] if ":" in model and "adaptive" not in model else []
    again = ["--model", model] if more else []
    commands.put(folder, files)
    try:
        with commands.within(folder):
            code, _, said = commands.run(["encode", "in", "-o", "o", "--model", model, *more])
            if code == 0:
                code, _, said = commands.run(["decode", "o", "-o", "back", *again])
                if code:
                    raise Failure(f"encoded by {model}, and not decoded: {said}")
                same(Path("back").read_bytes(), files["in"], "what was encoded")
                return "the same again"
            same(sorted(commands.contents(folder)), sorted(files), "files after an error")
            return f"Error: {said}"
    finally:
        commands.put(folder, {})


def evaluate(data: bytes, variant: int, folder: Path) -> str:
    """Evaluate arrays of hard numbers: refused, or a result that says itself."""
    del folder
    import unsurprised as us
    from unsurprised.errors import UnsurprisedError

    choices = Choices(data)
    rows, classes = choices.below(12), 1 + choices.below(4)
    numbers = [[choices.number() for _ in range(classes)] for _ in range(rows)]
    form = (us.Probs, us.Logits, us.LogProbs, us.Probs)[variant]
    kind = choices.one_of(("f8", "f4", "f2"))
    with np.errstate(all="ignore"):
        values = np.array(numbers, "f8").reshape(rows, classes)
        if variant == 2:
            values = values - np.log(np.exp(values).sum(-1, keepdims=True))
        if variant == 3:
            values = np.abs(values) / np.abs(values).sum(-1, keepdims=True)
        values = values.astype(kind)
    labels = [choices.below(classes + (1 if choices.happens(20) else 0)) for _ in range(rows)]
    said: dict[str, Any] = {}
    if choices.happens():
        said["weights"] = [abs(choices.number()) for _ in range(rows)]
    if choices.happens(4):
        said["by"] = {"s": [choices.number() for _ in range(rows)]}
    if choices.happens(4):
        said["cluster"] = [choices.below(3) for _ in range(rows)]
    try:
        found = us.evaluate(labels, form(values, normalize=True) if form is us.Probs and
                            choices.happens() else form(values), **said)  # fmt: skip
        text = found.to_json()
        str(found), repr(found)
        json.loads(text, parse_constant=_no_constant)
        return f"answered {len(text)}"
    except UnsurprisedError as error:
        return one_line(error)


def _no_constant(name: str) -> Any:
    raise Failure(f"{name} in JSON")


_PARTS = (
    *("label=cat", "label=dog", "label=", "=cat", "label=%63at", "label=cat=dog", "label=%ff"),
    *("label=__HIVE_DEFAULT_PARTITION__", "label=%", "weight=1", "weight=x", "p_cat=1"),
    *("d", "é", "[x]", "*", "a b", ".hidden", "_temporary"),
)
_ASKED = ("r", "r/*", "r/**/*.csv", "r/*/*", "r/**", "r/label=*", "r/[", "r/label=[cd]*")


def folders(data: bytes, variant: int, folder: Path) -> str:
    """``evaluate`` of folders and globs."""
    del variant
    choices, files = Choices(data), {}
    texts = (b"p_cat,p_dog\n0.5,0.5\n", b"label,p_cat,p_dog\ncat,1,0\n", b"", b"p_cat\n", b"\xff")
    for _ in range(1 + choices.below(4)):
        parts = [choices.one_of(_PARTS) for _ in range(choices.below(3))]
        name = choices.one_of(("a.csv", "b.csv", "c.jsonl", "_SUCCESS", "d.parquet", "e.txt", "f"))
        files["/".join(["r", *parts, name])] = choices.one_of(texts)
    if any(one != two and two.startswith(one + "/") for one in files for two in files):
        return "not made: a folder is a file"
    asked = choices.one_of(_ASKED)
    more = choices.one_of(([], ["--label", "label"], ["--weight", "weight"], ["--by", "d"]))
    return commands.checked(["evaluate", asked, *more, "--nulls", "skip"], files, folder)


def _some(variants: int, size: int, count: int) -> Any:
    def seeds() -> list[Case]:
        random = np.random.default_rng(0)
        made = [Case(n % variants, random.bytes(size)) for n in range(count)]
        return [*(Case(n, b"") for n in range(variants)), *made]

    return seeds


def targets() -> list[Target]:
    """Writers, and whatever else is made by choices."""
    changes = mutations.ANY
    return [
        Target("apply", apply, _some(25, 80, 100), changes, 25, seconds=20, warm=True),
        Target("encode", encode, _some(2, 200, 50), changes, 2, seconds=20, warm=True),
        Target("evaluate", evaluate, _some(4, 120, 50), changes, 4, seconds=20),
        Target("folders", folders, _some(1, 20, 50), changes, seconds=20, warm=True),
    ]
