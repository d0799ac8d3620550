"""What a loss can be asked for, checked once and the same for every library."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from unsurprised.errors import CallError
from unsurprised.units import as_number, checked_base

Reduction = Literal["mean", "sum", "none"]
SmoothingWeights = Literal["class", "label"]
Empty = Literal["nan", "zero"]

IGNORE = -100


@dataclass(frozen=True, slots=True)
class Scores:
    """What is done to logits before the softmax."""

    temperature: float = 1.0
    softcap: float | None = None

    @property
    def changes(self) -> bool:
        """Whether logits are not taken as they come."""
        return self.temperature != 1.0 or self.softcap is not None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a row of cross-entropy is made of; see :mod:`unsurprised.losses._cross_entropy`."""

    label_smoothing: float
    smoothing_weights: SmoothingWeights
    focal_gamma: float
    scores: Scores  # without a default, of which not every torch.compile knows what to make


@dataclass(frozen=True, slots=True)
class Total:
    """How rows become one number; see :mod:`unsurprised.losses._reduction`."""

    reduction: Reduction = "mean"
    normalizer: Any = None
    empty: Empty = "nan"
    z_loss: float = 0.0
    entropy_bonus: float = 0.0
    base: float = math.e

    @property
    def unit(self) -> float:
        """What a nat is worth in the unit asked for."""
        return 1.0 / math.log(self.base)


def checked_scores(temperature: Any, softcap: Any) -> Scores:
    """The scores' options, or an error that names the one that is wrong."""
    return Scores(
        _positive("temperature", temperature),
        None if softcap is None else _positive("softcap", softcap),
    )


def checked_recipe(
    label_smoothing: Any, smoothing_weights: Any, focal_gamma: Any, scores: Scores
) -> Recipe:
    """The recipe's options, or an error that names the one that is wrong."""
    smoothing = as_number(label_smoothing)
    if not 0 <= smoothing <= 1:
        raise CallError(f"label_smoothing={label_smoothing!r}; expected a number from 0 to 1")
    return Recipe(
        smoothing,
        _one_of("smoothing_weights", smoothing_weights, ("class", "label")),
        _at_least_zero("focal_gamma", focal_gamma),
        scores,
    )


def checked_total(
    reduction: Any,
    normalizer: Any,
    empty: Any,
    *,
    z_loss: Any = 0.0,
    entropy_bonus: Any = 0.0,
    base: Any = math.e,
) -> Total:
    """The options of the total, or an error that names the one that is wrong."""
    reduction = _one_of("reduction", reduction, ("mean", "sum", "none"))
    if normalizer is not None and reduction != "mean":
        raise CallError(
            f"normalizer={normalizer!r} with reduction={reduction!r}: only a mean is divided; "
            "leave it out, or ask for reduction='mean'"
        )
    if isinstance(normalizer, str):
        _one_of("normalizer", normalizer, ("weight", "rows"))
    elif normalizer is not None and getattr(normalizer, "shape", ()) != ():
        raise CallError(
            f"normalizer is an array of shape {tuple(normalizer.shape)}; expected 'weight', "
            "'rows' or one number"
        )
    elif isinstance(normalizer, (int, float)):
        _positive("normalizer", normalizer)
    return Total(
        reduction,
        normalizer,
        _one_of("empty", empty, ("nan", "zero")),
        _finite("z_loss", z_loss),
        _finite("entropy_bonus", entropy_bonus),
        checked_base(base),
    )


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> Any:
    if value not in known:
        raise CallError(
            f"{name}={value!r}; expected {', '.join(map(repr, known[:-1]))} or {known[-1]!r}"
        )
    return value


def _positive(name: str, value: Any) -> float:
    number = as_number(value)
    if not 0 < number < math.inf:
        raise CallError(f"{name}={value!r}; expected a finite number above 0")
    return number


def _at_least_zero(name: str, value: Any) -> float:
    number = as_number(value)
    if not 0 <= number < math.inf:
        raise CallError(f"{name}={value!r}; expected a finite number of at least 0")
    return number


def _finite(name: str, value: Any) -> float:
    number = as_number(value)
    if not math.isfinite(number):
        raise CallError(f"{name}={value!r}; expected a finite number")
    return number
