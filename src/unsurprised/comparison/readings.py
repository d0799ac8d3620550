"""Models of opened sources compared: their rows are read, scored, and matched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from unsurprised.comparison.bounded import ROW_BYTES, Bound, bound_of
from unsurprised.comparison.compared import ComparisonAsked, compared, compared_stored
from unsurprised.comparison.opening import refuse_other_classes
from unsurprised.comparison.result import Comparison
from unsurprised.comparison.scored import Scoring
from unsurprised.comparison.spool import Spool
from unsurprised.errors import CallError
from unsurprised.float_errors import own_float_errors
from unsurprised.sources.guard import NoMemoryError

JOINS = ("exact", "inner")

Progress = Callable[[int], None]


def compared_within(
    score: Callable[[Sequence[Spool | None]], tuple[list[Scoring], tuple[str, ...] | None]],
    asked: ComparisonAsked,
    bound: Bound | None,
) -> Comparison:
    """Score the rows of all models, which tells the classes too, and compare them."""
    if bound is None:
        return compared(asked, *score([None] * len(asked.names)))
    with bound.spools(len(asked.names)) as spools:
        scorings, classes = score(spools)
        evaluators = [scoring.flush().evaluator for scoring in scorings]
        return compared_stored(asked, evaluators, classes, spools, bound.block_rows)


@own_float_errors
def compare_readings(
    readings: Sequence[Any],
    names: Sequence[str],
    *,
    join: str = "exact",
    base: float = 2,
    top: int = 10,
    split: bool = True,
    memory: int | str | Bound | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compare the models of opened sources; the first is the base, whose columns slice the rows.

    With ``split``, differences are split into miscalibration and discrimination, for which models
    are recalibrated: most of the time. With ``memory``, or where there is less than the rows need,
    what is known of each row goes to a temporary file.
    """
    from unsurprised.evaluation.engine import first_look, over_rows

    refuse_other_join(join)
    refuse_other_classes([reading.classes for reading in readings], names)

    def scored(stores: Sequence[Spool | None]) -> tuple[list[Scoring], tuple[str, ...] | None]:
        scorings = []
        for reading, store in zip(readings, stores, strict=True):
            make = partial(Scoring, reading.classes, first_look(reading), split=split, store=store)
            scorings.append(over_rows(reading, make, progress=progress).flush())
            reading.release()
        return scorings, readings[0].class_names

    asked, bound = ComparisonAsked(names, join, base, top, split), bound_of(memory, readings)
    try:
        return compared_within(scored, asked, bound)
    except (MemoryError, NoMemoryError):
        if bound is not None:
            raise
        raise CallError(
            f"there is not enough memory for what is known of each row, about {ROW_BYTES} bytes; "
            "expected memory='1GB' (--memory 1GB), by which it goes to a temporary file, or fewer "
            "rows at a time (--batch-rows)"
        ) from None


def refuse_other_join(join: str) -> None:
    """Raise unless it is said what becomes of rows that are not in all models."""
    if join not in JOINS:
        raise CallError(f"join={join!r}; expected one of {', '.join(map(repr, JOINS))} (--join)")
