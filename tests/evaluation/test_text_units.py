"""Token log-probabilities as bits a token, word, byte and character, by document."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import unsurprised as us
from unsurprised import CallError, InputError
from unsurprised.commands.app import program

WORDS = ("tök", " en", "s", " of text")


def tokens(documents: int = 30, seed: int = 0) -> dict[str, list[Any]]:
    """Documents of other lengths, and with a difficulty of their own."""
    generator = np.random.default_rng(seed)
    found: dict[str, list[Any]] = {"doc": [], "lp": [], "text": []}
    for document in range(documents):
        effect = generator.gamma(2)
        for _ in range(generator.integers(5, 40)):
            found["doc"].append(f"d{document}")
            found["lp"].append(-generator.exponential() * effect)
            found["text"].append(WORDS[generator.integers(4)])
    return found


def by_document(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The same with a row a document, its first token unknown."""
    names = list(dict.fromkeys(found["doc"]))
    of = {name: [k for k, doc in enumerate(found["doc"]) if doc == name] for name in names}
    texts = ["".join(found["text"][k] for k in rows) for rows in of.values()]
    return {
        "doc": names,
        "lps": [[None, *(found["lp"][k] for k in rows)] for rows in of.values()],
        "total": [sum(found["lp"][k] for k in rows) for rows in of.values()],
        "text": texts,
        "bytes": [len(text.encode()) for text in texts],
        "words": [len(text.split()) for text in texts],
    }


ROWS = tokens()
DOCUMENTS = by_document(ROWS)


def test_the_ratio_of_the_sums() -> None:
    found = us.evaluate(
        pa.table(ROWS), logprob="lp", cluster="doc", units={"bytes": "text", "characters": "text"}
    ).text
    total = -sum(ROWS["lp"]) / math.log(2)
    text = "".join(ROWS["text"])
    assert found.surprisal == pytest.approx(total)
    assert found.documents == 30
    assert found.per_unit["tokens"].micro.value == pytest.approx(total / len(ROWS["lp"]))
    assert found.per_unit["bytes"].micro.value == pytest.approx(total / len(text.encode()))
    assert found.per_unit["characters"].micro.value == pytest.approx(total / len(text))
    assert found.per_unit["bytes"].micro.unit == "bits/byte"


def test_macro_counts_documents_alike() -> None:
    found = us.evaluate(pa.table(DOCUMENTS), logprob="total", units="bytes").text
    costs = -np.array(DOCUMENTS["total"]) / math.log(2) / DOCUMENTS["bytes"]
    macro = found.per_unit["bytes"].macro
    assert macro.value == pytest.approx(costs.mean())
    assert macro.low < macro.value < macro.high
    first = found.by_document[0]
    assert first.name == str(int(np.argmax(costs)))
    assert first.costs[0] == pytest.approx(costs.max())


def test_routes_are_one() -> None:
    """Tokens with a document, lists a document, totals a document."""
    routes = [
        us.evaluate(pa.table(ROWS), logprob="lp", cluster="doc", units={"bytes": "text"}),
        us.evaluate(pa.table(DOCUMENTS), logprob="lps", units={"bytes": "text"}),
        us.evaluate(pa.table(DOCUMENTS), logprob="lps", id="doc", units="bytes"),
        us.evaluate(pa.table(DOCUMENTS), logprob="total", units=["bytes"]),
    ]
    first = routes[0].text.per_unit["bytes"]
    for route in routes[1:]:
        other = route.text.per_unit["bytes"]
        for one, two in ((first.micro, other.micro), (first.macro, other.macro)):
            assert (two.value, two.low, two.high, two.rows) == (
                pytest.approx(one.value, rel=1e-12),
                pytest.approx(one.low, rel=1e-9),
                pytest.approx(one.high, rel=1e-9),
                30,
            )
    assert routes[1].text.per_unit["tokens"].amount == len(ROWS["lp"])
    assert routes[1].text.unknown_tokens == 30


def test_the_interval_is_by_document() -> None:
    """Tokens of one document are alike; one that takes them for independent is too sure."""
    found = us.evaluate(pa.table(ROWS), logprob="lp", cluster="doc", units={"bytes": "text"})
    alone = us.evaluate(pa.table(ROWS), logprob="lp", units={"bytes": "text"})
    wide, narrow = (each.text.per_unit["bytes"].micro for each in (found, alone))
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_coverage() -> None:
    """95 % intervals of 30 documents with an effect of their own hold the truth."""
    truth = 2 / math.log(2) / np.mean([len(word.encode()) for word in WORDS])
    held = 0
    for seed in range(200):
        rows = by_document(tokens(seed=seed))
        found = us.evaluate(pa.table(rows), logprob="total", units="bytes").text
        micro = found.per_unit["bytes"].micro
        held += micro.low <= truth <= micro.high
    assert held >= 180  # 190 are expected


