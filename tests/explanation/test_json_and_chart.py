"""What machines see: JSON and its schema, the chart and its files."""

from __future__ import annotations

import dataclasses
import json
import math
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from unsurprised.errors import CallError
from unsurprised.explanation import Explanation, Outcome, Smoothing, explain
from unsurprised.report.explanation.chart import data

ALL = {
    "entropy": explain([0.5, 0.5]),
    "divergence": explain([0.5, 0.5], [0.1, 0.9], names=["</script><script>alert(1)", "tails"]),
    "ruled out": explain([0.5, 0.5], [0.0, 1.0]),
    "the other way": explain([1.0, 0.0], [0.5, 0.5]),
    "surprisal": explain("b", [0.99, 0.01], names=["a", "b"]),
    "nats": explain([0.3, 0.7], [0.5, 0.5], base=math.e),
    "all smoothed": explain([0.5, 0.5], [0.0, 1.0], epsilon=1),
    "many": explain(*np.random.default_rng(1).dirichlet(np.ones(50), 2)),
}


@pytest.mark.parametrize("explanation", ALL.values(), ids=ALL)
def test_json_is_what_the_schema_says(explanation: Explanation):
    text = explanation.to_json()
    schema = Explanation.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(text), schema)
    assert json.loads(text) == explanation.as_dict()
    assert "NaN" not in text
    assert "Infinity" not in text


def test_the_schema_has_every_key_and_no_other():
    schema = Explanation.json_schema()
    assert schema["properties"]["schema"]["const"] == schema["$id"] == Explanation.schema_name()
    parts = {"outcome": Outcome, "smoothing": Smoothing}
    for properties, kind in [(schema, Explanation)] + [
        (schema["$defs"][name], kind) for name, kind in parts.items()
    ]:
        fields = [field.name for field in dataclasses.fields(kind)]
        known = list(properties["properties"])
        assert known == (["schema", *fields] if kind is Explanation else fields)
        assert properties["required"] == known


def test_infinities_are_words_and_all_outcomes_are_there():
    found = ALL["ruled out"].as_dict()
    assert found["kl_divergence"] == "inf"
    assert found["outcomes"][0]["q_length"] == "inf"
    assert found["smoothing"]["saved"] == "inf"
    assert len(ALL["many"].as_dict()["outcomes"]) == 50
    assert ALL["entropy"].as_dict()["smoothing"] is None


def test_the_bars_are_the_code_lengths():
    bars = data(ALL["divergence"])
    assert [(bar["code"], round(bar["length"], 4)) for bar in bars] == [
        ("code for P", 1.0),
        ("code for Q", 3.3219),
        ("code for P", 1.0),
        ("code for Q", 0.1520),
    ]
    assert len({bar["outcome"] for bar in data(ALL["many"])}) == 20


def test_infinite_bars_are_words():
    bars = data(ALL["ruled out"])
    assert (bars[1]["length"], bars[1]["shown"]) == (0.0, "infinite: ruled out, and happens")
    assert data(ALL["the other way"])[2]["shown"] == "infinite: ruled out"
    assert data(ALL["surprisal"])[1]["shown"] == "6.6439 ← what happened"
    impossible = data(explain(0, [0.0, 1.0]))
    assert impossible[0]["shown"] == "infinite: ruled out ← what happened"


@pytest.mark.parametrize("explanation", ALL.values(), ids=ALL)
def test_the_chart_is_a_valid_specification(explanation: Explanation):
    spec = explanation.plot.lengths().to_dict()  # altair validates it
    assert list(spec["datasets"].values()) == [data(explanation)]
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["bar", "text"]
    encoding = spec["layer"][0]["encoding"]
    assert encoding["x"]["field"] == "length"
    assert encoding["y"]["field"] == "outcome"
    assert encoding["color"]["field"] == "code"


def test_files_of_every_kind(tmp_path: Path):
    explanation = ALL["divergence"]
    for ending, head in ((".png", b"\x89PNG"), (".svg", b"<svg"), (".json", b"{")):
        path = tmp_path / f"chart{ending}"
        explanation.save_chart(path)
        assert path.read_bytes().startswith(head)
    assert b"<script" not in (tmp_path / "chart.svg").read_bytes()
    spec = json.loads((tmp_path / "chart.json").read_text(encoding="utf-8"))
    assert spec == explanation.plot.lengths().to_dict()


def test_the_page_is_whole_and_no_name_ends_its_script(tmp_path: Path):
    path = tmp_path / "chart.HTML"
    ALL["divergence"].save_chart(str(path))
    text = path.read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "\\u003c/script>\\u003cscript>alert" in text
    assert "<script src" not in text
    assert "<link" not in text


@pytest.mark.parametrize("name", ["chart.pdf", "chart", "chart.html/"])
def test_other_endings_are_refused(tmp_path: Path, name: str):
    path = f"{tmp_path}/{name.rstrip('/')}{'.d' if name.endswith('/') else ''}"
    with pytest.raises(CallError, match=r"expected a file that ends in \.html, \.png, \.svg or"):
        ALL["entropy"].save_chart(path)


def test_places_that_cannot_be_written_are_refused(tmp_path: Path):
    with pytest.raises(CallError, match="cannot be written"):
        ALL["entropy"].save_chart(tmp_path / "no" / "chart.png")
    (tmp_path / "data.json").write_text("1,2,3")
    with pytest.raises(CallError, match="holds no JSON"):
        ALL["entropy"].save_chart(tmp_path / "data.json")


def test_nothing_heavy_is_imported_before_a_chart_is_asked_for():
    program = (
        "import sys; from unsurprised.explanation import explain;"
        "str(explain([.5, .5], [.1, .9]));"
        "print(sorted({'altair', 'vl_convert', 'pyarrow', 'rich', 'typer'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"[]\n"
