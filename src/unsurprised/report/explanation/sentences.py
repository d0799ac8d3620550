"""What an explanation means, in plain sentences, and its totals with their definitions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from unsurprised.explanation.result import Explanation, Outcome
from unsurprised.report.numbers import counted, number, printable, round_number, share

_MOST_NAMED = 3
#: A name in a sentence; tables cut them to fit.
_NAME = 40


@dataclass(frozen=True, slots=True)
class Total:
    """One of the totals, ready to show; ``brief`` is the definition where a screen is narrow."""

    name: str
    value: str
    unit: str
    definition: str
    brief: str


def figure(value: float) -> str:
    """A number as the table shows it: four decimals, but for what is very small or large.

    >>> figure(12.5), figure(0.0), figure(1e-9)
    ('12.5000', '0', '1.00e-09')
    """
    return f"{value:,.4f}" if 1e-3 <= abs(value) < 1e5 else number(value)


def amount(value: float, unit: str) -> str:
    """A number with its unit, whole ones without decimals.

    >>> amount(1.0, "bits"), amount(1.75, "bits"), amount(1.0, "base-3 units")
    ('1 bit', '1.7500 bits', '1 base-3 unit')
    """
    if value == 1:
        return f"1 {unit.removesuffix('s')}"
    return f"{plain(value)} {unit}"


def plain(value: float) -> str:
    """A number, whole ones without decimals.

    >>> plain(2.0), plain(0.5), plain(1e-30)
    ('2', '0.5000', '1.00e-30')
    """
    return f"{value:.0f}" if abs(value) < 1000 and value == int(value) else figure(value)


def percent(value: float) -> str:
    """A share, round ones without decimals; only all is 100 %, only nothing is 0 %.

    >>> percent(0.01), percent(1 / 3), percent(1.0), percent(1 - 1e-9), percent(1e-30)
    ('1 %', '33.33 %', '100 %', '99.9999999 %', '1e-28 %')
    """
    text = round_number(100 * value)
    return share(value) if float(text) in (0, 100) and value not in (0, 1) else f"{text} %"


def quoted(outcome: Outcome) -> str:
    """The name of an outcome in a sentence."""
    return f"'{printable(outcome.name, _NAME)}'"


def meaning(explanation: Explanation) -> str:
    """One sentence that says what the numbers mean."""
    if explanation.explains == "entropy":
        return _of_entropy(explanation)
    if explanation.explains == "surprisal":
        return _of_surprisal(explanation)
    return _of_divergence(explanation)


def _of_entropy(explanation: Explanation) -> str:
    cost, possible = explanation.entropy, sum(o.p_length < math.inf for o in explanation.outcomes)
    if cost == 0 and possible == 1:
        certain = next(o for o in explanation.outcomes if o.p_length < math.inf)
        return f"Nothing is left to learn: {quoted(certain)} is certain, which takes 0 bits to say."
    options = round_number(explanation.base**cost)
    return (
        f"Learning what happened takes {amount(cost, explanation.unit)} on average, as if it were "
        f"one of {options} equally likely outcomes."
    )


def _of_divergence(explanation: Explanation) -> str:
    extra, unit = explanation.kl_divergence or 0.0, explanation.unit
    if math.isinf(extra):
        return _denied([o for o in explanation.outcomes if o.denied])
    needed = amount(explanation.entropy, unit)
    verb = "is" if explanation.entropy == 1 else "are"
    if extra == 0:
        return f"Q is P: believing it costs no more than the {needed} that {verb} needed."
    return (
        f"Believing Q where P is true costs {amount(extra, unit)} more than the {needed} "
        f"that {verb} needed."
    )


def _denied(outcomes: list[Outcome]) -> str:
    mass = math.fsum(outcome.p for outcome in outcomes)
    happen = "happens" if len(outcomes) == 1 else "happen"
    # A share below the floats is a share all the same.
    how_often = f"in {percent(mass)} of draws" if mass else "hardly ever, but can"
    return (
        f"Q rules out {_listed(outcomes)}, which {happen} {how_often}: the cross-entropy and KL "
        "are infinite."
    )


def _listed(outcomes: list[Outcome]) -> str:
    if len(outcomes) > _MOST_NAMED:
        return f"{len(outcomes):,} outcomes, {quoted(outcomes[0])} among them"
    names = [quoted(outcome) for outcome in outcomes]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _of_surprisal(explanation: Explanation) -> str:
    met, unit = explanation.cross_entropy or 0.0, explanation.unit
    outcome = explanation.outcomes[explanation.happened or 0]
    if math.isinf(met):
        return f"The model gave 0 to what happened, {quoted(outcome)}: its surprise is infinite."
    given = percent(outcome.q) if outcome.q else "almost nothing"
    return (
        f"The model gave {given} to what happened, {quoted(outcome)}: {amount(met, unit)} "
        "of surprise."
    )


def totals(explanation: Explanation) -> list[Total]:
    """The totals, in the order in which they add up."""
    made = {
        "entropy": _entropy_totals,
        "divergence": _divergence_totals,
        "surprisal": _surprisal_totals,
    }[explanation.explains]
    return list(made(explanation))


def _line(name: str, value: float | None, unit: str, definition: str, brief: str) -> Total:
    return Total(name, figure(math.nan if value is None else value), unit, definition, brief)


def _entropy_totals(explanation: Explanation) -> Iterable[Total]:
    unit = explanation.unit
    yield _line("entropy H(P)", explanation.entropy, unit, "no code is shorter on average", "")
    yield from _huffman_of_p(explanation)


def _huffman_of_p(explanation: Explanation) -> Iterable[Total]:
    mean = explanation.huffman_length
    if mean is None:
        return
    low, high = figure(explanation.entropy), figure(explanation.entropy + 1)
    about = "at least H, less than H + 1"
    if figure(mean) != high:  # where H is all but 0, the digits would deny it
        about += f": {low} ≤ {figure(mean)} < {high}"
    yield _line("Huffman's code for P", mean, "bits", about, "H to H + 1")


def _divergence_totals(explanation: Explanation) -> Iterable[Total]:
    unit, needed, extra = explanation.unit, explanation.entropy, explanation.kl_divergence or 0.0
    total = explanation.cross_entropy
    added = f"H + KL: {figure(needed)} + {figure(extra)}"
    yield _line("entropy H(P)", needed, unit, "needed: what P itself costs", "needed")
    yield _line("+ KL(P‖Q)", extra, unit, "what believing Q adds to it", "for believing Q")
    yield _line("= cross-entropy", total, unit, added, added)
    about = "the other way round: believing P where Q is true"
    yield _line("KL(Q‖P)", explanation.reverse_kl_divergence, unit, about, "the other way round")
    about = "the surprise that Q itself expects"
    yield _line("entropy H(Q)", explanation.model_entropy, unit, about, "expected by Q")
    yield from _huffman_of_p(explanation)
    if explanation.model_huffman_length is not None:
        about = "built for Q, used where P is true"
        mean = explanation.model_huffman_length
        yield _line("Huffman's code for Q", mean, "bits", about, "used where P is true")


def _surprisal_totals(explanation: Explanation) -> Iterable[Total]:
    unit = explanation.unit
    about = "−log of what Q gave to what happened"
    yield _line("surprisal", explanation.cross_entropy, unit, about, "of what happened")
    about = "entropy H(Q): the surprise that Q itself expected"
    yield _line("expected", explanation.model_entropy, unit, about, "entropy H(Q)")
    if explanation.model_huffman_length is not None:
        about = "of what happened, in the code built for Q"
        length = explanation.model_huffman_length
        yield _line("Huffman's code for Q", length, "bits", about, "of what happened")


def notes(explanation: Explanation) -> list[str]:
    """What else must be said, a sentence or two each."""
    found = (_other_way(explanation), _cancelling(explanation), _smoothed(explanation))
    return [note for note in found if note]


def _other_way(explanation: Explanation) -> str:
    """Why KL(Q‖P) is infinite where it is."""
    if explanation.reverse_kl_divergence != math.inf:
        return ""
    unmet = [
        o for o in explanation.outcomes if math.isinf(o.p_length) and (o.q_length or 0) < math.inf
    ]
    return f"KL(Q‖P) is infinite: P rules out {_listed(unmet)}, which Q does not."


def _cancelling(explanation: Explanation) -> str:
    """That the terms of KL are far larger than their sum, where they are."""
    extra = explanation.kl_divergence
    if explanation.explains != "divergence" or not extra or math.isinf(extra):
        return ""
    largest = max(abs(outcome.kl_divergence or 0.0) for outcome in explanation.outcomes)
    if largest < 1e4 * extra:
        return ""
    return (
        f"P and Q are so close that the terms of KL, up to {figure(largest)}, cancel almost "
        f"wholly; their sum, {figure(extra)} {explanation.unit}, is found another way and keeps "
        "its digits."
    )


def _smoothed(explanation: Explanation) -> str:
    smoothing, unit = explanation.smoothing, explanation.unit
    if smoothing is None or smoothing.epsilon == 0 or explanation.cross_entropy is None:
        return ""
    what = "surprisal" if explanation.explains == "surprisal" else "cross-entropy"
    before, after = figure(explanation.cross_entropy), f"{figure(smoothing.cross_entropy)} {unit}"
    effect = "saves" if smoothing.saved > 0 else "costs"
    change = f": it {effect} {figure(abs(smoothing.saved))}"
    if smoothing.saved == 0:
        text = f"leave the {what} at {after}."
    else:
        text = f"make the {what} {after} instead of {before}"
        text += "." if math.isinf(smoothing.saved) else f"{change}."
    text = f"Smoothing Q by ε = {smoothing.epsilon:g} would {text}"
    if math.isinf(smoothing.largest_cost):
        return text
    return f"{text} It never costs more than {figure(smoothing.largest_cost)} {unit}."


def others(count: int) -> str:
    """How the line of all outcomes that are not shown is called.

    >>> others(1), others(2000)
    ('and 1 other', 'and 2,000 others')
    """
    return f"and {counted(count, 'other')}"
