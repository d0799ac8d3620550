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
from unsurprised import CallError, InputError
from unsurprised.commands.app import program

ROLLING = [(-184.21, 210, 38), (-52.5, 44, 9), (-301.75, 390, 71)] * 5


#: What lm-evaluation-harness 0.4.13 found of 24 texts and a small model with random weights: the
#: log-likelihood, bytes and words of each; and its own bits_per_byte and word_perplexity of all.
MEASURED = [
    (-246.0347442626953, 156, 32),
    (-454.0765380859375, 293, 59),
    (-356.01873779296875, 212, 45),
    (-303.1095275878906, 204, 40),
    (-341.9647521972656, 205, 45),
    (-410.0799560546875, 295, 60),
    (-416.8498840332031, 254, 54),
    (-447.16754150390625, 271, 60),
    (-314.23101806640625, 197, 41),
    (-259.8644104003906, 145, 34),
    (-271.05096435546875, 173, 37),
    (-97.80516052246094, 61, 12),
    (-73.40476989746094, 39, 8),
    (-150.35174560546875, 95, 19),
    (-256.7789611816406, 159, 32),
    (-253.61122131347656, 161, 34),
    (-64.99241638183594, 34, 8),
    (-386.52410888671875, 265, 51),
    (-112.93260955810547, 71, 16),
    (-367.03741455078125, 218, 47),
    (-150.50193786621094, 110, 21),
    (-284.2173156738281, 203, 39),
    (-147.97286987304688, 108, 20),
    (-270.984619140625, 181, 36),
]
BITS_PER_BYTE, WORD_PERPLEXITY = 2.2597178928995802, 1946.1411506930724


def sample(number: int, responses: Any, **said: Any) -> dict[str, Any]:
    """A line as the harness writes it: each answer of ``resps`` stands in a list of its own."""
    metrics = [name for name in said if name not in ("filter", "target")]
    return {
        "doc_id": number,
        "doc": {"text": "…"},
        "target": "",
        "arguments": {"gen_args_0": {"arg_0": "…"}},
        "resps": [[response] for response in responses],
        "filtered_resps": responses,
        "filter": "none",
        "metrics": metrics,
        "doc_hash": f"{number:064x}",
        "prompt_hash": f"{number:064x}",
        "target_hash": f"{number:064x}",
        **said,
    }


def rolling(filters: tuple[str, ...] = ("none",), measured: Any = ROLLING) -> list[dict[str, Any]]:
    return [
        sample(
            number,
            [str(ll)],
            filter=name,
            word_perplexity=[ll, words],
            byte_perplexity=[ll, data],
            bits_per_byte=[ll, data],
        )
        for number, (ll, data, words) in enumerate(measured)
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


@pytest.mark.parametrize("units", [None, "bytes", "words", ("bytes", "words")])
def test_what_the_harness_says_itself(tmp_path: Path, units: Any) -> None:
    """To its last digit, whether or not somebody says which units are meant."""
    file = written(tmp_path / "samples.jsonl", rolling(measured=MEASURED))
    found = us.evaluate(file) if units is None else us.evaluate(file, units=units)
    asked = (units,) if isinstance(units, str) else units or ("bytes", "words")
    assert set(found.text.per_unit) == set(asked)
    if "bytes" in asked:
        assert found.text.per_unit["bytes"].micro.value == pytest.approx(BITS_PER_BYTE, rel=1e-15)
    if "words" in asked:
        per_word = found.text.per_unit["words"].micro.value
        assert 2**per_word == pytest.approx(WORD_PERPLEXITY, rel=1e-13)


def test_units_by_command(tmp_path: Path) -> None:
    file = written(tmp_path / "samples.jsonl", rolling(measured=MEASURED))
    shown = CliRunner().invoke(program(), ["evaluate", file, "--units", "bytes", "--quiet"])
    assert shown.output.startswith("A byte costs 2.2597 bits, and all of the text 9,287.4.")
    file = written(tmp_path / "choices.jsonl", choices())
    with pytest.raises(CallError, match="whose samples are choices; expected samples of rolling"):
        us.evaluate(file, units="bytes")


def test_no_tokens_for_fidelity(tmp_path: Path) -> None:
    file = written(tmp_path / "samples.jsonl", rolling())
    with pytest.raises(InputError, match="how likely a document or a choice is, not its tokens"):
        us.fidelity(file, file)


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
