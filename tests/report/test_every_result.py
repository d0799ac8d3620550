"""One face for all results: whatever is reported is printed, drawn, saved, logged and described."""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

import jsonschema
import numpy as np
import pytest
from handmade_evaluations import ALL as EVALUATIONS

import unsurprised as us
from unsurprised.report.numbers import printable
from unsurprised.reported import REPORTS, Reported, faces_of

HOSTILE = "</script><b>{{ 7 * 7 }}</b>\x1b[2J/:é"
#: Elements without an end.
VOID = {"meta", "input", "br", "link", "img"}


@cache
def rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What happened, a model that is right, and one that is too sure."""
    generator = np.random.default_rng(3)
    right = generator.dirichlet(np.ones(3), 900)
    labels = np.array([generator.choice(3, p=row) for row in right])
    return labels, right, right**2 / (right**2).sum(axis=1, keepdims=True)


def ruled_out() -> np.ndarray:
    labels, right, _ = rows()
    wrong = right.copy()
    wrong[0] = np.eye(3)[(labels[0] + 1) % 3]
    return wrong


def by() -> dict[str, Any]:
    return {HOSTILE: np.resize([HOSTILE, "south"], 900)}


def rows_of_tokens(*, ruled_out: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """Logits of two language models by document."""
    generator = np.random.default_rng(5)
    base = 2 * generator.normal(size=(12, 9, 30))
    other = base + 0.2 * generator.normal(size=base.shape)
    if ruled_out:
        other[0, 0, :9] = -np.inf
    names = [f"{HOSTILE}{k}" for k in range(12)]
    return dict(zip(names, base, strict=True)), dict(zip(names, other, strict=True))


def data_sets() -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns that drifted, and others."""
    generator = np.random.default_rng(2)
    base = {
        "same": generator.normal(size=400),
        HOSTILE: ["a", "b"] * 200,
        "id": range(400),
        "day": ["2026-01-01", "2026-01-02"] * 200,
    }
    new = {"same": generator.normal(size=400), HOSTILE: ["a", HOSTILE, None, "a"] * 100,
           "id": range(400, 800), HOSTILE + "!": [1] * 400,
           "day": ["2026-02-01"] * 200 + ["2026-03-01"] * 200}  # fmt: skip
    return base, new


#: Examples of each kind of result, by a name of their own.
EXAMPLES = {
    "account": {
        "of frequencies": lambda: us.coding.encode(b"abracadabra" * 99).account,
        "of nothing": lambda: us.coding.encode(b"").account,
    },
    "calibration": {
        "helps": lambda: us.calibrate(rows()[0], rows()[2]),
        "does not": lambda: us.calibrate(rows()[0], rows()[1], methods="temperature"),
    },
    "check": {
        "against a base": lambda: us.check(*rows(), by=by()),
        "unsure": lambda: us.check(rows()[0][:40], rows()[1][:40], max_bits=1.2),
        "infinite": lambda: us.check(rows()[0], rows()[1], ruled_out(), max_bits=math.inf),
    },
    "comparison": {
        "of two": lambda: us.compare(*rows(), by=by()),
        "of three": lambda: us.compare(
            rows()[0], {"base": rows()[1], HOSTILE: rows()[2], HOSTILE + "!": rows()[1]}
        ),
        "infinite": lambda: us.compare(rows()[0], rows()[1], ruled_out()),
    },
    "drift": {
        "of all kinds": lambda: us.drift(*data_sets(), label=HOSTILE, by="month"),
        "none": lambda: us.drift(data_sets()[0], data_sets()[0]),
        "of nothing": lambda: us.drift({HOSTILE: [1, 1]}, {HOSTILE: [1]}),
    },
    "evaluation": {
        "sliced": lambda: us.evaluate(*rows()[:2], by=by()),
        **{name: lambda one=one: one for name, one in EVALUATIONS.items()},
    },
    "ranking": {
        "of all kinds": lambda: us.mi(
            data_sets()[0] | {"none": [None] * 400, "copy": ["a", "b"] * 200, "too": [1, 2] * 200},
            HOSTILE,
            redundancy=True,
        ),
        "of numbers": lambda: us.mi(data_sets()[0], "same", HOSTILE, sample=300, base=np.e),
        "of nothing": lambda: us.mi({HOSTILE: [1, 1], "y": [1.5, 2]}, "y"),
    },
    "fidelity": {
        "with all": lambda: us.fidelity(
            *rows_of_tokens(),
            noise=rows_of_tokens()[1],
            targets=np.arange(108) % 30,
            by={HOSTILE: [HOSTILE, "south", "east"] * 4},
            mask=np.arange(108) % 9 > 0,
            text=[[HOSTILE, *"abcdefgh"]] * 12,
        ),
        "of one document": lambda: us.fidelity(rows_of_tokens()[0][HOSTILE + "0"],
                                               rows_of_tokens()[1][HOSTILE + "0"]),
        "infinite": lambda: us.fidelity(*rows_of_tokens(ruled_out=True)),
    },
    "explanation": {
        "of an entropy": lambda: us.explain([0.5, 0.5]),
        "ruled out": lambda: us.explain([0.5, 0.5], [0.0, 1.0], names=[HOSTILE, "b"]),
        "of a surprisal": lambda: us.explain("b", [0.9, 0.1], names=["a", "b"]),
        "many": lambda: us.explain(*rows()[1].T[:2, :90] / rows()[1].T[:2, :90].sum(1)[:, None]),
    },
}  # fmt: skip
CASES = [(kind, name) for kind, named in EXAMPLES.items() for name in named]


