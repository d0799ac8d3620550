"""Adapters to scikit-learn's classifiers: classes, targets, columns."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.containers import refuse_missing, taken_apart
from unsurprised.arrays.libraries import library_of, to_numpy
from unsurprised.class_names.columns import SeenLabels, named_columns
from unsurprised.class_names.names import are_positions, listed, same_names
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import DistributionForm, Logits, Probs
from unsurprised.inputs.binary import two_columns
from unsurprised.measures._array_engine import home_of


def method_of(classifier: Any) -> str:
    """The method that gives the most of what a classifier knows of a row."""
    for method in ("predict_proba", "decision_function"):
        if hasattr(classifier, method):
            return method
    raise CallError(
        f"{classifier!r} has neither predict_proba nor decision_function; expected a classifier"
    )


def on_host(values: Any) -> NDArray[Any]:
    """Values of any library in main memory."""
    return to_numpy(values) if library_of(values) else np.asarray(values)


def class_names(values: Any) -> list[str]:
    """Classes as text, those of an estimator and those of rows alike."""
    return [str(value) for value in on_host(values).tolist()]


def column_of(y: Any) -> NDArray[Any]:
    """The classes of rows in main memory, one a row; a column of them is read too."""
    values = on_host(y)
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    if values.ndim != 1:
        raise CallError(f"y has the shape {values.shape}; expected one class a row, shape (n,)")
    return values


def targets(X: Any, y: Any) -> Any:  # noqa: N803 - scikit-learn's
    """The classes of rows as scikit-learn takes them, in the library of X if they are numbers."""
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import column_or_1d

    if y is None:
        raise CallError(
            "CalibratedModel requires y to be passed, but the target y is None; expected the class "
            "of each row"
        )
    _refuse_no_class(on_host(y))
    y = column_or_1d(y if dispatches() else on_host(y), warn=True)
    check_classification_targets(y)
    return beside(X, y)


def _refuse_no_class(y: NDArray[Any]) -> None:
    """Raise at a row without a class, and for classes of several types, which have no order."""
    if y.dtype.kind == "f":
        missing = np.isnan(y)
    elif y.dtype.kind == "O":
        missing = np.array([_is_missing(value) for value in y.flat], dtype=bool)
    else:
        return
    if missing.any():
        raise InputError(
            "found no class (NaN or a null)",
            expected="the class of each row",
            remedy="leave such rows out",
            place=Place(file="y", row=int(np.argmax(missing.reshape(-1)))),
        )
    kinds = {str if isinstance(value, str) else float for value in y.flat}
    if y.dtype.kind == "O" and len(kinds) > 1:
        raise CallError(
            "y holds names and numbers; expected classes of one type, which y.astype(str) makes of "
            "them"
        )


def _is_missing(value: Any) -> bool:
    """Whether an object is None, NaN or one of pandas' nulls, which no comparison tells alike."""
    return value is None or (not isinstance(value, str) and str(value) in ("<NA>", "NaT", "nan"))


def dispatches() -> bool:
    """Whether scikit-learn computes on the arrays of other libraries (``array_api_dispatch``)."""
    import sklearn

    return bool(sklearn.get_config().get("array_api_dispatch", False))


def beside(X: Any, values: Any) -> Any:  # noqa: N803
    """NumPy's numbers in the library and on the device of X, where scikit-learn computes there."""
    home = home_of([X]) if dispatches() else None
    if home is None or library_of(values):
        return values
    array = np.asarray(values)
    if array.dtype.kind == "f":
        return home.bring(array)
    return home.place(array) if array.dtype.kind in "iub" else values


def brought(values: NDArray[np.float64], like: Any) -> Any:
    """Probabilities in the library of other ones, none of them rounded to 0."""
    home = home_of([like])
    if home is None:
        return values
    if "float64" not in str(home.dtype):
        narrowed = values.astype(np.float32)
        narrowed[(narrowed == 0) & (values > 0)] = np.finfo(np.float32).tiny
        values = narrowed.astype(np.float64)
    return home.bring(values)


