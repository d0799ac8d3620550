"""The scripts that draw: Vega, Vega-Lite and Vega-Embed in one piece, out of vl-convert.

Putting the piece together takes seconds, so it is kept in the user's cache, and made by a process
of its own while rows are read.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from unsurprised.errors import CallError
from unsurprised.writing import anything, write_file

_SNIPPET = "window.vegaEmbed = vegaEmbed;"
_MAKE = f"""\
import sys, vl_convert
sys.stdout.buffer.write(vl_convert.javascript_bundle({_SNIPPET!r}).encode())
"""


class Bundle:
    """The scripts, out of the cache or to be made.

    Examples
    --------
    >>> "vegaEmbed" in Bundle().text()
    True
    """

    def __init__(self) -> None:
        self._path = _cached()
        self._made: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Let another process make them, if they must be made, while this one does other work."""
        if not self._is_there():
            # A thread would not do: the interpreter is locked while they are made.
            self._made = subprocess.Popen(
                [sys.executable, "-c", _MAKE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )

    def text(self) -> str:
        """The scripts; waits until they are there."""
        if self._path is not None and self._is_there():
            self.drop()
            return self._path.read_text(encoding="utf-8")
        text = self._taken() or _made_here()
        if self._path is not None:
            _keep(text, self._path)
        return text

    def drop(self) -> None:
        """Stop the making, if it was begun."""
        if self._made is not None:
            self._made.kill()
            self._made.communicate()
            self._made = None

    def _is_there(self) -> bool:
        return self._path is not None and self._path.is_file()

    def _taken(self) -> str:
        """What the other process made; nothing where there is none, or it failed."""
        if self._made is None:
            return ""
        written, _ = self._made.communicate()
        failed, self._made = self._made.returncode, None
        return "" if failed else written.decode()


def _made_here() -> str:
    import vl_convert

    return str(vl_convert.javascript_bundle(_SNIPPET))


def _keep(text: str, path: Path) -> None:
    with suppress(OSError, CallError):  # no cache: the next page takes as long as this one
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(text.encode(), str(path), "cache", anything)


def _cached() -> Path | None:
    """Where they are kept; other versions, or another way of making them, have another file."""
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    folder = os.environ.get(variable)
    if not folder:
        try:
            home = Path.home()
        except RuntimeError:  # a user without a home
            return None
        folder = str(home / ("Library/Caches" if sys.platform == "darwin" else ".cache"))
    way = hashlib.sha256(_MAKE.encode()).hexdigest()[:8]
    return Path(folder) / "unsurprised" / f"vega-{version('vl-convert-python')}-{way}.js"
