"""What was named on the command line → the files: one, several, a glob, a folder."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from unsurprised.addresses import named
from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources.folders import own_files, refuse_left_over_shards, refuse_tables_with_log
from unsurprised.sources.formats import named_format
from unsurprised.sources.standard_input import is_kept
from unsurprised.sources.stores.addresses import OPTIONS, Address, is_stored, local_path
from unsurprised.sources.stores.listing import below, is_object, matching, unless_object

PathLike = str | os.PathLike[str]


def expanded(sources: Iterable[PathLike]) -> tuple[list[str], list[str]]:
    """The files that paths, globs and folders stand for, and the files left aside in folders.

    A folder stands for its files of the one format that it holds, sorted by name, those of its
    folders too; hidden files and those that begin with ``_`` (``_SUCCESS``) are none of them.
    Tables with a log are refused, wherever in them the files lie.
    """
    files: list[str] = []
    aside: list[str] = []
    for source in sources:
        found, left = _expanded(_text(source))
        files += found
        aside += left
    _refuse_twice(files)
    lying = [file for file in files if not is_kept(file) and not is_stored(file)]
    refuse_tables_with_log(lying)
    refuse_left_over_shards(lying)
    return files, aside


def _text(source: PathLike) -> str:
    text = os.fspath(source)
    if not isinstance(text, str):
        raise CallError(f"{source!r} is no path; expected text")
    return text


def _expanded(path: str) -> tuple[list[str], list[str]]:
    if "\x00" in path:
        raise InputError(f"{path!r} is no path (it holds a NUL character)")
    if not path:
        raise InputError("found an empty name", expected="that of a file, a folder or a glob")
    if is_kept(path):
        return [path], []
    local = local_path(path)
    if local is not None:
        return _expanded(local)
    if is_stored(path):
        return _stored(Address.of(path))
    if os.path.isdir(path):  # noqa: PTH112 - the path is kept as it was given
        return _folder(path)
    if os.path.lexists(path):
        return [_regular(path)], []
    if glob.has_magic(path):
        return _globbed(path)
    raise InputError(
        "no such file", remedy=_lost_address(path) or _nearest(path), place=Place(path)
    )


def _regular(path: str) -> str:
    file = Path(path)
    if not file.exists():
        raise InputError("the link points to no file", place=Place(path))
    if not file.is_file():
        raise InputError(
            "is no regular file",
            expected="a file that can be read more than once",
            remedy="write it to a file, or pipe it to a command's standard input (-)",
            place=Place(path),
        )
    return path


def _globbed(path: str) -> tuple[list[str], list[str]]:
    matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - keeps the path's spelling
    if not matches:
        raise InputError("no file matches", place=Place(path))
    files: list[str] = []
    aside: list[str] = []
    for match in matches:
        found, left = _expanded(glob.escape(match) if not os.path.lexists(match) else match)
        files += found
        aside += left
    return files, aside


def _folder(path: str) -> tuple[list[str], list[str]]:
    files = _walked(path)
    refuse_tables_with_log([os.path.join(path, "part"), *files])  # noqa: PTH118 - before one complains of the formats of the log
    return _of_one_format(path, files)


def _of_one_format(path: str, files: Sequence[str]) -> tuple[list[str], list[str]]:
    formats = {file: named_format(file) for file in files}
    counts = Counter(fmt.name for fmt in formats.values() if fmt is not None)
    if not counts:
        raise InputError("the folder holds no file of a known format", place=Place(path))
    if len(counts) > 1:
        told = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
        raise InputError(
            f"the folder holds files of several formats: {told}",
            expected="one format",
            remedy=f"name the files you mean, such as {os.path.join(path, '*.parquet')!r}",  # noqa: PTH118
            place=Place(path),
        )
    known = [file for file, fmt in formats.items() if fmt is not None]
    return known, [file for file, fmt in formats.items() if fmt is None]


def _stored(address: Address) -> tuple[list[str], list[str]]:
    """The objects that an address stands for, as a path stands for files."""
    if glob.has_magic(address.key):
        matches = unless_object(address, matching)
        if matches is None:
            return [str(address)], []
        files: list[str] = []
        aside: list[str] = []
        for match, is_folder in matches:
            found, left = _stored_folder(match, below(match)) if is_folder else ([str(match)], [])
            files += found
            aside += left
        if not files:
            raise InputError("no object matches", place=Place(str(address)))
        return files, aside
    if named_format(str(address)) is None:  # as folders are called
        names = unless_object(address, below)
    else:
        names = None if is_object(address) else below(address)
    return ([str(address)], []) if names is None else _stored_folder(address, names)


def _stored_folder(address: Address, names: Sequence[str]) -> tuple[list[str], list[str]]:
    if not names and not address.key:
        raise InputError("the bucket is empty", expected="files", place=Place(str(address)))
    if not names:
        raise InputError(
            "no such object, and nothing lies below it",
            remedy=_nearest_below(address),
            place=Place(str(address)),
        )
    counting = [name for name in names if all(map(_counts, name.split("/")))]
    return _of_one_format(str(address), [str(address.below(name)) for name in counting])


def _nearest_below(address: Address) -> str | None:
    from difflib import get_close_matches  # only needed to be helpful

    folder, _, last = address.key.rpartition("/")
    names = [name.rstrip("/") for name in below(address.at(folder), recursive=False)]
    near = get_close_matches(last, names, 1)
    return f"did you mean {near[0]!r}?" if near else None


def _walked(path: str) -> list[str]:
    def refused(error: OSError) -> None:
        raise InputError(
            f"the folder may not be read ({error.strerror})", place=Place(str(error.filename))
        )

    found: list[str] = []
    for folder, folders, names in os.walk(path, onerror=refused):
        own = own_files(folder, folders, names)
        if own is not None:
            found += own
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if _counts(name))
        found += [os.path.join(folder, name) for name in sorted(names) if _counts(name)]  # noqa: PTH118
    return sorted(found, key=lambda file: Path(file).parts)


def _counts(name: str) -> bool:
    return not name.startswith((".", "_"))


def _refuse_twice(files: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        real = named(file) if is_stored(file) else os.path.realpath(file)
        if real in seen:
            raise CallError(
                f"{file}: the same file is given twice (also as {seen[real]}); expected each once"
            )
        seen[real] = file


def _lost_address(path: str) -> str | None:
    """What to do where an address was made a ``Path``, which takes one of two slashes away."""
    scheme, mark, rest = path.partition(":/")
    if not mark or rest.startswith("/") or scheme not in (*OPTIONS, "file", "https"):
        return None
    return "pass an address as text: a Path takes a / away"


def _nearest(path: str) -> str | None:
    from difflib import get_close_matches  # only needed to be helpful

    try:
        siblings = [entry.name for entry in Path(path).parent.iterdir()]
    except OSError:
        return None
    near = get_close_matches(Path(path).name, siblings, 1)
    return f"did you mean {near[0]!r}?" if near else None
