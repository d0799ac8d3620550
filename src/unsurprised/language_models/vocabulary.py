"""The tokens of a vocabulary in their text, as a ``tokenizer.json`` of Hugging Face states them.

It holds the tokens of a model (BPE, WordPiece, WordLevel, Unigram), those that were added, and how
tokens become text again, of which there are three ways: tokens of bytes, each byte a character of
its own (GPT-2's, Llama 3's, Qwen's); words that begin with ``▁``, bytes that are no token by
themselves as ``<0x0A>`` (Llama 2's, Gemma's, T5's); words that go on with ``##`` (BERT's).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from unsurprised.errors import InputError, Place
from unsurprised.sources.limits import CLASSES
from unsurprised.sources.places import files_in, named_path

#: What such a file is called in the folder of a model.
NAME = "tokenizer.json"
_SPACE = "▁"
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_EXPECTED = "a tokenizer.json of Hugging Face: 'model' with its 'vocab'"
_BROKEN = "write it again: tokenizer.save_pretrained(folder)"


class Vocabulary:
    """The text of each token, by its id.

    Parameters
    ----------
    said : str
        How errors call it.
    texts : mapping of int to bytes
        Of each token the bytes of its text, which may be a part of a character.
    size : int
        How many tokens the model itself has: one more than its largest id. Others were added.
    """

    def __init__(self, said: str, texts: Mapping[int, bytes], size: int) -> None:
        self.said, self.size, self._texts = said, size, texts

    def text(self, tokens: Sequence[int]) -> str:
        """The text of tokens that follow each other; ``�`` where bytes are no character."""
        return b"".join(self._texts.get(token, b"\xef\xbf\xbd") for token in tokens).decode(
            "utf-8", "replace"
        )

    def of_token(self, token: int | None) -> str | None:
        """A token's text; None where the token is none of these."""
        return None if token is None or token not in self._texts else self.text([token])

    def refuse_larger_than(self, vocabulary: int | None) -> None:
        """Raise where rows are too short for these tokens: they are another model's."""
        if vocabulary is not None and self.size > vocabulary:
            raise InputError(
                f"found a tokenizer of {self.size:,} tokens, and rows of {vocabulary:,}",
                expected="the tokenizer of these models",
                place=Place(self.said),
            )


def is_tokenizer(body: Any) -> bool:
    """Whether what JSON holds is such a file."""
    return isinstance(body, Mapping) and isinstance(body.get("model"), Mapping)


def object_vocabulary(given: Any) -> Vocabulary | None:
    """That of a tokenizer of ``tokenizers`` or ``transformers``; None of all else."""
    inner = getattr(given, "backend_tokenizer", given)
    if not callable(getattr(inner, "to_str", None)):
        return None
    return vocabulary_of(json.loads(inner.to_str()), "text")


def folder_file(path: str) -> str | None:
    """The file in a folder, if that is a model's."""
    return next((file for file in files_in(path) if named_path(file).name == NAME), None)


def vocabulary_of(body: Mapping[str, Any], said: str) -> Vocabulary:
    """The vocabulary that a ``tokenizer.json`` states."""
    model = body["model"]
    tokens = dict(_model_tokens(model.get("vocab"), said))
    size = max(tokens, default=-1) + 1
    bytes_of = _bytes_of(body)
    texts = {token: bytes_of(text) for token, text in tokens.items()}
    texts |= {token: text.encode("utf-8", "replace") for token, text in _added_tokens(body, said)}
    return Vocabulary(said, texts, size)


def _added_tokens(body: Mapping[str, Any], said: str) -> Iterator[tuple[int, str]]:
    """Ids and tokens that stand beside the model's, as they are."""
    given = body.get("added_tokens") or []
    for entry in given if isinstance(given, list) else [given]:
        named = entry if isinstance(entry, Mapping) else {}
        token, content = named.get("id"), named.get("content")
        if not (_is_id(token) and isinstance(content, str)):
            raise _refused(said, f"found {entry!r:.60} among the added tokens", "an id, a content")
        yield token, content


