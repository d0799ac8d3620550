"""``unsurprised decode``: parse, call, print."""

from __future__ import annotations

from typing import Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.encode import Output, checked_output, model_files
from unsurprised.commands.outputs import Outputs
from unsurprised.commands.panels import HOLDS
from unsurprised.commands.reading import class_files
from unsurprised.writing import standard_output

HELP = (
    "Decompress what encode has made, byte for byte.\n\n"
    "Nothing is written before all of it is verified. Labels come back as a table with one column "
    "(.csv, .parquet), as an array (.npy), or as text."
)
EXAMPLES = (
    "unsurprised decode book.us -o book.txt",
    "unsurprised decode book.us --model frequencies:other.txt -o book.txt",
    "unsurprised decode labels.us --model predictions:predictions.parquet -o labels.csv",
)

Source = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        help="What unsurprised encode made; - is standard input.",
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        rich_help_panel=HOLDS,
        show_default=False,
        help="What the file does not hold: frequencies:FILE, distribution:FILE or "
        "predictions:FILE, as it was encoded with.",
    ),
]


def command(
    context: typer.Context,
    file: Source,
    *,
    output: Output,
    model: ModelOption = None,
    overwrite: cli_options.Overwrite = False,
    pred: cli_options.Pred = None,
    kind: cli_options.KindOption = None,
    classes: cli_options.Classes = None,
    normalize: cli_options.Normalize = False,
    tolerance: cli_options.Tolerance = 1e-3,
    quiet: cli_options.Quiet = False,
) -> None:
    """Decode the file, write what it held, say what it was."""
    from unsurprised.coding import files  # NumPy's and pyarrow's time is not everyone's

    checked_output(output)
    options = cli_options.options_of(context)
    read = [file, *model_files(model), *class_files(classes)]
    with Outputs(read, overwrite=overwrite) as outputs:
        target = outputs.declare("-o", output)
        restored = files.decode_file(file, model, options)
        data = restored.data if restored.data is not None else files.labels_as(restored, output)
        target.write_bytes(data)
        if outputs.print_report and not quiet:
            what = "labels" if restored.data is None else "symbols"
            count = restored.container.symbols
            with standard_output():
                print(f"{output}: {count:,} {what}, {len(data):,} bytes, verified")
