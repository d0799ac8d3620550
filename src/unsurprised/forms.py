"""Forms: arrays of probabilities, logits, log-probabilities, counts or labels.

A row of a form states one distribution over the classes along ``axis``. Its entries need not sum
to one to the last bit (no row of floats does): **a row states the distribution row / Σrow,
exactly.** Values are checked where they are read, in the same pass that measures them.

Arrays of PyTorch, JAX and other libraries stay what they are (``given``); NumPy's view of them
(``array``) is made when something asks for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.containers import Container, Names, refuse_missing, taken_apart, torch_rows
from unsurprised.arrays.frames import is_default
from unsurprised.arrays.host import FLOATS, HostArray, checked_axis, host_array
from unsurprised.arrays.libraries import (
    detached,
    float_kind,
    is_dense,
    is_in_main_memory,
    library_of,
    moved,
    namespace_of,
    type_name,
)
from unsurprised.class_names.binding import Binding
from unsurprised.class_names.indices import (
    at_its_place,
    indices_of_texts,
    whole_numbers,
)
from unsurprised.class_names.names import checked_names
from unsurprised.copies import Frozen
from unsurprised.errors import CallError
from unsurprised.units import as_integer, as_number

DEFAULT_TOLERANCE = 1e-3

#: Libraries whose arrays hold numbers alone: no names, and nothing missing.
_NAMELESS = ("torch", "jax")


class Form(Frozen):
    """Base of the five forms; not made by itself."""

    kind: ClassVar[str]
    #: How messages name an array of this form.
    _call: ClassVar[str]
    #: The attributes that say what an array means.
    _said: ClassVar[tuple[str, ...]]
    __slots__ = ("_array", "class_index", "given", "index", "names", "title")

    def __init__(self, values: Any) -> None:
        if isinstance(values, Form):
            raise CallError(
                f"{type(self).__name__}({type(values).__name__}(…)): an array has one meaning; "
                "pass the plain array"
            )
        #: Names along the last axis, and what the rows are called, where the values had any.
        self.names: Names | None = None
        self.index: Any = None
        self.title: str | int | None = None
        #: pandas' index along the last axis; without ``names``, it numbered that by itself.
        self.class_index: Any = None
        library = library_of(values)
        plain = values.dtype.kind != "O" if type(values) is np.ndarray else library in _NAMELESS
        if not plain:
            parts = taken_apart(values, self._call)
            if parts is not None:
                values = self._adopted(parts)
                library = library_of(values)
        #: The array as it was given, where it is not NumPy's.
        self.given: Any = values if library else None
        self._array: HostArray | None = None
        if self.given is None:
            self._array = self._on_host(values)
        elif not is_dense(values):
            raise CallError(
                f"{type(self).__name__}(…) holds a sparse tensor; expected a dense one: "
                "tensor.to_dense()"
            )

    def __init_subclass__(cls) -> None:
        cls._call = f"{cls.__name__}(…)"
        slots = [name for kind in cls.__mro__ for name in vars(kind).get("__slots__", ())]
        cls._said = tuple(name for name in slots if name not in ("_array", "given"))

    def _adopted(self, parts: Container) -> Any:
        """The values of a container; its names stay with the form."""
        refuse_missing(parts, self._call)
        self.names, self.index = parts.columns, parts.index
        self.title, self.class_index = parts.title, parts.class_index
        return parts.values

    def _on_host(self, values: Any) -> HostArray:
        return host_array(values, self._call)

    @property
    def array(self) -> HostArray:
        """The values as NumPy sees them."""
        if self._array is None:
            memory = is_in_main_memory(self.given)
            self._array = self._on_host(detached(self.given) if memory else self.given)
        return self._array

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the underlying array."""
        return tuple(self.given.shape) if self._array is None else self._array.shape

    def with_array(self, array: HostArray) -> Self:
        """The same meaning for another array, such as a part of the rows."""
        return self._holding(array, None)

    def on_host(self) -> Self:
        """The same meaning for NumPy's view of the array."""
        return self if self.given is None else self.with_array(self.array)

    def with_given(self, given: Any) -> Self:
        """The same meaning for another array of the library that the array comes from."""
        return self._holding(None, given)

    def _holding(self, array: HostArray | None, given: Any) -> Self:
        # Not copy.copy, which compilers of array code cannot follow.
        other = object.__new__(type(self))
        for name in self._said:
            setattr(other, name, getattr(self, name))
        other._array, other.given = array, given
        return other

    def _kept(self) -> dict[str, Any]:
        array = self._array
        host = None if array is None else (array.values, array.dtype)
        return {**super()._kept(), "_array": host}

    @classmethod
    def _made_of(cls, kept: dict[str, Any]) -> Self:
        host = kept["_array"]
        array = None if host is None else HostArray(*host)
        # Pickles of 0.1.0 have no class_index.
        return super()._made_of({"class_index": None, **kept, "_array": array})

    def __repr__(self) -> str:
        dtype = self.array.dtype if self.given is None else type_name(self.given)
        return f"{type(self).__name__}(shape={self.shape}, dtype={dtype})"