def _model_tokens(vocab: Any, said: str) -> Iterator[tuple[int, str]]:
    """Ids and tokens: an object of ids, or Unigram's list of tokens with their scores."""
    if isinstance(vocab, Mapping):
        pairs = [(token, text) for text, token in vocab.items()]
    elif isinstance(vocab, list) and all(isinstance(one, list) and one for one in vocab):
        pairs = [(token, entry[0]) for token, entry in enumerate(vocab)]
    else:
        raise _refused(said, f"found a vocabulary that is {type(vocab).__name__}", _EXPECTED)
    CLASSES.check(len(pairs), Place(said))
    seen: dict[int, str] = {}
    for token, text in pairs:
        if not (_is_id(token) and isinstance(text, str)):
            raise _refused(said, f"found the token {text!r:.40} of id {token!r:.40}", _EXPECTED)
        if token in seen:
            raise _refused(
                said, f"found the id {token} of {seen[token]!r:.40} and of {text!r:.40}",
                "an id of its own for each token",
            )  # fmt: skip
        seen[token] = text
        yield token, text


def _is_id(token: Any) -> TypeGuard[int]:
    return type(token) is int and 0 <= token < CLASSES.most


def _refused(said: str, found: str, expected: str) -> InputError:
    return InputError(found, expected=expected, remedy=_BROKEN, place=Place(said))


def _bytes_of(body: Mapping[str, Any]) -> Callable[[str], bytes]:
    """What turns a token into the bytes of its text."""
    parts = [*_parts(body.get("decoder")), *_parts(body.get("pre_tokenizer"))]
    kinds = {str(part.get("type")) for part in parts}
    if "ByteLevel" in kinds:
        characters = byte_characters()
        return lambda text: _of_characters(text, characters)
    if str(body["model"].get("type")) == "WordPiece" or "WordPiece" in kinds:
        prefix = body["model"].get("continuing_subword_prefix") or "##"
        return lambda text: _of_words(text, str(prefix))
    if kinds & {"Metaspace", "ByteFallback"} or _replaces_spaces(parts):
        return _of_pieces
    return lambda text: text.encode("utf-8", "replace")


def _parts(said: Any) -> list[Mapping[str, Any]]:
    """A step of a tokenizer, or those of a sequence."""
    if not isinstance(said, Mapping):
        return []
    inner = said.get("decoders") or said.get("pretokenizers")
    if isinstance(inner, list):
        return [part for one in inner for part in _parts(one)]
    return [said]


def _replaces_spaces(parts: Sequence[Mapping[str, Any]]) -> bool:
    return any(part.get("pattern") == {"String": _SPACE} for part in parts)


def byte_characters() -> dict[str, int]:
    """The byte that each character of a byte-level token stands for, as GPT-2 has them.

    Bytes that are visible characters of Latin-1 stand for themselves, the others for those from
    U+0100 on, in their order.

    Examples
    --------
    >>> [byte_characters()[character] for character in "aĠĊ"]
    [97, 32, 10]
    """
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(shown)]
    return {chr(byte): byte for byte in shown} | {chr(256 + k): b for k, b in enumerate(others)}


def _of_characters(text: str, characters: Mapping[str, int]) -> bytes:
    """Of a token that was added, some characters stand for none."""
    found = [characters.get(character) for character in text]
    return text.encode("utf-8", "replace") if None in found else bytes(found)  # type: ignore[arg-type]


def _of_pieces(text: str) -> bytes:
    byte = _BYTE.fullmatch(text)
    return (
        bytes([int(byte[1], 16)]) if byte else text.replace(_SPACE, " ").encode("utf-8", "replace")
    )


def _of_words(text: str, prefix: str) -> bytes:
    own = text.removeprefix(prefix) if text.startswith(prefix) else f" {text}"
    return own.encode("utf-8", "replace")
