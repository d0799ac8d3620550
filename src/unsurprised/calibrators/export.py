"""A fitted calibrator outside this package: plain NumPy source, and a PyTorch module."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from functools import cache
from operator import methodcaller
from typing import Any, Self

import numpy as np

from unsurprised.calibrators import _formulas
from unsurprised.calibrators._base import Calibrator
from unsurprised.copies import Kept

_HEAD = '''"""{title}, fitted on {rows:,} rows; made by unsurprised {version}, needs only NumPy."""

import numpy as np

Array = np.ndarray


'''

_FOOT = '''

STAGES = [
{stages}
]


def calibrate(probs):
    """Calibrated probabilities of rows of probabilities (..., {width})."""
    probs = np.asarray(probs, dtype=np.float64)
    if probs.shape[-1:] != ({width},) or not (probs >= 0).all() or not (probs.sum(-1) > 0).all():
        raise ValueError("expected rows of {width} probabilities")
    with np.errstate(all="ignore"):
        x = np.log(probs / probs.sum(axis=-1, keepdims=True))
        for formula, parameters in STAGES:
            x = log_softmax(np, formula(np, x, **parameters))
    if np.isnan(x).any():
        raise ValueError("found a probability of 0, of which these formulas make nothing")
    return np.exp(x)
'''


def numpy_source(calibrator: Calibrator) -> str:
    """The source of a module with a function ``calibrate(probs)`` that needs nothing but NumPy."""
    from unsurprised import __version__

    stages = calibrator.stages()
    used = _used([formula for formula, _ in stages])
    lines = [
        f"    ({formula.__name__}, {{{', '.join(_literal(*item) for item in given.items())}}}),"
        for formula, given in stages
    ]
    head = _HEAD.format(
        title=calibrator.title.capitalize(),
        rows=calibrator.provenance_["rows"],
        version=__version__,
    )
    foot = _FOOT.format(stages="\n".join(lines), width=len(calibrator.classes_))
    sources = "\n\n".join(inspect.getsource(formula) for formula in used)
    return head + sources.replace(": Any", "").replace("list[Array]", "list") + foot


class NumpyCalibration(Kept):
    """A calibrator as a function of probabilities (..., K); pickled as its source."""

    def __init__(self, source: str) -> None:
        self.source = source
        space: dict[str, Any] = {}
        exec(compile(source, "<calibrator>", "exec"), space)
        self._calibrate: Callable[[Any], Any] = space["calibrate"]

    def __call__(self, probs: Any) -> Any:
        """Calibrated probabilities."""
        return self._calibrate(probs)

    def _kept(self) -> dict[str, Any]:
        return {"source": self.source}

    @classmethod
    def _made_of(cls, kept: dict[str, Any]) -> Self:
        return cls(kept["source"])


def numpy_function(calibrator: Calibrator) -> Callable[[Any], Any]:
    """The function that :func:`numpy_source` states."""
    return NumpyCalibration(numpy_source(calibrator))


def _used(formulas: list[Any]) -> list[Any]:
    """These formulas and those that they call, in the order of their module."""
    all_of_them = {
        name: value
        for name, value in vars(_formulas).items()
        if inspect.isfunction(value) and value.__module__ == _formulas.__name__
    }
    found = {"log_softmax"}
    waiting = [formula.__name__ for formula in formulas]
    while waiting:
        name = waiting.pop()
        found.add(name)
        called = all_of_them[name].__code__.co_names
        waiting += [other for other in called if other in all_of_them and other not in found]
    return [value for name, value in all_of_them.items() if name in found]


def _literal(name: str, value: Any) -> str:
    if isinstance(value, list):
        return f'"{name}": [{", ".join(map(_array, value))}]'
    return f'"{name}": {_array(value)}'


def _array(value: Any) -> str:
    text = repr(np.asarray(value).tolist()).replace("inf", "np.inf")
    return f"np.array({text})"


def torch_module(calibrator: Calibrator) -> Any:
    """A module from logits or log-probabilities (..., K) to calibrated log-probabilities."""
    return _module_class()(calibrator)


@cache
def _module_class() -> Any:
    import array_api_compat.torch as xp
    import torch

    class CalibratedLogProbs(torch.nn.Module):
        """Calibrated log-probabilities of logits or log-probabilities (..., K)."""

        def __init__(self, calibrator: Calibrator) -> None:
            super().__init__()
            self.stages = calibrator.stages()
            self._calibrator = copy.deepcopy(calibrator)
            for number, (_, given) in enumerate(self.stages):
                for name, value in given.items():
                    for place, one in enumerate(value if isinstance(value, list) else [value]):
                        tensor = torch.as_tensor(np.array(one, dtype=np.float64))
                        self.register_buffer(f"{name}_{number}_{place}", tensor)

        def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
            # Made again by its calibrator, then as it is: on its device, with its hooks.
            state = {**vars(self)}
            del state["stages"], state["_calibrator"]
            return methodcaller("to_torch"), (self._calibrator,), state

        def __copy__(self) -> Any:
            return copy.deepcopy(self)

        def parameter(self, name: str, number: int, like: Any, value: Any) -> Any:
            count = len(value) if isinstance(value, list) else 1
            given = [getattr(self, f"{name}_{number}_{k}").to(like.dtype) for k in range(count)]
            return given if isinstance(value, list) else given[0]

        def forward(self, logits: Any) -> Any:
            x = logits if logits.dtype == torch.float64 else logits.float()
            x = _formulas.log_softmax(xp, x)
            for number, (formula, given) in enumerate(self.stages):
                fitted = {
                    name: self.parameter(name, number, x, value) for name, value in given.items()
                }
                x = _formulas.log_softmax(xp, formula(xp, x, **fitted))
            return x

    return CalibratedLogProbs