@cache
def made(kind: str, name: str) -> Any:
    return EXAMPLES[kind][name]()


every = pytest.mark.parametrize(("kind", "name"), CASES, ids=[" ".join(case) for case in CASES])


def kinds() -> Iterator[type[Reported]]:
    """Every class of results; those that dataclasses replaced by one with slots are none."""
    for module in REPORTS.values():
        importlib.import_module(module)
    found = [Reported]
    for kind in found:
        found += kind.__subclasses__()
    for kind in found[1:]:
        if hasattr(kind, "_kind") and getattr(sys.modules[kind.__module__], kind.__name__) is kind:
            yield kind


class Outline(HTMLParser):
    """Whether elements are closed in their order, what is loaded, and what runs."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.loaded += [
            value or ""
            for name, value in attrs
            if name in ("src", "href", "action") and not (value or "").startswith("#")
        ]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_kind_of_result_has_a_report_and_examples():
    assert EXAMPLES.keys() == REPORTS.keys() == {kind._kind for kind in kinds()}
    for kind, name in CASES:
        assert made(kind, name)._kind == kind
        assert faces_of(made(kind, name)).kind == kind


@every
def test_json_is_what_the_schema_says(kind, name):
    result = made(kind, name)
    schema = result.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    parsed = json.loads(result.to_json())
    jsonschema.validate(parsed, schema)
    assert parsed == result.as_dict() == json.loads(result.to_json(indent=None))


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_schema_has_every_field_and_no_other(kind):
    result = made(kind, next(iter(EXAMPLES[kind])))
    schema = result.json_schema()
    keys = list(result.as_dict())
    assert keys[0] == "schema"
    assert {*keys[1:]} == {field.name for field in dataclasses.fields(result)}
    assert list(schema["properties"]) == schema["required"] == keys
    assert all(entry["description"] for entry in schema["properties"].values())
    assert schema["$id"] == schema["properties"]["schema"]["const"] == result.schema_name()


@every
def test_flat_is_numbers_that_trackers_take(kind, name):
    flat = made(kind, name).as_dict(flat=True)
    assert flat
    for key, value in flat.items():
        assert isinstance(value, int | float), key
        assert not isinstance(value, bool), key
        assert not math.isnan(value), key
        assert re.fullmatch(r"[\w.-]+(/[\w.-]+)*", key, re.ASCII), key
        parts = key.split("/")
        # A tracker that keeps each metric in a file has no folder of that name.
        assert not {"/".join(parts[:end]) for end in range(1, len(parts))} & flat.keys(), key


@every
def test_repr_is_short_and_str_is_a_screen(kind, name):
    result = made(kind, name)
    short = repr(result)
    assert short.startswith(f"<{type(result).__name__}: ")
    assert short.endswith(".>")
    assert len(short) < 400
    assert "\n" not in short
    assert "\x1b" not in short + str(result)
    assert len(str(result)) > 60
    assert len(str(result).split("\n")) <= 40
    assert str(result) == result.to_text()
    assert max(map(len, result.to_text(full=True, width=60).split("\n"))) <= 60


@every
def test_notebooks_show_it_and_nothing_runs(kind, name):
    outline = Outline(made(kind, name)._repr_html_())
    assert "table" in outline.seen
    assert {*outline.seen} <= {"div", "p", "strong", "br", "table", "tr", "th", "td", "details",
                               "summary", "span"}  # fmt: skip
    assert (outline.open, outline.loaded) == ([], [])


@every
def test_the_page_is_well_formed_and_loads_nothing(kind, name, tmp_path):
    result = made(kind, name)
    target = tmp_path / "page.html"
    result.to_html(target)
    first = target.read_text(encoding="utf-8")
    if name == next(iter(EXAMPLES[kind])):
        result.to_html(target)  # over its own
        assert target.read_text(encoding="utf-8") == first
    assert f'<meta name="generator" content="unsurprised {kind}">' in first
    assert "default-src &#39;none&#39;" in first or "default-src 'none'" in first
    outline = Outline(first)
    assert (outline.open, outline.loaded) == ([], [])
    assert not {"b", "img", "link", "iframe"} & {*outline.seen}
    assert f"{type(result).__name__}.to_html, in Python" in first


@every
def test_its_charts_are_drawn_or_say_why_not(kind, name):
    charts = made(kind, name).plot
    names = [one for one in dir(charts) if not one.startswith("_")]
    assert names
    drawn = 0
    for one in names:
        try:
            chart = getattr(charts, one)()
        except us.CallError as error:
            assert f"plot.{one}(): nothing to draw: " in str(error)
        else:
            drawn += bool(chart.to_dict())  # which Altair validates
    assert drawn or kind == "evaluation" or name == "of nothing"


@pytest.mark.parametrize("kind", EXAMPLES)
def test_its_charts_can_be_changed_and_saved(kind, tmp_path):
    with_all = us.evaluate(*rows()[:2], by=by())
    charts = (with_all if kind == "evaluation" else made(kind, next(iter(EXAMPLES[kind])))).plot
    for one in (name for name in dir(charts) if not name.startswith("_")):
        chart = getattr(charts, one)().properties(title=f"titled {one}")
        chart.save(tmp_path / "chart.svg")
        drawn = (tmp_path / "chart.svg").read_text(encoding="utf-8")
        assert drawn.startswith("<svg")
        assert f">titled {one}<" in drawn
    chart.save(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_diagrams_side_by_side_have_one_choice_of_the_class():
    calibration = made("calibration", "helps").plot.reliability().to_dict()
    comparison = made("comparison", "of three").plot.reliability(HOSTILE).to_dict()
    for chart, names in (
        (calibration, ["before", "after temperature scaling"]),
        (comparison, ["base", printable(HOSTILE)]),
    ):
        assert [one["title"] for one in chart["hconcat"]] == names
        (choice,) = chart["params"]
        assert choice["bind"]["labels"] == ["the top class", "class 0", "class 1", "class 2"]


def test_results_load_no_report_until_somebody_looks():
    script = (
        "import sys, unsurprised as us; us.Calibration, us.Check, us.Comparison;"
        "us.explain([0.5, 0.5]).as_dict;"
        "print([name for name in sys.modules if name.startswith('unsurprised.report.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
