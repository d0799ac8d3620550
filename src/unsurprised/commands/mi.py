"""``unsurprised mi``: parse, call, print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.completion import columns
from unsurprised.commands.panels import HOLDS, MEANS, MEASURES, SHOWS

if TYPE_CHECKING:
    from unsurprised.column_ranking.result import InformationRanking
    from unsurprised.column_ranking.settings import MiSettings
    from unsurprised.commands.outputs import Outputs

HELP = (
    "Rank the columns of a data set by what each tells of one of them: mutual information in bits, "
    "with intervals, p-values from permutations and a false discovery rate over all columns.\n\n"
    "Categories are counted in all rows. Columns of numbers are judged by a sample where there are "
    "more rows than --sample says, the same on every run; the report says so."
)
EXAMPLES = (
    "unsurprised mi customers.parquet --y churned",
    "unsurprised mi customers.csv --y churned --given plan --numbers age --numbers visits",
    "unsurprised mi 'part-*.parquet' --y label --sample 100000 --html ranking.html",
)

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        show_default=False,
        help="Data of any format that is read here: files, a 'glob*' or a folder; - is standard "
        "input.",
    ),
]
Y = Annotated[
    str,
    typer.Option(
        "--y",
        metavar="COLUMN",
        autocompletion=columns,
        show_default=False,
        rich_help_panel=HOLDS,
        help="The column that the others are to tell of.",
    ),
]
Given = Annotated[
    str | None,
    typer.Option(
        "--given",
        metavar="COLUMN",
        autocompletion=columns,
        show_default=False,
        rich_help_panel=HOLDS,
        help="A column that is known already: what the others tell beyond it.",
    ),
]
Number = Annotated[
    list[str] | None,
    typer.Option(
        "--numbers",
        metavar="COLUMN",
        autocompletion=columns,
        show_default=False,
        rich_help_panel=MEANS,
        help="A column of integers that are numbers, not categories; may be given several times.",
    ),
]
Fdr = Annotated[
    float,
    typer.Option(
        "--fdr",
        metavar="NUMBER",
        rich_help_panel=MEASURES,
        help="False discovery rate: of the columns said to tell something, this share does not.",
    ),
]
Permutations = Annotated[
    int | None,
    typer.Option(
        "--permutations",
        min=1,
        metavar="NUMBER",
        show_default=False,
        rich_help_panel=MEASURES,
        help="Shuffles that each p-value rests on; by default as many as the columns need, 199 to "
        "999.",
    ),
]
Sample = Annotated[
    int,
    typer.Option(
        "--sample",
        min=2,
        metavar="ROWS",
        rich_help_panel=MEASURES,
        help="How many rows columns of numbers are judged by, where there are more.",
    ),
]
K = Annotated[
    int,
    typer.Option(
        "--k",
        min=1,
        metavar="NUMBER",
        rich_help_panel=MEASURES,
        help="Of numbers, which nearest neighbour distances are to.",
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        "--seed",
        min=0,
        metavar="NUMBER",
        rich_help_panel=MEASURES,
        help="Which permutations: the same ones for the same seed.",
    ),
]
RedundancyOption = Annotated[
    bool,
    typer.Option(
        "--redundancy",
        rich_help_panel=MEASURES,
        help="Also say what each column shares with those above it, and tells beyond them.",
    ),
]
Top = Annotated[
    int,
    typer.Option(
        "--top", min=0, metavar="NUMBER", rich_help_panel=SHOWS, help="How many columns are shown."
    ),
]


def command(
    context: typer.Context,
    files: Files,
    *,
    y: Y,
    given: Given = None,
    form: cli_options.FormatOption = None,
    numbers: Number = None,
    fdr: Fdr = 0.05,
    permutations: Permutations = None,
    sample: Sample = 20_000,
    k: K = 3,
    seed: Seed = 0,
    redundancy: RedundancyOption = False,
    json: cli_options.Json = None,
    html: cli_options.Html = None,
    overwrite: cli_options.Overwrite = False,
    base: cli_options.Base = "2",
    top: Top = 20,
    full: cli_options.Full = False,
    batch_rows: cli_options.BatchRows = None,
    quiet: cli_options.Quiet = False,
) -> None:
    """Rank, print the report, write what was asked for."""
    from unsurprised.column_ranking.mi import ranked_rows
    from unsurprised.column_ranking.reading import read_tables
    from unsurprised.commands.outputs import Outputs
    from unsurprised.commands.page import ReadFiles, asked_page, declared_page
    from unsurprised.commands.reading import keep_standard_input
    from unsurprised.report.progress import RowProgress
    from unsurprised.sources.whole_tables import opened_tables, rows_of
    from unsurprised.writing import own, recognition

    settings = _settings(context)
    keep_standard_input(context, *files)
    tables = opened_tables(files)[1]
    read = [table.file for table in tables if table.file is not None]
    with Outputs(read, overwrite=overwrite) as outputs:
        report = outputs.declare("--json", json, own(recognition.json_of("unsurprised.ranking")))
        page_target = declared_page(outputs, html, "ranking")
        with asked_page(page_target, context.obj, ReadFiles(read)) as page:
            with RowProgress(rows_of(tables), quiet=quiet) as progress:
                rows = read_tables(tables, settings, progress)
            count = rows.sample.num_columns
            with RowProgress(count, quiet=quiet, noun="columns") as progress:
                found = ranked_rows(rows, settings, progress)
            if page is not None:
                page.write(found)
        if report is not None:
            report.write(found.to_json())
        _print(found, outputs, context)


def _settings(context: typer.Context) -> MiSettings:
    from unsurprised.column_ranking.settings import MiSettings

    told = context.params
    return MiSettings(
        y=told["y"],
        given=told["given"],
        numbers=tuple(told["numbers"] or ()),
        fdr=told["fdr"],
        permutations=told["permutations"],
        sample=told["sample"],
        k=told["k"],
        seed=told["seed"],
        base=cli_options.base_of(told["base"]),
        redundancy=told["redundancy"],
        batch_rows=told["batch_rows"],
    )


def _print(found: InformationRanking, outputs: Outputs, context: typer.Context) -> None:
    from unsurprised.commands.next_commands import next_command, screen_of
    from unsurprised.report.ranking.text import headline, lines
    from unsurprised.report.terminal import put
    from unsurprised.writing import standard_output

    if not outputs.print_report:
        return
    told, commands = context.params, {}
    if told["html"] is None:
        commands["html"] = next_command(context, "mi", told["files"], "--html", "ranking.html")
    if not told["full"]:
        commands["full"] = next_command(context, "mi", told["files"], "--full")
    with standard_output():
        if told["quiet"]:
            print(headline(found))
            return
        put(lines(found, screen_of(context, {}, commands)))
