"""What a report of a kind of result consists of; each kind hands its own in, as ``FACES``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from unsurprised.report.json import flat_fields, plain_fields
from unsurprised.report.screen import Line, Screen, plain

if TYPE_CHECKING:
    from unsurprised.report.pages.parts import Page
    from unsurprised.report.pages.provenance import Provenance
    from unsurprised.report.pages.vega import Bundle


def _as_its_page(faces: Faces, result: Any) -> str:
    from unsurprised.report.pages.notebook import shown

    return shown(faces.page(result))


@dataclass(frozen=True, slots=True)
class Faces:
    """How results of a kind are shown; each function takes the result."""

    #: The folder of ``unsurprised.report``, where ``schema.json`` stands too.
    kind: str
    #: A sentence or two: its ``repr``.
    headline: Callable[[Any], str]
    #: The report as lines of text: its ``str``, and what commands print.
    text: Callable[[Any, Screen], list[Line]]
    page: Callable[[Any], Page]
    #: The class of ``result.plot``.
    charts: Callable[[Any], Any]
    fields: Callable[[Any], dict[str, Any]] = plain_fields
    flat: Callable[[Any], dict[str, float]] = flat_fields
    #: HTML within a notebook; the page without its charts where there is nothing better.
    in_notebook: Callable[[Any], str] | None = None

    def notebook(self, result: Any) -> str:
        """The report as HTML that loads nothing and runs nothing."""
        return _as_its_page(self, result) if self.in_notebook is None else self.in_notebook(result)

    def written(self, result: Any, *, full: bool, width: int) -> str:
        """The report as text."""
        return plain(self.text(result, Screen(width, full)))

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a result."""
        source = files("unsurprised.report").joinpath(self.kind, "schema.json")
        schema: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
        return schema

    def document(self, result: Any, made: Provenance, bundle: Bundle) -> str:
        """The page as HTML, with how it was made."""
        from unsurprised.report.pages.render import rendered

        return rendered(self.page(result), bundle, lambda: made.lines(result))

    def write_page(self, result: Any, path: str | os.PathLike[str]) -> None:
        """Write the page; a file appears whole or not at all, and data are never written over."""
        from unsurprised.report.pages.output import write_document
        from unsurprised.report.pages.provenance import made_in_python
        from unsurprised.report.pages.vega import Bundle

        write_document(self.document(result, made_in_python(result), Bundle()), path, "path")
