"""The page of an evaluation."""

from __future__ import annotations

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.evaluation import sentences
from unsurprised.report.evaluation.topics import (
    calibration,
    confidence,
    confusion,
    figures,
    histogram,
    ledger,
    missing,
    recalibration,
    slices,
    worst,
)
from unsurprised.report.pages.parts import Page

#: In the order of the page: the whole, then where to look, then the rows themselves.
_SECTIONS = (
    ledger,
    recalibration,
    confidence,
    calibration,
    histogram,
    slices,
    confusion,
    worst,
    figures,
    missing,
)


def page(evaluation: Evaluation) -> Page:
    """What the page of an evaluation says.

    Parameters
    ----------
    evaluation : Evaluation
        What :func:`unsurprised.evaluate` returned.
    """
    made = [part.section(evaluation) for part in _SECTIONS]
    sections = [section for section in made if section is not None]
    sections.append(figures.defined(evaluation))
    return Page(
        "How surprised was the model?",
        sentences.headline(evaluation),
        [sentences.size(evaluation), *evaluation.notes],
        figures.cards(evaluation),
        sections,
        result="evaluation",
    )
