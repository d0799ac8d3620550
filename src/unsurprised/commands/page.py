"""``--html PAGE``: what a command does for it before, and after, the work."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unsurprised.report.html.parts import Page
    from unsurprised.report.html.provenance import Provenance
    from unsurprised.report.html.vega import Bundle
    from unsurprised.sources import Reading


@dataclass(frozen=True, slots=True)
class AskedPage:
    """Where a page is to go, and what it will say of its making."""

    target: str
    provenance: Provenance
    bundle: Bundle

    def write(self, make: Callable[[Provenance], Page]) -> None:
        """Make the page and write it."""
        from unsurprised.report.html.output import write_page

        write_page(make(self.provenance), self.target, self.bundle)


@contextmanager
def asked_page(
    target: str | None, arguments: Sequence[str], *readings: Reading
) -> Iterator[AskedPage | None]:
    """The page, if one was asked for; that it can be written is checked before the work."""
    if target is None:
        yield None
        return
    from unsurprised.report.html.output import checked_page
    from unsurprised.report.html.provenance import Provenance
    from unsurprised.report.html.vega import Bundle
    from unsurprised.report.text import choices

    files = tuple(dict.fromkeys(file for reading in readings for file in reading.files))
    checked_page(target, files)
    taken = " · ".join(choices(readings[0].choices, 10**9).split("\n"))
    provenance = Provenance(shlex.join(["unsurprised", *arguments]), taken, files)
    bundle = Bundle()
    bundle.begin()
    try:
        yield AskedPage(target, provenance, bundle)
    finally:
        bundle.drop()