def refuse_unweighted(classifier: Any) -> None:
    """Raise where ``fit`` takes no ``sample_weight``."""
    parameters = inspect.signature(classifier.fit).parameters
    kinds = [parameter.kind for parameter in parameters.values()]
    if hasattr(classifier, "steps"):
        raise CallError(
            f"{type(classifier).__name__}.fit takes weights for a step; expected them twice, "
            "fit(X, y, sample_weight=w, STEP__sample_weight=w), or "
            "sklearn.set_config(enable_metadata_routing=True) and set_fit_request at each step"
        )
    if "sample_weight" not in parameters and inspect.Parameter.VAR_KEYWORD not in kinds:
        raise CallError(
            f"{type(classifier).__name__}.fit takes no sample_weight; expected a classifier that "
            "does, or for weights in the calibrator alone "
            "sklearn.set_config(enable_metadata_routing=True)"
        )


@contextmanager
def on_foreign_arrays(classifier: Any, X: Any) -> Iterator[None]:  # noqa: N803
    """Say which library a classifier cannot compute with, whose own error seldom does."""
    try:
        yield
    except (AttributeError, RuntimeError, TypeError) as error:
        library = library_of(X) if dispatches() else None
        if library is None:
            raise
        raise CallError(
            f"{type(classifier).__name__} cannot be fitted on these arrays of {library} ({error}); "
            "expected a classifier that scikit-learn's array_api_dispatch supports, or X and y as "
            "NumPy's arrays"
        ) from error


def refuse_other_classes(classifier: Any, classes: NDArray[Any]) -> None:
    """Raise where a classifier's columns are not the classes of the labels in ascending order."""
    if not hasattr(classifier, "classes_"):
        raise CallError(
            f"{type(classifier).__name__} has no classes_ once it is fitted; expected a "
            "classifier, which says what its columns are"
        )
    found, wanted = class_names(classifier.classes_), class_names(classes)
    if found != wanted and not np.array_equal(on_host(classifier.classes_), classes):
        raise CallError(
            f"{type(classifier).__name__} has the classes {listed(found)}, and y {listed(wanted)}; "
            "expected the same, in the same order"
        )


def refuse_pairs(classifier: Any, method: str, classes: int) -> None:
    """Raise where scores are of pairs of classes, of which three have three too."""
    if method != "decision_function" or classes < 3 or not hasattr(classifier, "get_params"):
        return
    for name, value in classifier.get_params().items():
        if name.rpartition("__")[2] == "decision_function_shape" and value == "ovo":
            raise CallError(
                f"{name}='ovo': the scores are of pairs of classes; expected one a class, "
                f"{name}='ovr'"
            )


def form_of(values: Any, method: str, names: Sequence[str], *, turned: bool = False) -> Any:
    """What a classifier says of rows as a form, its columns in the order of its classes.

    With ``turned``, columns with names may stand in another order than ``names``.
    """
    values = _without_names(values, names, turned=turned)
    values = to_numpy(values) if library_of(values) else values
    form: DistributionForm = Probs(values) if method == "predict_proba" else Logits(values)
    if len(form.shape) == 1 and method == "decision_function":
        # One number a row speaks of the second class, whatever the names say.
        return two_columns("logits", form.array)
    if form.shape[-1] != len(names):
        raise CallError(
            f"{method} has {form.shape[-1]} columns, and there are {len(names)} classes; expected "
            "a column for each class"
        )
    return form


def _without_names(values: Any, names: Sequence[str], *, turned: bool) -> Any:
    """A frame's numbers by its columns' names, where these name classes; else as they stand."""
    parts = None if library_of(values) else taken_apart(values, "the prediction")
    if parts is None:
        return values
    refuse_missing(parts, "the prediction")
    columns = parts.columns
    if columns is None or parts.values.ndim != 2:
        return parts.values
    if are_positions(columns) or columns == tuple(f"column_{k}" for k in range(len(columns))):
        if same_names(columns, names) and not are_positions(names):
            raise CallError(
                f"the prediction's columns are called {listed(columns, 4)} beside the classes "
                f"{listed(names, 4)}: names of classes, or positions? For names call them by the "
                "classes, in their order; for positions hand back an array"
            )
        return parts.values
    order = named_columns(columns, SeenLabels(), names).order
    if not turned and order != tuple(range(len(order))):
        raise CallError(
            f"the classifier's columns are {listed(columns)}, and its classes {listed(names)}; "
            "expected the columns in the order of classes_, as scikit-learn has them"
        )
    return parts.values[:, list(order)]
