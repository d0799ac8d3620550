"""``unsurprised mi``: first line, JSON, batches, exit codes, page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised import cli

FEW = ("--permutations", "59")


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pa.Table:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(4)
    label = random.choice(["no", "yes"], 300)
    made = pa.table(
        {
            "label": label,
            "plan": np.where(random.random(300) < 0.7, label, "b"),
            "size": random.normal(size=300).round(3),
            "id": [f"i{row}" for row in range(300)],
        }
    )
    pq.write_table(made, "c.parquet", row_group_size=70)
    return made


def text_of(*arguments: str, capsys: Any, code: int = 0) -> str:
    assert cli.run(["mi", *arguments]) == code
    said = capsys.readouterr()
    return str(said.err if code else said.out)


def test_the_first_line_and_the_json(table: pa.Table, capsys: Any) -> None:
    said = text_of("c.parquet", "--y", "label", capsys=capsys)
    assert said.splitlines()[0] == (
        "1 of 2 columns tells something of label (false discovery rate 5 %)"
    )
    assert "unsurprised mi c.parquet --y label --full" in said
    told = text_of("c.parquet", "--y", "label", "--json", "-", capsys=capsys)
    assert told == us.mi("c.parquet", "label").to_json() + "\n"
    jsonschema.validate(json.loads(told), us.InformationRanking.json_schema())
    quiet = text_of("c.parquet", "--y", "label", "--quiet", capsys=capsys)
    assert quiet.splitlines() == said.splitlines()[:1]


def test_formats_batches_and_splits_show_in_no_byte(table: pa.Table, capsys: Any) -> None:
    pacsv.write_csv(table, "c.csv")
    Path("parts").mkdir()
    pq.write_table(table.slice(0, 111), "parts/0.parquet")
    pq.write_table(table.slice(111), "parts/1.parquet")
    for options in ((), ("--sample", "100"), ("--given", "size")):
        asked = ("--y", "label", *FEW, "--json", "-", *options)
        plain = text_of("c.parquet", *asked, capsys=capsys)
        for file in ("c.csv", "parts", "c.parquet"):
            for rows in ("1", "7", "1000"):
                assert text_of(file, *asked, "--batch-rows", rows, capsys=capsys) == plain


def test_top_base_and_page(table: pa.Table, capsys: Any) -> None:
    said = text_of("c.parquet", "--y", "label", *FEW, "--base", "e", "--html", "r.html",
                   capsys=capsys)  # fmt: skip
    assert "nats" in said
    assert "bits" not in said
    page = Path("r.html").read_text(encoding="utf-8")
    assert "What tells of label?" in page
    assert "vega" in page
    shown = text_of("c.parquet", "--y", "label", *FEW, "--full", capsys=capsys)
    none = text_of("c.parquet", "--y", "label", *FEW, "--full", "--top", "0", capsys=capsys)
    assert "\nplan " in shown
    assert "\nplan " not in none
    assert "\n  size " in none


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("c.parquet", "--y", "lable"), "did you mean 'label'?"),
        (("c.parquet", "--y", "id"), "c.parquet: y 'id' holds another category in each row"),
        (("c.parquet", "--y", "label", "--given", "id"), "given 'id' holds another category"),
        (("c.parquet", "--y", "label", "--base", "1"), "--base 1"),
        (("c.parquet", "--y", "label", "--fdr", "0"), "--fdr"),
        (("c.parquet",), "--y"),
        (("gone.parquet", "--y", "label"), "gone.parquet"),
        (("empty.csv", "--y", "label"), "empty.csv"),
    ],
)
def test_errors_are_one_line(table: pa.Table, capsys: Any, arguments: Any, said: str) -> None:
    Path("empty.csv").write_text("label,x\n")
    told = text_of(*arguments, capsys=capsys, code=2)
    assert said in told
    assert told.count("\n") == 1
