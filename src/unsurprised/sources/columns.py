"""Which column means what: as told, else by the usual names, else an error that lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

import pyarrow as pa

from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources.kinds import WORDS, stands_for
from unsurprised.sources.options import Options
from unsurprised.sources.table import Table
from unsurprised.sources.text import PARTLY_NUMBERS

Layout = Literal["list", "map", "number", "columns"]

LABELS = ("y_true", "target", "y", "labels", "class")

#: Names of prediction columns, and what each says of its numbers.
PREDICTIONS = {
    **dict.fromkeys(("probs", "probabilities", "prob", "proba", "probas", "probability")),
    **dict.fromkeys(("pred", "preds", "prediction", "predictions")),
    **dict.fromkeys(("y_pred", "y_prob", "y_proba", "y_probs")),
    **dict.fromkeys(("logits", "logit"), "logits"),
    **dict.fromkeys(("logprobs", "log_probs", "logprob", "log_prob"), "logprobs"),
}

#: Prefixes of one column a class, likewise.
PREFIXES = {
    **dict.fromkeys(("p_", "prob_", "probs_", "proba_", "probability_", ".pred_", "pred_")),
    **dict.fromkeys(("logit_", "logits_"), "logits"),
    **dict.fromkeys(("logprob_", "logprobs_", "log_prob_", "log_probs_"), "logprobs"),
}

#: What a number a row is stored as.
_NUMBERS = ("float", "integer", "null")

#: What tidymodels and others call the predicted class beside the classes' own columns.
_NO_CLASS = {".pred_class", "pred_class", "pred_label"}


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns in use. ``pred`` holds one column, or one a class in the order of the file."""

    label: str | None = None
    #: Columns of the truth, where each class has its own.
    label_columns: tuple[str, ...] = ()
    pred: tuple[str, ...] = ()
    layout: Layout | None = None
    prefix: str = ""
    #: Whether the columns of the classes were named one by one.
    named: bool = False
    kind: str = "probs"
    logprob: str | None = None
    weight: str | None = None
    id: str | None = None
    by: tuple[str, ...] = ()
    cluster: str | None = None
    #: What was taken without being told, for printing.
    choices: dict[str, str] = field(default_factory=dict)

    @property
    def model_name(self) -> str:
        """How errors call the prediction."""
        if self.layout != "columns":
            return self.pred[0]
        if self.named and not self.prefix:
            return ", ".join(self.pred[:3]) + (", …" if len(self.pred) > 3 else "")
        return f"{self.prefix}<class>"


def roles_in(table: Table, options: Options) -> Roles:
    """Decide which columns of ``table`` mean what."""
    choices: dict[str, str] = {}
    weight = _told(table, options.weight, "weight")
    row_id = _told(table, options.id, "id")
    choices["id"] = row_id or _no_id(table)
    if weight:
        choices["weight"] = weight
    by = tuple(require(table, name, "by").name for name in options.by)
    cluster = _told(table, options.cluster, "cluster")
    if by:
        choices["by"] = ", ".join(by)
    if cluster:
        choices["cluster"] = cluster
    aside: dict[str, Any] = {
        "weight": weight,
        "id": row_id,
        "by": by,
        "cluster": cluster,
        "choices": choices,
    }
    if options.logprob is not None:
        logprob = _told(table, options.logprob, "logprob")
        label, columns = _label_told(table, options) if options.label else (None, ())
        if label is not None and options.classes is None:
            raise CallError(
                "label goes with logprob only together with the classes' names: "
                "pass classes=[…] (--classes)"
            )
        choices["logprob"] = f"{logprob} (natural logarithms)"
        return Roles(label, columns, logprob=logprob, **aside)
    label, columns = _label(table, options, choices)
    taken = {name for name in (label, weight, row_id, cluster, *by, *columns) if name}
    asked = _asked(table, options.pred)
    pred, layout, prefix, stated = _pred(table, asked, taken)
    kind = options.kind or stated or "probs"
    how = "" if options.kind else " (from the column's name)" if stated else " (the default)"
    choices["kind"] = kind + how
    named = isinstance(asked, tuple)
    return Roles(label, columns, pred, layout, prefix, named, kind, None, **aside)


def require(table: Table, name: str, option: str) -> pa.Field:
    """The column called ``name``; an error that lists the columns where it is not there once."""
    found = table.schema.get_all_field_indices(name)
    if len(found) == 1:
        return table.schema.field(found[0])
    if found:
        raise InputError(
            f"{len(found)} columns are named {name!r}",
            expected="one",
            remedy="rename the others",
            place=Place(table.file),
        )
    raise missing(table, f"no column {name!r}", name, option)


