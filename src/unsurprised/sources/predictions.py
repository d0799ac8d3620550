"""Which columns are the prediction: as told, else by their names, else by the labels' values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import pyarrow as pa

from unsurprised.columns_to_classes import SeenLabels
from unsurprised.errors import CallError, InputError, Place
from unsurprised.names import are_positions, integer_of, key_of, listed, no_and_yes
from unsurprised.sources.kinds import WORDS, Stands, stands_for
from unsurprised.sources.look import first_rows, seen_labels, sums_to_one
from unsurprised.sources.options import Options
from unsurprised.sources.table import Table, missing, require
from unsurprised.sources.text import PARTLY_NUMBERS

Layout = Literal["list", "map", "number", "columns"]

#: Names of prediction columns, and what each says of its numbers.
PREDICTIONS = {
    **dict.fromkeys(("probs", "probabilities", "prob", "proba", "probas", "probability")),
    **dict.fromkeys(("pred", "preds", "prediction", "predictions")),
    **dict.fromkeys(("y_pred", "y_prob", "y_proba", "y_probs", "scores", "class_probabilities")),
    **dict.fromkeys(("predicted_probabilities", "probability_estimates", "predict_proba")),
    **dict.fromkeys(("logits", "logit"), "logits"),
    **dict.fromkeys(("logprobs", "log_probs", "logprob", "log_prob"), "logprobs"),
}

#: Names of a single number a row that speaks of class 1, where nothing else could be meant.
SCORES = (
    *(
        "score",
        "scores",
        "y_score",
        "y_scores",
        "y_hat",
        "yhat",
        "p",
        "p1",
        "p_1",
        "pred_1",
        "prob_1",
    ),
    *("proba_1", "probability_1", ".pred_1", "prob1", "pred_prob", "pred_proba", "predict_proba"),
    *("predicted_probability", "predicted_prob", "positive_probability", "prediction_score"),
    *("y_pred_proba", "y_pred_prob", "scored probabilities", "predicted_prob_1"),
    *("prediction_probability", "p_positive", "prob_positive", "proba_positive", "p_true", "p_yes"),
)

#: Prefixes of one column a class, likewise.
PREFIXES = {
    **dict.fromkeys(("p_", "prob_", "probs_", "proba_", "probability_", ".pred_", "pred_")),
    **dict.fromkeys(("logit_", "logits_"), "logits"),
    **dict.fromkeys(("logprob_", "logprobs_", "log_prob_", "log_probs_"), "logprobs"),
}

#: What a number a row is stored as.
_NUMBERS: tuple[Stands, ...] = ("float", "integer", "null")

#: What tidymodels, H2O and others call the predicted class beside the classes' own columns.
_NO_CLASS = {
    *(".pred_class", "pred_class", "pred_label", "predict", "predicted_class", "predicted_label"),
    *("prediction_label", "predicted", "scored labels"),
}


@dataclass(frozen=True, slots=True)
class Prediction:
    """The columns of the prediction, and what their names say."""

    columns: tuple[str, ...]
    layout: Layout
    #: What the names of one column a class begin with.
    prefix: str = ""
    #: What the names say of the numbers: "logits", …; None where they say nothing.
    kind: str | None = None
    #: Whether the caller named the columns one by one, and what class each is.
    told: bool = False
    classes: tuple[str, ...] | None = None
    #: What looks like a prediction too.
    left_aside: tuple[str, ...] = field(default=())


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


def class_columns(table: Table, prefix: str, taken: set[str], suffix: str = "") -> tuple[str, ...]:
    """The columns that name a class after ``prefix``, in the order of the file."""
    kinds = {
        field.name: _number_kind(field)
        for field in table.schema
        if field.name.startswith(prefix)
        and field.name.endswith(suffix)
        and len(field.name) > len(prefix) + len(suffix)
        and field.name not in taken
        and field.name not in _NO_CLASS
    }
    numbers = [name for name, kind in kinds.items() if kind in _NUMBERS]
    floats = [name for name in numbers if kinds[name] == "float"]
    # Beside floats, a column of integers counts something else; in text, 0 and 1 may be floats.
    return tuple(floats if table.typed and floats else numbers)


def _number_kind(field: pa.Field) -> str:
    return "float" if field.metadata == PARTLY_NUMBERS else stands_for(field.type)


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
        number = _number_kind(column) in _NUMBERS
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
    if not whole:
        labels = seen_labels(table, label)
        whole = _by_labels(table, options, labels, label, taken)
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
        elif kind == "float" or (not table.typed and kind in _NUMBERS):
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
        and (
            _number_kind(field) == "float" or (not table.typed and _number_kind(field) in _NUMBERS)
        )
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


def only_classes(column: pa.Array) -> bool:
    """Whether numbers are but 0 and 1, as predicted classes are."""
    values = set(column.drop_null().unique().to_pylist())
    return values <= {0, 1, 0.0, 1.0}


def _by_labels(
    table: Table, options: Options, labels: SeenLabels, label: str | None, taken: set[str]
) -> list[Prediction]:
    """Columns that are named after the classes, as the labels' values tell."""
    if not labels.keys or label is None:
        return []
    keys = labels.keys | set(map(key_of, options.classes or ()))
    numbers = [
        field.name
        for field in table.schema
        if _number_kind(field) in _NUMBERS
        and field.name not in taken
        and field.name not in _NO_CLASS
    ]
    if table.typed:
        floats = [n for n in numbers if _number_kind(table.schema.field(n)) == "float"]
        numbers = floats or numbers
    if labels.kind == "bool":
        pairs = [pair for pair in combinations(numbers[:50], 2) if no_and_yes(pair) is not None]
        return [Prediction(pair, "columns") for pair in pairs[:2]]
    exact = [name for name in numbers if key_of(name) in keys]
    counted = tuple(name for name in numbers if integer_of(name) is not None)
    if not exact and options.classes is not None and are_positions(sorted(counted, key=float)):
        return [Prediction(counted, "columns")] if len(counted) == len(options.classes) else []
    if len(exact) > 1 or (exact and labels.kind == "text"):
        columns = _completed(table, options, exact, numbers)
        if len(columns) > 1:
            return [Prediction(columns, "columns")]
    found = []
    for prefix, suffix in _stems(numbers, labels, label):
        columns = class_columns(table, prefix, taken, suffix)
        rows = first_rows(table, dict.fromkeys(columns, "pred")) if len(columns) > 1 else None
        if rows is not None and (
            options.kind in ("logits", "logprobs")
            or sums_to_one(rows, columns, options.tolerance) > _MOST
        ):
            found.append(Prediction(columns, "columns", prefix))
    return found


