"""A sample of rows that does not depend on their order."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.alone import alone, beside
from unsurprised.arrays.host import host_array
from unsurprised.errors import CallError, StateError
from unsurprised.states.serial import ByBytes, must_match, pack, sensible, unpack, whole

#: How many rows a sample holds, unless they would take more memory than the budget.
SAMPLE_ROWS = 200_000
SAMPLE_BYTES = 64 << 20


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

    @cached_property
    def _rows(self) -> NDArray[Any]:
        # Memory that is never written costs nothing, but asking for it does.
        return np.empty(self.size + (self.size + 1) // 2, dtype=self._dtype)

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
        truth: NDArray[Any],
        model: Any,
        weights: NDArray[np.float64] | None = None,
        groups: NDArray[np.uint64] | None = None,
    ) -> Sample:
        """Add rows; ``truth`` is (rows,) or (rows, classes), ``model`` is (rows, classes)."""
        if self.size == 0:
            return self
        chosen = self._may_enter(hashes)
        if not len(chosen):
            return self
        rows = np.zeros(len(chosen), dtype=self._dtype)
        rows["hash"] = hashes[chosen]
        if groups is not None:
            rows["group"] = groups[chosen]
        rows["weight"] = 1.0 if weights is None else weights[chosen]
        rows["truth"] = truth[chosen].reshape(len(chosen), self.truth_width)
        rows["model"] = host_array(model, "model")[chosen].as_float64()
        self._append(rows)
        return self

    def _may_enter(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The rows that are copied: of a batch, no more than there is place for (ties apart)."""
        largest = self._largest
        if len(hashes) > self.size:
            cut = np.partition(hashes, self.size - 1)[self.size - 1]
            largest = cut if largest is None else min(cut, largest)
        return np.arange(len(hashes)) if largest is None else np.flatnonzero(hashes <= largest)

    @alone
    def merge(self, other: Sample) -> Sample:
        """Add another state's rows; associative and commutative to the bit."""
        must_match("Sample", self.settings(), other.settings())
        with beside(self, other):
            self._bounded = self._bounded or other._bounded
            self._append(other._rows[: other._held])
        return self

    @alone
    def result(self) -> dict[str, NDArray[Any]]:
        """The rows, ascending by hash: ``hash``, ``group``, ``weight``, ``truth``, ``model``.

        The group is the row's own hash where the rows are not grouped.
        """
        rows = self._sorted()
        truth = rows["truth"][:, 0].astype(np.int64) if self.truth_width == 1 else rows["truth"]
        return {
            "hash": rows["hash"].astype(np.uint64),
            "group": rows["group" if self.grouped else "hash"].astype(np.uint64),
            "weight": rows["weight"].copy(),
            "truth": truth.copy(),
            "model": rows["model"].copy(),
        }

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal rows in any order and any batches."""
        return pack("Sample", self.settings(), [self._sorted().tobytes()])

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
        if len(parts) != 1 or len(parts[0]) % state._dtype.itemsize:
            raise StateError("the bytes of the Sample do not hold whole rows")
        rows = np.frombuffer(parts[0], dtype=state._dtype)
        small = np.abs(rows["truth"]) < 1 << 53  # no NaN either
        if not (small.all() and np.isfinite(rows["weight"]).all()):
            raise StateError("the bytes of the Sample hold weights or a truth that no row has")
        state._append(rows)
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
        rows = self._rows[: self._held]
        truth, weights = rows["truth"], rows["weight"]
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

    def _append(self, rows: NDArray[Any]) -> None:
        """There is room for half as many again; when it is full, the smallest hashes are kept."""
        most = len(self._rows)
        while len(rows):
            taken = min(len(rows), most - self._held)
            self._rows[self._held : self._held + taken] = rows[:taken]
            self._held += taken
            rows = rows[taken:]
            if self._held == most:
                self._shrink()

    def _shrink(self) -> None:
        held = self._rows[: self._held]
        hashes = held["hash"].astype(np.uint64)
        cut = np.partition(hashes, self.size - 1)[self.size - 1]
        keep = hashes < cut
        ties = np.flatnonzero(hashes == cut)
        needed = self.size - int(keep.sum())
        if len(ties) > needed:  # ids given twice: the rows' bytes decide, not their order
            ties = ties[np.argsort(_bytes_of(held[ties]), kind="stable")[:needed]]
        keep[ties] = True
        # Rows from behind take the places of those that go.
        free, behind = np.flatnonzero(~keep[: self.size]), np.flatnonzero(keep[self.size :])
        held[free] = held[self.size + behind]
        self._held = self.size
        self._largest = cut if self._largest is None else min(cut, self._largest)

    def _sorted(self) -> NDArray[Any]:
        if self._held > self.size:
            self._shrink()
        held = self._rows[: self._held]
        order = np.argsort(held["hash"].astype(np.uint64), kind="stable")
        rows = held[order]
        hashes = rows["hash"].astype(np.uint64)
        if len(rows) > 1 and (hashes[1:] == hashes[:-1]).any():
            rows = rows[np.argsort(_bytes_of(rows), kind="stable")]
        return rows


def _bytes_of(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows as opaque bytes, which compare from the first byte on; the hash comes first."""
    return np.ascontiguousarray(rows).view(f"V{rows.dtype.itemsize}")
