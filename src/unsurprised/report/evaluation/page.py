"""The page of an evaluation."""

from __future__ import annotations

import os

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
from unsurprised.report.pages.output import write_page
from unsurprised.report.pages.parts import Page
from unsurprised.report.pages.provenance import Provenance
from unsurprised.report.pages.vega import Bundle

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


def page(evaluation: Evaluation, provenance: Provenance | None = None) -> Page:
    """What the page of an evaluation says.

    Parameters
    ----------
    evaluation : Evaluation
        What :func:`unsurprised.evaluate` returned.
    provenance : Provenance, optional
        How it was made; from Python nothing more is known than the versions.
    """
    made = (part.section(evaluation) for part in _SECTIONS)
    sections = [section for section in made if section is not None]
    known = provenance or Provenance(choices=read_as(evaluation))
    return Page(
        "How surprised was the model?",
        sentences.headline(evaluation),
        [sentences.size(evaluation), *evaluation.notes],
        figures.cards(evaluation),
        sections,
        known.lines("Evaluation.to_html, in Python", lambda: evaluation.to_json(indent=None)),
        result="evaluation",
    )


def read_as(evaluation: Evaluation) -> str:
    """What was taken for what, where that is known."""
    return "" if evaluation.reading is None else evaluation.reading.sentence


def save(evaluation: Evaluation, path: str | os.PathLike[str]) -> None:
    """Write the page; a file appears whole or not at all."""
    write_page(page(evaluation), path, Bundle(), "path")
