"""The first screen of an evaluation: what matters, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.evaluation import sentences
from unsurprised.report.evaluation.topics import figures, slices, worst
from unsurprised.report.next_steps import glossary, in_python, next_steps
from unsurprised.report.screen import Line, Screen, first_fitting, line, wrapped
from unsurprised.report.tables import laid_out

#: The figures of the first screen, in its order, as far as there are any.
_KEYS = ("cross_entropy", "cross_entropy_nats", "finite_cross_entropy", "expected_surprisal",
         "confidence_gap", "information_gained", "miscalibration", "truth_entropy",
         "kl_divergence", "accuracy", "calibration_error")  # fmt: skip
#: That these are missing is said at once; the reasons of others are in the full report.
_MISSED = {*_KEYS, "label_entropy", "ledger", "intervals"} - {"truth_entropy", "kl_divergence"}
#: Worst rows, slices of a column, and whether it is said at length what next steps are for; from
#: the most that is shown to the least.
_SIZES = ((5, 6, True), (3, 4, True), (5, 4, False), (3, 4, False), (3, 3, False), (2, 3, False),
          (1, 3, False), (1, 2, False), (0, 2, False), (0, 1, False))  # fmt: skip


def lines(evaluation: Evaluation, screen: Screen) -> list[Line]:
    """As much of the report as fits the first screen; what was asked for is in it."""
    made = (partial(_sized, evaluation, screen, *sizes) for sizes in _SIZES)
    return first_fitting(made, screen.width)


def _sized(
    evaluation: Evaluation, screen: Screen, rows: int, most: int, at_length: bool
) -> list[Line]:
    made = [*opening(evaluation, screen), line(), *_figures(evaluation, screen.width)]
    made += _missed(evaluation, screen.width)
    for column in evaluation.sliced_by:
        made += laid_out(slices.table(evaluation, column, most), screen.width)
    rows = rows if screen.worst is None else screen.worst
    made += laid_out(worst.table(evaluation, rows), screen.width)
    return made + closing(evaluation, screen, brief=not at_length)


def opening(evaluation: Evaluation, screen: Screen) -> list[Line]:
    """What was read, the headline, and what must be said of the figures."""
    width = screen.width
    made = [*screen.taken, line()] if screen.taken else []
    made += wrapped(sentences.headline(evaluation), width, _mood(evaluation))
    made += wrapped(sentences.size(evaluation, width), width)
    for note in sentences.notes(evaluation):
        made += wrapped(note, width)
    return made


def closing(evaluation: Evaluation, screen: Screen, *, brief: bool = False) -> list[Line]:
    """What to do next."""
    steps = [
        ("by", "which rows cost most"),
        ("explain", "the worst row"),
        ("html", "with charts"),
        ("full", "all figures"),
    ]
    if sentences.improvable(evaluation) or sentences.miscalibrated(evaluation):
        steps.insert(0, ("calibrate", "reduce the surprisal"))
    said = next_steps(steps, screen, brief=brief) or in_python("evaluation", screen)
    return [*(said or [line()]), *glossary(screen)]


def _mood(evaluation: Evaluation) -> str:
    side = sentences.leaning(evaluation)
    if evaluation.infinite_rows or side == "over-confident":
        return "bold red"
    return "bold yellow" if side else "bold green"


def _figures(evaluation: Evaluation, width: int) -> list[Line]:
    return laid_out(figures.table(list(_chosen(evaluation)), width), width, figures.STYLES)


def _chosen(evaluation: Evaluation) -> Iterator[figures.FigureLine]:
    """The figures that matter; the perplexity stands in where there is no accuracy."""
    held = figures.by_key(evaluation)
    yield from figures.text_lines(evaluation)
    keys = _KEYS if "accuracy" in held else (*_KEYS, "perplexity")
    yield from (held[key] for key in keys if key in held)


def _missed(evaluation: Evaluation, width: int) -> list[Line]:
    """Why figures of the first screen are not there."""
    said = sentences.missing(evaluation, _MISSED)
    return [part for text in said for part in wrapped(f"Not reported: {text}.", width, "dim")]
