"""The tokens' own text, as people have it: JSON, llama.cpp's ``llama-tokenize``, a token a line."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unsurprised.errors import CallError, InputError, Place
from unsurprised.language_models.artefacts.token_files import refuse_no_path
from unsurprised.language_models.vocabulary import (
    NAME,
    Vocabulary,
    folder_file,
    is_tokenizer,
    object_vocabulary,
    vocabulary_of,
)
from unsurprised.sources.files import binary
from unsurprised.sources.guard import guarded
from unsurprised.sources.places import by_number, files_in, is_folder, named_path, plain

#: Bytes of a file at most.
_MOST = 1 << 30
#: As llama-tokenize begins a token.
_TOKEN = re.compile(r"^ *(\d{1,18}) -> '", re.MULTILINE)
_EXPECTED = (
    "JSON lines of a list of token strings a document, or of objects with 'tokens' and perhaps "
    "'document'; or a model's tokenizer.json"
)
_NAMES = ("document", "id", "name", "doc_id")


@dataclass(frozen=True, slots=True)
class TokenTexts:
    """The texts of the tokens of each document, in their order."""

    #: How errors call them.
    said: str
    documents: Sequence[Sequence[str]]
    #: Names of the documents, where they have any.
    names: Sequence[str] | None = None
    #: Ids of the same tokens, where the file says them.
    ids: Sequence[Sequence[int]] | None = None


def token_texts(given: Any) -> TokenTexts | Vocabulary:
    """The texts of a path, of a list of strings a document, or of such lists by name.

    Or of each id, as a tokenizer has them.
    """
    if isinstance(given, (str, os.PathLike)):
        path = os.fspath(given)
        refuse_no_path(path)
        path = plain(path)
        return _folder(path) if is_folder(path) else _file(path)
    vocabulary = object_vocabulary(given)
    if vocabulary is not None:
        return vocabulary
    if isinstance(given, Mapping):
        documents = [_strings(value, Place("text")) for value in given.values()]
        return TokenTexts("text", documents, tuple(map(str, given)))
    if not isinstance(given, Sequence):
        raise CallError(
            f"text is a {type(given).__name__}; expected a path, a tokenizer, or lists of token "
            "strings"
        )
    one = bool(given) and all(isinstance(value, str) for value in given)
    parts = [given] if one else given
    return TokenTexts("text", [_strings(value, Place("text", k)) for k, value in enumerate(parts)])


def _folder(path: str) -> TokenTexts | Vocabulary:
    tokenizer = folder_file(path)
    if tokenizer is not None:
        return _file(tokenizer)
    files = by_number([file for file in files_in(path) if named_path(file).suffix == ".txt"])
    if not files:
        raise InputError(
            f"the folder holds no txt file, and no {NAME}",
            expected="a txt file a document, or a model's tokenizer",
            place=Place(path),
        )
    parts = [_of_lines(file) for file in files]
    ids = [part.ids[0] for part in parts if part.ids is not None]
    documents = [part.documents[0] for part in parts]
    names = tuple(named_path(file).stem for file in files)
    return TokenTexts(path, documents, names, ids if len(ids) == len(parts) else None)


def _file(path: str) -> TokenTexts | Vocabulary:
    suffix = named_path(path).suffix.lower()
    if suffix == ".txt":
        return _of_lines(path)
    if suffix not in (".json", ".jsonl", ".ndjson"):
        raise InputError(
            f"found a file called {named_path(path).name!r:.80}",
            expected=f"{_EXPECTED}; or a txt file a document: what llama-tokenize writes, or a "
            "token a line",
            place=Place(path),
        )
    text = _read(path)
    if suffix == ".json":
        whole = _parsed(text, Place(path))
        if is_tokenizer(whole):
            return vocabulary_of(whole, path)
        if isinstance(whole, Mapping) and "tokens" not in whole:
            named = [_strings(value, Place(path)) for value in whole.values()]
            return TokenTexts(path, named, tuple(whole))
        is_one = isinstance(whole, Mapping) or all(isinstance(one, str) for one in whole)
        return _of_records([whole] if is_one else whole, path)
    lines = [line for line in text.split("\n") if line.strip()]
    return _of_records([_parsed(line, Place(path, row)) for row, line in enumerate(lines)], path)


def _parsed(text: str, place: Place) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"found what is no JSON ({error!s:.80})", expected=_EXPECTED, place=place
        ) from None
    if not isinstance(found, (list, dict)):
        raise InputError(f"found {text.strip()!r:.40}", expected=_EXPECTED, place=place)
    return found


def _of_records(records: Sequence[Any], path: str) -> TokenTexts:
    if not records:
        raise InputError("found no document", expected=_EXPECTED, place=Place(path))
    documents, names = [], []
    for row, record in enumerate(records):
        held = record.get("tokens") if isinstance(record, Mapping) else record
        documents.append(_strings(held, Place(path, row)))
        if isinstance(record, Mapping):
            names += [str(record[key]) for key in _NAMES if key in record][:1]
    return TokenTexts(path, documents, names if len(names) == len(documents) else None)


def _strings(held: Any, place: Place) -> list[str]:
    values = held.tolist() if hasattr(held, "tolist") else held
    if not isinstance(values, (list, tuple)):
        raise InputError(f"found {type(held).__name__}", expected=_EXPECTED, place=place)
    for at, value in enumerate(values):
        if not isinstance(value, str):
            raise InputError(
                f"found {value!r:.40} as token {at}", expected="strings: token texts", place=place
            )
    return list(values)


def _of_lines(path: str) -> TokenTexts:
    """A document of llama-tokenize, or of a token a line."""
    text = _read(path)
    begins = list(_TOKEN.finditer(text))
    if not begins or text[: begins[0].start()].strip():
        return TokenTexts(path, [text.removesuffix("\n").split("\n")])
    ends = [match.start() for match in begins[1:]] + [len(text)]
    parts = [text[match.end() : end] for match, end in zip(begins, ends, strict=True)]
    texts = [part.rpartition("'")[0] for part in parts]
    return TokenTexts(path, [texts], None, [[int(match[1]) for match in begins]])


def _read(path: str) -> str:
    with guarded(path, "token texts"), binary(path) as stream:
        data = stream.read(_MOST + 1)
    if len(data) > _MOST:
        raise InputError("found more than 1 GiB", expected="token texts", place=Place(path))
    # A token may be a part of a character.
    return data.decode("utf-8", "replace").replace("\r\n", "\n")
