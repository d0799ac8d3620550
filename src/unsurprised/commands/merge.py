"""``unsurprised merge``: parse, call, print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.compare_planned import deliver_comparison
from unsurprised.commands.fidelity_parts import deliver_parts
from unsurprised.commands.outputs import Outputs
from unsurprised.commands.panels import HOLDS, WRITES
from unsurprised.commands.planned import AskedFor, StoredState, deliver, states_of

if TYPE_CHECKING:
    from unsurprised.evaluation import Evaluator

HELP = (
    "Merge what parts of a plan have found into the result of all files.\n\n"
    "In any order, to the bytes of one evaluate, or compare, on one machine. A part that is there "
    "twice, is missing or is another plan's is an error that names it."
)
EXAMPLES = (
    "unsurprised merge *.state",
    "unsurprised merge *.state --json result.json --html report.html",
    "unsurprised merge 1.state 2.state --partial --state both.state",
)

StateFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        show_default=False,
        help="What evaluate --plan, compare --plan or fidelity --part has written with --state, or "
        "merge itself; globs too.",
    ),
]
Partial = Annotated[
    bool,
    typer.Option(
        "--partial",
        rich_help_panel=HOLDS,
        help="Parts may be missing; the result says which.",
    ),
]
MergedState = Annotated[
    str | None,
    typer.Option(
        "--state",
        metavar="FILE",
        show_default=False,
        rich_help_panel=WRITES,
        help="Where to write what was merged, for another merge; no report is printed then.",
    ),
]


@dataclass
class _Merged:
    """What is read, as a page says it: the states, and what their plan took for what."""

    files: Sequence[str]
    choices: Mapping[str, str] = field(default_factory=dict)


def command(
    context: typer.Context,
    states: StateFiles,
    *,
    partial: Partial = False,
    state: MergedState = None,
    json: cli_options.Json = None,
    html: cli_options.Html = None,
    overwrite: cli_options.Overwrite = False,
    full: cli_options.Full = False,
    base: cli_options.Base = "2",
    quiet: cli_options.Quiet = False,
) -> None:
    """Read the states, merge them, print the report, write the JSON and the page."""
    from unsurprised.comparison.state import PlannedComparison
    from unsurprised.evaluation.plans.planned import PlannedEvaluator
    from unsurprised.language_models.in_parts.planned import PlannedFidelity
    from unsurprised.merging import merged_of  # pyarrow is slow

    states = states_of(states)
    merged = merged_of(((path, StoredState(path)) for path in states), partial)
    asked, read = AskedFor(context, base, state, json, html), _Merged(states)
    first = merged.evaluators[0] if isinstance(merged, PlannedComparison) else merged
    if isinstance(first, PlannedEvaluator):
        read.choices = first.share.facts.choices
    with Outputs(states, overwrite=overwrite) as outputs:
        if isinstance(merged, PlannedFidelity):
            fidelity = merged  # of a type that does not change before it is asked for
            deliver_parts(outputs, context, lambda: (fidelity, read))
        elif isinstance(merged, PlannedComparison):
            comparison = merged
            deliver_comparison(outputs, asked, lambda: comparison, read)
        else:
            evaluator: Evaluator = merged
            deliver(outputs, asked, lambda: evaluator, read)
