"""``unsurprised encode``: parse, call, print."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.errors import CallError
from unsurprised.writing import STANDARD_OUTPUT, Outputs, own, standard_output
from unsurprised.writing.recognition import json_of

HELP = (
    "Encode a file in as many bits as a model is surprised by it, and say where they go.\n\n"
    "The model is the file's own frequencies, one that learns as it goes, a given distribution, or "
    "predictions, under which their labels are encoded."
)
EPILOG = (
    "[bold]Examples[/bold]\n\n"
    "unsurprised encode book.txt -o book.us\n\n"
    "unsurprised encode book.txt --model adaptive:4 -o book.us\n\n"
    "unsurprised encode book.txt --model frequencies:other.txt --smooth 1e-6 -o book.us\n\n"
    "unsurprised encode tokens.npy --symbols tokens -o tokens.us\n\n"
    "unsurprised encode predictions.parquet --model predictions -o labels.us\n\n"
)


class SymbolsOption(StrEnum):
    """What of a file is encoded."""

    bytes = "bytes"
    tokens = "tokens"


Source = Annotated[
    str, typer.Argument(metavar="FILE", show_default=False, help="What to encode; - is stdin.")
]
Output = Annotated[
    str, typer.Option("--output", "-o", metavar="OUT", show_default=False, help="The file to make.")
]
ModelOption = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        help="frequencies (the file's own), frequencies:OTHER_FILE, adaptive:ORDER, "
        "distribution:FILE, or predictions.",
    ),
]
Smooth = Annotated[
    float, typer.Option(metavar="E", help="Mix a given model with this much of the uniform one.")
]
Symbols = Annotated[
    SymbolsOption | None,
    typer.Option(
        show_default=False,
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
    label: cli_options.Label = None,
    pred: cli_options.Pred = None,
    kind: cli_options.KindOption = None,
    classes: cli_options.Classes = None,
    normalize: cli_options.Normalize = False,
    tolerance: cli_options.Tolerance = 1e-3,
    json: cli_options.Json = None,
) -> None:
    """Encode the file, write it, print the account."""
    from unsurprised.coding import files  # NumPy's and pyarrow's time is not everyone's
    from unsurprised.sources import open_predictions

    checked_output(output)
    options = cli_options.options_of(context)
    read = [file, *model_files(model), *cli_options.class_files(classes)]
    with Outputs(read, overwrite=overwrite) as outputs:
        target = outputs.declare("-o", output)
        report = outputs.declare("--json", json, own(json_of("unsurprised.account")))
        taken: Mapping[str, str] = {}
        if model == "predictions":
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
        if outputs.print_report:
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
