"""What was named on the command line → the files: one, several, a glob, a folder."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources.folders import own_files, refuse_left_over_shards, refuse_tables_with_log
from unsurprised.sources.formats import named_format
from unsurprised.sources.standard_input import is_kept

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
    lying = [file for file in files if not is_kept(file)]
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
    if is_kept(path):
        return [path], []
    if os.path.isdir(path):  # noqa: PTH112 - the path is kept as it was given
        return _folder(path)
    if os.path.lexists(path):
        return [_regular(path)], []
    if glob.has_magic(path):
        return _globbed(path)
    if "://" in path:
        raise InputError("is an address, not a file", remedy="download it first", place=Place(path))
    raise InputError("no such file", remedy=_nearest(path), place=Place(path))


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
        real = os.path.realpath(file)
        if real in seen:
            raise CallError(
                f"{file}: the same file is given twice (also as {seen[real]}); expected each once"
            )
        seen[real] = file


def _nearest(path: str) -> str | None:
    from difflib import get_close_matches  # only needed to be helpful

    try:
        siblings = [entry.name for entry in Path(path).parent.iterdir()]
    except OSError:
        return None
    near = get_close_matches(Path(path).name, siblings, 1)
    return f"did you mean {near[0]!r}?" if near else None