class DistributionForm(Form):
    """A form whose rows name a number for every class."""

    #: The sizes of a joint table's variables, where the rows are tables laid out flat.
    cells: tuple[int, ...] | None
    #: Whether the values were integers, and whether nobody said what they are.
    was_integers: bool
    unsaid: bool
    __slots__ = ("cells", "normalize", "tolerance", "unsaid", "was_integers")

    def __init__(
        self, values: Any, *, normalize: bool = False, tolerance: float = DEFAULT_TOLERANCE
    ) -> None:
        self.was_integers = False
        super().__init__(values)
        self.normalize = bool(normalize)
        self.tolerance = tolerance if type(tolerance) is float else as_number(tolerance)
        self.cells = None
        self.unsaid = False
        if not 0 <= self.tolerance < math.inf:
            raise CallError(f"tolerance={tolerance!r}; expected a finite number of at least 0")
        if not self.shape:
            raise CallError(f"{self._call} is a single number; expected rows, one number per class")
        if self.given is not None:
            self._check_type(self.given)

    def _check_type(self, given: Any) -> None:
        name = type_name(given)
        real = (float_kind(given) or "float64") in FLOATS and "complex" not in name
        if not real:
            raise self._no_floats(name)

    def _on_host(self, values: Any) -> HostArray:
        array = host_array(values, self._call)
        return array if array.dtype in FLOATS else self._as_floats(array)

    def _as_floats(self, array: HostArray) -> HostArray:
        if array.kind in "iub" or array.values.size == 0:
            self.was_integers = array.kind in "iu" and array.values.size > 0
            return HostArray(array.values.astype(np.float64), "float64")
        raise self._no_floats(array.dtype)

    def _no_floats(self, dtype: str) -> CallError:
        return CallError(
            f"{type(self).__name__}(…) holds {dtype}; expected float16, bfloat16, float32 "
            "or float64"
        )

    def rows(self, axis: int) -> HostArray:
        """The values as NumPy sees them, with the classes along the last axis."""
        axis = self._checked_axis(axis)
        return self.array.moved(axis)

    def with_classes_last(self, axis: int) -> Self:
        """The same rows with the classes along the last axis."""
        axis = self._checked_axis(axis)
        if axis == len(self.shape) - 1:
            return self
        if self.given is None:
            turned = self.with_array(self.array.moved(axis))
        else:
            turned = self.with_given(moved(namespace_of(self.given), self.given, axis, -1))
        if self.names is not None or self.index is not None:
            last = axis == 0 and len(self.shape) == 2 and self.index is not None
            numbered = not last or (self.class_index is not None and is_default(self.index))
            turned.names = None if numbered else tuple(map(str, self.index))
            turned.index, turned.class_index = self.class_index, self.index if last else None
        return turned

    def _checked_axis(self, axis: int) -> int:
        shape = self.shape
        checked = checked_axis(axis, shape)
        if shape[checked] == 0:
            raise CallError(
                f"{type(self).__name__} of shape {shape} has no class along axis {axis}; "
                "expected at least one"
            )
        return checked


class Probs(DistributionForm):
    """Probabilities: entries of at least 0 whose sum is 1 within ``tolerance``.

    Parameters
    ----------
    values : array of float16, bfloat16, float32 or float64, shape (..., K, ...)
        The rows, classes along the measure's ``axis``.
    normalize : bool, default False
        Accept rows of any positive sum. The row still means row / Σrow.
    tolerance : float, default 1e-3
        The largest accepted ``|Σrow − 1|``.

    Examples
    --------
    >>> Probs([0.25, 0.75])
    Probs(shape=(2,), dtype=float64)
    """

    kind = "probs"
    __slots__ = ()


class LogProbs(DistributionForm):
    """Natural logarithms of probabilities; ``−inf`` is a probability of zero.

    ``normalize`` and ``tolerance`` act on ``Σ exp(row)`` as they do for :class:`Probs`.

    Examples
    --------
    >>> import numpy as np
    >>> LogProbs(np.log([0.25, 0.75]))
    LogProbs(shape=(2,), dtype=float64)
    """

    kind = "logprobs"
    __slots__ = ()


class Logits(DistributionForm):
    """Scores whose softmax is meant; ``−inf`` is a probability of zero.

    Examples
    --------
    >>> Logits([[2.0, -1.0, 0.5]])
    Logits(shape=(1, 3), dtype=float64)
    """

    kind = "logits"
    __slots__ = ()

    def __init__(self, values: Any) -> None:
        super().__init__(values, normalize=True)


