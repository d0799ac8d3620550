"""Base of all calibrators: fit, transform, parameters, provenance."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.calibrators import _formulas
from unsurprised.calibrators._costs import blocks, costs_of, mean_bits
from unsurprised.calibrators._estimator import Estimator
from unsurprised.calibrators._parameters import Curves, Parameter
from unsurprised.calibrators._refusals import refuse_one_class
from unsurprised.calibrators._rows import FittingRows, fitting_rows
from unsurprised.calibrators._shapes import probabilities, read_predictions
from unsurprised.errors import CalibrationWarning, CallError
from unsurprised.float_errors import own_float_errors

Parameters = dict[str, Any]
#: A formula and its fitted parameters.
Stage = tuple[Callable[..., Any], Parameters]


class Calibrator(Estimator):
    """Base of the calibrators; not made by itself.

    A calibrator learns on held-out predictions, by least cross-entropy, how to repair others of the
    same model. It follows scikit-learn's protocol (``fit``, ``transform``, ``predict_proba``,
    ``get_params``), takes and gives every form, and is saved as JSON.
    """

    #: What reports call it.
    title: ClassVar[str]
    #: The formula, in ``_formulas``.
    formula: ClassVar[Callable[..., Any]]
    #: Its parameters by name, and what each looks like.
    holds: ClassVar[Mapping[str, Parameter | Curves]] = {}
    #: Whether a row's scores keep their order.
    keeps_ranking: ClassVar[bool] = False
    two_classes_only: ClassVar[bool] = False
    #: Whether what has a probability of 0 gets more.
    lifts_zeros: ClassVar[bool] = False
    #: Whether the formula has no value where a probability is 0.
    refuses_zeros: ClassVar[bool] = False
    #: At least so many rows make up for the calls that the formula takes.
    rows_at_once: ClassVar[int] = 1024

    _takes: ClassVar[Mapping[str, tuple[str, ...]]] = {"fit": ("sample_weight", "classes")}

    #: The class, of two, that one number a row is the probability of.
    _spoken_of: int = 1

    parameters_: Parameters
    #: What was noteworthy about the fit; empty where nothing was.
    notes_: tuple[str, ...]
    #: Where the parameters come from: rows, bits before and after, in the sample that was fitted.
    provenance_: dict[str, Any]

    def fit(
        self,
        y_pred: Any,
        y_true: Any,
        sample_weight: Any = None,
        *,
        classes: Sequence[str] | Mapping[Any, Any] | None = None,
    ) -> Self:
        """Learn from predictions and what happened.

        Parameters
        ----------
        y_pred : array_like or form, shape (n, K) or (n,)
            The model's predictions; a plain array is :class:`~unsurprised.Probs`, and one number a
            row is that of class 1.
        y_true : array_like or form, shape (n,) or (n, K)
            Labels (integers or names), or a distribution over the classes for each row.
        sample_weight : array_like, shape (n,), optional
            Importance of each row.
        classes : sequence of str, optional
            Names of the classes, in the order of the columns of ``y_pred``.

        Returns
        -------
        Calibrator
            Itself.

        Raises
        ------
        InputError
            Rows that are not legal or from which nothing can be learned, with the remedy.
        """
        rows = fitting_rows(y_pred, y_true, sample_weight, classes)
        self.fit_rows(rows)
        self._one_number = rows.width == 2 and len(_shape_of(y_pred)) == 1
        for note in self.notes_:
            warnings.warn(note, CalibrationWarning, stacklevel=2)
        return self

    @own_float_errors
    def fit_rows(self, rows: FittingRows) -> Self:
        """Learn from rows that are checked already."""
        self.learn_rows(rows)
        self.provenance_ = {
            "rows": rows.count,
            "bits_before": mean_bits(rows, lambda log: log, self.rows_at_once),
            "bits_after": self._bits_after(rows),
        }
        return self

    def _bits_after(self, rows: FittingRows) -> float:
        """Bits that each of the rows that were fitted costs."""
        return mean_bits(rows, self._scores, self.rows_at_once)

    @own_float_errors
    def learn_rows(self, rows: FittingRows) -> Self:
        """The same without its provenance, which takes as long as to judge all rows twice."""
        refuse_one_class(rows)
        if self.two_classes_only and rows.width != 2:
            raise CallError(
                f"{type(self).__name__} is for two classes, y_pred has {rows.width}; expected "
                "predictions of two classes, or another calibrator"
            )
        self.parameters_, self.notes_ = self._fitted(rows)
        self._names, self._width, self._one_number = rows.classes, rows.width, False
        self._spoken_of = rows.spoken_of
        return self

    def near(self) -> Calibrator:
        """One like it that is not fitted; on nearly the same rows it may begin where this ended."""
        return type(self)(**self.get_params())

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        """The parameters of least cross-entropy, and what is noteworthy about them."""
        raise NotImplementedError

    @own_float_errors
    def transform(self, y_pred: Any) -> Any:
        """Calibrated predictions, in the form, shape and array library of those that are given.

        Parameters
        ----------
        y_pred : array_like or form, shape (..., K), or with two classes (...)
            Predictions of the same model over the same classes.

        Returns
        -------
        array or form, of the shape of ``y_pred``
            Probabilities for probabilities, log-odds or log-probabilities for those. Where a
            probability is above 0 but too small for a float, all are
            :class:`~unsurprised.LogProbs`.
        """
        log, shape = self._read(y_pred)
        return shape.restored(self.map_rows(log))

    @own_float_errors
    def predict_proba(self, y_pred: Any) -> NDArray[np.float64]:
        """Calibrated probabilities as a NumPy array, always with a column for each class.

        A probability above 0 that is too small for a float is the smallest float above 0.
        """
        log, shape = self._read(y_pred)
        mapped = self.map_rows(log)
        probs, lost = probabilities(mapped)
        if lost:
            probs[(probs == 0) & ~np.isneginf(mapped)] = math.nextafter(0, 1)
        leading = shape.shape if shape.one_number else shape.shape[:-1]
        return probs.reshape(*leading, self._width)

    def predict(self, y_pred: Any) -> NDArray[Any]:
        """The class that each calibrated row holds most likely."""
        predicted: NDArray[Any] = self.classes_[np.argmax(self.predict_proba(y_pred), axis=-1)]
        return predicted

    def fit_transform(
        self, y_pred: Any, y_true: Any, sample_weight: Any = None, **options: Any
    ) -> Any:
        """Fit, then transform the same predictions; what that gains is no honest figure."""
        return self.fit(y_pred, y_true, sample_weight, **options).transform(y_pred)

    @own_float_errors
    def map_rows(self, log: Values) -> Values:
        """Natural log-probabilities (n, K) to calibrated ones."""
        self._check_fitted()
        self._refuse(log)
        mapped = np.empty(log.shape)
        with np.errstate(all="ignore"):
            for block in blocks(len(log), log.shape[1], self.rows_at_once):
                mapped[block] = _formulas.log_softmax(portable, self._scores(log[block]))
        return mapped

    @own_float_errors
    def costs(self, rows: FittingRows) -> Values:
        """Nats that each row costs once it is calibrated."""
        return costs_of(rows, self._scores, at_once=self.rows_at_once)

    def _refuse(self, log: Values) -> None:
        """Raise where the formula has no value."""

    def _scores(self, log: Values) -> Values:
        """Scores whose softmax is the calibrated row."""
        with np.errstate(all="ignore"):
            *before, (last, parameters) = self.stages()
            for formula, given in before:
                log = _formulas.log_softmax(portable, formula(portable, log, **given))
            return np.asarray(last(portable, log, **parameters), dtype=np.float64)

    def stages(self) -> list[Stage]:
        """The formulas that a row goes through, each followed by a softmax."""
        self._check_fitted()
        return [(type(self).formula, self.parameters_)]

    @property
    def classes_(self) -> NDArray[Any]:
        """Names of the classes in the order of the columns, or their numbers."""
        self._check_fitted()
        return np.arange(self._width) if self._names is None else np.array(self._names)

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """Names of the classes, where they have names."""
        self._check_fitted()
        return self._names

    @property
    def parameter_count(self) -> int:
        """How many numbers were fitted."""
        self._check_fitted()
        given = [value for _, stage in self.stages() for value in stage.values()]
        return sum(np.size(each) for value in given for each in _listed(value))

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the calibrator as JSON; a file appears whole or not at all.

        Raises
        ------
        CallError
            A path that exists (unless ``overwrite``) or cannot be written.
        """
        from unsurprised.calibrators.saved import save

        save(self, path, overwrite=overwrite)

    def to_json(self) -> str:
        """The calibrator as the text that :func:`unsurprised.calibrators.load` reads."""
        from unsurprised.calibrators.saved import to_json

        return to_json(self)

    def to_torch(self) -> Any:
        """A ``torch.nn.Module`` from logits (or log-probabilities) to calibrated log-probabilities.

        Its parameters are buffers of float64, and gradients pass to its input.
        """
        from unsurprised.calibrators.export import torch_module

        return torch_module(self)

    def to_numpy(self) -> Callable[[Any], Any]:
        """A function of probabilities (..., K) that needs nothing but NumPy."""
        from unsurprised.calibrators.export import numpy_function

        return numpy_function(self)

    def to_numpy_source(self) -> str:
        """The source of :meth:`to_numpy`, to be pasted where this package is not."""
        from unsurprised.calibrators.export import numpy_source

        return numpy_source(self)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "parameters_")

    def _read(self, y_pred: Any) -> Any:
        self._check_fitted()
        return read_predictions(
            y_pred, self._width, self._one_number, self._names, spoken_of=self._spoken_of
        )

    def _check_fitted(self) -> None:
        if not hasattr(self, "parameters_"):
            name = type(self).__name__
            raise CallError(f"this {name} is not fitted; call {name}().fit(y_pred, y_true) first")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _shape_of(y_pred: Any) -> tuple[int, ...]:
    return tuple(y_pred.shape) if hasattr(y_pred, "shape") else np.shape(y_pred)
