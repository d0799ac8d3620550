"""Sources are opened: which files there are, and which of their columns mean what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from unsurprised.arrow.kinds import stands_for
from unsurprised.errors import InputError, Place
from unsurprised.sources.agreement import check_agreement
from unsurprised.sources.classes import Classes, classes_of
from unsurprised.sources.columns import Roles, roles_in
from unsurprised.sources.convert import Conversion
from unsurprised.sources.frames import refuse_lone_rows, refuse_unread
from unsurprised.sources.hive import refuse_folders_as_predictions
from unsurprised.sources.interpreted import (
    bound_how,
    refuse_confidence,
    refuse_predicted_classes,
)
from unsurprised.sources.joined import JoinedTable, Solution
from unsurprised.sources.options import Options
from unsurprised.sources.reading import Reading
from unsurprised.sources.samples import SamplesTable, of_samples, with_samples
from unsurprised.sources.table import Table, refuse_twice
from unsurprised.sources.tables import tables_of, with_npy
from unsurprised.sources.truth_means import truth_means


def open_source(source: Any, options: Mapping[str, Any], *, call: str) -> Reading:
    """Open what was handed to ``call`` in place of two arrays, with its options by their names."""
    refuse_unread(source)
    refuse_lone_rows(source, call)
    return open_predictions(source, Options(**options))


def open_predictions(source: Any, options: Options | None = None) -> Reading:
    """Open files or a data frame, and decide which columns mean what.

    Parameters
    ----------
    source : path, sequence of paths, data frame, or None
        Parquet, Arrow (file, stream, Feather), CSV, TSV, JSON, npz or npy files; globs and
        folders, whose names may be columns (``label=cat``); or any object with the Arrow
        interface. ``None`` where ``label`` and ``pred`` are paths of ``.npy`` files; or the
        prediction's ``.npy`` file, with ``label`` a path.
    options : Options, optional
        What the caller says.

    Returns
    -------
    Reading
        What was found; nothing but heads of files has been read yet.

    Examples
    --------
    >>> import pyarrow as pa
    >>> frame = pa.table({"label": ["cat"], "p_cat": [0.9], "p_dog": [0.1]})
    >>> reading = open_predictions(frame)
    >>> reading.classes
    ('cat', 'dog')
    >>> [batch.size for split in reading.plan() for batch in reading.batches(split)]
    [1]
    """
    options = options or Options()
    tables, aside = tables_of(source, options)
    tables, options = adapted(tables, options)
    first = next(table for table in tables if not table.empty)
    joined = None
    if options.truth is not None and options.labelled:
        joined = Solution(options.truth, options)
        tables = [JoinedTable(table, joined, pred=options.pred) for table in tables]
        first = next(table for table in tables if not table.empty)
        options = replace(options, label=joined.column)
    roles = roles_in(first, options)
    refuse_twice(first.schema.names, roles.pred, first.file)
    refuse_folders_as_predictions(first, [*roles.pred, *filter(None, [roles.logprob])])
    classes, roles = classes_of(tables, first, roles, options)
    check_agreement(tables, first, roles, classes)
    for table in tables:
        table.known_names = classes.names or ()
    means = "labels" if not options.labelled else truth_means(tables, first, roles, classes.count)
    if roles.layout == "number" and options.kind is None:
        refuse_predicted_classes(tables, roles.pred[0])
        refuse_confidence(first, roles)
    choices = {**roles.choices, **_described(first, roles, classes)}
    if roles.left_aside:
        choices["left aside"] = ", ".join(roles.left_aside)
    if joined is not None:
        choices["truth"] = joined.described
    if isinstance(first, SamplesTable) and first.left_aside:
        choices["filters"] = f"the first; left aside: {', '.join(first.left_aside)}"
    if aside:
        choices["files"] = f"{len(tables)}; of another format and left aside: {', '.join(aside)}"
    return Reading(tables, Conversion(roles, classes, options, means), choices, joined)


def adapted(tables: Sequence[Table], options: Options) -> tuple[list[Table], Options]:
    """The tables, and the options that follow from what they hold."""
    adapted = [with_samples(table, options) for table in tables]
    first = next((table for table in adapted if not table.empty), None)
    if first is None:
        raise InputError("holds no row and names no column", place=Place(adapted[0].file))
    told = of_samples(first, with_npy(first, options))
    told.refuse_units_alone()
    return adapted, told


def _described(first: Table, roles: Roles, classes: Classes) -> dict[str, str]:
    told: dict[str, str] = {}
    if roles.layout == "columns":
        told["pred"] = f"{roles.model_name} ({classes.count} columns)"
    elif roles.layout == "number":
        one = classes.binding.spoken_of
        name = f"class {classes.names[one]!r}" if classes.names else "class 1"
        told["pred"] = f"{roles.pred[0]} (one number a row: {name} of two)"
    elif roles.layout is not None:
        told["pred"] = f"{roles.pred[0]} ({roles.layout} of {classes.count})"
    if classes.shown:
        told["classes"] = f"{_range(classes.shown)} ({classes.origin})"
    if roles.label and classes.names:
        kind = stands_for(first.schema.field(roles.label).type)
        if kind in ("integer", "float", "bool"):
            told["label"] = f"{roles.label} ({bound_how(kind, classes)})"
    return told


def _range(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{names[0]} … {names[-1]}"
