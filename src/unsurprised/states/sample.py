"""A sample of rows that does not depend on their order."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.alone import alone, beside
from unsurprised.arrays.host import HostArray, host_array
from unsurprised.errors import CallError, StateError
from unsurprised.states.serial import ByBytes, must_match, pack, sensible, unpack, whole

#: How many rows a sample holds, unless they would take more memory than the budget.
SAMPLE_ROWS = 200_000
SAMPLE_BYTES = 64 << 20
#: More than processors address.
_MOST_BYTES = 1 << 47
#: Numbers that are copied at once: what lies between the caller's rows and ours stays small.
_COPIED_AT_ONCE = 1 << 19


class Sample(ByBytes):
    """The rows with the smallest hashes of their ids: at most ``size`` rows means all of them.

    Which rows those are does not depend on order, batches or threads. Each row keeps its hash,
    its weight, its truth (an index, or a number for every class) and the model's numbers.

    Parameters
    ----------
    classes : int
        Numbers a row in the model's prediction.
    truth_width : int, default 1
        Numbers a row in the truth: 1 for labels, else one for every class.
    grouped : bool, default False
        Whether each row keeps the hash of what it belongs to beside its own.
    size : int, optional
        How many rows; 200,000 by default, fewer where those would take more than 64 MiB.

    Examples
    --------
    >>> sample = Sample(classes=2, size=2)
    >>> hashes = np.array([30, 10, 20], dtype=np.uint64)
    >>> probs = np.array([[0.1, 0.9], [0.5, 0.5], [0.8, 0.2]])
    >>> _ = sample.update(hashes, np.array([1, 0, 0]), probs)
    >>> sample.result()["model"]
    array([[0.5, 0.5],
           [0.8, 0.2]])
    """

    def __init__(
        self,
        classes: int,
        *,
        truth_width: int = 1,
        size: int | None = None,
        grouped: bool = False,
    ) -> None:
        numbers = 2 + grouped + truth_width + classes
        default = max(1, min(SAMPLE_ROWS, SAMPLE_BYTES // (8 * numbers)))
        self.classes, self.truth_width, self.grouped = classes, truth_width, grouped
        self.size = default if size is None else size
        if self.size < 0:
            raise CallError(f"size={size}; expected 0 or more rows")
        #: A column of each field, as narrow as what came in: a float16 needs no float64 here.
        self._columns: dict[str, NDArray[Any]] = {}
        self._held = 0
        self._largest: np.uint64 | None = None  # once full: no row above it can enter
        self._bounded = False

    @cached_property
    def _dtype(self) -> np.dtype[Any]:
        return np.dtype(
            [
                ("hash", ">u8"),
                *([("group", "<u8")] if self.grouped else []),
                ("weight", "<f8"),
                ("truth", "<f8", (self.truth_width,)),
                ("model", "<f8", (self.classes,)),
            ]
        )

    @alone
    def expect(self, rows: int) -> None:
        """Pass over rows at once that will hardly be kept if so many come in all.

        It spares copying rows that others push out later. Afterwards :attr:`falls_short` tells
        whether too many were passed over; then all rows must be shown again to a new sample.
        """
        wanted = self.size + 8 * math.isqrt(self.size) + 64  # a chance of 1e-15 for too few
        if 0 < wanted < rows // 2:
            self._largest, self._bounded = np.uint64(wanted * 2**64 // rows), True

    @property
    def falls_short(self) -> bool:
        """Whether rows were passed over though there would have been room."""
        return self._bounded and self._held < self.size

    @alone
    def update(
        self,
        hashes: NDArray[np.uint64],
        truth: NDArray[Any] | Callable[[Any], NDArray[Any]],
        model: Any,
        weights: NDArray[np.float64] | None = None,
        groups: NDArray[np.uint64] | None = None,
    ) -> Sample:
        """Add rows; ``truth`` is (rows,) or (rows, classes), ``model`` is (rows, classes).

        ``truth`` may be what makes that of some rows.
        """
        if self.size == 0:
            return self
        chosen = self._may_enter(hashes)
        given = host_array(model, "model")

        def rows(some: slice | NDArray[np.int64]) -> dict[str, NDArray[Any]]:
            held = truth(some) if callable(truth) else truth[some]
            found = {
                "hash": hashes[some],
                "weight": np.ones(len(hashes[some])) if weights is None else weights[some],
                "truth": held.reshape(-1, self.truth_width),
                "model": _narrowest(given[some]),
            }
            return found if groups is None else {**found, "group": groups[some]}

        if chosen is None:
            self._append(len(hashes), rows)
        else:
            self._append(len(chosen), lambda part: rows(chosen[part]))
        return self

    def _may_enter(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64] | None:
        """The rows that are copied: of a batch, no more than there is place for (ties apart).

        ``None`` stands for all.
        """
        largest = self._largest
        if len(hashes) > self.size:
            cut = np.partition(hashes, self.size - 1)[self.size - 1]
            largest = cut if largest is None else min(cut, largest)
        return None if largest is None else np.flatnonzero(hashes <= largest)

    @alone
    def merge(self, other: Sample) -> Sample:
        """Add another state's rows; associative and commutative to the bit."""
        must_match("Sample", self.settings(), other.settings())
        with beside(self, other):
            self._bounded = self._bounded or other._bounded
            columns = other._columns
            self._append(
                other._held,
                lambda part: {name: values[part] for name, values in columns.items()},
            )
        return self

    @alone
    def result(self) -> dict[str, NDArray[Any]]:
        """The rows, ascending by hash: ``hash``, ``group``, ``weight``, ``truth``, ``model``.

        The group is the row's own hash where the rows are not grouped.
        """
        return self._fields(self._order())

    @alone
    def held(self) -> dict[str, NDArray[Any]]:
        """The same in no order, as views of the state's memory where they can be."""
        if self._held > self.size:
            self._shrink()
        return self._fields(slice(None))

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal rows in any order and any batches."""
        return pack("Sample", self.settings(), [self._rows(self._order()).tobytes()])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> Sample:
        """The state that :meth:`to_bytes` wrote."""
        settings, parts = unpack(data, "Sample")
        grouped = settings.pop("grouped")
        if type(grouped) is not bool:
            raise StateError("the bytes of the Sample do not say whether its rows are grouped")
        settings = {name: whole(value, name) for name, value in settings.items()}
        state = cls(**settings, grouped=grouped)
        if state.size > _MOST_BYTES // state._dtype.itemsize:
            raise StateError(
                f"the bytes of the Sample speak of {state.size:,} rows to be kept; expected no "
                "more than an address has room for"
            )
        if len(parts) != 1 or len(parts[0]) % state._dtype.itemsize:
            raise StateError("the bytes of the Sample do not hold whole rows")
        rows = np.frombuffer(parts[0], dtype=state._dtype)
        small = np.abs(rows["truth"]) < 1 << 53  # no NaN either
        if not (small.all() and np.isfinite(rows["weight"]).all()):
            raise StateError("the bytes of the Sample hold weights or a truth that no row has")
        columns = {name: rows[name] for name in state._names()}
        columns |= {"hash": rows["hash"].astype(np.uint64)}
        state._append(
            len(rows), lambda part: {name: values[part] for name, values in columns.items()}
        )
        return state

    def settings(self) -> dict[str, Any]:
        """What states that are merged have in common."""
        return {
            "classes": self.classes,
            "truth_width": self.truth_width,
            "size": self.size,
            "grouped": self.grouped,
        }

    def holds_rows(self) -> bool:
        """Whether weights and truths are such as rows have, which bytes need not be."""
        truth, weights = self._column("truth"), self._column("weight")
        if self.truth_width == 1 and not (truth < self.classes).all():
            return False
        return bool((truth >= 0).all() and (weights >= 0).all() and np.isfinite(weights).all())

    @property
    def bound(self) -> tuple[bool, int | None]:
        """Whether rows are passed over for too many to come, and the largest hash that may enter.

        A copy passes over the same rows; the bytes tell of those that were kept alone.
        """
        return self._bounded, None if self._largest is None else int(self._largest)

    @bound.setter
    def bound(self, said: tuple[bool, int | None]) -> None:
        bounded, largest = said
        self._bounded, self._largest = bounded, None if largest is None else np.uint64(largest)

    def _kept(self) -> dict[str, Any]:
        bound = self.bound  # before the bytes: an older bound lets more in
        return {**super()._kept(), "bound": bound}

    def _append(self, count: int, rows: Callable[[slice], dict[str, NDArray[Any]]]) -> None:
        """There is room for half as many again; when it is full, the smallest hashes are kept."""
        most, at = self.size + (self.size + 1) // 2, 0
        at_once = max(1, _COPIED_AT_ONCE // self.classes)
        while at < count:
            taken = min(count - at, most - self._held, at_once)
            for name, values in rows(slice(at, at + taken)).items():
                self._room_for(name, values, most)[self._held : self._held + taken] = values
            self._held += taken
            at += taken
            if self._held == most:
                self._shrink()

    def _room_for(self, name: str, values: NDArray[Any], most: int) -> NDArray[Any]:
        """The column of a field, of a type that holds what is there and what comes."""
        column = self._columns.get(name)
        if column is None or not np.can_cast(values.dtype, column.dtype):
            kind = values.dtype if column is None else np.promote_types(values.dtype, column.dtype)
            # Memory that is never written costs nothing.
            wider = np.empty((most, *values.shape[1:]), dtype=kind)
            if column is not None:
                wider[: self._held] = column[: self._held]
            self._columns[name] = column = wider
        return column

    def _names(self) -> tuple[str, ...]:
        return self._dtype.names or ()

    def _column(self, name: str) -> NDArray[Any]:
        """The field of all rows that are held."""
        if name in self._columns:
            return self._columns[name][: self._held]
        nothing = np.empty(0, dtype=self._dtype)[name]
        return nothing.astype(nothing.dtype.newbyteorder("="))

    def _fields(self, which: slice | NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """What is known of some rows, as numbers to compute with."""
        rows = {name: self._column(name)[which] for name in self._names()}
        truth = rows["truth"].astype(np.float64, copy=False)
        return {
            "hash": rows["hash"],
            "group": rows["group"] if self.grouped else rows["hash"].copy(),
            "weight": rows["weight"],
            "truth": truth[:, 0].astype(np.int64) if self.truth_width == 1 else truth,
            "model": rows["model"].astype(np.float64, copy=False),
        }

    def _rows(self, which: NDArray[np.int64]) -> NDArray[Any]:
        """Some rows as they stand in the bytes."""
        rows = np.empty(len(which), dtype=self._dtype)
        for name in self._names():
            rows[name] = self._column(name)[which]
        return rows

    def _shrink(self) -> None:
        hashes = self._column("hash")
        cut = np.partition(hashes, self.size - 1)[self.size - 1]
        keep = hashes < cut
        ties = np.flatnonzero(hashes == cut)
        needed = self.size - int(keep.sum())
        if len(ties) > needed:  # ids given twice: the rows' bytes decide, not their order
            ties = ties[np.argsort(_bytes_of(self._rows(ties)), kind="stable")[:needed]]
        keep[ties] = True
        # Rows from behind take the places of those that go.
        free, behind = np.flatnonzero(~keep[: self.size]), np.flatnonzero(keep[self.size :])
        for column in self._columns.values():
            column[free] = column[self.size + behind]
        self._held = self.size
        self._largest = cut if self._largest is None else min(cut, self._largest)

    def _order(self) -> NDArray[np.int64]:
        """The rows that are kept, ascending by hash, and of one hash by their bytes."""
        if self._held > self.size:
            self._shrink()
        hashes = self._column("hash")
        order = portable.argsort(hashes)
        ascending = hashes[order]
        if len(order) > 1 and (ascending[1:] == ascending[:-1]).any():
            order = order[np.argsort(_bytes_of(self._rows(order)), kind="stable")]
        return order


def _narrowest(model: HostArray) -> NDArray[Any]:
    """Predictions as they came, where NumPy has their type; as float64 where they are no floats."""
    if model.dtype == "bfloat16":
        return (model.values.astype(np.uint32) << 16).view(np.float32)
    return model.values if model.values.dtype.kind == "f" else model.as_float64()


def _bytes_of(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows as opaque bytes, which compare from the first byte on; the hash comes first."""
    return np.ascontiguousarray(rows).view(f"V{rows.dtype.itemsize}")
