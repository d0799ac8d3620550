"""``evaluate --plan``: a part of a plan's rows, or all, to a state or to a result."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from unsurprised.addresses import named, scheme_of
from unsurprised.commands import options as cli_options
from unsurprised.commands.engines import engine_of
from unsurprised.commands.outputs import Outputs
from unsurprised.commands.page import asked_page, declared_page
from unsurprised.commands.panels import HOLDS, SHOWS, WRITES
from unsurprised.commands.told import is_told
from unsurprised.errors import CallError, StateError
from unsurprised.writing import own, standard_output
from unsurprised.writing.recognition import json_of, state

if TYPE_CHECKING:
    from unsurprised.commands.page import Read
    from unsurprised.engines.splits import PlannedSplit
    from unsurprised.evaluation import Evaluator
    from unsurprised.evaluation.plans import Plan
    from unsurprised.evaluation.plans.planned import PlannedEvaluator

#: A list, as the last of several would be taken without a word: :func:`only_plan`.
PlanFile = Annotated[
    list[str] | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        show_default=False,
        rich_help_panel=HOLDS,
        help="In place of files: what unsurprised plan has written of them.",
    ),
]
Part = Annotated[
    str | None,
    typer.Option(
        metavar="I/N",
        show_default=False,
        rich_help_panel=SHOWS,
        help="With --plan, the part I of N of the rows alone; parts count from 1.",
    ),
]
State = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        show_default=False,
        rich_help_panel=WRITES,
        help="With --plan, where to write what was found, for unsurprised merge; no report is "
        "printed then.",
    ),
]
#: What goes with a plan, which says all else.
_BESIDE_A_PLAN = frozenset(
    ("plan", "part", "state", "engine", "json", "html", "overwrite", "full", "base", "quiet")
)


@dataclass(frozen=True, slots=True)
class AskedFor:
    """Where the result of an evaluator goes, as ``evaluate`` has it."""

    context: typer.Context
    base: str
    state: str | None
    json: str | None
    html: str | None


def evaluate_planned(asked: AskedFor, path: str, part: str | None, *, overwrite: bool) -> None:
    """Evaluate a plan's rows, write what was asked for, print the report."""
    told = asked.context.params
    refuse_told(asked.context)
    refuse_part_beside_engine(told)
    held = plan_of(path)
    splits = held.splits if part is None else held.part(*part_numbers(part))

    def evaluated() -> Evaluator:
        if told["engine"] is not None:
            return evaluated_by(told["engine"], held, quiet=told["quiet"])
        return evaluated_of(held, splits, quiet=told["quiet"])

    with Outputs([path, *held.files_read], overwrite=overwrite) as outputs:
        deliver(outputs, asked, evaluated, held.facts)


def refuse_part_beside_engine(told: Mapping[str, Any]) -> None:
    """Raise where one part is asked for, and all of them."""
    if told["part"] is not None and told["engine"] is not None:
        raise CallError("--part does not go with --engine, which reads all parts; expected one")


def evaluated_of(held: Plan, splits: Sequence[PlannedSplit], *, quiet: bool) -> PlannedEvaluator:
    """Some splits of a plan, evaluated with a progress bar."""
    from unsurprised.report.progress import RowProgress

    rows = None if held.rows is None else sum(split.rows or 0 for split in splits)
    with RowProgress(rows, quiet=quiet) as progress:
        return held.evaluate(splits, progress=progress)


def evaluated_by(name: str, held: Plan, *, quiet: bool) -> PlannedEvaluator:
    """All splits of a plan, evaluated by the engine of ``--engine``, with a progress bar."""
    from unsurprised.evaluation.plans.on_engine import evaluated_as_planned
    from unsurprised.report.progress import RowProgress

    with RowProgress(held.rows, quiet=quiet) as progress, engine_of(name) as engine:
        return evaluated_as_planned(held, engine, progress=progress)


def deliver(
    outputs: Outputs, asked: AskedFor, evaluated: Callable[[], Evaluator], read: Read
) -> None:
    """Declare the outputs, do the work, and write and print what it has found."""
    logarithm = cli_options.base_of(asked.base)
    saved = outputs.declare("--state", asked.state, own(state()))
    report = outputs.declare("--json", asked.json, own(json_of("unsurprised.evaluation")))
    page_file = declared_page(outputs, asked.html, "evaluation")
    with asked_page(page_file, asked.context.obj, read) as page:
        evaluator = evaluated()
        if saved is not None:
            saved.write_bytes(evaluator.to_bytes())
        printed = outputs.print_report and saved is None
        if report is None and page is None and not printed:
            return
        evaluation = evaluator.result(base=logarithm)
        if page is not None:
            page.write(evaluation)
    if report is not None:
        report.write(evaluation.to_json())
    if printed:
        from unsurprised.commands.next_commands import screen_of
        from unsurprised.report.evaluation.text import lines
        from unsurprised.report.terminal import put

        with standard_output():
            put(lines(evaluation, screen_of(asked.context, read.choices, {})))


