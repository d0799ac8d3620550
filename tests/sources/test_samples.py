"""Samples of lm-evaluation-harness: bits a byte as its corpus value, and choices as predictions."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import unsurprised as us
from unsurprised import InputError
from unsurprised.commands.app import program

ROLLING = [(-184.21, 210, 38), (-52.5, 44, 9), (-301.75, 390, 71)] * 5


def sample(number: int, responses: Any, **said: Any) -> dict[str, Any]:
    return {
        "doc_id": number,
        "doc": {"text": "…"},
        "target": "",
        "arguments": {"gen_args_0": {"arg_0": "…"}},
        "resps": [responses],
        "filtered_resps": responses,
        "filter": "none",
        "metrics": [],
        **said,
    }


def rolling(filters: tuple[str, ...] = ("none",)) -> list[dict[str, Any]]:
    return [
        sample(
            number,
            [str(ll)],
            filter=name,
            word_perplexity=[ll, words],
            byte_perplexity=[ll, data],
            bits_per_byte=[ll, data],
        )
        for number, (ll, data, words) in enumerate(ROLLING)
        for name in filters
    ]


def choices(count: int = 60) -> list[dict[str, Any]]:
    generator = np.random.default_rng(0)
    found = []
    for number in range(count):
        scores = generator.normal(-12, 2, 4)
        pairs = [[str(score), "False"] for score in scores]
        found.append(sample(number, pairs, target=str(generator.integers(4)), acc=1.0))
    return found


def written(path: Path, records: list[dict[str, Any]]) -> str:
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("filters", [("none",), ("none", "strict", "loose")])
def test_rolling(tmp_path: Path, filters: tuple[str, ...]) -> None:
    """Σ ll / Σ bytes, once a document however many filters there are."""
    found = us.evaluate(written(tmp_path / "samples.jsonl", rolling(filters)))
    lls, data, words = (np.array(column) for column in zip(*ROLLING, strict=True))
    assert found.rows == 15
    for unit, amounts in (("bytes", data), ("words", words)):
        micro = found.text.per_unit[unit].micro
        assert micro.value == pytest.approx(-lls.sum() / math.log(2) / amounts.sum())
        assert micro.low < micro.value < micro.high
    assert found.text.per_unit["bytes"].macro.value == pytest.approx(
        (-lls / math.log(2) / data).mean()
    )


def test_choices(tmp_path: Path) -> None:
    records = choices()
    found = us.evaluate(written(tmp_path / "samples.jsonl", records))
    scores = np.array([[float(pair[0]) for pair in each["filtered_resps"]] for each in records])
    labels = np.array([int(each["target"]) for each in records])
    other = us.evaluate(labels, us.Logits(scores))
    assert found.cross_entropy.value == pytest.approx(other.cross_entropy.value)
    assert found.accuracy.value == other.accuracy.value


def test_one_continuation(tmp_path: Path) -> None:
    records = [sample(k, [[str(-1.0 - k), "True"]], target=" word") for k in range(3)]
    found = us.evaluate(written(tmp_path / "samples.jsonl", records))
    assert found.cross_entropy_nats.value == pytest.approx(2.0)


def test_command_says_what_was_left_aside(tmp_path: Path) -> None:
    file = written(tmp_path / "samples.jsonl", rolling(("none", "strict")))
    shown = CliRunner().invoke(program(), ["evaluate", file])
    assert shown.exit_code == 0, shown.output
    assert "left aside: strict" in shown.output
    assert "A byte costs" in shown.output


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (sample(0, ["Paris"]), r"row 1, column 'filtered_resps': found \"Paris\""),
        (sample(0, []), r"found \[\]; expected log-likelihoods"),
        (sample(0, ["-1"], bits_per_byte=[-1]), r"column 'bits_per_byte': found \[-1\]"),
        (sample(0, [["-1", "True"], ["-2", "False"]], target="a"), "'target': found \"a\""),
        (
            sample(0, ["-1"], bits_per_byte=[-1, 5], word_perplexity=[-2, 1]),
            "expected one log-likelihood, -1",
        ),
    ],
)
def test_bad_samples(tmp_path: Path, record: dict[str, Any], said: str) -> None:
    file = written(tmp_path / "samples.jsonl", [sample(0, ["-1.0"]), record])
    with pytest.raises(InputError, match=said):
        us.evaluate(file)


def test_tasks_apart(tmp_path: Path) -> None:
    file = written(tmp_path / "samples.jsonl", [*rolling(), *choices()])
    with pytest.raises(InputError, match="the samples of each task to a file of its own"):
        us.evaluate(file)
