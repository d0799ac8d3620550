"""A page becomes a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from unsurprised.errors import CallError
from unsurprised.report.html.parts import Page
from unsurprised.report.html.render import rendered
from unsurprised.report.html.vega import Bundle
from unsurprised.writing import STANDARD_OUTPUT, checked_target, write_bytes


def checked_page(
    target: str | os.PathLike[str], inputs: Iterable[str] = (), option: str = "--html"
) -> str:
    """``target`` as it is, if a page can be written there; data are never written over."""
    if os.fspath(target) == STANDARD_OUTPUT:
        raise CallError(f"{option} -: a page goes to a file; expected its path")
    return checked_target(os.fspath(target), inputs, option=option, replaceable=_holds_html)


def write_page(
    page: Page, target: str | os.PathLike[str], bundle: Bundle, option: str = "--html"
) -> None:
    """Write a page as UTF-8; a file appears whole or not at all."""
    name = checked_page(target, option=option)
    write_bytes(rendered(page, bundle).encode(), name, option)


def _holds_html(path: Path) -> None:
    with path.open("rb") as stream:
        head = stream.read(256).lstrip()
    if head and not head.lower().startswith(b"<!doctype html"):
        raise ValueError("it exists and holds no HTML; remove it or name another path")
