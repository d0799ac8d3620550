"""``unsurprised encode``: parse, call, print."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.outputs import Outputs
from unsurprised.commands.panels import HOLDS, MEASURES, WRITES
from unsurprised.commands.reading import class_files, keep_standard_input
from unsurprised.errors import CallError
from unsurprised.writing import STANDARD_OUTPUT, own, standard_output
from unsurprised.writing.recognition import json_of

HELP = (
    "Compress a file with a model's probabilities, and say where the bits go.\n\n"
    "The model is the file's own frequencies, one that learns as it goes, a given distribution, or "
    "predictions, under which their labels are encoded."
)
EXAMPLES = (
    "unsurprised encode book.txt -o book.us",
    "unsurprised encode book.txt --model adaptive:4 -o book.us",
    "unsurprised encode book.txt --model frequencies:other.txt --smooth 1e-6 -o book.us",
    "unsurprised encode tokens.npy --symbols tokens -o tokens.us",
    "unsurprised encode predictions.parquet --model predictions -o labels.us",
)


class SymbolsOption(StrEnum):
    """What of a file is encoded."""

    bytes = "bytes"
    tokens = "tokens"


Source = Annotated[
    str,
    typer.Argument(metavar="FILE", show_default=False, help="What to encode; - is standard input."),
]
Output = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE|-",
        show_default=False,
        rich_help_panel=WRITES,
        help="The file to make; - is standard output.",
    ),
]
ModelOption = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        rich_help_panel=MEASURES,
        help="What gives the probabilities: frequencies (the file's own), frequencies:OTHER_FILE, "
        "adaptive:ORDER, distribution:FILE, or predictions.",
    ),
]
Smooth = Annotated[
    float,
    typer.Option(
        metavar="NUMBER",
        rich_help_panel=MEASURES,
        help="Mix this share of the uniform distribution into a given model.",
    ),
]
Symbols = Annotated[
    SymbolsOption | None,
    typer.Option(
        metavar="bytes|tokens",
        show_default=False,
        rich_help_panel=HOLDS,
        help="A file's bytes, or the integers of an npy file (the default for such files).",
    ),
]


def command(
    context: typer.Context,
    file: Source,
    *,
    output: Output,
    model: ModelOption = "frequencies",
    smooth: Smooth = 0.0,
    symbols: Symbols = None,
    overwrite: cli_options.Overwrite = False,
    form: cli_options.FormatOption = None,
    label: cli_options.Label = None,
    pred: cli_options.Pred = None,
    kind: cli_options.KindOption = None,
    classes: cli_options.Classes = None,
    normalize: cli_options.Normalize = False,
    tolerance: cli_options.Tolerance = 1e-3,
    json: cli_options.Json = None,
    quiet: cli_options.Quiet = False,
) -> None:
    """Encode the file, write it, print the account."""
    from unsurprised.coding import files  # NumPy's and pyarrow's time is not everyone's
    from unsurprised.sources import open_predictions

    checked_output(output)
    options = cli_options.options_of(context)
    read = [file, *model_files(model), *class_files(classes)]
    with Outputs(read, overwrite=overwrite) as outputs:
        target = outputs.declare("-o", output)
        report = outputs.declare("--json", json, own(json_of("unsurprised.account")))
        taken: Mapping[str, str] = {}
        if model == "predictions":
            keep_standard_input(context, file)
            reading = open_predictions(file, options)
            encoded, taken = files.encode_predictions(reading, smooth), reading.choices
        else:
            tokens = (
                files.holds_tokens(file) if symbols is None else symbols == SymbolsOption.tokens
            )
            encoded = files.encode_file(file, model, smooth, tokens=tokens, options=options)
        target.write_bytes(encoded.data)
        if report is not None:
            report.write(encoded.account.to_json())
        if outputs.print_report and not quiet:
            from unsurprised.commands.next_commands import screen_of
            from unsurprised.report.account.text import written
            from unsurprised.report.terminal import put

            shown = {name: said for name, said in taken.items() if name != "id"}
            with standard_output():
                put(written(encoded.account, screen_of(context, shown, {}), output))


def checked_output(output: str) -> None:
    """Raises where bytes would go into a terminal."""
    if output == STANDARD_OUTPUT and sys.stdout.isatty():
        raise CallError("-o -: bytes would garble the terminal; redirect them, or name a file")


def model_files(model: str | None) -> list[str]:
    """The file that ``--model NAME:FILE`` reads."""
    name, _, detail = (model or "").partition(":")
    return [detail] if detail and name != "adaptive" else []
