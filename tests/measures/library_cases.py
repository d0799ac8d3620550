"""Every array library, every measure that it is asked for, and how right it must be."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np
import oracle
import pytest
from bounds import FORMS
from family_cases import CASES as FAMILY
from family_cases import SEVERAL, on_tables
from numpy.typing import NDArray
from oracle import CONTEXT, ORACLES

from unsurprised.arrays.libraries import to_numpy
from unsurprised.measures.registry import MEASURES, Measure

Values = NDArray[np.float64]

EPS = {"float64": 2.0**-52, "float32": 2.0**-23}


@dataclass(frozen=True)
class Library:
    """An array library with one floating type, on one device; ``tracked``: with gradients."""

    name: str
    dtype: str
    device: str = "cpu"
    tracked: bool = False
    #: Whether JAX has doubles.
    x64: bool = True

    def __str__(self) -> str:
        parts = [self.name, self.dtype, "" if self.device == "cpu" else self.device]
        parts += ["tracked" if self.tracked else "", "" if self.x64 else "without x64"]
        return " ".join(part for part in parts if part)

    @property
    def answer_type(self) -> str:
        """The floating type of its answers."""
        return "float64" if self.name == "numpy" or self.dtype == "float64" else "float32"

    def array(self, values: Any) -> Any:
        """Numbers in the library's floating type."""
        return self.place(np.asarray(values, dtype=np.float64), self.dtype)

    def place(self, values: Any, dtype: str) -> Any:
        """Numbers in any type."""
        values = np.asarray(values)
        if self.name == "torch":
            import torch

            array = torch.tensor(values).to(getattr(torch, dtype)).to(self.device)
            return array.requires_grad_(self.tracked and array.is_floating_point())
        if self.name == "jax":
            import jax.numpy as jnp

            return jnp.asarray(values).astype(dtype)
        array = values.astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
        if self.name == "array_api_strict":
            import array_api_strict

            return array_api_strict.asarray(array)
        array.flags.writeable = False
        return array

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Where its arrays are made and measured; skipped where it is not installed."""
        if self.name in ("torch", "jax"):
            pytest.importorskip(self.name)
        with jax_doubles(self.x64) if self.name == "jax" else contextlib.nullcontext():
            yield

    def check_kind(self, found: Any, shape: tuple[int, ...], dtype: str | None = None) -> None:
        """Whether an answer is an array of this library, device and type, and of this shape."""
        if self.name == "numpy" and not shape:
            assert type(found) is float
            return
        module = type(found).__module__.partition(".")[0]
        assert module == {"jax": "jaxlib"}.get(self.name, self.name), type(found)
        assert tuple(found.shape) == shape
        assert str(found.dtype).rpartition(".")[2] == (dtype or self.answer_type)
        if self.name == "torch":
            assert found.device.type == self.device


def jax_doubles(enabled: bool) -> Any:
    """A context in which JAX has doubles, or has none."""
    import jax

    switch = getattr(jax, "enable_x64", None)
    if switch is None:
        from jax.experimental import enable_x64 as switch
    return switch(enabled)


def held(array: Any) -> Values:
    """What an array holds, exactly."""
    there = array if isinstance(array, float | np.ndarray) else to_numpy(array)
    return np.asarray(there).astype(np.float64)


def _torch_devices() -> list[str]:
    if importlib.util.find_spec("torch") is None:
        return ["cpu"]
    import torch

    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


LIBRARIES = [
    *(Library("numpy", dtype) for dtype in ("float64", "float32", "bfloat16", "float16")),
    *(Library("array_api_strict", dtype) for dtype in ("float64", "float32")),
    *(
        Library("torch", dtype, device, tracked)
        for device in _torch_devices()
        for tracked in (False, True)
        for dtype in ("float64", "float32", "bfloat16", "float16")
    ),
    Library("jax", "float64"),
    *(Library("jax", dtype, x64=False) for dtype in ("float32", "bfloat16", "float16")),
]


@dataclass(frozen=True)
class Case:
    """A measure with one set of its parameters."""

    name: str
    #: Further arguments, for many tables at once: their axes are counted from the back.
    at: Mapping[str, Any] = field(hash=False)
    number: int

    def __str__(self) -> str:
        values = [str(value) for value in self.at.values() if isinstance(value, str | float | int)]
        return "-".join([self.name, *values])

    @property
    def measure(self) -> Measure:
        """What the registry says of it."""
        return MEASURES[self.name]

    @property
    def group(self) -> str:
        """Which rows it is asked about."""
        if self.measure.family != "joint":
            return self.measure.family
        return "several" if self.name in SEVERAL else "table"

    @property
    def kinds(self) -> tuple[str, ...]:
        """What its arrays can be said to be."""
        return ("events",) if self.group == "events" else ("probs", "logits")

    def __call__(self, kind: str, *arrays: Any, **more: Any) -> Any:
        """The measure of arrays that are said to be of a kind."""
        if kind != "events":
            arrays = tuple(map(FORMS[kind], arrays))
        return self.measure.function(*arrays, **self.at, **more)

    def oracle(self, kind: str, *arrays: Values) -> Any:
        """mpmath's answer to the arrays of one condition: a number, or an array of them."""
        return _oracle(self, kind, *((x.shape, tuple(x.ravel().tolist())) for x in arrays))