def test_what_is_not_known_is_counted() -> None:
    table = {"ll": [-184.21, None, -9999.0, -100.0], "bytes": [100, 7, 9, 50]}
    found = us.evaluate(pa.table(table), logprob="ll", units="bytes")
    assert found.text.unknown_tokens == 2
    value = 284.21 / math.log(2) / 150
    assert found.text.per_unit["bytes"].micro.value == pytest.approx(value)
    assert "2 tokens without a known log-probability are not in the sums" in str(found)
    other = us.evaluate(
        pa.table({"ll": [-1.0, -77.0], "bytes": [1, 1]}), logprob="ll", units="bytes", unknown=-77
    )
    assert other.text.unknown_tokens == 1


def test_above_zero_is_named() -> None:
    with pytest.raises(InputError, match=r"row 1, column 'lps': found 0.5 \(entry 2 of the list\)"):
        us.evaluate(pa.table({"lps": [[-1.0], [None, -1.0, 0.5]]}), logprob="lps")
    with pytest.raises(InputError, match=r"row 1, column .lp.: found 0\.5"):
        us.evaluate(pa.table({"lp": [-1.0, 0.5], "bytes": [1, 1]}), logprob="lp", units="bytes")


def test_infinite() -> None:
    table = pa.table({"lp": [-1.0, -math.inf], "bytes": [3, 4]})
    found = us.evaluate(table, logprob="lp", units="bytes").text
    assert found.per_unit["bytes"].micro.value == math.inf
    assert found.surprisal == math.inf


def test_few_documents_have_no_interval() -> None:
    rows = {name: values[:40] for name, values in ROWS.items()}
    found = us.evaluate(pa.table(rows), logprob="lp", cluster="doc", units={"bytes": "text"})
    assert math.isnan(found.text.per_unit["bytes"].micro.low)
    assert "need at least 10 documents" in found.missing["text_intervals"]


def test_parts_merge() -> None:
    """Any number of rows at a time, the same answer."""
    table = pa.table(ROWS)
    said = {"logprob": "lp", "cluster": "doc", "units": {"bytes": "text"}}
    whole = us.evaluate(table, **said)
    for rows in (1, 17):
        assert us.evaluate(table, batch_rows=rows, **said).text == whole.text


def test_more_documents_than_are_kept() -> None:
    generator = np.random.default_rng(1)
    table = pa.table(
        {"lp": -generator.exponential(size=6000), "bytes": generator.integers(1, 9, 6000)}
    )
    found = us.evaluate(table, logprob="lp", units="bytes").text
    assert found.documents == 6000
    scores = found.per_unit["bytes"]
    assert scores.micro.low < scores.micro.value < scores.micro.high
    costs = -table["lp"].to_numpy() / math.log(2) / table["bytes"].to_numpy()
    assert scores.macro.value == pytest.approx(costs.mean())


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"units": "bytes"}, "goes with logprob"),
        ({"logprob": "lp", "units": "bits"}, "expected some of"),
        ({"logprob": "lp", "units": "bytes", "weight": "w"}, "a text's units are its weight"),
    ],
)
def test_bad_calls(said: dict[str, Any], told: str) -> None:
    with pytest.raises(CallError, match=told):
        us.evaluate(pa.table({"lp": [-1.0], "bytes": [1], "w": [1.0]}), **said)


@pytest.mark.parametrize(
    ("columns", "said", "told"),
    [
        ({}, {"units": "bytes"}, "no column 'bytes'"),
        ({"bytes": [-1]}, {"units": "bytes"}, "row 0, column 'bytes': found -1"),
        ({"text": ["a b"], "doc": ["x"]}, {"units": "words=text", "cluster": "doc"}, "found text"),
        ({"bytes": [None]}, {"units": "bytes"}, "column 'bytes': found null"),
    ],
)
def test_bad_units(columns: dict[str, Any], said: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        us.evaluate(pa.table({"lp": [-1.0], **columns}), logprob="lp", **said)


def test_command(tmp_path: Path) -> None:
    file = tmp_path / "documents.parquet"
    pq.write_table(pa.table(DOCUMENTS), file)
    said = ["evaluate", str(file), "--logprob", "lps", "--units", "bytes", "--units", "words"]
    run = CliRunner().invoke(program(), [*said, "--json", "-"])
    assert run.exit_code == 0, run.output
    text = json.loads(run.stdout)["text"]
    assert list(text["per_unit"]) == ["tokens", "bytes", "words"]
    assert text["documents"] == 30
    shown = CliRunner().invoke(program(), [*said, "--quiet"]).stdout
    assert "A byte costs" in shown
    assert "by byte (micro)" in shown