class Counts(DistributionForm):
    """How often each class was seen; integers (or pseudo-counts) of at least 0, not all 0.

    Examples
    --------
    >>> Counts([3, 1, 0])
    Counts(shape=(3,), dtype=int64)
    """

    kind = "counts"
    __slots__ = ()

    def __init__(self, values: Any) -> None:
        super().__init__(values, normalize=True)

    def _as_floats(self, array: HostArray) -> HostArray:
        if array.dtype in ("int32", "int64", "uint8", "uint16", "int16", "int8", "uint32"):
            return array
        return super()._as_floats(array)


class Labels(Form):
    """One class per row: what happened.

    Parameters
    ----------
    values : array of integers or of class names, any shape
        The index of each row's class, counted from 0, or its name.
    smoothing : float, default 0.0
        Share of the mass that is spread evenly over all classes: ``(1 − ε)·one-hot + ε/K``.
    classes : int or sequence of names, optional
        The number of classes, or their names in the order of the columns: a list, or a mapping from
        name to place or from place to name.

    Examples
    --------
    >>> Labels(["cat", "dog", "cat"], classes=["cat", "dog"]).indices()
    array([0, 1, 0])
    """

    kind = "labels"
    __slots__ = ("classes", "smoothing")

    def __init__(
        self,
        values: Any,
        *,
        smoothing: float = 0.0,
        classes: int | Iterable[Any] | None = None,
    ) -> None:
        super().__init__(values)
        self.smoothing = smoothing if type(smoothing) is float else as_number(smoothing)
        if not 0 <= self.smoothing <= 1:
            raise CallError(f"smoothing={smoothing!r}; expected a share between 0 and 1")
        self.names = None  # those of a series are its rows', and no classes
        self.classes = None if classes is None else _checked_classes(classes)
        if classes is not None and self.class_count == 0 and 0 not in self.shape:
            raise CallError(f"classes={classes!r}; expected at least one class")
        if self.given is not None:
            if not any(kind in str(self.given.dtype) for kind in ("int", "bool")):
                self._hold_whole()
            return
        if self.array.values.size and self.array.kind not in "iubUT":
            self._array = whole_numbers(self.array)
            if self._array is None:
                raise self._no_labels(host_array(values, self._call).dtype)

    def _hold_whole(self) -> None:
        """Hold a tensor of whole floats as integers; an error for any other."""
        at_hand = is_in_main_memory(self.given) and float_kind(self.given) is not None
        if not at_hand or whole_numbers(host_array(detached(self.given), self._call)) is None:
            raise self._no_labels(type_name(self.given))
        xp = namespace_of(self.given)
        self.given = xp.astype(detached(self.given), xp.int64)

    @staticmethod
    def _no_labels(dtype: str) -> CallError:
        return CallError(
            f"Labels(…) holds {dtype}; expected integers (the index of the class) "
            "or names; a row of probabilities is Probs, a row of annotators' votes is Counts"
        )

    @property
    def class_count(self) -> int | None:
        """How many classes there are, where that was said."""
        return len(self.classes) if isinstance(self.classes, tuple) else self.classes

    def indices(self) -> NDArray[np.int64]:
        """The index of each row's class, as int64."""
        values = self.array.values
        kind = values.dtype.kind
        if kind in "UT":
            return self._named(values)
        binding = self.binding
        if kind == "b" and binding.names is not None:
            return binding.of_booleans(values)
        if kind == "u" and values.size and values.max() > np.iinfo(np.int64).max:
            raise CallError("Labels(…) holds an index above 2⁶³ − 1; expected the index of a class")
        integers = values if values.dtype == np.int64 else values.astype(np.int64, copy=False)
        if binding.integers is None:
            return integers
        with at_its_place(values.shape):
            return binding.of_integers(integers.reshape(-1)).reshape(values.shape)

    @property
    def binding(self) -> Binding:
        """How the values find their classes."""
        if isinstance(self.classes, tuple):
            return Binding(len(self.classes), self.classes)
        return Binding(self.classes or 0)

    def _named(self, values: NDArray[Any]) -> NDArray[np.int64]:
        if not isinstance(self.classes, tuple):
            raise CallError(
                "Labels(…) holds names; the order of the columns is not guessed: pass "
                "classes=[…], the names in the order of the columns"
            )
        with at_its_place(values.shape):
            return indices_of_texts(values.reshape(-1), self.binding).reshape(values.shape)


def _checked_classes(classes: Any) -> int | tuple[str, ...]:
    if isinstance(classes, Iterable) and not isinstance(classes, str | bytes):
        return checked_names(classes)
    count = as_integer(classes)
    if count < 0:
        raise CallError(f"classes={classes!r}; expected the number of classes or a list of names")
    return count


def as_form(values: Any) -> Form:
    """A form as it is; a plain array as :class:`Probs`."""
    if isinstance(values, Form):
        return values
    plain = type(values) is np.ndarray or type(values) is list
    scores = None if plain else torch_rows(values)
    if scores is not None:
        return Logits(scores)
    form = Probs(values)
    form.unsaid = form.was_integers
    return form
