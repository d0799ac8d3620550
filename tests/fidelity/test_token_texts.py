"""The tokens' own text in the ways people have it, and the worst tokens in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fidelity_data import kld_bytes, models, written

import unsurprised as us

DOCUMENTS, LENGTH, WIDTH = 3, 8, 30
WORDS = [*(f" w{k}" for k in range(27)), "\n", "é", "'"]


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, list[list[str]]]:
    base, other, targets = models(DOCUMENTS, LENGTH, WIDTH, 0.5, seed=2)
    return base, other, targets, [[WORDS[token] for token in row] for row in targets]


def check(found: us.Fidelity, targets: np.ndarray, texts: list[list[str]], shift: int = 0) -> None:
    """Each of the worst tokens stands where it came, and tops that came have their text."""
    came = set(targets.ravel().tolist())
    assert found.worst_tokens
    for one in found.worst_tokens:
        own, at = texts[int(one.document)], one.position + shift
        assert one.text == own[at] == WORDS[one.target]
        assert one.before == "".join(own[max(at - 12, 0) : at])
        assert one.after == "".join(own[at + 1 : at + 7])
        for token, text in ((one.base_top, one.base_top_text), (one.other_top, one.other_top_text)):
            assert text == (WORDS[token] if token in came else None)


def forms(folder: Path, texts: list[list[str]], targets: np.ndarray) -> dict[str, Any]:
    """The same texts as each is handed in."""
    lists = folder / "lists.jsonl"
    lists.write_text("".join(f"{json.dumps(row)}\n" for row in texts))
    backwards = [{"tokens": row, "document": str(k)} for k, row in enumerate(texts)][::-1]
    objects = folder / "objects.ndjson"
    objects.write_text("\n".join(json.dumps(row) for row in backwards))
    whole = folder / "whole.json"
    whole.write_text(json.dumps({str(k): row for k, row in enumerate(texts)}))
    tokenized = folder / "tokenized"
    tokenized.mkdir()
    for k, row in enumerate(texts):
        lines = [f"{token:6d} -> '{text}'\n" for token, text in zip(targets[k], row, strict=True)]
        (tokenized / f"{k}.txt").write_text("".join(lines))
    return {
        "lists": texts,
        "a mapping": {str(k): row for k, row in enumerate(texts)},
        "JSON lines": lists,
        "named JSON lines": objects,
        "one JSON": str(whole),
        "what llama-tokenize prints": tokenized,
    }


@pytest.mark.parametrize("shift", [0, 1])
def test_every_form_tells_the_same(tmp_path: Path, shift: int) -> None:
    base, other, targets, texts = data()
    longer = [[WORDS[9]] * shift + row for row in texts]
    ids = np.concatenate([np.full((DOCUMENTS, shift), 9), targets], axis=1)
    told = set()
    for text in forms(tmp_path, longer, ids).values():
        found = us.fidelity(base, other, targets=targets, text=text)
        check(found, targets, longer, shift)
        told.add(found.to_json())
    assert len(told) == 1


def test_a_token_a_line(tmp_path: Path) -> None:
    base, other, targets, _ = data()
    path = tmp_path / "one.txt"
    path.write_text("".join(f" w{token}\n" for token in targets[0]))
    found = us.fidelity(base[:1], other[:1], targets=targets[:1], text=path)
    assert {one.text for one in found.worst_tokens} <= {f" w{token}" for token in targets[0]}
    worst = found.worst_tokens[0]
    assert worst.text == f" w{targets[0][worst.position]}"


def test_contexts_of_a_kld_file_are_cut_out_of_one_text(tmp_path: Path) -> None:
    base, other, tokens = models(DOCUMENTS, LENGTH, WIDTH, 0.5, seed=3)
    path = written(tmp_path / "base.kld", kld_bytes(base, tokens))
    text = [WORDS[token] for token in tokens.ravel()] + [" rest"]
    lines = zip([*tokens.ravel(), 7], text, strict=True)
    told = tmp_path / "text.txt"
    told.write_text("".join(f"{token:6d} -> '{word}'\n" for token, word in lines))
    for given in (text, told):
        found = us.fidelity(path, other, text=given)
        check(found, tokens[:, 5:], [[WORDS[token] for token in row] for row in tokens])
    told.write_text(
        told.read_text().replace(f"{tokens[1, 6]:6d} ->", f"{(tokens[1, 6] + 1) % 30:6d} ->")
    )
    with pytest.raises(us.InputError, match=r"text.txt: found the token \d+ at position \d of"):
        us.fidelity(path, other, text=told)


def test_text_that_a_list_carries() -> None:
    rows = [{" a": -0.1, " b": -3.0}, {"\n": -0.2, " a": -2.0}, {" c": -0.3, " b": -2.0}]
    others = [{" a": -0.2, " b": -2.0}, {" a": -0.5, "\n": -1.2}, {" d": -0.3, " b": -2.0}]
    sides = [us.TopLogProbs(side, targets=[" a", "\n", " b"]) for side in (rows, others)]
    worst = {one.position: one for one in us.fidelity(*sides).worst_tokens}
    assert (worst[2].base_top_text, worst[2].other_top_text) == (" c", " d")
    assert (worst[1].text, worst[1].before, worst[1].after) == ("\n", " a", " b")
    assert (worst[1].base_rank, worst[1].other_rank) == (1, 2)
    assert worst[1].target is None


def test_text_beside_lists_of_ids() -> None:
    sides = [us.TopLogProbs([[4, 2], [2, 4]], [[-0.1, low], [-0.2, -2.0]], targets=[4, 2],
                            position=[1, 2]) for low in (-3.0, -2.5)]  # fmt: skip
    found = us.fidelity(*sides, text=["<s>", " x", " y"])
    worst = {one.position: one for one in found.worst_tokens}
    assert (worst[1].text, worst[1].before, worst[1].base_top_text) == (" x", "<s>", " x")
    assert (worst[2].text, worst[2].before) == (" y", "<s> x")


@pytest.mark.parametrize(
    ("content", "suffix", "said"),
    [
        ("[1, 2]", ".jsonl", "found 1 as token 0"),
        ('["a"', ".jsonl", "text.jsonl, row 0: found what is no JSON"),
        ("7", ".jsonl", "found '7'; expected JSON lines"),
        ('{"text": "a"}', ".jsonl", "found NoneType; expected JSON lines"),
        ("", ".jsonl", "found no document"),
        ('["a", "b"]', ".jsonl", "found the texts of 1 documents, and 3 are measured"),
        ('["a", "b"]\n' * 3, ".jsonl", "of document '0'; expected those of 8, or 9 with the first"),
        ("a\nb", ".txt", "found the texts of 1 documents"),
        ("", ".md", "found a file called 'text.md'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path: Path, content: str, suffix: str, said: str) -> None:
    base, other, targets, _ = data()
    path = tmp_path / f"text{suffix}"
    path.write_text(content)
    with pytest.raises(us.InputError) as raised:
        us.fidelity(base, other, targets=targets, text=path)
    assert said in str(raised.value)


def test_a_missing_file_and_no_text_at_all(tmp_path: Path) -> None:
    base, other, _, texts = data()
    with pytest.raises(us.InputError, match=r"none\.jsonl: no such file"):
        us.fidelity(base, other, text=tmp_path / "none.jsonl")
    with pytest.raises(us.InputError, match="holds no txt file"):
        us.fidelity(base, other, text=tmp_path)
    with pytest.raises(us.CallError, match="text is a int"):
        us.fidelity(base, other, text=3)
    with pytest.raises(us.InputError, match=r"text, row 1: found int"):
        us.fidelity(base, other, text=[texts[0], 3])
