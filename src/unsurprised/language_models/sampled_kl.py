"""KL from the log-probabilities that two models gave to sampled tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.arrays.row_order import refuse_other_orders
from unsurprised.errors import CallError
from unsurprised.float_errors import own_float_errors
from unsurprised.language_models.list_cleaning import DEFAULT_UNKNOWN
from unsurprised.language_models.list_facts import refuse_other_tokens
from unsurprised.language_models.sampled import listed_and_k3
from unsurprised.language_models.sampled_meter import SampledKLMeter
from unsurprised.language_models.sampled_result import SampledKL
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.units import BITS_PER_NAT


@own_float_errors
def sampled_kl(
    base: Any,
    other: Any,
    *,
    document: Any = None,
    unknown: float = DEFAULT_UNKNOWN,
    unit: float = 2,
) -> SampledKL:
    """Estimate KL(base‖other) from tokens that the base has sampled.

    Parameters
    ----------
    base, other : array of floats, shape (n,), or TopLogProbs
        The natural logarithm of the probability that each gave to the sampled tokens, such as a
        rollout engine's and a trainer's; or lists, whose targets are the sampled tokens.
    document : sequence, optional
        Which document each token belongs to; without, all are of one, and taken for independent.
    unknown : float, default −9999
        The value that means "not known", beside NaN.
    unit : float, default 2
        The base of the logarithm: 2 for bits, ``math.e`` for nats.

    Examples
    --------
    >>> import numpy as np
    >>> found = sampled_kl(np.log([0.5, 0.25, 0.25]), np.log([0.4, 0.3, 0.25]))
    >>> round(found.k1.value, 4), round(found.k3.value, 4)
    (0.0196, 0.0196)
    >>> found.ratios_within[0.05].value
    0.3333333333333333
    """
    lists = isinstance(base, TopLogProbs), isinstance(other, TopLogProbs)
    if any(lists) and not all(lists):
        raise CallError("sampled_kl(base, other) of lists and an array; expected the same of both")
    if all(lists):
        if document is not None:
            raise CallError("document=… beside lists, which say it: TopLogProbs(…, document=…)")
        refuse_other_tokens(base, other)
        names, which = base.names, base.documents
        sides = base.target_logprobs, other.target_logprobs
        above = max(base.left.above_zero_targets, other.left.above_zero_targets)
    else:
        refuse_other_orders({"base": base, "other": other, "document": document})
        sides = _numbers(base, "base"), _numbers(other, "other")
        names, which = _documents(document, len(sides[0]))
        above = int(((sides[0] > 0) | (sides[1] > 0)).sum())
    if len(sides[0]) != len(sides[1]):
        raise CallError(f"found {len(sides[0])} and {len(sides[1])} tokens; expected as many")
    listed = None
    if all(lists):
        both = listed_and_k3(base.lists, other.lists, base.targets, *sides)
        listed = np.where(np.isfinite(both), both * BITS_PER_NAT, 0.0)
    meter = SampledKLMeter()
    meter.add_tokens(names, which, *sides, listed=listed, unknown=unknown, above=above)
    return meter.result(unit=unit)


def _numbers(values: Any, name: str) -> Values:
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise CallError(f"sampled_kl({name}=…) holds what are no numbers") from None
    if found.ndim != 1:
        raise CallError(f"sampled_kl({name}=…) has shape {found.shape}; expected one axis")
    return found


def _documents(document: Any, size: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    if document is None:
        return ("0",), np.zeros(size, dtype=np.int64)
    values = document.tolist() if hasattr(document, "tolist") else list(document)
    if len(values) != size:
        raise CallError(f"document has {len(values)} entries for {size} tokens; expected as many")
    places: dict[str, int] = {}
    which = [places.setdefault(str(value), len(places)) for value in values]
    return tuple(places), np.array(which, dtype=np.int64)
