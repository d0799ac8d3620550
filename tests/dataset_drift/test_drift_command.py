"""``unsurprised drift``: first line, JSON, exit codes, conditions, JUnit, page, saved bases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest
from drift_data import planted
from scipy import stats

import unsurprised as us
from unsurprised import cli


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, is_new in (("base", False), ("new", True)):
        pq.write_table(planted(1200, is_new=is_new), f"{name}.parquet", row_group_size=300)
    return tmp_path


def text_of(*arguments: str, capsys: Any, code: int = 0) -> str:
    assert cli.run(["drift", *arguments]) == code
    return str(capsys.readouterr().out)


def test_the_first_line_and_the_json(folder: Path, capsys: Any) -> None:
    said = text_of("base.parquet", "new.parquet", capsys=capsys)
    assert said.splitlines()[0] == "9 of 16 columns drifted (false discovery rate 5 %)"
    assert "new: zebra (50 rows)" in said
    assert len(said.splitlines()) <= 48
    told = text_of("base.parquet", "new.parquet", "--json", "-", capsys=capsys)
    found = us.drift("base.parquet", "new.parquet")
    assert told == found.to_json() + "\n"
    jsonschema.validate(json.loads(told), us.Drift.json_schema())
    for name in ("name", "kind", "drift", "p_value", "q_value", "drifted"):
        assert name in json.loads(told)["columns"][0]


def test_formats_batches_and_splits_show_in_no_byte(folder: Path, capsys: Any) -> None:
    base = planted(1200, is_new=False).select(["wider", "flag", "new category", "count"])
    new = planted(1200, is_new=True).select(["wider", "flag", "new category", "count"])
    for name, table in (("b", base), ("n", new)):
        pq.write_table(table, f"{name}.parquet")
        pacsv.write_csv(table, f"{name}.csv")
        with ipc.new_file(f"{name}.arrow", table.schema) as writer:
            writer.write_table(table, 77)
        rows = "".join(json.dumps(row) + "\n" for row in table.to_pylist())
        Path(f"{name}.jsonl").write_text(rows, encoding="utf-8")
    Path("parts").mkdir()
    for part, start in enumerate((900, 0)):
        pq.write_table(new.slice(start, 900 if not start else 300), f"parts/{part}.parquet")
    plain = text_of("b.parquet", "n.parquet", "--json", "-", capsys=capsys)
    for other in ("n.csv", "n.arrow", "n.jsonl", "parts"):
        assert text_of("b.parquet", other, "--json", "-", capsys=capsys) == plain
    for base_file in ("b.csv", "b.jsonl"):
        told = text_of(base_file, "n.csv", "--json", "-", "--batch-rows", "7", capsys=capsys)
        assert told == plain


def test_a_base_is_saved_merged_and_used(folder: Path, capsys: Any) -> None:
    assert text_of("base.parquet", "--save", "base.json", capsys=capsys) == ""
    plain = text_of("base.parquet", "new.parquet", "--json", "-", capsys=capsys)
    assert text_of("base.json", "new.parquet", "--json", "-", capsys=capsys) == plain
    table = pq.read_table("base.parquet")
    for part in range(2):
        pq.write_table(table.slice(600 * part, 600), f"p{part}.parquet")
        text_of(f"p{part}.parquet", "--save", f"s{part}.json", capsys=capsys)
    assert text_of("s*.json", "new.parquet", "--json", "-", capsys=capsys) == plain
    text_of("s*.json", "--save", "again.json", capsys=capsys)
    assert Path("again.json").read_bytes() == Path("base.json").read_bytes()
    Path("base.json").write_text('{"schema":"unsurprised.drift_base/1","rows":3}')
    assert cli.run(["drift", "base.json", "new.parquet"]) == 2
    assert "base.json: this is no base that unsurprised drift saved" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--fail-if", "bits>0.0001"], 1),
        (["--fail-if", "bits>0.9"], 0),
        (["--fail-if", "drifted>8"], 1),
        (["--fail-if", "drifted > 9"], 0),
        (["--fail-if", "changed>0"], 1),
        (["--fail-if", "missing>0"], 1),
        (["--fail-if", "missing>1"], 0),
        (["--fail-if", "psi>100"], 0),
        (["--fail-if", "bits>0.9", "--fail-if", "psi>0.2"], 1),
        (["--fail-if", "bits>0.9", "--fdr", "0.01"], 0),
        ([], 0),
    ],
)
def test_conditions_and_exit_codes(
    folder: Path, capsys: Any, options: list[str], code: int
) -> None:
    said = text_of("base.parquet", "new.parquet", *options, capsys=capsys, code=code)
    assert ("FAILED" in said) == (code == 1)


def test_unsure_fails_unless_it_may_not_tell(folder: Path, capsys: Any) -> None:
    column = us.drift("base.parquet", "new.parquet").columns[0]
    line = ["base.parquet", "new.parquet", "--fail-if", f"bits>{column.drift.value}"]
    assert "UNSURE" in text_of(*line, capsys=capsys, code=1)
    assert "UNSURE" in text_of(*line, "--allow-unsure", capsys=capsys)


def test_nothing_that_drifted_passes_any_limit(folder: Path, capsys: Any) -> None:
    line = ["base.parquet", "base.parquet", "--fail-if", "bits>0", "--fail-if", "drifted>0"]
    said = text_of(*line, "--junit", "d.xml", capsys=capsys)
    assert said.startswith("0 of 19 columns drifted")
    suite = ElementTree.parse("d.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "0", "0")


def test_junit_has_a_case_a_column(folder: Path, capsys: Any) -> None:
    text_of("base.parquet", "new.parquet", "--junit", "d.xml", "-q", capsys=capsys)
    suite = ElementTree.parse("d.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("16", "9")
    failed = {case.get("name") for case in suite if case.find("failure") is not None}
    assert "new category" in failed
    text_of("base.parquet", "new.parquet", "--junit", "d.xml", "-q", capsys=capsys)  # its own
    Path("other.xml").write_text("<data/>")
    assert cli.run(["drift", "base.parquet", "new.parquet", "--junit", "other.xml"]) == 2


def test_the_page_holds_both_histograms(folder: Path, capsys: Any) -> None:
    text_of("base.parquet", "new.parquet", "--html", "d.html", capsys=capsys)
    page = Path("d.html").read_text(encoding="utf-8")
    assert "9 of 16 columns drifted" in page
    assert "zebra (new)" in page
    assert all(f"cells-{place}" in page for place in range(9))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["base.parquet"], "found BASE alone; expected BASE NEW, or BASE --save FILE"),
        (["base.parquet", "--save", "b.json", "--html", "p.html"], "--html without NEW"),
        (["base.parquet", "new.parquet", "--fail-if", "bits"], "--fail-if 'bits': no condition"),
        (["base.parquet", "new.parquet", "--fail-if", "bits>x"], "no condition; expected QUANTITY"),
        (["base.parquet", "new.parquet", "--fail-if", "hits>1"], "bits, psi, drifted, changed"),
        (["base.parquet", "new.parquet", "--fdr", "2"], "fdr=2.0; expected"),
        (["base.parquet", "new.parquet", "--by", "moon"], "by='moon'; expected one of year"),
        (["base.parquet", "new.parquet", "--time", "day"], "time (--time) goes with by"),
        (["base.parquet", "new.parquet", "--by", "day"], "found 'day', 'seen at': say which"),
        (["base.parquet", "new.parquet", "--label", "nothing"], "no column 'nothing' in both"),
        (["base.parquet", "new.parquet", "--label", "wider"], "not of classes"),
        (["base.parquet", "nowhere.parquet"], "nowhere.parquet: no such file"),
        (["empty.csv", "new.parquet"], "empty.csv"),
        (["header.csv", "new.parquet"], "the base holds no row"),
        (["other.csv", "new.parquet"], "no column is in both: the base has 'q'"),
        (["twice.csv", "new.parquet"], "2 columns are named 'a'"),
        (["base.parquet", "base.parquet", "--json", "base.parquet"], "base.parquet"),
    ],
)
def test_bad_calls_are_one_line(folder: Path, capsys: Any, arguments: list[str], said: str) -> None:
    Path("empty.csv").write_text("")
    Path("header.csv").write_text("wider,flag\n")
    Path("other.csv").write_text("q\n1\n")
    Path("twice.csv").write_text("a,a\n1,2\n")
    assert cli.run(["drift", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def predictions(rows: int, sharp: float, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    scores = np.exp(sharp * random.normal(size=(rows, 3)))
    probs = scores / scores.sum(axis=1, keepdims=True)
    labels = [int(random.choice(3, p=row)) for row in probs]
    return pa.table({"y": labels, "probs": list(probs)})


def test_the_models_own_surprise(folder: Path, capsys: Any) -> None:
    base, new = predictions(800, 2.0, 0), predictions(700, 1.0, 1)
    pq.write_table(base, "pb.parquet", row_group_size=100)
    pq.write_table(new, "pn.parquet")
    found = us.drift("pb.parquet", "pn.parquet", label="y", pred="probs")
    moved = {each.name: each for each in found.moved}
    for side, table in (("base", base), ("new", new)):
        q = np.stack(table["probs"].to_numpy())
        y = table["y"].to_numpy()
        entropy = -(q * np.log2(q)).sum(axis=1)
        cost = -np.log2(q[np.arange(len(q)), y])
        assert getattr(moved["entropy of the predictions"], side).value == pytest.approx(
            entropy.mean(), rel=1e-12
        )
        found_cost = getattr(moved["cross-entropy"], side)
        assert found_cost.value == pytest.approx(cost.mean(), rel=1e-12)
        half = stats.t.ppf(0.975, len(y) - 1) * cost.std(ddof=1) / len(y) ** 0.5
        assert found_cost.high - cost.mean() == pytest.approx(half, rel=1e-6)
        assert cost.mean() - found_cost.low == pytest.approx(half, rel=1e-6)
    assert moved["entropy of the predictions"].difference.low > 0
    assert moved["entropy of the predictions"].p_value < 1e-10
    assert moved["entropy of the labels"].p_value > 0.001
    text_of("pb.parquet", "--label", "y", "--pred", "probs", "--save", "pb.json", capsys=capsys)
    told = us.drift("pb.json", new, label="y", pred="probs")
    assert told.to_json() == found.to_json()
    assert us.drift(base, new, label="y", pred="probs").to_json() == found.to_json()
    with pytest.raises(us.CallError, match=r"saved with 'y' for its predictions, and label"):
        us.drift("pb.json", new, pred="probs")
    again = predictions(800, 2.0, 0)
    with pytest.raises(us.CallError, match="holds no predictions"):
        us.drift(us.DriftBase(["y"]).update(again.select(["y"]).to_batches()[0]), new, pred="probs")


def test_a_label_that_was_held_impossible_is_infinite() -> None:
    base = {"y": [0, 1, 0], "p": [[0.5, 0.5], [0.5, 0.5], [0.9, 0.1]]}
    new = {"y": [0, 1, 0], "p": [[0.5, 0.5], [0.5, 0.5], [0.0, 1.0]]}
    moved = {each.name: each for each in us.drift(base, new, label="y", pred="p").moved}
    assert moved["cross-entropy"].new.value == float("inf")
    assert moved["cross-entropy"].difference.value == float("inf")


@pytest.mark.parametrize("kind", ["typed", "text", "zoned"])
def test_windows_of_time(kind: str) -> None:
    random = np.random.default_rng(1)
    seconds = 1_767_225_600 + random.integers(0, 90 * 86400, 3000)  # from 2026-01-01 on
    base = pa.table({"x": random.normal(size=2000), "t": pa.array(seconds[:2000] - 10**8,
                                                                 pa.timestamp("s"))})  # fmt: skip
    months = (seconds // 86400 - seconds.min() // 86400) // 30
    times: Any = pa.array(seconds, pa.timestamp("s"))
    if kind == "text":
        times = times.cast(pa.string())
    elif kind == "zoned":
        times = pa.array(seconds, pa.timestamp("s", "UTC"))
    new = pa.table({"x": random.normal(size=3000) + 0.6 * (months == 2), "t": times})
    found = us.drift(base, new, by="month")
    names = ["2026-01", "2026-02", "2026-03"]
    assert [window.name for window in found.windows] == names
    assert sum(window.rows for window in found.windows) == 3000
    assert [window.drifted for window in found.windows] == [0, 0, 1]
    assert [column.name for column in found.windows[0].columns] == ["x"]
    alone = us.drift(base, new.filter(pa.array(seconds < 1_769_904_000)))
    assert found.windows[0].bits("x") == alone["x"].drift
    whole = us.drift(base, new)
    assert found.columns == whole.columns
    assert us.drift(base, new, by="quarter").windows[0].name == "2026-Q1"


def test_windows_of_columns_that_arrow_does_not_filter() -> None:
    """Views, which Polars hands out, and runs."""
    days = pa.array(["2026-01-05", "2026-02-05"] * 3)
    texts = pa.array(list("abccba"), pa.string_view())
    runs = pa.RunEndEncodedArray.from_arrays([2, 6], ["x", "y"])
    data = pa.table({"t": days.cast(pa.string_view()), "view": texts, "runs": runs})
    plain = pa.table({"t": days, "view": texts.cast(pa.large_string()), "runs": list("xxyyyy")})
    found, wanted = (us.drift(each, each, by="month") for each in (data, plain))
    assert found.windows == wanted.windows
    assert [window.rows for window in found.windows] == [3, 3]


def test_rows_without_a_time_are_a_window() -> None:
    data = {"x": [1, 2, 3], "t": ["2026-01-05", None, "2026-01-06"]}
    windows = us.drift(data, data, by="day").windows
    assert [(window.name, window.rows) for window in windows] == [
        ("2026-01-05", 1), ("2026-01-06", 1), ("no time", 1)
    ]  # fmt: skip
    with pytest.raises(us.UnsurprisedError, match="need one column of dates or times; found none"):
        us.drift({"x": [1]}, {"x": [1]}, by="day")
