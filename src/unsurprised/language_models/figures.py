"""What a meter's sums tell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from unsurprised.errors import CallError
from unsurprised.language_models.curves import shift_ranges, survival
from unsurprised.language_models.interval_notes import interval_notes
from unsurprised.language_models.parts import by_confidence, by_position, slices_of
from unsurprised.language_models.quantiles import KlQuantiles, half_of_sum, signed_quantiles
from unsurprised.language_models.result import (
    DocumentFidelity,
    Fidelity,
    FidelityQuantile,
    KlExceedance,
    ModelFigures,
    TargetShift,
)
from unsurprised.language_models.totals import (
    NOTHING,
    TOKENS,
    Grounds,
    Means,
    as_power,
    as_root,
)
from unsurprised.language_models.worst import worst_token
from unsurprised.statistics.in_unit import InUnit
from unsurprised.statistics.jackknife import within

if TYPE_CHECKING:
    from unsurprised.language_models.meter import FidelityMeter

COARSE_BITS = 3


def fidelity_of(meter: FidelityMeter, names: tuple[str, str], base: float = 2) -> Fidelity:
    """All figures, in the unit of ``base``."""
    states = meter.states
    if meter.vocabulary is None:
        raise CallError("the meter has no tokens; expected update() before result()")
    grounds = Grounds.of_meter(meter)
    tokens = Means.of(meter, "tokens", grounds)
    targets = Means.of(meter, "targets", grounds) if states["targets"].cells() else None
    unit = InUnit(base)
    infinite = tokens.count("infinite")
    of_kl = KlQuantiles(states["kl"], states["kl_groups"], COARSE_BITS, infinite, grounds)
    quantiles = tuple(FidelityQuantile(one.level, unit(one.value)) for one in of_kl.all())
    difference = None if targets is None else targets.signed("difference", "above", "below")
    return Fidelity(
        tokens=tokens.count("rows"),
        documents=grounds.documents,
        vocabulary=meter.vocabulary,
        unit=unit.unit,
        base=_model("base", names[0], tokens, targets, unit),
        other=_model("other", names[1], tokens, targets, unit),
        kl_divergence=unit(tokens.mean("kl", infinite="infinite")),
        reverse_kl_divergence=unit(tokens.mean("reverse_kl", infinite="reverse_infinite")),
        js_divergence=unit(tokens.mean("js", most=1.0)),
        total_variation=tokens.mean("tv", most=1.0, unit=""),
        top_agreement=tokens.share("agree"),
        cross_entropy_difference=unit(difference),
        perplexity_ratio=None if difference is None else as_power(difference),
        targets=0 if targets is None else targets.count("rows"),
        censored_targets=_censored(targets),
        floored_tokens=tokens.count("floored"),
        infinite_tokens=infinite,
        reverse_infinite_tokens=tokens.count("reverse_infinite"),
        left_out=meter.left_out,
        masked=meter.masked,
        intervals=grounds.kind,
        bounds=_bounds(tokens, targets),
        kl_quantiles=quantiles,
        kl_survival=_survival(meter, grounds, unit.per_bit),
        half_of_kl=math.nan if infinite else half_of_sum(states["kl"]),
        target_shift=_shift(meter, targets, grounds),
        by_confidence=by_confidence(meter, grounds, unit),
        by_position=by_position(meter, grounds, unit),
        by_document=_documents(meter, unit.per_bit),
        slices=slices_of(meter, grounds, unit),
        worst_tokens=tuple(worst_token(one, unit.per_bit) for one in states["worst"].result()),
        missing=_missing(grounds, targets),
        interval_notes=interval_notes(meter, tokens.totals, grounds, quantiles),
    )


def _model(
    side: str, name: str, tokens: Means, targets: Means | None, unit: InUnit
) -> ModelFigures:
    cut = tokens.totals.totals[f"{side}_cut"] > 0
    entropy = unit(tokens.mean(f"{side}_entropy"))
    cut_mass = tokens.mean(f"{side}_cut", most=1.0, unit="") if cut else None
    if targets is None:
        return ModelFigures(name, None, None, None, entropy, cut_mass=cut_mass)
    surprisal = targets.mean(f"{side}_surprisal", infinite=f"{side}_infinite")
    return ModelFigures(
        name,
        unit(surprisal),
        as_power(surprisal),
        targets.share(f"{side}_right"),
        entropy,
        targets.count(f"{side}_censored"),
        targets.count(f"{side}_infinite"),
        cut_mass,
    )


def _censored(targets: Means | None) -> int:
    """Targets at the floor of the side that has more of them."""
    if targets is None:
        return 0
    return max(targets.count("base_censored"), targets.count("other_censored"))


def _bounds(tokens: Means, targets: Means | None) -> dict[str, str]:
    """Which figures are bounds."""
    found: dict[str, str] = {}
    if tokens.count("floored"):
        for name in ("kl_divergence", "reverse_kl_divergence", "js_divergence", "total_variation"):
            found[name] = "at least"
    for side in ("base", "other"):
        if targets is not None and targets.count(f"{side}_censored"):
            found[f"{side}.cross_entropy"] = found[f"{side}.perplexity"] = "at least"
            found["cross_entropy_difference"] = found["perplexity_ratio"] = "censored"
    return found


def _survival(meter: FidelityMeter, grounds: Grounds, per_bit: float) -> tuple[KlExceedance, ...]:
    sums = meter.states["tokens"]
    infinite = sums.totals()["infinite"], sums.without_each_group()["infinite"]
    return survival(meter.states["kl_groups"], COARSE_BITS, infinite, grounds, per_bit)


def _shift(meter: FidelityMeter, targets: Means | None, grounds: Grounds) -> TargetShift | None:
    if targets is None:
        return None
    return TargetShift(
        mean=within(targets.plain("delta_p"), -1.0, 1.0),
        rms=as_root(targets.mean("delta_p_squared", most=1.0, unit="")),
        quantiles=signed_quantiles(meter.states["above"], meter.states["below"]),
        histogram=shift_ranges(meter.states["shifts"], grounds),
    )


def _documents(meter: FidelityMeter, per_bit: float) -> tuple[DocumentFidelity, ...]:
    """Each document, those that differ most first."""
    keyed, targets = meter.states["documents"], meter.states["document_targets"]
    totals, marks = keyed.totals(), keyed.marks()
    known = _differences(targets.names(), targets.totals(), per_bit)
    found = []
    for k, name in enumerate(keyed.names()):
        rows = totals["rows"][k]
        kl = math.inf if totals["infinite"][k] else float(totals["kl"][k] / rows) * per_bit
        agreement = float(totals["agree"][k] / rows)
        found.append(
            DocumentFidelity(name, int(rows), kl, agreement, known.get(name), marks.get(name))
        )
    return tuple(sorted(found, key=lambda one: (-one.kl_divergence, one.name)))


def _differences(names: list[str], totals: Any, per_bit: float) -> dict[str, float]:
    found = {}
    for k, name in enumerate(names):
        up, down = totals["above"][k], totals["below"][k]
        value = float(totals["difference"][k] / totals["rows"][k]) * per_bit
        if up or down:
            value = math.nan if up and down else math.inf if up else -math.inf
        found[name] = value
    return found


def _missing(grounds: Grounds, targets: Means | None) -> dict[str, str]:
    found = {}
    if grounds.kind in (TOKENS, NOTHING) and grounds.reason:
        found["intervals" if grounds.kind == NOTHING else "intervals by document"] = grounds.reason
    if targets is None:
        found["cross_entropy"] = "the tokens that came are not known: pass targets"
    return found
