"""``plan --drift`` and ``drift --plan``: a data set's columns, counted in parts."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from unsurprised.commands import options as cli_options
from unsurprised.commands.engines import engine_of
from unsurprised.commands.outputs import Outputs
from unsurprised.commands.planned import (
    part_numbers,
    read_bytes,
    refuse_others,
    refuse_part_beside_engine,
)
from unsurprised.errors import CallError, StateError
from unsurprised.writing import own, standard_output
from unsurprised.writing.recognition import drift_base, json_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer

    from unsurprised.dataset_drift.plans import DriftPlan

#: What ``plan --drift`` takes, and ``drift --plan``.
_PLANS = frozenset(
    ("files", "drift", "out", "label", "pred", "kind", "overwrite", "batch_rows", "quiet")
)
_SAVES = frozenset(("plan", "part", "engine", "save", "overwrite", "quiet"))


def plan_drift(context: typer.Context, files: Sequence[str]) -> None:
    """Look at the files, write the plan of all their columns, say how to go on."""
    from unsurprised.dataset_drift.plans import DriftPlan

    refuse_others(
        context,
        _PLANS,
        "--drift, which counts columns as they are; expected --label, --pred and --kind at most",
    )
    told = context.params
    kind = None if told["kind"] is None else str(told["kind"])
    made = DriftPlan.of(
        list(files),
        told["label"],
        cli_options.pred_of(told["pred"]),
        kind=kind,
        batch_rows=told["batch_rows"],
    )
    with Outputs(list(made.files), overwrite=told["overwrite"]) as outputs:
        target = outputs.declare("--out", told["out"], own(json_of("unsurprised.drift_plan")))
        target.write(made.to_json())
        if outputs.print_report and not told["quiet"]:
            with standard_output():
                print("\n".join(_told(made, told["out"])))


def _told(made: DriftPlan, out: str) -> Iterator[str]:
    """What was planned, and the commands that go on from it."""
    from unsurprised.report.numbers import counted

    rows = "" if made.rows is None else f", {counted(made.rows, 'row')}"
    splits = f"{counted(len(made.splits), 'split')} of {counted(len(made.files), 'file')}{rows}"
    yield f"{splits}, to be counted in up to {counted(len(made.splits), 'part')}"
    parts, name = min(4, len(made.splits)), shlex.quote(out)
    yield f"  unsurprised drift --plan {name} --part 1/{parts} --save part-1.json"
    yield "  unsurprised drift 'part-*.json' NEW"


def save_planned(context: typer.Context, path: str) -> None:
    """Count the rows of a plan, or of a part of it, and save their state."""
    from unsurprised.dataset_drift.plans import DriftPlan
    from unsurprised.report.progress import RowProgress

    told = context.params
    for name in ("by", "time"):
        if told[name] is not None:
            raise CallError(
                f"--{name} does not go with --plan: a saved state has no windows of time; name "
                "NEW's files for these, with --engine where one machine is not enough"
            )
    refuse_part_beside_engine(told)
    refuse_others(
        context, _SAVES, "--plan, which saves the state of the plan's rows; expected --save alone"
    )
    if told["save"] is None:
        raise CallError("found --plan alone; expected --save FILE beside it, for the state")
    try:
        plan = DriftPlan.from_json(read_bytes(path))
    except StateError as error:
        raise StateError(f"{path}: {error}") from None
    splits = None if told["part"] is None else plan.part(*part_numbers(told["part"]))
    asked = plan.splits if splits is None else splits
    rows = None if plan.rows is None else sum(split.rows or 0 for split in asked)
    with Outputs([path, *plan.files], overwrite=told["overwrite"]) as outputs:
        saved = outputs.declare("--save", told["save"], own(drift_base()))
        with (
            RowProgress(rows, quiet=told["quiet"]) as progress,
            engine_of(told["engine"]) as engine,
        ):
            saved.write(plan.state(splits, engine=engine, progress=progress).to_json())
