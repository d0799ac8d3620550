"""Options of the losses: declared, checked and explained once for every library.

A new option of cross-entropy has a line in :class:`CrossEntropyOptions`, its default, check and
words in :func:`cross_entropy_options`, and a field of :class:`Recipe`. Every library's functions
take, show and explain it then (:mod:`._documented`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, Unpack

from unsurprised.errors import CallError
from unsurprised.losses._documented import with_options
from unsurprised.losses._numbers import (
    Keep,
    checked_number,
    is_array,
    is_finite,
    is_not_negative,
    is_number,
    is_share,
    keep_none,
    positive,
)
from unsurprised.units import checked_base

Reduction = Literal["mean", "sum", "none"]
SmoothingWeights = Literal["class", "label"]
Empty = Literal["nan", "zero"]
IGNORE = -100


class TotalOptions(TypedDict, total=False):
    """What becomes of rows."""

    reduction: Reduction
    normalizer: Any
    empty: Empty
    base: float


class CrossEntropyOptions(TotalOptions, total=False):
    """What a row of cross-entropy is made of."""

    label_smoothing: float
    smoothing_weights: SmoothingWeights
    temperature: float
    softcap: float | None
    z_loss: float
    entropy_bonus: float
    focal_gamma: float


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

    def numbers(self) -> list[float]:
        """The recipe as what an operator of a compiler's can be handed."""
        by_label, scores = self.smoothing_weights == "label", self.scores
        return [
            float(self.label_smoothing),
            float(by_label),
            float(self.focal_gamma),
            float(scores.temperature),
            float(scores.softcap or 0.0),
        ]

    @classmethod
    def of_numbers(cls, numbers: Sequence[float]) -> Recipe:
        """The recipe that was handed so."""
        smoothing, by_label, gamma, temperature, softcap = numbers
        scores = Scores(temperature, softcap or None)
        return cls(smoothing, "label" if by_label else "class", gamma, scores)


@dataclass(frozen=True, slots=True)
class Totalling:
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


def total_options(
    keep: Keep = keep_none,
    z_loss: Any = 0.0,
    entropy_bonus: Any = 0.0,
    /,
    *,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    base: float = math.e,
    **unknown: object,
) -> Totalling:
    """How rows become one number, or an error that names the option that is wrong.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean of the rows' losses, their sum, or each of them.
    normalizer : {"weight", "rows"} or number above 0, optional
        What a mean divides by; by default Σ s · w[label] of labels (PyTorch's weighted mean), and
        Σ s of distributions. "weight": Σ s · Σ w y for both; "rows": how many rows count; a number
        (or an array of one), such as the tokens of a batch that is spread over devices. With the
        first two z-loss and bonus are divided by Σ s, with the others by what divides the costs.
    empty : {"nan", "zero"}, default "nan"
        The mean where no row counts. Its gradient is 0.
    base : float, default e
        The unit, as the base of the logarithm: e for nats, 2 for bits, 10 for hartleys, or any
        number above 1. The whole loss, z-loss and bonus included, is divided by ln(base).
    """
    for name in unknown:  # of whoever called; Python would name this function, which nobody knows
        raise TypeError(f"got an unexpected keyword argument {name!r}")
    one_of("reduction", reduction, ("mean", "sum", "none"))
    _check_normalizer(normalizer, reduction)
    kept = keep(base, is_finite)
    if kept is not None and is_array(kept.array):
        raise CallError(
            "base has a derivative, which the loss does not give, or no value yet; expected a "
            "number that is known: a float, or base.detach()"
        )
    return Totalling(
        reduction,
        normalizer,
        one_of("empty", empty, ("nan", "zero")),
        checked_number("z_loss", z_loss, is_finite, "a finite number", keep),
        checked_number("entropy_bonus", entropy_bonus, is_finite, "a finite number", keep),
        checked_base(base if kept is None else kept.array),
    )


@with_options(total_options)
def cross_entropy_options(
    keep: Keep = keep_none,
    /,
    *,
    label_smoothing: float = 0.0,
    smoothing_weights: SmoothingWeights = "class",
    temperature: float = 1.0,
    softcap: float | None = None,
    z_loss: float = 0.0,
    entropy_bonus: float = 0.0,
    focal_gamma: float = 0.0,
    **total: Unpack[TotalOptions],
) -> tuple[Recipe, Totalling]:
    """What rows are made of and become, or an error that names the option that is wrong.

    Parameters
    ----------
    label_smoothing : float, default 0
        ε, from 0 to 1: the share of the target that is spread evenly over all classes (Szegedy et
        al.).
    smoothing_weights : {"class", "label"}, default "class"
        Which weight the spread share has: that of each class it goes to (as in PyTorch), or that
        of the label it is taken from.
    temperature : float, default 1
        T > 0, which divides the scores, after the softcap.
    softcap : float, optional
        c > 0, beyond which no score goes: cap(x) = c · tanh(x / c); −inf stays so. By default
        scores have no cap.
    z_loss : float, default 0
        ζ, finite: the weight of L² in nats, which draws log Σ eᶻ towards 0 (Chowdhery et al.). It
        knows no weight of a class: under a mean it is one over rows (Σ s ζ L² / Σ s, as in
        Liger-Kernel), whatever the scale of the weights of classes.
    entropy_bonus : float, default 0
        β, finite: the weight of the softmax's entropy, which is rewarded; its mean is one over
        rows, likewise.
    focal_gamma : float, default 0
        γ ≥ 0: the focal loss, in which a class of probability q counts (1 − q)ᵞ times as much (Lin
        et al.).
    {options}
    """
    scores = Scores(
        positive("temperature", temperature, keep),
        None if softcap is None else positive("softcap", softcap, keep),
    )
    recipe = Recipe(
        checked_number("label_smoothing", label_smoothing, is_share, "a number from 0 to 1", keep),
        one_of("smoothing_weights", smoothing_weights, ("class", "label")),
        checked_number(
            "focal_gamma", focal_gamma, is_not_negative, "a finite number of at least 0", keep
        ),
        scores,
    )
    return recipe, total_options(keep, z_loss, entropy_bonus, **total)


def _check_normalizer(normalizer: Any, reduction: Reduction) -> None:
    if normalizer is not None and reduction != "mean":
        raise CallError(
            f"normalizer={normalizer!r} with reduction={reduction!r}: only a mean is divided; "
            "leave it out, or ask for reduction='mean'"
        )
    if isinstance(normalizer, str):
        one_of("normalizer", normalizer, ("weight", "rows"))
    elif normalizer is not None and getattr(normalizer, "shape", ()) != ():
        raise CallError(
            f"normalizer is an array of shape {tuple(normalizer.shape)}; expected 'weight', "
            "'rows' or one number"
        )
    elif isinstance(normalizer, (int, float)):
        positive("normalizer", normalizer, keep_none)


def one_of(name: str, value: Any, known: tuple[str, ...]) -> Any:
    """The option, or an error unless it is one of those known."""
    if value not in known:
        raise CallError(
            f"{name}={value!r}; expected {', '.join(map(repr, known[:-1]))} or {known[-1]!r}"
        )
    return value
