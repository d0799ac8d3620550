"""The command line: parse, call, print. What is computed and how it looks is decided elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, Annotated

import typer

from unsurprised import __version__, cli_options
from unsurprised.errors import CallError, UnsurprisedError
from unsurprised.report.output import PipeClosedError, standard_output

if TYPE_CHECKING:
    from unsurprised.evaluation.result import Evaluation
    from unsurprised.sources import Reading

#: Exit codes: fine; the input or the call was wrong. 1 is kept for checks that fail.
FINE, WRONG = 0, 2
#: What shells report for a program that ended by these signals.
_INTERRUPTED, _PIPE_CLOSED = 130, 141

#: Newer versions of typer bring their own copy of click, so the class is found by its heir.
_ClickError: type[typer.BadParameter] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"unsurprised {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def unsurprised(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Measure, explain and reduce a model's surprise, in bits."""
    if context.invoked_subcommand is None:
        raise CallError("no command given; try: unsurprised evaluate FILE, or unsurprised --help")


@app.command(
    help="Say how surprised the model was by what happened, and whether it knew it would be.\n\n"
    "Reads the files once and in little memory. What was taken from them is said first; nothing is "
    "repaired or guessed in silence.",
    epilog="[bold]Examples[/bold]\n\n"
    "unsurprised evaluate predictions.parquet\n\n"
    "unsurprised evaluate 'runs/*.parquet' --label y --pred p_ --id key\n\n"
    "unsurprised evaluate logits.npz --kind logits --classes cat,dog,bird\n\n"
    "unsurprised evaluate tokens.jsonl --logprob logprob --base e\n\n"
    "unsurprised evaluate predictions.csv --json - | jq .cross_entropy.value\n\n",
)
def evaluate(
    files: cli_options.Files,
    *,
    label: cli_options.Label = None,
    pred: cli_options.Pred = None,
    logprob: cli_options.LogProb = None,
    weight: cli_options.Weight = None,
    identity: cli_options.Identity = None,
    kind: cli_options.KindOption = None,
    classes: cli_options.Classes = None,
    normalize: cli_options.Normalize = False,
    tolerance: cli_options.Tolerance = 1e-3,
    nulls: cli_options.NullsOption = cli_options.Nulls.error,
    json: cli_options.Json = None,
    top: cli_options.Top = 10,
    base: cli_options.Base = "2",
    batch_rows: cli_options.BatchRows = None,
) -> None:
    """Score the files, print the report, write the JSON."""
    from unsurprised.sources import Options, open_predictions  # pyarrow is slow

    options = Options(
        label=label,
        pred=pred,
        kind=kind.value if kind else None,
        logprob=logprob,
        weight=weight,
        id=identity,
        classes=cli_options.classes_of(classes),
        normalize=normalize,
        tolerance=tolerance,
        nulls=nulls.value,
        batch_rows=batch_rows,
    )
    logarithm = cli_options.base_of(base)
    _evaluate(open_predictions(files, options), base=logarithm, top=top, json=json)


def _evaluate(reading: Reading, *, base: float, top: int, json: str | None) -> None:
    from unsurprised.evaluation.engine import evaluate_reading
    from unsurprised.report.output import STANDARD_OUTPUT, checked_target, write
    from unsurprised.report.progress import RowProgress

    target = None if json is None else checked_target(json, reading.files)
    with RowProgress(reading.rows) as progress:
        evaluation = evaluate_reading(reading, base=base, top=top, progress=progress)
    if target is not None:
        write(evaluation.to_json(), target)
    if target != STANDARD_OUTPUT:
        with standard_output():
            _print(evaluation, reading)


def _print(evaluation: Evaluation, reading: Reading) -> None:
    """A table with colour on a terminal, plain text elsewhere."""
    if sys.stdout.isatty():
        from unsurprised.report.terminal import show  # rich costs 50 ms

        show(evaluation, reading.choices)
        return
    from unsurprised.report.text import choices, summary

    print(choices(reading.choices), summary(evaluation), sep="\n\n")


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; what went wrong is one line on stderr."""
    try:
        code = app(args=list(arguments), prog_name="unsurprised", standalone_mode=False)
        with standard_output():
            return code if isinstance(code, int) else FINE
    except UnsurprisedError as error:
        return _wrong(str(error))
    except _ClickError as error:
        return _wrong(f"{error.format_message().rstrip('.')}; see unsurprised evaluate --help")
    except (PipeClosedError, SystemExit):  # the latter is typer's and rich's, for --help
        return _PIPE_CLOSED
    except (KeyboardInterrupt, typer.Abort):
        return _INTERRUPTED


def _wrong(message: str) -> int:
    from unsurprised.report.numbers import printable

    print(f"unsurprised: {printable(' '.join(message.split()))}", file=sys.stderr)
    return WRONG


def main() -> None:
    """The entry point of the command ``unsurprised``."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell: >&-
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Unicode still gets the report
    sys.exit(run(sys.argv[1:]))
