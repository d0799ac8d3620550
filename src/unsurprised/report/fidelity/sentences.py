"""What is said of two language models in sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from unsurprised.language_models.result import Fidelity, ModelFigures
from unsurprised.report.numbers import (
    counted,
    in_brackets,
    number,
    printable,
    round_number,
    share,
)
from unsurprised.statistics.jackknife import FEWEST_CLUSTERS

_NAME = 40

RangeName = Callable[[float, float], str]


def short_name(name: str) -> str:
    """A model's name: of a path its last part."""
    return printable(name.rstrip("/").rsplit("/", 1)[-1] or name, _NAME)


def headline(found: Fidelity) -> str:
    """The verdict: what the other costs, how sure that is, and where it is."""
    base, other = short_name(found.base.name), short_name(found.other.name)
    kl, per = found.kl_divergence, f"{found.unit} a token"
    least = "at least " if "kl_divergence" in found.bounds else ""
    grounds = counted(found.documents, "document")
    if math.isinf(kl.value):
        said = (
            f"{other} rules out what {base} holds possible at "
            f"{counted(found.infinite_tokens, 'token')} of {found.tokens:,}: the KL is infinite"
        )
    elif kl.value == 0 and least:
        said = f"what is known of {found.tokens:,} tokens does not tell {other} from {base}"
    elif kl.value == 0:
        said = f"{other} is {base}: no token of {found.tokens:,} tells them apart"
    else:
        sure = in_brackets(kl, "information")
        sure = f"{sure[:-1]}, {grounds})" if sure else f" ({grounds})"
        said = f"{other} costs {least}{number(kl.value)} {per} more than {base} needs{sure}"
    if not math.isnan(found.top_agreement.value):
        said += f"; the same top token {share(found.top_agreement.value)}"
    if kl.value > 0 and not math.isnan(found.half_of_kl):
        said += f"; half of the cost in {_about(found.half_of_kl)} of the tokens"
    return f"{said}."


def _about(part: float) -> str:
    return f"{100 * part:.3g} %"


def verdict(found: Fidelity) -> str | None:
    """Whether it is noise, where a second run of the base tells."""
    noise = found.noise
    if noise is None:
        return None
    told = (
        f"a second run of the base is {number(noise.kl_divergence.value)} {found.unit} a token "
        f"from the first; the other's KL less that is {number(noise.excess.value)}"
        f"{in_brackets(noise.excess, 'information')}."
    )
    if noise.above is None:
        few = found.documents < FEWEST_CLUSTERS
        why = f" of fewer than {FEWEST_CLUSTERS} documents (--document says which)" if few else ""
        return f"Whether it is above the noise cannot be told{why}: {told}"
    return f"{'Above' if noise.above else 'Not above'} the noise: {told}"


def size(found: Fidelity) -> str:
    """What was compared, and what intervals rest on."""
    parts = [
        counted(found.tokens, "token"),
        counted(found.documents, "document"),
        f"vocabulary {found.vocabulary:,}" if found.vocabulary else "vocabulary not said",
    ]
    if found.targets and found.targets != found.tokens:
        parts.append(f"{found.targets:,} of known targets")
    if found.left_out:
        parts.append(f"{found.left_out:,} left out by their targets")
    if found.masked:
        parts.append(f"{found.masked:,} left out by the mask")
    intervals = {
        "documents": "intervals by document",
        "tokens": "intervals as if tokens were independent",
        "nothing": "no intervals",
    }[found.intervals]
    return " · ".join([*parts, intervals])


def of_lists(found: Fidelity) -> bool:
    """Whether the likely tokens alone are known."""
    return found.bounds.get("base.entropy") == "at least"


def remarks(found: Fidelity) -> Iterator[str]:
    """What must be known of the figures."""
    if found.floored_tokens and of_lists(found):
        yield (
            f"Of {counted(found.floored_tokens, 'token')} the likely entries alone are known: "
            "divergences are the least that these allow, of single tokens too."
        )
    elif found.floored_tokens:
        yield (
            f"At {counted(found.floored_tokens, 'token')} a side keeps no value more than 16 nats "
            "below its top: divergences are the least that this allows."
        )
    for model in (found.base, found.other):
        yield from _of_model(model)
    if found.censored_targets:
        yield (
            "Where a target is below what is kept, the difference counts both sides at that "
            "floor, so that a model beside itself has none."
        )
    if found.infinite_tokens:
        yield (
            f"KL is infinite at {counted(found.infinite_tokens, 'token')}: the other rules out "
            "what the base holds possible, as scores cut by top-k or top-p do."
        )
    for name, why in found.missing.items():
        yield f"{name}: {why}."
    if "all" in found.interval_notes:
        yield sentence(found.interval_notes["all"])


def _of_model(model: ModelFigures) -> Iterator[str]:
    name = short_name(model.name)
    if model.censored_targets:
        yield (
            f"{counted(model.censored_targets, 'target')} of {name} below what is kept: its "
            "cross-entropy is at least what is said."
        )
    if model.cut_mass is not None:
        yield (
            f"The tokens that were cut off had {share(model.cut_mass.value)} of the mass under "
            f"{name}."
        )
    if model.infinite_targets:
        yield f"{name} rules out {counted(model.infinite_targets, 'target')} that came."


def position_range(low: float, high: float) -> str:
    """A range of positions.

    >>> position_range(0.0, 1.0), position_range(4.0, 8.0)
    ('0', '4 to 7')
    """
    first, last = int(low), int(high) - 1
    return f"{first:,}" if first == last else f"{first:,} to {last:,}"


def bound_sign(found: Fidelity, key: str) -> str:
    """What stands before a figure that is a bound; nothing before others."""
    return {"at least": "≥ ", "at most": "≤ "}.get(found.bounds.get(key, ""), "")


def level_name(level: float) -> str:
    """A level in percent.

    >>> level_name(0.999)
    '99.9 %'
    """
    return f"{100 * level:.4g} %"


def sentence(words: str) -> str:
    """Words as a sentence; of none, none."""
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def confidence_range(low: float, high: float) -> str:
    """A range of probabilities.

    >>> confidence_range(0.99, 0.999)
    '99 to 99.9 %'
    """
    return f"{round_number(100 * low)} to {round_number(100 * high)} %"
