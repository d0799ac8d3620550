"""Rows of ``fidelity``, read here, in parts or by an engine, to a state or a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from unsurprised.commands import options as cli_options
from unsurprised.commands.engines import engine_of
from unsurprised.commands.page import asked_page, declared_page
from unsurprised.commands.planned import part_numbers
from unsurprised.errors import CallError
from unsurprised.writing import own, standard_output
from unsurprised.writing.recognition import state

if TYPE_CHECKING:
    import typer

    from unsurprised.commands.outputs import Outputs
    from unsurprised.commands.page import Read
    from unsurprised.language_models.files import Files
    from unsurprised.language_models.in_parts.planned import PlannedFidelity
    from unsurprised.language_models.placing import Placing
    from unsurprised.language_models.result import Fidelity

#: How the JSON of one other begins, or of several.
JSON = r'\s*\{\s*"schema":\s*"unsurprised\.fidelit(y|ies)/\d+"'
#: What a part's result depends on beside the files.
_OPTIONS = ("model", "others", "targets", "document", "text", "partial", "vocabulary", "mask",
            "ignore_index", "by", "noise")  # fmt: skip


def read_part(
    context: typer.Context, files: Files, given: Placing, read: Sequence[str]
) -> PlannedFidelity:
    """What a part of the rows tells, or all of them; ``read`` are all files."""
    from unsurprised.language_models.in_parts.by_hand import PartsOfFiles
    from unsurprised.report.progress import RowProgress

    told = context.params
    options = {name: told[name] for name in _OPTIONS}
    parts = PartsOfFiles(files, given, top=told["top"], read=read, options=options)
    numbers = parts.part(*((1, 1) if told["part"] is None else part_numbers(told["part"])))
    with RowProgress(parts.rows(numbers), quiet=told["quiet"]) as progress:
        if told["engine"] is None:
            return parts.read(numbers, rows=told["batch_rows"], progress=progress)
        with engine_of(told["engine"]) as engine:
            how: dict[str, Any] = {"rows": told["batch_rows"], "progress": progress}
            return parts.read_on(engine, partial=told["partial"], **how)


def read_all(
    context: typer.Context, files: Files, given: Placing, *, unit: float
) -> Sequence[Fidelity]:
    """What all rows tell, read by threads of this process, or by the engine of a name."""
    from unsurprised.language_models.files import read_files
    from unsurprised.language_models.in_parts.on_engine import read_files_on
    from unsurprised.report.progress import RowProgress

    told = context.params
    with RowProgress(files.rows, quiet=told["quiet"]) as progress:
        how: dict[str, Any] = {"rows": told["batch_rows"], "progress": progress, "unit": unit}
        how["top"] = told["top"]
        if told["engine"] is None:
            return read_files(files, given, **how)
        with engine_of(told["engine"]) as engine:
            return read_files_on(engine, files, given, partial=told["partial"], **how)


def deliver_parts(
    outputs: Outputs,
    context: typer.Context,
    found: Callable[[], tuple[PlannedFidelity, Read]],
) -> None:
    """Declare the outputs, do the work, and write and print what it has found."""
    told = context.params
    unit = cli_options.base_of(told["base"])
    saved = outputs.declare("--state", told["state"], own(state()))
    report = outputs.declare("--json", told["json"], own(JSON))
    page_target = declared_page(outputs, told["html"], "fidelity")
    planned, read = found()
    if saved is not None:
        saved.write_bytes(planned.to_bytes())
    printed = outputs.print_report and saved is None
    if report is None and page_target is None and not printed:
        return
    results = planned.results(base=unit)
    if page_target is not None and len(results) > 1:
        raise CallError(f"--html and {len(results)} models: a page shows one")
    with asked_page(page_target, context.obj, read) as page:
        if page is not None:
            page.write(results[0])
    if report is not None:
        report.write(json_of(results))
    if printed:
        _print(results, context)


def json_of(found: Sequence[Fidelity]) -> str:
    """The JSON of one other model, or of several."""
    import json

    from unsurprised.report.fidelity.several import as_dict

    if len(found) == 1:
        return found[0].to_json()
    return json.dumps(as_dict(found), indent=2, ensure_ascii=False, allow_nan=False)


def _print(found: Sequence[Fidelity], context: typer.Context) -> None:
    from unsurprised.commands.next_commands import screen_of
    from unsurprised.report.fidelity.text import lines, table
    from unsurprised.report.terminal import put

    screen = screen_of(context, {}, {})
    with standard_output():
        put(table(found, screen) if len(found) > 1 else lines(found[0], screen))
