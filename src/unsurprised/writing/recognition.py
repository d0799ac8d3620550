"""Files that may be replaced without a word: those that the same command has written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

#: Raises ``ValueError`` where a file must be kept.
Replaceable = Callable[[Path], None]

_HEAD_BYTES = 4096


EXISTS = "it exists; name another path, or replace it with --overwrite"


def anything(_: Path) -> None:
    """Any file may be replaced: the user said so."""


def nothing(_: Path) -> None:
    """Raises always: no file may be replaced."""
    raise ValueError(EXISTS)


def own(pattern: str) -> Replaceable:
    """Files that begin as ``pattern`` says, and empty ones, may be replaced; no others.

    Examples
    --------
    >>> replaceable = own(json_of("unsurprised.evaluation"))
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "calibrator.json"
    ...     file.write_text('{"format": "unsurprised.calibrator"}')
    ...     replaceable(file)  # doctest: +NORMALIZE_WHITESPACE
    Traceback (most recent call last):
    ValueError: it exists and this command has not written it; name another path, or replace it
    with --overwrite
    """
    known = re.compile(pattern.encode())

    def replaceable(path: Path) -> None:
        head = _head(path)
        if head and not known.match(head):
            raise ValueError(
                "it exists and this command has not written it; name another path, or replace it "
                "with --overwrite"
            )

    return replaceable


def json_of(name: str) -> str:
    """How the JSON of a result begins, whatever the version of its schema."""
    return rf'\s*\{{\s*"schema":\s*"{re.escape(name)}/\d+"'


def page_of(name: str) -> str:
    """How the page of a result begins."""
    return rf'(?s)\s*<!DOCTYPE html>.*<meta name="generator" content="unsurprised {name}">'


def state() -> str:
    """How the bytes of a state begin."""
    return "UNSP"


def junit(command: str = "check") -> str:
    """How the XML of a command's findings begins."""
    return rf"""(?s)\s*(<\?xml[^>]*>)?\s*<testsuite name="unsurprised {command}\""""


def drift_base() -> str:
    """How the state of a data set begins."""
    return r'\s*\{"schema":"unsurprised\.drift_base/\d+"'


def holds_json(path: Path) -> None:
    """Raises unless the file may be a JSON object: data are never written over."""
    head = _head(path)
    if head and not head.startswith(b"{"):
        raise ValueError("it exists and holds no JSON; remove it or name another path")


def holds_html(path: Path) -> None:
    """Raises unless the file may be a page."""
    head = _head(path)
    if head and not head.lower().startswith(b"<!doctype html"):
        raise ValueError("it exists and holds no HTML; remove it or name another path")


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD_BYTES).lstrip()