def refuse_without_plan(part: str | None, saved: str | None) -> None:
    """Raise for what goes with a plan alone."""
    for name, value in (("--part", part), ("--state", saved)):
        if value is not None:
            raise CallError(f"{name} {value}: it goes with --plan, which unsurprised plan writes")


def states_of(paths: Sequence[str]) -> list[str]:
    """The files of states that names stand for: globs, where no shell has expanded them."""
    found: list[str] = []
    for path in paths:
        # A name is taken as it is: a store is not asked twice for what is opened right away.
        if not glob.has_magic(named(path)):
            found.append(path)
            continue
        from unsurprised.sources.paths import expanded  # pyarrow is slow

        found += expanded([path])[0]
    return found


class StoredState:
    """A file that another command has written, of which memory holds what is read of it."""

    def __init__(self, path: str) -> None:
        self.path = path

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The file's bytes."""
        path = self.path
        if scheme_of(path) is not None:
            from unsurprised.sources.files import binary  # pyarrow is slow
            from unsurprised.sources.stores.addresses import local_path

            path = local_path(path) or path
            if scheme_of(path) is not None:
                with binary(path) as stream:
                    yield stream
                return
        with ExitStack() as stack:
            try:
                stream = stack.enter_context(Path(path).open("rb"))
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                raise CallError(f"{path}: cannot be read: {reason}") from None
            yield stream


def read_bytes(path: str) -> bytes:
    """A file that another command has written."""
    with StoredState(path).opened() as stream:
        return stream.read()


def only_plan(paths: Sequence[str]) -> str:
    """The file of the plan of a command that takes one."""
    if len(paths) > 1:
        raise CallError(f"--plan: found {len(paths)} plans, {', '.join(paths)}; expected one")
    return paths[0]


def plan_of(path: str) -> Plan:
    """The plan that a file holds."""
    from unsurprised.evaluation.plans import Plan  # pyarrow is slow

    try:
        return Plan.from_json(read_bytes(path))
    except StateError as error:
        raise StateError(f"{path}: {error}") from None


def merged_for(held: Plan, states: Sequence[str]) -> PlannedEvaluator:
    """The states of all parts of a plan, merged; what they are is said before what they lack."""
    from unsurprised.comparison.state import PlannedComparison
    from unsurprised.language_models.in_parts.planned import PlannedFidelity
    from unsurprised.merging import merged_of

    merged = merged_of(((path, StoredState(path)) for path in states), partial=True)
    if isinstance(merged, PlannedComparison):
        raise CallError(
            "the states are of a comparison; expected those of evaluate --plan (check takes them "
            "with --plan for each of the models)"
        )
    if isinstance(merged, PlannedFidelity):
        raise CallError(
            "the states are of fidelity; expected those of evaluate --plan (check --max-kl takes "
            "them, without --plan)"
        )
    found = held.refuse_other(merged)
    found.share.refuse_missing(whole=True)
    found.refuse_wrong()
    return found


def part_numbers(part: str) -> tuple[int, int]:
    """What ``--part`` says: the third of 40 parts."""
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", part)
    if found is None:
        raise CallError(f"--part {part}: expected I/N, such as 3/40 for the third of 40 parts")
    return int(found[1]), int(found[2])


def refuse_told(context: typer.Context, *besides: str) -> None:
    """Raise for an option that the plan has an answer to; ``besides`` are a command's own."""
    refuse_others(
        context,
        _BESIDE_A_PLAN.union(besides),
        "--plan, which says which files are read and how; say it to unsurprised plan",
    )


def refuse_others(context: typer.Context, allowed: Collection[str], with_what: str) -> None:
    """Raise for an option or a file that does not go with another option."""
    for parameter in context.command.params:
        if parameter.name in allowed or not is_told(context, parameter.name):
            continue
        if context.params[parameter.name or ""] in (None, [], ()):  # the latter of older typers
            continue
        name = max(parameter.opts, key=len)
        if parameter.param_type_name == "argument":
            name = "FILE" if name in ("files", "models") else name.upper()
        raise CallError(f"{name} does not go with {with_what}")
