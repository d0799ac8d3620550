"""Worst tokens in the text of a ``tokenizer.json``: of bytes, of pieces, of words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fidelity_data import models

import unsurprised as us
from unsurprised import CallError, InputError
from unsurprised.language_models.token_texts import token_texts
from unsurprised.language_models.vocabulary import byte_characters

WIDTH = 40
BASE, OTHER, CAME = models(4, 12, WIDTH, 0.5, seed=2)
#: The euro's sign in three bytes, no two of which are a character, among other tokens.
EURO = ["â", "Ĥ", "¬"]
BYTE_LEVEL = {
    "model": {"type": "BPE", "merges": [], "vocab": {
        "Ġcat": 0, "Ċ": 1, "Ã©": 2, **{one: k for k, one in enumerate(EURO, 3)}}},
    "decoder": {"type": "ByteLevel"},
    "added_tokens": [{"id": 6, "content": "<|end|>", "special": True}],
}  # fmt: skip
PIECES = {
    "model": {"type": "BPE", "vocab": {"▁cat": 0, "s": 1, "<0x0A>": 2, "<0xE2>": 3, "<0x82>": 4,
                                       "<0xAC>": 5, "▁": 6}},
    "decoder": {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
        {"type": "ByteFallback"}, {"type": "Fuse"}]},
}  # fmt: skip
UNIGRAM = {
    "model": {"type": "Unigram", "vocab": [["<unk>", 0.0], ["▁the", -1.5], ["n", -2]]},
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
                                                            {"type": "Metaspace"}]},
}  # fmt: skip
WORDS = {"model": {"type": "WordPiece", "vocab": {"play": 0, "##ing": 1, "[PAD]": 2}}}
PLAIN = {"model": {"type": "WordLevel", "vocab": {"play": 0, "Ġx": 1}}, "added_tokens": None}


@pytest.mark.parametrize(
    ("body", "tokens", "text"),
    [
        (BYTE_LEVEL, [0, 1, 2, 6], " cat\né<|end|>"),
        (BYTE_LEVEL, [3, 4, 5], "€"),
        (BYTE_LEVEL, [3, 0], "\ufffd cat"),
        (BYTE_LEVEL, [99], "\ufffd"),
        (PIECES, [0, 1, 2, 3, 4, 5, 6], " cats\n€ "),
        (PIECES, [4], "\ufffd"),
        (UNIGRAM, [1, 2], " then"),
        (WORDS, [0, 1, 0], " playing play"),
        (PLAIN, [0, 1], "playĠx"),
    ],
)
def test_text(body: Any, tokens: list[int], text: str, tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps(body), encoding="utf-8")
    for given in (str(file), tmp_path):
        assert token_texts(given).text(tokens) == text


def test_bytes_are_characters() -> None:
    """Each byte once: those that show themselves as they are, a space as Ġ, a newline as Ċ."""
    found = byte_characters()
    assert sorted(found.values()) == list(range(256))
    assert all(found[chr(k)] == k for k in range(0x21, 0x7F))
    assert (found["Ġ"], found["Ċ"], found["ĉ"], found["ł"], found["Ń"]) == (32, 10, 9, 160, 173)


def tokenizer(size: int = WIDTH) -> dict[str, Any]:
    return {
        "model": {"type": "BPE", "vocab": {f"Ġw{k}": k for k in range(size)}},
        "decoder": {"type": "ByteLevel"},
    }


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(tokenizer()))
    return str(path)


def test_worst_tokens(file: str) -> None:
    found = us.fidelity(BASE, OTHER, targets=CAME, text=file)
    assert len(found.worst_tokens) == 10
    for one in found.worst_tokens:
        own, at = CAME[int(one.document)], one.position
        assert one.text == f" w{own[at]}"
        assert one.base_top_text == f" w{one.base_top}"
        assert one.other_top_text == f" w{one.other_top}"
        assert one.before == "".join(f" w{k}" for k in own[max(at - 12, 0) : at])
        assert one.after == "".join(f" w{k}" for k in own[at + 1 : at + 7])


def test_no_targets(file: str) -> None:
    """What the models held likeliest is told all the same."""
    for one in us.fidelity(BASE, OTHER, text=file).worst_tokens:
        assert (one.text, one.before, one.after) == (None, "", "")
        assert one.base_top_text == f" w{one.base_top}"


def test_a_mask_leaves_the_text_as_it_is(file: str) -> None:
    mask = np.tile([1, 0, 1], 16).reshape(CAME.shape)
    for one in us.fidelity(BASE, OTHER, targets=CAME, mask=mask, text=file).worst_tokens:
        own = CAME[int(one.document)]
        assert one.before == "".join(
            f" w{k}" for k in own[max(one.position - 12, 0) : one.position]
        )
        assert mask[int(one.document), one.position]


def test_a_token_that_is_not_known_ends_the_context(file: str) -> None:
    targets = CAME.copy()
    targets[:, 5] = -100
    for one in us.fidelity(BASE, OTHER, targets=targets, text=file).worst_tokens:
        own, at = CAME[int(one.document)], one.position
        assert one.before == "".join(f" w{k}" for k in own[(6 if at > 5 else 0) : at])


def test_meter(file: str) -> None:
    meter = us.FidelityMeter()
    for k in range(4):
        meter.update(BASE[k], OTHER[k], CAME[k], documents=str(k))
    whole = us.fidelity(BASE, OTHER, targets=CAME, text=file).worst_tokens
    for one, beside in zip(meter.result(text=file).worst_tokens, whole, strict=True):
        assert (one.text, one.base_top_text, one.other_top_text) == (
            beside.text, beside.base_top_text, beside.other_top_text,
        )  # fmt: skip
        assert one.before is None
    with pytest.raises(CallError, match="a meter keeps no documents"):
        meter.result(text=[["a", "b"]])


def test_lists_by_ids(file: str) -> None:
    sides = []
    for logits in (BASE, OTHER):
        flat = logits.reshape(-1, WIDTH).astype(np.float64)
        logs = flat - np.log(np.exp(flat).sum(axis=1, keepdims=True))
        ids = np.argsort(-logs, axis=1)[:, :5]
        sides.append(
            us.TopLogProbs(
                ids, np.take_along_axis(logs, ids, 1), document=np.repeat(np.arange(4), 12),
                targets=ids[:, 0] if not sides else sides[0].targets,
            )
        )  # fmt: skip
    for one in us.fidelity(*sides, text=file).worst_tokens:
        assert one.base_top_text == f" w{one.base_top}"
        assert one.text == f" w{one.target}"


class Inner:
    """As ``tokenizers.Tokenizer`` says itself."""

    def to_str(self) -> str:
        return json.dumps(tokenizer())


class Fast:
    """As a tokenizer of transformers holds one."""

    backend_tokenizer = Inner()


@pytest.mark.parametrize("given", [Inner(), Fast()])
def test_tokenizers_themselves(given: Any, file: str) -> None:
    found = us.fidelity(BASE, OTHER, targets=CAME, text=given)
    wanted = us.fidelity(BASE, OTHER, targets=CAME, text=file)
    assert found.worst_tokens == wanted.worst_tokens


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"model": {"vocab": 5}}, "found a vocabulary that is int; expected a tokenizer.json"),
        ({"model": {}}, "found a vocabulary that is NoneType"),
        ({"model": {"vocab": {"a": "0"}}}, "found the token 'a' of id '0'"),
        ({"model": {"vocab": {"a": True}}}, "found the token 'a' of id True"),
        ({"model": {"vocab": {"a": -1}}}, "found the token 'a' of id -1"),
        ({"model": {"vocab": {"a": 1, "b": 1}}}, "found the id 1 of 'a' and of 'b'"),
        ({"model": {"vocab": [[5, 0.0]]}}, "found the token 5 of id 0"),
        ({"model": {"vocab": [[]]}}, "found a vocabulary that is list"),
        ({"model": {"vocab": {}}, "added_tokens": [3]}, "found 3 among the added tokens"),
        ({"model": {"vocab": {}}, "added_tokens": [{"id": 2}]}, "among the added tokens"),
        ({"model": {"vocab": {}}, "added_tokens": 1}, "found 1 among the added tokens"),
        (tokenizer(WIDTH + 1), "found a tokenizer of 41 tokens, and rows of 40; expected the tok"),
    ],
)
def test_what_is_wrong_is_named(body: Any, said: str, tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps(body))
    with pytest.raises(InputError, match=re.escape(said)) as error:
        us.fidelity(BASE, OTHER, targets=CAME, text=file)
    assert str(error.value).startswith(f"{file}: ")
    assert "\n" not in str(error.value)


def test_lists_that_know_their_texts_refuse_it(file: str) -> None:
    lists = us.TopLogProbs([["a", "b"]], [[-0.5, -1.0]])
    with pytest.raises(CallError, match="beside lists that know tokens by their texts"):
        us.fidelity(lists, lists, text=file)


def test_what_the_library_decodes(tmp_path: Path) -> None:
    """Real tokenizers of each kind, and what they decode themselves."""
    tokenizers = pytest.importorskip("tokenizers")
    from tokenizers import decoders, models, pre_tokenizers, trainers

    lines = [
        "the naïve cat überall, 日本 ran over 12 hills € and \t sat",
        "playing plays played",
    ] * 9
    kinds = [
        (models.BPE(), pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel(),
         trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>"],
                             initial_alphabet=pre_tokenizers.ByteLevel.alphabet())),
        (models.Unigram(), pre_tokenizers.Metaspace(), decoders.Metaspace(),
         trainers.UnigramTrainer(vocab_size=90, special_tokens=["<unk>"], unk_token="<unk>")),
        (models.WordPiece(unk_token="[UNK]"), pre_tokenizers.Whitespace(),
         decoders.WordPiece(cleanup=False),
         trainers.WordPieceTrainer(vocab_size=120, special_tokens=["[UNK]"])),
    ]  # fmt: skip
    for model, pre, decoder, trainer in kinds:
        made = tokenizers.Tokenizer(model)
        made.pre_tokenizer, made.decoder = pre, decoder
        made.train_from_iterator(lines, trainer)
        ids = made.encode(lines[0]).ids
        assert len(ids) > 8
        found = token_texts(made)
        assert found.text(ids).strip() == made.decode(ids, skip_special_tokens=False).strip()
        assert found.size == made.get_vocab_size()
