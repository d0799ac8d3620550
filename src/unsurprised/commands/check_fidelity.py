"""``check --max-kl``: two language models, or the states of their parts, opened to be measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unsurprised.commands.page import ReadFiles
from unsurprised.commands.told import is_told
from unsurprised.errors import CallError

if TYPE_CHECKING:
    import typer

    from unsurprised.commands.page import Read
    from unsurprised.language_models.in_parts.planned import PlannedFidelity
    from unsurprised.language_models.result import Fidelity

#: So many first bytes tell whether a file is a state.
_HEAD_BYTES = 64
#: What a check of language models takes of the options; the others are about rows.
_OF_TOKENS = {"models", "max_kl", "min_agreement", "allow_unsure", "json", "html", "junit",
              "overwrite", "batch_rows", "quiet"}  # fmt: skip


def refuse_options_of_rows(context: typer.Context) -> None:
    """Raise for an option of ``check`` that language models have no use for."""
    if context.params["engine"] is not None:
        raise CallError(
            "--engine does not go with --max-kl and --min-agreement; check the states of all parts "
            "of fidelity --part"
        )
    for name in context.params:
        if name not in _OF_TOKENS and is_told(context, name):
            said = name.replace("_", "-")
            raise CallError(f"--{said}: it is about rows; --max-kl and --min-agreement are not")


def are_states(files: Sequence[str]) -> bool:
    """Whether all files are states that ``fidelity`` has written."""
    from unsurprised.language_models.in_parts.planned import NAME
    from unsurprised.sources.files import first_bytes
    from unsurprised.sources.places import is_file, plain

    return all(
        is_file(file) and NAME.encode() in first_bytes(file, _HEAD_BYTES)
        for file in map(plain, files)
    )


def opened_states(
    files: Sequence[str], told: Mapping[str, Any]
) -> tuple[Read, Callable[[], Fidelity]]:
    """The states of all parts, for a page, and what gives their result."""
    from unsurprised.commands.planned import read_bytes
    from unsurprised.merging import merged_of

    merged: PlannedFidelity = merged_of(((file, read_bytes(file)) for file in files), whole=True)
    return ReadFiles(files), merged.result


def opened_models(
    files: Sequence[str], told: Mapping[str, Any]
) -> tuple[Read, Callable[[], Fidelity]]:
    """A base and another model, opened, for a page, and what gives their result."""
    from unsurprised.language_models.files import Files, read_files
    from unsurprised.language_models.placing import Placing
    from unsurprised.report.progress import RowProgress

    if len(files) != 2:
        raise CallError(
            f"found {len(files)} models; --max-kl, --min-agreement expect BASE NEW, or the states "
            "of all parts of fidelity --part"
        )
    opened = Files.opened(files[0], files[1:], None, partial=False)

    def measured() -> Fidelity:
        rows, given = told["batch_rows"], Placing()
        with RowProgress(opened.rows, quiet=told["quiet"]) as progress:
            return read_files(opened, given, top=0, unit=2, rows=rows, progress=progress)[0]

    return opened, measured
