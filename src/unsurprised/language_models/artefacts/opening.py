"""What was handed in for a model, opened by what it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from unsurprised.errors import CallError, InputError, Place
from unsurprised.language_models.artefacts.arrays import of_arrays
from unsurprised.language_models.artefacts.kld import MAGIC, KldFile
from unsurprised.language_models.artefacts.lists import read_top_logprobs
from unsurprised.language_models.artefacts.no_artefact import (
    is_pickle,
    pickle_error,
    unknown_error,
)
from unsurprised.language_models.artefacts.numpy_files import npy, npz
from unsurprised.language_models.artefacts.safetensors import safetensors
from unsurprised.language_models.artefacts.tables import is_table, table_artefact
from unsurprised.language_models.artefacts.token_files import refuse_no_path
from unsurprised.language_models.artefacts.whole import WholeRows
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.sources.files import binary
from unsurprised.sources.places import (
    by_number,
    cut_at_column,
    files_in,
    is_file,
    is_folder,
    is_there,
    named_path,
    plain,
)

#: One of these a document makes a folder an artefact.
_OF_A_FOLDER = {".npy": npy, ".safetensors": safetensors}


#: An artefact of whole rows, or of lists of the likely tokens.
AnyOpened = WholeRows | KldFile | TopLogProbs
#: Files of responses, and of tables, by their names.
_OF_RESPONSES = (".json", ".jsonl", ".ndjson")
_OF_TABLES = (".csv", ".tsv", ".parquet", ".pq", ".parq", ".arrow", ".feather", ".ipc", ".arrows")


def opened(given: Any, said: str, *, partial: bool = False) -> AnyOpened:
    """An artefact of arrays, of a file, or of a folder with one file a document.

    Parameters
    ----------
    given : array, list of arrays, or path
        What was handed in.
    said : str
        The argument's name, for errors about arrays.
    partial : bool, default False
        Take the whole rows of a ``.kld`` file that a killed run has left.
    """
    if isinstance(given, AnyOpened):
        return given
    if isinstance(given, (str, os.PathLike)):
        return _path(os.fspath(given), partial=partial)
    if is_table(given):
        return table_artefact(given, said)
    return of_arrays(given, said)


def file_and_column(path: str) -> tuple[str, str | None]:
    """A path without the column of ``FILE:COLUMN``, and that column.

    Examples
    --------
    >>> file_and_column("base.npy")
    ('base.npy', None)
    """
    refuse_no_path(path)
    file, column = cut_at_column(path)
    return (file, column) if column and not is_there(path) and is_file(file) else (path, None)


def files_of(path: str) -> list[str]:
    """The files that are read of a path: itself, or those of a folder."""
    file = file_and_column(plain(path))[0]
    return files_in(file) if is_folder(file) else [file]


def _path(path: str, *, partial: bool) -> AnyOpened:
    path = plain(path)
    file, column = file_and_column(path)
    if named_path(file).suffix.lower() in _OF_TABLES and not is_folder(file):
        return table_artefact(file, path, column)
    if column is not None:
        raise CallError(f"{path}: a column is named, and {file!r} is no table")
    if is_folder(path):
        return read_top_logprobs(path) if _holds_responses(files_in(path)) else _folder(path)
    return read_top_logprobs(path) if _holds_responses([path]) else _file(path, partial=partial)


def _holds_responses(files: Sequence[str]) -> bool:
    """Whether a file, or all files of a folder, are responses of servers."""
    named = [path for path in map(named_path, files) if not path.name.startswith(".")]
    return bool(named) and all(path.suffix.lower() in _OF_RESPONSES for path in named)


def _file(path: str, *, partial: bool) -> WholeRows | KldFile:
    refuse_no_path(path)
    place = Place(path)
    try:
        with binary(path) as stream:
            head = stream.read(len(MAGIC))
    except FileNotFoundError:
        raise InputError("no such file", place=place) from None
    except OSError as error:
        raise InputError(f"the file cannot be read ({error.strerror})", place=place) from None
    suffix = named_path(path).suffix.lower()
    if head == MAGIC or suffix == ".kld":
        return KldFile(path, partial=partial)
    if head.startswith(b"\x93NUMPY"):
        return npy(path)
    if suffix == ".safetensors":
        return safetensors(path)
    if is_pickle(head, path):
        raise pickle_error(path)
    if head.startswith(b"PK\x03\x04"):
        return npz(path)
    raise unknown_error(head, path)


def _folder(path: str) -> WholeRows:
    files = by_number([file for file in files_in(path) if named_path(file).suffix in _OF_A_FOLDER])
    if not files:
        raise InputError(
            "the folder holds no npy and no safetensors file",
            expected="one file a document",
            place=Place(path),
        )
    named = [named_path(file) for file in files]
    stems = [one.stem for one in named]
    if len(set(stems)) < len(stems):
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        raise CallError(f"{path}: two files are called {twice!r}; expected one a document")
    parts = [
        _OF_A_FOLDER[one.suffix](file, one.stem) for file, one in zip(files, named, strict=True)
    ]
    documents = [document for part in parts for document in part.documents]
    return WholeRows(path, documents, named=True)
