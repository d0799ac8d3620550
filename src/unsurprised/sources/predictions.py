"""Which columns are the prediction: as told, else by their names, else by the labels' values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from unsurprised.arrow.kinds import WORDS, stands_for
from unsurprised.class_names.columns import SeenLabels, bare_names
from unsurprised.class_names.names import checked_names, integer_of, key_of, listed
from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources.look import first_rows, seen_labels, sums_to_one
from unsurprised.sources.named_after_classes import by_labels
from unsurprised.sources.options import Options
from unsurprised.sources.table import Table, missing, require
from unsurprised.sources.usual_names import (
    NO_CLASS,
    NUMBERS,
    PREDICTIONS,
    PREFIXES,
    SCORES,
    Layout,
    Prediction,
    class_columns,
    number_kind,
)


def prediction_in(table: Table, options: Options, label: str | None, taken: set[str]) -> Prediction:
    """The prediction of a source."""
    asked = _asked(table, options.pred)
    if isinstance(asked, Mapping):
        columns = tuple(asked.values())
        return _told(table, columns, taken, classes=tuple(asked))
    if isinstance(asked, tuple) and len(asked) > 1:
        return _told(table, asked, taken)
    if asked == ():
        raise CallError(f"pred names {listed(())}; expected at least two distinct columns, or one")
    name = asked[0] if isinstance(asked, tuple) else asked
    if name is None:
        return _usual(table, options, label, taken)
    if name in table.schema.names:
        column = require(table, name, "pred")
        return Prediction((name,), layout_of(table, column), "", PREDICTIONS.get(name.lower()))
    columns = class_columns(table, name, taken)
    if len(columns) < 2:
        raise missing(
            table, f"no column, and no two columns beginning with, {name!r}", name, "pred"
        )
    return Prediction(columns, "columns", name, PREFIXES.get(name.lower()))


def _asked(
    table: Table, pred: str | Sequence[str] | Mapping[str, str] | None
) -> str | tuple[str, ...] | Mapping[str, str] | None:
    """A column or a prefix as it is; several columns as a tuple, from text by commas."""
    if pred is None or isinstance(pred, Mapping):
        return pred
    names = table.schema.names
    if not isinstance(pred, str):
        parts = tuple(pred)
    elif "," in pred and not any(name.startswith(pred) for name in names):
        parts = tuple(part.strip() for part in pred.split(","))
    else:
        parts = (pred,)
    if len(parts) > 1 and all("=" in part and part not in names for part in parts):
        pairs = [part.rpartition("=") for part in parts]
        checked_names([name.strip() for name, _, _ in pairs], "pred")
        return {name.strip(): column.strip() for name, _, column in pairs}
    return pred if len(parts) == 1 and isinstance(pred, str) else parts


def _told(
    table: Table, names: Sequence[str], taken: set[str], classes: tuple[str, ...] | None = None
) -> Prediction:
    """One column a class, named one by one."""
    if len(set(names)) < max(2, len(names)):
        raise CallError(
            f"pred names {listed(names)}; expected at least two distinct columns, one a class "
            "(--pred A,B,…)"
        )
    for name in names:
        column = require(table, name, "pred")
        number = number_kind(column) in NUMBERS
        if not number or name in taken:
            raise InputError(
                f"found {WORDS[stands_for(column.type)]}" if not number else "found another role",
                expected="a number a row, what the model gave to this class",
                remedy="name the columns of the classes with pred=… (--pred)",
                place=Place(table.file, column=name),
            )
    prefix = next(
        (usual for usual in PREFIXES if all(name.startswith(usual) for name in names)), ""
    )
    if prefix in names:  # a class without a name
        prefix = ""
    return Prediction(
        tuple(names), "columns", prefix, PREFIXES.get(prefix), told=True, classes=classes
    )


def layout_of(table: Table, column: pa.Field) -> Layout:
    """How predictions lie in one column."""
    layout = _LAYOUTS.get(stands_for(column.type))
    if layout is None:
        raise InputError(
            f"found {str(column.type)[:80]}",
            expected="lists of numbers, maps from class to number, or a number a row",
            remedy="name the prediction with pred=… (--pred)",
            place=Place(table.file, column=column.name),
        )
    return layout


_LAYOUTS: dict[str, Layout] = {
    "floats": "list",
    "integers": "list",
    "map": "map",
    "float": "number",
    "integer": "number",
    "null": "number",
}


def _usual(table: Table, options: Options, label: str | None, taken: set[str]) -> Prediction:
    """The prediction by its usual names; by the labels' values where no name tells."""
    whole, single, strange = _by_name(table, taken, label)
    labels = SeenLabels()
    if whole and (single or _scores(table, taken)) and all(p.layout == "columns" for p in whole):
        labels = seen_labels(table, label)
        whole = [one for one in whole if _is_whole(table, options, one, labels)]
    if not whole:
        labels = seen_labels(table, label)
        whole = by_labels(table, options, labels, label, taken)
    found = whole or _probable(table, single) or _scores(table, taken)
    if len(found) == 1:
        return _with_aside(table, found[0], taken)
    if not found:
        for column in strange:
            layout_of(table, column)  # the usual name, and a type that is no prediction
        raise _not_found(table, labels)
    names = [f"{one.prefix}<class>" if one.prefix else one.columns[0] for one in found]
    raise InputError(
        f"several columns could be the prediction: {listed(names)}",
        expected="one",
        remedy="say which: pred=… (--pred), the column's name or the prefix",
        place=Place(table.file),
    )


