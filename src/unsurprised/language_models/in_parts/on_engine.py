"""Two models' tokens on an engine, whose tasks read the scores; the driver merges what comes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from unsurprised.engines.pools import pool_of
from unsurprised.engines.running import SplitJob, results
from unsurprised.engines.seen import PlanLayout
from unsurprised.errors import CallError
from unsurprised.float_errors import own_float_errors
from unsurprised.language_models.files import Files, results_of
from unsurprised.language_models.in_parts.splits import layout_of
from unsurprised.language_models.in_parts.tasks import meters_in, run, told_of
from unsurprised.language_models.model_pair import ModelPair
from unsurprised.language_models.pair_meters import PairMeters, Progress
from unsurprised.language_models.placing import Placing
from unsurprised.language_models.result import Fidelity
from unsurprised.units import checked_base


@own_float_errors
def read_files_on(
    engine: Any,
    files: Files,
    given: Placing,
    *,
    top: int,
    unit: float,
    partial: bool,
    rows: int | None = None,
    progress: Progress | None = None,
) -> list[Fidelity]:
    """Each other beside the base, as :func:`.read_files` has them; ``partial`` as in opening."""
    checked_base(unit)
    pairs, tops = files.pairs(given), files.tops(top)
    read = read_on(engine, pairs, tops, partial=partial, rows=rows, progress=progress)
    return results_of(pairs, read, unit, noisy=files.second is not None)


def read_on(
    engine: Any,
    pairs: Sequence[ModelPair],
    tops: Sequence[int],
    *,
    partial: bool,
    rows: int | None = None,
    progress: Progress | None = None,
) -> list[PairMeters]:
    """What is measured of all tokens of each pair, which an engine reads, ``rows`` at a time.

    Raises
    ------
    InputError
        For the first wrong row of all, as on one machine; what lies behind it is given up.
    StateError
        The engine lost a task, ran another one, or a worker ended in the middle of it.
    """
    layout = PlanLayout("", layout_of(pairs))
    splits = layout.splits
    told = told_of(pairs, tops, layout, partial=partial, batch_rows=rows)
    job = SplitJob(splits, [split.rows or 0 for split in splits], told)
    merged = [
        PairMeters.empty(top, pair.tokens.bins, bounded=pair.said.bounded)
        for pair, top in zip(pairs, tops, strict=True)
    ]
    with pool_of(engine) as pool, closing(results(job, pool, run)) as found:
        for done in found:
            for pair, meters in meters_in(done.state):
                merged[pair].merge(meters)
            if progress is not None:
                progress(job.rows(done.splits))
    return merged


def refuse_in_memory(sides: Mapping[str, Any]) -> None:
    """Raise for scores that no worker could open."""
    for name, given in sides.items():
        if given is not None and not isinstance(given, (str, os.PathLike)):
            raise CallError(
                f"fidelity({name}=…, engine=…) is a {type(given).__name__}, which workers cannot "
                "open; expected a path: write it first (np.save), or leave engine out"
            )
