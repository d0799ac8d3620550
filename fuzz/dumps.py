"""What language models leave behind: files of scores beside themselves, and their tokenizers."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fuzz import mutations, structures
from fuzz.case import Case, Mutation, Target, one_line, same
from fuzz.readers import npy_of

#: What is said of the tokens, by variant. In the last the rows come one by one.
OPTIONS: Sequence[dict[str, Any]] = ({}, {"partial": True}, {"vocabulary": 2}, {"rows": 1})


def beside_itself(path: str, *, partial: bool = False, vocabulary: int | None = None,
                  rows: int | None = None) -> str:  # fmt: skip
    """What a file of scores is beside itself: the same, or refused."""
    from unsurprised.errors import UnsurprisedError
    from unsurprised.language_models.artefacts import opened
    from unsurprised.language_models.model_pair import ModelPair
    from unsurprised.language_models.placing import Placing

    try:
        side = opened(path, path, partial=partial)
        pair = ModelPair(side, side, Placing(vocabulary=vocabulary), ("a", "b"))
        found = pair.result(pair.read(rows=rows), 2)
    except UnsurprisedError as error:
        return one_line(error).replace(path, "FILE")
    for name in ("kl_divergence", "reverse_kl_divergence", "js_divergence", "total_variation"):
        same(getattr(found, name).value, 0.0, f"{name} of a file beside itself")
    return f"{found.tokens} tokens {found.vocabulary}"


def scores(name: str) -> Callable[[bytes, int, Path], str]:
    """What reads a file of this name as a model's scores."""

    def run(data: bytes, variant: int, folder: Path) -> str:
        path = folder / name
        path.write_bytes(data)
        try:
            found = beside_itself(str(path), **OPTIONS[variant])
            if variant == len(OPTIONS) - 1:
                at_once = beside_itself(str(path))
                same(_tokens(found), _tokens(at_once), "rows one by one are others than at once")
            return found
        finally:
            path.unlink()

    return run


def _tokens(answer: str) -> str:
    """How many tokens, or that there is no answer: what is wrong first may be said differently."""
    first = answer.partition(" ")[0]
    return first if first.isdecimal() else "refused"


def tokenizer(data: bytes, _: int, folder: Path) -> str:
    """What a ``tokenizer.json`` says of some tokens."""
    from unsurprised.errors import UnsurprisedError
    from unsurprised.language_models.token_texts import token_texts
    from unsurprised.language_models.vocabulary import Vocabulary

    path = folder / "tokenizer.json"
    path.write_bytes(data)
    try:
        found = token_texts(str(path))
    except UnsurprisedError as error:
        return one_line(error).replace(str(path), "FILE")
    finally:
        path.unlink()
    if not isinstance(found, Vocabulary):
        return f"{len(found.documents)} documents"
    return repr(found.text(range(20)))[:200]


def _kld(context: int, vocabulary: int, chunks: int, seed: int) -> bytes:
    """As llama.cpp writes it, of steps whose probabilities add up to one."""
    random = np.random.default_rng(seed)
    tokens = random.integers(0, vocabulary, chunks * context).astype("<i4")
    rows = []
    for _ in range(chunks * (context - 1 - context // 2)):
        logits = (6 * random.normal(size=vocabulary)).clip(-8 if seed else -99)
        least = max(logits.min(), logits.max() - 16)
        scale = np.float32((logits.max() - least) / 65535)
        steps = np.rint((logits.clip(least) - least) / max(scale, 1e-9)).astype("<u2")
        total = np.log(np.exp(logits).sum())
        head = struct.pack("<ff", scale, least - total)
        rows.append(head + steps.tobytes() + b"\0\0" * (vocabulary % 2))
    head = struct.pack("<8siii", b"_logits_", context, vocabulary, chunks)
    return head + tokens.tobytes() + b"".join(rows)


def _klds() -> list[bytes]:
    whole = [_kld(6, 5, 2, 0), _kld(5, 8, 1, 1), _kld(3, 1, 2, 0), _kld(8, 90, 2, 1)]
    return [*whole, whole[0][:-5]]


def _safetensors() -> list[bytes]:
    found = []
    random = np.random.default_rng(0)
    for shape, kinds in (
        ((3, 4), ("F16", "BF16")),
        ((2, 3, 70), ("F32",)),
        ((2, 2), ("F64", "I8")),
    ):
        header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
        data = b""
        for number, kind in enumerate(kinds):
            size = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8, "I8": 1}[kind]
            values = random.normal(size=shape).astype(f"<f{max(size, 2)}" if size > 1 else "<i1")
            raw = values.tobytes()
            ends = [len(data), len(data) + len(raw)]
            header[f"t{number}"] = {"dtype": kind, "shape": shape, "data_offsets": ends}
            data += raw
        said = json.dumps(header).encode()
        found.append(struct.pack("<Q", len(said)) + said + data)
    return found


def _npys() -> list[bytes]:
    scores = np.random.default_rng(0).normal(size=(2, 3, 70))
    kinds = ("f2", "<f4", ">f4", "f8")
    return [npy_of(part.astype(kind)) for kind in kinds for part in (scores, scores[0, :, :3])]


def _tokenizers() -> list[bytes]:
    vocab = {"Ġcat": 0, "Ċ": 1, "<0xE2>": 2, "##s": 3, "▁a": 4}
    added = [{"id": 7, "content": "<|end|>", "special": True}]
    bodies: list[dict[str, Any]] = [
        {"model": {"type": kind, "vocab": vocab}, "added_tokens": added, "decoder": {"type": how}}
        for kind, how in (("BPE", "ByteLevel"), ("WordPiece", "WordPiece"), ("BPE", "Metaspace"))
    ]
    bodies.append({"model": {"type": "Unigram", "vocab": [["▁a", -1.5], ["b", 0]]},
                   "pre_tokenizer": {"type": "Sequence", "pretokenizers": []}})  # fmt: skip
    return [json.dumps(body).encode() for body in bodies]


_WORDS = mutations.tokens("dtype", "shape", "BF16", "data_offsets", "[0,0]", "-1", "1e9", "null")
_FILES: Sequence[tuple[str, Callable[[], list[bytes]], Sequence[Mutation]]] = (
    ("kld", _klds, mutations.ANY),
    ("safetensors", _safetensors, (*mutations.ANY, _WORDS)),
    ("scores.npy", _npys, (*mutations.ANY, *[structures.npy_header] * 3)),
)


def targets() -> list[Target]:
    """One for each kind of file of scores, and one for tokenizers."""
    found = [
        Target(
            name,
            scores(f"a.{name}"),
            lambda made=made: [  # type: ignore[misc]
                Case(variant, data) for data in made() for variant in range(len(OPTIONS))
            ],
            changes,
            len(OPTIONS),
        )
        for name, made, changes in _FILES
    ]
    texts = Target(
        "tokenizer", tokenizer, lambda: [Case(0, data) for data in _tokenizers()],
        (*mutations.TEXT, *[structures.json_tree] * 10),
    )  # fmt: skip
    return [*found, texts]
