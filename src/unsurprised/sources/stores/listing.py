"""Addresses as they are named → objects: one, a glob, a folder, by as few requests as can be."""

from __future__ import annotations

import glob
import posixpath
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TypeVar

import pyarrow.fs as pafs

from unsurprised.errors import InputError, Place
from unsurprised.sources.stores.addresses import OPTIONS, Address
from unsurprised.sources.stores.faults import asking, is_missing
from unsurprised.sources.stores.filesystems import asked, filesystem_of, path_of
from unsurprised.sources.stores.objects import opened_anew, opened_before

#: Names within folders whose files do not all count, or are no tables; what they are.
_MARKS = {
    "_delta_log": "a Delta Lake table",
    ".hoodie": "a Hudi table",
    "dataset_dict.json": "a saved dataset",
    "state.json": "a saved dataset",
    "_versions": "a Lance dataset",
    "zarr.json": "a Zarr store",
    ".zarray": "a Zarr store",
    ".zgroup": "a Zarr store",
}

T = TypeVar("T")

#: Names that one request for a list is answered with.
_PAGE = 1000
_MOST_LISTINGS = 64


@dataclass(frozen=True, slots=True)
class _Listing:
    """How something was listed, and how many requests that took."""

    recursive: bool
    pages: int


_lock = threading.Lock()
_listings: OrderedDict[Address, _Listing] = OrderedDict()


def is_object(address: Address) -> bool:
    """Whether there is an object of this name, which is opened with that."""
    if not address.key or address.key.endswith("/"):
        return False
    before = opened_before(str(address))
    if before is not None and before.fresh:
        return True
    try:
        opened_anew(str(address))
    except InputError as error:
        if not is_missing(error):
            raise
        return False
    return True


def unless_object(address: Address, listed: Callable[[Address], T]) -> T | None:
    """What a list of what lies there says, which is asked for meanwhile; None of an object."""
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(listed, address)
        return None if is_object(address) else found.result()


def below(address: Address, *, recursive: bool = True) -> list[str]:
    """What lies below an address, by paths that are relative to it, folders with a ``/`` behind.

    Raises
    ------
    InputError
        There is no such bucket, or the store may not be listed.
    """
    names = []
    for relative, info in _listed(address, recursive):
        if info.type == pafs.FileType.File:
            names.append(relative)
        elif not recursive and info.type == pafs.FileType.Directory:
            names.append(f"{relative}/")
    if not names:
        _refuse_no_bucket(address)
    _refuse_marked(address, names)
    with _lock:
        _listings[address] = _Listing(recursive, -(-len(names) // _PAGE))
        _listings.move_to_end(address)
        while len(_listings) > _MOST_LISTINGS:
            _listings.popitem(last=False)
    return sorted(names, key=lambda name: name.split("/"))


def _listed(address: Address, recursive: bool) -> Iterator[tuple[str, pafs.FileInfo]]:
    """What a store lists below an address, by relative paths."""
    base = path_of(address)
    selector = pafs.FileSelector(base, recursive=recursive, allow_not_found=True)
    with asking(str(address)):
        found, _ = asked(address, lambda store: store.get_file_info(selector))
    for info in found:
        yield posixpath.relpath(info.path.strip("/"), base.strip("/") or "."), info


def listed_again(files: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Size and time, in seconds, of objects that were listed before.

    Of those alone for which listing them again is no more than to ask for each.
    """
    with _lock:
        listings = dict(_listings)
    left, found = {*files}, {}
    for address, listing in reversed(listings.items()):
        mine = {file for file in left if _is_below(Address.of(file), address)}
        if not mine or len(mine) < listing.pages:
            continue
        left -= mine
        try:
            infos = [*_listed(address, listing.recursive)]
        except InputError:  # each will be asked for
            continue
        for name, info in infos:
            if info.type == pafs.FileType.File:
                told = (info.size, (info.mtime_ns or 0) // 10**9)
                found[str(address.below(name))] = told
    return found


def _is_below(address: Address, folder: Address) -> bool:
    within = f"{folder.key.rstrip('/')}/" if folder.key else ""
    return address.root == folder.root and address.key.startswith(within)


def matching(address: Address) -> list[tuple[Address, bool]]:
    """What a glob stands for, sorted by name, and whether each is a folder."""
    parts = address.key.split("/")
    first = next(k for k, part in enumerate(parts) if glob.has_magic(part))
    base, pattern = address.at("/".join(parts[:first])), tuple(parts[first:])
    one_level = len(pattern) == 1 and pattern[0] != "**"
    found: dict[str, bool] = {}
    for name in below(base, recursive=not one_level):
        levels = tuple(name.rstrip("/").split("/"))
        if matches(levels, pattern):
            found[name.rstrip("/")] = name.endswith("/")
            continue
        inner = range(1, len(levels))
        folder = next((k for k in inner if matches(levels[:k], pattern)), None)
        if folder is not None:
            found["/".join(levels[:folder])] = True
    return [(base.below(name), is_folder) for name, is_folder in sorted(found.items())]


@lru_cache(maxsize=4096)
def matches(levels: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether names of folders and of an object are those of a glob, as a shell has it.

    Examples
    --------
    >>> matches(("day=1", "a.csv"), ("day=*", "*.csv")), matches((".a.csv",), ("*.csv",))
    (True, False)
    >>> matches(("x", "y", "a.csv"), ("**", "a.csv")), matches(("a.csv",), ("**", "a.csv"))
    (True, True)
    """
    if not pattern:
        return not levels
    if pattern[0] == "**":
        if matches(levels, pattern[1:]):
            return True
        return bool(levels) and not levels[0].startswith(".") and matches(levels[1:], pattern)
    if not levels or (levels[0].startswith(".") and not pattern[0].startswith(".")):
        return False
    return fnmatchcase(levels[0], pattern[0]) and matches(levels[1:], pattern[1:])


def _refuse_no_bucket(address: Address) -> None:
    if address.scheme not in OPTIONS:  # others need not have buckets
        return
    root = path_of(address.root)
    with asking(str(address)):
        found = filesystem_of(address).get_file_info(root)
    if found.type == pafs.FileType.NotFound:
        raise InputError(
            f"there is no bucket {address.authority!r}",
            remedy="name it as it is spelled there, or its store by ?endpoint_override=HOST:PORT",
            place=Place(str(address)),
        )


def _refuse_marked(address: Address, names: Sequence[str]) -> None:
    """Refuse folders that say themselves which of their files count."""
    for name in names:
        parts = name.rstrip("/").split("/")
        mark = next((part for part in parts if part in _MARKS), None)
        what = _MARKS.get(mark or "")
        if name.endswith(".metadata.json") and parts[-2:-1] == ["metadata"]:
            mark, what = "metadata", "an Iceberg table"
        if mark is not None:
            raise InputError(
                f"holds {what}, in which {mark} says what counts",
                expected="files of rows that all count",
                remedy="write those rows to a file of their own; of a copy on a disk, the error "
                "says how",
                place=Place(str(address)),
            )
