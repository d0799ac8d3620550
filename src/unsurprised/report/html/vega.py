"""The scripts that draw: Vega, Vega-Lite and Vega-Embed in one piece, out of vl-convert.

Putting the piece together takes seconds, so it is kept in the user's cache, and made by a process
of its own while rows are read.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from unsurprised.errors import CallError
from unsurprised.report.output import whole_file

_MAKE = "import sys, vl_convert; sys.stdout.buffer.write(vl_convert.javascript_bundle().encode())"


class Bundle:
    """The scripts, on their way.

    Examples
    --------
    >>> bundle = Bundle()  # takes no time
    >>> "vegaEmbed" in bundle.text()
    True
    """

    def __init__(self) -> None:
        self._path = _cached()
        self._text: str | None = None
        self._made: subprocess.Popen[bytes] | None = None
        if not self._path.is_file():
            # Its interpreter is the only lock that the piece holds while it is put together.
            self._made = subprocess.Popen(
                [sys.executable, "-c", _MAKE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )

    def text(self) -> str:
        """The scripts; waits until they are there."""
        if self._text is None:
            self._text = self._read() if self._made is None else self._taken(self._made)
            self._made = None
        return self._text

    def _read(self) -> str:
        return self._path.read_text(encoding="utf-8")

    def _taken(self, made: subprocess.Popen[bytes]) -> str:
        written, _ = made.communicate()
        if made.returncode:
            import vl_convert  # which says what is wrong

            written = str(vl_convert.javascript_bundle(None)).encode()
        with suppress(OSError, CallError):  # no cache: the next page takes as long as this one
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(str(self._path), "cache") as path:
                path.write_bytes(written)
        return written.decode()

    def drop(self) -> None:
        """Stop the making: there will be no page."""
        if self._made is not None:
            self._made.kill()
            self._made.communicate()


def _cached() -> Path:
    """Where the piece is kept; another version of vl-convert has another piece."""
    homes = {"win32": "LOCALAPPDATA", "darwin": ""}
    home = os.environ.get(homes.get(sys.platform, "XDG_CACHE_HOME") or "XDG_CACHE_HOME")
    fallback = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    folder = Path(home) if home else fallback
    return folder / "unsurprised" / f"vega-{version('vl-convert-python')}.js"
