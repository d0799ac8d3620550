"""Which column means what: as told, else by the usual names, else an error that lists them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from unsurprised.arrow.kinds import is_list
from unsurprised.class_names.names import listed
from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources.options import Options
from unsurprised.sources.predictions import prediction_in
from unsurprised.sources.table import Table, missing, require
from unsurprised.sources.text_units import unit_columns
from unsurprised.sources.usual_names import Layout, class_columns

LABELS = ("y_true", "target", "y", "labels", "class")

#: Less usual names of the truth, looked for where none of the others is there.
OTHER_LABELS = (
    *("truth", "actual", "ground_truth", "groundtruth", "gold", "gold_label", "true_label"),
    *("true_class", "actual_class", "actual_label", "y_test", "y_actual", "outcome", "expected"),
    *("target_label", "targets", "observed", "correct_label", "answer", "class_label", "obs"),
    *("label_ids", "y_obs", "truth_label", "true"),
)

#: Usual names of the log-probability of what happened, which needs no label beside it.
_LOGPROBS = ("logprob", "log_prob", "token_logprob", "token_logprobs")


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns in use. ``pred`` holds one column, or one a class in the order of the file."""

    label: str | None = None
    #: Columns of the truth, where each class has its own.
    label_columns: tuple[str, ...] = ()
    pred: tuple[str, ...] = ()
    layout: Layout | None = None
    prefix: str = ""
    #: Whether the columns of the classes were named one by one, and what class each is.
    named: bool = False
    told_classes: tuple[str, ...] | None = None
    #: The keys of a map in the order of the classes.
    keys: tuple[str, ...] = field(default=(), kw_only=True)
    #: What looks like a prediction or a truth too, and was not taken.
    left_aside: tuple[str, ...] = ()
    kind: str = "probs"
    logprob: str | None = None
    #: Of a text: the column of each unit, and whether a row is a document with a list of tokens.
    units: dict[str, str] = field(default_factory=dict)
    of_lists: bool = False
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
        if not self.prefix:
            return ", ".join(self.pred[:3]) + (", …" if len(self.pred) > 3 else "")
        return f"{self.prefix}<class>"


def roles_in(table: Table, options: Options) -> Roles:
    """Decide which columns of ``table`` mean what."""
    beside = _beside(table, options)
    choices = beside["choices"]
    if options.logprob is not None:
        return _with_logprob(table, options, beside)
    label, columns = _label(table, options, choices)
    others = (beside["weight"], beside["id"], beside["cluster"], *beside["by"])
    taken = {name for name in (label, *others, *columns) if name}
    found = prediction_in(table, options, label, taken)
    kind = options.kind or found.kind or "probs"
    how = "" if options.kind else " (from the column's name)" if found.kind else " (the default)"
    choices["kind"] = kind + how
    left = (*found.left_aside, *_labels_aside(table, {*taken, *found.columns}, found.left_aside))
    return Roles(
        label,
        columns,
        found.columns,
        found.layout,
        found.prefix,
        found.told,
        found.classes,
        left,
        kind,
        None,
        **beside,
    )


def _beside(table: Table, options: Options) -> dict[str, Any]:
    """The columns that belong to rows beside truth and prediction."""
    weight = _told(table, options.weight, "weight")
    row_id = _told(table, options.id, "id")
    by = tuple(require(table, name, "by").name for name in options.by)
    cluster = _told(table, options.cluster, "cluster")
    named = {"weight": weight, "by": ", ".join(by), "cluster": cluster}
    choices = {"id": row_id or _no_id(table)}
    choices |= {role: name for role, name in named.items() if name}
    return {"weight": weight, "id": row_id, "by": by, "cluster": cluster, "choices": choices}


def _with_logprob(table: Table, options: Options, beside: dict[str, Any]) -> Roles:
    """Roles where one column holds the log-probability of what happened."""
    logprob = _told(table, options.logprob, "logprob")
    label, columns = _label_told(table, options) if options.label else (None, ())
    if label is not None and options.classes is None:
        raise CallError(
            "label goes with logprob only together with the classes' names: "
            "pass classes=[…] (--classes)"
        )
    beside["choices"]["logprob"] = f"{logprob} (natural logarithms)"
    units = unit_columns(table, options.units)
    of_lists = logprob is not None and is_list(table.schema.field(logprob).type)
    if of_lists and beside["weight"] is not None:
        raise CallError(
            f"{logprob} holds a text's tokens a row, which have no weight; leave weight (--weight) "
            "out"
        )
    if units:
        beside["choices"]["units"] = ", ".join(
            unit if unit == name else f"{unit} ({name})" for unit, name in units.items()
        )
    return Roles(label, columns, logprob=logprob, units=units, of_lists=of_lists, **beside)


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
        label, columns = usual_label(table), ()
    choices["label"] = label or f"{options.label}<class> ({len(columns)} columns)"
    return label, columns


def usual_label(table: Table, taken: Collection[str] = ()) -> str:
    """The column of the truth by its usual name; an error where none or several could be it."""
    names = [name for name in table.schema.names if name not in taken]
    if "label" in names:
        require(table, "label", "label")
        return "label"
    for usual in (("label", *LABELS), OTHER_LABELS):
        found = [name for name in dict.fromkeys(names) if name.lower() in usual]
        if len(found) == 1:
            require(table, found[0], "label")
            return str(found[0])
        if found:
            told = f"several columns could be the label: {listed(found)}"
            raise missing(table, told, None, "label")
    raise _no_label(table)


def _no_label(table: Table) -> InputError:
    """The error about a file without a usual label; one of log-probabilities needs none."""
    likely = next((name for name in table.schema.names if name.lower() in _LOGPROBS), None)
    if likely is None:
        return missing(table, "no column 'label'", "label", "label")
    return InputError(
        "no column 'label'",
        expected=f"one of {listed(list(dict.fromkeys(table.schema.names)), 20)}",
        remedy=f"a column {likely!r} exists: use it with logprob=… (--logprob) if it is what the "
        "model gave to what happened, or name the label with label=… (--label)",
        place=Place(table.file),
    )


def _labels_aside(table: Table, used: set[str], known: tuple[str, ...]) -> list[str]:
    """Columns that look like a truth too."""
    usual = {"label", *LABELS, *OTHER_LABELS}
    names = dict.fromkeys(table.schema.names)
    return [name for name in names if name.lower() in usual and name not in {*used, *known}]


def _no_id(table: Table) -> str:
    likely = next((name for name in ("row_id", "id") if name in table.schema.names), None)
    hint = f"; a column {likely!r} exists; use it with --id {likely}" if likely else ""
    return f"{'file and ' if table.file else ''}row number{hint}"
