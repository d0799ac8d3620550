"""Which files a source is, or which frame, each as a table."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from unsurprised.addresses import named
from unsurprised.errors import CallError
from unsurprised.sources.formats import opened, stamped
from unsurprised.sources.frames import FrameTable, is_frame, no_frame, refuse_unread
from unsurprised.sources.hive import integer_partitions, with_partitions
from unsurprised.sources.numpy_files import NpyTable
from unsurprised.sources.numpy_records import RecordsTable, holds_records
from unsurprised.sources.options import Options
from unsurprised.sources.paths import expanded
from unsurprised.sources.stores.addresses import is_stored
from unsurprised.sources.stores.objects import LOOKED_AT_ONCE
from unsurprised.sources.table import Table


def tables_of(
    source: Any, options: Options, integers: Collection[str] | None = None
) -> tuple[list[Table], list[str]]:
    """The files or the frame as tables, and the files that were left aside.

    ``integers`` are the columns named by folders that hold some; by default, the files tell.
    """
    if is_frame(source):
        return [FrameTable(source)], []
    npy = _npy_options(options)
    if source is None or (not isinstance(source, str | os.PathLike) and not list(_paths(source))):
        if not npy:
            raise CallError("no file is given; expected a file, several, a glob or a folder")
        pred = options.pred if isinstance(options.pred, str) else None
        return [_npy_files(pred or options.logprob or npy[0], npy)], []
    files, aside = expanded(_paths(source))
    if npy or any(named(file).lower().endswith(".npy") for file in files):
        return [_npy_table(files, npy, options)], aside
    known = integer_partitions(files) if integers is None else integers
    return with_partitions(_all_opened(files, looks=integers is None), known), aside


def _all_opened(files: Sequence[str], *, looks: bool) -> list[Table]:
    """The files as tables; those in stores side by side, since each is waited for.

    ``looks``: rows of the first one tell what columns mean.
    """
    if not any(map(is_stored, files)):
        return [opened(file) for file in files]

    def one(place: int) -> Table:
        return opened(files[place], looked_at=looks and not place)

    with ThreadPoolExecutor(LOOKED_AT_ONCE) as pool:
        return list(pool.map(one, range(len(files))))


def _paths(source: Any) -> Sequence[str | os.PathLike[str]]:
    if isinstance(source, str | os.PathLike):
        return [source]
    if isinstance(source, Sequence) and all(isinstance(s, str | os.PathLike) for s in source):
        return source
    refuse_unread(source)
    raise no_frame(source)


def _npy_options(options: Options) -> list[str]:
    told = (options.label, options.pred, options.logprob, options.weight, options.id)
    return [name for name in told if isinstance(name, str) and named(name).lower().endswith(".npy")]


def _npy_table(files: Sequence[str], npy: Sequence[str], options: Options) -> Table:
    others = [file for file in files if not named(file).lower().endswith(".npy")]
    if len(files) == 1 and not npy and holds_records(files[0]):
        return stamped(files, lambda: RecordsTable(files[0]))
    if others or len(files) > 1 or (options.labelled and not npy):
        raise CallError(
            f"{', '.join([*files, *npy][:4])}: a .npy file is one column; pass the predictions' "
            'file, and the others as label="y.npy", weight="w.npy" (--label, --weight)'
        )
    return _npy_files(files[0], [files[0], *npy])


def _npy_files(file: str, columns: Sequence[str]) -> Table:
    return stamped(columns, lambda: NpyTable(file, columns))


def with_npy(first: Table, options: Options) -> Options:
    """The options with the file itself as the prediction, where it is an npy file."""
    if not isinstance(first, NpyTable) or options.pred is not None or options.logprob is not None:
        return options
    return replace(options, pred=first.file)
