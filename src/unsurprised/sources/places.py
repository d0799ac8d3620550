"""What lies at a path or an address: a file, or a folder of files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from unsurprised.sources.standard_input import name_of
from unsurprised.sources.stores.addresses import Address, is_stored, local_path
from unsurprised.sources.stores.listing import below, is_object


def plain(path: str) -> str:
    """A path for the ``file://`` address of one, and all else as it is.

    Examples
    --------
    >>> plain("file:///tmp/a.npy"), plain("a.npy"), plain("s3://bucket/a.npy")
    ('/tmp/a.npy', 'a.npy', 's3://bucket/a.npy')
    """
    return local_path(path) or path


def named_path(path: str) -> PurePosixPath | Path:
    """The name that tells a file's format, without what an address says of its store.

    Examples
    --------
    >>> named_path("s3://bucket/a.npy?region=eu-west-1").suffix
    '.npy'
    """
    return PurePosixPath(name_of(path)) if is_stored(path) else Path(path)


def cut_at_column(spec: str) -> tuple[str, str]:
    """A file and a column as ``FILE:COLUMN`` has them; no column where there can be none.

    What an address says of its store stands behind the column.

    Examples
    --------
    >>> cut_at_column("a.csv:lang"), cut_at_column("a.csv"), cut_at_column("s3://b/a.csv")
    (('a.csv', 'lang'), ('a.csv', ''), ('s3://b/a.csv', ''))
    >>> cut_at_column("s3://b/a.csv:lang?region=eu-west-1")
    ('s3://b/a.csv?region=eu-west-1', 'lang')
    """
    bare, mark, options = spec.partition("?") if is_stored(spec) else (spec, "", "")
    file, _, column = bare.rpartition(":")
    if not file or (is_stored(spec) and not is_stored(file)):
        return spec, ""
    return f"{file}{mark}{options}", column


def is_there(path: str) -> bool:
    """Whether there is a file, an object, or a folder."""
    if is_stored(path):
        return is_object(Address.of(path)) or is_folder(path)
    return Path(path).exists()


def is_file(path: str) -> bool:
    """Whether there is a file, or an object."""
    return is_object(Address.of(path)) if is_stored(path) else Path(path).is_file()


def is_folder(path: str) -> bool:
    """Whether there is a folder: in a store, something below what is no object itself."""
    if not is_stored(path):
        return Path(path).is_dir()
    address = Address.of(path)
    return not is_object(address) and bool(below(address, recursive=False))


def files_in(folder: str) -> list[str]:
    """The files of a folder, but for those of folders within, by name."""
    if not is_stored(folder):
        return sorted(str(file) for file in Path(folder).iterdir() if file.is_file())
    address = Address.of(folder)
    names = below(address, recursive=False)
    return [str(address.below(name)) for name in names if not name.endswith("/")]


def by_number(files: list[str]) -> list[str]:
    """Files of documents in their order: those that numbers name by these, behind the others."""

    def place(file: str) -> tuple[int, str]:
        stem = named_path(file).stem
        return (len(stem), stem) if stem.isdecimal() else (0, stem)

    return sorted(files, key=place)
