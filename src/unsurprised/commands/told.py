"""What stands on the command line, and what is a default."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer


def is_told(context: typer.Context, name: str | None) -> bool:
    """Whether a parameter stands on the command line, and is no default."""
    source = context.get_parameter_source(name or "")
    return source is not None and source.name == "COMMANDLINE"