def _completed(
    table: Table, options: Options, exact: Sequence[str], numbers: Sequence[str]
) -> tuple[str, ...]:
    """Columns named after labels, and those of classes that are not among the labels seen."""
    if len(exact) == len(numbers):
        return tuple(exact)
    rows = first_rows(table, dict.fromkeys(numbers, "pred"))
    if rows is None or options.kind in ("logits", "logprobs"):
        return tuple(exact)
    places = [numbers.index(name) for name in exact]
    tried = [exact, numbers, *_runs_around(numbers, min(places), max(places))]
    sums = [sums_to_one(rows, columns, options.tolerance) for columns in tried]
    best = max(sums)
    return tuple(tried[sums.index(best)] if best > _MOST else exact)


#: Columns are taken for probabilities if more than this share of the rows looked at sum to one.
_MOST = 0.5


def _runs_around(numbers: Sequence[str], first: int, last: int) -> Iterator[Sequence[str]]:
    """Runs of neighbours that hold all of some columns, the shortest first."""
    runs = [
        (begin, end)
        for begin in range(first, -1, -1)[:32]
        for end in range(last, len(numbers))[:32]
    ]
    for begin, end in sorted(runs, key=lambda run: run[1] - run[0]):
        yield numbers[begin : end + 1]


def _stems(numbers: Sequence[str], labels: SeenLabels, label: str) -> list[tuple[str, str]]:
    """What stands before and after every label in some columns."""
    covered: dict[tuple[str, str], set[str]] = {}
    for key in sorted(labels.keys, key=len, reverse=True)[:50]:
        for name in numbers:
            for stem in _stems_of(name, key, label):
                covered.setdefault(stem, set()).add(key)
        if not covered:
            return []
    wanted = set(sorted(labels.keys, key=len, reverse=True)[:50])
    return [stem for stem, keys in covered.items() if keys >= wanted and stem != ("", "")]


def _stems_of(name: str, key: str, label: str) -> Iterator[tuple[str, str]]:
    """Where a class stands in a name, with marks or the ends of words around it."""
    at = name.find(key)
    while at >= 0:
        end = at + len(key)
        tail = name[end:]
        before = name[at - 1] if at else ""
        apart = not before.isalnum() or (before.isalpha() and key[:1].isdigit())
        apart = apart or name[:at].endswith(label)  # as SAS names them: P_TargetClass
        if before == "-" and key[:1].isdigit() and at > 1 and not name[at - 2].isalnum():
            apart = False
        if apart and (not tail or not tail[0].isalnum()):
            yield name[:at], "" if tail == ".0" else tail
        at = name.find(key, at + 1)


def _with_aside(table: Table, found: Prediction, taken: set[str]) -> Prediction:
    """The prediction, with what looks like one too and was not taken."""
    from dataclasses import replace

    used = {*found.columns, *taken}
    names = [
        name
        for name in dict.fromkeys(table.schema.names)
        if name not in used
        and (name.lower() in PREDICTIONS or name.lower() in SCORES or name.lower() in _NO_CLASS)
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
    return InputError(
        f"{error.found}; {listed(near, 3)} is named after a class, and none after {listed(lacking, 3)}",
        expected=error.expected,
        remedy="name the columns of the classes with pred=A,B,… (--pred A,B,…)",
        place=Place(table.file),
    )
