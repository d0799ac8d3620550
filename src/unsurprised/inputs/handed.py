"""Truth and predictions as they were handed in, and the names of the classes between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import HostArray
from unsurprised.class_names.binding import Binding
from unsurprised.class_names.columns import NamedColumns, SeenLabels, named_columns
from unsurprised.class_names.names import checked_names, listed, two_names
from unsurprised.errors import CallError
from unsurprised.forms import DEFAULT_TOLERANCE, DistributionForm, Labels
from unsurprised.inputs.truths import Beside, HandedTruth, Mask, kind_of


@dataclass(frozen=True)
class Meaning:
    """What the caller says of arrays beyond handing them in.

    Parameters
    ----------
    classes : sequence of names, or mapping between names and places, optional
        The classes in the order of the columns; or, where these have names, in the order wanted.
    positive : name, optional
        Of two classes the one that 1, True and a single number a row stand for.
    axis : int, default -1
        The axis of the predictions that the classes are on.
    multilabel : bool, default False
        Every entry is an outcome of its own, yes or no, and its prediction the probability of yes.
    ignore_index : int, optional
        The label of rows to be left out.
    nulls : {"error", "skip"}
        Whether rows without a value are an error or left out and counted.
    normalize, tolerance
        As for :class:`~unsurprised.Probs`.
    """

    classes: Any = None
    positive: Any = None
    axis: int = -1
    multilabel: bool = False
    ignore_index: int | None = None
    nulls: str = "error"
    normalize: bool = False
    tolerance: float = DEFAULT_TOLERANCE

    def __post_init__(self) -> None:
        if self.classes is not None:
            object.__setattr__(self, "classes", checked_names(self.classes))


@dataclass(frozen=True, slots=True)
class Handed:
    """Truth and predictions, and how the one's values find the other's classes."""

    truth: HandedTruth
    model: DistributionForm
    size: int
    single: bool
    plain: bool
    binding: Binding
    names: NamedColumns | None


def class_names(
    truth: HandedTruth, model: DistributionForm, said: Meaning, lie: Beside
) -> NamedColumns | None:
    """The names of the classes, and which column each is; None where they have none."""
    given: tuple[str, ...] | None = said.classes
    if lie.single:
        names = given or _two_names(truth, said)
        if names is not None and len(names) != 2:
            raise CallError(
                f"{len(names)} class names for predictions of 2 classes, one number a row: "
                f"{listed(names)}"
            )
        return names and NamedColumns(names, (0, 1), "as given" if given else "the labels", True)
    if model.names is not None:
        return named_columns(model.names, _seen(truth, lie), given)
    if given is None and isinstance(truth.form, Labels):
        classes = truth.form.classes
        given = tuple(map(str, classes)) if isinstance(classes, tuple) else None
    if given is None:
        return None
    if len(given) != model.shape[-1]:
        raise CallError(
            f"{len(given)} class names for predictions of {model.shape[-1]} classes: "
            f"{', '.join(given[:10])}"
        )
    return NamedColumns(given, tuple(range(len(given))), "as given", ordered=True)


def _seen(truth: HandedTruth, lie: Beside) -> SeenLabels:
    """The labels, for the names that columns bear to be found in."""
    found = None if lie.dense else seen_labels_of(truth)
    return SeenLabels() if found is None else found


def seen_labels_of(truth: HandedTruth) -> SeenLabels | None:
    """The labels that were handed in; None where the truth is something else."""
    array = truth.array if truth.form is None else truth.form.array
    if array is None or not truth.labelled:
        return None
    kind = kind_of(array)
    if kind != "text":
        return SeenLabels("integer" if kind == "float" else kind)
    return SeenLabels.of(kind, np.unique(_known(array, truth.missing)).tolist())


def _known(array: HostArray, missing: Mask | None) -> NDArray[Any]:
    return array.values if missing is None else array.values[~missing]


def _two_names(truth: HandedTruth, said: Meaning) -> tuple[str, ...] | None:
    """The names of two classes by labels that are names, beside one number a row."""
    array = truth.array if truth.form is None else truth.form.array
    if isinstance(truth.form, Labels) and isinstance(truth.form.classes, tuple):
        return tuple(map(str, truth.form.classes))
    if array is None or kind_of(array) != "text" or not array.values.size:
        return None
    return two_names(map(str, np.unique(_known(array, truth.missing))), said.positive)
