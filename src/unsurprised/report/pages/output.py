"""A page becomes a file."""

from __future__ import annotations

import os

from unsurprised.errors import CallError
from unsurprised.writing import STANDARD_OUTPUT, holds_html, write_file


def file_of_page(target: str, option: str = "--html") -> str:
    """``target`` as it is, if it is no standard output."""
    if target == STANDARD_OUTPUT:
        raise CallError(f"{option} -: a page goes to a file; expected its path")
    return target


def write_document(document: str, target: str | os.PathLike[str], option: str = "--html") -> None:
    """Write a page as UTF-8, whole or not at all; data are never written over."""
    name = file_of_page(os.fspath(target), option)
    write_file(document.encode(), name, option, holds_html)
