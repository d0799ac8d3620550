"""``--html PAGE``: what a command does for it before, and after, the work."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from unsurprised.addresses import without_password
from unsurprised.commands.outputs import Outputs
from unsurprised.reported import Reported, faces_of
from unsurprised.writing import Target, own
from unsurprised.writing.recognition import page_of

if TYPE_CHECKING:
    from unsurprised.report.pages.provenance import Provenance
    from unsurprised.report.pages.vega import Bundle


class Read(Protocol):
    """What was read, as a page says it."""

    @property
    def files(self) -> Sequence[str]:
        """The files."""

    @property
    def choices(self) -> Mapping[str, str]:
        """What was taken from them."""


class ReadFiles:
    """Files of which every column was read, so that nothing was chosen."""

    def __init__(self, files: Sequence[str]) -> None:
        self.files = files
        self.choices: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class AskedPage:
    """Where a page is to go, and what it will say of its making."""

    target: Target
    provenance: Provenance
    bundle: Bundle

    def write(self, result: Reported) -> None:
        """Make the page of a result and write it."""
        document = faces_of(result).document(result, self.provenance, self.bundle)
        self.target.write_bytes(document.encode())


def declared_page(outputs: Outputs, html: str | None, result: str) -> Target | None:
    """The target of ``--html``."""
    if html is None:
        return None
    from unsurprised.report.pages.output import file_of_page

    return outputs.declare("--html", file_of_page(html), own(page_of(result)))


@contextmanager
def asked_page(
    target: Target | None, arguments: Sequence[str], *readings: Read
) -> Iterator[AskedPage | None]:
    """The page, if one was asked for; what it needs is made while the work is done."""
    if target is None:
        yield None
        return
    from unsurprised.report.choices import choices
    from unsurprised.report.pages.provenance import Provenance
    from unsurprised.report.pages.vega import Bundle

    files = tuple(dict.fromkeys(file for reading in readings for file in reading.files))
    said = choices(readings[0].choices, 10**9) if readings else ""
    taken = " · ".join(said.split("\n"))
    command = shlex.join(["unsurprised", *map(without_password, arguments)])
    provenance = Provenance(command, taken, files)
    bundle = Bundle()
    bundle.begin()
    try:
        yield AskedPage(target, provenance, bundle)
    finally:
        bundle.drop()
