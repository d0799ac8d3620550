"""Options of a source; everything else is found out and reported."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from unsurprised.class_names.names import checked_names, listed, same_names
from unsurprised.class_names.orders import in_order
from unsurprised.copies import Record
from unsurprised.errors import CallError
from unsurprised.forms import DEFAULT_TOLERANCE
from unsurprised.sources.units_told import UNKNOWN, units_told

Kind = Literal["probs", "logits", "logprobs"]

KINDS = ("probs", "logits", "logprobs")
NULLS = ("error", "skip")
JOINS = ("exact", "inner")


#: Arrow counts the rows of a batch of lists by 32 bits.
_MOST_BATCH_ROWS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Options(Record):
    """Which columns mean what, and what to do with nulls.

    Parameters
    ----------
    label : str, optional
        The truth: a column of class indices or names, of shares of class 1, or a list column (rows
        that sum to one are distributions, other whole numbers annotators' votes). Default:
        ``label``, else the only one of the usual names (``y_true``, ``target``, ``truth``, …).
    pred : str, sequence of str or mapping, optional
        The prediction: a list column, a column of maps from class to number, a column with one
        number a row (two classes), or the prefix of one column a class; or the columns of the
        classes by name, in the order of the classes; or the column of each class.
    kind : {"probs", "logits", "logprobs"}, optional
        What the numbers are. Default: what the column's name says, else ``"probs"``.
    logprob : str, optional
        A column with the natural logarithm of what the model gave to what happened; then there is
        no ``pred``, and no ``label`` is needed.
    units : str, sequence of str, or mapping, optional
        What to tell the bits of a text for: tokens, words, bytes, characters. A number a row in the
        column that is called so, or in ``bytes=COLUMN``; of a column of texts they are counted.
    unknown : float, default -9999
        The log-probability that means "not known".
    weight, id : str, optional
        Columns of importance weights and of names of the rows.
    by : sequence of str
        Columns to slice the rows by: names, booleans, or numbers, which are binned.
    cluster : str, optional
        A column that says which rows belong together.
    truth : path or data frame, optional
        Where the truth is, if not beside the predictions: rows with the same ``id`` belong
        together.
    join : {"exact", "inner"}
        Whether rows that are in one of the two only are an error, or left out and counted.
    classes : sequence of names, optional
        The names of the classes, in the order of the columns (or of the list).
    positive : name, optional
        Of two classes the one that 1, true and a single number a row stand for.
    ignore_index : int, optional
        The label of rows to be left out and counted.
    normalize, tolerance
        As for :class:`unsurprised.Probs`.
    nulls : {"error", "skip"}
        Whether rows with a null are an error or left out (and counted).
    labelled : bool, default True
        Whether the truth is read at all.
    batch_rows : int, optional
        Rows a batch; by default as many as make about 8 MiB. The result does not depend on it.

    Any of ``label``, ``pred``, ``logprob``, ``weight`` and ``id`` may be the path of an
    ``.npy`` file.

    Examples
    --------
    >>> Options(label="y", kind="logits").nulls
    'error'
    """

    label: str | None = None
    pred: str | Sequence[str] | Mapping[str, str] | None = None
    kind: str | None = None
    logprob: str | None = None
    units: Any = ()
    unknown: float = UNKNOWN
    weight: str | None = None
    id: str | None = None
    by: Sequence[str] = ()
    cluster: str | None = None
    truth: Any = None
    join: str = "exact"
    classes: Sequence[Any] | Mapping[Any, Any] | None = None
    positive: Any = None
    ignore_index: int | None = None
    normalize: bool = False
    tolerance: float = DEFAULT_TOLERANCE
    nulls: str = "error"
    labelled: bool = True
    batch_rows: int | None = None

    def __post_init__(self) -> None:
        _one_of("kind", self.kind, (None, *KINDS))
        _one_of("nulls", self.nulls, NULLS)
        if not 0 <= self.tolerance < float("inf"):
            raise CallError(f"tolerance={self.tolerance!r}; expected a finite number of at least 0")
        if self.batch_rows is not None and not 1 <= self.batch_rows <= _MOST_BATCH_ROWS:
            raise CallError(
                f"batch_rows={self.batch_rows!r}; expected 1 to {_MOST_BATCH_ROWS:,} (--batch-rows)"
            )
        if self.logprob is not None and self.pred is not None:
            raise CallError(
                "both logprob and pred are given; expected one of them: logprob (--logprob) is for "
                "rows of which only the log-probability of what happened is known"
            )
        object.__setattr__(self, "units", units_told(self.units))
        if math.isnan(self.unknown):
            raise CallError("unknown=nan; expected a number: NaN is never a log-probability")
        if self.pred is not None:
            self.refuse_units_alone()
        if self.units and self.weight is not None:
            raise CallError(
                "units (--units) and weight (--weight) are given; expected one of them: a text's "
                "units are its weight"
            )
        self._check_columns()
        self._check_truth()
        self._check_pred()
        if self.logprob is not None and self.kind not in (None, "logprobs"):
            raise CallError(
                f"kind={self.kind!r} does not go with logprob, which holds natural logarithms of "
                "probabilities; leave kind (--kind) out"
            )
        by = (self.by,) if isinstance(self.by, str) else in_order(self.by, "by")
        object.__setattr__(self, "by", tuple(dict.fromkeys(by)))
        if self.classes is not None:
            object.__setattr__(self, "classes", checked_names(self.classes))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()  # a frame of the truth is the caller's, and never written to

    def refuse_units_alone(self) -> None:
        """Raise for units of no text: some files say by themselves that they hold one."""
        if self.units and self.logprob is None:
            raise CallError(
                "units (--units) goes with logprob (--logprob), the log-probabilities of a text"
            )

    def _check_columns(self) -> None:
        for name in ("label", "logprob", "weight", "id", "cluster"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                advice = (
                    "; for columns of the truth, one a class, say what they all begin with"
                    if name == "label"
                    else ""
                )
                raise CallError(
                    f"{name} is a {type(value).__name__}; expected the name of one column{advice}"
                )

    def _check_truth(self) -> None:
        _one_of("join", self.join, JOINS)
        if self.truth is not None and self.id is None:
            raise CallError(
                "truth (--truth) is joined by id; expected the column that both have: id=… (--id)"
            )
        if self.truth is None and self.join != "exact":
            raise CallError("join (--join) goes with truth (--truth), whose rows it matches")

    def _check_pred(self) -> None:
        pred = self.pred
        if isinstance(pred, Mapping):
            names = checked_names(list(pred), "pred")
            if self.classes is not None and not same_names(self.classes, names):
                raise CallError(
                    f"pred names the classes {listed(names)}, classes "
                    f"{listed(self.classes)}; expected "
                    "the same, or pred alone (--pred, --classes)"
                )
            held = {name: str(column) for name, column in zip(names, pred.values(), strict=True)}
            object.__setattr__(self, "pred", held)
        elif pred is not None and not isinstance(pred, str):
            object.__setattr__(self, "pred", tuple(map(str, in_order(pred, "pred"))))


def _one_of(name: str, value: str | None, allowed: tuple[str | None, ...]) -> None:
    if value not in allowed:
        names = ", ".join(repr(choice) for choice in allowed if choice is not None)
        raise CallError(f"{name}={value!r}; expected one of {names} (--{name})")
