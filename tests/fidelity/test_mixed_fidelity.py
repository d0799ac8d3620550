"""Lists of one model beside whole rows of the other, through the whole of ``fidelity``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fidelity_data import kld_bytes, log_softmax, models, written
from typer.testing import CliRunner

import unsurprised as us
from unsurprised import CallError, InputError
from unsurprised.commands.app import program

DOCUMENTS, LENGTH, WIDTH = 12, 10, 60
FIGURES = ("kl_divergence", "reverse_kl_divergence", "js_divergence", "total_variation")


@pytest.fixture(scope="module")
def texts() -> tuple[Any, Any, Any]:
    """Logits of both, (document, position, V), and the tokens that came."""
    return models(DOCUMENTS, LENGTH, WIDTH, 0.5, seed=3)


def listed(logits: Any, came: Any, k: int = 5, first: int = 0, **said: Any) -> us.TopLogProbs:
    """The k likely tokens of rows (document, position, V), at positions from ``first`` on."""
    documents, length, width = logits.shape
    logs = log_softmax(logits).reshape(-1, width)
    order = np.argsort(-logs, axis=1)[:, :k]
    given: dict[str, Any] = {
        "targets": came.ravel(),
        "target_logprobs": logs[np.arange(len(logs)), came.ravel()],
        "document": np.repeat(np.arange(documents), length),
        "position": np.tile(np.arange(first, first + length), documents),
    }
    return us.TopLogProbs(order, np.take_along_axis(logs, order, 1), **given | said)


@pytest.mark.parametrize("turned", [False, True])
def test_bounds_of_both_ends(texts: Any, turned: bool) -> None:
    base, other, came = texts
    exact = us.fidelity(base, other, targets=came)
    sides = (base, listed(other, came)) if turned else (listed(base, came), other)
    found = us.fidelity(*sides)
    assert (found.tokens, found.documents, found.vocabulary) == (120, 12, WIDTH)
    for name in FIGURES:
        true = getattr(exact, name).value
        assert getattr(found, name).value <= true, name
        assert found.bounds[name] == "at least"
        if name in found.at_most:
            assert true <= found.at_most[name].value, name
    finite = "reverse_kl_divergence" if turned else "kl_divergence"
    assert set(found.at_most) == {finite, "js_divergence", "total_variation"}
    assert ("upper bounds" in found.missing) == turned
    for name in ("cross_entropy_difference", "top_agreement", "perplexity_ratio"):
        assert getattr(found, name).value == pytest.approx(getattr(exact, name).value), name
    both = us.fidelity(listed(base, came), listed(other, came))
    assert both.kl_divergence.value < found.kl_divergence.value  # sharper, as more is known
    names = [name for name in found.bounds if name.endswith("entropy")]
    assert names == ["other.entropy" if turned else "base.entropy"]
    assert str(found)
    assert json.loads(found.to_json())["at_most"]["js_divergence"]["value"] > 0


def test_the_same_model_is_the_same(texts: Any) -> None:
    base, _, came = texts
    found = us.fidelity(listed(base, came), base)
    assert found.kl_divergence.value < 1e-12
    assert found.top_agreement.value == 1
    assert found.cross_entropy_difference.value == pytest.approx(0, abs=1e-12)


def test_rows_of_whole_texts_lose_the_last(texts: Any) -> None:
    """Logits of all tokens of a text beside lists of those from the second on."""
    base, other, came = texts
    lists = listed(other[:, :-1], came[:, :-1], first=1)
    found = us.fidelity(base, lists)
    same = us.fidelity(base[:, :-1], listed(other[:, :-1], came[:, :-1]))
    assert found.kl_divergence == same.kl_divergence
    assert found.tokens == DOCUMENTS * (LENGTH - 1)


def test_rows_one_after_the_other_take_the_lists_documents(texts: Any) -> None:
    base, other, came = texts
    lists = listed(other, came)
    found = us.fidelity(base.reshape(-1, WIDTH), lists)
    assert found.to_json() == us.fidelity(base, lists).to_json()
    assert found.documents == DOCUMENTS


def test_portions_do_not_show(texts: Any, tmp_path: Path) -> None:
    base, other, came = texts
    lists = listed(other, came)
    np.save(tmp_path / "base.npy", base)
    table = {"document": [], "position": [], "token": [], "logprob": [], "rank": [], "target": []}
    for row in range(lists.tokens):
        entries = slice(*lists.lists.starts[row : row + 2])
        tokens, values = lists.lists.tokens[entries], lists.lists.logprobs[entries]
        likely = np.ones(len(tokens), bool)
        if lists.lists.ranked is not None:
            likely = lists.lists.ranked[entries]
        for rank, (token, value) in enumerate(zip(tokens, values, strict=True), 1):
            said = (row // LENGTH, row % LENGTH, token, value, rank if likely[rank - 1] else 40)
            for name, one in zip(table, (*said, token == came.ravel()[row]), strict=True):
                table[name].append(one)
    path = tmp_path / "other.parquet"
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(arrow.table(table), path)
    said = ["fidelity", str(tmp_path / "base.npy"), str(path), "--json", "-", "--quiet"]
    runs = [
        CliRunner().invoke(program(), [*said, *more])
        for more in ([], ["--batch-rows", "7"], ["--batch-rows", "100000"])
    ]
    assert [run.exit_code for run in runs] == [0, 0, 0], runs[0].output
    assert len({run.stdout for run in runs}) == 1
    told = json.loads(runs[0].stdout)
    found = us.fidelity(base, lists)
    assert told["kl_divergence"]["value"] == found.kl_divergence.value
    assert told["at_most"]["js_divergence"]["value"] == found.at_most["js_divergence"].value


def test_beside_kld(texts: Any, tmp_path: Path) -> None:
    """A file of llama.cpp's holds the second halves of its contexts; so must the lists."""
    base, other, came = texts
    tokens = np.concatenate([came[:, :1], came[:, :-1]], axis=1)
    file = written(tmp_path / "base.kld", kld_bytes(base, tokens))
    half = slice(LENGTH // 2, LENGTH - 1)
    lists = listed(other[:, half], tokens[:, LENGTH // 2 + 1 :], first=LENGTH // 2 + 1)
    found = us.fidelity(file, lists)
    exact = us.fidelity(file, other)
    assert found.tokens == exact.tokens
    assert found.kl_divergence.value <= exact.kl_divergence.value
    assert found.cross_entropy_difference.value == pytest.approx(
        exact.cross_entropy_difference.value
    )
    late = listed(other[:, half], tokens[:, LENGTH // 2 + 1 :], first=1)
    told = r"row 0: found a token at position 1 of document '0', and one at position 6 of '0' in"
    with pytest.raises(InputError, match=told):
        us.fidelity(file, late)


def test_sides_that_do_not_agree(texts: Any, tmp_path: Path) -> None:
    base, other, came = texts
    lists = listed(other, came)
    with pytest.raises(InputError, match="found 96 rows of scores of 12 documents, and 120 lists"):
        us.fidelity(base[:, :8], lists)
    wrong = came.copy()
    wrong[3, 4] = (wrong[3, 4] + 1) % WIDTH
    with pytest.raises(InputError, match="at position 4 of document '3'"):
        us.fidelity(base, lists, targets=wrong)
    with pytest.raises(InputError, match=r"found the token \d+ in a list; expected 0 to 19"):
        us.fidelity(base, lists, vocabulary=20)
    with pytest.raises(CallError, match="document=… beside lists"):
        us.fidelity(base, lists, document=np.repeat(np.arange(12), 10))
    by_text = us.TopLogProbs([{"a": -0.1}] * 120)
    with pytest.raises(InputError, match="found tokens by texts, and rows of all tokens by ids"):
        us.fidelity(base, by_text)
    broken = base.copy()
    broken[2, 5] = np.nan
    with pytest.raises(InputError, match=r"base, row 25: .*position 5 of document '2'"):
        us.fidelity(broken, lists)
    with pytest.raises(InputError, match=r"a list that lacks 0\.6321 of probability"):
        us.fidelity(base[0, :1], us.TopLogProbs([[3, 4]], [[-1.0, -30.0]]))
    for name in "abcdefghijkl":
        np.save(tmp_path / f"{name}.npy", base[0])
    with pytest.raises(InputError, match="found the document 'a', and '0' in"):
        us.fidelity(tmp_path, lists)


def test_targets_that_are_left_out(texts: Any) -> None:
    base, other, came = texts
    lists = listed(other, came, targets=None, target_logprobs=None)
    left = came.copy()
    left[:, :4] = -100
    found = us.fidelity(base, lists, targets=left)
    assert (found.tokens, found.left_out) == (72, 48)
    assert found.base.cross_entropy is not None
    assert us.fidelity(base, lists).base.cross_entropy is None
