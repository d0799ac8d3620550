"""``unsurprised encode``: parse, call, print."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.errors import CallError
from unsurprised.writing import (
    STANDARD_OUTPUT,
    anything,
    checked_target,
    nothing,
    standard_output,
    write,
    write_bytes,
)

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
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace OUT if it exists.")]


def command(
    file: Source,
    *,
    output: Output,
    model: ModelOption = "frequencies",
    smooth: Smooth = 0.0,
    symbols: Symbols = None,
    overwrite: Overwrite = False,
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
    from unsurprised.sources import Options, open_predictions

    target = output_target(output, [file], overwrite=overwrite)
    report = None if json is None else checked_target(json, [file, output])
    if report == target == STANDARD_OUTPUT:
        raise CallError("-o - and --json - cannot both go to standard output")
    options = Options(
        label=label,
        pred=cli_options.pred_of(pred),
        kind=kind.value if kind else None,
        classes=cli_options.classes_of(classes),
        normalize=normalize,
        tolerance=tolerance,
    )
    taken: Mapping[str, str] = {}
    if model == "predictions":
        reading = open_predictions(file, options)
        encoded, taken = files.encode_predictions(reading, smooth), reading.choices
    else:
        tokens = files.holds_tokens(file) if symbols is None else symbols == SymbolsOption.tokens
        encoded = files.encode_file(file, model, smooth, tokens=tokens, options=options)
    write_bytes(encoded.data, target, "-o")
    if report is not None:
        write(encoded.account.to_json(), report)
    if STANDARD_OUTPUT not in (target, report):
        from unsurprised.report.account_text import WIDTH, summary
        from unsurprised.report.text import choices

        with standard_output():
            if taken:
                shown = {name: said for name, said in taken.items() if name != "id"}
                print(choices(shown, WIDTH), end="\n\n")
            print(summary(encoded.account, output))


def output_target(output: str, inputs: list[str], *, overwrite: bool) -> str:
    """Where a file of bytes goes; not over another, and not into a terminal."""
    if output == STANDARD_OUTPUT and sys.stdout.isatty():
        raise CallError("-o -: bytes would garble the terminal; redirect them, or name a file")
    replaceable = anything if overwrite else nothing
    return checked_target(output, inputs, option="-o", replaceable=replaceable)
