"""Options of a loss between two distributions; see :mod:`._options`."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Unpack

from unsurprised.losses._documented import with_options
from unsurprised.losses._numbers import (
    Keep,
    checked_number,
    is_array,
    is_inside,
    keep_none,
    positive,
)
from unsurprised.losses._options import Totalling, TotalOptions, one_of, total_options

Kind = Literal["forward", "reverse", "jsd"]


class KlOptions(TotalOptions, total=False):
    """What a row of a divergence from a distribution is made of."""

    temperature: float


class DivergenceOptions(TotalOptions, total=False):
    """What a row of a divergence from a teacher is made of."""

    kind: Kind
    beta: float
    temperature: float


class Divergence(NamedTuple):
    """What is asked of a student and its teacher; see :mod:`unsurprised.losses._divergences`."""

    kind: Kind
    beta: Any
    temperature: Any

    @property
    def live(self) -> bool:
        """Whether an option has a derivative, or no value yet."""
        return is_array(self.beta) or is_array(self.temperature)


@with_options(total_options)
def kl_options(
    keep: Keep = keep_none,
    /,
    *,
    temperature: float = 1.0,
    **total: Unpack[TotalOptions],
) -> tuple[Divergence, Totalling]:
    """What rows are made of and become, or an error that names the option that is wrong.

    Parameters
    ----------
    temperature : float, default 1
        T > 0, which divides the logits; the target stays as it is.
    {options}
    """
    asked = Divergence("forward", 0.5, positive("temperature", temperature, keep))
    return asked, total_options(keep, **total)


@with_options(total_options)
def divergence_options(
    keep: Keep = keep_none,
    /,
    *,
    kind: Kind = "forward",
    beta: float = 0.5,
    temperature: float = 1.0,
    **total: Unpack[TotalOptions],
) -> tuple[Divergence, Totalling]:
    """What rows are made of and become, or an error that names the option that is wrong.

    Parameters
    ----------
    kind : {"forward", "reverse", "jsd"}, default "forward"
        Forward KL, which covers all that the teacher holds likely; reverse KL, which stays within
        it; or the generalised Jensen–Shannon divergence.
    beta : float, default 0.5
        β, between 0 and 1: the teacher's share of the mixture m, of "jsd" alone (Agarwal et al.).
    temperature : float, default 1
        T > 0, which divides the logits of both; gradients shrink with its square (Hinton et al.
        multiply it back). A ``TopK`` is at that temperature already.
    {options}
    """
    one_of("kind", kind, ("forward", "reverse", "jsd"))
    expected = (
        "a number between 0 and 1, the teacher's share of the mixture (at the ends the divergence "
        "is 0 of any two: ask for kind='forward' or 'reverse')"
    )
    share: Any = 0.5  # of no mixture
    if kind == "jsd":
        share = checked_number("beta", beta, is_inside, expected, keep)
    asked = Divergence(kind, share, positive("temperature", temperature, keep))
    return asked, total_options(keep, **total)
