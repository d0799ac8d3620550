"""Folders that are one thing: tables with a log, saved datasets, stores of arrays."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unsurprised.errors import InputError, Place
from unsurprised.sources.guard import guarded

_PARQUET = "python -c \"import pyarrow.parquet as pq, {0}; pq.write_table({1}, 'rows.parquet')\""


@dataclass(frozen=True, slots=True)
class _Logged:
    """A kind of table whose folder also holds files that count no more."""

    name: str
    #: What in the folder says which of its files count; ``None`` where it is no such table.
    log: Callable[[Path], Path | None]
    #: A command that writes the rows that count, for a folder and its log.
    command: Callable[[str, Path], str]


def _folder_named(name: str) -> Callable[[Path], Path | None]:
    return lambda folder: folder / name if (folder / name).is_dir() else None


def _iceberg_log(folder: Path) -> Path | None:
    found = sorted((folder / "metadata").glob("*.metadata.json"), key=_version)
    return found[-1] if found else None


def _version(path: Path) -> tuple[int, str]:
    digits = path.name.lstrip("v").split("-")[0].split(".")[0]
    return (int(digits) if digits.isdecimal() else -1), path.name


_LOGGED = (
    _Logged(
        "a Delta Lake table",
        _folder_named("_delta_log"),
        lambda folder, _: _PARQUET.format(
            "deltalake", f"deltalake.DeltaTable({folder!r}).to_pyarrow_table()"
        ),
    ),
    _Logged(
        "an Iceberg table",
        _iceberg_log,
        lambda _, log: _PARQUET.format(
            "pyiceberg.table as t",
            f"t.StaticTable.from_metadata({os.fspath(log)!r}).scan().to_arrow()",
        ),
    ),
    _Logged(
        "a Hudi table",
        _folder_named(".hoodie"),
        lambda folder, _: (
            f"in Spark, spark.read.format('hudi').load({folder!r}).write.parquet('rows.parquet')"
        ),
    ),
)


def refuse_tables_with_log(files: Iterable[str]) -> None:
    """Refuse files that lie in a table with a log, however they were named.

    Whoever reads all its files counts rows that were deleted or written anew.
    """
    seen: set[Path] = set()
    for file in files:
        for path in dict.fromkeys((os.path.abspath(file), os.path.realpath(file))):  # noqa: PTH100
            for folder in Path(path).parents:
                if folder in seen:
                    break
                seen.add(folder)
                _refuse_with_log(folder, shown=_as_given(folder, file))


def _as_given(folder: Path, file: str) -> str:
    """The folder in the spelling of the file."""
    return os.fspath(folder) if Path(file).is_absolute() else os.path.relpath(folder)


def _refuse_with_log(folder: Path, shown: str) -> None:
    for kind in _LOGGED:
        log = kind.log(folder)
        if log is not None:
            told = os.fspath(Path(shown) / log.relative_to(folder))
            raise InputError(
                f"is {kind.name}: {told} says which of its files still count",
                expected="the rows that count, in a file of their own",
                remedy=f"write them: {kind.command(shown, Path(told))}",
                place=Place(shown),
            )


_ZARR = ("zarr.json", ".zarray", ".zgroup", ".zmetadata")

#: What Hugging Face's ``save_to_disk`` writes beside the shards.
_STATE, _INFO, _SPLITS = "state.json", "dataset_info.json", "dataset_dict.json"


def own_files(folder: str, folders: Sequence[str], names: Sequence[str]) -> list[str] | None:
    """The files that count in a folder that says itself which; ``None`` for any other.

    Raises
    ------
    InputError
        For a store of arrays, and for a dataset of several splits.
    """
    if any(name in names for name in _ZARR):
        raise _zarr(folder, names)
    if "_versions" in folders and "data" in folders and folder.rstrip("/").endswith(".lance"):
        raise InputError(
            "is a Lance dataset",
            expected="a file that can be read here",
            remedy="write it: " + _PARQUET.format("lance", f"lance.dataset({folder!r}).to_table()"),
            place=Place(folder),
        )
    if _SPLITS in names:
        return _split(folder)
    return _shards(folder) if _STATE in names and _INFO in names else None


def _zarr(folder: str, names: Sequence[str]) -> InputError:
    array = ".zarray" in names or (
        "zarr.json" in names and _json(Path(folder, "zarr.json")).get("node_type") == "array"
    )
    save = (
        f"np.save('rows.npy', zarr.open_array({folder!r})[:])"
        if array
        else f"np.savez('rows.npz', **{{k: v[:] for k, v in zarr.open_group({folder!r}).arrays()}})"
    )
    return InputError(
        f"is a Zarr {'array' if array else 'group'}",
        expected="npz or npy",
        remedy=f'write it: python -c "import zarr, numpy as np; {save}"',
        place=Place(folder),
    )


def _split(folder: str) -> list[str]:
    """The files of a dataset's only split; which of several is not guessed."""
    path = Path(folder, _SPLITS)
    splits = _json(path).get("splits")
    if not isinstance(splits, list) or not splits or not all(isinstance(s, str) for s in splits):
        raise InputError("names no split", expected='{"splits": [...]}', place=Place(str(path)))
    if len(splits) > 1:
        raise InputError(
            f"is a dataset of {len(splits)} splits: {', '.join(splits[:10])}",
            expected="the rows of one",
            remedy=f"name its folder, such as {os.fspath(Path(folder, splits[-1]))!r}",
            place=Place(folder),
        )
    return _shards(os.fspath(Path(folder, splits[0])))


def _shards(folder: str) -> list[str]:
    """The shards that ``state.json`` names; others beside them were left by ``map`` and its kin."""
    path = Path(folder, _STATE)
    state = _json(path)
    if state.get("_indices_data_files") or state.get("_indices_files"):
        raise InputError(
            "is a dataset whose rows are chosen by a file of indices",
            expected="a dataset as save_to_disk of today writes it",
            remedy=f"write it anew: datasets.load_from_disk({folder!r}).to_parquet('rows.parquet')",
            place=Place(folder),
        )
    shards = state.get("_data_files")
    if not isinstance(shards, list) or not all(
        isinstance(shard, dict) and isinstance(shard.get("filename"), str) for shard in shards
    ):
        raise InputError(
            "names no shards", expected='{"_data_files": [...]}', place=Place(str(path))
        )
    return [os.fspath(Path(folder, shard["filename"])) for shard in shards]


def refuse_left_over_shards(files: Iterable[str]) -> None:
    """Refuse Arrow files beside a saved dataset's shards that are none of them."""
    shards: dict[str, list[str] | None] = {}
    for file in files:
        folder = os.path.dirname(file)  # noqa: PTH120 - "" stays "", as it was given
        if folder not in shards:
            saved = all(Path(folder, name).is_file() for name in (_STATE, _INFO))
            shards[folder] = [os.path.realpath(f) for f in _shards(folder)] if saved else None
        own = shards[folder]
        if own is not None and os.path.realpath(file) not in own:
            raise InputError(
                f"is none of the dataset's files, which {_STATE} names",
                expected="the dataset alone",
                remedy=f"name its folder, {folder or '.'!r}",
                place=Place(file),
            )


def _json(path: Path) -> dict[str, Any]:
    with guarded(str(path), "JSON"):
        found = json.loads(path.read_text("utf-8"))
    return found if isinstance(found, dict) else {}
