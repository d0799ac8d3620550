"""What the caller says about a source; everything else is found out and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from unsurprised.errors import CallError
from unsurprised.forms import DEFAULT_TOLERANCE

Kind = Literal["probs", "logits", "logprobs"]

KINDS = ("probs", "logits", "logprobs")
NULLS = ("error", "skip")


@dataclass(frozen=True, slots=True)
class Options:
    """Which columns mean what, and what to do with nulls.

    Parameters
    ----------
    label : str, optional
        The truth: a column of class indices or names, or a list column (floats are a
        distribution, integers annotators' counts). Default: ``label``, else the only one of
        ``y_true``, ``target``, ``y``, ``labels``, ``class``.
    pred : str or sequence of str, optional
        The prediction: a list column, a column of maps from class to number, a column with one
        number a row (two classes), or the prefix of one column a class; or the columns of the
        classes by name, in the order of the classes.
    kind : {"probs", "logits", "logprobs"}, optional
        What the numbers are. Default: what the column's name says, else ``"probs"``.
    logprob : str, optional
        A column with the natural logarithm of what the model gave to what happened; then there is
        no ``pred``, and no ``label`` is needed.
    weight, id : str, optional
        Columns of importance weights and of names of the rows.
    by : sequence of str
        Columns to slice the rows by: names, booleans, or numbers, which are binned.
    cluster : str, optional
        A column that says which rows belong together.
    classes : sequence of str, optional
        The names of the classes, in the order of the columns (or of the list).
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
    pred: str | Sequence[str] | None = None
    kind: str | None = None
    logprob: str | None = None
    weight: str | None = None
    id: str | None = None
    by: Sequence[str] = ()
    cluster: str | None = None
    classes: Sequence[str] | None = None
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
        if self.batch_rows is not None and self.batch_rows < 1:
            raise CallError(f"batch_rows={self.batch_rows!r}; expected at least 1 (--batch-rows)")
        if self.logprob is not None and self.pred is not None:
            raise CallError(
                "both logprob and pred are given; expected one of them: logprob (--logprob) is for "
                "rows of which only the log-probability of what happened is known"
            )
        if self.pred is not None and not isinstance(self.pred, str):
            object.__setattr__(self, "pred", tuple(map(str, self.pred)))
        if self.logprob is not None and self.kind not in (None, "logprobs"):
            raise CallError(
                f"kind={self.kind!r} does not go with logprob, which holds natural logarithms of "
                "probabilities; leave kind (--kind) out"
            )
        by = (self.by,) if isinstance(self.by, str) else tuple(self.by)
        object.__setattr__(self, "by", tuple(dict.fromkeys(by)))
        if self.classes is not None:
            object.__setattr__(self, "classes", _checked_classes(self.classes))


def _one_of(name: str, value: str | None, allowed: tuple[str | None, ...]) -> None:
    if value not in allowed:
        names = ", ".join(repr(choice) for choice in allowed if choice is not None)
        raise CallError(f"{name}={value!r}; expected one of {names} (--{name})")


def _checked_classes(classes: Sequence[str]) -> tuple[str, ...]:
    if isinstance(classes, str):
        raise CallError(f"classes={classes!r} is one text; expected a list of names")
    names = tuple(str(name) for name in classes)
    most = Counter(names).most_common(1)
    if most and most[0][1] > 1:
        raise CallError(f"classes names {most[0][0]!r} twice; expected distinct names (--classes)")
    if not names:
        raise CallError("classes is empty; expected the names of the classes (--classes)")
    return names