def _is_whole(table: Table, options: Options, one: Prediction, labels: SeenLabels) -> bool:
    """Whether columns with a prefix are those of classes, where a single one has the name too."""
    if labels.fit(bare_names(one.columns, labels, one.prefix)):
        return True
    rows = first_rows(table, dict.fromkeys(one.columns, "pred"))
    return rows is None or sums_to_one(rows, one.columns, options.tolerance) == 1


def _by_name(
    table: Table, taken: set[str], label: str | None
) -> tuple[list[Prediction], list[Prediction], list[pa.Field]]:
    """Whole rows, single numbers, and what has the name of a prediction but not its type."""
    strange: list[pa.Field] = []
    whole: list[Prediction] = []
    single: list[Prediction] = []
    for name in dict.fromkeys(table.schema.names):
        usual = name.lower() in PREDICTIONS or name.lower() == f"predicted_{label}_probs".lower()
        if not usual or name in taken:
            continue
        column = require(table, name, "pred")
        stated = PREDICTIONS.get(name.lower())
        kind = stands_for(column.type)
        if kind in ("floats", "integers", "map"):
            whole.append(Prediction((name,), layout_of(table, column), "", stated))
        elif kind == "float" or (not table.typed and kind in NUMBERS):
            single.append(Prediction((name,), "number", "", stated))
        else:
            strange.append(column)
    for prefix, stated in PREFIXES.items():
        columns = class_columns(table, prefix, taken)
        if len(columns) > 1:
            whole.append(Prediction(columns, "columns", prefix, stated))
    return whole, single, strange


def _scores(table: Table, taken: set[str]) -> list[Prediction]:
    """A single number a row by a name that tells no more than that."""
    names = [
        field.name
        for field in table.schema
        if field.name.lower() in SCORES
        and field.name not in taken
        and (number_kind(field) == "float" or (not table.typed and number_kind(field) in NUMBERS))
    ]
    return [Prediction((name,), "number") for name in dict.fromkeys(names)]


def _probable(table: Table, single: list[Prediction]) -> list[Prediction]:
    """Single numbers; predicted classes (0 and 1 alone) only where there is nothing else."""
    if not single:
        return []
    scores = _scores(table, {one.columns[0] for one in single})
    if not scores and len(single) == 1:
        return single
    both = [*single, *scores]
    rows = first_rows(table, {one.columns[0]: "pred" for one in both})
    if rows is None:
        return single
    real = [one for one in both if not only_classes(rows.column(one.columns[0]))]
    return [one for one in real if one in single] or real or single


def _with_aside(table: Table, found: Prediction, taken: set[str]) -> Prediction:
    """The prediction, with what looks like one too and was not taken."""
    used = {*found.columns, *taken}
    names = [
        name
        for name in dict.fromkeys(table.schema.names)
        if name not in used
        and (name.lower() in PREDICTIONS or name.lower() in SCORES or name.lower() in NO_CLASS)
    ]
    return replace(found, left_aside=tuple(names))


def _not_found(table: Table, labels: SeenLabels) -> InputError:
    error = missing(table, "no column of predictions ('probs', 'p_<class>', …)", "probs", "pred")
    if not labels.keys:
        return error
    near = [name for name in table.schema.names if key_of(name) in labels.keys]
    counted = [name for name in table.schema.names if integer_of(name) is not None]
    if not near and len(counted) > 1 and labels.kind == "text":
        return InputError(
            f"{error.found}; the columns {listed(counted, 3)} are but numbered",
            expected=error.expected,
            remedy="say the classes in the order of their numbers: classes=[…] (--classes A,B,…)",
            place=Place(table.file),
        )
    if not near:
        return error
    lacking = sorted(labels.keys - set(map(key_of, near)))
    if not lacking:  # of a class that is not among the first labels there is no telling
        return error
    return InputError(
        f"{error.found}; {listed(near, 3)} is named after a class, and none after "
        f"{listed(lacking, 3)}",
        expected=error.expected,
        remedy="name the columns of the classes with pred=A,B,… (--pred A,B,…)",
        place=Place(table.file),
    )


def only_classes(column: pa.Array) -> bool:
    """Whether numbers are but 0 and 1, as predicted classes are."""
    values = set(column.drop_null().unique().to_pylist())
    return values <= {0, 1}
