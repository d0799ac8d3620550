"""``unsurprised fidelity``: parse, call, print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.engines import Engine
from unsurprised.commands.panels import HOLDS, MEANS, MEASURES, SHOWS, WRITES
from unsurprised.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unsurprised.language_models.files import Files
    from unsurprised.language_models.in_parts.planned import PlannedFidelity
    from unsurprised.language_models.placing import Placing
    from unsurprised.language_models.result import Fidelity

HELP = (
    "Measure how much of a language model's distribution another one keeps, token by token: KL, "
    "agreement, perplexity ratio, with intervals by document.\n\n"
    "The base comes first: what the original said of the same tokens, as whole rows of logits or "
    "log-probabilities, as lists of the likely tokens, or of each token that came alone."
)
EXAMPLES = (
    "unsurprised fidelity base.kld quantised.npy",
    "unsurprised fidelity f16.npy int8.npy int4.npy --targets ids.npy",
    "unsurprised fidelity base.npy served.npy --noise again.npy",
    "unsurprised fidelity base.npy int4.npy --by prompts.csv:language --text tokens.jsonl",
    "unsurprised fidelity base.kld int4.kld --part 3/40 --state 3.state",
    "unsurprised fidelity f16.npy int8.npy int4.npy --engine processes:4",
)

Base = Annotated[
    str,
    typer.Argument(
        metavar="BASE",
        show_default=False,
        help="The original's rows: npy, npz, safetensors, llama.cpp's kld, Parquet or Arrow "
        "(FILE:COLUMN where there are several), or a folder with one file a document; or the "
        "likely tokens: servers' responses, or a table.",
    ),
]
Others = Annotated[
    list[str],
    typer.Argument(
        metavar="OTHER...",
        show_default=False,
        help="The same of the models in question; several are shown in one table.",
    ),
]
Targets = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        show_default=False,
        rich_help_panel=HOLDS,
        help="The token that came, one a row: an npy file of integers, or a text of numbers. A kld "
        "file says it itself.",
    ),
]
Partial = Annotated[
    bool,
    typer.Option(
        "--partial",
        rich_help_panel=HOLDS,
        help="Take the whole rows of a kld file that a killed run has left.",
    ),
]
Vocabulary = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="NUMBER",
        show_default=False,
        rich_help_panel=MEANS,
        help="Compare the first so many tokens of each row, where one model's rows are padded; the "
        "mass that is cut off is reported.",
    ),
]
Document = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        show_default=False,
        rich_help_panel=HOLDS,
        help="Which document each row is of, where the files are of the shape (tokens, "
        "vocabulary): an npy file, or FILE:COLUMN of any table.",
    ),
]
Text = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        show_default=False,
        rich_help_panel=HOLDS,
        help="The tokens' own text, in which the worst ones are shown: the models' tokenizer.json, "
        "or a folder that holds it; JSON lines with a list of token strings a document, what "
        "llama-tokenize prints, or a folder of txt files.",
    ),
]
Mask = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        show_default=False,
        rich_help_panel=MEANS,
        help="Which tokens count, as 1 or true; those of 0, such as padding or a prompt's, are "
        "left out and counted. An npy file, or FILE:COLUMN.",
    ),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="FILE:COLUMN",
        show_default=False,
        rich_help_panel=MEASURES,
        help="Slice the tokens by a column of any table or by an npy file, of a value a token or a "
        "document, numbers by quantiles; may be given several times.",
    ),
]
IgnoreIndex = Annotated[
    int,
    typer.Option(
        metavar="ID",
        rich_help_panel=MEANS,
        help="The target of tokens to be left out and counted.",
    ),
]
Noise = Annotated[
    str | None,
    typer.Option(
        metavar="BASE2",
        show_default=False,
        rich_help_panel=MEASURES,
        help="A second run of the base: whether OTHER is farther from BASE than that.",
    ),
]
Top = Annotated[
    int,
    typer.Option(
        min=0, max=10_000, metavar="NUMBER", rich_help_panel=SHOWS, help="How many worst tokens."
    ),
]
Part = Annotated[
    str | None,
    typer.Option(
        metavar="I/N",
        show_default=False,
        rich_help_panel=SHOWS,
        help="The part I of N of the rows alone; parts count from 1.",
    ),
]
State = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        show_default=False,
        rich_help_panel=WRITES,
        help="Where to write what was found, for unsurprised merge; no report is printed then.",
    ),
]


def command(
    context: typer.Context,
    model: Base,
    others: Others,
    *,
    targets: Targets = None,
    document: Document = None,
    text: Text = None,
    partial: Partial = False,
    vocabulary: Vocabulary = None,
    mask: Mask = None,
    ignore_index: IgnoreIndex = -100,
    by: By = None,
    noise: Noise = None,
    part: Part = None,
    state: State = None,
    engine: Engine = None,
    json: cli_options.Json = None,
    html: cli_options.Html = None,
    overwrite: cli_options.Overwrite = False,
    top: Top = 10,
    full: cli_options.Full = False,
    base: cli_options.Base = "2",
    batch_rows: cli_options.BatchRows = None,
    quiet: cli_options.Quiet = False,
) -> None:
    """Measure, print the report, write the JSON and the page."""
    from unsurprised.commands.fidelity_parts import (
        JSON,
        deliver_parts,
        json_of,
        read_all,
        read_part,
    )
    from unsurprised.commands.outputs import Outputs
    from unsurprised.commands.page import asked_page, declared_page
    from unsurprised.commands.planned import part_numbers, refuse_part_beside_engine
    from unsurprised.language_models.file_columns import file_of
    from unsurprised.language_models.files import Files
    from unsurprised.writing import own, standard_output

    if html is not None and len(others) > 1:
        raise CallError(f"--html and {len(others)} others: a page shows one; expected BASE OTHER")
    if part is not None:
        refuse_part_beside_engine(context.params)
        part_numbers(part)
    unit = cli_options.base_of(base)
    columns = [file_of(spec) for spec in (*(by or ()), document, mask) if spec is not None]
    read = all_files(
        [
            model,
            *others,
            *(file for file in (noise, targets, text) if file is not None),
            *columns,
        ]
    )
    with Outputs(read, overwrite=overwrite) as outputs:
        if part is not None or state is not None:

            def part_read() -> tuple[PlannedFidelity, Files]:
                files = Files.opened(model, others, noise, partial=partial)
                return read_part(context, files, _placing(context), read), files

            deliver_parts(outputs, context, part_read)
            return
        report = outputs.declare("--json", json, own(JSON))
        files = Files.opened(model, others, noise, partial=partial)
        given = _placing(context)
        page_target = declared_page(outputs, html, "fidelity")
        with asked_page(page_target, context.obj, files) as page:
            found = read_all(context, files, given, unit=unit)
            if page is not None:
                page.write(found[0])
        if report is not None:
            report.write(json_of(found))
        if outputs.print_report:
            with standard_output():
                _print(found, context, model, others)


def _placing(context: typer.Context) -> Placing:
    """What the options say of the tokens, read before what takes long."""
    from unsurprised.language_models.file_columns import document_column, mask_column, sliced_by
    from unsurprised.language_models.placing import Placing

    told = context.params
    return Placing(
        told["targets"],
        None if told["document"] is None else document_column(told["document"]),
        vocabulary=told["vocabulary"],
        ignore_index=told["ignore_index"],
        by=sliced_by(told["by"] or ()),
        mask=None if told["mask"] is None else mask_column(told["mask"]),
        text=told["text"],
    )


def all_files(paths: Sequence[str]) -> list[str]:
    """The files, those of folders among them, which outputs must not be."""
    from unsurprised.language_models.artefacts.opening import files_of

    return [file for path in paths for file in files_of(path)]


def _print(
    found: Sequence[Fidelity], context: typer.Context, model: str, others: Sequence[str]
) -> None:
    from unsurprised.commands.next_commands import next_command, screen_of
    from unsurprised.report.fidelity.text import lines, table
    from unsurprised.report.terminal import put

    told, commands = context.params, {}
    if len(found) > 1:
        commands["first"] = next_command(context, "fidelity", [model, others[0]])
        if told["json"] is None:
            names = [model, *others]
            commands["json"] = next_command(context, "fidelity", names, "--json", "fidelity.json")
        put(table(found, screen_of(context, {}, commands)))
        return
    names = [model, *others]
    if told["html"] is None:
        commands["html"] = next_command(context, "fidelity", names, "--html", "fidelity.html")
    if not told["full"]:
        commands["full"] = next_command(context, "fidelity", names, "--full")
    put(lines(found[0], screen_of(context, {}, commands)))
