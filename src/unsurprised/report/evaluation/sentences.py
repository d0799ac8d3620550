"""What the figures mean, in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Collection

from unsurprised.evaluation.figures.text import ONE
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.evaluation.catalogue import name_of
from unsurprised.report.numbers import counted, number, p_value, printable, round_number, share
from unsurprised.units import units_per_bit

#: Where common tools clip a probability of zero: by habit, and the epsilon of float32.
_CLIPS = (1e-15, 2.0**-23)
#: A gap that is no larger a part of the surprisal is so by rounding alone.
_ROUNDING = 1e-12
_ONLY_IN_JSON = (
    "confusion",
    "class_frequencies",
    "gaps_by_confidence",
    "gaps_by_class",
    "confusion_bits",
)


def headline(evaluation: Evaluation) -> str:
    """How surprised the model was, and whether it knew."""
    observed, unit = number(evaluation.cross_entropy.value), evaluation.unit
    if evaluation.infinite_rows:
        return _infinite(evaluation)
    expected = evaluation.expected_surprisal
    if evaluation.text is not None:
        return _of_text(evaluation)
    if expected is None:
        return (
            f"Observed surprisal is {observed} {unit} a row: "
            f"a perplexity of {number(evaluation.perplexity.value)}."
        )
    return (
        f"Observed surprisal is {observed} {unit} a row where the model expected "
        f"{number(expected.value)}: {_confidence(evaluation)}."
    )


def _of_text(evaluation: Evaluation) -> str:
    """What a byte of a text costs, or another unit of it."""
    text = evaluation.text
    assert text is not None
    unit = "bytes" if "bytes" in text.per_unit else next(iter(text.per_unit))
    found, one = text.per_unit[unit].micro, ONE[unit]
    return (
        f"A {one} costs {number(found.value)} {evaluation.unit}, and all of the text "
        f"{number(text.surprisal)}."
    )


def _unknown(evaluation: Evaluation) -> str:
    text = evaluation.text
    if text is None or not text.unknown_tokens:
        return ""
    return (
        f"{counted(text.unknown_tokens, 'token')} without a known log-probability "
        f"{'is' if text.unknown_tokens == 1 else 'are'} not in the sums."
    )


def _infinite(evaluation: Evaluation) -> str:
    finite = evaluation.finite_cross_entropy
    text = (
        f"The model gave probability 0 to what happened in {evaluation.infinite_rows:,} of "
        f"{counted(evaluation.rows, 'row')}: its surprisal is infinite."
    )
    if finite is None or not math.isfinite(finite.value):
        return text
    return f"{text} Over the other rows it is {number(finite.value)} {evaluation.unit} a row."


def _confidence(evaluation: Evaluation) -> str:
    gap = evaluation.confidence_gap
    if gap is None or math.isnan(gap.low):
        few = "clusters" if "intervals" in evaluation.missing else "rows"
        return f"too few {few} to judge its confidence"
    side = leaning(evaluation)
    if side:
        return f"it is {side}"
    rows = counted(evaluation.rows, "row")
    return f"it is neither over- nor under-confident, as far as {rows} can tell"


def leaning(evaluation: Evaluation) -> str:
    """Over- or under-confident; nothing where these rows cannot tell, or where rounding would."""
    gap = evaluation.confidence_gap
    if gap is None:
        return ""
    observed = evaluation.cross_entropy.value
    least = 0.0 if math.isinf(observed) else _ROUNDING * observed
    if not (gap.low > least or gap.high < -least):
        return ""
    return "over-confident" if gap.low > 0 else "under-confident"


def notes(evaluation: Evaluation) -> list[str]:
    """What else must be said of the figures, a sentence or two each."""
    parts = (
        _clipping(evaluation),
        _gained(evaluation),
        _recalibrated(evaluation),
        _decomposed(evaluation),
        _annotators(evaluation),
        _unknown(evaluation),
        *evaluation.notes,
    )
    return [part for part in parts if part]


def _clipping(evaluation: Evaluation) -> str:
    finite = evaluation.finite_cross_entropy
    if not evaluation.infinite_rows or finite is None or evaluation.weighted:
        return _CLIPPING if evaluation.infinite_rows else ""
    wrong = evaluation.infinite_rows / evaluation.rows
    known = 0.0 if wrong == 1 else finite.value * (1 - wrong)
    clipped = [
        f"{number(known - wrong * math.log2(clip) * units_per_bit(evaluation.base))} "
        f"{evaluation.unit} clipped at {clip:.2g}"
        for clip in _CLIPS
    ]
    return (
        f"Tools that clip zeros print a number here ({', '.join(clipped)}): "
        "it measures the clip, not the model."
    )


_CLIPPING = "Tools that clip zeros print a number here: it measures the clip, not the model."


def _gained(evaluation: Evaluation) -> str:
    alone, gained = evaluation.label_entropy, evaluation.information_gained
    if alone is None or gained is None or not math.isfinite(gained.value):
        return ""
    unit, known = evaluation.unit, evaluation.information_gained_share
    cost = f"{number(alone.value)} {unit}"
    if gained.value < 0:
        return f"Knowing only how often each class occurs costs {cost}: less than the model."
    part = "" if known is None or math.isnan(known.value) else f" ({share(known.value)})"
    return (
        f"The model saves {number(gained.value)}{part} of the {cost} that knowing only the class "
        "frequencies costs."
    )


def _recalibrated(evaluation: Evaluation) -> str:
    """Whether recalibration is worth it."""
    ledger, unit = evaluation.ledger, evaluation.unit
    if ledger is None:
        return ""
    if ledger.mixed is not None:
        return (
            f"Mixing in {share(ledger.mixed.epsilon)} of the uniform distribution would "
            f"leave {number(ledger.mixed.cross_entropy.value)} {unit}; recalibration beyond that "
            f"({ledger.recalibrations[-1].family}) saves "
            f"{number(ledger.mixed.miscalibration.value)} of them."
        )
    known = ledger.recalibrations[-1].if_calibrated
    if improvable(evaluation):
        return (
            f"Recalibration would save at least {number(ledger.miscalibration.value)} {unit} a "
            f"row, by {ledger.family}; “unsurprised calibrate” tries more."
        )
    if known is not None and known.exceeded:
        return (
            f"It is miscalibrated (p = {p_value(known.p_value)}), but by too little for "
            f"{ledger.family} to be sure to save anything; “unsurprised calibrate” tries more."
        )
    return f"Recalibration ({ledger.family}) would save nothing that these rows can tell."


def improvable(evaluation: Evaluation) -> bool:
    """Whether recalibration is sure to save something."""
    ledger = evaluation.ledger
    if ledger is None or ledger.mixed is not None:
        return ledger is not None
    known = ledger.recalibrations[-1].if_calibrated
    return ledger.miscalibration.low > 0 and (known is None or known.exceeded)


def miscalibrated(evaluation: Evaluation) -> bool:
    """Whether trying other calibrators is worth it, where those of the ledger do not suffice."""
    ledger = evaluation.ledger
    known = None if ledger is None else ledger.recalibrations[-1].if_calibrated
    return known is not None and known.exceeded


def _decomposed(evaluation: Evaluation) -> str:
    noise, fault = evaluation.truth_entropy, evaluation.kl_divergence
    if noise is None or fault is None:
        return ""
    return (
        f"Of the surprisal, {number(noise.value)} {evaluation.unit} is noise that no model could "
        f"predict and {number(fault.value)} is the model's own share."
    )


def _annotators(evaluation: Evaluation) -> str:
    votes = evaluation.annotators
    if votes is None:
        return ""
    mean, fewest = round_number(votes.mean), round_number(votes.fewest)
    return (
        f"The truth is {mean} votes a row on average, {fewest} at least: few votes look more "
        f"certain than opinion is, by about {number(votes.entropy_bias.value)} {evaluation.unit} "
        "here; the noise is larger by that and the model's own share smaller."
    )


def size(evaluation: Evaluation, width: int = 100) -> str:
    """Rows, what was left out, and the classes."""
    parts = [counted(evaluation.rows, "row")]
    if evaluation.clusters is not None:
        parts[0] += f" in {counted(evaluation.clusters, 'cluster')}"
    if evaluation.weighted:
        parts.append(f"weights sum to {number(evaluation.weight)}")
    if evaluation.skipped_rows:
        parts.append(f"{evaluation.skipped_rows:,} left out (null, ignored or of weight 0)")
    text = " · ".join(parts)
    if not evaluation.classes:
        return text
    text += f" · {counted(len(evaluation.classes), 'class')}: "
    return text + _listed(evaluation.classes, width - len(text))


def _listed(names: tuple[str, ...], width: int) -> str:
    """As many names as fit, and the last."""
    shown = [printable(name, 24) for name in names[:100]]
    everything = ", ".join(shown)
    if len(names) <= 100 and len(everything) <= width:
        return everything
    last = printable(names[-1], 24)
    text = shown[0]
    for name in shown[1:]:
        if len(text) + len(name) + len(last) + 6 > width:
            break
        text += f", {name}"
    return f"{text} … {last}"


def missing(evaluation: Evaluation, fields: Collection[str] | None = None) -> list[str]:
    """Which figures are missing and why, of some fields or all; equal reasons together."""
    reasons: dict[str, list[str]] = {}
    for field, reason in evaluation.missing.items():
        if field not in _ONLY_IN_JSON and (fields is None or field in fields):
            reasons.setdefault(reason, []).append(name_of(field))
    return [f"{', '.join(names)}: {printable(reason)}" for reason, names in reasons.items()]


def sampled(evaluation: Evaluation) -> str:
    """What must be said of figures that are of a sample; nothing where they are of all rows."""
    if evaluation.sampled_rows >= evaluation.rows:
        return ""
    return f"Of a sample of {counted(evaluation.sampled_rows, 'row')}."