def missing(table: Table, found: str, name: str | None, option: str) -> InputError:
    """An error that lists the columns, and the nearest name."""
    names = list(dict.fromkeys(table.schema.names))
    others = [other for other in names if other != name]
    near = get_close_matches(name, others, 1) if name else []
    remedy = f"did you mean {near[0]!r}?" if near else f"name it with {option}=… (--{option})"
    return InputError(
        found, expected=f"one of {listed(names)}", remedy=remedy, place=Place(table.file)
    )


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names for a message, the first few of very many."""
    shown = ", ".join(repr(name) for name in names[:most])
    return f"{shown}, … ({len(names)} in all)" if len(names) > most else shown or "none"


def class_columns(table: Table, prefix: str, taken: set[str]) -> tuple[str, ...]:
    """The columns that name a class after ``prefix``, in the order of the file."""
    kinds = {
        field.name: "float" if field.metadata == PARTLY_NUMBERS else stands_for(field.type)
        for field in table.schema
        if field.name.startswith(prefix)
        and len(field.name) > len(prefix)
        and field.name not in taken
        and field.name not in _NO_CLASS
    }
    numbers = [name for name, kind in kinds.items() if kind in _NUMBERS]
    floats = [name for name in numbers if kinds[name] == "float"]
    # Beside floats, a column of integers counts something else; in text, 0 and 1 may be floats.
    return tuple(floats if table.typed and floats else numbers)


def _told(table: Table, name: str | None, option: str) -> str | None:
    return None if name is None else require(table, name, option).name


def _label_told(table: Table, options: Options) -> tuple[str | None, tuple[str, ...]]:
    name = options.label or ""
    columns = () if name in table.schema.names else class_columns(table, name, set())
    if len(columns) > 1:
        return None, columns
    return require(table, name, "label").name, ()


def _label(
    table: Table, options: Options, choices: dict[str, str]
) -> tuple[str | None, tuple[str, ...]]:
    if not options.labelled:
        return None, ()
    if options.label is not None:
        label, columns = _label_told(table, options)
    else:
        label, columns = _usual_label(table), ()
    choices["label"] = label or f"{options.label}<class> ({len(columns)} columns)"
    return label, columns


def _usual_label(table: Table) -> str:
    names: list[str] = table.schema.names
    if "label" in names:
        require(table, "label", "label")
        return "label"
    found = [name for name in LABELS if name in names]
    if len(found) == 1:
        require(table, found[0], "label")
        return found[0]
    told = f"several columns could be the label: {listed(found)}" if found else "no column 'label'"
    raise missing(table, told, None if found else "label", "label")


def _no_id(table: Table) -> str:
    likely = next((name for name in ("row_id", "id") if name in table.schema.names), None)
    hint = f"; {likely!r} is there, say id={likely!r} (--id {likely})" if likely else ""
    return f"{'file and ' if table.file else ''}row number{hint}"


_Prediction = tuple[tuple[str, ...], Layout, str, str | None]


def _asked(table: Table, pred: str | Sequence[str] | None) -> str | tuple[str, ...] | None:
    """A column or a prefix as it is; several columns as a tuple, from text by commas."""
    if not isinstance(pred, str):
        return None if pred is None else tuple(pred)
    if "," in pred and not any(name.startswith(pred) for name in table.schema.names):
        return tuple(part.strip() for part in pred.split(","))
    return pred


def _pred(table: Table, name: str | tuple[str, ...] | None, taken: set[str]) -> _Prediction:
    if name is None:
        return _usual_pred(table, taken)
    if isinstance(name, tuple):
        return _named_pred(table, name, taken)
    if name in table.schema.names:
        field = require(table, name, "pred")
        return (name,), _layout(table, field), "", PREDICTIONS.get(name.lower())
    columns = class_columns(table, name, taken)
    if len(columns) < 2:
        raise missing(
            table, f"no column, and no two columns beginning with, {name!r}", name, "pred"
        )
    return columns, "columns", name, PREFIXES.get(name.lower())


def _named_pred(table: Table, names: Sequence[str], taken: set[str]) -> _Prediction:
    """One column a class, named one by one in the order of the classes."""
    if len(set(names)) < max(2, len(names)):
        raise CallError(
            f"pred names {listed(names)}; expected at least two distinct columns, one a class "
            "(--pred A,B,…)"
        )
    for name in names:
        field = require(table, name, "pred")
        number = field.metadata == PARTLY_NUMBERS or stands_for(field.type) in _NUMBERS
        if not number or name in taken:
            raise InputError(
                f"found {WORDS[stands_for(field.type)]}" if not number else "found another role",
                expected="a number a row, what the model gave to this class",
                remedy="name the columns of the classes with pred=… (--pred)",
                place=Place(table.file, column=name),
            )
    prefix = next(
        (usual for usual in PREFIXES if all(name.startswith(usual) for name in names)), ""
    )
    if prefix in names:  # a class without a name
        prefix = ""
    return tuple(names), "columns", prefix, PREFIXES.get(prefix)


def _layout(table: Table, field: pa.Field) -> Layout:
    layout = _LAYOUTS.get(stands_for(field.type))
    if layout is None:
        raise InputError(
            f"found {field.type}",
            expected="lists of numbers, maps from class to number, or a number a row",
            remedy="name the prediction with pred=… (--pred)",
            place=Place(table.file, column=field.name),
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


def _usual_pred(table: Table, taken: set[str]) -> _Prediction:
    strange: list[pa.Field] = []
    whole: list[_Prediction] = []
    single: list[_Prediction] = []
    for name in dict.fromkeys(table.schema.names):
        if name.lower() not in PREDICTIONS or name in taken:
            continue
        field = require(table, name, "pred")
        stated = PREDICTIONS[name.lower()]
        if stands_for(field.type) in ("floats", "integers", "map"):
            whole.append(((name,), _layout(table, field), "", stated))
        elif stands_for(field.type) == "float" or not table.typed:
            single.append(((name,), "number", "", stated))
        else:
            strange.append(field)
    for prefix, stated in PREFIXES.items():
        columns = class_columns(table, prefix, taken)
        if len(columns) > 1:
            whole.append((columns, "columns", prefix, stated))
    found = whole or single
    if len(found) == 1:
        return found[0]
    if not found:
        for field in strange:
            _layout(table, field)  # the usual name, and a type that is no prediction
        raise missing(table, "no column of predictions ('probs', 'p_<class>', …)", "probs", "pred")
    names = [f"{prefix}<class>" if prefix else pred[0] for pred, _, prefix, _ in found]
    raise InputError(
        f"several columns could be the prediction: {listed(names)}",
        expected="one",
        remedy="say which: pred=… (--pred), the column's name or the prefix",
        place=Place(table.file),
    )
