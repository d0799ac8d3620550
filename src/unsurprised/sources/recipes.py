"""How a source was read, in words that are written down, and the same source opened elsewhere.

What columns mean is found once, by whoever looks at all files. Others are told: they open only the
files that they read, and can find nothing else in them.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from unsurprised.copies import Record
from unsurprised.errors import CallError
from unsurprised.sources.classes import Classes
from unsurprised.sources.columns import Roles
from unsurprised.sources.convert import Conversion
from unsurprised.sources.frames import is_frame, library_of, writing_call
from unsurprised.sources.hive import integer_partitions
from unsurprised.sources.joined import JoinedTable
from unsurprised.sources.opening import adapted
from unsurprised.sources.options import Options
from unsurprised.sources.reading import Reading
from unsurprised.sources.standard_input import is_kept
from unsurprised.sources.tables import tables_of
from unsurprised.sources.truth_files import TruthFiles

Told = TypeVar("Told", Options, Roles, Classes)


@dataclass(frozen=True, slots=True)
class SourceRecipe(Record):
    """What the caller said of a source, and what was found in it."""

    options: Options
    roles: Roles
    classes: Classes
    truth_means: str
    #: Columns that folders name and that hold integers, in all files.
    integers: tuple[str, ...] = ()
    #: Where the truth is, if not beside the predictions.
    truth: TruthFiles | None = None

    @classmethod
    def of(cls, reading: Reading, options: Options) -> SourceRecipe:
        """The recipe of a source that was opened with ``options``.

        Raises
        ------
        CallError
            It cannot be opened elsewhere: a frame, standard input, a truth in one of them.
        """
        refuse_standard_input(reading.files)
        truth = None
        if options.truth is not None:
            if reading.joined is None:
                raise CallError(
                    "truth (--truth) goes with rows that have labels; expected a plan without it, "
                    "or without labelled=False (--no-label)"
                )
            truth = TruthFiles.of(reading.joined)
            options = replace(options, truth=truth.files)
        known = reading.conversion
        return cls(
            options,
            known.roles,
            known.classes,
            known.truth_means,
            tuple(sorted(integer_partitions(reading.files))),
            truth,
        )

    def opened(self, files: Mapping[int, str], choices: Mapping[str, str]) -> Reading:
        """Some of the files, by their places among all."""
        tables, _ = tables_of(list(files.values()), self.options, self.integers)
        tables, options = adapted(tables, self.options)
        joined = None
        if self.truth is not None:
            joined = self.truth.opened()
            tables = [JoinedTable(table, joined, pred=options.pred) for table in tables]
        for table in tables:
            table.known_names = self.classes.names or ()
        conversion = Conversion(self.roles, self.classes, options, self.truth_means)
        return Reading(tables, conversion, choices, joined, places=list(files))

    def __copy__(self) -> SourceRecipe:
        return copy.deepcopy(self)  # roles and classes hold dictionaries, and copy as they are

    def said(self) -> dict[str, Any]:
        """The recipe as dictionaries, lists and plain values."""
        return {
            "options": said_of_options(self.options),
            "roles": _said(self.roles),
            "classes": _said(self.classes),
            "truth_means": self.truth_means,
            "integers": list(self.integers),
            "truth": None if self.truth is None else self.truth.said(),
        }

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> SourceRecipe:
        """The recipe that :meth:`said` told."""
        return cls(
            options_of_said(said["options"]),
            _of_said(Roles, said["roles"]),
            _of_said(Classes, said["classes"]),
            str(said["truth_means"]),
            tuple(said["integers"]),
            None if said["truth"] is None else TruthFiles.of_said(said["truth"]),
        )


def refuse_no_files(source: Any, name: str = "source") -> None:
    """Raise for what only this process holds, or no worker can open by its name."""
    of = "" if name == "source" else f"{name}: "
    writes = writing_call(source, name)
    if writes is not None:
        raise CallError(
            f"{of}found {type(source).__name__} of {library_of(source)}, whose rows have no places "
            "by which parts of them could be told; expected files, which others open too: "
            f"{writes}, and pass that path; evaluate and calibrate take it as their source, with "
            "id=…"
        )
    if is_frame(source):
        raise CallError(
            f"{of}a data frame is in this process alone; expected files, which others open too: "
            "write the frame as Parquet, and pass its path"
        )


def refuse_standard_input(files: Iterable[str]) -> None:
    """Raise for rows that this process alone can read."""
    if any(map(is_kept, files)):
        raise CallError("a plan is for files, which others open too; expected no - among them")


def said_of_options(options: Options) -> dict[str, Any]:
    """Options as dictionaries, lists and plain values."""
    return _said(options)


def options_of_said(said: Mapping[str, Any]) -> Options:
    """Options from plain values."""
    return _of_said(Options, said)


def _said(held: Options | Roles | Classes) -> dict[str, Any]:
    return {field.name: _plain(getattr(held, field.name)) for field in fields(held)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _of_said(kind: type[Told], said: Mapping[str, Any]) -> Told:
    return kind(**{name: _held(value) for name, value in said.items()})


def _held(value: Any) -> Any:
    if isinstance(value, dict):
        if list(value) == ["float"] and value["float"] in ("inf", "-inf"):
            return float(value["float"])
        return {key: _held(entry) for key, entry in value.items()}
    return tuple(map(_held, value)) if isinstance(value, list) else value
