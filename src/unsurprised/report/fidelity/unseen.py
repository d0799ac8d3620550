"""What was not seen, on a page: censored, cut off, left out, ruled out, and not reported."""

from __future__ import annotations

from collections.abc import Iterator

from unsurprised.language_models.result import Fidelity, ModelFigures
from unsurprised.report.fidelity.sentences import remarks, short_name
from unsurprised.report.numbers import share
from unsurprised.report.pages.parts import Cell, HtmlTable, Section, counting, named


def is_bound(found: Fidelity) -> bool:
    """Whether a figure is no value but a bound."""
    return bool(found.bounds)


def unseen(found: Fidelity) -> Section:
    """What figures do not hold, in sentences and counts."""
    says = list(remarks(found)) or ["Of the tokens that were measured nothing was censored or cut."]
    rows = [[named(name), cell] for name, cell in _counts(found)]
    tables = [HtmlTable("What was not seen", ["", "tokens"], rows)]
    bounds = [[named(name), named(kind)] for name, kind in found.bounds.items()]
    if bounds:
        tables.append(
            HtmlTable("Figures that are bounds", ["its key in the JSON", "it is"], bounds, names=2)
        )
    return Section("unseen", "What was censored or cut?", says, tables=tables)


def _counts(found: Fidelity) -> Iterator[tuple[str, Cell]]:
    yield "tokens that were measured", counting(found.tokens)
    yield "of them with a known target", counting(found.targets)
    yield "left out by their targets", counting(found.left_out)
    yield "left out by the mask", counting(found.masked)
    yield "with entries below a floor, or not listed", counting(found.floored_tokens)
    yield "with an infinite KL", counting(found.infinite_tokens)
    yield "with an infinite KL the other way", counting(found.reverse_infinite_tokens)
    for model in (found.base, found.other):
        yield from _of_model(model)


def _of_model(model: ModelFigures) -> Iterator[tuple[str, Cell]]:
    name = short_name(model.name)
    yield f"targets of which {name} keeps no value", counting(model.censored_targets)
    yield f"targets that {name} rules out", counting(model.infinite_targets)
    if model.cut_mass is not None:
        yield f"mass that was cut from {name}, of all", Cell(share(model.cut_mass.value))
