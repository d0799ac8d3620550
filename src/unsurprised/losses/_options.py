"""What a loss can be asked for, checked once and the same for every library."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from unsurprised.errors import CallError
from unsurprised.units import as_number, checked_base

Reduction = Literal["mean", "sum", "none"]
SmoothingWeights = Literal["class", "label"]
Empty = Literal["nan", "zero"]

IGNORE = -100


class Kept(NamedTuple):
    """An option that stays an array, and its value where that can be looked at."""

    array: Any
    known: float | None


#: Numbers that an option may be; of an array, entry by entry.
Fits = Callable[[Any], Any]
#: How a library keeps an option that has a derivative or no value yet; None where it has neither.
Keep = Callable[[Any, Fits], Kept | None]


def keep_none(value: Any, fits: Fits) -> Kept | None:
    """No option is kept: each is the number that it holds."""
    return None


def is_number(value: Any, number: float) -> bool:
    """Whether an option is known to be this number; of one that is kept as an array it is not."""
    return isinstance(value, (int, float)) and value == number


def is_array(value: Any) -> bool:
    """Whether an option has a derivative, or no value yet."""
    return not (value is None or isinstance(value, (int, float)))


@dataclass(frozen=True, slots=True)
class Scores:
    """What is done to logits before the softmax: numbers, or arrays that have a derivative."""

    temperature: Any = 1.0
    softcap: Any = None

    @property
    def changes(self) -> bool:
        """Whether logits are not taken as they come."""
        return not is_number(self.temperature, 1.0) or self.softcap is not None

    @property
    def live(self) -> bool:
        """Whether an option has a derivative, or no value yet."""
        return is_array(self.temperature) or is_array(self.softcap)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a row of cross-entropy is made of; see :mod:`unsurprised.losses._cross_entropy`."""

    label_smoothing: Any
    smoothing_weights: SmoothingWeights
    focal_gamma: Any
    scores: Scores  # without a default, of which not every torch.compile knows what to make

    @property
    def live(self) -> bool:
        """Whether an option has a derivative, or no value yet."""
        arrays = is_array(self.label_smoothing) or is_array(self.focal_gamma)
        return arrays or self.scores.live

    @property
    def only_smooths(self) -> bool:
        """Whether nothing but smoothing is asked for, by a number: what kernels know."""
        return not self.live and self.focal_gamma == 0 and not self.scores.changes

    def mapped(self, change: Callable[[Any], Any]) -> Recipe:
        """The recipe with every array among its options changed."""

        def changed(value: Any) -> Any:
            return change(value) if is_array(value) else value

        scores = Scores(changed(self.scores.temperature), changed(self.scores.softcap))
        smoothing, gamma = changed(self.label_smoothing), changed(self.focal_gamma)
        return Recipe(smoothing, self.smoothing_weights, gamma, scores)


@dataclass(frozen=True, slots=True)
class Total:
    """How rows become one number; see :mod:`unsurprised.losses._reduction`."""

    reduction: Reduction = "mean"
    normalizer: Any = None
    empty: Empty = "nan"
    z_loss: Any = 0.0
    entropy_bonus: Any = 0.0
    base: float = math.e

    @property
    def unit(self) -> float:
        """What a nat is worth in the unit asked for."""
        return 1.0 / math.log(self.base)

    @property
    def has_extras(self) -> bool:
        """Whether more than a row's cost is asked for."""
        return not (is_number(self.z_loss, 0.0) and is_number(self.entropy_bonus, 0.0))

    @property
    def live(self) -> bool:
        """Whether an option has a derivative, or no value yet."""
        return is_array(self.z_loss) or is_array(self.entropy_bonus)


def checked_temperature(temperature: Any, keep: Keep = keep_none) -> Any:
    """The temperature, or an error."""
    return _positive("temperature", temperature, keep)


def checked_scores(temperature: Any, softcap: Any, keep: Keep = keep_none) -> Scores:
    """The scores' options, or an error that names the one that is wrong."""
    return Scores(
        checked_temperature(temperature, keep),
        None if softcap is None else _positive("softcap", softcap, keep),
    )


def checked_recipe(
    label_smoothing: Any,
    smoothing_weights: Any,
    focal_gamma: Any,
    scores: Scores,
    keep: Keep = keep_none,
) -> Recipe:
    """The recipe's options, or an error that names the one that is wrong."""
    return Recipe(
        checked_number("label_smoothing", label_smoothing, is_share, "a number from 0 to 1", keep),
        _one_of("smoothing_weights", smoothing_weights, ("class", "label")),
        checked_number(
            "focal_gamma", focal_gamma, is_not_negative, "a finite number of at least 0", keep
        ),
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
    keep: Keep = keep_none,
) -> Total:
    """The options of the total, or an error that names the one that is wrong."""
    reduction = _one_of("reduction", reduction, ("mean", "sum", "none"))
    _check_normalizer(normalizer, reduction)
    kept = keep(base, is_finite)
    if kept is not None and is_array(kept.array):
        raise CallError(
            "base has a derivative, which the loss does not give, or no value yet; expected a "
            "number that is known: a float, or base.detach()"
        )
    return Total(
        reduction,
        normalizer,
        _one_of("empty", empty, ("nan", "zero")),
        checked_number("z_loss", z_loss, is_finite, "a finite number", keep),
        checked_number("entropy_bonus", entropy_bonus, is_finite, "a finite number", keep),
        checked_base(base if kept is None else kept.array),
    )


def _check_normalizer(normalizer: Any, reduction: Reduction) -> None:
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
        _positive("normalizer", normalizer, keep_none)


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> Any:
    if value not in known:
        raise CallError(
            f"{name}={value!r}; expected {', '.join(map(repr, known[:-1]))} or {known[-1]!r}"
        )
    return value


def is_share(value: Any) -> Any:
    """From 0 to 1."""
    return (value >= 0) & (value <= 1)


def is_positive(value: Any) -> Any:
    """Finite and above 0."""
    return (value > 0) & (value < math.inf)


def is_not_negative(value: Any) -> Any:
    """Finite and at least 0."""
    return (value >= 0) & (value < math.inf)


def is_finite(value: Any) -> Any:
    """Neither infinite nor NaN."""
    return (value > -math.inf) & (value < math.inf)


def _positive(name: str, value: Any, keep: Keep) -> Any:
    return checked_number(name, value, is_positive, "a finite number above 0", keep)


def checked_number(name: str, value: Any, fits: Fits, expected: str, keep: Keep) -> Any:
    """The option as a number, or as an array where that has a derivative or no value yet."""
    shape = tuple(getattr(value, "shape", ()))
    if math.prod(shape) != 1:
        raise CallError(f"{name} is an array of shape {shape}; expected one number")
    kept = keep(value, fits)
    known = as_number(value) if kept is None else kept.known
    if known is not None and not fits(known):
        raise CallError(f"{name}={value!r}; expected {expected}")
    return known if kept is None else kept.array