@functools.cache
def _oracle(case: Case, kind: str, *arguments: tuple[tuple[int, ...], tuple[float, ...]]) -> Any:
    arrays = [np.array(entries).reshape(shape) for shape, entries in arguments]
    define = ORACLES[case.name]
    if kind == "events":
        return np.array([define(x) for x in arrays[0].tolist()], dtype=object)
    return define((kind, kind) if len(arrays) == 2 else kind, *arrays, **case.at)


CASES = [
    Case(name, on_tables(MEASURES[name], at), number) for number, (name, at) in enumerate(FAMILY)
]
GROUPS = sorted({case.group for case in CASES})


# How right an answer must be.


def check(case: Case, kind: str, dtype: str, found: Any, *arrays: Any, said: str = "") -> float:
    """One condition's answer, to what its floating type can hold; how many eps it is off.

    - Relative, of mass: 1e-14 in float64, 1e-6 in float32; of logits as many times as much as the
      gap of the scores holds 64 nats (8 in float32), for the gap itself is rounded.
    - What is below the normal numbers may be zero, what is beyond the floats is infinite.
    - Logits that are independent but for the rounding of their exponentials have an information
      that is known to the square of that rounding, and logarithms of ratios to the rounding itself.
    - A difference of informations is known as well as these are.
    - A user's generator is asked for its value at a rounded ratio, where that may be beyond the
      floats though the divergence is not.
    """
    limits = np.finfo(dtype)
    relative = {"float64": 1e-14, "float32": 1e-6}[dtype] * _gaps(case, kind, dtype, arrays)
    true = np.asarray(case.oracle(kind, *arrays), dtype=object)
    worst = 0.0
    for one, stated in zip(np.ravel(found).tolist(), true.ravel(), strict=True):
        beyond = CONTEXT.isfinite(stated) and abs(stated) > float(limits.max)
        exact = math.copysign(1, stated) * CONTEXT.inf if beyond else stated
        if case.name == "f_divergence" and math.isinf(one) and exact > math.sqrt(limits.max):
            continue
        slack = 8 * float(limits.smallest_normal) + _slack(case, kind, dtype, exact, arrays)
        error = oracle.relative_error(one, exact, slack)
        assert error <= relative, f"{said}: {one!r}, not {float(exact)!r}: {error:.3g}"
        assert one >= case.measure.low and (one != 0 or math.copysign(1, one) == 1), f"{said} {one}"
        worst = max(worst, error / EPS[dtype])
    return worst


def _gaps(case: Case, kind: str, dtype: str, arrays: tuple[Values, ...]) -> float:
    """How often 64 (or 8) nats lie between the largest score and the least that has weight."""
    if kind == "logits":
        scores = arrays
    elif case.name == "bhattacharyya_coefficient":  # found through logarithms
        scores = tuple(np.log(x[x > 0]) for x in arrays)
    else:
        return 1.0
    gaps = [x.max() - x[x > max(x.max() - 746.0, -math.inf)].min() for x in scores]
    return max(1.0, max(gaps) / {"float64": 64, "float32": 8}[dtype])


def _slack(case: Case, kind: str, dtype: str, true: Any, arrays: tuple[Values, ...]) -> float:
    eps = EPS[dtype]
    if not CONTEXT.isfinite(true):
        return 0.0
    if case.name == "f_divergence":
        return 8 * eps * math.sqrt(true) * (1 + math.sqrt(true))
    if case.group not in ("table", "several"):
        return 0.0
    if case.name == "pointwise_mutual_information":
        return 8 * eps if kind == "logits" else 0.0
    if case.name != "interaction_information":
        return 8 * eps * (math.sqrt(true) + 8 * eps) if kind == "logits" else 0.0
    part = next(case for case in CASES if case.name == "conditional_mutual_information")
    shared = part.oracle(kind, *arrays)
    return sum(16 * eps * (x + math.sqrt(x) + 8 * eps) for x in (shared, abs(shared - true)))
