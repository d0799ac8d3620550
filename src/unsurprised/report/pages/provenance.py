"""Where a page comes from: the command, the versions, and fingerprints of what was read."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from unsurprised.errors import Place
from unsurprised.report.numbers import counted, printable
from unsurprised.reported import Reported
from unsurprised.sources.standard_input import location
from unsurprised.sources.stores.addresses import is_stored
from unsurprised.sources.stores.objects import opened

#: Files together larger than this are not read once more: their ends and sizes stand for them.
_WHOLE_BYTES = 1 << 30
_END_BYTES = 1 << 20
_MOST_FILES = 20


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a page knows of its making; nothing of when and where, so equal input, equal page."""

    #: The command line; empty where it was made in Python.
    command: str = ""
    #: What was taken from the input, as the report says it.
    choices: str = ""
    files: Sequence[str] = ()

    def lines(self, result: Reported) -> list[tuple[str, str]]:
        """What is told, name by name; for want of files the result's JSON has a fingerprint."""
        method = f"{type(result).__name__}.to_html, in Python"
        told = [("made by", printable(self.command, 2000) or method)]
        if self.choices:
            told.append(("taken from the input", printable(self.choices, 2000)))
        told += fingerprints(self.files)
        if not self.files:
            told.append(
                (
                    "SHA-256 of to_json(indent=None)",
                    _hash(result.to_json(indent=None).encode(errors="backslashreplace")),
                )
            )
        told.append(("versions", _versions()))
        return told


def made_in_python(result: Reported) -> Provenance:
    """What is known where no command made the page: what was taken for what, of some results."""
    reading = getattr(result, "reading", None)
    return Provenance(choices="" if reading is None else reading.sentence)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def fingerprints(names: Sequence[str]) -> list[tuple[str, str]]:
    """The name, size and SHA-256 of each file, as ``sha256sum`` prints it.

    Of files that are together above 1 GiB only the first and the last MiB are read; of an object in
    a store the store's ETag is told.
    """
    shown = list(names[:_MOST_FILES])
    stored = [name for name in shown if is_stored(name)]
    files = {name: Path(location(name)) for name in shown if name not in stored}
    sizes = {name: path.stat().st_size for name, path in files.items() if path.is_file()}
    whole = sum(sizes.values()) <= _WHOLE_BYTES
    told = []
    for name, size in sizes.items():
        what = "SHA-256" if whole else "SHA-256 of the first and last MiB"
        told.append(
            (
                f"input {printable(str(Place(name)), 200)}",
                f"{size:,} bytes, {what} {_digest(files[name], size, whole)}",
            )
        )
    told += [(f"input {printable(name, 200)}", _of_store(name)) for name in stored]
    if len(names) > len(shown):
        told.append(("and", f"{counted(len(names) - len(shown), 'file')} more"))
    return told


def _of_store(name: str) -> str:
    """What a store tells of an object, which is not read once more for it."""
    told = opened(name).told
    return f"{told.size:,} bytes" + (f", ETag {printable(told.tag, 100)}" if told.tag else "")


def _digest(path: Path, size: int, whole: bool) -> str:
    with path.open("rb") as stream:
        if whole:
            return hashlib.file_digest(stream, "sha256").hexdigest()
        head = stream.read(_END_BYTES)
        stream.seek(max(size - _END_BYTES, len(head)))
        return _hash(head + stream.read(_END_BYTES))


def _versions() -> str:
    import numpy as np

    from unsurprised import __version__

    loaded: Mapping[str, object] = {
        "unsurprised": __version__,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "pyarrow": getattr(sys.modules.get("pyarrow"), "__version__", None),
        "Altair": getattr(sys.modules.get("altair"), "__version__", None),
    }
    return ", ".join(f"{name} {found}" for name, found in loaded.items() if found)
